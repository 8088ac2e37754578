//! Public keys of credentials (COSE, RFC 9053) and what they sign.

use ciborium::Value;
use ed25519_dalek::VerifyingKey as Ed25519;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use rsa::{BoxedUint, PublicKey as Rsa};
use sha2::Sha256;

use crate::Invalid;

/// ECDSA on P-256 with SHA-256: what nearly all authenticators have.
const ES256: i128 = -7;
/// Ed25519.
const EDDSA: i128 = -8;
/// RSA with PKCS #1 v1.5 and SHA-256: what many Windows machines have.
const RS256: i128 = -257;
/// The algorithms that browsers are asked for, best first.
pub const ALGORITHMS: [i64; 3] = [-8, -7, -257];
/// Sizes of RSA keys that are taken, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// A public key.
pub(crate) enum PublicKey {
    P256(VerifyingKey),
    Ed25519(Ed25519),
    Rsa(Rsa),
}

/// The members of a key, by their labels.
struct Members(Vec<(Value, Value)>);

impl Members {
    fn get(&self, label: i128) -> Option<&Value> {
        let is_it = |key: &Value| key.as_integer().is_some_and(|key| i128::from(key) == label);
        self.0.iter().find(|(key, _)| is_it(key)).map(|(_, value)| value)
    }

    fn number(&self, label: i128) -> Option<i128> {
        self.get(label)?.as_integer().map(i128::from)
    }

    fn bytes(&self, label: i128) -> Option<&[u8]> {
        self.get(label)?.as_bytes().map(Vec::as_slice)
    }
}

impl PublicKey {
    /// Reads a key. Its type has to be that of its algorithm.
    pub(crate) fn read(cose: &[u8]) -> Result<Self, Invalid> {
        let value = ciborium::from_reader::<Value, _>(cose);
        let members = value.ok().and_then(|value| value.into_map().ok()).map(Members);
        let members = members.ok_or(Invalid::Unreadable("the public key"))?;
        let (kind, algorithm) = (members.number(1), members.number(3));
        let key = match (kind, algorithm) {
            (Some(2), Some(ES256)) if members.number(-1) == Some(1) => p256(&members),
            (Some(1), Some(EDDSA)) if members.number(-1) == Some(6) => ed25519(&members),
            (Some(3), Some(RS256)) => rsa(&members),
            _ => return Err(Invalid::Algorithm),
        };
        key.ok_or(Invalid::Unreadable("the public key"))
    }

    /// Checks that the key has signed `message`.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Invalid> {
        let good = match self {
            Self::P256(key) => Signature::from_der(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            Self::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            Self::Rsa(key) => key.pkcs1v15_verify::<Sha256>(message, signature).is_ok(),
        };
        if good { Ok(()) } else { Err(Invalid::Signature) }
    }
}

fn p256(members: &Members) -> Option<PublicKey> {
    let (x, y) = (members.bytes(-2)?, members.bytes(-3)?);
    if x.len() != 32 || y.len() != 32 {
        return None;
    }
    // Uncompressed (SEC 1, 2.3.3).
    let point = [&[4], x, y].concat();
    VerifyingKey::from_sec1_bytes(&point).ok().map(PublicKey::P256)
}

fn ed25519(members: &Members) -> Option<PublicKey> {
    let bytes = members.bytes(-2)?.try_into().ok()?;
    Ed25519::from_bytes(bytes).ok().filter(|key| !key.is_weak()).map(PublicKey::Ed25519)
}

fn rsa(members: &Members) -> Option<PublicKey> {
    let (n, e) = (members.bytes(-1)?, members.bytes(-2)?);
    if n.len() * 8 > *RSA_BITS.end() || e.len() > 8 {
        return None;
    }
    let (n, e) = (BoxedUint::from_be_slice_vartime(n), BoxedUint::from_be_slice_vartime(e));
    Rsa::new_with_size_limits(n, e, RSA_BITS).ok().map(PublicKey::Rsa)
}
