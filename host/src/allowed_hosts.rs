//! `allowed_outbound_hosts`: `<scheme>://<host>[:<port>]`, each part possibly a wildcard, with the
//! meaning that Spin gives it.

use std::net::{IpAddr, SocketAddr};

use url::{Host, Url};

/// The domain under which components reach each other.
pub(crate) const INTERNAL_SUFFIX: &str = ".spin.internal";

/// The addresses that a component may reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AllowedHosts(Vec<Pattern>);

/// One entry of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// None: any.
    scheme: Option<String>,
    host: HostPattern,
    port: PortPattern,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum HostPattern {
    Any,
    /// Everything below a domain; it starts with a dot.
    Below(String),
    Exactly(Host<String>),
    Network(IpAddr, u8),
    /// `self`: the application's own address, which no component of ours asks for by name.
    Myself,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PortPattern {
    Any,
    One(u16),
    /// Without its end.
    Range(u16, u16),
}

/// Where a component wants to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    scheme: String,
    host: Host<String>,
    port: Option<u16>,
}

impl AllowedHosts {
    /// A list of patterns.
    pub(crate) fn new(patterns: Vec<Pattern>) -> Self {
        Self(patterns)
    }

    /// Whether the target is on the list.
    pub(crate) fn allow(&self, target: &Target) -> bool {
        self.0.iter().any(|pattern| pattern.allows(target))
    }
}

impl Pattern {
    /// Reads one entry, its templates expanded.
    ///
    /// # Errors
    /// What keeps it from being `<scheme>://<host>[:<port>]`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.trim().split_once("://").ok_or("it has no scheme")?;
        let (host, port) = split_port(rest)?;
        Ok(Self {
            port: PortPattern::parse(port, scheme)?,
            host: HostPattern::parse(host)?,
            scheme: parse_scheme(scheme)?,
        })
    }

    fn allows(&self, target: &Target) -> bool {
        self.scheme.as_ref().is_none_or(|scheme| *scheme == target.scheme)
            && self.host.allows(&target.host)
            && self.port.allows(target.port.or_else(|| default_port(&target.scheme)))
    }
}

fn parse_scheme(scheme: &str) -> Result<Option<String>, String> {
    match scheme {
        "*" => Ok(None),
        _ if !scheme.is_empty() && scheme.chars().all(char::is_alphabetic) => {
            Ok(Some(scheme.to_owned()))
        }
        _ => Err(format!("`{scheme}` is not a valid scheme")),
    }
}

/// Separates the port from a host, which may be an IPv6 address full of colons.
fn split_port(rest: &str) -> Result<(&str, &str), String> {
    let Some((host, port)) = rest.rsplit_once(':') else { return Ok((rest, "")) };
    if HostPattern::parse(rest).is_ok() {
        return Ok((rest, ""));
    }
    match port.split_once('/') {
        Some((port, "")) => Ok((host, port)),
        Some(_) => Err("it has a path".into()),
        None => Ok((host, port)),
    }
}

impl HostPattern {
    fn parse(host: &str) -> Result<Self, String> {
        let host = host.trim();
        match host {
            "*" => return Ok(Self::Any),
            "self" | "self.alt" => return Ok(Self::Myself),
            _ => {}
        }
        if let Some(network) = parse_network(host) {
            return Ok(network);
        }
        let host = host.strip_suffix('/').unwrap_or(host);
        if host.contains('/') {
            return Err("it has a path".into());
        }
        if let Some(domain) = host.strip_prefix("*.") {
            return match Host::parse(domain) {
                Ok(Host::Domain(domain)) if !domain.contains('*') => {
                    Ok(Self::Below(format!(".{domain}")))
                }
                _ => Err(format!("`{host}` is not a domain with a leading wildcard")),
            };
        }
        if host.contains('*') {
            return Err("a wildcard stands for the whole host or for its first label".into());
        }
        Host::parse(host).map(Self::Exactly).map_err(|error| format!("`{host}`: {error}"))
    }

