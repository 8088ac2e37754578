//! Where one is sent after signing in: an address of the shop, whatever a link says.

use std::str::FromStr;

use boxoffice_contract::TicketId;
use boxoffice_contract::orders::ExpectedPrice;
use http::uri::PathAndQuery;

/// The longest address that is followed.
const MAX_LENGTH: usize = 2_000;

/// `wish` if it is an address of the shop where one wants to be signed in, else the front page.
///
/// A link may say anything in `next=`. Browsers take `//evil.example`, and `/\evil.example` too,
/// for another site, and leave out tabs and line ends before they look.
pub(crate) fn local(wish: &str) -> &str {
    let plain = wish.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let local = wish.starts_with('/') && !wish.starts_with("//");
    let known = PathAndQuery::from_str(wish).is_ok_and(|address| !is_entrance(address.path()));
    if plain && local && known && wish.len() <= MAX_LENGTH { wish } else { "/" }
}

/// Whether `path` is where one signs in, or gets a way to: it leads nowhere for those who are.
fn is_entrance(path: &str) -> bool {
    let own = ["/sign-in", "/sign-up", "/sign-out", "/reset", "/guest", "/account/undo"];
    let steps = ["/confirm", "/sign-in/factor", "/sign-in/passkey"];
    own.contains(&path)
        || steps.contains(&path)
        || path.starts_with("/forgotten")
        || path.starts_with("/sign-in/")
}

/// What somebody wanted to buy before they had to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) ticket: TicketId,
    pub(crate) quantity: i64,
    /// What one ticket cost when it was chosen.
    pub(crate) price: Option<ExpectedPrice>,
}

impl Wish {
    /// The address that brings the wish along while one signs in. It is the listing's page, with the
    /// number chosen.
    pub(crate) fn address(self) -> String {
        let price = self.price.map(|price| format!("&price={price}")).unwrap_or_default();
        format!("/tickets/{}/hold?quantity={}{price}", self.ticket, self.quantity)
    }

    /// The wish that `next` brings along, if it does.
    pub(crate) fn of(next: &str) -> Option<Self> {
        let (ticket, rest) = next.strip_prefix("/tickets/")?.split_once('/')?;
        let chosen = rest.strip_prefix("hold?quantity=")?;
        let (quantity, price) = match chosen.split_once("&price=") {
            Some((quantity, price)) => (quantity, Some(price.parse().ok()?)),
            None => (chosen, None),
        };
        let (ticket, quantity) = (ticket.parse().ok()?, quantity.parse().ok()?);
        (quantity > 0).then_some(Self { ticket, quantity, price })
    }
}

/// The address of the page to sign in, which goes on to `next`.
pub(crate) fn sign_in(next: &str) -> String {
    entrance("/sign-in", next)
}

/// The address of `path`, a page to sign in or up, which goes on to `next`.
pub(crate) fn entrance(path: &str, next: &str) -> String {
    if next == "/" {
        return path.to_owned();
    }
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("{path}?{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_shop_are_followed() {
        for path in ["/", "/tickets/new", "/?q=kites&city=Z%C3%BCrich", "/orders/x/checkout"] {
            assert_eq!(local(path), path);
        }
    }

    #[test]
    fn all_others_lead_to_the_front_page() {
        for wish in [
            "",
            "tickets/new",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            " //evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "/a\\..\\b",
            "/%zz ",
            "/sign-in?next=/sign-in",
            "/sign-out",
            "/sign-in/factor",
            "/confirm?next=/account",
            "/forgotten/sent",
            "/reset?token=x",
            "/guest?next=/guest",
            "/sign-in/link?token=x",
            "/\u{2215}evil.example",
        ] {
            assert_eq!(local(wish), "/", "{wish:?}");
        }
        let long = format!("/{}", "x".repeat(MAX_LENGTH));
        assert_eq!(local(&long), "/");
    }

    #[test]
    fn a_wish_is_brought_along() {
        let wish = Wish { ticket: TicketId::new(), quantity: 3, price: None };
        let priced = Wish { price: ExpectedPrice::new(9_900, "GBP"), ..wish };
        for wish in [wish, priced] {
            assert_eq!(Wish::of(&wish.address()), Some(wish));
            assert_eq!(local(&wish.address()), wish.address());
        }
        let id = wish.ticket;
        for next in [
            "/".to_owned(),
            format!("/tickets/{id}"),
            format!("/tickets/{id}/hold"),
            format!("/tickets/{id}/hold?quantity=0"),
            format!("/tickets/{id}/hold?quantity=-1"),
            format!("/tickets/{id}/hold?quantity=two"),
            format!("/tickets/{id}/hold?quantity=2&price=free"),
            format!("/tickets/{id}/edit?quantity=2"),
            "/tickets/7/hold?quantity=2".to_owned(),
        ] {
            assert_eq!(Wish::of(&next), None, "{next}");
        }
    }

    #[test]
    fn the_way_back_is_escaped() {
        assert_eq!(sign_in("/"), "/sign-in");
        assert_eq!(sign_in("/?q=a&b=c"), "/sign-in?next=%2F%3Fq%3Da%26b%3Dc");
    }
}
