//! An authenticator and the browser before it, for tests: it makes a passkey and proves that it has it.
//! What it says can be bent, to see that it is refused.

#![allow(clippy::expect_used, reason = "a test that cannot go on ends")]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ciborium::Value as Cbor;
use p256::ecdsa::signature::Signer as _;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Somebody was there and showed who they are, and the credential may be backed up.
const VERIFIED: u8 = 0b1101;

/// A key that signs.
enum Key {
    P256(p256::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
    Rsa(Box<rsa::PrivateKey>),
}

/// An authenticator with one passkey.
pub struct Authenticator {
    key: Key,
    id: Vec<u8>,
    /// The account that the passkey was made for.
    user: Option<Vec<u8>>,
    /// The origin of the page that the browser shows.
    pub origin: String,
    /// What the authenticator takes for the relying party, if not what it is told.
    pub relying_party: Option<String>,
    /// The flags that it sets.
    pub flags: u8,
    /// How many times it has signed; it stays 0 if `counts` is false.
    pub sign_count: u32,
    /// Whether it counts.
    pub counts: bool,
}

impl Authenticator {
    /// Makes an authenticator in a browser that shows a page of `origin`. `seed` tells it from others.
    ///
    /// # Panics
    /// If `seed` is 0, of which no key can be made.
    #[must_use]
    pub fn new(origin: &str, seed: u8) -> Self {
        let key = p256::ecdsa::SigningKey::from_slice(&[seed; 32]).expect("a key");
        Self::with_key(Key::P256(key), origin, seed)
    }

    /// The same with a key for Ed25519.
    #[must_use]
    pub fn with_ed25519(origin: &str, seed: u8) -> Self {
        Self::with_key(
            Key::Ed25519(ed25519_dalek::SigningKey::from_bytes(&[seed; 32])),
            origin,
            seed,
        )
    }

    /// The same with a key for RSA.
    #[must_use]
    pub fn with_rsa(key: rsa::PrivateKey, origin: &str, seed: u8) -> Self {
        Self::with_key(Key::Rsa(Box::new(key)), origin, seed)
    }

    fn with_key(key: Key, origin: &str, seed: u8) -> Self {
        Self {
            key,
            id: vec![seed; 32],
            user: None,
            origin: origin.to_owned(),
            relying_party: None,
            flags: VERIFIED,
            sign_count: 0,
            counts: true,
        }
    }

    /// Makes the passkey that `options` ask for: a `RegistrationResponseJSON`.
    ///
    /// # Panics
    /// If `options` are not as a server writes them.
    pub fn make(&mut self, options: &Value) -> Value {
        let user = options["user"]["id"].as_str().expect("a user handle");
        self.user = Some(URL_SAFE_NO_PAD.decode(user).expect("base64url"));
        let relying_party = options["rp"]["id"].as_str().expect("a relying party");
        let mut data = self.data(relying_party, self.flags | 1 << 6);
        data.extend([7; 16]);
        let length = u16::try_from(self.id.len()).expect("a short id");
        data.extend(length.to_be_bytes());
        data.extend(&self.id);
        ciborium::into_writer(&self.public_key(), &mut data).expect("CBOR");
        let object = Cbor::Map(vec![
            ("fmt".into(), "none".into()),
            ("attStmt".into(), Cbor::Map(Vec::new())),
            ("authData".into(), Cbor::Bytes(data)),
        ]);
        let mut bytes = Vec::new();
        ciborium::into_writer(&object, &mut bytes).expect("CBOR");
        let client_data = self.client_data("webauthn.create", options);
        let id = URL_SAFE_NO_PAD.encode(&self.id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
                "attestationObject": URL_SAFE_NO_PAD.encode(bytes),
                "transports": ["internal"],
            },
        })
    }

    /// Proves that it has the passkey, as `options` ask: an `AuthenticationResponseJSON`.
    ///
    /// # Panics
    /// If `options` are not as a server writes them.
    pub fn prove(&mut self, options: &Value) -> Value {
        if self.counts {
            self.sign_count += 1;
        }
        let relying_party = options["rpId"].as_str().expect("a relying party");
        let data = self.data(relying_party, self.flags);
        let client_data = self.client_data("webauthn.get", options);
        let message = [data.as_slice(), &Sha256::digest(&client_data)].concat();
        let signature = match &self.key {
            Key::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(&message);
                signature.to_der().as_bytes().to_vec()
            }
            Key::Ed25519(key) => key.sign(&message).to_bytes().to_vec(),
            Key::Rsa(key) => key.pkcs1v15_sign::<Sha256>(&message).expect("a signature"),
        };
        let id = URL_SAFE_NO_PAD.encode(&self.id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
                "authenticatorData": URL_SAFE_NO_PAD.encode(data),
                "signature": URL_SAFE_NO_PAD.encode(signature),
                "userHandle": self.user.as_ref().map(|user| URL_SAFE_NO_PAD.encode(user)),
            },
        })
    }

    fn data(&self, relying_party: &str, flags: u8) -> Vec<u8> {
        let relying_party = self.relying_party.as_deref().unwrap_or(relying_party);
        let mut data = Sha256::digest(relying_party).to_vec();
        data.push(flags);
        data.extend(self.sign_count.to_be_bytes());
        data
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let data = json!({
            "type": kind, "challenge": options["challenge"], "origin": self.origin,
            "crossOrigin": false,
        });
        data.to_string().into_bytes()
    }

    fn public_key(&self) -> Cbor {
        let number = |label: i64, value: i64| (Cbor::from(label), Cbor::from(value));
        let bytes = |label: i64, value: &[u8]| (Cbor::from(label), Cbor::Bytes(value.to_vec()));
        Cbor::Map(match &self.key {
            Key::P256(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                let (x, y) = point.as_bytes()[1..].split_at(32);
                vec![number(1, 2), number(3, -7), number(-1, 1), bytes(-2, x), bytes(-3, y)]
            }
            Key::Ed25519(key) => {
                let x = key.verifying_key().to_bytes();
                vec![number(1, 1), number(3, -8), number(-1, 6), bytes(-2, &x)]
            }
            Key::Rsa(key) => {
                use rsa::traits::PublicKeyParts as _;
                let (n, e) = (key.n().to_be_bytes(), key.e().to_be_bytes_trimmed_vartime());
                vec![number(1, 3), number(3, -257), bytes(-1, &n), bytes(-2, &e)]
            }
        })
    }
}
