//! The addresses that people type into a browser.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The base URL of what listens at an address, as seen from this machine: an address that stands
/// for all of them becomes the loopback.
pub(crate) fn base_url(address: SocketAddr) -> String {
    let host = match address.ip() {
        ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(host, address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_urls_that_a_browser_can_open() {
        for (address, url) in [
            ("127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("0.0.0.0:80", "http://127.0.0.1:80"),
            ("[::]:3000", "http://127.0.0.1:3000"),
            ("[::1]:3000", "http://[::1]:3000"),
        ] {
            assert_eq!(base_url(address.parse().expect("an address")), url);
        }
    }
}
