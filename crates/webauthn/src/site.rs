//! The shop as browsers know it.

use std::net::IpAddr;

use http::Uri;

/// The name of the machine that a browser itself is on, the only one for which it does without https.
const LOOPBACK: &str = "localhost";

/// The text is not an origin that passkeys can be made for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("passkeys need a shop with a name, and {0:?} has none")]
pub struct NotAnOrigin(pub String);

/// The shop: what its passkeys are for, and which pages may ask for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The relying party's id: the host of the shop's address.
    pub id: String,
    /// The origin of its pages; on loopback, `None`: any port of `http://localhost`.
    origin: Option<String>,
}

impl Site {
    /// Reads the shop's public address. A shop on loopback is `localhost`, whatever address it is given:
    /// browsers make no passkeys for IP addresses.
    ///
    /// # Errors
    /// [`NotAnOrigin`] for any other IP address, and for what is not an address of the web.
    pub fn parse(public_url: &str) -> Result<Self, NotAnOrigin> {
        let error = || NotAnOrigin(public_url.to_owned());
        let Origin { is_secure, host, port } =
            Origin::read(public_url.trim_end_matches('/')).ok_or_else(error)?;
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        let is_loopback = host == LOOPBACK || address.is_some_and(|address| address.is_loopback());
        if is_loopback && !is_secure {
            return Ok(Self { id: LOOPBACK.to_owned(), origin: None });
        }
        if !is_secure || address.is_some() {
            return Err(error());
        }
        // As browsers write it: without the port that https has.
        let port =
            port.filter(|port| *port != 443).map_or(String::new(), |port| format!(":{port}"));
        let origin = Some(format!("https://{host}{port}"));
        Ok(Self { id: host, origin })
    }

    /// Tells whether a page of `origin` may ask for the shop's passkeys.
    #[must_use]
    pub fn admits(&self, origin: &str) -> bool {
        match &self.origin {
            Some(known) => known == origin,
            None => Origin::read(origin)
                .is_some_and(|origin| !origin.is_secure && origin.host == LOOPBACK),
        }
    }
}

/// An origin, taken apart.
struct Origin {
    is_secure: bool,
    host: String,
    port: Option<u16>,
}

impl Origin {
    /// Reads scheme, host and port, which nothing may follow.
    fn read(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let is_secure = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority()?;
        let ends_there = text.ends_with(authority.as_str()) && !authority.as_str().contains('@');
        let host = authority.host().to_ascii_lowercase();
        ends_there.then(|| Self { is_secure, host, port: authority.port_u16() })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_shop_is_its_host_and_its_origin() {
        let site = Site::parse("https://shop.example/").unwrap();
        assert_eq!(site.id, "shop.example");
        assert!(site.admits("https://shop.example"));
        for other in [
            "http://shop.example",
            "https://shop.example:8443",
            "https://evil.example",
            "https://shop.example.evil.example",
            "https://shop.example/",
            "null",
            "",
        ] {
            assert!(!site.admits(other), "{other}");
        }
        assert!(
            Site::parse("https://shop.example:8443").unwrap().admits("https://shop.example:8443")
        );
    }

    #[test]
    fn a_shop_on_loopback_is_localhost_at_any_port() {
        for address in ["http://127.0.0.1:3000", "http://localhost:3000", "http://[::1]:3000"] {
            let site = Site::parse(address).unwrap();
            assert_eq!(site.id, "localhost");
            assert!(site.admits("http://localhost:3000") && site.admits("http://localhost:41234"));
            assert!(
                !site.admits("http://127.0.0.1:3000") && !site.admits("https://localhost:3000")
            );
            assert!(!site.admits("http://localhost.evil.example") && !site.admits("localhost"));
        }
    }

    #[test]
    fn no_passkeys_are_made_for_other_addresses_nor_without_https() {
        for address in
            ["http://192.0.2.7:3000", "https://192.0.2.7", "http://shop.example", "shop", ""]
        {
            Site::parse(address).unwrap_err();
        }
    }
}
