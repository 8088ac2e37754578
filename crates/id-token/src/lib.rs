//! ID tokens of OpenID Connect Core 1.0: who a provider says has signed in.
//!
//! Everything that the caller expects is checked here (3.1.3.7): who signed, for whom, when, and in answer
//! to which request. Nothing of a token is believed before its signature.

mod key;

use serde::Deserialize;
use subtle::ConstantTimeEq;

pub use key::Keys;
use key::{Algorithm, decoded};

/// The longest token that is read, in bytes.
const MAX_LENGTH: usize = 16 * 1024;
/// How far the provider's clock may differ, in seconds.
const LEEWAY: i64 = 60;
/// How old a token may be, in seconds: it was asked for just now.
const MAX_AGE: i64 = 10 * 60;

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The provider.
    pub issuer: &'a str,
    /// Who asked.
    pub client_id: &'a str,
    /// What the request had as `nonce`.
    pub nonce: &'a str,
    /// The time, in seconds since 1970.
    pub now: i64,
}

/// Whom the provider names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// What the provider calls them, and never anybody else.
    pub subject: String,
    /// Their address, if the token tells it.
    pub email: Option<String>,
    /// Whether the provider has proven the address.
    pub email_verified: bool,
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not a signed token.
    #[error("the ID token is malformed")]
    Malformed,
    /// It is not signed in a way that is believed.
    #[error("the ID token is signed by another algorithm than RS256, ES256 or EdDSA")]
    Algorithm,
    /// The provider does not have the key, or not any more, or not yet.
    #[error("the ID token names a key that the provider does not have")]
    UnknownKey,
    /// The signature is not that of the key.
    #[error("the ID token's signature is wrong")]
    Signature,
    /// Another provider made it.
    #[error("the ID token is of another issuer")]
    Issuer,
    /// It is for somebody else.
    #[error("the ID token is for another client")]
    Audience,
    /// Its time is up, or it is of the future, or it is older than the request.
    #[error("the ID token has expired, or is not of now")]
    Expired,
    /// It answers another request.
    #[error("the ID token answers another request")]
    Nonce,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// What must be understood, and is not.
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    iat: f64,
    nonce: Option<String>,
    email: Option<String>,
    email_verified: Option<Verified>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Some providers write the word as a string.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Verified {
    /// As the standard says.
    Flag(bool),
    /// As a string.
    Word(String),
}

impl Verified {
    /// Tells whether the address is proven.
    #[must_use]
    pub fn is_true(&self) -> bool {
        match self {
            Self::Flag(flag) => *flag,
            Self::Word(word) => word == "true",
        }
    }
}

