//! Sessions: tokens that `auth` signs and everyone can verify, and the cookie that carries them.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::{Context, Result, anyhow};
use axum::response::Response;
use boxoffice_contract::UserId;
use boxoffice_contract::users::Account;
use boxoffice_kernel::identity::{COOKIE_NAME, SECURE_COOKIE_NAME};
use boxoffice_kernel::{Timestamp, config};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};
use http::header::{HeaderValue, SET_COOKIE};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;

/// What tells our tokens from those of others.
const ISSUER: &str = "boxoffice";

/// The key that signs, and its public half with the `kid` that names it.
pub(crate) struct Key {
    signing: EncodingKey,
    kid: String,
    pub(crate) public: Jwk,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: UserId,
    email: &'a str,
    iat: i64,
    exp: i64,
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
        Ok(Self { signing, kid, public })
    }

    fn sign(&self, account: &Account, from: Timestamp, until: Timestamp) -> Result<String> {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        let claims = Claims {
            iss: ISSUER,
            sub: account.id,
            email: &account.email,
            iat: from.as_millis() / 1000,
            exp: until.as_millis() / 1000,
        };
        Ok(encode(&header, &claims, &self.signing)?)
    }
}

/// `response` with a new session of `account` in its cookie.
pub(crate) async fn start(account: &Account, response: Response) -> Result<Response> {
    let seconds = config::number("session_seconds").await?;
    let now = Timestamp::now();
    let token = Key::load().await?.sign(account, now, now.plus_seconds(seconds))?;
    with_cookie(response, &token, seconds).await
}

/// `response` with the session's cookie taken back.
pub(crate) async fn end(response: Response) -> Result<Response> {
    with_cookie(response, "", 0).await
}

async fn with_cookie(mut response: Response, token: &str, seconds: i64) -> Result<Response> {
    let secure = config::is_secure().await?;
    let cookie = cookie(token, seconds, secure);
    response.headers_mut().append(SET_COOKIE, HeaderValue::try_from(cookie)?);
    Ok(response)
}

/// Lax: a link from elsewhere finds one signed in, a form from elsewhere does not.
fn cookie(token: &str, seconds: i64, secure: bool) -> String {
    let (name, secure) = if secure { (SECURE_COOKIE_NAME, "; Secure") } else { (COOKIE_NAME, "") };
    format!("{name}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    /// Made by `openssl genpkey -algorithm ed25519`, for this test alone.
    const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";

    #[test]
    fn a_key_of_openssl_signs_and_names_itself() {
        let key = Key::from_pem(PEM).unwrap();
        let json = serde_json::to_value(&key.public).unwrap();
        assert_eq!((&json["kty"], &json["crv"]), (&"OKP".into(), &"Ed25519".into()));
        assert_eq!(json["kid"], key.kid.as_str());
        assert!(json.get("d").is_none(), "the private half stays here");
        let account = Account { id: UserId::new(), email: "a@example.com".to_owned() };
        let now = Timestamp::now();
        let token = key.sign(&account, now, now.plus_seconds(60)).unwrap();
        let header = jsonwebtoken::decode_header(&token).unwrap();
        assert_eq!(header.kid.as_deref(), Some(key.kid.as_str()));
    }

    #[test]
    fn what_is_no_key_is_explained() {
        let error = Key::from_pem("hunter2").err().unwrap().to_string();
        assert!(error.contains("Ed25519 key in PKCS#8 PEM"), "{error}");
    }

    #[test]
    fn cookies_are_out_of_reach_of_scripts_and_other_sites() {
        let plain = cookie("t", 60, false);
        assert_eq!(plain, "session=t; Path=/; Max-Age=60; HttpOnly; SameSite=Lax");
        let secure = cookie("t", 60, true);
        assert!(secure.starts_with("__Host-session=t;") && secure.ends_with("; Secure"));
    }
}
