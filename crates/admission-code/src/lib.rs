//! The code that a ticket shows at a door.
//!
//! The service signs a code with its private key. A door checks it with the public key, without a
//! network. `docs/admissions.md` says what a code proves, and what it does not.
//!
//! | bytes | length | what |
//! |---|---|---|
//! | 0 | 1 | the version, 1 |
//! | 1 to 16 | 16 | the listing, which is the event |
//! | 17 to 32 | 16 | the admission |
//! | 33 to 36 | 4 | the generation |
//! | 37 to 40 | 4 | the key's id: the first bytes of SHA-256 of the public key |
//! | 41 to 104 | 64 | the Ed25519 signature (RFC 8032) of the tag `boxoffice admission v1\0` and bytes 0 to 40 |
//!
//! A code that turns ([`turning`]) has version 2, a chain in its signed part, and a value at its end:
//!
//! | bytes | length | what |
//! |---|---|---|
//! | 0 | 1 | the version, 2 |
//! | 1 to 36 | 36 | listing, admission and generation as above |
//! | 37 to 40 | 4 | the first slot of the chain, in 30 seconds since 1970 |
//! | 41 to 56 | 16 | the chain's anchor |
//! | 57 to 60 | 4 | the key's id |
//! | 61 to 124 | 64 | the signature of the tag `boxoffice admission v2\0` and bytes 0 to 60 |
//! | 125 to 140 | 16 | the chain's value of the slot that it is shown in |
//!
//! Numbers are big-endian. The text of a code is its bytes in base45 (RFC 9285): 158 characters, or 212
//! of one that turns. The alphanumeric mode of QR codes has all of these.
//!
//! Nothing here needs a clock or random numbers, so a browser can run all of it.

mod keys;
pub mod qr;
mod token;
pub mod turning;

use boxoffice_contract::{AdmissionId, TicketId, Timestamp};

pub use keys::{Jwk, Jwks, KeyError, Signer, Verifier};
pub use token::{CHARACTERS, TURNING_CHARACTERS};
pub use turning::{Slot, Turning};

/// What a code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The listing that the admission belongs to. A door compares it with its own event.
    pub ticket_id: TicketId,
    /// The admission, which lets one person in.
    pub admission_id: AdmissionId,
    /// How many times the admission has changed hands. An older generation is void.
    pub generation: u32,
}

/// A code that somebody shows, as its signature proves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// What it says.
    pub code: Code,
    /// The slot that it was made for, if it is one that turns.
    pub slot: Option<Slot>,
}

impl Shown {
    /// Tells whether it counts at the time `now`. A code that turns counts in its slot and in those
    /// next to it. If the event's codes turn (`turns`), one that stays as it is never counts.
    #[must_use]
    pub fn is_live(&self, turns: bool, now: Timestamp) -> bool {
        self.slot.map_or(!turns, |slot| slot.is_near(Slot::at(now)))
    }
}

/// Why a text is refused as a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The text has another length than a code, or characters that are not in base45.
    #[error("this is not a ticket's code")]
    Garbage,
    /// The code has a version that this program does not know.
    #[error("this code needs a newer version of the door")]
    OtherVersion,
    /// The code names a key that the verifier does not have.
    #[error("this code is signed with a key that this door does not know")]
    UnknownKey,
    /// The code names a known key, but the signature is not of that key and these contents.
    #[error("this code is forged or damaged")]
    Forged,
}
