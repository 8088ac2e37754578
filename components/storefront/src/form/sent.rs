//! A form as it comes in.

use std::collections::BTreeMap;

use axum::extract::{FromRequest, Request};
use boxoffice_kernel::Problem;
use bytes::Bytes;
use http::header::CONTENT_TYPE;

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

    /// What was typed into those of `fields` that were sent, to be shown again.
    pub(crate) fn typed(&self, fields: &[&str]) -> BTreeMap<String, String> {
        let typed = |name: &&str| Some((name.to_string(), self.0.get(*name)?.clone()));
        fields.iter().filter_map(typed).collect()
    }

    /// The same as a form is sent, to be sent once more.
    pub(crate) fn encoded(&self, fields: &[&str]) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.typed(fields)).finish()
    }
}
