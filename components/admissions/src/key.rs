//! The key that signs codes and links: this service's own, which no session is signed with.

use std::cell::RefCell;
use std::sync::Arc;

use anyhow::{Context, Result};
use boxoffice_admission_code::{Signer, Verifier};
use boxoffice_kernel::config;
use subtle::ConstantTimeEq as _;

/// The key that signs, and every public key whose codes are still believed.
pub(crate) struct Keys {
    /// Signs new codes.
    pub(crate) signer: Signer,
    /// Reads codes of the current key and of those that are being retired.
    pub(crate) verifier: Verifier,
}

thread_local! {
    static KEYS: RefCell<Option<Arc<Keys>>> = const { RefCell::new(None) };
}

impl Keys {
    /// Reads the variables `admission_signing_key` and `admission_public_keys`, once an instance.
    pub(crate) async fn load() -> Result<Arc<Self>> {
        if let Some(keys) = KEYS.with_borrow(Clone::clone) {
            return Ok(keys);
        }
        let pem = config::variable("admission_signing_key").await?;
        let signer = Signer::from_pem(&pem).context("admission_signing_key")?;
        let set = config::variable("admission_public_keys").await?;
        let verifier = Verifier::from_jwks(&set).context("admission_public_keys")?;
        let keys = Arc::new(Self { signer, verifier });
        KEYS.set(Some(Arc::clone(&keys)));
        Ok(keys)
    }
}

/// Writes a secret as links carry it: in lower-case hexadecimal.
pub(crate) fn text(secret: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(secret))
}

/// Whether `given` is `secret`, in a time that does not tell how much of it is right.
pub(crate) fn is_same(given: &str, secret: &str) -> bool {
    given.as_bytes().ct_eq(secret.as_bytes()).into()
}
