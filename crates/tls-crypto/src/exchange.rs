//! Agreeing on keys, with a secret that is used once.

use p256::elliptic_curve::Generate;
use p256::elliptic_curve::sec1::ToSec1Point;
use rustls::crypto::{ActiveKeyExchange, GetRandomFailed, SharedSecret, SupportedKxGroup};
use rustls::{Error, NamedGroup, PeerMisbehaved};

/// The groups, the preferred one first.
pub(crate) const ALL: &[&dyn SupportedKxGroup] = &[&X25519, &P256];

/// Curve25519 (RFC 7748).
#[derive(Debug)]
struct X25519;

impl SupportedKxGroup for X25519 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|_| GetRandomFailed)?;
        let secret = x25519_dalek::StaticSecret::from(random);
        let public = x25519_dalek::PublicKey::from(&secret);
        Ok(Box::new(OnX25519 { secret, public }))
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

struct OnX25519 {
    secret: x25519_dalek::StaticSecret,
    public: x25519_dalek::PublicKey,
}

impl ActiveKeyExchange for OnX25519 {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        let peer: [u8; 32] = peer.try_into().map_err(|_| invalid())?;
        let shared = self.secret.diffie_hellman(&x25519_dalek::PublicKey::from(peer));
        // All zeros, whatever our secret is: RFC 8446, 7.4.2.
        if !shared.was_contributory() {
            return Err(invalid());
        }
        Ok(SharedSecret::from(&shared.as_bytes()[..]))
    }

    fn pub_key(&self) -> &[u8] {
        self.public.as_bytes()
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

/// NIST's P-256.
#[derive(Debug)]
struct P256;

impl SupportedKxGroup for P256 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let secret = p256::ecdh::EphemeralSecret::try_generate().map_err(|_| GetRandomFailed)?;
        let public = secret.public_key().to_sec1_point(false).as_bytes().into();
        Ok(Box::new(OnP256 { secret, public }))
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::secp256r1
    }
}

struct OnP256 {
    secret: p256::ecdh::EphemeralSecret,
    public: Box<[u8]>,
}

impl ActiveKeyExchange for OnP256 {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        // TLS knows points that are written out, and no others: RFC 8446, 4.2.8.2.
        if peer.first() != Some(&4) {
            return Err(invalid());
        }
        let peer = p256::PublicKey::from_sec1_bytes(peer).map_err(|_| invalid())?;
        let shared = self.secret.diffie_hellman(&peer);
        Ok(SharedSecret::from(&shared.raw_secret_bytes()[..]))
    }

    fn pub_key(&self) -> &[u8] {
        &self.public
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::secp256r1
    }
}

fn invalid() -> Error {
    PeerMisbehaved::InvalidKeyShare.into()
}
