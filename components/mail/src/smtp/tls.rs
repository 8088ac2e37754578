//! Whose certificates are believed.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// Makes what encrypts connections. `authorities` is PEM; empty: the web's authorities are believed.
///
/// # Errors
/// When `authorities` holds no certificate that can be read.
pub(crate) fn config(authorities: &str) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    if authorities.trim().is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    } else {
        for certificate in CertificateDer::pem_slice_iter(authorities.as_bytes()) {
            let certificate = certificate.ok().context("smtp_ca is not PEM")?;
            roots.add(certificate).ok().context("smtp_ca holds an invalid certificate")?;
        }
        ensure!(!roots.is_empty(), "smtp_ca holds no certificate in PEM");
    }
    let provider = Arc::new(boxoffice_tls_crypto::provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn the_webs_authorities_are_believed_unless_others_are_named() {
        assert!(config("").is_ok());
        let error = config("nothing").unwrap_err().to_string();
        assert!(error.contains("no certificate"), "{error}");
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(config(broken).unwrap_err().to_string().contains("smtp_ca"));
    }
}
