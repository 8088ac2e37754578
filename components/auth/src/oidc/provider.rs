//! The provider: its addresses, its keys, and what it says of who has signed in.
//!
//! What it publishes is kept for ten minutes in an instance. A token of a key that is not known yet has the
//! keys read again, at most every ten seconds.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use boxoffice_id_token::{Expected, Identity, Keys, Refusal as TokenRefusal, Verified, verify};
use boxoffice_kernel::{Timestamp, client, config};
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{Request, StatusCode};
use http_body_util::Full;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::attempt::Attempt;
use crate::refusal::{Refusal, Result};

/// How long one answer of the provider may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long what the provider publishes is believed.
const FRESH: Duration = Duration::from_secs(10 * 60);
/// How often the keys are read again for a token whose key is unknown.
const PAUSE: Duration = Duration::from_secs(10);
/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 256 * 1024;

/// The provider that the shop's variables name.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    client_id: String,
    client_secret: String,
}

/// What the provider publishes of itself (OpenID Connect Discovery 1.0, 3).
#[derive(Clone, Debug, Deserialize)]
struct Published {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: Option<String>,
    jwks_uri: String,
}

#[derive(Clone)]
struct Known {
    at: Instant,
    keys_at: Instant,
    published: Arc<Published>,
    keys: Arc<Keys>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    email: Option<String>,
    email_verified: Option<Verified>,
}

thread_local! {
    static KNOWN: RefCell<Option<Known>> = const { RefCell::new(None) };
}

impl Provider {
    /// Reads the variables; there is no provider if `oidc_issuer` is empty.
    ///
    /// # Errors
    /// When one of them cannot be right.
    pub(crate) async fn load() -> anyhow::Result<Option<Self>> {
        let issuer = config::variable("oidc_issuer").await?.trim().to_owned();
        if issuer.is_empty() {
            return Ok(None);
        }
        if !is_safe(&issuer) {
            bail!("oidc_issuer is {issuer:?}; it must be an address with https");
        }
        let client_id = config::variable("oidc_client_id").await?.trim().to_owned();
        if client_id.is_empty() {
            bail!("oidc_client_id is empty; name the client that the provider knows the shop by");
        }
        let client_secret = config::variable("oidc_client_secret").await?.trim().to_owned();
        Ok(Some(Self { issuer, client_id, client_secret }))
    }

    /// Returns the address at the provider that `attempt` begins with.
    pub(super) async fn address(&self, attempt: &Attempt, redirect_uri: &str) -> Result<String> {
        let known = self.known().await.map_err(Refusal::ProviderAway)?;
        let endpoint = &known.published.authorization_endpoint;
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", "openid email")
            .append_pair("state", &attempt.state)
            .append_pair("nonce", &attempt.nonce)
            .append_pair("code_challenge", &attempt.challenge())
            .append_pair("code_challenge_method", "S256");
        let separator = if endpoint.contains('?') { '&' } else { '?' };
        Ok(format!("{endpoint}{separator}{}", query.finish()))
    }

    /// Asks the provider who has signed in, by the code of its answer.
    pub(super) async fn identify(
        &self,
        code: &str,
        attempt: &Attempt,
        redirect_uri: &str,
    ) -> Result<Identity> {
        let known = self.known().await.map_err(Refusal::ProviderAway)?;
        let tokens = self.redeem(&known.published, code, attempt, redirect_uri).await?;
        let expected = Expected {
            issuer: &self.issuer,
            client_id: &self.client_id,
            nonce: &attempt.nonce,
            now: Timestamp::now().as_millis() / 1000,
        };
        let mut verified = verify(&tokens.id_token, &known.keys, &expected);
        if matches!(verified, Err(TokenRefusal::UnknownKey)) {
            let keys = self.newer_keys(known.clone()).await.map_err(Refusal::ProviderAway)?;
            verified = verify(&tokens.id_token, &keys, &expected);
        }
        let identity = verified.map_err(|refusal| Refusal::NotBelieved(token_refused(refusal)))?;
        if identity.email.is_some() {
            return Ok(identity);
        }
        self.with_address(&known.published, identity, tokens.access_token.as_deref()).await
    }

    /// Changes the code into tokens.
    async fn redeem(
        &self,
        published: &Published,
        code: &str,
        attempt: &Attempt,
        redirect_uri: &str,
    ) -> Result<Tokens> {
        let form = self.form(code, attempt, redirect_uri);
        let mut request = Request::post(&published.token_endpoint)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json");
        if !self.client_secret.is_empty() {
            request = request.header(AUTHORIZATION, self.basic());
        }
        let request = request.body(Full::new(Bytes::from(form)));
        let request = request.map_err(|error| Refusal::ProviderAway(error.into()))?;
        let answer = client::send(request, PATIENCE).await.map_err(Refusal::ProviderAway)?;
        match answer.status() {
            StatusCode::OK => {
                let tokens = serde_json::from_slice(answer.body());
                tokens.map_err(|_| Refusal::NotBelieved("the token answer is not one"))
            }
            // A code that was used, is somebody else's, or has run out (RFC 6749, 5.2).
            StatusCode::BAD_REQUEST => Err(Refusal::NotBelieved("the provider refuses the code")),
            status => Err(Refusal::ProviderAway(anyhow!("its token endpoint answers {status}"))),
        }
    }

