//! Who a request comes from, as far as limits and ids go.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use boxoffice_client_address::{TrustedProxies, bucket};
use http::{HeaderMap, HeaderName, HeaderValue};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The other end of a connection.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    address: IpAddr,
    /// Address and port, for the header that tells the component.
    pub(super) header: HeaderValue,
    /// What limits count it by.
    pub(super) bucket: Arc<str>,
    /// Whether it is a proxy that is believed.
    pub(super) is_trusted: bool,
}

impl Peer {
    /// The peer at `address`.
    pub(super) fn new(address: SocketAddr, proxies: &TrustedProxies) -> Self {
        let header = HeaderValue::from_str(&address.to_string()).ok();
        Self {
            address: address.ip(),
            header: header.unwrap_or(HeaderValue::from_static("0.0.0.0:0")),
            bucket: bucket(address.ip()).into(),
            is_trusted: proxies.trusts(address.ip()),
        }
    }

    /// What limits count the client of a request by, which may be behind this peer.
    pub(super) fn client(&self, headers: &HeaderMap, proxies: &TrustedProxies) -> Arc<str> {
        if !self.is_trusted {
            return self.bucket.clone();
        }
        let forwarded = headers.get_all(FORWARDED_FOR).iter();
        // What is not text is no address; as a value it ends the search, as it should.
        let forwarded = forwarded.map(|value| value.to_str().unwrap_or("-"));
        bucket(proxies.client(self.address, forwarded)).into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn only_a_trusted_peer_names_its_client() {
        let proxies = TrustedProxies::parse("10.0.0.0/8").unwrap();
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED_FOR, HeaderValue::from_static("203.0.113.9"));
        headers.append(FORWARDED_FOR, HeaderValue::from_static("198.51.100.7, 10.0.0.2"));
        let client = |peer: &str| {
            let peer = Peer::new(peer.parse().unwrap(), &proxies);
            (peer.is_trusted, peer.client(&headers, &proxies).to_string())
        };
        assert_eq!(client("192.0.2.1:5"), (false, "192.0.2.1".to_owned()));
        assert_eq!(client("10.0.0.1:5"), (true, "198.51.100.7".to_owned()));
        assert_eq!(client("[2001:db8::1]:5"), (false, "2001:db8::/64".to_owned()));
        headers_that_are_no_text_end_the_search(&proxies);
    }

    fn headers_that_are_no_text_end_the_search(proxies: &TrustedProxies) {
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED_FOR, HeaderValue::from_bytes(b"1.2.3.4, \xff").unwrap());
        let peer = Peer::new("10.0.0.1:5".parse().unwrap(), proxies);
        assert_eq!(&*peer.client(&headers, proxies), "10.0.0.1");
    }
}
