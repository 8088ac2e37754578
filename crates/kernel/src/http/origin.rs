//! Where a request comes from: its client's address, and the page that sent it.

use std::cell::OnceCell;
use std::net::{IpAddr, SocketAddr};

use anyhow::anyhow;
use boxoffice_client_address::TrustedProxies;
use http::header::{HOST, HeaderName, ORIGIN};
use http::{HeaderMap, Method, Uri};

use crate::config;
use crate::problem::Problem;

/// The peer's address and port, which the host writes into each request. It is 0.0.0.0 for a call from
/// another component, and nobody else can have that address.
const PEER: HeaderName = HeaderName::from_static("spin-client-addr");
/// The addresses that proxies, and siblings, say a request has come by.
pub(crate) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

thread_local! {
    static TRUSTED: OnceCell<TrustedProxies> = const { OnceCell::new() };
}

/// Returns the address of the client whose request this is: the peer's, or what a trusted proxy or a
/// sibling says (the variable `trusted_proxies`).
///
/// # Errors
/// When `trusted_proxies` is not given to this component, or cannot be read.
pub(crate) async fn client(headers: &HeaderMap) -> anyhow::Result<Option<IpAddr>> {
    if TRUSTED.with(|trusted| trusted.get().is_none()) {
        let text = config::variable("trusted_proxies").await?;
        let read = TrustedProxies::parse(&text);
        let read = read.map_err(|error| anyhow!("the variable trusted_proxies: {error}"))?;
        // Another request may have set it while this one waited; it is the same.
        TRUSTED.with(|trusted| trusted.set(read).ok());
    }
    Ok(TRUSTED.with(|trusted| client_of(headers, trusted.get()?)))
}

fn client_of(headers: &HeaderMap, trusted: &TrustedProxies) -> Option<IpAddr> {
    let peer: SocketAddr = headers.get(PEER)?.to_str().ok()?.parse().ok()?;
    let mut forwarded =
        headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    if peer.ip().is_unspecified() {
        return forwarded.next_back()?.trim().parse().ok();
    }
    Some(trusted.client(peer.ip(), forwarded))
}

/// Refuses changes that another site's page asks for in a visitor's name: browsers say in `Origin`
/// whose page it was (OWASP, Cross-Site Request Forgery Prevention). A page of the shop is one at
/// `shop`, whatever a proxy makes of `Host`. A shop without https is one under development: there a page
/// may also be at the host that was asked.
pub(crate) fn admit(
    shop: &str,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| uri.authority().map(http::uri::Authority::as_str));
    let is_here = shop.starts_with("http://")
        && origin.strip_prefix("http://").is_some_and(|theirs| Some(theirs) == host);
    if origin == origin_of(shop) || is_here {
        return Ok(());
    }
    Err(Problem::forbidden("Only Boxoffice's own pages may change something (see Origin)"))
}

/// Scheme, host and port of a URL, as browsers write them in `Origin`: without a port that goes without
/// saying (RFC 6454).
fn origin_of(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let usual = if scheme == "https" { ":443" } else { ":80" };
    format!("{scheme}://{}", host.strip_suffix(usual).unwrap_or(&host))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (HeaderName::from_static(k), v.parse().unwrap())).collect()
    }

    fn admits(shop: &str, pairs: &[(&'static str, &str)]) -> bool {
        admit(shop, &Method::POST, &Uri::from_static("/api/orders"), &headers(pairs)).is_ok()
    }

    #[test]
    fn a_page_of_the_shop_is_one_at_its_address() {
        let shop = "https://Shop.example:443/";
        assert!(admits(shop, &[("host", "shop.example")]), "no browser, no Origin");
        for (origin, host, admitted) in [
            ("https://shop.example", "shop.example", true),
            ("https://shop.example", "10.0.0.7:3000", true),
            ("http://shop.example", "shop.example", false),
            ("https://shop.example:8443", "shop.example", false),
            ("https://evil.example", "shop.example", false),
            ("https://evil.example", "evil.example", false),
            ("null", "shop.example", false),
            ("", "shop.example", false),
        ] {
            assert_eq!(admits(shop, &[("host", host), ("origin", origin)]), admitted, "{origin}");
        }
    }

    #[test]
    fn a_shop_under_development_answers_at_each_of_its_names() {
        let shop = "http://127.0.0.1:3000";
        for (origin, host, admitted) in [
            ("http://127.0.0.1:3000", "127.0.0.1:3000", true),
            ("http://localhost:3000", "localhost:3000", true),
            ("https://localhost:3000", "localhost:3000", false),
            ("ftp://127.0.0.1:3000", "127.0.0.1:3000", false),
            ("http://evil.example", "127.0.0.1:3000", false),
        ] {
            assert_eq!(admits(shop, &[("host", host), ("origin", origin)]), admitted, "{origin}");
        }
    }

    #[test]
    fn reading_is_for_every_page() {
        let foreign = headers(&[("host", "shop.example"), ("origin", "https://evil.example")]);
        let read = |method| {
            admit("https://shop.example", &method, &Uri::from_static("/"), &foreign).is_ok()
        };
        assert!(read(Method::GET) && read(Method::HEAD) && !read(Method::DELETE));
    }

    #[test]
    fn siblings_and_trusted_proxies_say_who_the_client_is() {
        let trusted = TrustedProxies::parse("10.0.0.0/8").unwrap();
        let client = |pairs: &[(&'static str, &str)]| {
            client_of(&headers(pairs), &trusted).map(|address| address.to_string())
        };
        let forwarded = ("x-forwarded-for", "203.0.113.9");
        for (peer, expected) in [
            ("198.51.100.7:5000", Some("198.51.100.7")),
            ("10.1.2.3:5000", Some("203.0.113.9")),
            ("0.0.0.0:0", Some("203.0.113.9")),
            ("nonsense", None),
        ] {
            let seen = client(&[("spin-client-addr", peer), forwarded]);
            assert_eq!(seen.as_deref(), expected, "{peer}");
        }
        assert_eq!(client(&[("spin-client-addr", "0.0.0.0:0")]), None);
        assert_eq!(client(&[forwarded]), None);
    }
}
