//! A service's no.

use boxoffice_contract::FieldError;
use boxoffice_contract::factors::SecondFactor;
use boxoffice_kernel::Problem;
use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Deserialize;

/// Why a service did not do what it was asked to.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// A sentence for people.
    pub(crate) detail: String,
    /// The word for programs; empty if there is none.
    pub(crate) code: String,
    /// How to go on by a second factor, if a sign-in needs one.
    pub(crate) second_factor: Option<SecondFactor>,
    /// What is wrong with which field, or the whole.
    pub(crate) errors: Vec<FieldError>,
}

/// As much of a problem (RFC 9457) as is needed.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    #[serde(rename = "secondFactor")]
    second_factor: Option<SecondFactor>,
    detail: String,
    code: String,
    errors: Vec<FieldError>,
}

impl Refusal {
    pub(crate) fn read(answer: &Response<Bytes>) -> Self {
        let Body { mut detail, code, second_factor, errors } =
            serde_json::from_slice(answer.body()).unwrap_or_default();
        if detail.is_empty() {
            detail = "That did not work; try again".to_owned();
        }
        Self { status: answer.status(), detail: sentence(detail), code, second_factor, errors }
    }

    /// Whether the visitor's session has ended meanwhile.
    pub(crate) fn is_unauthorized(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }

    /// What is wrong with a form that has these `fields`: what is about another one is about the
    /// whole.
    pub(crate) fn on(&self, fields: &[&str]) -> Vec<FieldError> {
        let mut errors = self.errors.clone();
        if errors.is_empty() {
            errors.push(FieldError { field: None, message: self.detail.clone() });
        }
        for error in &mut errors {
            error.field = error.field.take().filter(|field| fields.contains(&field.as_str()));
            error.message = sentence(std::mem::take(&mut error.message));
        }
        errors
    }

    /// The same for the visitor, where no form is to be shown again.
    pub(crate) fn into_problem(self) -> Problem {
        match self.status {
            StatusCode::NOT_FOUND => Problem::not_found(self.detail),
            StatusCode::FORBIDDEN => Problem::forbidden(self.detail),
            StatusCode::UNAUTHORIZED => Problem::unauthorized(self.detail),
            StatusCode::CONFLICT => Problem::conflict(self.detail, &self.code),
            _ => Problem::malformed(self.detail).about(self.errors),
        }
    }
}

/// `text` with a full stop: the API's sentences have none at their end.
pub(crate) fn sentence(mut text: String) -> String {
    if text.ends_with(|last: char| last.is_alphanumeric() || last == ')') {
        text.push('.');
    }
    text
}
