//! Stripe's error envelope: `{"error": {"type", "code", "message", "param", …}}`.
//!
//! Types and statuses are those of <https://docs.stripe.com/api/errors>, codes those of
//! <https://docs.stripe.com/error-codes>.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::app::Answer;

/// Why a call has no successful answer.
#[derive(Debug)]
pub(crate) enum Error {
    /// The client's doing; it is told what is wrong.
    Refused(Box<Refusal>),
    /// Another process held the ledger for too long; trying again is safe.
    Busy,
    /// Our doing; the client learns nothing but that it happened.
    Internal(anyhow::Error),
}

impl Error {
    /// Status and body for the client. Internal causes are logged, never sent.
    pub(crate) fn answer(self) -> Answer {
        match self {
            Self::Refused(refusal) => refusal.answer(),
            Self::Busy => Refusal::new(
                StatusCode::TOO_MANY_REQUESTS,
                "invalid_request_error",
                "This object cannot be accessed right now because another request is using it. \
                 Try again in a moment.",
            )
            .code("lock_timeout")
            .answer(),
            Self::Internal(cause) => {
                tracing::error!(error = format!("{cause:#}"), "payment sandbox failed");
                Refusal::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "api_error",
                    "The payment sandbox failed; its log says why.",
                )
                .answer()
            }
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                Self::Busy
            }
            _ => Self::Internal(anyhow::Error::new(error).context("the ledger")),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(anyhow::Error::new(error).context("an object in the ledger"))
    }
}

/// An error that the client caused, in Stripe's terms.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    fields: Map<String, Value>,
}

impl Refusal {
    /// An error of the wire type `kind`.
    pub(crate) fn new(status: StatusCode, kind: &str, message: impl Into<String>) -> Self {
        let mut fields = Map::new();
        fields.insert("type".to_owned(), kind.into());
        fields.insert("message".to_owned(), Value::String(message.into()));
        Self { status, fields }
    }

    /// A 400 `invalid_request_error`.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message)
    }

    /// A 402 `card_error`.
    pub(crate) fn card(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYMENT_REQUIRED, "card_error", message)
    }

    /// A parameter that is required and not there.
    pub(crate) fn missing(param: &str) -> Self {
        Self::invalid(format!("Missing required param: {param}."))
            .code("parameter_missing")
            .param(param)
    }

    /// A parameter that this call does not have.
    pub(crate) fn unknown(param: &str) -> Self {
        Self::invalid(format!("Received unknown parameter: {param}"))
            .code("parameter_unknown")
            .param(param)
    }

    /// An object that is not there. 404 where the id stood in the path, 400 where a parameter named
    /// it: Stripe answers the two differently.
    pub(crate) fn no_such(object: &str, id: &str, param: &str) -> Self {
        let status = if param == "intent" || param == "id" {
            StatusCode::NOT_FOUND
        } else {
            StatusCode::BAD_REQUEST
        };
        Self::new(status, "invalid_request_error", format!("No such {object}: '{id}'"))
            .code("resource_missing")
            .param(param)
    }

    /// Sets `code`, and `doc_url` with it.
    pub(crate) fn code(self, code: &str) -> Self {
        let page = code.replace('_', "-");
        self.with("code", code.into())
            .with("doc_url", format!("https://stripe.com/docs/error-codes/{page}").into())
    }

    /// Sets the parameter that is at fault.
    pub(crate) fn param(self, param: &str) -> Self {
        self.with("param", param.into())
    }

    /// Sets any other field of the error, such as `payment_intent`.
    pub(crate) fn with(mut self, field: &str, value: Value) -> Self {
        self.fields.insert(field.to_owned(), value);
        self
    }

    /// The error's fields without the envelope, as in a PaymentIntent's `last_payment_error`.
    pub(crate) fn fields(&self) -> Value {
        Value::Object(self.fields.clone())
    }

    /// Status and body for the client.
    pub(crate) fn answer(self) -> Answer {
        Answer { status: self.status, body: json!({ "error": self.fields }) }
    }
}
