//! Codes that turn: every 30 seconds another, so that a picture of one is soon worthless.
//!
//! The holder's device makes the codes, and a door checks them with the public key alone. Neither needs
//! a network. A chain of hashes does both (L. Lamport, "Password Authentication with Insecure
//! Communication", 1981; [RFC 2289](https://www.rfc-editor.org/rfc/rfc2289)):
//!
//! ```text
//! seed = value of the last slot ─hash→ … ─hash→ value of the first slot ─hash→ anchor, which is signed
//! ```
//!
//! The value of a slot gives away those of earlier slots, and of no later one. So neither a picture of a
//! code nor a stolen door makes the next code.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use boxoffice_contract::{AdmissionId, Timestamp};
use sha2::{Digest, Sha256};

use crate::token::{self, SIGNED};

/// How long a code is shown, in seconds.
pub const SLOT_SECONDS: u32 = 30;

/// How many slots a chain has: those of 24 hours.
pub const SLOTS: u32 = 24 * 60 * 60 / SLOT_SECONDS;

/// What each hash of a chain covers first. No chain of another use has the same hashes.
const TAG: &[u8] = b"turning";

/// A value of a chain.
pub(crate) type Value = [u8; 16];

/// A stretch of 30 seconds, counted from 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot(u32);

impl Slot {
    /// Returns the slot that the time `at` is in.
    #[must_use]
    pub fn at(at: Timestamp) -> Self {
        let slot = at.as_millis().div_euclid(i64::from(SLOT_SECONDS) * 1000);
        Self(u32::try_from(slot.max(0)).unwrap_or(u32::MAX))
    }

    /// Returns when the slot begins.
    #[must_use]
    pub fn begins(self) -> Timestamp {
        Timestamp::from_millis(i64::from(self.0) * i64::from(SLOT_SECONDS) * 1000)
    }

    /// Returns the slot that is so many slots later.
    #[must_use]
    pub const fn later(self, slots: u32) -> Self {
        Self(self.0.saturating_add(slots))
    }

    /// Tells whether two slots are the same, or next to each other. Clocks differ by some seconds, and
    /// it takes some to hold a phone before a scanner.
    #[must_use]
    pub const fn is_near(self, other: Self) -> bool {
        self.0.abs_diff(other.0) <= 1
    }

    pub(crate) const fn from_be_bytes(bytes: [u8; 4]) -> Self {
        Self(u32::from_be_bytes(bytes))
    }

    pub(crate) const fn to_be_bytes(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }
}

/// What a holder's device makes codes of for 24 hours.
#[derive(Clone, PartialEq, Eq)]
pub struct Turning {
    /// The signed part of each code.
    token: [u8; SIGNED],
    /// The value of the last slot, of which all others are made.
    seed: Value,
    admission_id: AdmissionId,
    first: Slot,
}

impl Turning {
    pub(crate) const fn new(
        token: [u8; SIGNED],
        seed: Value,
        admission_id: AdmissionId,
        first: Slot,
    ) -> Self {
        Self { token, seed, admission_id, first }
    }

    /// Reads the signed part of a code and its seed, as [`Self::token`] and [`Self::seed`] write them.
    /// Returns `None` if they cannot be those of a code.
    #[must_use]
    pub fn from_parts(token: &str, seed: &str) -> Option<Self> {
        let token = <[u8; SIGNED]>::try_from(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let seed = Value::try_from(URL_SAFE_NO_PAD.decode(seed).ok()?).ok()?;
        let (admission_id, first) = token::chained(&token).ok()?;
        Some(Self { token, seed, admission_id, first })
    }

    /// Returns the signed part of each code, in base64url.
    #[must_use]
    pub fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.token)
    }

    /// Returns the seed, in base64url. Who has it and the signed part can make each code.
    #[must_use]
    pub fn seed(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.seed)
    }

    /// Returns the first slot that there is a code for, and the first after the last.
    #[must_use]
    pub const fn window(&self) -> (Slot, Slot) {
        (self.first, self.first.later(SLOTS))
    }

    /// Returns the text of the code of `slot`, [`crate::TURNING_CHARACTERS`] long. `None` outside the
    /// window.
    #[must_use]
    pub fn code(&self, slot: Slot) -> Option<String> {
        let place = slot.0.checked_sub(self.first.0).filter(|place| *place < SLOTS)?;
        let value = hashed(self.admission_id, self.seed, SLOTS - 1 - place);
        Some(base45::encode([self.token.as_slice(), &value].concat()))
    }
}

