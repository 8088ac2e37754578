//! The key that signs codes, and the public keys that check them.

use std::array;
use std::iter;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::{self, DecodePrivateKey as _};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::token::{self, Chain, KeyId};
use crate::turning::{self, Slot, Turning};
use crate::{Code, Shown, Unreadable};

/// What the signature of which a secret is made covers first. Neither this nor a tag of codes is how
/// the other begins, so nothing that is signed as a code gives away a secret.
const SECRETS: &[u8] = b"boxoffice secret v1\0";

const KEY_TYPE: &str = "OKP";
const CURVE: &str = "Ed25519";

/// Why keys cannot be read. No message says anything of a private key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The private key is in another form, or of another kind.
    #[error("this is not an Ed25519 key in PKCS#8 PEM: {0}")]
    NotPem(pkcs8::Error),
    /// The public keys are not JSON, or other JSON.
    #[error("this is not a JWK set: {0}")]
    NotSet(serde_json::Error),
    /// An Ed25519 key of the set, which is named by its place from 0, is not a usable public key.
    #[error("key {0} of the JWK set has an `x` that is not an Ed25519 public key")]
    Invalid(usize),
    /// The set has no Ed25519 key, so nobody could read a code with it.
    #[error("the JWK set has no key of type OKP with the curve Ed25519")]
    Empty,
}

/// A public key as a JWK (RFC 7517, RFC 8037).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwk {
    kty: &'static str,
    crv: &'static str,
    /// The key's 32 bytes in base64url.
    pub x: String,
    /// The key's thumbprint (RFC 7638), which changes with the key.
    pub kid: String,
    #[serde(rename = "use")]
    purpose: &'static str,
    alg: &'static str,
}

impl Jwk {
    fn from_key(key: &VerifyingKey) -> Self {
        let x = URL_SAFE_NO_PAD.encode(key.as_bytes());
        let kid = thumbprint(&x);
        Self { kty: KEY_TYPE, crv: CURVE, x, kid, purpose: "sig", alg: "EdDSA" }
    }
}

/// A JWK set (RFC 7517), as [`Verifier::from_jwks`] reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwks {
    /// The keys.
    pub keys: Vec<Jwk>,
}

/// Signs codes, and makes the secrets of links.
#[derive(Debug)]
pub struct Signer {
    key: SigningKey,
    key_id: KeyId,
}

impl Signer {
    /// Reads a private key in PKCS#8 PEM, as `openssl genpkey -algorithm ed25519` writes it.
    ///
    /// # Errors
    /// [`KeyError::NotPem`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let key = SigningKey::from_pkcs8_pem(pem.trim()).map_err(KeyError::NotPem)?;
        let key_id = key_id(&key.verifying_key());
        Ok(Self { key, key_id })
    }

    /// Returns the text of a code, [`token::CHARACTERS`] long. The same code always has the same text.
    #[must_use]
    pub fn sign(&self, code: &Code) -> String {
        let signature = self.key.sign(&token::message(code, None, self.key_id));
        token::write(code, self.key_id, &signature)
    }

    /// Returns what a holder's device makes codes of that turn, for 24 hours from the slot `first` on.
    /// The same code and slot always give the same. It costs 2,880 hashes.
    #[must_use]
    pub fn sign_turning(&self, code: &Code, first: Slot) -> Turning {
        let (id, generation) = (code.admission_id, code.generation.to_be_bytes());
        let seed = self.secret("turning", &[id.0.as_bytes(), &generation, &first.to_be_bytes()]);
        let chain = Chain { first, anchor: turning::anchor(id, seed) };
        let signature = self.key.sign(&token::message(code, Some(chain), self.key_id));
        let token = token::signed(code, chain, self.key_id, &signature);
        Turning::new(token, seed, id, first)
    }

    /// Returns the public key, for the set that [`Verifier::from_jwks`] reads.
    #[must_use]
    pub fn public(&self) -> Jwk {
        Jwk::from_key(&self.key.verifying_key())
    }

    /// Returns a secret that nobody without the private key can compute.
    ///
    /// The same purpose and parts always give the same secret, and others give another: `["a", "bc"]`
    /// and `["ab", "c"]` differ. A new key gives other secrets.
    #[must_use]
    pub fn secret(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 16] {
        // RFC 8032 signs without random numbers, so the signature is a function of key and message.
        let signature = self.key.sign(&secret_message(purpose, parts)).to_bytes();
        prefix(&signature)
    }
}

/// Checks codes by their signatures.
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: Vec<(KeyId, VerifyingKey)>,
}

