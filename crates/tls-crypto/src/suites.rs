//! Which cipher suites there are: those of TLS 1.3, and those of TLS 1.2 with AES-GCM and keys that are
//! used once.

use rustls::crypto::tls12::PrfUsingHmac;
use rustls::crypto::tls13::HkdfUsingHmac;
use rustls::crypto::{CipherSuiteCommon, KeyExchangeAlgorithm};
use rustls::{
    CipherSuite, SignatureScheme, SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite,
};

use aes_gcm::{Aes128Gcm, Aes256Gcm};
use chacha20poly1305::ChaCha20Poly1305;

use crate::digest::{HMAC_SHA256, HMAC_SHA384, Hash, SHA256, SHA384};
use crate::records::Aead;

/// All of them, the preferred one first.
pub(crate) static ALL: &[SupportedCipherSuite] = &[
    SupportedCipherSuite::Tls13(&Tls13CipherSuite {
        common: of_gcm(CipherSuite::TLS13_AES_256_GCM_SHA384, &SHA384),
        hkdf_provider: &HkdfUsingHmac(&HMAC_SHA384),
        aead_alg: &Aead::<Aes256Gcm>::NEW,
        quic: None,
    }),
    SupportedCipherSuite::Tls13(&Tls13CipherSuite {
        common: of_gcm(CipherSuite::TLS13_AES_128_GCM_SHA256, &SHA256),
        hkdf_provider: &HkdfUsingHmac(&HMAC_SHA256),
        aead_alg: &Aead::<Aes128Gcm>::NEW,
        quic: None,
    }),
    SupportedCipherSuite::Tls13(&Tls13CipherSuite {
        common: CipherSuiteCommon {
            suite: CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
            hash_provider: &SHA256,
            confidentiality_limit: u64::MAX,
        },
        hkdf_provider: &HkdfUsingHmac(&HMAC_SHA256),
        aead_alg: &Aead::<ChaCha20Poly1305>::NEW,
        quic: None,
    }),
    SupportedCipherSuite::Tls12(&Tls12CipherSuite {
        common: of_gcm(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, &SHA384),
        kx: KeyExchangeAlgorithm::ECDHE,
        sign: ECDSA,
        aead_alg: &Aead::<Aes256Gcm>::NEW,
        prf_provider: &PrfUsingHmac(&HMAC_SHA384),
    }),
    SupportedCipherSuite::Tls12(&Tls12CipherSuite {
        common: of_gcm(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, &SHA256),
        kx: KeyExchangeAlgorithm::ECDHE,
        sign: ECDSA,
        aead_alg: &Aead::<Aes128Gcm>::NEW,
        prf_provider: &PrfUsingHmac(&HMAC_SHA256),
    }),
    SupportedCipherSuite::Tls12(&Tls12CipherSuite {
        common: of_gcm(CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, &SHA384),
        kx: KeyExchangeAlgorithm::ECDHE,
        sign: RSA,
        aead_alg: &Aead::<Aes256Gcm>::NEW,
        prf_provider: &PrfUsingHmac(&HMAC_SHA384),
    }),
    SupportedCipherSuite::Tls12(&Tls12CipherSuite {
        common: of_gcm(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, &SHA256),
        kx: KeyExchangeAlgorithm::ECDHE,
        sign: RSA,
        aead_alg: &Aead::<Aes128Gcm>::NEW,
        prf_provider: &PrfUsingHmac(&HMAC_SHA256),
    }),
];

/// What servers with a key on a curve may sign by.
static ECDSA: &[SignatureScheme] = &[
    SignatureScheme::ED25519,
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::ECDSA_NISTP256_SHA256,
];

/// What servers with an RSA key may sign by.
static RSA: &[SignatureScheme] = &[
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PKCS1_SHA512,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA256,
];

/// What suites with AES-GCM have in common. A key seals 2^24 records at most: RFC 8446, 5.5.
const fn of_gcm<D>(suite: CipherSuite, hash: &'static Hash<D>) -> CipherSuiteCommon
where
    Hash<D>: rustls::crypto::hash::Hash,
{
    CipherSuiteCommon { suite, hash_provider: hash, confidentiality_limit: 1 << 24 }
}
