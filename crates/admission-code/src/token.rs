//! The layout of a code: from its fields to bytes and text, and back.

use boxoffice_contract::{AdmissionId, TicketId};
use ed25519_dalek::{SIGNATURE_LENGTH, Signature};
use uuid::Uuid;

use crate::{Code, Unreadable};

/// The first byte of a code in the layout of this module.
const VERSION: u8 = 1;

/// How many bytes the signature covers, beside the tag.
const BODY: usize = 41;

/// How many bytes a code has.
const BYTES: usize = BODY + SIGNATURE_LENGTH;

/// How many characters the text of a code has: three for two bytes, two for the last one.
pub const CHARACTERS: usize = BYTES / 2 * 3 + 2;

/// What the signature of a code covers first. No other signature of the key covers a message that
/// begins so; `keys::SECRETS` is the other tag.
pub(crate) const TAG: &[u8] = b"boxoffice admission v1\0";

/// The first bytes of SHA-256 of a public key. Two keys may share it.
pub(crate) type KeyId = [u8; 4];

/// A code whose signature nobody has checked yet.
pub(crate) struct Unchecked {
    pub(crate) code: Code,
    pub(crate) key_id: KeyId,
    pub(crate) signature: Signature,
}

/// Returns the message that a code's signature covers.
pub(crate) fn message(code: &Code, key_id: KeyId) -> Vec<u8> {
    [TAG, &body(code, key_id)].concat()
}

/// Returns the text of a code with its signature.
pub(crate) fn write(code: &Code, key_id: KeyId, signature: &Signature) -> String {
    base45::encode([body(code, key_id).as_slice(), &signature.to_bytes()].concat())
}

/// Reads the text of a code, in either case, with white space around it.
///
/// The length is checked first: a text of another length costs no more than its white space.
///
/// # Errors
/// `Garbage`, or `OtherVersion`.
pub(crate) fn read(text: &str) -> Result<Unchecked, Unreadable> {
    let bytes = characters(text).and_then(|text| decode(&text)).ok_or(Unreadable::Garbage)?;
    let mut rest = bytes.as_slice();
    if take(&mut rest)? != [VERSION] {
        return Err(Unreadable::OtherVersion);
    }
    let code = Code {
        ticket_id: TicketId(Uuid::from_bytes(take(&mut rest)?)),
        admission_id: AdmissionId(Uuid::from_bytes(take(&mut rest)?)),
        generation: u32::from_be_bytes(take(&mut rest)?),
    };
    let key_id = take(&mut rest)?;
    let signature = Signature::from_bytes(&take(&mut rest)?);
    Ok(Unchecked { code, key_id, signature })
}

fn body(code: &Code, key_id: KeyId) -> Vec<u8> {
    let mut body = Vec::with_capacity(BODY);
    body.push(VERSION);
    body.extend(code.ticket_id.0.as_bytes());
    body.extend(code.admission_id.0.as_bytes());
    body.extend(code.generation.to_be_bytes());
    body.extend(key_id);
    body
}

/// Returns the characters of a code in upper case, if `text` is as long as a code.
///
/// A space is a character of base45. A code may begin with one, so those before it are counted. It
/// never ends with one: its last byte is the highest of a number below 2^253, which makes the last
/// character `0`.
fn characters(text: &str) -> Option<String> {
    let text = text.trim_end();
    let (before, code) = text.split_at_checked(text.len().checked_sub(CHARACTERS)?)?;
    before.trim_start().is_empty().then(|| code.to_ascii_uppercase())
}

/// Returns the bytes that are written as `text`, and as no other text.
///
/// RFC 9285 refuses a last byte above 255. `base45` 3.2 does not, so writing the bytes again decides.
fn decode(text: &str) -> Option<Vec<u8>> {
    base45::decode(text).ok().filter(|bytes| base45::encode(bytes) == text)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Unreadable> {
    let (taken, left) = rest.split_first_chunk().ok_or(Unreadable::Garbage)?;
    *rest = left;
    Ok(*taken)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    /// RFC 9285, sections 4.3 and 4.4.
    #[test]
    fn base45_is_that_of_the_standard() {
        for (plain, text) in [
            ("AB", "BB8"),
            ("Hello!!", "%69 VD92EX0"),
            ("base-45", "UJCLQE7W581"),
            ("ietf!", "QED8WEX0"),
        ] {
            assert_eq!(base45::encode(plain), text);
            assert_eq!(decode(text).unwrap(), plain.as_bytes());
        }
    }

    /// One text for each sequence of bytes: RFC 9285, section 6, has what exceeds them refused.
    #[test]
    fn base45_refuses_what_no_bytes_are_written_as() {
        for text in ["GGW", ":::", "V5", "::", "A", "ABCD", "bb8", "B\u{df}8"] {
            assert_eq!(decode(text), None, "{text}");
        }
        assert_eq!(decode("FGW").unwrap(), [0xff, 0xff]);
        assert_eq!(decode("U5").unwrap(), [0xff]);
    }

    #[test]
    fn white_space_counts_only_where_a_code_may_have_it() {
        let spaced = format!(" {}", "A".repeat(CHARACTERS - 1));
        for text in [&spaced, &format!("{spaced}\r\n"), &format!(" \t{spaced} ")] {
            assert_eq!(characters(text).as_ref(), Some(&spaced), "{text:?}");
        }
        assert_eq!(characters(spaced.trim()), None);
        assert_eq!(characters(&format!("B{spaced}")), None);
    }
}
