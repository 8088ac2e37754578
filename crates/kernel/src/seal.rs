//! Codes that the shop makes for itself over short texts, by the services' keys.
//!
//! A code is `<name of the key>.<HMAC-SHA-256 in base64url>`, and good for one purpose. It can stand in a
//! link, and in a table in place of what must not be there.

use anyhow::Result;

use crate::keys::Keys;

/// Returns the code of `text` for `purpose`; `None` without a key.
///
/// # Errors
/// What reading the keys says.
pub async fn make(purpose: &'static str, text: &str) -> Result<Option<String>> {
    Ok(Keys::load().await?.seal(purpose, text))
}

/// Tells whether `code` is that of `text` for `purpose`. It takes the same time whatever the code is.
///
/// # Errors
/// What reading the keys says.
pub async fn check(purpose: &'static str, text: &str, code: &str) -> Result<bool> {
    Ok(Keys::load().await?.opens(purpose, text, code))
}

/// Returns the codes of `text` by each key, the newest first: one that was stored before the keys were
/// replaced is among them.
///
/// # Errors
/// What reading the keys says.
pub async fn by_each_key(purpose: &'static str, text: &str) -> Result<Vec<String>> {
    Ok(Keys::load().await?.seal_by_each(purpose, text))
}

impl Keys {
    pub(crate) fn seal(&self, purpose: &str, text: &str) -> Option<String> {
        self.seal_by_each(purpose, text).into_iter().next()
    }

    pub(crate) fn seal_by_each(&self, purpose: &str, text: &str) -> Vec<String> {
        let codes = self.make_by_each(message(purpose, text).as_bytes());
        codes.into_iter().map(|(key, code)| format!("{key}.{code}")).collect()
    }

    pub(crate) fn opens(&self, purpose: &str, text: &str, code: &str) -> bool {
        let parts = code.split_once('.');
        parts.is_some_and(|(key, code)| self.check(key, code, message(purpose, text).as_bytes()))
    }
}

fn message(purpose: &str, text: &str) -> String {
    format!("boxoffice-seal\n{purpose}\n{text}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn keys(list: &[(&str, u8)]) -> Keys {
        let key =
            |(name, byte): &(&str, u8)| format!("{name}:{}", URL_SAFE_NO_PAD.encode([*byte; 32]));
        Keys::parse(&list.iter().map(key).collect::<Vec<_>>().join(","), "required").unwrap()
    }

    #[test]
    fn a_code_is_of_one_text_and_one_purpose() {
        let ours = keys(&[("k1", 1)]);
        let code = ours.seal("letters", "a").unwrap();
        assert!(code.starts_with("k1.") && ours.opens("letters", "a", &code));
        assert!(!ours.opens("letters", "b", &code) && !ours.opens("others", "a", &code));
        assert!(!keys(&[("k1", 2)]).opens("letters", "a", &code));
        for odd in ["", "k1", "k1.", ".", "k2.abc"] {
            assert!(!ours.opens("letters", "a", odd), "{odd}");
        }
        assert_eq!(keys(&[]).seal("letters", "a"), None);
    }

    #[test]
    fn keys_are_replaced_without_losing_what_older_ones_made() {
        let old = keys(&[("k1", 1)]).seal("letters", "a").unwrap();
        let both = keys(&[("k2", 2), ("k1", 1)]);
        assert!(both.opens("letters", "a", &old));
        let all = both.seal_by_each("letters", "a");
        assert_eq!((all.len(), &all[1]), (2, &old));
        assert_eq!(both.seal("letters", "a").as_ref(), all.first());
    }
}
