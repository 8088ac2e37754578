//! Checking signatures of certificates and servers.

use ed25519_dalek::{Signature as EdSignature, VerifyingKey as EdKey};
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, Pss, PublicKey};
use rustls::SignatureScheme;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// Everything that is checked.
pub(crate) const ALL: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        P256_SHA256,
        P256_SHA384,
        P384_SHA256,
        P384_SHA384,
        ED25519,
        PSS_SHA256,
        PSS_SHA384,
        PSS_SHA512,
        PKCS1_SHA256,
        PKCS1_SHA384,
        PKCS1_SHA512,
    ],
    mapping: &[
        // In TLS 1.2 the scheme says nothing of the curve; in TLS 1.3 the first one counts.
        (SignatureScheme::ECDSA_NISTP384_SHA384, &[P384_SHA384, P256_SHA384]),
        (SignatureScheme::ECDSA_NISTP256_SHA256, &[P256_SHA256, P384_SHA256]),
        (SignatureScheme::ED25519, &[ED25519]),
        (SignatureScheme::RSA_PSS_SHA512, &[PSS_SHA512]),
        (SignatureScheme::RSA_PSS_SHA384, &[PSS_SHA384]),
        (SignatureScheme::RSA_PSS_SHA256, &[PSS_SHA256]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[PKCS1_SHA512]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[PKCS1_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[PKCS1_SHA256]),
    ],
};

type Algorithm = &'static dyn SignatureVerificationAlgorithm;
type Check = fn(&[u8], &[u8], &[u8]) -> Option<()>;

const P256_SHA256: Algorithm =
    &Signature { key: alg_id::ECDSA_P256, by: alg_id::ECDSA_SHA256, check: on_p256::<Sha256> };
const P256_SHA384: Algorithm =
    &Signature { key: alg_id::ECDSA_P256, by: alg_id::ECDSA_SHA384, check: on_p256::<Sha384> };
const P384_SHA256: Algorithm =
    &Signature { key: alg_id::ECDSA_P384, by: alg_id::ECDSA_SHA256, check: on_p384::<Sha256> };
const P384_SHA384: Algorithm =
    &Signature { key: alg_id::ECDSA_P384, by: alg_id::ECDSA_SHA384, check: on_p384::<Sha384> };
const ED25519: Algorithm =
    &Signature { key: alg_id::ED25519, by: alg_id::ED25519, check: by_ed25519 };
const PSS_SHA256: Algorithm = &rsa(alg_id::RSA_PSS_SHA256, |key, message, signature| {
    let digest = Sha256::digest(message);
    rsa_key(key)?.verify(Pss::<Sha256>::new(), &digest, signature).ok()
});
const PSS_SHA384: Algorithm = &rsa(alg_id::RSA_PSS_SHA384, |key, message, signature| {
    let digest = Sha384::digest(message);
    rsa_key(key)?.verify(Pss::<Sha384>::new(), &digest, signature).ok()
});
const PSS_SHA512: Algorithm = &rsa(alg_id::RSA_PSS_SHA512, |key, message, signature| {
    let digest = Sha512::digest(message);
    rsa_key(key)?.verify(Pss::<Sha512>::new(), &digest, signature).ok()
});
const PKCS1_SHA256: Algorithm = &rsa(alg_id::RSA_PKCS1_SHA256, |key, message, signature| {
    let digest = Sha256::digest(message);
    rsa_key(key)?.verify(Pkcs1v15Sign::new::<Sha256>(), &digest, signature).ok()
});
const PKCS1_SHA384: Algorithm = &rsa(alg_id::RSA_PKCS1_SHA384, |key, message, signature| {
    let digest = Sha384::digest(message);
    rsa_key(key)?.verify(Pkcs1v15Sign::new::<Sha384>(), &digest, signature).ok()
});
const PKCS1_SHA512: Algorithm = &rsa(alg_id::RSA_PKCS1_SHA512, |key, message, signature| {
    let digest = Sha512::digest(message);
    rsa_key(key)?.verify(Pkcs1v15Sign::new::<Sha512>(), &digest, signature).ok()
});

/// A kind of signature, by a kind of key.
#[derive(Debug)]
struct Signature {
    key: AlgorithmIdentifier,
    by: AlgorithmIdentifier,
    /// Of the key, the message and the signature: whether it is right.
    check: Check,
}

const fn rsa(by: AlgorithmIdentifier, check: Check) -> Signature {
    Signature { key: alg_id::RSA_ENCRYPTION, by, check }
}

impl SignatureVerificationAlgorithm for Signature {
    fn verify_signature(
        &self,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        (self.check)(key, message, signature).ok_or(InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.by
    }
}

fn on_p256<D: Digest>(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?;
    let signature = p256::ecdsa::Signature::from_der(signature).ok()?;
    key.verify_prehash(&D::digest(message), &signature).ok()
}

fn on_p384<D: Digest>(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(key).ok()?;
    let signature = p384::ecdsa::Signature::from_der(signature).ok()?;
    key.verify_prehash(&D::digest(message), &signature).ok()
}

fn by_ed25519(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = EdKey::from_bytes(key.try_into().ok()?).ok()?;
    key.verify_strict(message, &EdSignature::from_slice(signature).ok()?).ok()
}

/// Reads an RSA key. Shorter ones are weak, and longer ones take long.
fn rsa_key(key: &[u8]) -> Option<PublicKey> {
    let key = PublicKey::from_pkcs1_der(key).ok()?;
    (2048 / 8..=8192 / 8).contains(&key.size()).then_some(key)
}
