//! Whole ceremonies, and all that is refused.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use boxoffice_contract::factors::{Assertion, Attestation};
use serde_json::{Value, json};

use crate::authenticator::Authenticator;
use crate::{Asked, Credential, Invalid, Proven, Site, check, register};

const ORIGIN: &str = "https://shop.example";

fn site() -> Site {
    Site::parse(ORIGIN).unwrap()
}

fn creation(challenge: &str) -> Value {
    json!({ "challenge": challenge, "rp": { "id": "shop.example" }, "user": { "id": "dTE" } })
}

fn request(challenge: &str) -> Value {
    json!({ "challenge": challenge, "rpId": "shop.example" })
}

fn made(answer: Value, challenge: &str) -> Result<Credential, Invalid> {
    let made: Attestation = serde_json::from_value(answer).unwrap();
    register(Asked { site: &site(), challenge }, &made)
}

fn proven(answer: Value, challenge: &str, key: &Credential) -> Result<Proven, Invalid> {
    let assertion: Assertion = serde_json::from_value(answer).unwrap();
    let asked = Asked { site: &site(), challenge };
    check(asked, &key.public_key, key.sign_count, &assertion)
}

/// An authenticator whose passkey is kept.
fn known() -> (Authenticator, Credential) {
    let mut authenticator = Authenticator::new(ORIGIN, 1);
    let credential = made(authenticator.make(&creation("Y2g")), "Y2g").unwrap();
    (authenticator, credential)
}

#[test]
fn each_algorithm_that_is_asked_for_makes_passkeys_and_proves_them() {
    let rsa = rsa::PrivateKey::new(&mut getrandom::SysRng, 2048).unwrap();
    for mut authenticator in [
        Authenticator::new(ORIGIN, 1),
        Authenticator::with_ed25519(ORIGIN, 2),
        Authenticator::with_rsa(rsa, ORIGIN, 3),
    ] {
        let credential = made(authenticator.make(&creation("YQ")), "YQ").unwrap();
        assert_eq!(credential.sign_count, 0);
        let answer = authenticator.prove(&request("Yg"));
        assert_eq!(proven(answer, "Yg", &credential), Ok(Proven { sign_count: 1 }));
    }
}

#[test]
fn a_passkey_is_refused_that_was_made_for_something_else() {
    let make = |bend: &dyn Fn(&mut Authenticator)| {
        let mut authenticator = Authenticator::new(ORIGIN, 1);
        bend(&mut authenticator);
        made(authenticator.make(&creation("YQ")), "YQ").unwrap_err()
    };
    let evil = || "https://evil.example".to_owned();
    assert_eq!(make(&|it| it.origin = evil()), Invalid::Origin);
    assert_eq!(make(&|it| it.relying_party = Some(evil())), Invalid::RelyingParty);
    assert_eq!(make(&|it| it.flags = 0b1001), Invalid::UserNotVerified);
    assert_eq!(make(&|it| it.flags = 0b10101), Invalid::Flags);
    let mut authenticator = Authenticator::new(ORIGIN, 1);
    let answer = authenticator.make(&creation("YQ"));
    assert_eq!(made(answer.clone(), "Yg").unwrap_err(), Invalid::Challenge);
    for (member, value) in [("id", "AAAA"), ("type", "password")] {
        let mut other = answer.clone();
        other[member] = value.into();
        assert_eq!(made(other, "YQ").unwrap_err(), Invalid::Type, "{member}");
    }
    for member in ["clientDataJSON", "attestationObject"] {
        let mut other = answer.clone();
        other["response"][member] = "AAAA".into();
        assert!(matches!(made(other, "YQ"), Err(Invalid::Unreadable(_))), "{member}");
    }
    let proof = authenticator.prove(&request("YQ"));
    let mut swapped = answer;
    swapped["response"]["clientDataJSON"] = proof["response"]["clientDataJSON"].clone();
    assert_eq!(made(swapped, "YQ").unwrap_err(), Invalid::Type);
}

#[test]
fn a_proof_is_refused_that_was_made_for_something_else() {
    let prove = |bend: &dyn Fn(&mut Authenticator)| {
        let (mut authenticator, credential) = known();
        bend(&mut authenticator);
        proven(authenticator.prove(&request("YQ")), "YQ", &credential).unwrap_err()
    };
    let evil = || "https://evil.example".to_owned();
    assert_eq!(prove(&|it| it.origin = evil()), Invalid::Origin);
    assert_eq!(prove(&|it| it.relying_party = Some(evil())), Invalid::RelyingParty);
    assert_eq!(prove(&|it| it.flags = 0b1100), Invalid::UserNotVerified);
    let (mut authenticator, credential) = known();
    let answer = authenticator.prove(&request("YQ"));
    assert_eq!(proven(answer.clone(), "Yg", &credential), Err(Invalid::Challenge));
    let mut other = Authenticator::new(ORIGIN, 9);
    assert_eq!(proven(other.prove(&request("YQ")), "YQ", &credential), Err(Invalid::Signature));
    let second = authenticator.prove(&request("YQ"));
    let mut mixed = answer;
    mixed["response"]["signature"] = second["response"]["signature"].clone();
    assert_eq!(proven(mixed, "YQ", &credential), Err(Invalid::Signature));
}

#[test]
fn a_page_inside_another_ones_is_refused() {
    let (mut authenticator, credential) = known();
    let mut answer = authenticator.prove(&request("YQ"));
    for (member, value) in [("crossOrigin", json!(true)), ("topOrigin", json!(ORIGIN))] {
        let mut data = json!({ "type": "webauthn.get", "challenge": "YQ", "origin": ORIGIN });
        data[member] = value;
        answer["response"]["clientDataJSON"] = encoded(&data).into();
        assert_eq!(proven(answer.clone(), "YQ", &credential), Err(Invalid::Origin), "{member}");
    }
}

fn encoded(data: &Value) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(data.to_string())
}

#[test]
fn a_counter_that_goes_back_is_refused_and_none_is_good() {
    let (mut authenticator, mut credential) = known();
    for _ in 0..2 {
        let answer = authenticator.prove(&request("YQ"));
        credential.sign_count = proven(answer, "YQ", &credential).unwrap().sign_count;
    }
    assert_eq!(credential.sign_count, 2);
    for back in [0, 1] {
        authenticator.sign_count = back;
        let answer = authenticator.prove(&request("YQ"));
        assert_eq!(proven(answer, "YQ", &credential), Err(Invalid::Counter), "{back}");
    }
    let (mut authenticator, credential) = known();
    authenticator.counts = false;
    for _ in 0..2 {
        let answer = authenticator.prove(&request("YQ"));
        assert_eq!(proven(answer, "YQ", &credential), Ok(Proven { sign_count: 0 }));
    }
}

#[test]
fn no_bytes_make_the_reading_panic() {
    let (mut authenticator, credential) = known();
    let answer = authenticator.make(&creation("YQ"));
    let object = answer["response"]["attestationObject"].as_str().unwrap();
    for length in 0..object.len() {
        let mut short = answer.clone();
        short["response"]["attestationObject"] = object[..length].into();
        assert!(made(short, "YQ").is_err(), "{length}");
    }
    let proof = authenticator.prove(&request("YQ"));
    for member in ["clientDataJSON", "authenticatorData", "signature"] {
        let text = proof["response"][member].as_str().unwrap();
        for length in 0..text.len() {
            let mut short = proof.clone();
            short["response"][member] = text[..length].into();
            assert!(proven(short, "YQ", &credential).is_err(), "{member} {length}");
        }
    }
}
