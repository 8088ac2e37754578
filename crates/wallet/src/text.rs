//! Shortens texts, and writes times.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Error;

/// Returns `text` without control characters, cut to at most `max` bytes of UTF-8.
///
/// A text that was cut ends with `…`.
pub(crate) fn short(text: &str, max: usize) -> String {
    const MARK: &str = "…";
    let plain: String =
        text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    let plain = plain.trim();
    if plain.len() <= max {
        return plain.to_owned();
    }
    let mut end = max.saturating_sub(MARK.len());
    while !plain.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{MARK}", plain[..end].trim_end())
}

/// Returns an RFC 3339 time without fractions of a second, in the offset that it has.
///
/// Both wallets take the profile of ISO 8601 that W3C's note on date and time formats describes.
///
/// # Errors
/// [`Error::Time`] if `text` is not RFC 3339.
pub(crate) fn time(text: &str) -> Result<String, Error> {
    let wrong = || Error::Time(short(text, 60));
    let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| wrong())?;
    time.replace_nanosecond(0).ok().and_then(|time| time.format(&Rfc3339).ok()).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn short_texts_stay_and_long_ones_are_cut_between_characters() {
        for (text, max, cut) in [
            ("", 4, ""),
            ("abcd", 4, "abcd"),
            ("abcde", 4, "a…"),
            ("ab cde", 6, "ab cde"),
            ("ab cdef", 6, "ab…"),
            ("éééé", 8, "éééé"),
            ("éééé", 7, "éé…"),
            ("éééé", 6, "é…"),
            ("🎟🎟🎟", 8, "🎟…"),
            ("🎟🎟🎟", 6, "…"),
            ("  a\u{0}\tb\r\n", 9, "a  b"),
        ] {
            assert_eq!(short(text, max), cut, "{text:?} to {max}");
        }
    }

    #[test]
    fn times_keep_their_offset_and_lose_fractions() {
        for (text, plain) in [
            ("2027-06-12T20:30:00+02:00", "2027-06-12T20:30:00+02:00"),
            ("2027-06-12T18:30:00.123456789Z", "2027-06-12T18:30:00Z"),
            ("2027-06-12t18:30:00z", "2027-06-12T18:30:00Z"),
        ] {
            assert_eq!(time(text).unwrap(), plain);
        }
        for wrong in ["", "soon", "2027-06-12", "2027-06-12T20:30:00", "2027-02-30T20:30:00Z"] {
            assert!(matches!(time(wrong), Err(Error::Time(_))), "{wrong}");
        }
    }
}
