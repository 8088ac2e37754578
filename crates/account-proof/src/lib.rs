//! What proves that somebody reads the mail of an account: the token of a link, and a code to type.
//!
//! Both are made of the proof's id, with a key that is made of the key that signs sessions. So nothing
//! secret is stored, and nobody learns a token from a database or from Redis. Replacing the signing key
//! ends all proofs that are on their way.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use boxoffice_contract::{LetterId, Timestamp, UserId};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::DecodePrivateKey;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

/// What the key of proofs is made for: no other use of the signing key has this label.
const LABEL: &[u8] = b"boxoffice account proofs 1";
/// How many bytes of a token are the proof's id.
const ID: usize = 16;
/// How many bytes of the token that opens an account are the number of its last day.
const LAST_DAY: usize = 4;
/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;
/// How many days the token that opens an account works, besides the one when it is made.
const OPEN_DAYS: i64 = 90;
/// How many codes there are.
const CODES: u64 = 1_000_000;

/// What a proof is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The address is its owner's.
    Verify,
    /// A new password may be chosen.
    Reset,
    /// One may sign in, once.
    SignIn,
    /// An account gets another address.
    Address,
    /// An account gets its old address back.
    Undo,
}

impl Purpose {
    /// Returns the word that stands in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Reset => "reset",
            Self::SignIn => "sign_in",
            Self::Address => "address",
            Self::Undo => "undo",
        }
    }

    /// Returns how long a proof holds, in seconds.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Verify | Self::Address => 60 * 60,
            Self::Reset => 30 * 60,
            Self::SignIn => 15 * 60,
            Self::Undo => 7 * DAY,
        }
    }
}

/// The text is not an Ed25519 key in PKCS#8 PEM.
#[derive(Debug, thiserror::Error)]
#[error("this is not an Ed25519 key in PKCS#8 PEM")]
pub struct NotAKey;

/// The key of proofs.
pub struct Secret([u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// Makes the key of proofs from the key that signs sessions.
    #[must_use]
    pub fn of_signing_key(key: &SigningKey) -> Self {
        Self(derived(key, LABEL))
    }

    /// Makes it from the same key as a variable holds it.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn from_pem(pem: &str) -> Result<Self, NotAKey> {
        let key = SigningKey::from_pkcs8_pem(pem.trim()).map_err(|_| NotAKey)?;
        Ok(Self::of_signing_key(&key))
    }

    /// Returns the token of the link in the letter `id`.
    #[must_use]
    pub fn token(&self, purpose: Purpose, id: LetterId) -> String {
        let code = self.token_mac(purpose, id).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode([id.0.as_bytes().as_slice(), code.as_slice()].concat())
    }

    /// Returns the letter whose link has `token`, if it is one for `purpose`.
    #[must_use]
    pub fn read(&self, purpose: Purpose, token: &str) -> Option<LetterId> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (id, code) = bytes.split_at_checked(ID)?;
        let id = LetterId(Uuid::from_slice(id).ok()?);
        // Compared in the same time whatever the token is.
        self.token_mac(purpose, id).verify_slice(code).ok().map(|()| id)
    }

    /// Returns the six digits in the letter `id`.
    #[must_use]
    pub fn code(&self, id: LetterId) -> String {
        let code = mac(&self.0, &[b"code\n", id.0.as_bytes()]).finalize().into_bytes();
        let number = code.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        format!("{:06}", number % CODES)
    }

    /// Tells whether `given` is the code in the letter `id`.
    #[must_use]
    pub fn is_code(&self, id: LetterId, given: &str) -> bool {
        let code = self.code(id);
        let differences = code.bytes().zip(given.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
        code.len() == given.len() && differences == 0
    }

    /// Returns the token that opens `account` without a password, as long as its address is `email`. It
    /// works for 90 days after `now`, and is the same for a whole day.
    #[must_use]
    pub fn opening(&self, account: UserId, email: &str, now: Timestamp) -> String {
        let last = u32::try_from(day(now) + OPEN_DAYS).unwrap_or(u32::MAX).to_be_bytes();
        let code = self.opening_mac(account, email, last).finalize().into_bytes();
        let parts = [account.0.as_bytes().as_slice(), last.as_slice(), code.as_slice()];
        URL_SAFE_NO_PAD.encode(parts.concat())
    }

    /// Returns the account that `token` says it opens. It does so if [`Self::opens`] agrees.
    #[must_use]
    pub fn opened(token: &str) -> Option<UserId> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let is_long = bytes.len() > ID + LAST_DAY + ID;
        let id = bytes.get(..ID).filter(|_| is_long)?;
        Some(UserId(Uuid::from_slice(id).ok()?))
    }

    /// Tells whether `token` opens `account`, whose address is `email`, at `now`.
    #[must_use]
    pub fn opens(&self, token: &str, account: UserId, email: &str, now: Timestamp) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return false };
        let Some((id, rest)) = bytes.split_at_checked(ID) else { return false };
        let Some((last, code)) = rest.split_first_chunk::<LAST_DAY>() else { return false };
        let is_theirs = self.opening_mac(account, email, *last).verify_slice(code).is_ok();
        is_theirs && id == account.0.as_bytes() && day(now) <= i64::from(u32::from_be_bytes(*last))
    }

    /// Returns what stands for the account of `email` if there is none: always the same for an address,
    /// so that what is done for it is the same too. Nobody without the key can tell the address.
    #[must_use]
    pub fn nobody(&self, email: &str) -> UserId {
        let code = mac(&self.0, &[b"nobody\n", email.as_bytes()]).finalize().into_bytes();
        let mut bytes = [0; ID];
        bytes.copy_from_slice(&code[..ID]);
        UserId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    fn opening_mac(&self, account: UserId, email: &str, last: [u8; LAST_DAY]) -> Hmac<Sha256> {
        mac(&self.0, &[b"open\n", account.0.as_bytes(), &last, email.as_bytes()])
    }

    fn token_mac(&self, purpose: Purpose, id: LetterId) -> Hmac<Sha256> {
        mac(&self.0, &[b"token\n", purpose.name().as_bytes(), b"\n", id.0.as_bytes()])
    }
}

