//! A provider's public keys (RFC 7517), and the signatures that they check.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::traits::PublicKeyParts as _;
use rsa::{BoxedUint, Pkcs1v15Sign, PublicKey};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// The keys of a provider. One that this crate cannot use is no error: it is for something else.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Keys {
    keys: Vec<Jwk>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Jwk {
    kid: Option<String>,
    kty: String,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// How a token is signed. Others are refused, `none` and those with a shared secret among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Es256,
    Ed25519,
}

impl Algorithm {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            "EdDSA" | "Ed25519" => Some(Self::Ed25519),
            _ => None,
        }
    }

    const fn key_type(self) -> &'static str {
        match self {
            Self::Rs256 => "RSA",
            Self::Es256 => "EC",
            Self::Ed25519 => "OKP",
        }
    }
}

impl Keys {
    /// Reads a JWK set.
    ///
    /// # Errors
    /// When it is not one.
    pub fn read(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// Finds the key that a token names. A token that names none is checked by the only key of its kind.
    pub(crate) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&Jwk> {
        let mut fitting = self.keys.iter().filter(|key| key.is_for(algorithm));
        match kid {
            Some(kid) => fitting.find(|key| key.kid.as_deref() == Some(kid)),
            None => fitting.next().filter(|_| fitting.next().is_none()),
        }
    }
}

impl Jwk {
    fn is_for(&self, algorithm: Algorithm) -> bool {
        let signs = self.usage.as_deref().is_none_or(|usage| usage == "sig");
        let fits = |alg: &str| Algorithm::from_name(alg) == Some(algorithm);
        signs && self.kty == algorithm.key_type() && self.alg.as_deref().is_none_or(fits)
    }

    /// Checks the signature of `message`.
    pub(crate) fn verify(&self, algorithm: Algorithm, message: &[u8], signed: &[u8]) -> Option<()> {
        match algorithm {
            Algorithm::Rs256 => self.by_rsa(message, signed),
            Algorithm::Es256 => self.by_p256(message, signed),
            Algorithm::Ed25519 => self.by_ed25519(message, signed),
        }
    }

    /// Shorter keys than 2048 bits are weak, and longer ones than 8192 take long.
    fn by_rsa(&self, message: &[u8], signed: &[u8]) -> Option<()> {
        let part = |part: &Option<String>| {
            Some(BoxedUint::from_be_slice_vartime(&decoded(part.as_deref()?)?))
        };
        let key = PublicKey::new(part(&self.n)?, part(&self.e)?).ok()?;
        if !(2048 / 8..=8192 / 8).contains(&key.size()) {
            return None;
        }
        key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message), signed).ok()
    }

    fn by_p256(&self, message: &[u8], signed: &[u8]) -> Option<()> {
        use p256::ecdsa::signature::Verifier as _;
        if self.crv.as_deref() != Some("P-256") {
            return None;
        }
        let (x, y) = (decoded(self.x.as_deref()?)?, decoded(self.y.as_deref()?)?);
        if x.len() != 32 || y.len() != 32 {
            return None;
        }
        let point = [&[4], &x[..], &y[..]].concat();
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).ok()?;
        key.verify(message, &p256::ecdsa::Signature::from_slice(signed).ok()?).ok()
    }

    fn by_ed25519(&self, message: &[u8], signed: &[u8]) -> Option<()> {
        if self.crv.as_deref() != Some("Ed25519") {
            return None;
        }
        let key: [u8; 32] = decoded(self.x.as_deref()?)?.try_into().ok()?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&key).ok()?;
        let signed = ed25519_dalek::Signature::from_slice(signed).ok()?;
        key.verify_strict(message, &signed).ok()
    }
}

pub(crate) fn decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
