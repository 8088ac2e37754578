//! Which address a request's client has, behind proxies too.
//!
//! Anybody can send `X-Forwarded-For`, so only what a trusted proxy has added to it counts. Each proxy
//! appends the address that it was called from. Read from its end, the header leads from the peer
//! towards the client, and is right up to the first address that is not trusted: that one is the
//! client's. What stands before it is the client's own word.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// How much of an IPv6 address counts as one client: a household or a server gets at least a /64.
const CLIENT_PREFIX: u8 = 64;

/// The proxies that are believed when they name a client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads addresses and ranges (CIDR) with commas between them. An empty text trusts nobody.
    ///
    /// # Errors
    /// A part that is neither an address nor a range, or a range that holds all addresses. The message
    /// quotes the part.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(range).collect::<Result<_, _>>().map(Self)
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this address is a trusted proxy's.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|range| range.contains(&address))
    }

    /// Returns the client's address: the peer's, unless the peer is trusted; else the last address of
    /// `forwarded` that is not trusted.
    ///
    /// `forwarded` holds the values of `X-Forwarded-For` in the order of their lines. If a value holds
    /// something else than addresses, the hop before it counts as the client: no further can be told.
    pub fn client<'a>(&self, peer: IpAddr, forwarded: impl Iterator<Item = &'a str>) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.trusts(client) {
            return client;
        }
        let lines: Vec<&str> = forwarded.collect();
        for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
            let Some(address) = address(hop) else { break };
            client = address;
            if !self.trusts(client) {
                break;
            }
        }
        client
    }
}

/// Returns what limits count a client by: an IPv4 address as it is, of an IPv6 address its /64.
pub fn bucket(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => Ipv6Net::new_assert(address, CLIENT_PREFIX).trunc().to_string(),
    }
}

/// Reads a range, or an address as the range of it alone.
fn range(text: &str) -> Result<IpNet, String> {
    let address = || text.parse().ok().map(|address: IpAddr| IpNet::from(address.to_canonical()));
    let Some(range) = text.parse().ok().or_else(address) else {
        return Err(format!("\"{text}\" is neither an address nor a range such as 10.0.0.0/8"));
    };
    let range = canonical(range);
    if range.prefix_len() == 0 {
        return Err(format!("\"{text}\" would trust everybody; name your proxies' addresses"));
    }
    Ok(range)
}

/// A range of IPv4 addresses that is written as IPv6 is one of IPv4, as addresses are.
fn canonical(range: IpNet) -> IpNet {
    if let IpNet::V6(v6) = range
        && let (Some(v4), Some(length)) =
            (v6.addr().to_ipv4_mapped(), v6.prefix_len().checked_sub(96))
        && let Ok(v4) = Ipv4Net::new(v4, length)
    {
        return IpNet::V4(v4.trunc());
    }
    range.trunc()
}

/// Reads a hop: an address, which some proxies write with its port.
fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
    let address = bare.parse().ok().or_else(|| {
        let with_port: std::net::SocketAddr = hop.parse().ok()?;
        Some(with_port.ip())
    });
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn client(trusted: &str, peer: &str, forwarded: &[&str]) -> String {
        let trusted = TrustedProxies::parse(trusted).unwrap();
        trusted.client(peer.parse().unwrap(), forwarded.iter().copied()).to_string()
    }

    #[test]
    fn a_strangers_word_about_itself_does_not_count() {
        assert_eq!(client("", "198.51.100.7", &["203.0.113.1"]), "198.51.100.7");
        assert_eq!(client("10.0.0.0/8", "198.51.100.7", &["203.0.113.1"]), "198.51.100.7");
        // It sent the first address itself; the proxy appended the second.
        let forwarded = ["203.0.113.1, 198.51.100.7"];
        assert_eq!(client("10.0.0.0/8", "10.1.2.3", &forwarded), "198.51.100.7");
    }

    #[test]
    fn the_last_address_that_is_not_trusted_is_the_client() {
        let trusted = "10.0.0.0/8, 2001:db8::/32";
        for (forwarded, expected) in [
            (vec!["198.51.100.7"], "198.51.100.7"),
            (vec!["198.51.100.7,10.9.9.9, 2001:db8::5"], "198.51.100.7"),
            (vec!["203.0.113.1", "198.51.100.7", "10.9.9.9"], "198.51.100.7"),
            (vec!["198.51.100.7:50123"], "198.51.100.7"),
            (vec!["[2a00::1]:443"], "2a00::1"),
            (vec!["[2a00::1]"], "2a00::1"),
            (vec!["::ffff:198.51.100.7"], "198.51.100.7"),
            // Nobody but proxies: the first of them is the client.
            (vec!["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
            (vec![], "10.1.2.3"),
        ] {
            assert_eq!(client(trusted, "10.1.2.3", &forwarded), expected, "{forwarded:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_ends_the_search() {
        for broken in ["unknown", "", "198.51.100.7.9", "_hidden", "198.51.100.7, ,"] {
            assert_eq!(client("10.0.0.0/8", "10.1.2.3", &[broken]), "10.1.2.3", "{broken:?}");
        }
        assert_eq!(client("10.0.0.0/8", "10.1.2.3", &["unknown, 10.2.2.2"]), "10.2.2.2");
    }

    #[test]
    fn addresses_in_other_clothes_are_the_same() {
        assert_eq!(client("127.0.0.1", "::ffff:127.0.0.1", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(client("::ffff:127.0.0.1", "127.0.0.1", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(client("::ffff:127.0.0.0/104", "127.9.9.9", &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(client("10.1.2.3/8", "10.9.9.9", &["192.0.2.1"]), "192.0.2.1");
    }

    #[test]
    fn a_part_that_is_wrong_is_quoted() {
        for wrong in ["10.0.0.300", "10.0.0.0/33", "proxy.example", "10.0.0.1:80", "10.0.0.1 ::1"] {
            let refused = TrustedProxies::parse(&format!("127.0.0.1, {wrong}")).unwrap_err();
            assert!(refused.contains(&format!("\"{wrong}\"")), "{refused}");
        }
        for everybody in ["0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96"] {
            assert!(TrustedProxies::parse(everybody).is_err(), "{everybody}");
        }
        assert!(TrustedProxies::parse("").unwrap().is_empty());
        assert!(TrustedProxies::parse(" , ").unwrap().is_empty());
        assert!(!TrustedProxies::parse("::1").unwrap().is_empty());
    }

    #[test]
    fn neighbours_in_one_network_share_a_bucket() {
        let bucket = |text: &str| bucket(text.parse().unwrap());
        assert_eq!(bucket("198.51.100.7"), "198.51.100.7");
        assert_eq!(bucket("::ffff:198.51.100.7"), "198.51.100.7");
        assert_eq!(bucket("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(bucket("2001:db8:1:2::"), bucket("2001:db8:1:2:ffff::1"));
        assert_ne!(bucket("2001:db8:1:2::"), bucket("2001:db8:1:3::"));
        assert_eq!(bucket("::1"), "::/64");
    }
}
