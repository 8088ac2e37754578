use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use boxoffice_contract::factors::{Assertion, Attestation};
use boxoffice_webauthn::authenticator::Authenticator;
use boxoffice_webauthn::{Asked, Credential, Invalid, Proven, Site, check, register};
use serde_json::{Value, json};

use crate::input::{altered, texts};

const ORIGIN: &str = "https://shop.example";
const CHALLENGE: &str = "Y2hhbGxlbmdl";
/// What of a proof is signed, and the signature.
const SIGNED: [&str; 3] = ["clientDataJSON", "authenticatorData", "signature"];

/// Reads a passkey that a browser has made, or a proof by one: a place, and JSON.
///
/// A new passkey is for the shop and the challenge that asked for it. No proof is good that our key has not
/// signed, nor one of ours with one character changed, nor for another challenge or shop.
pub fn passkey(data: &[u8]) {
    let Some([place, sent]) = texts(data) else { return };
    if let Ok(made) = serde_json::from_str::<Attestation>(sent) {
        let registered = register(asked(&site(ORIGIN), CHALLENGE), &made);
        if let Ok(credential) = &registered {
            assert_eq!(URL_SAFE_NO_PAD.decode(&made.id).as_ref(), Ok(&credential.id));
            let other = site("https://other.example");
            register(asked(&other, CHALLENGE), &made).expect_err("it is for another shop");
            register(asked(&site(ORIGIN), "eA"), &made).expect_err("it answers another challenge");
        }
        assert_eq!(register(asked(&site(ORIGIN), CHALLENGE), &made), registered);
    }
    if let Ok(proof) = serde_json::from_str::<Assertion>(sent) {
        let good = proven(&proof, ORIGIN, CHALLENGE);
        assert!(good.is_err(), "nobody has signed {sent:?}");
    }
    let (_, ours) = known();
    let read = |proof: &Value| serde_json::from_value(proof.clone()).expect("ours can be read");
    let whole: Assertion = read(ours);
    assert_eq!(proven(&whole, ORIGIN, CHALLENGE), Ok(Proven { sign_count: 1 }));
    assert!(proven(&whole, ORIGIN, "eA").is_err());
    assert!(proven(&whole, "https://other.example", CHALLENGE).is_err());
    let place = place.parse().unwrap_or(place.len());
    let member = SIGNED[place % SIGNED.len()];
    let text = ours["response"][member].as_str().unwrap_or_default();
    if let Some(other) = altered(text, place / SIGNED.len(), 'A') {
        let mut bent = ours.clone();
        bent["response"][member] = other.into();
        assert!(proven(&read(&bent), ORIGIN, CHALLENGE).is_err(), "{member} of {bent}");
    }
}

/// A passkey, and a proof by it. Its key signs nothing else: libFuzzer learns from comparisons what others
/// have signed.
fn known() -> &'static (Credential, Value) {
    static KNOWN: OnceLock<(Credential, Value)> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let mut authenticator = Authenticator::new(ORIGIN, 1);
        let made = authenticator.make(&json!({
            "challenge": CHALLENGE, "rp": { "id": "shop.example" }, "user": { "id": "dTE" },
        }));
        let made: Attestation = serde_json::from_value(made).expect("ours can be read");
        let credential = register(asked(&site(ORIGIN), CHALLENGE), &made).expect("ours is good");
        let asked = json!({ "challenge": CHALLENGE, "rpId": "shop.example" });
        (credential, authenticator.prove(&asked))
    })
}

/// Checks a proof by the passkey that is known.
fn proven(proof: &Assertion, origin: &str, challenge: &str) -> Result<Proven, Invalid> {
    let (credential, _) = known();
    let site = site(origin);
    check(asked(&site, challenge), &credential.public_key, credential.sign_count, proof)
}

fn site(origin: &str) -> Site {
    Site::parse(origin).expect("ours is an origin")
}

const fn asked<'a>(site: &'a Site, challenge: &'a str) -> Asked<'a> {
    Asked { site, challenge }
}
