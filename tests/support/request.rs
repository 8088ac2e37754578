//! What people send.

use std::fmt;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

/// A request, not yet sent: the same one can be sent several times, and by several people.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// Headers, besides those that say who asks.
    pub headers: HeaderMap,
    /// The body, if there is one.
    pub body: Option<Vec<u8>>,
}

/// `GET path`.
pub fn get(path: impl Into<String>) -> Request {
    Request::new(Method::GET, path)
}

/// `DELETE path`.
pub fn delete(path: impl Into<String>) -> Request {
    Request::new(Method::DELETE, path)
}

/// `POST path` with `body` as JSON.
pub fn post(path: impl Into<String>, body: Value) -> Request {
    Request::new(Method::POST, path).json(&body)
}

/// `PUT path` with `body` as JSON.
pub fn put(path: impl Into<String>, body: Value) -> Request {
    Request::new(Method::PUT, path).json(&body)
}

impl Request {
    /// A request without a body.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: HeaderMap::new(), body: None }
    }

    /// With `body` as JSON.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// With `body` as it is, and no word about its type.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// With a header, in place of one of the same name.
    ///
    /// # Panics
    /// When name or value is none that HTTP allows.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        self.headers.insert(name, HeaderValue::from_bytes(value.as_ref()).unwrap());
        self
    }

    /// Without a `Content-Type`.
    #[must_use]
    pub fn untyped(mut self) -> Self {
        self.headers.remove(CONTENT_TYPE);
        self
    }

    /// With an `Idempotency-Key`.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        let Some(body) = &self.body else { return Ok(()) };
        let text = String::from_utf8_lossy(body);
        let shown: String = text.chars().take(400).collect();
        let rest = if shown.len() < text.len() { "…" } else { "" };
        write!(f, " {shown}{rest}")
    }
}
