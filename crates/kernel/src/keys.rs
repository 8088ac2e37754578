//! The keys by which services know one another (the variable `event_keys`). Redis does not have them.
//!
//! A code is HMAC-SHA-256 (RFC 2104) in base64url. Each goes with its key's name, so keys can be
//! replaced: the first key of the list makes codes, all of them check.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::config;

/// The shortest key, in bytes: as long as what it makes.
const MIN_KEY: usize = 32;

thread_local! {
    static KEYS: RefCell<Option<Rc<Keys>>> = const { RefCell::new(None) };
}

/// The keys, and whether events must have a code.
#[derive(Debug)]
pub(crate) struct Keys {
    by_name: Vec<(String, Vec<u8>)>,
    /// Events of older programs have no code. They count while those run.
    required: bool,
}

impl Keys {
    /// Reads the variables `event_keys` and `event_macs`, once an instance.
    ///
    /// # Errors
    /// When one of them is not given to this component, or cannot be read.
    pub(crate) async fn load() -> Result<Rc<Self>> {
        if let Some(keys) = KEYS.with_borrow(Clone::clone) {
            return Ok(keys);
        }
        let keys = config::variable("event_keys").await?;
        let macs = config::variable("event_macs").await?;
        let keys = Rc::new(Self::parse(&keys, &macs)?);
        KEYS.set(Some(Rc::clone(&keys)));
        Ok(keys)
    }

    /// Reads keys, each `name:key` with the key in base64url, with commas between.
    pub(crate) fn parse(keys: &str, macs: &str) -> Result<Self> {
        let parts = keys.split(',').map(str::trim).filter(|part| !part.is_empty());
        let by_name = parts.map(key).collect::<Result<Vec<_>>>().context("event_keys")?;
        let required = match macs.trim() {
            "required" => true,
            "optional" => false,
            other => bail!("event_macs is {other:?}; it must be required or optional"),
        };
        Ok(Self { by_name, required })
    }

    /// Tells whether there are no keys.
    pub(crate) const fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Tells whether events must have a code.
    pub(crate) const fn are_required(&self) -> bool {
        self.required
    }

    /// Makes the code of `message`, and names the key that made it. Without keys there is no code.
    pub(crate) fn make(&self, message: &[u8]) -> Option<(&str, String)> {
        let (name, key) = self.by_name.first()?;
        let code = mac(key, message)?.finalize().into_bytes();
        Some((name, URL_SAFE_NO_PAD.encode(code)))
    }

    /// Makes the code of `message` by each key, in their order, with the keys' names.
    pub(crate) fn make_by_each(&self, message: &[u8]) -> Vec<(&str, String)> {
        let code = |key: &[u8]| Some(mac(key, message)?.finalize().into_bytes());
        let named = self
            .by_name
            .iter()
            .filter_map(|(name, key)| Some((name.as_str(), URL_SAFE_NO_PAD.encode(code(key)?))));
        named.collect()
    }

    /// Tells whether `code` is that of `message` by the key `name`. It takes the same time whatever the
    /// code is.
    pub(crate) fn check(&self, name: &str, code: &str, message: &[u8]) -> bool {
        let key = self.by_name.iter().find(|(known, _)| known == name);
        let Some(((_, key), given)) = key.zip(URL_SAFE_NO_PAD.decode(code).ok()) else {
            return false;
        };
        mac(key, message).is_some_and(|mac| mac.verify_slice(&given).is_ok())
    }
}

fn mac(key: &[u8], message: &[u8]) -> Option<Hmac<Sha256>> {
    Some(Hmac::<Sha256>::new_from_slice(key).ok()?.chain_update(message))
}

fn key(text: &str) -> Result<(String, Vec<u8>)> {
    let (name, key) =
        text.split_once(':').context("a key has no name; write name:key, the key in base64url")?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !(1..=32).contains(&name.len()) || !name.bytes().all(is_plain) {
        bail!("{name:?} cannot name a key: use 1 to 32 letters, digits and hyphens");
    }
    let key = URL_SAFE_NO_PAD.decode(key.trim_end_matches('='));
    let key = key.with_context(|| format!("the key {name} is not base64url (RFC 4648, 5)"))?;
    if key.len() < MIN_KEY {
        bail!("the key {name} has {} bytes; it needs {MIN_KEY} or more", key.len());
    }
    Ok((name.to_owned(), key))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn wrong_keys_are_explained() {
        let said = |keys: &str, macs: &str| format!("{:#}", Keys::parse(keys, macs).unwrap_err());
        assert!(said("abc", "required").contains("name:key"));
        assert!(said("k1:abcd", "required").contains("3 bytes"));
        assert!(said("k1:%", "required").contains("base64url"));
        assert!(said("a b:abcd", "required").contains("cannot name a key"));
        assert!(said("", "yes").contains("required or optional"));
    }
}
