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
//! Numbers are big-endian. The text of a code is its bytes in base45 (RFC 9285): 158 characters, all
//! of which the alphanumeric mode of QR codes has.
//!
//! Nothing here needs a clock or random numbers, so a browser can run all of it.

mod keys;
pub mod qr;
mod token;

use boxoffice_contract::{AdmissionId, TicketId};

pub use keys::{Jwk, Jwks, KeyError, Signer, Verifier};
pub use token::CHARACTERS;

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