/// Returns whom `token` names, if it is signed by one of `keys` and says what is expected.
///
/// # Errors
/// Why it is not believed.
pub fn verify(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Identity, Refusal> {
    if token.len() > MAX_LENGTH {
        return Err(Refusal::Malformed);
    }
    let (message, signed) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
    let (header, claims) = message.split_once('.').ok_or(Refusal::Malformed)?;
    let header: Header = json(header)?;
    if header.crit.is_some() {
        return Err(Refusal::Malformed);
    }
    let algorithm = Algorithm::from_name(&header.alg).ok_or(Refusal::Algorithm)?;
    let key = keys.find(header.kid.as_deref(), algorithm).ok_or(Refusal::UnknownKey)?;
    let signed = decoded(signed).ok_or(Refusal::Malformed)?;
    key.verify(algorithm, message.as_bytes(), &signed).ok_or(Refusal::Signature)?;
    json::<Claims>(claims)?.check(expected)
}

fn json<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, Refusal> {
    let bytes = decoded(part).ok_or(Refusal::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| Refusal::Malformed)
}

impl Claims {
    fn check(self, expected: &Expected<'_>) -> Result<Identity, Refusal> {
        if self.iss != expected.issuer {
            return Err(Refusal::Issuer);
        }
        let (is_for_us, is_for_others) = match &self.aud {
            Audience::One(aud) => (aud == expected.client_id, false),
            Audience::Several(all) => {
                (all.iter().any(|aud| aud == expected.client_id), all.len() > 1)
            }
        };
        let is_party = self.azp.as_deref().map(|azp| azp == expected.client_id);
        // A token for several must say that we are the one who asked.
        if !is_for_us || is_party == Some(false) || (is_for_others && is_party.is_none()) {
            return Err(Refusal::Audience);
        }
        // Whole seconds, which providers may write with a fraction.
        #[allow(clippy::cast_possible_truncation, reason = "a time that does not fit is refused")]
        let (exp, iat) = (self.exp as i64, self.iat as i64);
        let now = expected.now;
        let is_recent = iat >= now.saturating_sub(MAX_AGE) && iat <= now.saturating_add(LEEWAY);
        if exp.saturating_add(LEEWAY) <= now || !is_recent {
            return Err(Refusal::Expired);
        }
        let nonce = self.nonce.unwrap_or_default();
        if !bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes())) {
            return Err(Refusal::Nonce);
        }
        if self.sub.is_empty() || self.sub.len() > 255 {
            return Err(Refusal::Malformed);
        }
        let email_verified = self.email_verified.as_ref().is_some_and(Verified::is_true);
        Ok(Identity { subject: self.sub, email: self.email, email_verified })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ed25519_dalek::{Signer, SigningKey};
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_796_048_400;
    const EXPECTED: Expected<'static> =
        Expected { issuer: "https://id.example", client_id: "shop", nonce: "n-1", now: NOW };

    fn signing(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    fn text(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    fn keys(pairs: &[(&str, u8)]) -> Keys {
        let key = |(kid, seed): &(&str, u8)| {
            let x = URL_SAFE_NO_PAD.encode(signing(*seed).verifying_key().to_bytes());
            json!({ "kid": kid, "kty": "OKP", "crv": "Ed25519", "use": "sig", "x": x })
        };
        let keys: Vec<Value> = pairs.iter().map(key).collect();
        Keys::read(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
    }

    fn claims() -> Value {
        json!({
            "iss": "https://id.example", "sub": "u-1", "aud": "shop", "exp": NOW + 300, "iat": NOW,
            "nonce": "n-1", "email": "ada@example.com", "email_verified": true
        })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[name] = value;
        claims
    }

    fn signed(header: &Value, seed: u8, claims: &Value) -> String {
        let message = format!("{}.{}", text(header), text(claims));
        let signed = signing(seed).sign(message.as_bytes()).to_bytes();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signed))
    }

    fn check(claims: &Value) -> Result<Identity, Refusal> {
        let token = signed(&json!({ "alg": "EdDSA", "kid": "k" }), 1, claims);
        verify(&token, &keys(&[("k", 1)]), &EXPECTED)
    }

    #[test]
    fn a_token_names_who_has_signed_in() {
        let ada = check(&claims()).unwrap();
        assert_eq!((ada.subject.as_str(), ada.email_verified), ("u-1", true));
        assert_eq!(ada.email.as_deref(), Some("ada@example.com"));
        for (value, is_verified) in [
            (json!("true"), true),
            (json!("false"), false),
            (json!(false), false),
            (json!(null), false),
        ] {
            assert_eq!(check(&with("email_verified", value)).unwrap().email_verified, is_verified);
        }
        let several = with("aud", json!(["shop", "other"]));
        assert_eq!(check(&several), Err(Refusal::Audience));
        let mut several = several;
        several["azp"] = json!("shop");
        assert!(check(&several).is_ok());
    }

    #[test]
    fn a_token_of_another_request_or_for_another_client_is_refused() {
        for (name, value, refusal) in [
            ("iss", json!("https://evil.example"), Refusal::Issuer),
            ("iss", json!("https://id.example/"), Refusal::Issuer),
            ("aud", json!("other"), Refusal::Audience),
            ("aud", json!([]), Refusal::Audience),
            ("azp", json!("other"), Refusal::Audience),
            ("exp", json!(NOW - 60), Refusal::Expired),
            ("iat", json!(NOW - 601), Refusal::Expired),
            ("iat", json!(NOW + 61), Refusal::Expired),
            ("nonce", json!("n-2"), Refusal::Nonce),
            ("nonce", json!(null), Refusal::Nonce),
            ("sub", json!(""), Refusal::Malformed),
            ("sub", json!(null), Refusal::Malformed),
            ("exp", json!(null), Refusal::Malformed),
        ] {
            assert_eq!(check(&with(name, value.clone())), Err(refusal), "{name} {value}");
        }
    }

    #[test]
    fn only_the_provider_signs() {
        let keys = keys(&[("k", 1), ("old", 2)]);
        let token = |header: Value, seed| signed(&header, seed, &claims());
        let refusal = |token: String| verify(&token, &keys, &EXPECTED).err();
        assert_eq!(refusal(token(json!({ "alg": "EdDSA", "kid": "old" }), 2)), None);
        for (header, seed, why) in [
            (json!({ "alg": "EdDSA", "kid": "k" }), 3, Refusal::Signature),
            (json!({ "alg": "EdDSA", "kid": "k" }), 2, Refusal::Signature),
            (json!({ "alg": "EdDSA", "kid": "new" }), 1, Refusal::UnknownKey),
            (json!({ "alg": "EdDSA" }), 1, Refusal::UnknownKey),
            (json!({ "alg": "RS256", "kid": "k" }), 1, Refusal::UnknownKey),
            (json!({ "alg": "none" }), 1, Refusal::Algorithm),
            (json!({ "alg": "HS256", "kid": "k" }), 1, Refusal::Algorithm),
            (json!({ "alg": "EdDSA", "kid": "k", "crit": ["b64"] }), 1, Refusal::Malformed),
        ] {
            assert_eq!(refusal(token(header.clone(), seed)), Some(why), "{header}");
        }
        let unsigned = format!("{}.{}.", text(&json!({ "alg": "none" })), text(&claims()));
        assert_eq!(refusal(unsigned), Some(Refusal::Algorithm));
        for nonsense in ["", ".", "..", "a.b.c", &"x".repeat(MAX_LENGTH + 1)] {
            assert_eq!(refusal(nonsense.to_owned()), Some(Refusal::Malformed));
        }
    }

    /// RFC 7515, A.2 and A.3: the signatures and keys of RS256 and ES256.
    #[test]
    fn the_signatures_of_the_standard_are_right() {
        const MESSAGE: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let ec = json!({ "keys": [{
            "kty": "EC", "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
        }] });
        let signed = decoded(
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        )
        .unwrap();
        let keys = Keys::read(ec.to_string().as_bytes()).unwrap();
        let key = keys.find(None, Algorithm::Es256).unwrap();
        let message = format!("eyJhbGciOiJFUzI1NiJ9.{MESSAGE}");
        assert!(key.verify(Algorithm::Es256, message.as_bytes(), &signed).is_some());
        assert!(key.verify(Algorithm::Es256, b"other", &signed).is_none());
        let rsa = json!({ "keys": [{
            "kty": "RSA", "e": "AQAB",
            "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
        }] });
        let signed = decoded(
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
        )
        .unwrap();
        let keys = Keys::read(rsa.to_string().as_bytes()).unwrap();
        let key = keys.find(None, Algorithm::Rs256).unwrap();
        let message = format!("eyJhbGciOiJSUzI1NiJ9.{MESSAGE}");
        assert!(key.verify(Algorithm::Rs256, message.as_bytes(), &signed).is_some());
        assert!(key.verify(Algorithm::Rs256, b"other", &signed).is_none());
    }
}
