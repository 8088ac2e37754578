//! The language that somebody's browser asks for, which their letters are written in.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

/// The longest tag that is kept, which is more than any language needs (RFC 5646, 4.4.1).
const LENGTH: usize = 35;

/// Returns the first language that `headers` list, if it is one.
pub(crate) fn of(headers: &HeaderMap) -> Option<String> {
    let listed = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
    let tag = listed.split([',', ';']).next().unwrap_or_default().trim();
    is_tag(tag).then(|| tag.to_owned())
}

/// Tells whether `text` has the form of a language tag (RFC 5646, 2.1).
fn is_tag(text: &str) -> bool {
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or_default();
    let is_part = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    text.len() <= LENGTH
        && (2..=8).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(is_part)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn the_first_language_counts() {
        let kept =
            |listed: &str| of(&HeaderMap::from_iter([(ACCEPT_LANGUAGE, listed.parse().unwrap())]));
        for (listed, tag) in [
            ("de-AT,de;q=0.9,en;q=0.8", Some("de-AT")),
            (" fr ;q=0.9", Some("fr")),
            ("zh-Hant-TW", Some("zh-Hant-TW")),
            ("*", None),
            ("", None),
            ("d", None),
            ("de_AT", None),
            ("de-<b>", None),
            ("de--AT", None),
        ] {
            assert_eq!(kept(listed).as_deref(), tag, "{listed}");
        }
        assert_eq!(kept(&format!("en{}", "-x".repeat(40))), None);
        assert_eq!(of(&HeaderMap::new()), None);
    }
}
