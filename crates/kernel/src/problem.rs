//! The one error that clients see: RFC 9457 `application/problem+json`.
//!
//! What went wrong inside travels along for the log and is never sent.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, StatusCode};

use crate::db;

use boxoffice_contract::factors::SecondFactor;
pub use boxoffice_contract::{FieldError, ProblemBody};

/// The most complaints that an answer holds: a request must not be answered with many times its size.
pub(crate) const MAX_COMPLAINTS: usize = 10;
/// The longest text of an answer, in characters. Texts may quote what a client sent.
const MAX_TEXT: usize = 300;
/// The longest name of a field in an answer, in characters.
const MAX_NAME: usize = 64;

/// Cuts `text` down to `most` characters, the last of which then says so.
fn shorten(text: &mut String, most: usize) {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
        text.pop();
        text.push('…');
    }
}

/// An error on its way to the client. Boxed: every handler's `Result` has room for one.
#[derive(Debug)]
pub struct Problem(Box<Inner>);

#[derive(Debug)]
struct Inner {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    code: Option<String>,
    second_factor: Option<SecondFactor>,
    headers: HeaderMap,
    cause: Option<anyhow::Error>,
}

/// A `Result` whose error is for the client.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

/// What the answer carries for the log, out of the client's sight.
#[derive(Clone)]
pub(crate) struct Cause(pub(crate) std::sync::Arc<anyhow::Error>);

impl Problem {
    fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self(Box::new(Inner {
            status,
            kind,
            title,
            detail: detail.into(),
            errors: Vec::new(),
            code: None,
            second_factor: None,
            headers: HeaderMap::new(),
            cause: None,
        }))
    }

    /// 400: the request makes no sense as it stands.
    #[must_use]
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", "Malformed request", detail)
    }

    /// 400: these fields are invalid.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [only] => only.message.clone(),
            all => format!("{} fields need your attention", all.len()),
        };
        Self::new(StatusCode::BAD_REQUEST, "invalid", "Invalid input", detail).about(errors)
    }

    /// 400: this one field is invalid.
    #[must_use]
    pub fn invalid_field(field: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError { message: message.into(), field: Some(field.to_owned()) }])
    }

    /// 401: nobody is signed in, or the sign-in failed.
    #[must_use]
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Not signed in", detail)
            .with_header(http::header::WWW_AUTHENTICATE, "Bearer realm=\"boxoffice\"")
    }

    /// 402: the provider declined the payment; `code` is its reason.
    #[must_use]
    pub fn declined(detail: impl Into<String>, code: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYMENT_REQUIRED, "declined", "Payment declined", detail)
            .with_code(code)
    }

    /// 403: signed in, but not yours to do.
    #[must_use]
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail)
    }

    /// 404: there is no such thing.
    #[must_use]
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    /// 405: the thing exists, the method does not.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "Method not allowed",
            "This address does not support that method; the Allow header lists the supported ones",
        )
    }

    /// 409: the thing's state does not allow it; `code` tells the reasons apart.
    #[must_use]
    pub fn conflict(detail: impl Into<String>, code: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "Conflict", detail).with_code(code)
    }

    /// 410: it was there, and is not good any more; `code` tells the reasons apart.
    #[must_use]
    pub fn gone(detail: impl Into<String>, code: &str) -> Self {
        Self::new(StatusCode::GONE, "gone", "No longer there", detail).with_code(code)
    }

    /// 412: the thing has changed since the client read it.
    #[must_use]
    pub fn precondition_failed(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "precondition-failed",
            "Changed meanwhile",
            detail,
        )
    }

    /// 413: the body is longer than `limit` bytes.
    #[must_use]
    pub fn too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "Too large",
            format!("The request's body may have at most {limit} bytes"),
        )
    }

    /// 414: the query is longer than `limit` bytes.
    #[must_use]
    pub fn uri_too_long(limit: usize) -> Self {
        Self::new(
            StatusCode::URI_TOO_LONG,
            "uri-too-long",
            "Address too long",
            format!("The query may have at most {limit} bytes"),
        )
    }

    /// 415: the body is not JSON.
    #[must_use]
    pub fn unsupported_media_type() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "Unsupported media type",
            "Send the body as JSON, with Content-Type: application/json",
        )
    }

    /// 429: too often; try again after `seconds`.
    #[must_use]
    pub fn too_many(detail: impl Into<String>, seconds: i64) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many", "Too many requests", detail)
            .with_header(RETRY_AFTER, &seconds.max(1).to_string())
    }

    /// 500: our fault; `cause` goes to the log.
    #[must_use]
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong",
            "The fault is ours. Try again; if it happens again, tell us the X-Request-Id of this \
             answer",
        )
        .caused_by(cause)
    }

    /// 503: not now; try again after `seconds`. `cause` goes to the log.
    #[must_use]
    pub fn unavailable(
        detail: impl Into<String>,
        seconds: i64,
        cause: impl Into<anyhow::Error>,
    ) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not available", detail)
            .with_header(RETRY_AFTER, &seconds.max(1).to_string())
            .caused_by(cause)
    }

    /// The same problem, with what the log is to say.
    fn caused_by(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// The same problem, about these fields.
    #[must_use]
    pub fn about(mut self, errors: Vec<FieldError>) -> Self {
        self.0.errors = errors;
        self
    }

    /// The same problem with a `code` for programs.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// The same problem, with how to go on by a second factor.
    #[must_use]
    pub fn with_second_factor(mut self, second_factor: SecondFactor) -> Self {
        self.0.second_factor = Some(second_factor);
        self
    }

    /// The same problem with a header on its answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers.insert(name, value);
        }
        self
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }
}