    fn allows(&self, host: &Host<String>) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (Self::Below(suffix), Host::Domain(domain)) => domain.ends_with(suffix.as_str()),
            (Self::Exactly(exactly), host) => exactly == host,
            (Self::Network(network, bits), Host::Ipv4(ip)) => {
                contains(*network, *bits, (*ip).into())
            }
            (Self::Network(network, bits), Host::Ipv6(ip)) => {
                contains(*network, *bits, (*ip).into())
            }
            (Self::Below(_), _) | (Self::Network(..), Host::Domain(_)) | (Self::Myself, _) => false,
        }
    }
}

/// `10.0.0.0/8`, `fd00::/8`.
fn parse_network(text: &str) -> Option<HostPattern> {
    let (address, bits) = text.split_once('/')?;
    let (address, bits) = (address.parse::<IpAddr>().ok()?, bits.parse::<u8>().ok()?);
    let widest = if address.is_ipv4() { 32 } else { 128 };
    (bits <= widest).then_some(HostPattern::Network(address, bits))
}

fn contains(network: IpAddr, bits: u8, address: IpAddr) -> bool {
    let (network, address, width) = match (network, address) {
        (IpAddr::V4(n), IpAddr::V4(a)) => (n.to_bits().into(), a.to_bits().into(), 32),
        (IpAddr::V6(n), IpAddr::V6(a)) => (n.to_bits(), a.to_bits(), 128u32),
        _ => return false,
    };
    let ignored = width - u32::from(bits);
    let shift = |value: u128| value.checked_shr(ignored).unwrap_or(0);
    shift(network) == shift(address)
}

impl PortPattern {
    fn parse(port: &str, scheme: &str) -> Result<Self, String> {
        let number = |text: &str| {
            text.parse::<u16>()
                .map_err(|_| format!("`{port}` is neither a port nor a range of ports"))
        };
        match (port, port.split_once("..")) {
            ("", _) => default_port(scheme)
                .map(Self::One)
                .ok_or_else(|| format!("it needs a port: `{scheme}` has no default one")),
            ("*", _) => Ok(Self::Any),
            (_, Some((from, to))) => Ok(Self::Range(number(from)?, number(to)?)),
            (_, None) => Ok(Self::One(number(port)?)),
        }
    }

    fn allows(&self, port: Option<u16>) -> bool {
        match (self, port) {
            (Self::Any, _) => true,
            (Self::One(one), Some(port)) => *one == port,
            (Self::Range(from, to), Some(port)) => (*from..*to).contains(&port),
            (_, None) => false,
        }
    }
}

/// The port that goes without saying.
fn default_port(scheme: &str) -> Option<u16> {
    Some(match scheme {
        "http" => 80,
        "https" => 443,
        "postgres" => 5432,
        "mysql" => 3306,
        "redis" => 6379,
        "mqtt" => 1883,
        _ => return None,
    })
}

impl Target {
    /// Reads an address; `scheme` is assumed if it names none.
    ///
    /// # Errors
    /// The address has no host.
    pub(crate) fn parse(address: &str, scheme: &str) -> Result<Self, String> {
        let url = match Url::parse(address) {
            Ok(url) if url.has_host() => url,
            _ => Url::parse(&format!("{scheme}://{address}"))
                .map_err(|error| format!("the address cannot be read: {error}"))?,
        };
        let host =
            url.host_str().filter(|host| !host.is_empty()).ok_or("the address has no host")?;
        // `Url` takes hosts of schemes that are not the web's as they stand: an IP address would
        // remain a domain and match no IP pattern.
        let host =
            Host::parse(host).map_err(|error| format!("the host cannot be read: {error}"))?;
        Ok(Self { scheme: url.scheme().to_owned(), host, port: url.port() })
    }

