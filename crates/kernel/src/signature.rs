//! Whether another program signed a body with a secret that the shop shares with it.
//!
//! The header holds `t=<seconds since 1970>,v1=<HMAC-SHA-256 of "t.body" in hex>`. It is the scheme of
//! Stripe's webhooks (<https://docs.stripe.com/webhooks#verify-manually>), and of the shop's own.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How far, in seconds, the time of signing may be from now: who has recorded an event cannot play
/// it again later. Stripe signs anew each time it sends one.
const TOLERANCE: i64 = 300;
/// How many signatures of a header are looked at: one for each secret while secrets are changed, and
/// Stripe has at most two. Each costs a hash of the body for each secret of ours.
const MAX_SIGNATURES: usize = 5;
/// SHA-256's length in bytes.
const LENGTH: usize = 32;

/// Why a body is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The header is missing, or has another form.
    Malformed,
    /// It was signed with none of the secrets, or something else was signed.
    Wrong,
    /// It was signed too long ago, or in the future.
    Old,
}

impl Refusal {
    /// Returns what to tell the sender. `header` has the signature, and the variable `secrets` the
    /// secrets.
    #[must_use]
    pub fn sentence(self, header: &str, secrets: &str) -> String {
        match self {
            Self::Malformed => format!("{header} is missing or has no t= and v1="),
            Self::Wrong => {
                format!(
                    "The signature does not match the body: check that {secrets} is this endpoint's"
                )
            }
            Self::Old => {
                "The body was signed more than five minutes ago, or in the future".to_owned()
            }
        }
    }
}

/// Checks that `body` was signed with one of `secrets` (separated by commas), about `now` (in
/// seconds since 1970). Comparisons take the same time whatever they find.
///
/// # Errors
/// Why it is not believed.
pub fn verify(header: Option<&str>, body: &[u8], secrets: &str, now: i64) -> Result<(), Refusal> {
    let (signed_at, signatures) = parse(header.unwrap_or_default()).ok_or(Refusal::Malformed)?;
    // First, because it costs nothing: what was recorded is refused before anything is hashed.
    let age = signed_at.parse::<i64>().map_err(|_| Refusal::Malformed)?.abs_diff(now);
    if age > TOLERANCE.unsigned_abs() {
        return Err(Refusal::Old);
    }
    let known = self::secrets(secrets)
        .any(|secret| signatures.iter().any(|code| is_of(secret, signed_at, body, code)));
    if known { Ok(()) } else { Err(Refusal::Wrong) }
}

/// The secrets that a variable lists.
pub fn secrets(variable: &str) -> impl Iterator<Item = &str> {
    variable.split(',').map(str::trim).filter(|secret| !secret.is_empty())
}

/// The time, and the first signatures of the scheme that we know; others are for others.
fn parse(header: &str) -> Option<(&str, Vec<[u8; LENGTH]>)> {
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let time = parts().find_map(|(name, value)| (name == "t").then_some(value))?;
    let signatures = parts().filter(|(name, _)| *name == "v1").take(MAX_SIGNATURES);
    let signatures: Vec<_> = signatures.filter_map(|(_, code)| bytes(code)).collect();
    (!signatures.is_empty()).then_some((time, signatures))
}

/// Hexadecimal digits as bytes.
fn bytes(code: &str) -> Option<[u8; LENGTH]> {
    let digits = code.as_bytes();
    if digits.len() != 2 * LENGTH {
        return None;
    }
    let mut bytes = [0; LENGTH];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit =
            |at: usize| char::from(pair[at]).to_digit(16).and_then(|d| u8::try_from(d).ok());
        *byte = digit(0)? << 4 | digit(1)?;
    }
    Some(bytes)
}

fn is_of(secret: &str, time: &str, body: &[u8], code: &[u8; LENGTH]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.verify_slice(code).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // HMAC-SHA256 with the key "whsec_test" over `1898596800.{"id":"evt_1"}`, by openssl.
    const BODY: &[u8] = br#"{"id":"evt_1"}"#;
    const AT: i64 = 1_898_596_800;
    const CODE: &str = "01b8a21c63d8c4204ec7e251eaa08107154646a40876ccfcf3a1d736ba0c2612";

    fn check(header: &str, secrets: &str, now: i64) -> Result<(), Refusal> {
        verify(Some(header), BODY, secrets, now)
    }

    fn signed() -> String {
        format!("t={AT},v1={CODE}")
    }

    #[test]
    fn what_openssl_signed_is_taken() {
        assert_eq!(check(&signed(), "whsec_test", AT), Ok(()));
        assert_eq!(check(&format!("t={AT}, v0=x, v1={CODE}"), "whsec_test", AT), Ok(()));
    }

    #[test]
    fn secrets_can_be_changed_without_a_gap() {
        assert_eq!(check(&signed(), "whsec_new, whsec_test", AT), Ok(()));
        let both = format!("t={AT},v1={},v1={CODE}", "0".repeat(64));
        assert_eq!(check(&both, "whsec_test", AT), Ok(()));
        assert_eq!(check(&signed(), "whsec_new", AT), Err(Refusal::Wrong));
        assert_eq!(check(&signed(), "", AT), Err(Refusal::Wrong));
    }

    #[test]
    fn another_body_or_time_is_not_what_was_signed() {
        assert_eq!(verify(Some(&signed()), b"{}", "whsec_test", AT), Err(Refusal::Wrong));
        let later = format!("t={},v1={CODE}", AT + 1);
        assert_eq!(check(&later, "whsec_test", AT), Err(Refusal::Wrong));
    }

    #[test]
    fn only_a_few_signatures_are_looked_at() {
        let after = |count: usize| {
            let others = format!("v1={},", "0".repeat(64)).repeat(count);
            check(&format!("t={AT},{others}v1={CODE}"), "whsec_test", AT)
        };
        assert_eq!(after(MAX_SIGNATURES - 1), Ok(()));
        assert_eq!(after(MAX_SIGNATURES), Err(Refusal::Wrong));
    }

    #[test]
    fn old_events_are_not_taken() {
        assert_eq!(check(&signed(), "whsec_test", AT + 300), Ok(()));
        assert_eq!(check(&signed(), "whsec_test", AT + 301), Err(Refusal::Old));
        assert_eq!(check(&signed(), "whsec_test", AT - 301), Err(Refusal::Old));
        assert_eq!(
            check(&signed(), "whsec_other", AT + 301),
            Err(Refusal::Old),
            "time comes first"
        );
    }

    #[test]
    fn what_is_no_signature_is_said_to_be_none() {
        let too_short = format!("t={AT},v1=00");
        let other_scheme = format!("t={AT},v0={CODE}");
        for header in ["", "t=1", "v1=", &too_short, &other_scheme, "t,v1"] {
            assert_eq!(check(header, "whsec_test", AT), Err(Refusal::Malformed), "{header}");
        }
        assert_eq!(verify(None, BODY, "whsec_test", AT), Err(Refusal::Malformed));
    }
}
