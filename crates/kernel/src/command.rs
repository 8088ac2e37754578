//! One command, one atomic write: what changes, the events that tell of it and the answer to an
//! `Idempotency-Key` are committed together.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use send_wrapper::SendWrapper;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::db::{self, Connection, Read, Transaction};
use crate::http::etag;
use crate::{Problem, Service, Timestamp, Trace, params};

/// The header that makes a repeated request the same request
/// (draft-ietf-httpapi-idempotency-key-header).
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// On an answer that was given before.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// The headers of an answer that a replay repeats.
const KEPT_HEADERS: [HeaderName; 2] = [LOCATION, ETAG];

/// The request's `Idempotency-Key`, if it has one, and what it was first sent with.
#[derive(Clone, Debug)]
pub struct Idempotency(Option<Key>);

#[derive(Clone, Debug)]
struct Key {
    key: String,
    fingerprint: String,
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

/// The answer to a command that succeeded.
#[derive(Clone, Debug)]
pub struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Reply {
    fn json(status: StatusCode, body: &impl Serialize) -> anyhow::Result<Self> {
        Ok(Self { status, headers: HeaderMap::new(), body: serde_json::to_string(body)? })
    }

    /// 201, with where the new thing is and what it is.
    ///
    /// # Errors
    /// When `body` cannot be written as JSON.
    pub fn created(location: &str, body: &impl Serialize) -> anyhow::Result<Self> {
        let mut reply = Self::json(StatusCode::CREATED, body)?;
        reply.headers.insert(LOCATION, HeaderValue::from_str(location)?);
        Ok(reply)
    }

    /// 200 with what the thing now is.
    ///
    /// # Errors
    /// When `body` cannot be written as JSON.
    pub fn ok(body: &impl Serialize) -> anyhow::Result<Self> {
        Self::json(StatusCode::OK, body)
    }

    /// 204: done, and nothing to say.
    #[must_use]
    pub fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, headers: HeaderMap::new(), body: String::new() }
    }

    /// The same, with the thing's version as entity tag.
    #[must_use]
    pub fn at_version(mut self, version: i64) -> Self {
        self.headers.insert(ETAG, etag::of(version));
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        if self.status == StatusCode::NO_CONTENT {
            response.headers_mut().remove(CONTENT_TYPE);
        } else {
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        response.headers_mut().extend(self.headers);
        response
    }
}

/// Runs `work` in a transaction for `caller` and commits it with its events, which carry the
/// request's `trace`, and its answer. A request that was answered before gets the same answer, and
/// nothing happens again. `work` is run again when its transaction was overtaken, or undone, by another
/// one or with the connection: it must do nothing but by its transaction.
///
/// # Errors
/// What `work` says, after which nothing has changed; 409 when the key was used for another
/// request; 503 when the database is too busy, or it is not known what became of it.
pub async fn run<F>(
    service: &'static Service,
    caller: &str,
    trace: Trace,
    idempotency: &Idempotency,
    work: F,
) -> Result<Response, Problem>
where
    F: AsyncFn(&mut Transaction) -> Result<Reply, Problem>,
{
    SendWrapper::new(async move {
        let mut attempt = 1;
        let problem = loop {
            match attempt_once(service, caller, trace, idempotency, &work).await {
                Ok(reply) => return Ok(reply.into_response()),
                Err(problem) if attempt < db::ATTEMPTS => match database_error(&problem) {
                    // What has changed is there to be seen.
                    Some(db::Error::Overtaken(_)) => {}
                    Some(db::Error::Undone(_)) => db::pause(attempt).await,
                    _ => break problem,
                },
                Err(problem) => break problem,
            }
            attempt += 1;
        };
        // The request may have come before, or twice at once. That is found out last, since it hardly
        // ever did. It is what made this one fail: at the latest, there cannot be two answers to one key.
        replay(service, caller, idempotency).await?.ok_or(problem)
    })
    .await
}

async fn attempt_once<F>(
    service: &'static Service,
    caller: &str,
    trace: Trace,
    idempotency: &Idempotency,
    work: &F,
) -> Result<Reply, Problem>
where
    F: AsyncFn(&mut Transaction) -> Result<Reply, Problem>,
{
    let mut transaction = Transaction::begin(service, trace).await?;
    let reply = work(&mut transaction).await?;
    remember(service, caller, idempotency, &mut transaction, &reply)?;
    transaction.commit().await?;
    Ok(reply)
}

fn database_error(problem: &Problem) -> Option<&db::Error> {
    problem.cause()?.downcast_ref()
}

/// The answer that `caller`'s request got when it came before, if it did.
///
/// # Errors
/// 409 when the key was used for another request.
pub async fn replay(
    service: &'static Service,
    caller: &str,
    idempotency: &Idempotency,
) -> Result<Option<Response>, Problem> {
    let Some(key) = &idempotency.0 else { return Ok(None) };
    let sql = format!(
        "SELECT fingerprint, status, headers, body FROM {}_idempotency \
         WHERE scope = ?1 AND key = ?2",
        service.name
    );
    let row = {
        let connection = Connection::open(service).await?;
        connection.first(&sql, params![caller, key.key.as_str()]).await?
    };
    let Some(row) = row else { return Ok(None) };
    if row.get::<String>("fingerprint")? != key.fingerprint {
        return Err(Problem::conflict(
            "This Idempotency-Key was used for another request; use a new one for each",
            "idempotency_key_reused",
        ));
    }
    let reply = restore(&row)?;
    let mut response = reply.into_response();
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(Some(response))
}

fn restore(row: &db::Row) -> Result<Reply, Problem> {
    let status = u16::try_from(row.get::<i64>("status")?)
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok())
        .ok_or_else(|| db::Error::Row("a stored answer has no valid status".to_owned()))?;
    let stored: Vec<(String, String)> =
        serde_json::from_str(&row.get::<String>("headers")?).map_err(anyhow::Error::from)?;
    let headers = stored
        .into_iter()
        .filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)))
        .collect::<Vec<(HeaderName, HeaderValue)>>();
    Ok(Reply { status, headers: headers.into_iter().collect(), body: row.get("body")? })
}

/// Stores `reply` for repeats of `caller`'s request, as part of `transaction`.
fn remember(
    service: &'static Service,
    caller: &str,
    idempotency: &Idempotency,
    transaction: &mut Transaction,
    reply: &Reply,
) -> db::Result<()> {
    let Some(key) = &idempotency.0 else { return Ok(()) };
    let headers: Vec<(&str, &str)> = KEPT_HEADERS
        .iter()
        .filter_map(|name| Some((name.as_str(), reply.headers.get(name)?.to_str().ok()?)))
        .collect();
    let headers =
        serde_json::to_string(&headers).map_err(|error| db::Error::Failed(error.to_string()))?;
    let sql = format!(
        "INSERT INTO {}_idempotency \
         (scope, key, fingerprint, status, headers, body, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        service.name
    );
    let row = params![
        caller,
        key.key.as_str(),
        key.fingerprint.as_str(),
        i64::from(reply.status.as_u16()),
        headers,
        reply.body.as_str(),
        Timestamp::now()
    ];
    transaction.insert(sql, row);
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
