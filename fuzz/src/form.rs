use std::collections::BTreeMap;

use url::{Origin, Url};

use crate::input::lines;
use crate::sources::storefront::form::sent::Sent;
use crate::sources::storefront::redirect_target::{entrance, local};

/// A shop, by its address.
const SHOP: &str = "https://shop.example/sign-in?next=x";

/// Reads where one wants to go after signing in, and a form: a line, and the rest.
///
/// Whatever a link says, one stays in the shop. A form is shown again as it was typed, and means the
/// same when that is sent.
pub fn form(data: &[u8]) {
    let [wish, form] = lines(data);
    if let Ok(wish) = str::from_utf8(wish) {
        redirect(wish);
    }
    let sent = Sent::parse(form);
    let names: Vec<String> =
        form_urlencoded::parse(form).map(|(name, _)| name.into_owned()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let typed = sent.typed(&names);
    assert_eq!(typed, form_urlencoded::parse(form).into_owned().collect(), "it is shown as typed");
    let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(&typed).finish();
    assert_eq!(typed, Sent::parse(encoded.as_bytes()).typed(&names), "it is read again as shown");
    for (name, text) in &typed {
        assert_eq!((sent.raw(name), sent.value(name)), (text.as_str(), text.trim()));
        assert_eq!(sent.given(name).is_none(), text.trim().is_empty());
    }
    assert_eq!(sent.typed(&[]), BTreeMap::new());
}

fn redirect(wish: &str) {
    let shop = Url::parse(SHOP).expect("a valid address");
    let target = local(wish);
    assert!(target == wish || target == "/");
    let reached = shop.join(target).expect("a path is an address");
    assert_eq!(origin(&reached), origin(&shop), "{wish:?} leads to {reached}");
    assert_eq!(local(target), target);
    // What a link to the page says is what the page reads.
    let link = shop.join(&entrance("/sign-up", target)).expect("a path is an address");
    assert_eq!((origin(&link), link.path()), (origin(&shop), "/sign-up"));
    let next =
        link.query_pairs().find(|(name, _)| name == "next").map(|(_, next)| next.into_owned());
    assert_eq!(next.as_deref().unwrap_or("/"), target);
}

fn origin(url: &Url) -> Origin {
    url.origin()
}
