//! The layouts of codes: from their fields to bytes and text, and back.

use boxoffice_contract::{AdmissionId, TicketId};
use ed25519_dalek::{SIGNATURE_LENGTH, Signature};
use uuid::Uuid;

use crate::turning::{Slot, Value};
use crate::{Code, Unreadable};

/// The first byte of a code that stays as it is, and of one that turns.
const STILL: u8 = 1;
const TURNING: u8 = 2;

/// How many bytes the signature covers, beside the tag: of a code that stays as it is, and of one that
/// turns.
const BODY: usize = 41;
const TURNING_BODY: usize = BODY + size_of::<Slot>() + size_of::<Value>();

/// How many bytes of a code that turns are the same all the time.
pub(crate) const SIGNED: usize = TURNING_BODY + SIGNATURE_LENGTH;

/// How many characters the text of a code has: three for two bytes, two for the last one.
pub const CHARACTERS: usize = (BODY + SIGNATURE_LENGTH) / 2 * 3 + 2;
/// How many characters the text of a code has that turns.
pub const TURNING_CHARACTERS: usize = (SIGNED + size_of::<Value>()) / 2 * 3 + 2;

/// What the signature of a code covers first. No other signature of the key covers a message that
/// begins so; `keys::SECRETS` is the third tag.
pub(crate) const TAG: &[u8] = b"boxoffice admission v1\0";
pub(crate) const TURNING_TAG: &[u8] = b"boxoffice admission v2\0";

/// The first bytes of SHA-256 of a public key. Two keys may share it.
pub(crate) type KeyId = [u8; 4];

/// A code whose signature nobody has checked yet.
pub(crate) struct Unchecked {
    pub(crate) code: Code,
    /// The chain of a code that turns, and what the chain has for the slot in which it was made.
    pub(crate) turn: Option<(Chain, Value)>,
    pub(crate) key_id: KeyId,
    pub(crate) signature: Signature,
}

/// The chain of a code that turns, as its signature covers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) first: Slot,
    pub(crate) anchor: Value,
}

/// Returns the message that a code's signature covers.
pub(crate) fn message(code: &Code, chain: Option<Chain>, key_id: KeyId) -> Vec<u8> {
    let tag = chain.map_or(TAG, |_| TURNING_TAG);
    [tag, &body(code, chain, key_id)].concat()
}

/// Returns the text of a code with its signature.
pub(crate) fn write(code: &Code, key_id: KeyId, signature: &Signature) -> String {
    base45::encode([body(code, None, key_id).as_slice(), &signature.to_bytes()].concat())
}

/// Returns the part of a code that turns that is the same all the time.
pub(crate) fn signed(
    code: &Code,
    chain: Chain,
    key_id: KeyId,
    signature: &Signature,
) -> [u8; SIGNED] {
    let mut signed = [0; SIGNED];
    let (start, end) = signed.split_at_mut(TURNING_BODY);
    start.copy_from_slice(&body(code, Some(chain), key_id));
    end.copy_from_slice(&signature.to_bytes());
    signed
}

/// Reads of the part that is the same all the time what its chain is made of.
///
/// # Errors
/// `OtherVersion`, also for a code that does not turn.
pub(crate) fn chained(mut signed: &[u8]) -> Result<(AdmissionId, Slot), Unreadable> {
    let (version, code) = fields(&mut signed)?;
    if version != TURNING {
        return Err(Unreadable::OtherVersion);
    }
    Ok((code.admission_id, Slot::from_be_bytes(take(&mut signed)?)))
}

/// Reads the text of a code, in either case, with white space around it.
///
/// The length is checked first: a text of another length costs no more than its white space.
///
/// # Errors
/// `Garbage`, or `OtherVersion`.
pub(crate) fn read(text: &str) -> Result<Unchecked, Unreadable> {
    let text =
        [CHARACTERS, TURNING_CHARACTERS].into_iter().find_map(|length| characters(text, length));
    let bytes = text.and_then(|text| decode(&text)).ok_or(Unreadable::Garbage)?;
    let mut rest = bytes.as_slice();
    let (version, code) = fields(&mut rest)?;
    let chain = match (version, bytes.len() - SIGNATURE_LENGTH) {
        (STILL, BODY) => None,
        (TURNING, _) if bytes.len() > SIGNED => {
            let first = Slot::from_be_bytes(take(&mut rest)?);
            Some(Chain { first, anchor: take(&mut rest)? })
        }
        _ => return Err(Unreadable::OtherVersion),
    };
    let key_id = take(&mut rest)?;
    let signature = Signature::from_bytes(&take(&mut rest)?);
    let turn = chain.map(|chain| Ok((chain, take(&mut rest)?))).transpose()?;
    Ok(Unchecked { code, turn, key_id, signature })
}

/// Reads the version of a code, and the fields that each version begins with.
fn fields(rest: &mut &[u8]) -> Result<(u8, Code), Unreadable> {
    let [version] = take(rest)?;
    let code = Code {
        ticket_id: TicketId(Uuid::from_bytes(take(rest)?)),
        admission_id: AdmissionId(Uuid::from_bytes(take(rest)?)),
        generation: u32::from_be_bytes(take(rest)?),
    };
    Ok((version, code))
}

fn body(code: &Code, chain: Option<Chain>, key_id: KeyId) -> Vec<u8> {
    let mut body = Vec::with_capacity(TURNING_BODY);
    body.push(chain.map_or(STILL, |_| TURNING));
    body.extend(code.ticket_id.0.as_bytes());
    body.extend(code.admission_id.0.as_bytes());
    body.extend(code.generation.to_be_bytes());
    if let Some(Chain { first, anchor }) = chain {
        body.extend(first.to_be_bytes());
        body.extend(anchor);
    }
    body.extend(key_id);
    body
}

/// Returns the characters of a code in upper case, if `text` is as long as a code of this length.
///
/// A space is a character of base45. A code may begin with one, so those before it are counted. It
/// never ends with one: its last byte stands alone, and is written as two characters, of which the
/// second is `5` at most.
fn characters(text: &str, length: usize) -> Option<String> {
    let text = text.trim_end();
    let (before, code) = text.split_at_checked(text.len().checked_sub(length)?)?;
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
            assert_eq!(characters(text, CHARACTERS).as_ref(), Some(&spaced), "{text:?}");
        }
        assert_eq!(characters(spaced.trim(), CHARACTERS), None);
        assert_eq!(characters(&format!("B{spaced}"), CHARACTERS), None);
    }
}
