//! Tokens that `auth` alone signs: of sessions, which everyone can verify, and of devices and first
//! steps, which only `auth` reads.
//!
//! Each kind has a type of its own in `typ` (RFC 8725, 3.11), so that none passes for the other.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::{Context, Result, anyhow};
use boxoffice_account_proof::Secret;
use boxoffice_contract::factors::SECOND_STEP_SECONDS;
use boxoffice_contract::{SessionId, UserId};
use boxoffice_kernel::{Timestamp, config};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::gate::{Entry, First};
use crate::vault::{self, Vault};

/// What tells our tokens from those of others.
pub(crate) const ISSUER: &str = "boxoffice";
/// The type of a session's token.
const SESSION: &str = "session+jwt";
/// The type of the token that proves the first step of a sign-in.
const FIRST_STEP: &str = "first-step+jwt";
/// The type of a device's token.
const DEVICE: &str = "device+jwt";

/// The key that signs, and its public half with the `kid` that names it.
pub(crate) struct Key {
    signing: EncodingKey,
    kid: String,
    pub(crate) public: Jwk,
    /// What makes the tokens and codes of letters.
    pub(crate) proofs: Secret,
    /// What encrypts the secrets of authenticator apps.
    pub(crate) vault: Vault,
}

/// The first step of a sign-in, which needs a second one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FirstStep {
    /// What tells it from other sign-ins, whose tries are counted apart.
    pub(crate) id: SessionId,
    pub(crate) account_id: UserId,
    pub(crate) first: First,
    /// When it was, in seconds since 1970.
    pub(crate) issued_at: i64,
}

impl FirstStep {
    /// Notes that somebody has just passed the first step.
    pub(crate) fn new(account_id: UserId, first: First) -> Self {
        let issued_at = Timestamp::now().as_millis() / 1000;
        Self { id: SessionId::new(), account_id, first, issued_at }
    }
}

/// A session, as its token tells of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionToken<'a> {
    pub(crate) entry: &'a Entry,
    pub(crate) id: SessionId,
    pub(crate) account_id: UserId,
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
}

/// For whom session tokens are: the shop. Programs from before there were sessions read none that says
/// so, nor one without `email`: while they run beside this one, tokens are as those expect.
pub(crate) struct Audience(Option<String>);

impl Audience {
    /// Reads what the variables `session_token_version` and `public_url` say.
    pub(crate) async fn load() -> Result<Self> {
        match config::variable("session_token_version").await?.trim() {
            "2" => Ok(Self(Some(config::shop().await?))),
            "1" => Ok(Self(None)),
            other => Err(anyhow!("session_token_version is {other:?}; it must be 1 or 2")),
        }
    }
}

#[derive(Serialize)]
struct SessionClaims<'a> {
    iss: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    sub: UserId,
    sid: SessionId,
    iat: i64,
    exp: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    amr: &'a [String],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    factor: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'static str>,
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    roles: &'a [&'a str],
}

#[derive(Serialize, Deserialize)]
struct DeviceClaims {
    iss: String,
    sub: UserId,
    jti: SessionId,
    exp: i64,
}

#[derive(Serialize, Deserialize)]
struct FirstStepClaims {
    iss: String,
    sub: UserId,
    jti: SessionId,
    iat: i64,
    exp: i64,
    /// Whether it was by the password.
    password: bool,
}

thread_local! {
    static KEY: RefCell<Option<Rc<Key>>> = const { RefCell::new(None) };
}

impl Key {
    /// The key of the variable `auth_signing_key`, read once an instance.
    pub(crate) async fn load() -> Result<Rc<Self>> {
        if let Some(key) = KEY.with_borrow(Clone::clone) {
            return Ok(key);
        }
        let pem = config::variable("auth_signing_key").await?;
        let key = Rc::new(Self::from_pem(&pem).context("auth_signing_key")?);
        KEY.set(Some(Rc::clone(&key)));
        Ok(key)
    }