/// Returns the number of the day, since 1970.
const fn day(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(1000 * DAY)
}

/// Makes another key from the key that signs sessions. Each use has a `label` of its own.
#[must_use]
pub fn derived(key: &SigningKey, label: &[u8]) -> [u8; 32] {
    mac(key.as_bytes(), &[label]).finalize().into_bytes().into()
}

/// HMAC-SHA-256 (RFC 2104) of `parts`, one after the other.
fn mac(key: &[u8; 32], parts: &[&[u8]]) -> Hmac<Sha256> {
    // A key that is shorter than a block is filled with zeros (RFC 2104, 2).
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let mac = Hmac::<Sha256>::new(&block.into());
    parts.iter().fold(mac, |mac, part| mac.chain_update(part))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    /// Made by `openssl genpkey -algorithm ed25519`, for this test alone.
    const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";

    fn id() -> LetterId {
        "01980f3c-0000-7000-8000-000000000001".parse().unwrap()
    }

    #[test]
    fn a_token_is_read_for_its_purpose_alone() {
        let secret = Secret::from_pem(PEM).unwrap();
        let token = secret.token(Purpose::Reset, id());
        assert_eq!(secret.read(Purpose::Reset, &token), Some(id()));
        assert_eq!(secret.read(Purpose::Verify, &token), None);
        assert_eq!(token.len(), 64);
        let other = Secret::of_signing_key(&SigningKey::from_bytes(&[7; 32]));
        assert_eq!(other.read(Purpose::Reset, &token), None);
    }

    #[test]
    fn whatever_else_is_sent_is_no_token() {
        let secret = Secret::from_pem(PEM).unwrap();
        let token = secret.token(Purpose::Reset, id());
        let other = secret.token(Purpose::Reset, LetterId::new());
        let mixed = format!("{}{}", &token[..22], &other[22..]);
        for text in ["", "a", "%", &token[..63], &token[..22], &format!("{token}A"), &mixed] {
            assert_eq!(secret.read(Purpose::Reset, text), None, "{text}");
        }
    }

    #[test]
    fn tokens_and_codes_stay_what_they_are() {
        // By Python's hmac, from the key's 32 bytes.
        let secret = Secret::from_pem(PEM).unwrap();
        assert_eq!(
            secret.token(Purpose::Verify, id()),
            "AZgPPAAAcACAAAAAAAAAASYQBFwfDI117nmu2ohT8_n0fyydqjXVdDdILzNuwZMQ"
        );
        assert_eq!(secret.code(id()), "493244");
    }

    #[test]
    fn a_code_has_six_digits_and_fits_its_letter_alone() {
        let secret = Secret::from_pem(PEM).unwrap();
        for _ in 0..100 {
            let (one, other) = (LetterId::new(), secret.code(LetterId::new()));
            let code = secret.code(one);
            assert!(code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit()), "{code}");
            assert!(secret.is_code(one, &code));
            assert_eq!(secret.is_code(one, &other), code == other);
            assert!(!secret.is_code(one, "") && !secret.is_code(one, &code[..5]));
            assert!(!secret.is_code(one, &format!("{code}0")));
        }
    }

    #[test]
    fn a_token_opens_one_account_at_one_address_for_a_time() {
        let secret = Secret::from_pem(PEM).unwrap();
        let (account, other, now) = (UserId::new(), UserId::new(), Timestamp::now());
        let (email, others) = ("ada@example.com", "bob@example.com");
        let token = secret.opening(account, email, now);
        assert_eq!(Secret::opened(&token), Some(account));
        assert!(secret.opens(&token, account, email, now));
        assert!(secret.opens(&token, account, email, now.plus_seconds(OPEN_DAYS * DAY)));
        assert!(!secret.opens(&token, account, email, now.plus_seconds((OPEN_DAYS + 1) * DAY)));
        assert!(!secret.opens(&token, account, others, now));
        assert!(!secret.opens(&token, other, email, now));
        let key = Secret::of_signing_key(&SigningKey::from_bytes(&[7; 32]));
        assert!(!key.opens(&token, account, email, now));
        let mut later = URL_SAFE_NO_PAD.decode(&token).unwrap();
        later[ID] ^= 1;
        assert!(!secret.opens(&URL_SAFE_NO_PAD.encode(later), account, email, now));
        let proof = secret.token(Purpose::SignIn, id());
        for text in ["", "a", "%", &token[..22], &token[..69], &format!("{token}A"), &proof] {
            assert!(!secret.opens(text, account, email, now), "{text}");
        }
        assert_eq!(Secret::opened(&token[..40]), None);
        assert_eq!(secret.read(Purpose::SignIn, &token), None);
    }

    #[test]
    fn nobody_is_the_same_for_an_address_and_another_for_each() {
        let secret = Secret::from_pem(PEM).unwrap();
        let nobody = secret.nobody("ada@example.com");
        assert_eq!(nobody, secret.nobody("ada@example.com"));
        assert_ne!(nobody, secret.nobody("bob@example.com"));
        let key = Secret::of_signing_key(&SigningKey::from_bytes(&[7; 32]));
        assert_ne!(nobody, key.nobody("ada@example.com"));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        Secret::from_pem("hunter2").unwrap_err();
        assert_eq!(format!("{:?}", Secret::from_pem(PEM).unwrap()), "Secret");
    }
}