impl Verifier {
    /// Reads a JWK set (RFC 7517). Takes its Ed25519 keys and passes over those of other kinds, as
    /// section 5 of the RFC advises.
    ///
    /// # Errors
    /// [`KeyError::NotSet`], [`KeyError::Invalid`], or [`KeyError::Empty`].
    pub fn from_jwks(json: &str) -> Result<Self, KeyError> {
        let set: Set = serde_json::from_str(json).map_err(KeyError::NotSet)?;
        let listed = set.keys.iter().enumerate().filter(|(_, key)| key.is_ed25519());
        let keys = listed
            .map(|(place, listed)| listed.key().ok_or(KeyError::Invalid(place)))
            .map(|key| key.map(|key| (key_id(&key), key)))
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(KeyError::Empty) } else { Ok(Self { keys }) }
    }

    /// Returns the keys, for doors that check codes by themselves. Only the public members of a key
    /// are written, whatever else the set had that they were read from.
    #[must_use]
    pub fn public(&self) -> Jwks {
        Jwks { keys: self.keys.iter().map(|(_, key)| Jwk::from_key(key)).collect() }
    }

    /// Returns what a code says, if one of the keys has signed it.
    ///
    /// Takes lower case and white space around the code, as some scanners send them. Says nothing of
    /// whether the admission is for this event, of the newest generation, or used: the caller
    /// compares these.
    ///
    /// # Errors
    /// [`Unreadable`] says what is wrong with the text.
    pub fn read(&self, text: &str) -> Result<Shown, Unreadable> {
        let token::Unchecked { code, turn, key_id, signature } = token::read(text)?;
        let named = || self.keys.iter().filter(|(id, _)| *id == key_id);
        if named().next().is_none() {
            return Err(Unreadable::UnknownKey);
        }
        // What is checked is made of what is returned, so the two cannot differ.
        let message = token::message(&code, turn.map(|(chain, _)| chain), key_id);
        // Strict: one signature for each message, so one text for each code.
        let signed = named().any(|(_, key)| key.verify_strict(&message, &signature).is_ok());
        if !signed {
            return Err(Unreadable::Forged);
        }
        let Some((Chain { first, anchor }, value)) = turn else {
            return Ok(Shown { code, slot: None });
        };
        let slot = turning::slot(code.admission_id, first, anchor, value);
        slot.map(|slot| Shown { code, slot: Some(slot) }).ok_or(Unreadable::Forged)
    }
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Listed>,
}

/// A key of a set, of any kind.
#[derive(Deserialize)]
struct Listed {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
}

impl Listed {
    fn is_ed25519(&self) -> bool {
        self.kty == KEY_TYPE && self.crv.as_deref() == Some(CURVE)
    }

    /// Returns the key. A key of small order is invalid: everybody can sign for it.
    fn key(&self) -> Option<VerifyingKey> {
        let bytes = URL_SAFE_NO_PAD.decode(self.x.as_ref()?).ok()?;
        let key = VerifyingKey::try_from(bytes.as_slice()).ok()?;
        (!key.is_weak()).then_some(key)
    }
}

/// Returns the first four bytes of SHA-256 of the public key's 32 bytes.
fn key_id(key: &VerifyingKey) -> KeyId {
    prefix(key.as_bytes())
}

/// Returns the thumbprint (RFC 7638): SHA-256 of the required members in lexical order.
fn thumbprint(x: &str) -> String {
    let members = format!(r#"{{"crv":"{CURVE}","kty":"{KEY_TYPE}","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(Sha256::digest(members))
}

/// Returns the tag, the purpose and the parts, each of these after its length in eight bytes. So no two
/// lists have the same message.
fn secret_message(purpose: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut message = SECRETS.to_vec();
    for part in iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
        message.extend((part.len() as u64).to_be_bytes());
        message.extend(part);
    }
    message
}

/// Returns the first `N` bytes of SHA-256 of `bytes`, of which there are 32.
fn prefix<const N: usize>(bytes: &[u8]) -> [u8; N] {
    const { assert!(N <= 32) };
    let digest = Sha256::digest(bytes);
    array::from_fn(|at| digest[at])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn no_two_lists_have_the_same_message() {
        let lists: [(&str, &[&[u8]]); 7] = [
            ("a", &[]),
            ("a", &[b""]),
            ("", &[b"a"]),
            ("a", &[b"bc"]),
            ("ab", &[b"c"]),
            ("a", &[b"b", b"c"]),
            ("a", &[b"c", b"b"]),
        ];
        let messages: std::collections::HashSet<_> =
            lists.iter().map(|(purpose, parts)| secret_message(purpose, parts)).collect();
        assert_eq!(messages.len(), lists.len());
    }

    /// Messages of codes begin with one tag, those of secrets with another. Where neither tag is the
    /// beginning of the other, no purpose makes one message of the two.
    #[test]
    fn what_is_signed_as_a_code_is_never_signed_for_a_secret() {
        let ends = |tag: &[u8]| tag.iter().position(|byte| *byte == 0) == Some(tag.len() - 1);
        assert!(ends(SECRETS), "a tag ends with its only zero");
        for tag in [token::TAG, token::TURNING_TAG] {
            assert!(!SECRETS.starts_with(tag) && !tag.starts_with(SECRETS));
            assert!(ends(tag), "a tag ends with its only zero");
            let imitation = str::from_utf8(tag).unwrap();
            assert!(secret_message(imitation, &[]).starts_with(SECRETS));
            assert!(!secret_message(imitation, &[]).starts_with(tag));
        }
        assert_ne!(token::TAG, token::TURNING_TAG);
    }

    /// The example of RFC 8037, appendix A.3.
    #[test]
    fn the_thumbprint_is_that_of_the_standard() {
        assert_eq!(
            thumbprint("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }
}
