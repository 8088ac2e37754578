//! `boxoffice:identity/session`: who a session token was issued to.
//!
//! Tokens are JWTs signed with Ed25519 (RFC 8037). `auth` alone can sign them; here are only the
//! public keys, a JWK set in the variable `session_public_keys`: the current one and those whose
//! tokens have not run out yet.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

mod wit {
    #![allow(missing_docs, unreachable_pub, unsafe_code, clippy::all, reason = "generated")]
    wit_bindgen::generate!({ world: "provider", path: "../../wit/identity.wit" });
    use super::Session;
    export!(Session);
}

use wit::exports::boxoffice::identity::session::{Error, Guest, User};

/// Who issues our tokens.
const ISSUER: &str = "boxoffice";

struct Session;

/// What a token says.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    email: String,
    exp: u64,
}

/// The public keys by `kid`, read once an instance.
struct Keys(HashMap<String, DecodingKey>);

/// How many tokens an instance remembers. A page asks several services with the same one.
const REMEMBERED: usize = 64;

thread_local! {
    static KEYS: OnceCell<Keys> = const { OnceCell::new() };
    static VERIFIED: RefCell<Verified> = RefCell::default();
}

/// Tokens whose signature was right, and whose they are. It stays right: keys are read once an
/// instance. Only time can end a token, so it is looked at each time.
#[derive(Default)]
struct Verified(HashMap<String, User>);

impl Verified {
    /// Whose token this is, if it was verified before and has not run out at `now`, in seconds since
    /// 1970.
    fn get(&self, token: &str, now: u64) -> Option<User> {
        self.0.get(token).filter(|user| user.expires_at > now).cloned()
    }

    fn insert(&mut self, token: String, user: User) {
        if self.0.len() >= REMEMBERED {
            // Instances are short-lived: forgetting all is as good as choosing.
            self.0.clear();
        }
        self.0.insert(token, user);
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(u64::MAX, |since| since.as_secs())
}

impl Guest for Session {
    async fn verify(token: String) -> Result<User, Error> {
        if KEYS.with(|keys| keys.get().is_none()) {
            let keys = read_keys().await.map_err(Error::Misconfigured)?;
            // Another call may have set them while this one waited; they are the same.
            KEYS.with(|cell| cell.set(keys).ok());
        }
        if let Some(user) = VERIFIED.with_borrow(|verified| verified.get(&token, now())) {
            return Ok(user);
        }
        let user = KEYS.with(|keys| match keys.get() {
            Some(keys) => keys.verify(&token),
            None => Err(Error::Misconfigured("the public keys are not loaded".to_owned())),
        })?;
        VERIFIED.with_borrow_mut(|verified| verified.insert(token, user.clone()));
        Ok(user)
    }
}

async fn read_keys() -> Result<Keys, String> {
    let text = spin_sdk::variables::get("session_public_keys")
        .await
        .map_err(|error| format!("session_public_keys: {error}"))?;
    Keys::parse(&text)
}

impl Keys {
    fn parse(text: &str) -> Result<Self, String> {
        boxoffice_eddsa::install();
        let set: JwkSet = serde_json::from_str(text)
            .map_err(|error| format!("session_public_keys is not a JWK set (RFC 7517): {error}"))?;
        let mut keys = HashMap::new();
        for jwk in &set.keys {
            let kid =
                jwk.common.key_id.clone().ok_or("session_public_keys has a key without kid")?;
            let key = DecodingKey::from_jwk(jwk)
                .map_err(|error| format!("session_public_keys, key {kid}: {error}"))?;
            keys.insert(kid, key);
        }
        if keys.is_empty() {
            return Err("session_public_keys holds no key".to_owned());
        }
        Ok(Self(keys))
    }

    fn verify(&self, token: &str) -> Result<User, Error> {
        let invalid = |text: String| Error::Invalid(text);
        let header = decode_header(token).map_err(|error| invalid(error.to_string()))?;
        let kid = header.kid.ok_or_else(|| invalid("the token names no key".to_owned()))?;
        let key = self.0.get(&kid).ok_or_else(|| invalid(format!("the key {kid} is unknown")))?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[ISSUER]);
        rules.set_required_spec_claims(&["exp", "iss", "sub"]);
        // One clock tells everything here; leeway would only lengthen sessions.
        rules.leeway = 0;
        let claims = decode::<Claims>(token, key, &rules).map_err(|error| match error.kind() {
            ErrorKind::ExpiredSignature => Error::Expired,
            _ => invalid(error.to_string()),
        })?;
        let Claims { sub, email, exp } = claims.claims;
        Ok(User { id: sub, email, expires_at: exp })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use ed25519_dalek::pkcs8::{EncodePrivateKey, KeypairBytes};
    use jsonwebtoken::jwk::Jwk;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::json;

