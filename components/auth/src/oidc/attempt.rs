//! What binds a provider's answer to the browser that asked: a cookie that `auth` signs.

use anyhow::{Result, anyhow};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use boxoffice_kernel::Timestamp;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::cookie;
use crate::token::{ISSUER, Key};

/// The type of the cookie's token.
const KIND: &str = "oidc+jwt";
/// How long somebody may take at the provider, in seconds.
const SECONDS: i64 = 10 * 60;

/// A sign-in that is under way. Each of its secrets has 256 bits.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Attempt {
    iss: String,
    exp: i64,
    /// Comes back in the provider's answer.
    pub(super) state: String,
    /// Comes back in the ID token.
    pub(super) nonce: String,
    /// Shows that who redeems the code is who asked for it (RFC 7636).
    pub(super) verifier: String,
    /// Where to go on afterwards.
    pub(super) next: String,
}

impl Attempt {
    pub(super) fn new(next: &str) -> Result<Self> {
        Ok(Self {
            iss: ISSUER.to_owned(),
            exp: Timestamp::now().plus_seconds(SECONDS).as_millis() / 1000,
            state: secret()?,
            nonce: secret()?,
            verifier: secret()?,
            next: next.to_owned(),
        })
    }

    /// Reads the attempt of the browser that sent `headers`, if it has one that goes on.
    pub(super) async fn read(headers: &HeaderMap) -> Result<Option<Self>> {
        let Some(token) = cookie::attempt(headers).await? else { return Ok(None) };
        Ok(Key::load().await?.opened(KIND, token))
    }

    /// Keeps the attempt in the browser that gets `response`.
    pub(super) async fn keep(&self, response: &mut Response) -> Result<()> {
        let token = Key::load().await?.sealed(KIND, self)?;
        cookie::set_attempt(response, &token, SECONDS).await
    }

    /// Tells whether the answer is to this attempt.
    pub(super) fn is_state(&self, state: &str) -> bool {
        self.state.as_bytes().ct_eq(state.as_bytes()).into()
    }

    /// Returns what the provider compares the verifier with.
    pub(super) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()))
    }
}

/// Takes the cookie back.
pub(super) async fn forget(response: &mut Response) -> Result<()> {
    cookie::set_attempt(response, "", 0).await
}

fn secret() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("random bytes: {error}"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn an_attempt_is_like_no_other() {
        let (one, other) = (Attempt::new("/").unwrap(), Attempt::new("/").unwrap());
        assert!(one.is_state(&one.state) && !one.is_state(&other.state) && !one.is_state(""));
        assert_ne!(one.nonce, other.nonce);
        assert_eq!(one.verifier.len(), 43, "RFC 7636 asks for 43 characters at least");
    }

    /// RFC 7636, appendix B.
    #[test]
    fn a_challenge_is_that_of_the_standard() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
        let attempt = Attempt { verifier, ..Attempt::new("/").unwrap() };
        assert_eq!(attempt.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
