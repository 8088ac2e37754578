use boxoffice_admission_code::{CHARACTERS, Code, Shown, Signer, Slot, Turning, Verifier};
use boxoffice_contract::{AdmissionId, TicketId, Timestamp};
use uuid::Uuid;

use crate::input::{altered, lines};

/// The key of RFC 8032, section 7.1, test 1.
const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
    -----END PRIVATE KEY-----\n";

/// When codes are shown that turn, in milliseconds since 1970.
const NOW: i64 = 1_898_596_800_000;

struct Door {
    signer: Signer,
    verifier: Verifier,
    /// What a holder's device makes codes of that turn: 2,880 hashes, so it is made once.
    turning: Turning,
    turning_code: Code,
}

thread_local! {
    static DOOR: Door = door();
}

fn door() -> Door {
    let signer = Signer::from_pem(PEM).expect("the key of the standard");
    let jwks = serde_json::json!({ "keys": [signer.public()] }).to_string();
    let verifier = Verifier::from_jwks(&jwks).expect("our own key");
    let turning_code = code(&[7; 36]);
    let turning = signer.sign_turning(&turning_code, Slot::at(Timestamp::from_millis(NOW)));
    Door { signer, verifier, turning, turning_code }
}

/// Reads what is held before a scanner: a place, what a code is to say, and a text, a line each.
///
/// A code says what was signed. No other text is accepted, nor a code with one character changed, nor
/// one that turns as one that does not.
pub fn admission(data: &[u8]) {
    let [place, fields, text] = lines(data);
    let place = place.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31) + usize::from(*byte));
    let letter = char::from(text.first().copied().unwrap_or(b'0')).to_ascii_uppercase();
    DOOR.with(|door| {
        if let Ok(text) = str::from_utf8(text) {
            stranger(door, text);
        }
        let code = code(fields);
        let signed = door.signer.sign(&code);
        assert_eq!(signed.len(), CHARACTERS);
        assert_eq!(door.verifier.read(&signed), Ok(Shown { code, slot: None }));
        assert_eq!(
            door.verifier.read(&format!(" {}\n", signed.to_lowercase())),
            Ok(Shown { code, slot: None })
        );
        if let Some(other) = altered(&signed, place, letter) {
            assert!(door.verifier.read(&other).is_err(), "{other:?} is not {signed:?}");
        }
        // The slots of one code cost thousands of hashes, so they are tried now and then.
        if place.is_multiple_of(64) {
            turned(door, place / 64, letter);
        }
    });
}

/// Tries what anybody may hold before a scanner. It counts only if it is what the signer makes.
fn stranger(door: &Door, text: &str) {
    if let Ok(Shown { code, slot: None }) = door.verifier.read(text) {
        assert_eq!(door.signer.sign(&code), text.trim().to_ascii_uppercase());
    }
    let (token, seed) = text.split_once(' ').unwrap_or((text, ""));
    if let Some(turning) = Turning::from_parts(token, seed) {
        assert_eq!((turning.token().as_str(), turning.seed().as_str()), (token, seed));
    }
    if let Ok(verifier) = Verifier::from_jwks(text) {
        assert!(!verifier.public().keys.is_empty());
    }
}

/// Tries a code that turns, in the slot of this number.
fn turned(door: &Door, number: usize, letter: char) {
    let slot = Slot::at(Timestamp::from_millis(NOW + (number % 2_880) as i64 * 30_000));
    let code = door.turning.code(slot).expect("it is in the window");
    let shown = Shown { code: door.turning_code, slot: Some(slot) };
    assert_eq!(door.verifier.read(&code), Ok(shown));
    assert!(shown.is_live(true, slot.begins()) && shown.is_live(false, slot.begins()));
    if let Some(other) = altered(&code, number, letter) {
        assert!(door.verifier.read(&other).is_err(), "{other:?} is not {code:?}");
    }
}

/// Makes a code of bytes.
fn code(bytes: &[u8]) -> Code {
    let mut fields = [0; 36];
    for (field, byte) in fields.iter_mut().zip(bytes) {
        *field = *byte;
    }
    let id = |at: usize| Uuid::from_bytes(std::array::from_fn(|place| fields[at + place]));
    let generation = u32::from_be_bytes(std::array::from_fn(|place| fields[32 + place]));
    Code { ticket_id: TicketId(id(0)), admission_id: AdmissionId(id(16)), generation }
}
