//! Codes that turn with the time (RFC 6238): six digits, a new one each 30 seconds, by HMAC-SHA-1, which is
//! what all apps have. `totp-rs` makes and checks them.

use totp_rs::{Builder, Secret, Totp};

/// How many bytes a secret has: as many as the digest (RFC 4226, 4).
pub const SECRET: usize = 20;
/// How long a code is shown, in seconds.
pub const STEP: i64 = 30;

/// Returns the secret as people type it (RFC 4648, 6).
#[must_use]
pub fn written(secret: &[u8]) -> String {
    Secret::from(secret).to_base32()
}

/// Reads a secret that was written so.
#[must_use]
pub fn read(written: &str) -> Option<Vec<u8>> {
    Secret::try_from_base32(written).ok().map(|secret| secret.as_ref().to_vec())
}

/// Returns the code of the step that `seconds` since 1970 are in.
#[must_use]
pub fn code(secret: &[u8], seconds: i64) -> String {
    app(secret).generate(seconds.unsigned_abs()).to_string()
}

/// Finds the step of which `given` is the code: the one that `seconds` since 1970 are in, or one beside it. A
/// step that is not after `last` does not count: its code was used, or a later one.
#[must_use]
pub fn step(secret: &[u8], given: &str, seconds: i64, last: i64) -> Option<i64> {
    let step = app(secret).check(given, seconds.unsigned_abs())?;
    i64::try_from(step).ok().filter(|step| *step > last)
}

/// An app with the settings that all have: they are the builder's own.
fn app(secret: &[u8]) -> Totp {
    Builder::new().with_secret(secret).build_noncompliant()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B.
    const KEY: &[u8] = b"12345678901234567890";
    const CODES: [(i64, &str); 6] = [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ];

    #[test]
    fn codes_are_those_of_the_standard() {
        for (seconds, code) in CODES {
            // They have eight digits there, of which ours are the last six.
            assert_eq!(super::code(KEY, seconds), code[2..], "{seconds}");
        }
    }

    #[test]
    fn a_code_is_good_for_a_step_before_and_after_and_once() {
        let (now, last) = (1_111_111_111, 0);
        let at = now / STEP;
        for (drift, good) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let given = code(KEY, now + drift * STEP);
            let expected = good.then_some(at + drift);
            assert_eq!(step(KEY, &given, now, last), expected, "{drift}");
        }
        let given = code(KEY, now);
        assert_eq!(step(KEY, &given, now, at), None);
        assert_eq!(step(KEY, &code(KEY, now - STEP), now, at), None);
        assert_eq!(step(KEY, &code(KEY, now + STEP), now, at), Some(at + 1));
        for wrong in ["", "05047", "0504711", "O50471"] {
            assert_eq!(step(KEY, wrong, now, 0), None, "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_written_in_base32() {
        let text = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        assert_eq!(written(KEY), text);
        assert_eq!(read(text).as_deref(), Some(KEY));
        assert_eq!(read("1"), None);
    }
}
