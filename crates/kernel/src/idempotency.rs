//! Which requests are one: the `Idempotency-Key`.

use axum::extract::FromRequestParts;
use http::header::HeaderName;
use http::request::Parts;
use sha2::{Digest, Sha256};

use crate::Problem;

/// The header that makes a repeated request the same request
/// (draft-ietf-httpapi-idempotency-key-header).
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The request's `Idempotency-Key`, if it has one, and what it was first sent with.
#[derive(Clone, Debug)]
pub struct Idempotency(pub(crate) Option<Key>);

#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) key: String,
    pub(crate) fingerprint: String,
}

/// SHA-256 of a request's body, which `serve` leaves for [`Idempotency`].
#[derive(Clone)]
pub(crate) struct BodyDigest(pub(crate) String);

impl BodyDigest {
    pub(crate) fn of(body: &[u8]) -> Self {
        Self(hex(&Sha256::digest(body)))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Idempotency {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(IDEMPOTENCY_KEY) else { return Ok(Self(None)) };
        let visible = value.as_bytes().iter().all(|byte| (b' '..=b'~').contains(byte));
        let key = value.to_str().ok().filter(|key| visible && (1..=255).contains(&key.len()));
        let Some(key) = key else {
            return Err(Problem::malformed(
                "Idempotency-Key must be 1 to 255 visible ASCII characters, such as a UUID",
            ));
        };
        let digest = parts.extensions.get::<BodyDigest>().map_or("", |digest| digest.0.as_str());
        let fingerprint = format!("{} {} {digest}", parts.method, parts.uri.path());
        Ok(Self(Some(Key { key: key.to_owned(), fingerprint })))
    }
}

impl Idempotency {
    /// The same key, told apart by `fingerprint` in place of the body: for bodies with secrets,
    /// whose digest must not be stored.
    #[must_use]
    pub fn identified_by(self, fingerprint: &str) -> Self {
        Self(self.0.map(|Key { key, .. }| Key { key, fingerprint: fingerprint.to_owned() }))
    }

    /// The key itself.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.0.as_ref().map(|key| key.key.as_str())
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