impl From<anyhow::Error> for Problem {
    /// A database that is busy is that, too, if it was told of on the way.
    fn from(cause: anyhow::Error) -> Self {
        match cause.downcast::<db::Error>() {
            Ok(error) => error.into(),
            Err(cause) => Self::internal(cause),
        }
    }
}

impl From<db::Error> for Problem {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Busy(_) | db::Error::Undone(_) => {
                Self::unavailable("The service is busy; try again", 1, error)
            }
            db::Error::Overtaken(_) => {
                Self::conflict("This changed just now; read it again", "changed").caused_by(error)
            }
            db::Error::Lost(_) => {
                let detail = "The answer was lost, so the change may or may not have been made. \
                              Check first, or repeat the request with the same Idempotency-Key";
                Self::unavailable(detail, 1, error).with_code("answer_lost")
            }
            other => Self::internal(other),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Inner {
            status,
            kind,
            title,
            mut detail,
            mut errors,
            code,
            second_factor,
            headers,
            cause,
        } = *self.0;
        // A problem without fields still lists its message, so that clients may always read
        // `errors`.
        if errors.is_empty() {
            errors.push(FieldError { message: detail.clone(), field: None });
        }
        errors.truncate(MAX_COMPLAINTS);
        for error in &mut errors {
            shorten(&mut error.message, MAX_TEXT);
            if let Some(field) = &mut error.field {
                shorten(field, MAX_NAME);
            }
        }
        shorten(&mut detail, MAX_TEXT);
        let body = ProblemBody {
            kind: format!("/api/docs#problem-{kind}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail,
            errors,
            code,
            second_factor,
        };
        let mut response = (status, axum::Json(body)).into_response();
        response.headers_mut().extend(headers);
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(cause) = cause {
            response.extensions_mut().insert(Cause(std::sync::Arc::new(cause)));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn an_answer_quotes_briefly() {
        let mut text = "äöü".to_owned();
        shorten(&mut text, 3);
        assert_eq!(text, "äöü");
        shorten(&mut text, 2);
        assert_eq!(text, "ä…");
    }

    #[test]
    fn a_busy_database_is_worth_another_try_however_it_is_told_of() {
        let busy = || db::Error::Busy("database is locked".to_owned());
        let told = Err::<(), _>(busy()).context("settling").map_err(Problem::from);
        for problem in [Problem::from(busy()), told.err().unwrap_or_else(|| unreachable!())] {
            assert_eq!(problem.status(), StatusCode::SERVICE_UNAVAILABLE);
        }
        let other = Problem::from(anyhow::anyhow!("no such table"));
        assert_eq!(other.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
