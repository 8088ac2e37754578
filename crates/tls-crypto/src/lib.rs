//! The cryptography of TLS for rustls, in Rust alone: for clients that are components. The usual
//! providers have parts in C and assembly, which a bare machine cannot build for WebAssembly.
//!
//! Nothing is invented here: each primitive is a crate of RustCrypto or dalek. These modules only put
//! nonces, keys and messages where TLS 1.3 (RFC 8446) and TLS 1.2 with AEAD (RFC 5288) want them.
//!
//! | module | holds |
//! |---|---|
//! | `suites` | which cipher suites there are |
//! | `records` | sealing and opening records |
//! | `digest` | hashes, and codes made of them |
//! | `exchange` | agreeing on keys |
//! | `verify` | checking signatures of certificates and servers |

mod digest;
mod exchange;
mod records;
mod suites;
mod verify;

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;

/// Returns the provider for clients. It signs nothing.
#[must_use]
pub fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: suites::ALL.to_vec(),
        kx_groups: exchange::ALL.to_vec(),
        signature_verification_algorithms: verify::ALL,
        secure_random: &Random,
        key_provider: &NoKeys,
    }
}

/// The host's random numbers.
#[derive(Debug)]
struct Random;

impl SecureRandom for Random {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        getrandom::fill(bytes).map_err(|_| GetRandomFailed)
    }
}

/// No private key is ever used.
#[derive(Debug)]
struct NoKeys;

impl KeyProvider for NoKeys {
    fn load_private_key(
        &self,
        _: PrivateKeyDer<'static>,
    ) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        Err(rustls::Error::General("this provider has no private keys".to_owned()))
    }
}

#[cfg(test)]
mod tests;
