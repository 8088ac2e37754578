//! Reading an RSA key, and signing with it.

use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::traits::PublicKeyParts as _;
use rsa::{PrivateKey, PublicKey};
use sha2::Sha256;

use crate::Error;

/// A private key that signs by RSASSA-PKCS1-v1_5 with SHA-256, as both wallets ask (RFC 8017, 8.2).
///
/// RUSTSEC-2023-0071 warns of `rsa`: how long it takes to decrypt chosen messages tells of the key.
/// Nothing is decrypted here. A signature takes the same arithmetic, of what everyone may know. So it
/// is blinded by the system's randomness, as `rsa` does with its feature `getrandom`. Blinding does
/// not change the signature.
pub(crate) struct Key(PrivateKey);

impl Key {
    /// Reads PKCS #8 or PKCS #1 from `pem`. `name` is what errors call it.
    ///
    /// # Errors
    /// [`Error::EncryptedKey`], or [`Error::Key`] if it is not the key of RSA.
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
    /// [`Error::Internal`] if the key is too short for the digest, or there is no randomness.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.0.pkcs1v15_sign::<Sha256>(message).map_err(Error::internal)
    }
}

/// Returns `pem` with lines, where a setting has `\n` written out, as in Google's JSON.
pub(crate) fn unescaped(pem: &str) -> String {
    pem.replace("\\n", "\n")
}

/// Returns the first PEM block of `label` in `text`, which may hold others and remarks (RFC 7468).
pub(crate) fn block<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let last = format!("-----END {label}-----");
    let from = &text[text.find(&format!("-----BEGIN {label}-----"))?..];
    Some(&from[..from.find(&last)? + last.len()])
}