/// Returns the anchor of the chain with this seed.
pub(crate) fn anchor(id: AdmissionId, seed: Value) -> Value {
    hashed(id, seed, SLOTS)
}

/// Returns which slot `value` is of, in a chain that begins at `first` with this anchor. `None` if it
/// is not of this chain. It costs 2,880 hashes at most.
pub(crate) fn slot(id: AdmissionId, first: Slot, anchor: Value, value: Value) -> Option<Slot> {
    let mut hash = value;
    (0..SLOTS).find_map(|place| {
        hash = next(id, hash);
        (hash == anchor).then(|| first.later(place))
    })
}

fn hashed(id: AdmissionId, seed: Value, times: u32) -> Value {
    (0..times).fold(seed, |value, _| next(id, value))
}

/// Returns the hash of a value: the first 16 bytes of SHA-256. The id makes each chain one of its own:
/// nothing that is computed in advance serves for two.
fn next(id: AdmissionId, value: Value) -> Value {
    let digest = Sha256::new().chain_update(TAG).chain_update(id.0.as_bytes());
    let digest = digest.chain_update(value).finalize();
    std::array::from_fn(|at| digest[at])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use uuid::Uuid;

    use super::*;

    const ID: AdmissionId = AdmissionId(Uuid::from_u128(10));
    const FIRST: Slot = Slot(1000);

    #[test]
    fn slots_are_thirty_seconds_of_the_clock() {
        for (millis, slot) in [(-1, 0), (0, 0), (29_999, 0), (30_000, 1), (90_000, 3)] {
            assert_eq!(Slot::at(Timestamp::from_millis(millis)), Slot(slot), "{millis}");
        }
        assert_eq!(Slot(3).begins(), Timestamp::from_millis(90_000));
        assert_eq!(Slot::at(Timestamp::from_millis(i64::MAX)), Slot(u32::MAX));
        assert!(Slot(3).is_near(Slot(4)) && Slot(4).is_near(Slot(3)) && Slot(3).is_near(Slot(3)));
        assert!(!Slot(3).is_near(Slot(5)) && !Slot(5).is_near(Slot(3)));
    }

    #[test]
    fn each_value_tells_its_slot() {
        let seed = [7; 16];
        let anchor = anchor(ID, seed);
        for place in [0, 1, 1500, SLOTS - 1] {
            let value = hashed(ID, seed, SLOTS - 1 - place);
            assert_eq!(slot(ID, FIRST, anchor, value), Some(FIRST.later(place)), "{place}");
        }
    }

    #[test]
    fn no_other_value_is_of_the_chain() {
        let seed = [7; 16];
        let anchor = anchor(ID, seed);
        let value = hashed(ID, seed, 5);
        for (id, value) in
            [(AdmissionId(Uuid::from_u128(11)), value), (ID, anchor), (ID, [0; 16]), (ID, [8; 16])]
        {
            assert_eq!(slot(id, FIRST, anchor, value), None);
        }
    }

    /// A picture of one code must not make the next.
    #[test]
    fn a_value_gives_away_earlier_ones_alone() {
        let seed = [7; 16];
        let value = |place| hashed(ID, seed, SLOTS - 1 - place);
        assert_eq!(next(ID, value(11)), value(10));
        assert_ne!(next(ID, value(10)), value(11));
    }
}
