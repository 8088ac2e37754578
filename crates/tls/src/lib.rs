//! TLS to Postgres, for the host and for the operators' commands alike: as Spin does it, with the
//! certificates that this machine trusts.

use std::error::Error as StdError;

use rustls::{CertificateError, ClientConfig, RootCertStore};
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

/// What is wrong with a server's certificate, and how to mend it, if that is why a connection failed.
pub fn advice(error: &(dyn StdError + 'static)) -> Option<&'static str> {
    let mut causes = std::iter::successors(Some(error), |error| (**error).source());
    let refused = causes.find_map(certificate_error)?;
    Some(match refused {
        CertificateError::UnknownIssuer => {
            "its certificate is from an authority that this machine does not trust: add the \
             authority to the file that SSL_CERT_FILE names, or to this machine's certificates"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name: connect by a name that is in it"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired: renew it"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet: check the clocks of both machines"
        }
        CertificateError::Revoked => "its certificate was revoked: replace it",
        _ => "its certificate is invalid: replace it by one that rustls accepts",
    })
}

/// The reason in an error, or in what an I/O error carries without naming it as its source.
fn certificate_error<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e CertificateError> {
    let carried = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    let error: &'e (dyn StdError + 'static) = match carried {
        Some(carried) => carried,
        None => error,
    };
    match error.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(reason) => Some(reason),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_is_refused_is_told_however_deep_it_lies() {
        let refused = |reason| rustls::Error::InvalidCertificate(reason);
        let carried = |error| std::io::Error::new(std::io::ErrorKind::InvalidData, error);
        let unknown = advice(&refused(CertificateError::UnknownIssuer));
        assert!(unknown.is_some_and(|advice| advice.contains("SSL_CERT_FILE")));
        let deep = Unusable(carried(refused(CertificateError::NotValidForName)));
        assert!(advice(&deep).is_some_and(|advice| advice.contains("another name")));
        let expired = carried(refused(CertificateError::Expired));
        assert!(advice(&expired).is_some_and(|advice| advice.contains("expired")));
        assert_eq!(advice(&rustls::Error::HandshakeNotComplete), None);
        assert_eq!(advice(&std::io::Error::from(std::io::ErrorKind::ConnectionRefused)), None);
    }

    /// As clients have it: an error of their own, with the connection's as its source.
    #[derive(Debug, thiserror::Error)]
    #[error("error performing TLS handshake")]
    struct Unusable(#[source] std::io::Error);
}
