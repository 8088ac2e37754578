//! Forms: as they come in, and as they are shown again.

use std::collections::BTreeMap;

use axum::extract::{FromRequest, Request};
use boxoffice_kernel::Problem;
use boxoffice_web::state::{FieldError, Form};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use uuid::Uuid;

/// A form that was sent: `application/x-www-form-urlencoded`, each field once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent(BTreeMap<String, String>);

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let media_type = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let essence = media_type.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Problem::malformed(
                "Send the form as application/x-www-form-urlencoded; programs use /api/docs",
            ));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|_| Problem::malformed("The request's body ended early; send it again"))?;
        Ok(Self::parse(&bytes))
    }
}

impl Sent {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let fields = form_urlencoded::parse(bytes);
        Self(fields.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// What the field `name` holds, as it was typed; empty if it was not sent.
    pub(crate) fn raw(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The same without blanks around it.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The same; `None` for a field that was left empty.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        Some(self.value(name)).filter(|value| !value.is_empty())
    }

    /// The key under which it was sent.
    pub(crate) fn key(&self) -> &str {
        self.value("key")
    }

    /// The form as it is shown again, with what was typed into `fields`, what is wrong with it and
    /// the key of its next submission.
    pub(crate) fn again(&self, fields: &[&str], errors: Vec<FieldError>, key: String) -> Form {
        let typed = |name: &&str| Some((name.to_string(), self.0.get(*name)?.clone()));
        Form { key, values: fields.iter().filter_map(typed).collect(), errors }
    }
}

/// A form that nobody has filled in yet.
pub(crate) fn blank() -> Form {
    filled([])
}

/// A form that holds `values`.
pub(crate) fn filled<const N: usize>(values: [(&str, String); N]) -> Form {
    let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Form { key: new_key(), values, errors: Vec::new() }
}

/// An Idempotency-Key for one submission.
pub(crate) fn new_key() -> String {
    Uuid::now_v7().to_string()
}

/// What is wrong with the field `name`.
pub(crate) fn wrong(name: &str, message: impl Into<String>) -> FieldError {
    FieldError { field: Some(name.to_owned()), message: message.into() }
}

/// What is wrong with the whole.
pub(crate) fn wrong_at_all(message: impl Into<String>) -> FieldError {
    FieldError { field: None, message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_and_shown_again_as_they_were_typed() {
        let sent = Sent::parse("title=+O%27Hara+%26+Co+&price=&key=k-1&x=%3Cb%3E".as_bytes());
        assert_eq!(sent.raw("title"), " O'Hara & Co ");
        assert_eq!(sent.value("title"), "O'Hara & Co");
        assert_eq!((sent.given("price"), sent.given("nothing")), (None, None));
        assert_eq!(sent.key(), "k-1");
        let form =
            sent.again(&["title", "price", "venue"], vec![wrong("price", "How much?")], new_key());
        assert_eq!(form.value("title"), " O'Hara & Co ");
        assert_eq!(form.error("price"), Some("How much?"));
        assert!(!form.values.contains_key("x") && !form.values.contains_key("venue"));
        assert_ne!(form.key, "k-1");
    }
}
