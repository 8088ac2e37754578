//! TLS to Postgres, for the host and for the operators' commands alike: as Spin does it, with the
//! certificates that this machine trusts.

use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Why TLS cannot be set up. The message ends with the way out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing to check a server's certificate by.
    #[error(
        "this machine has no root certificates{0}: install them (ca-certificates), or set \
         SSL_CERT_FILE to a file of them"
    )]
    NoRoots(String),
    /// The cryptography that was compiled in does not suffice.
    #[error("TLS cannot be set up: {0}")]
    Unusable(#[from] rustls::Error),
}

/// What connects to the Postgres of `config` by TLS; `None` where that is not to be: with
/// `sslmode=disable`, and without a word about it on a machine that trusts nobody.
///
/// With `require` there is TLS or no connection. With `prefer`, the default, there is TLS if the server
/// offers it (<https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION>). Other
/// than in libpq the certificate is checked in both, against the authorities that this machine trusts,
/// or those in the file that `SSL_CERT_FILE` names.
///
/// # Errors
/// With `require`, when nobody is trusted; when the cryptography does not suffice.
pub fn connector(config: &Config) -> Result<Option<MakeRustlsConnect>, Error> {
    let mode = config.get_ssl_mode();
    if mode == SslMode::Disable {
        return Ok(None);
    }
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        if mode == SslMode::Prefer {
            return Ok(None);
        }
        let errors: String = found.errors.iter().map(|error| format!("; {error}")).collect();
        return Err(Error::NoRoots(errors));
    }
    // Named, since another crate in the process may bring a second provider of cryptography.
    let provider = rustls::crypto::ring::default_provider().into();
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let client = versions.with_root_certificates(roots).with_no_client_auth();
    Ok(Some(MakeRustlsConnect::new(client)))
}
