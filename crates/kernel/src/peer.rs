//! Calls to the sibling services, in the name of the user who is asking.

use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::http::serve::{REQUEST_ID, RequestId};
use crate::identity::User;
use crate::{Problem, client, config};

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
    /// The request that the call is part of.
    pub request_id: Option<&'a RequestId>,
    /// What else the sibling is told, such as the visitor's `Accept-Language` or an
    /// `Idempotency-Key`. The fields above and the body's own headers go before.
    pub headers: HeaderMap,
}

impl<'a> Call<'a> {
    /// A call in the name of `user`, as part of the request `request_id`.
    #[must_use]
    pub fn by(user: &'a User, method: Method, path: &'a str, request_id: &'a RequestId) -> Self {
        Self {
            method,
            path,
            token: Some(&user.token),
            request_id: Some(request_id),
            headers: HeaderMap::new(),
        }
    }
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
        if let Some(RequestId(id)) = call.request_id {
            headers.insert(REQUEST_ID, id.clone());
        }
        let bytes = match body {
            Some(body) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                Bytes::from(serde_json::to_vec(body)?)
            }
            None => Bytes::new(),
        };
        let mut request = Request::builder().method(call.method).uri(url).body(Full::new(bytes))?;
        *request.headers_mut() = headers;
        client::send(request, limit).await
    }

    /// The thing that `call` reads or changes; `None` if the sibling knows no such thing.
    ///
    /// # Errors
    /// The sibling's own refusal, passed on to the client; 503 when it is not available.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        call: Call<'_>,
        body: Option<&impl Serialize>,
    ) -> Result<Option<T>, Problem> {
        let answer = self.send(call, body).await.map_err(|cause| self.unavailable(cause))?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => {
                let read = serde_json::from_slice(answer.body())
                    .with_context(|| format!("reading the answer of {}", self.name));
                Ok(Some(read?))
            }
            status if status.is_client_error() => Err(pass_on(status, answer.body())),
            status => Err(self.unavailable(anyhow::anyhow!("{} answered {status}", self.name))),
        }
    }

    fn unavailable(&self, cause: anyhow::Error) -> Problem {
        let detail = format!("The {} service does not answer right now; try again", self.name);
        Problem::unavailable(detail, 2, cause)
    }
}

/// A sibling's refusal in its own words.
fn pass_on(status: StatusCode, body: &[u8]) -> Problem {
    #[derive(serde::Deserialize)]
    struct Refusal {
        detail: String,
        code: Option<String>,
    }
    let Ok(Refusal { detail, code }) = serde_json::from_slice(body) else {
        return Problem::internal(anyhow::anyhow!(
            "another service answered {status} without a problem document"
        ));
    };
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