    /// Reads PKCS#8 in PEM, as `openssl genpkey -algorithm ed25519` writes it. The `kid` is the
    /// key's thumbprint (RFC 7638): it needs no bookkeeping and changes with the key.
    fn from_pem(pem: &str) -> Result<Self> {
        boxoffice_eddsa::install();
        let key = SigningKey::from_pkcs8_pem(pem.trim())
            .map_err(|error| anyhow!("this is not an Ed25519 key in PKCS#8 PEM: {error}"))?;
        // Without the public half, which jsonwebtoken does not expect in the DER.
        let private = KeypairBytes { secret_key: key.to_bytes(), public_key: None };
        let der = private.to_pkcs8_der().map_err(|error| anyhow!("{error}"))?;
        let signing = EncodingKey::from_ed_der(der.as_bytes());
        let mut public = Jwk::from_encoding_key(&signing, Algorithm::EdDSA)?;
        let kid = public.thumbprint(ThumbprintHash::SHA256)?;
        public.common.key_id = Some(kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        let proofs = Secret::of_signing_key(&key);
        let vault = Vault::new(boxoffice_account_proof::derived(&key, vault::LABEL));
        Ok(Self { signing, kid, public, proofs, vault })
    }

    /// Returns the token of `session`, whose account has `roles`.
    pub(crate) fn of_session(
        &self,
        session: SessionToken<'_>,
        roles: &[&str],
        Audience(audience): &Audience,
    ) -> Result<String> {
        let claims = SessionClaims {
            iss: ISSUER,
            aud: audience.as_deref(),
            sub: session.account_id,
            sid: session.id,
            iat: session.from.as_millis() / 1000,
            exp: session.until.as_millis() / 1000,
            auth_time: session.entry.at,
            amr: &session.entry.amr,
            factor: session.entry.has_factor,
            email: audience.is_none().then_some(""),
            roles,
        };
        Ok(encode(&self.header(SESSION), &claims, &self.signing)?)
    }

    /// Returns the token that proves the first step of a sign-in.
    pub(crate) fn of_first_step(&self, step: &FirstStep) -> Result<String> {
        let claims = FirstStepClaims {
            iss: ISSUER.to_owned(),
            sub: step.account_id,
            jti: step.id,
            iat: step.issued_at,
            exp: step.issued_at + SECOND_STEP_SECONDS,
            password: step.first == First::Password,
        };
        Ok(encode(&self.header(FIRST_STEP), &claims, &self.signing)?)
    }

    /// Reads such a token, if it is one and its time is not up.
    pub(crate) fn first_step(&self, token: &str) -> Option<FirstStep> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.typ.as_deref() != Some(FIRST_STEP) {
            return None;
        }
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[ISSUER]);
        rules.leeway = 0;
        let key = DecodingKey::from_jwk(&self.public).ok()?;
        let claims: FirstStepClaims = decode(token, &key, &rules).ok()?.claims;
        let first = if claims.password { First::Password } else { First::Elsewhere };
        let (id, account_id, issued_at) = (claims.jti, claims.sub, claims.iat);
        Some(FirstStep { id, account_id, first, issued_at })
    }

    /// Returns the token by which a device shows until `until` that `account_id` has signed in there.
    pub(crate) fn of_device(&self, account_id: UserId, until: Timestamp) -> Result<String> {
        let claims = DeviceClaims {
            iss: ISSUER.to_owned(),
            sub: account_id,
            jti: SessionId::new(),
            exp: until.as_millis() / 1000,
        };
        Ok(encode(&self.header(DEVICE), &claims, &self.signing)?)
    }

    /// Returns whose device `token` names and the device's own id, if it is a valid token of a device.
    pub(crate) fn device(&self, token: &str) -> Option<(UserId, SessionId)> {
        let DeviceClaims { sub, jti, .. } = self.opened(DEVICE, token)?;
        Some((sub, jti))
    }

    /// Signs what only `auth` reads again. `claims` has `iss` and `exp`.
    pub(crate) fn sealed(&self, kind: &str, claims: &impl Serialize) -> Result<String> {
        Ok(encode(&self.header(kind), claims, &self.signing)?)
    }

    /// Reads what [`Self::sealed`] has signed, if it is of this kind and has not run out.
    pub(crate) fn opened<T: DeserializeOwned>(&self, kind: &str, token: &str) -> Option<T> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.typ.as_deref() != Some(kind) {
            return None;
        }
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[ISSUER]);
        let key = DecodingKey::from_jwk(&self.public).ok()?;
        Some(decode(token, &key, &rules).ok()?.claims)
    }

    fn header(&self, kind: &str) -> Header {
        Header {
            kid: Some(self.kid.clone()),
            typ: Some(kind.to_owned()),
            ..Header::new(Algorithm::EdDSA)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::gate::Second;

    fn key() -> Key {
        Key::from_pem(PEM).unwrap()
    }

    /// Made by `openssl genpkey -algorithm ed25519`, for this test alone.
    const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";

    #[test]
    fn a_key_of_openssl_signs_and_names_itself() {
        let key = key();
        let json = serde_json::to_value(&key.public).unwrap();
        assert_eq!((&json["kty"], &json["crv"]), (&"OKP".into(), &"Ed25519".into()));
        assert_eq!(json["kid"], key.kid.as_str());
        assert!(json.get("d").is_none(), "the private half stays here");
        let (id, account_id, from) = (SessionId::new(), UserId::new(), Timestamp::now());
        let entry = Entry::of_both(First::Password.amr(), Second::Totp);
        let until = from.plus_seconds(60);
        let session = SessionToken { entry: &entry, id, account_id, from, until };
        for (audience, email) in [(Some("https://shop.example".to_owned()), None), (None, Some(""))]
        {
            let token = key.of_session(session, &[], &Audience(audience.clone())).unwrap();
            let header = jsonwebtoken::decode_header(&token).unwrap();
            assert_eq!(header.kid.as_deref(), Some(key.kid.as_str()));
            assert_eq!(header.typ.as_deref(), Some("session+jwt"));
            let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
            let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
            assert_eq!(claims["aud"].as_str(), audience.as_deref());
            assert_eq!(claims["email"].as_str(), email);
            assert_eq!(claims["sid"], id.to_string());
            assert!(claims.get("roles").is_none(), "most accounts have none");
            assert_eq!(claims["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
            assert_eq!((&claims["auth_time"], &claims["factor"]), (&entry.at.into(), &true.into()));
        }
    }

    #[test]
    fn a_device_shows_whose_it_is_and_nothing_else_does() {
        let key = key();
        let (account_id, now) = (UserId::new(), Timestamp::now());
        let token = key.of_device(account_id, now.plus_seconds(60)).unwrap();
        assert_eq!(key.device(&token).map(|(account, _)| account), Some(account_id));
        let ended = key.of_device(account_id, now.plus_seconds(-600)).unwrap();
        assert!(key.device(&ended).is_none());
        let (id, until) = (SessionId::new(), now.plus_seconds(60));
        let entry = Entry::of_new_account(First::Password);
        let session = SessionToken { entry: &entry, id, account_id, from: now, until };
        let session = key.of_session(session, &["operator"], &Audience(None)).unwrap();
        assert!(key.device(&session).is_none() && key.device("a.b.c").is_none());
        assert!(key.first_step(&session).is_none() && key.first_step(&token).is_none());
    }

    #[test]
    fn a_first_step_is_read_as_it_was_for_ten_minutes() {
        let key = key();
        for first in [First::Password, First::Elsewhere] {
            let step = FirstStep::new(UserId::new(), first);
            let token = key.of_first_step(&step).unwrap();
            assert_eq!(key.first_step(&token), Some(step));
            assert!(key.device(&token).is_none());
            let issued_at = step.issued_at - SECOND_STEP_SECONDS - 1;
            let late = key.of_first_step(&FirstStep { issued_at, ..step }).unwrap();
            assert_eq!(key.first_step(&late), None);
        }
    }

    #[test]
    fn what_is_no_key_is_explained() {
        let error = Key::from_pem("hunter2").err().unwrap().to_string();
        assert!(error.contains("Ed25519 key in PKCS#8 PEM"), "{error}");
    }
}
