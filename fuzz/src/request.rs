use std::net::{IpAddr, Ipv4Addr};

use boxoffice_client_address::{TrustedProxies, bucket};
use http::header::{CONNECTION, HOST};
use http::{HeaderMap, HeaderValue, Request};

use crate::input::lines;
use crate::sources::host::http::{REQUEST_ID, prepare, request_id};

/// Reads the head of a request: its URI, its host, its id, its peer, the proxies that are trusted and
/// `X-Forwarded-For`, a line each.
///
/// A component gets a complete URI of a host that is not a component's, and no header of the host's
/// from outside. No client chooses its address.
pub fn request(data: &[u8]) {
    let [uri, host, id, peer, proxies, forwarded] = lines(data);
    prepared(uri, host);
    identified(id);
    let text = |bytes| str::from_utf8(bytes).unwrap_or_default();
    addressed(text(peer), text(proxies), text(forwarded));
}

fn prepared(uri: &[u8], host: &[u8]) {
    let Ok(request) = Request::builder().uri(uri).body(()) else { return };
    let mut parts = request.into_parts().0;
    let (path, query) = (parts.uri.path().to_owned(), parts.uri.query().map(str::to_owned));
    if let Ok(host) = HeaderValue::from_bytes(host) {
        parts.headers.insert(HOST, host);
    }
    parts.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    for name in ["spin-client-addr", "spin-full-url", "spin-path-info"] {
        parts.headers.append(name, HeaderValue::from_static("forged"));
        parts.headers.append(name, HeaderValue::from_static("twice"));
    }
    let Ok(()) = prepare(&mut parts, &path) else { return };
    let host = parts.uri.host().expect("a request has a host").to_ascii_lowercase();
    assert!(!host.is_empty(), "{:?}", parts.uri);
    // The dot of the root changes nothing.
    let name = host.strip_suffix('.').unwrap_or(&host);
    assert!(!name.ends_with(".spin.internal"), "{:?}", parts.uri);
    assert!(parts.uri.scheme().is_some());
    assert_eq!(parts.uri.query(), query.as_deref());
    assert!(!parts.headers.contains_key(CONNECTION));
    for name in ["spin-client-addr", "spin-full-url", "spin-path-info"] {
        let values: Vec<_> = parts.headers.get_all(name).iter().collect();
        assert_eq!(values.len(), 1, "{name}");
        assert!(values[0] != "forged" && values[0] != "twice", "{name} is the client's");
    }
    assert_eq!(parts.headers["spin-full-url"], parts.uri.to_string());
}

fn identified(id: &[u8]) {
    let mut headers = HeaderMap::new();
    if let Ok(id) = HeaderValue::from_bytes(id) {
        headers.insert(REQUEST_ID, id);
    }
    let id = request_id(&mut headers);
    assert_eq!(headers.get_all(REQUEST_ID).iter().collect::<Vec<_>>(), [&id]);
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    assert!((1..=64).contains(&id.len()) && id.as_bytes().iter().all(is_plain), "{id:?}");
    assert_eq!(request_id(&mut headers), id);
}

fn addressed(peer: &str, proxies: &str, forwarded: &str) {
    let proxies = match TrustedProxies::parse(proxies) {
        Ok(proxies) => proxies,
        Err(why) => return assert!(why.contains('"'), "{why:?} quotes nothing"),
    };
    let peer: IpAddr = peer.parse().unwrap_or(Ipv4Addr::LOCALHOST.into());
    let client = |forwarded: &[&str]| proxies.client(peer, forwarded.iter().copied());
    let found = client(&[forwarded]);
    if !proxies.trusts(peer) {
        assert_eq!(found, peer.to_canonical(), "a stranger named its own address");
    }
    if !proxies.trusts(found) {
        // What stands before is the client's own word.
        assert_eq!(client(&["203.0.113.99", forwarded]), found);
        assert_eq!(client(&[&format!("203.0.113.99,{forwarded}")]), found);
    }
    assert_eq!(bucket(found), bucket(found.to_canonical()));
}
