//! `boxoffice:identity/session`: who a session token was issued to.
//!
//! Tokens are JWTs signed with Ed25519 (RFC 8037). `auth` alone can sign them; here are only the
//! public keys, a JWK set in the variable `session_public_keys`: the current one and those whose
//! tokens have not run out yet. A token is for one shop, that of `public_url`, and of its own type
//! (RFC 8725, 3.9 and 3.11). Tokens of programs from before that name neither; they run out by
//! themselves.

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

/// The type of a session's token.
const TYPE: &str = "session+jwt";
/// The type of tokens from before sessions had ids.
const OLD_TYPE: &str = "JWT";

/// What a token says.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    #[serde(default)]
    sid: Option<String>,
    iat: u64,
    exp: u64,
    /// What stands in no token of programs from before there were roles.
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    auth_time: Option<u64>,
    #[serde(default)]
    amr: Vec<String>,
    #[serde(default)]
    factor: bool,
}

/// The public keys by `kid`, and the shop that tokens are for, read once an instance.
struct Keys {
    by_id: HashMap<String, DecodingKey>,
    audience: String,
}

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
    let text = variable("session_public_keys").await?;
    Keys::parse(&text, variable("public_url").await?.trim_end_matches('/'))
}

async fn variable(name: &'static str) -> Result<String, String> {
    spin_sdk::variables::get(name).await.map_err(|error| format!("{name}: {error}"))
}

impl Keys {
    fn parse(text: &str, audience: &str) -> Result<Self, String> {
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
        Ok(Self { by_id: keys, audience: audience.to_owned() })
    }

    fn verify(&self, token: &str) -> Result<User, Error> {
        let invalid = |text: String| Error::Invalid(text);
        let header = decode_header(token).map_err(|error| invalid(error.to_string()))?;
        let is_old = header.typ.as_deref() == Some(OLD_TYPE);
        if !is_old && header.typ.as_deref() != Some(TYPE) {
            return Err(invalid("the token is not a session's".to_owned()));
        }
        let kid = header.kid.ok_or_else(|| invalid("the token names no key".to_owned()))?;
        let key =
            self.by_id.get(&kid).ok_or_else(|| invalid(format!("the key {kid} is unknown")))?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[&self.audience]);
        rules.set_required_spec_claims(&["exp", "iss", "sub"]);
        // One clock tells everything here; leeway would only lengthen sessions.
        rules.leeway = 0;
        let claims = decode::<Claims>(token, key, &rules).map_err(|error| match error.kind() {
            ErrorKind::ExpiredSignature => Error::Expired,
            _ => invalid(error.to_string()),
        })?;
        let Claims { sub, sid, iat, exp, roles, auth_time, amr, factor } = claims.claims;
        if sid.is_none() != is_old {
            return Err(invalid("the token's type and its claims do not match".to_owned()));
        }
        Ok(User {
            id: sub,
            session: sid,
            issued_at: iat,
            expires_at: exp,
            roles,
            auth_time: auth_time.unwrap_or(iat),
            amr,
            has_factor: factor,
        })
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
    const SHOP: &str = "https://shop.example";

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
        Keys::parse(&json!({ "keys": keys }).to_string(), SHOP).unwrap()
    }

    fn token(kid: &str, seed: u8, claims: &serde_json::Value) -> String {
        typed(TYPE, kid, seed, claims)
    }

    fn typed(kind: &str, kid: &str, seed: u8, claims: &serde_json::Value) -> String {
        let (kid, typ) = (Some(kid.to_owned()), Some(kind.to_owned()));
        let header = Header { kid, typ, ..Header::new(Algorithm::EdDSA) };
        encode(&header, claims, &signing_key(seed)).unwrap()
    }

    fn claims(exp: u64) -> serde_json::Value {
        json!({
            "iss": "boxoffice", "aud": SHOP, "sub": "u1", "sid": "s1", "iat": 7, "exp": exp
        })
    }

    #[test]
    fn tokens_of_current_and_retiring_keys_are_taken() {
        let keys = keys(&[("new", 1), ("old", 2)]);
        for (kid, seed) in [("new", 1), ("old", 2)] {
            let user = keys.verify(&token(kid, seed, &claims(FAR))).unwrap();
            assert_eq!((user.id.as_str(), user.session.as_deref()), ("u1", Some("s1")));
            assert_eq!((user.issued_at, user.expires_at), (7, FAR));
            assert_eq!((user.auth_time, user.amr.len(), user.has_factor), (7, 0, false));
        }
    }

    #[test]
    fn a_token_tells_roles_if_it_has_any() {
        let keys = keys(&[("new", 1)]);
        let roles = |claims| keys.verify(&token("new", 1, &claims)).unwrap().roles;
        assert!(roles(claims(FAR)).is_empty());
        let mut operator = claims(FAR);
        operator["roles"] = json!(["operator"]);
        assert_eq!(roles(operator), ["operator"]);
    }

    #[test]
    fn a_token_tells_when_and_how_its_user_was_last_asked() {
        let keys = keys(&[("new", 1)]);
        let mut claims = claims(FAR);
        claims["auth_time"] = 9.into();
        claims["amr"] = json!(["pwd", "otp", "mfa"]);
        claims["factor"] = true.into();
        let user = keys.verify(&token("new", 1, &claims)).unwrap();
        assert_eq!((user.issued_at, user.auth_time, user.has_factor), (7, 9, true));
        assert_eq!(user.amr, ["pwd", "otp", "mfa"]);
    }

    #[test]
    fn tokens_of_older_programs_have_no_session_until_they_run_out() {
        let keys = keys(&[("new", 1)]);
        let old = json!({ "iss": "boxoffice", "sub": "u1", "email": "a@b", "iat": 7, "exp": FAR });
        let user = keys.verify(&typed(OLD_TYPE, "new", 1, &old)).unwrap();
        assert_eq!((user.id.as_str(), user.session), ("u1", None));
        for (kind, claims) in [(TYPE, old), (OLD_TYPE, claims(FAR)), ("device+jwt", claims(FAR))] {
            let token = typed(kind, "new", 1, &claims);
            assert!(matches!(keys.verify(&token), Err(Error::Invalid(_))), "{kind}");
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
        let mut elsewhere = claims(FAR);
        elsewhere["aud"] = "https://staging.example".into();
        assert!(matches!(verify(token("new", 1, &elsewhere)), Err(Error::Invalid(_))));
        assert!(matches!(verify("not.a.token".to_owned()), Err(Error::Invalid(_))));
        let unsigned = "eyJhbGciOiJub25lIiwia2lkIjoibmV3In0.eyJzdWIiOiJ1MSJ9.";
        assert!(matches!(verify(unsigned.to_owned()), Err(Error::Invalid(_))));
    }

    #[test]
    fn what_was_verified_is_remembered_until_it_runs_out_and_not_without_bound() {
        let user = |id: &str| User {
            id: id.to_owned(),
            session: None,
            issued_at: 0,
            expires_at: 1_000,
            roles: Vec::new(),
            auth_time: 0,
            amr: Vec::new(),
            has_factor: false,
        };
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
        assert!(Keys::parse("nonsense", SHOP).err().unwrap().contains("JWK set"));
        assert!(Keys::parse("{\"keys\":[]}", SHOP).err().unwrap().contains("no key"));
    }
}