    /// The target of an HTTP request; None if its URI has no scheme or no host.
    pub(crate) fn of_uri(uri: &http::Uri) -> Option<Self> {
        let host = Host::parse(uri.host()?).ok()?;
        Some(Self { scheme: uri.scheme_str()?.to_owned(), host, port: uri.port_u16() })
    }

    /// The target of a TCP socket, which knows its address and no name.
    pub(crate) fn of_socket(address: SocketAddr) -> Self {
        let host = match address.ip() {
            IpAddr::V4(ip) => Host::Ipv4(ip),
            IpAddr::V6(ip) => Host::Ipv6(ip),
        };
        Self { scheme: "tcp".to_owned(), host, port: Some(address.port()) }
    }
}

impl std::fmt::Display for Target {
    /// As it would stand in `allowed_outbound_hosts`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn allows(pattern: &str, address: &str, scheme: &str) -> bool {
        let hosts = AllowedHosts::new(vec![Pattern::parse(pattern).unwrap()]);
        hosts.allow(&Target::parse(address, scheme).unwrap())
    }

    #[test]
    fn patterns_allow_what_they_say_and_nothing_else() {
        for (pattern, address, expected) in [
            ("https://api.stripe.com", "https://api.stripe.com", true),
            ("https://api.stripe.com", "https://api.stripe.com:443/v1", true),
            ("https://api.stripe.com", "http://api.stripe.com", false),
            ("https://api.stripe.com", "https://api.stripe.com:8443", false),
            ("https://api.stripe.com/", "https://api.stripe.com", true),
            ("https://*.stripe.com", "https://api.stripe.com", true),
            ("https://*.stripe.com", "https://stripe.com", false),
            ("https://*.stripe.com", "https://evilstripe.com", false),
            ("*://example.com:*", "http://example.com:8080", true),
            ("*://*:*", "http://127.0.0.1:1", true),
            ("http://*:8080", "http://anything:8080", true),
            ("http://*:8080", "http://anything", false),
            ("http://a:8000..8010", "http://a:8009", true),
            ("http://a:8000..8010", "http://a:8010", false),
            ("http://10.0.0.0/8:80", "http://10.1.2.3", true),
            ("http://10.0.0.0/8:80", "http://11.1.2.3", false),
            ("http://127.0.0.1:9", "http://127.0.0.1:9", true),
            ("http://[::1]:9", "http://[::1]:9", true),
            ("http://orders.spin.internal", "http://orders.spin.internal/api", true),
            ("http://self", "http://self", false),
        ] {
            assert_eq!(allows(pattern, address, "http"), expected, "{pattern} for {address}");
        }
    }

    #[test]
    fn other_schemes_have_their_usual_ports() {
        assert!(allows("redis://127.0.0.1:6379", "redis://127.0.0.1", "redis"));
        assert!(allows("redis://127.0.0.1", "redis://:secret@127.0.0.1:6379/1", "redis"));
        assert!(!allows("redis://127.0.0.1:6379", "redis://127.0.0.1:6380", "redis"));
        assert!(allows("redis://127.0.0.1:6379", "127.0.0.1:6379", "redis"));
        assert!(allows("postgres://db", "db", "postgres"));
        assert!(allows("postgres://10.0.0.0/8", "postgres://10.0.0.9", "postgres"));
    }

    #[test]
    fn what_is_no_pattern_says_why() {
        for (text, why) in [
            ("example.com", "no scheme"),
            ("*", "no scheme"),
            ("http://a/b", "path"),
            ("http://a:80/b", "path"),
            ("http://a.*.b", "wildcard"),
            ("http://a:x", "neither a port"),
            ("ftp://a", "needs a port"),
            ("redis+tls://a:1", "not a valid scheme"),
        ] {
            let error = Pattern::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn a_denied_target_reads_as_it_would_be_written() {
        let target = Target::parse("redis://:secret@host:7000/2", "redis").unwrap();
        assert_eq!(target.to_string(), "redis://host:7000");
    }
}