    /// Returns what the code is redeemed with. A client without a secret names itself here.
    fn form(&self, code: &str, attempt: &Attempt, redirect_uri: &str) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("code_verifier", &attempt.verifier);
        if self.client_secret.is_empty() {
            form.append_pair("client_id", &self.client_id);
        }
        form.finish()
    }

    /// Returns the client's name and secret (RFC 6749, 2.3.1).
    fn basic(&self) -> String {
        let part =
            |text: &str| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
        let pair = format!("{}:{}", part(&self.client_id), part(&self.client_secret));
        format!("Basic {}", STANDARD.encode(pair))
    }

    /// Asks for the address, which not every ID token has.
    async fn with_address(
        &self,
        published: &Published,
        identity: Identity,
        access_token: Option<&str>,
    ) -> Result<Identity> {
        let (Some(endpoint), Some(token)) = (&published.userinfo_endpoint, access_token) else {
            return Ok(identity);
        };
        let bearer = format!("Bearer {token}");
        let info: UserInfo = get(endpoint, Some(&bearer)).await.map_err(Refusal::ProviderAway)?;
        if info.sub != identity.subject {
            return Err(Refusal::NotBelieved("the user info is of another subject"));
        }
        let email_verified = info.email_verified.as_ref().is_some_and(Verified::is_true);
        Ok(Identity { email: info.email, email_verified, ..identity })
    }

    async fn known(&self) -> anyhow::Result<Known> {
        let known = KNOWN.with_borrow(Clone::clone);
        if let Some(known) = known.filter(|known| known.at.elapsed() < FRESH) {
            return Ok(known);
        }
        let address =
            format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let published: Published = get(&address, None).await?;
        if published.issuer != self.issuer {
            bail!("{address} names {:?}; oidc_issuer must be the same", published.issuer);
        }
        for endpoint in [
            Some(&published.authorization_endpoint),
            Some(&published.token_endpoint),
            Some(&published.jwks_uri),
            published.userinfo_endpoint.as_ref(),
        ]
        .into_iter()
        .flatten()
        {
            if !is_safe(endpoint) {
                bail!("the provider's {endpoint:?} is not an address with https");
            }
        }
        let keys = Arc::new(get::<Keys>(&published.jwks_uri, None).await?);
        let (at, published) = (Instant::now(), Arc::new(published));
        let known = Known { at, keys_at: at, published, keys };
        KNOWN.set(Some(known.clone()));
        Ok(known)
    }

    /// Reads the keys again, unless that was done just now.
    async fn newer_keys(&self, known: Known) -> anyhow::Result<Arc<Keys>> {
        if known.keys_at.elapsed() < PAUSE {
            return Ok(known.keys);
        }
        let keys = Arc::new(get::<Keys>(&known.published.jwks_uri, None).await?);
        KNOWN.set(Some(Known { keys_at: Instant::now(), keys: Arc::clone(&keys), ..known }));
        Ok(keys)
    }
}

/// Says why a token is not believed, for the log.
const fn token_refused(refusal: TokenRefusal) -> &'static str {
    match refusal {
        TokenRefusal::Malformed => "the ID token is malformed",
        TokenRefusal::Algorithm => "the ID token is signed by another algorithm",
        TokenRefusal::UnknownKey => "the ID token names an unknown key",
        TokenRefusal::Signature => "the signature of the ID token is wrong",
        TokenRefusal::Issuer => "the ID token is of another issuer",
        TokenRefusal::Audience => "the ID token is for another client",
        TokenRefusal::Expired => "the ID token has expired",
        TokenRefusal::Nonce => "the ID token answers another request",
    }
}

async fn get<T: DeserializeOwned>(address: &str, authorization: Option<&str>) -> anyhow::Result<T> {
    let mut request = Request::get(address).header(ACCEPT, "application/json");
    if let Some(authorization) = authorization {
        request = request.header(AUTHORIZATION, authorization);
    }
    let answer = client::send(request.body(Full::new(Bytes::new()))?, PATIENCE).await?;
    if answer.status() != StatusCode::OK {
        bail!("{address} answers {}", answer.status());
    }
    if answer.body().len() > MAX_ANSWER {
        bail!("{address} answers with {} bytes", answer.body().len());
    }
    serde_json::from_slice(answer.body()).with_context(|| format!("reading {address}"))
}

/// Tells whether nobody between can read or change what is sent to an address. Tests have a provider on
/// this machine.
fn is_safe(address: &str) -> bool {
    let Ok(uri) = address.parse::<http::Uri>() else { return false };
    let host = uri.host().unwrap_or_default();
    match uri.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => matches!(host, "127.0.0.1" | "[::1]" | "localhost"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_is_safe_but_on_this_machine() {
        for (address, safe) in [
            ("https://id.example", true),
            ("https://id.example:8443/tenant", true),
            ("http://127.0.0.1:9000", true),
            ("http://localhost/x", true),
            ("http://id.example", false),
            ("http://127.0.0.1.evil.example", false),
            ("ftp://id.example", false),
            ("id.example", false),
            ("", false),
        ] {
            assert_eq!(is_safe(address), safe, "{address}");
        }
    }

    #[test]
    fn a_secret_is_encoded_before_it_is_joined() {
        let provider = Provider {
            issuer: String::new(),
            client_id: "a:b".to_owned(),
            client_secret: "c d".to_owned(),
        };
        assert_eq!(provider.basic(), format!("Basic {}", STANDARD.encode("a%3Ab:c+d")));
    }
}
