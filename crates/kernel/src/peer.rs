//! Calls to the sibling services: in the name of the user who is asking, of nobody, or as a service.

use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cx::{REQUEST_ID, RequestId};
use crate::http::origin::FORWARDED_FOR;
use crate::{Cx, Problem, UserCx, client, config, sibling};

/// A sibling that takes longer than this counts as not available.
const LIMIT: Duration = Duration::from_secs(5);

/// A sibling service.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// What people call it, for messages.
    pub name: &'static str,
    /// The variable with its base URL.
    pub base_url: &'static str,
}

/// A call to a sibling.
pub struct Call<'a> {
    /// The method.
    pub method: Method,
    /// The path, with its query if any.
    pub path: &'a str,
    /// The session token of the user who is asking.
    pub token: Option<&'a str>,
    /// What the call is part of: the sibling learns the request's id, and whose request it is.
    pub cx: &'a Cx,
    /// What else the sibling is told, such as the visitor's `Accept-Language` or an
    /// `Idempotency-Key`. The fields above and the body's own headers go before.
    pub headers: HeaderMap,
    /// Whether the call proves that a service of ours makes it.
    pub as_sibling: bool,
}

impl<'a> Call<'a> {
    /// Makes a call in the name of the user who is asking.
    #[must_use]
    pub fn by(cx: &'a UserCx, method: Method, path: &'a str) -> Self {
        Self { token: Some(&cx.user.token), ..Self::by_nobody(cx, method, path) }
    }

    /// Makes a call that needs no signed-in user.
    #[must_use]
    pub fn by_nobody(cx: &'a Cx, method: Method, path: &'a str) -> Self {
        Self { method, path, token: None, cx, headers: HeaderMap::new(), as_sibling: false }
    }

    /// Makes a call that only a service may make: [`sibling::Sibling`] takes it.
    #[must_use]
    pub fn as_sibling(cx: &'a Cx, path: &'a str) -> Self {
        Self { as_sibling: true, ..Self::by_nobody(cx, Method::POST, path) }
    }
}

/// Why a sibling did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It refuses, in its own words.
    #[error("{status}: {}", .refusal.detail)]
    Refused {
        /// The status of its answer.
        status: StatusCode,
        /// What it says.
        refusal: Refusal,
    },
    /// It cannot be reached, does not answer in time, or broke.
    #[error("{name} does not answer: {cause:#}")]
    Unavailable {
        /// What people call it.
        name: &'static str,
        /// What went wrong.
        cause: anyhow::Error,
    },
    /// Its answer is not what it should be.
    #[error("{0:#}")]
    Odd(anyhow::Error),
}

/// A sibling's refusal, as far as it is passed on.
#[derive(Debug, serde::Deserialize)]
pub struct Refusal {
    detail: String,
    code: Option<String>,
}

impl Peer {
    /// Makes `call` with `body` as JSON, if there is one.
    ///
    /// # Errors
    /// When the sibling cannot be reached or does not answer in time.
    pub async fn send(
        &self,
        call: Call<'_>,
        body: Option<&impl Serialize>,
    ) -> Result<Response<Bytes>> {
        self.send_within(LIMIT, call, body).await
    }

    /// The same, for what may take another time than usual.
    ///
    /// # Errors
    /// When the sibling cannot be reached or does not answer within `limit`.
    pub async fn send_within(
        &self,
        limit: Duration,
        call: Call<'_>,
        body: Option<&impl Serialize>,
    ) -> Result<Response<Bytes>> {
        let base = config::variable(self.base_url).await?;
        let url = format!("{}{}", base.trim_end_matches('/'), call.path);
        let mut headers = call.headers;
        if let Some(token) = call.token {
            headers.insert(AUTHORIZATION, HeaderValue::try_from(format!("Bearer {token}"))?);
        }
        if let Some(RequestId(id)) = call.cx.request_id() {
            headers.insert(REQUEST_ID, id.clone());
        }
        if let Some(client) = call.cx.client() {
            headers.insert(FORWARDED_FOR, HeaderValue::try_from(client.to_string())?);
        }
        let bytes = match body {
            Some(body) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                Bytes::from(serde_json::to_vec(body)?)
            }
            None => Bytes::new(),
        };
        if call.as_sibling {
            let proof = sibling::proof(&call.method, call.path, &bytes).await?;
            headers.insert(sibling::SIBLING, proof);
        }
        let mut request = Request::builder().method(call.method).uri(url).body(Full::new(bytes))?;
        *request.headers_mut() = headers;
        client::send(request, limit).await
    }

    /// The thing that `call` reads or changes; `None` if the sibling knows no such thing.
    ///
    /// # Errors
    /// The sibling's own refusal; that it is not available.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        call: Call<'_>,
        body: Option<&impl Serialize>,
    ) -> Result<Option<T>, Error> {
        let answer = self.send(call, body).await.map_err(|cause| self.unavailable(cause))?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => {
                // An answer without content, such as to a `DELETE`, says no more than that it is done.
                let body: &[u8] = answer.body();
                let read = serde_json::from_slice(if body.is_empty() { b"null" } else { body })
                    .with_context(|| format!("reading the answer of {}", self.name));
                read.map(Some).map_err(Error::Odd)
            }
            status if status.is_client_error() => Err(refused(status, answer.body())),
            status => Err(self.unavailable(anyhow::anyhow!("{} answered {status}", self.name))),
        }
    }

    fn unavailable(&self, cause: anyhow::Error) -> Error {
        Error::Unavailable { name: self.name, cause }
    }
}

fn refused(status: StatusCode, body: &[u8]) -> Error {
    match serde_json::from_slice(body) {
        Ok(refusal) => Error::Refused { status, refusal },
        Err(_) => Error::Odd(anyhow::anyhow!(
            "another service answered {status} without a problem document"
        )),
    }
}

impl From<Error> for Problem {
    /// A sibling's refusal is passed on to the client in its own words.
    fn from(error: Error) -> Self {
        match error {
            Error::Refused { status, refusal } => pass_on(status, refusal),
            Error::Unavailable { name, cause } => {
                let detail = format!("The {name} service does not answer right now; try again");
                Self::unavailable(detail, 2, cause)
            }
            Error::Odd(cause) => cause.into(),
        }
    }
}

fn pass_on(status: StatusCode, Refusal { detail, code }: Refusal) -> Problem {
    let problem = match status {
        StatusCode::UNAUTHORIZED => Problem::unauthorized(detail),
        StatusCode::FORBIDDEN => Problem::forbidden(detail),
        StatusCode::CONFLICT => {
            return Problem::conflict(detail, code.as_deref().unwrap_or("conflict"));
        }
        StatusCode::PRECONDITION_FAILED => Problem::precondition_failed(detail),
        _ => Problem::malformed(detail),
    };
    match code {
        Some(code) => problem.with_code(code),
        None => problem,
    }
}
