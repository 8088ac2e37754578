//! What operators say of mail: where it goes out, and from whom.

use std::net::SocketAddr;

use anyhow::{Context, Result, anyhow, ensure};
use boxoffice_kernel::config;
use lettre::message::Mailbox;
use url::Url;

use super::address::Server;
use super::resolver;

/// What to do where `smtp_url` names a host.
const NO_NAMES: &str = "smtp_url names its host, and Spin looks no names up for components: write \
     its address too, as ?address=203.0.113.7, or set smtp_resolver to the address and port of a DNS \
     resolver";

/// What it takes to send letters.
pub(crate) struct Settings {
    pub(crate) server: Server,
    /// Who knows the server's address, if `smtp_url` does not say it.
    pub(crate) resolver: Option<SocketAddr>,
    /// Who all letters are from.
    pub(crate) from: Mailbox,
    /// The shop's host: its name to the server, and part of each letter's id.
    pub(crate) host: String,
    /// PEM of the authorities to believe in place of the web's; empty: the web's.
    pub(crate) authorities: String,
}

impl Settings {
    /// Reads the variables; `None` if `smtp_url` is empty, so that nothing is mailed.
    ///
    /// # Errors
    /// What is wrong with a variable, and what to do about it.
    pub(crate) async fn load() -> Result<Option<Self>> {
        let url = config::variable("smtp_url").await?;
        if url.trim().is_empty() {
            return Ok(None);
        }
        let server = Server::parse(&url).map_err(|error| anyhow!("smtp_url is wrong: {error}"))?;
        let resolver = resolver::parse(&config::variable("smtp_resolver").await?);
        ensure!(server.ip.is_some() || resolver.is_some(), NO_NAMES);
        let from = sender(&config::variable("mail_from").await?)?;
        let host = host(&config::shop().await?)?;
        let authorities = config::variable("smtp_ca").await?;
        Ok(Some(Self { server, resolver, from, host, authorities }))
    }
}

fn sender(text: &str) -> Result<Mailbox> {
    ensure!(
        !text.trim().is_empty(),
        "mail_from is empty: set it to the address that letters are from, such as \
         Boxoffice <tickets@example.com>"
    );
    text.trim().parse().ok().context(
        "mail_from is not an address: write tickets@example.com, or Boxoffice \
         <tickets@example.com>",
    )
}

/// The host in `public_url`.
fn host(public_url: &str) -> Result<String> {
    let url = Url::parse(public_url).ok();
    let host = url.as_ref().and_then(Url::host_str).context("public_url names no host")?;
    Ok(host.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_sender_has_an_address_and_maybe_a_name() {
        let named = sender(" Box Office <tickets@example.com> ").unwrap();
        assert_eq!(named.name.as_deref(), Some("Box Office"));
        assert_eq!(sender("tickets@example.com").unwrap().email.to_string(), "tickets@example.com");
        assert!(sender("").unwrap_err().to_string().contains("mail_from is empty"));
        for wrong in ["tickets", "a@b, c@d", "a@example.com\r\nBcc: b@example.com"] {
            assert!(sender(wrong).unwrap_err().to_string().contains("not an address"), "{wrong}");
        }
    }

    #[test]
    fn the_shops_host_is_that_of_its_address() {
        assert_eq!(host("https://tickets.example.com/shop").unwrap(), "tickets.example.com");
        assert!(host("tickets").is_err());
    }
}