    const FAR: u64 = 4_000_000_000;

    fn signing_key(seed: u8) -> EncodingKey {
        let pair = KeypairBytes { secret_key: [seed; 32], public_key: None };
        let key = pair.to_pkcs8_der().unwrap();
        EncodingKey::from_ed_der(key.as_bytes())
    }

    fn keys(pairs: &[(&str, u8)]) -> Keys {
        boxoffice_eddsa::install();
        let keys: Vec<_> = pairs
            .iter()
            .map(|(kid, seed)| {
                let mut jwk =
                    Jwk::from_encoding_key(&signing_key(*seed), Algorithm::EdDSA).unwrap();
                jwk.common.key_id = Some((*kid).to_owned());
                jwk
            })
            .collect();
        Keys::parse(&json!({ "keys": keys }).to_string()).unwrap()
    }

    fn token(kid: &str, seed: u8, claims: &serde_json::Value) -> String {
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::EdDSA) };
        encode(&header, claims, &signing_key(seed)).unwrap()
    }

    fn claims(exp: u64) -> serde_json::Value {
        json!({ "iss": "boxoffice", "sub": "u1", "email": "a@example.com", "exp": exp })
    }

    #[test]
    fn tokens_of_current_and_retiring_keys_are_taken() {
        let keys = keys(&[("new", 1), ("old", 2)]);
        for (kid, seed) in [("new", 1), ("old", 2)] {
            let user = keys.verify(&token(kid, seed, &claims(FAR))).unwrap();
            assert_eq!((user.id.as_str(), user.email.as_str()), ("u1", "a@example.com"));
            assert_eq!(user.expires_at, FAR);
        }
    }

    #[test]
    fn forged_foreign_and_expired_tokens_are_refused() {
        let keys = keys(&[("new", 1)]);
        let verify = |token: String| keys.verify(&token);
        assert!(matches!(verify(token("new", 1, &claims(1_000))), Err(Error::Expired)));
        assert!(matches!(verify(token("new", 2, &claims(FAR))), Err(Error::Invalid(_))));
        assert!(matches!(verify(token("gone", 1, &claims(FAR))), Err(Error::Invalid(_))));
        let mut foreign = claims(FAR);
        foreign["iss"] = "elsewhere".into();
        assert!(matches!(verify(token("new", 1, &foreign)), Err(Error::Invalid(_))));
        assert!(matches!(verify("not.a.token".to_owned()), Err(Error::Invalid(_))));
        let unsigned = "eyJhbGciOiJub25lIiwia2lkIjoibmV3In0.eyJzdWIiOiJ1MSJ9.";
        assert!(matches!(verify(unsigned.to_owned()), Err(Error::Invalid(_))));
    }

    #[test]
    fn what_was_verified_is_remembered_until_it_runs_out_and_not_without_bound() {
        let user = |id: &str| User { id: id.to_owned(), email: String::new(), expires_at: 1_000 };
        let mut verified = Verified::default();
        verified.insert("a".to_owned(), user("u1"));
        assert_eq!(verified.get("a", 999).map(|user| user.id), Some("u1".to_owned()));
        assert!(verified.get("a", 1_000).is_none() && verified.get("b", 0).is_none());
        for number in 0..10 * REMEMBERED {
            verified.insert(number.to_string(), user("u2"));
            assert!(verified.0.len() <= REMEMBERED);
        }
        assert!(verified.get(&(10 * REMEMBERED - 1).to_string(), 0).is_some());
    }

    #[test]
    fn a_wrong_key_set_is_explained() {
        assert!(Keys::parse("nonsense").err().unwrap().contains("JWK set"));
        assert!(Keys::parse("{\"keys\":[]}").err().unwrap().contains("no key"));
    }
}
