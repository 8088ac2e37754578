//! Whether an event was published by a service of ours: its message authentication code.
//!
//! Write access to Redis must not be enough to sell tickets. So each published event ends with a code:
//! HMAC-SHA-256 of its JSON without it, by one of the services' [`Keys`]. The member `mac` holds the
//! key's name and the code.

use crate::keys::Keys;

/// What stands between an event's last member and its code.
const MEMBER: &str = ",\"mac\":\"";
/// What stands after the code.
const END: &str = "\"}";

impl Keys {
    /// Returns `body`, an event's JSON, with its code, if there is a key.
    pub(crate) fn sign(&self, body: String) -> String {
        match (self.make(body.as_bytes()), body.strip_suffix('}')) {
            (Some((name, code)), Some(members)) => format!("{members}{MEMBER}{name}.{code}{END}"),
            _ => body,
        }
    }

    /// Whether a service of ours published `event`, as far as there are keys to tell.
    pub(crate) fn accept(&self, event: &str) -> bool {
        if self.is_empty() {
            return true;
        }
        let Some((body, mac)) = parted(event) else { return !self.are_required() };
        let named = mac.split_once('.');
        named.is_some_and(|(name, code)| self.check(name, code, body.as_bytes()))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

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
}
