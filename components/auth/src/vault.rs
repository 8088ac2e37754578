//! Secrets at rest: encrypted by AES-256-GCM, with a key that is made of the key that signs sessions.
//!
//! Replacing that key ends them: who used an authenticator app then signs in by a passkey or a recovery
//! code, and sets the app up again.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use anyhow::{Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use boxoffice_contract::UserId;

use crate::challenge::random;

/// What the key is made for: no other use of the signing key has this label.
pub(crate) const LABEL: &[u8] = b"boxoffice second factors 1";
/// How many bytes of what is stored are the nonce.
const NONCE: usize = 12;

/// The key.
pub(crate) struct Vault(Aes256Gcm);

impl Vault {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self(Aes256Gcm::new(&key.into()))
    }

    /// Encrypts `secret` of `account`: what is stored works for no other account.
    ///
    /// # Errors
    /// When the host gives no random bytes.
    pub(crate) fn seal(&self, account: UserId, secret: &[u8]) -> Result<String> {
        let nonce = random::<NONCE>()?;
        let payload = Payload { msg: secret, aad: account.0.as_bytes() };
        let sealed = self.0.encrypt(&Nonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| anyhow!("a secret cannot be encrypted"))?;
        Ok(URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// Decrypts what was stored for `account`, if it was by this key.
    pub(crate) fn open(&self, account: UserId, stored: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(stored).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE)?;
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let payload = Payload { msg: sealed, aad: account.0.as_bytes() };
        self.0.decrypt(&Nonce::from(nonce), payload).ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_secret_is_opened_by_its_key_for_its_account_alone() {
        let (vault, ada, bob) = (Vault::new([7; 32]), UserId::new(), UserId::nil());
        let sealed = vault.seal(ada, b"secret").unwrap();
        assert_eq!(vault.open(ada, &sealed).unwrap(), b"secret");
        assert_ne!(vault.seal(ada, b"secret").unwrap(), sealed);
        assert!(vault.open(bob, &sealed).is_none());
        assert!(Vault::new([8; 32]).open(ada, &sealed).is_none());
        for text in ["", "AAAA", "%", &sealed[..20]] {
            assert!(vault.open(ada, text).is_none(), "{text}");
        }
    }
}
