//! Ed25519 (RFC 8032), and nothing else, for `jsonwebtoken`.
//!
//! Its own provider brings RSA and four curves along. Our tokens know one algorithm: without the
//! others a component is a megabyte smaller, and cannot be talked into a weaker one.

use ed25519_dalek::pkcs8::DecodePrivateKey;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, Result};
use jsonwebtoken::jwk::{EllipticCurve, ThumbprintHash};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};
use sha2::{Digest, Sha256};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| Ok(Box::new(Ed25519Signer::new(*algorithm, key)?)),
    verifier_factory: |algorithm, key| Ok(Box::new(Ed25519Verifier::new(*algorithm, key)?)),
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(unsupported()),
        rsa_pub_components_from_public_key: |_| Err(unsupported()),
        ec_pub_components_from_private_key: |_, _| Err(unsupported()),
        ed_pub_components_from_private_key: public_half,
        compute_digest: digest,
    },
};

/// Has `jsonwebtoken` use this provider from now on; more than once does no harm.
pub fn install() {
    // An error means that a provider is installed already: this one, in all of this project.
    let _already = PROVIDER.install_default();
}

fn unsupported() -> Error {
    ErrorKind::UnsupportedAlgorithm.into()
}

fn require(algorithm: Algorithm, family: AlgorithmFamily) -> Result<()> {
    if algorithm == Algorithm::EdDSA && family == AlgorithmFamily::Ed {
        Ok(())
    } else {
        Err(unsupported())
    }
}

fn private(der: &[u8]) -> Result<SigningKey> {
    SigningKey::from_pkcs8_der(der).map_err(|_| ErrorKind::InvalidEddsaKey.into())
}

fn public_half(der: &[u8], _: &EllipticCurve) -> Result<Vec<u8>> {
    Ok(private(der)?.verifying_key().to_bytes().to_vec())
}

fn digest(data: &[u8], hash: ThumbprintHash) -> Result<Vec<u8>> {
    match hash {
        ThumbprintHash::SHA256 => Ok(Sha256::digest(data).to_vec()),
        _ => Err(unsupported()),
    }
}

struct Ed25519Signer(SigningKey);

impl Ed25519Signer {
    fn new(algorithm: Algorithm, key: &EncodingKey) -> Result<Self> {
        require(algorithm, key.family())?;
        Ok(Self(private(key.as_bytes())?))
    }
}

impl signature::Signer<Vec<u8>> for Ed25519Signer {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        let signed = self.0.try_sign(message).map_err(|_| signature::Error::new())?;
        Ok(signed.to_bytes().to_vec())
    }
}

impl JwtSigner for Ed25519Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct Ed25519Verifier(VerifyingKey);

impl Ed25519Verifier {
    fn new(algorithm: Algorithm, key: &DecodingKey) -> Result<Self> {
        require(algorithm, key.family())?;
        let bytes: [u8; 32] =
            key.try_get_as_bytes()?.try_into().map_err(|_| ErrorKind::InvalidEddsaKey)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| ErrorKind::InvalidEddsaKey)?;
        Ok(Self(key))
    }
}

impl signature::Verifier<Vec<u8>> for Ed25519Verifier {
    fn verify(
        &self,
        message: &[u8],
        signed: &Vec<u8>,
    ) -> std::result::Result<(), signature::Error> {
        let signed = Signature::from_slice(signed).map_err(|_| signature::Error::new())?;
        // Strict: one message, one key, one signature; no key of small order signs everything.
        self.0.verify_strict(message, &signed).map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Ed25519Verifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use jsonwebtoken::crypto::{sign, verify};

    /// RFC 8410, section 10.3: a private key, and the public key that belongs to it.
    const DER: [u8; 48] = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20, 0xd4, 0xee, 0x72, 0xdb, 0xf9, 0x13, 0x58, 0x4a, 0xd5, 0xb6, 0xd8, 0xf1, 0xf7, 0x69,
        0xf8, 0xad, 0x3a, 0xfe, 0x7c, 0x28, 0xcb, 0xf1, 0xd4, 0xfb, 0xe0, 0x97, 0xa8, 0x8f, 0x44,
        0x75, 0x58, 0x42,
    ];
    const PUBLIC: &str = "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE";

    #[test]
    fn what_is_signed_verifies_and_nothing_else_does() {
        install();
        let private = EncodingKey::from_ed_der(&DER);
        let public = DecodingKey::from_ed_components(PUBLIC).unwrap();
        let signed = sign(b"message", &private, Algorithm::EdDSA).unwrap();
        assert!(verify(&signed, b"message", &public, Algorithm::EdDSA).unwrap());
        assert!(!verify(&signed, b"messages", &public, Algorithm::EdDSA).unwrap());
    }

    #[test]
    fn other_algorithms_and_broken_keys_are_errors() {
        install();
        let secret = DecodingKey::from_secret(b"secret");
        verify("AAAA", b"message", &secret, Algorithm::HS256).unwrap_err();
        verify("AAAA", b"message", &secret, Algorithm::EdDSA).unwrap_err();
        let short = DecodingKey::from_ed_components("AAAA").unwrap();
        verify("AAAA", b"message", &short, Algorithm::EdDSA).unwrap_err();
    }
}
