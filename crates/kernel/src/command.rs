//! One command, one atomic write: what changes, the events that tell of it and the answer to an
//! `Idempotency-Key` are committed together.

use std::cell::Cell;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION};
use http::{HeaderMap, StatusCode};
use send_wrapper::SendWrapper;
use serde::Serialize;

use crate::cx::Cx;
use crate::db::{self, Query, Read, Reader};
use crate::http::etag;
use crate::idempotency::Key;
pub use crate::idempotency::{IDEMPOTENCY_KEY, Idempotency};
use crate::unit::{self, Unit};
use crate::{Problem, Service, Timestamp, query, row};

/// On an answer that was given before.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// The headers of an answer that a replay repeats.
const KEPT_HEADERS: [HeaderName; 2] = [LOCATION, ETAG];
/// The scope of the keys of those who have no account yet.
const ANYONE: &str = "anyone";

/// Why a command did nothing.
#[derive(Debug)]
pub enum Error<R> {
    /// It was refused.
    Refused(R),
    /// The `Idempotency-Key` was used for another request.
    KeyReusedDifferently,
}

impl<R: From<db::Error>> Error<R> {
    fn of(error: Error<db::Error>) -> Self {
        match error {
            Error::Refused(error) => Self::Refused(error.into()),
            Error::KeyReusedDifferently => Self::KeyReusedDifferently,
        }
    }
}

impl<R: Into<Problem>> From<Error<R>> for Problem {
    fn from(error: Error<R>) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::KeyReusedDifferently => Self::conflict(
                "This Idempotency-Key was used for another request; use a new one for each",
                "idempotency_key_reused",
            ),
        }
    }
}

row! {
    /// An answer that was given.
    struct Answer {
        fingerprint: String,
        status: i64,
        headers: String,
        body: String,
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

/// Runs `work` as a [`Unit`] and commits it with its answer. A request that was answered before gets
/// the same answer, and nothing happens again.
///
/// # Errors
/// What `work` refuses, after which nothing has changed; that the key was used for another request.
pub async fn run<R: From<db::Error>>(
    cx: &Cx,
    service: &'static Service,
    idempotency: &Idempotency,
    work: impl AsyncFn(&mut Unit<'_>) -> Result<Reply, R>,
) -> Result<Response, Error<R>> {
    match attempt(cx, service, idempotency, work).await {
        Ok(reply) => Ok(reply.into_response()),
        Err((refusal, _)) => answer_to_repeat(cx, service, idempotency, refusal).await,
    }
}

/// Runs `work` in the same way, for what does more than write: whether the request was answered before
/// is asked first as well.
///
/// # Errors
/// As of [`run`].
pub async fn run_asking_first<R: From<db::Error>>(
    cx: &Cx,
    service: &'static Service,
    idempotency: &Idempotency,
    work: impl AsyncFn(&mut Unit<'_>) -> Result<Reply, R>,
) -> Result<Response, Error<R>> {
    if let Some(answer) = replay(cx, service, idempotency).await.map_err(Error::of)? {
        return Ok(answer);
    }
    match attempt(cx, service, idempotency, work).await {
        Ok(reply) => Ok(reply.into_response()),
        // It was asked a moment ago.
        Err((refusal, false)) => Err(Error::Refused(refusal)),
        Err((refusal, true)) => answer_to_repeat(cx, service, idempotency, refusal).await,
    }
}

/// Runs `work` and stores its answer with it. A refusal comes with whether anything was to be changed.
async fn attempt<R: From<db::Error>>(
    cx: &Cx,
    service: &'static Service,
    idempotency: &Idempotency,
    work: impl AsyncFn(&mut Unit<'_>) -> Result<Reply, R>,
) -> Result<Reply, (R, bool)> {
    let has_begun = SendWrapper::new(Cell::new(false));
    let ran = unit::run(cx, service, async |unit| {
        let outcome = work(unit).await;
        has_begun.set(unit.has_changes());
        let reply = outcome?;
        if let Some(answer) = remembered(cx, service, idempotency, &reply)? {
            unit.insert(answer);
        }
        Ok::<_, R>(reply)
    });
    ran.await.map_err(|refusal| (refusal, has_begun.get()))
}

/// Returns the answer that the request got before, if that is what made this one fail. That is found
/// out last, since it hardly ever is: at the latest, there cannot be two answers to one key.
async fn answer_to_repeat<R: From<db::Error>>(
    cx: &Cx,
    service: &'static Service,
    idempotency: &Idempotency,
    refusal: R,
) -> Result<Response, Error<R>> {
    let answer = replay(cx, service, idempotency).await.map_err(Error::of)?;
    answer.ok_or(Error::Refused(refusal))
}

/// Returns the answer that the request got when it came before, if it did.
///
/// # Errors
/// That the key was used for another request; what the database says.
pub async fn replay(
    cx: &Cx,
    service: &'static Service,
    idempotency: &Idempotency,
) -> Result<Option<Response>, Error<db::Error>> {
    let Some(key) = &idempotency.0 else { return Ok(None) };
    let found = Reader::new(service).read::<Answer>(find(service, &scope(cx), key)).await;
    let Some(answer) = found.map_err(Error::Refused)? else { return Ok(None) };
    if answer.fingerprint != key.fingerprint {
        return Err(Error::KeyReusedDifferently);
    }
    let mut response = restore(answer).map_err(Error::Refused)?.into_response();
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(Some(response))
}

/// Whose keys are told apart from those of others.
fn scope(cx: &Cx) -> String {
    cx.caller().map_or_else(|| ANYONE.to_owned(), |caller| caller.to_string())
}

pub(crate) fn find(service: &Service, scope: &str, key: &Key) -> Query {
    let name = service.name;
    query!(
        "SELECT fingerprint, status, headers, body FROM {name}_idempotency \
         WHERE scope = ?1 AND key = ?2",
        scope,
        &key.key
    )
}

fn restore(answer: Answer) -> db::Result<Reply> {
    let invalid = |what: &str| db::Error::Row(format!("a stored answer has no valid {what}"));
    let status = u16::try_from(answer.status).ok();
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    let stored: Vec<(String, String)> =
        serde_json::from_str(&answer.headers).map_err(|_| invalid("headers"))?;
    let headers = stored
        .into_iter()
        .filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)))
        .collect::<Vec<(HeaderName, HeaderValue)>>();
    Ok(Reply {
        status: status.ok_or_else(|| invalid("status"))?,
        headers: headers.into_iter().collect(),
        body: answer.body,
    })
}

/// Makes the statement that stores `reply` for repeats of the request, if it has a key.
pub(crate) fn remembered(
    cx: &Cx,
    service: &Service,
    idempotency: &Idempotency,
    reply: &Reply,
) -> db::Result<Option<Query>> {
    let Some(key) = &idempotency.0 else { return Ok(None) };
    let headers: Vec<(&str, &str)> = KEPT_HEADERS
        .iter()
        .filter_map(|name| Some((name.as_str(), reply.headers.get(name)?.to_str().ok()?)))
        .collect();
    let headers =
        serde_json::to_string(&headers).map_err(|error| db::Error::Failed(error.to_string()))?;
    let name = service.name;
    Ok(Some(query!(
        "INSERT INTO {name}_idempotency \
         (scope, key, fingerprint, status, headers, body, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        scope(cx),
        &key.key,
        &key.fingerprint,
        i64::from(reply.status.as_u16()),
        headers,
        &reply.body,
        Timestamp::now()
    )))
}
