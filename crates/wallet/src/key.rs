//! Reads an RSA key, and signs with it.

use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::traits::PublicKeyParts as _;
use rsa::{PrivateKey, PublicKey};
use sha2::Sha256;

use crate::Error;

/// A private key that signs by RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2).
///
/// RUSTSEC-2023-0071, the Marvin attack, concerns decryption: its timing tells of the key. Nothing is
/// decrypted here. Signing does the same arithmetic on text that others know, so it is blinded too:
/// the feature `getrandom` of `rsa` multiplies by random numbers. They do not change the signature.
pub(crate) struct Key(PrivateKey);

impl Key {
    /// Reads PKCS #8 or PKCS #1 from `pem`. `name` is what errors call it.
    ///
    /// # Errors
    /// [`Error::EncryptedKey`], or [`Error::Key`] for anything else but an RSA key.
    pub(crate) fn from_pem(name: &'static str, pem: &str) -> Result<Self, Error> {
        let pem = unescaped(pem);
        if let Some(block) = block(&pem, "PRIVATE KEY") {
            PrivateKey::from_pkcs8_pem(block).map(Self).map_err(|_| Error::Key(name))
        } else if pem.contains("ENCRYPTED") {
            Err(Error::EncryptedKey(name))
        } else if let Some(block) = block(&pem, "RSA PRIVATE KEY") {
            PrivateKey::from_pkcs1_pem(block).map(Self).map_err(|_| Error::Key(name))
        } else {
            Err(Error::Key(name))
        }
    }

    /// Returns the public half.
    pub(crate) fn public(&self) -> &PublicKey {
        self.0.as_public_key()
    }

    /// Returns how many bytes a signature has.
    pub(crate) fn size(&self) -> usize {
        self.0.size()
    }

    /// Signs `message`. The same message always has the same signature.
    ///
    /// # Errors
    /// [`Error::Internal`] if the key is too short, or the system has no randomness.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.0.pkcs1v15_sign::<Sha256>(message).map_err(Error::internal)
    }
}

/// Returns `pem` with line feeds in place of each written `\n`, which Google's JSON has.
pub(crate) fn unescaped(pem: &str) -> String {
    pem.replace("\\n", "\n")
}

/// Returns the first PEM block of `label` in `text` (RFC 7468). Other blocks may stand around it.
pub(crate) fn block<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let last = format!("-----END {label}-----");
    let from = &text[text.find(&format!("-----BEGIN {label}-----"))?..];
    Some(&from[..from.find(&last)? + last.len()])
}
