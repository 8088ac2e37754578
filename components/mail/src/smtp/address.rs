//! `smtp_url`: where the server is, and how it is spoken to.

use std::net::{IpAddr, Ipv4Addr};

use percent_encoding::percent_decode_str;
use url::Url;

/// How the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// From the first byte: `smtps`.
    Implicit,
    /// By STARTTLS, or no letter is sent.
    Required,
    /// By STARTTLS if the server offers it.
    Opportunistic,
    /// Not at all.
    None,
}

// Without `Debug`: a log must not have the password.
/// Who the shop is to the server.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: String,
}

/// A server, as `smtp_url` says.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Server {
    /// What is connected to, unless a resolver has to tell.
    pub(crate) ip: Option<IpAddr>,
    pub(crate) port: u16,
    /// The name that its certificate is for.
    pub(crate) name: String,
    pub(crate) encryption: Encryption,
    pub(crate) login: Option<Login>,
}

impl Server {
    /// Reads `smtp_url`.
    ///
    /// # Errors
    /// What is wrong with it, and how it is written instead. No error repeats the URL: it has a password.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text.trim())
            .map_err(|_| "it is not a URL such as smtp://user:password@203.0.113.7:587")?;
        let is_implicit = match url.scheme() {
            "smtp" => false,
            "smtps" => true,
            other => return Err(format!("it begins with {other}://; write smtp:// or smtps://")),
        };
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err("it has a path; it ends with the port, or with options after a ?".into());
        }
        let options = Options::read(&url)?;
        let name = url.host_str().filter(|host| !host.is_empty()).ok_or("it names no host")?;
        let name = name.trim_start_matches('[').trim_end_matches(']').to_owned();
        let ip = options.address.or_else(|| ip_of(&name));
        let port = url.port().unwrap_or(if is_implicit { 465 } else { 587 });
        let is_here = ip.is_some_and(|ip| ip.is_loopback());
        let login = login(&url)?;
        let encryption = match (is_implicit, options.tls) {
            (true, None) => Encryption::Implicit,
            (true, Some(_)) => return Err("smtps:// is encrypted anyway; leave tls out".into()),
            (false, Some(chosen)) => chosen,
            (false, None) if is_here => Encryption::None,
            (false, None) => Encryption::Required,
        };
        let may_be_plain = matches!(encryption, Encryption::Opportunistic | Encryption::None);
        if login.is_some() && may_be_plain && !is_here {
            return Err("the password could be read on its way; write tls=required".into());
        }
        Ok(Self { ip, port, name, encryption, login })
    }
}

/// What stands after the `?`.
#[derive(Default)]
struct Options {
    tls: Option<Encryption>,
    address: Option<IpAddr>,
}

impl Options {
    fn read(url: &Url) -> Result<Self, String> {
        let mut options = Self::default();
        for (name, value) in url.query_pairs() {
            match &*name {
                "tls" => {
                    options.tls = Some(match &*value {
                        "required" => Encryption::Required,
                        "opportunistic" => Encryption::Opportunistic,
                        "none" => Encryption::None,
                        _ => return Err("tls is required, opportunistic or none".into()),
                    });
                }
                "address" => {
                    let ip = value.parse().map_err(|_| "address is not an IP address")?;
                    options.address = Some(ip);
                }
                _ => return Err("it has an option other than tls and address".into()),
            }
        }
        Ok(options)
    }
}

fn ip_of(host: &str) -> Option<IpAddr> {
    match host {
        "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
        _ => host.parse().ok(),
    }
}

fn login(url: &Url) -> Result<Option<Login>, String> {
    let decoded = |text: &str| {
        let text = percent_decode_str(text).decode_utf8();
        text.map(|text| text.into_owned()).map_err(|_| "its user or password is not UTF-8")
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => Err("it has a user or a password, but not both".into()),
        (user, Some(password)) => {
            Ok(Some(Login { user: decoded(user)?, password: decoded(password)? }))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::net::SocketAddr;

    use super::*;

    fn read(text: &str) -> Server {
        Server::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_url_says_where_and_how() {
        for (text, address, name, encryption) in [
            ("smtp://127.0.0.1:1025", "127.0.0.1:1025", "127.0.0.1", Encryption::None),
            ("smtp://localhost:1025", "127.0.0.1:1025", "localhost", Encryption::None),
            ("smtp://203.0.113.7", "203.0.113.7:587", "203.0.113.7", Encryption::Required),
            ("smtp://203.0.113.7?tls=none", "203.0.113.7:587", "203.0.113.7", Encryption::None),
            ("smtps://[2001:db8::1]", "[2001:db8::1]:465", "2001:db8::1", Encryption::Implicit),
            (
                "smtp://mail.example.com:25/?address=203.0.113.7&tls=opportunistic",
                "203.0.113.7:25",
                "mail.example.com",
                Encryption::Opportunistic,
            ),
            ("smtps://mail.example.com", "by name", "mail.example.com", Encryption::Implicit),
        ] {
            let server = read(text);
            let known = server.ip.map(|ip| SocketAddr::new(ip, server.port));
            assert_eq!(known, address.parse().ok(), "{text}");
            assert_eq!((&*server.name, server.encryption), (name, encryption), "{text}");
            assert!(server.login.is_none(), "{text}");
        }
        let login = read("smtps://a%40b:p%3Aw%20d@203.0.113.7").login.unwrap();
        assert_eq!((&*login.user, &*login.password), ("a@b", "p:w d"));
    }

    #[test]
    fn what_is_wrong_is_said_with_the_remedy_and_without_the_password() {
        for (text, says) in [
            ("203.0.113.7:587", "not a URL"),
            ("http://203.0.113.7", "smtp:// or smtps://"),
            ("smtp://203.0.113.7/box", "path"),
            ("smtp://203.0.113.7?tls=maybe", "required, opportunistic or none"),
            ("smtp://203.0.113.7?starttls=1", "other than tls"),
            ("smtp://203.0.113.7?address=here", "not an IP address"),
            ("smtps://203.0.113.7?tls=none", "leave tls out"),
            ("smtp://u@203.0.113.7", "not both"),
            ("smtp://u:geheim@203.0.113.7?tls=none", "tls=required"),
        ] {
            let error = Server::parse(text).err().unwrap();
            assert!(error.contains(says), "{text}: {error}");
            assert!(!error.contains("geheim"), "{error}");
        }
    }
}
