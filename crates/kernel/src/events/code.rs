//! Whether an event was published by a service of ours: its message authentication code.
//!
//! Write access to Redis must not be enough to sell tickets. Services share keys that Redis does not have
//! (the variable `event_keys`), and each published event ends with a code: HMAC-SHA-256 (RFC 2104) of
//! its JSON without it. The member `mac` holds the key's name and the code, so keys can be replaced:
//! the first key of the list makes codes, all of them check.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::config;

/// What stands between an event's last member and its code.
const MEMBER: &str = ",\"mac\":\"";
/// What stands after the code.
const END: &str = "\"}";
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

    /// Returns `body`, an event's JSON, with its code, if there is a key.
    pub(crate) fn sign(&self, body: String) -> String {
        let Some((name, key)) = self.by_name.first() else { return body };
        match (code(key, &body), body.strip_suffix('}')) {
            (Some(code), Some(members)) => {
                let code = URL_SAFE_NO_PAD.encode(code.finalize().into_bytes());
                format!("{members}{MEMBER}{name}.{code}{END}")
            }
            _ => body,
        }
    }

    /// Whether a service of ours published `event`, as far as there are keys to tell.
    pub(crate) fn accept(&self, event: &str) -> bool {
        if self.by_name.is_empty() {
            return true;
        }
        let Some((body, mac)) = parted(event) else { return !self.required };
        let known = mac.split_once('.').and_then(|(name, given)| {
            let (_, key) = self.by_name.iter().find(|(known, _)| known == name)?;
            Some((key, URL_SAFE_NO_PAD.decode(given).ok()?))
        });
        // Compared in the same time whatever the code is.
        known.is_some_and(|(key, given)| {
            code(key, &body).is_some_and(|code| code.verify_slice(&given).is_ok())
        })
    }
}

/// Parts an event with a code into its JSON without it, and the code.
fn parted(event: &str) -> Option<(String, &str)> {
    let rest = event.strip_suffix(END)?;
    let at = rest.rfind(MEMBER)?;
    let mac = &rest[at + MEMBER.len()..];
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    mac.bytes().all(is_plain).then(|| (format!("{}}}", &rest[..at]), mac))
}

fn code(key: &[u8], body: &str) -> Option<Hmac<Sha256>> {
    Some(Hmac::<Sha256>::new_from_slice(key).ok()?.chain_update(body.as_bytes()))
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

    const EVENT: &str = r#"{"id":"1","data":{"title":"a \",\"mac\":\"x"}}"#;

    fn key(name: &str, byte: u8) -> String {
        format!("{name}:{}", URL_SAFE_NO_PAD.encode([byte; 32]))
    }

    fn keys(list: &str, macs: &str) -> Keys {
        Keys::parse(list, macs).unwrap()
    }

    #[test]
    fn a_code_is_that_of_rfc_2104() {
        let signed = keys(&key("k1", 7), "required").sign("{\"a\":1}".to_owned());
        // By openssl dgst -sha256 -mac HMAC over {"a":1}, with a key of 32 times 7.
        let code = signed.strip_prefix("{\"a\":1,\"mac\":\"k1.").unwrap();
        assert_eq!(code, "DXM_7sME8THA3LzrhzwxfivMR4k5cIK9QpZGIiousCc\"}");
    }

    #[test]
    fn only_those_who_have_a_key_make_codes() {
        let ours = keys(&key("k1", 1), "required");
        let signed = ours.sign(EVENT.to_owned());
        assert!(ours.accept(&signed));
        serde_json::from_str::<serde_json::Value>(&signed).unwrap();
        assert!(!ours.accept(EVENT));
        assert!(!ours.accept(&signed.replace("\"id\":\"1\"", "\"id\":\"2\"")));
        let theirs = keys(&key("k1", 2), "required").sign(EVENT.to_owned());
        assert!(!ours.accept(&theirs));
        for forged in ["", "{}", "{\"a\":1,\"mac\":\"\"}", "{\"a\":1,\"mac\":\"k1.\"}", "\"}"] {
            assert!(!ours.accept(forged), "{forged}");
        }
    }

    #[test]
    fn keys_are_replaced_one_step_after_the_other() {
        let old = keys(&key("old", 1), "required");
        let both = keys(&format!("{}, {}", key("new", 2), key("old", 1)), "required");
        let new = keys(&key("new", 2), "required");
        let (by_old, by_both) = (old.sign(EVENT.to_owned()), both.sign(EVENT.to_owned()));
        assert!(both.accept(&by_old) && both.accept(&by_both) && new.accept(&by_both));
        assert!(!new.accept(&by_old) && !old.accept(&by_both));
    }

    #[test]
    fn events_of_older_programs_count_where_codes_are_optional() {
        let optional = keys(&key("k1", 1), "optional");
        assert!(optional.accept(EVENT) && optional.accept(&optional.sign(EVENT.to_owned())));
        let theirs = keys(&key("k1", 2), "required").sign(EVENT.to_owned());
        assert!(!optional.accept(&theirs));
        let none = keys("", "required");
        assert_eq!(none.sign(EVENT.to_owned()), EVENT);
        assert!(none.accept(EVENT) && none.accept(&theirs));
    }

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
