//! Versions as entity tags (RFC 9110, section 8.8.3), and `If-Match`.

use axum::extract::FromRequestParts;
use http::header::{HeaderValue, IF_MATCH};
use http::request::Parts;

use crate::Problem;

/// The entity tag of something at `version`.
#[must_use]
pub fn of(version: i64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// The versions that the client takes the thing to be at; none given means any.
pub struct IfMatch(Option<Vec<String>>);

impl IfMatch {
    /// Checks that the thing is still what the client read.
    ///
    /// # Errors
    /// 412 when it has changed.
    pub fn check(&self, version: i64) -> Result<(), Problem> {
        let tag = format!("\"{version}\"");
        match &self.0 {
            Some(tags) if !tags.iter().any(|given| *given == tag || given == "*") => {
                Err(Problem::precondition_failed(
                    "This has changed since you read it. Read it again, then repeat your change",
                ))
            }
            _ => Ok(()),
        }
    }

    /// Whether the client minds which version it changes.
    #[must_use]
    pub const fn is_given(&self) -> bool {
        self.0.is_some()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(IF_MATCH) else { return Ok(Self(None)) };
        let text = value.to_str().map_err(|_| Problem::malformed("If-Match is not text"))?;
        Ok(Self(Some(text.split(',').map(|tag| tag.trim().to_owned()).collect())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_version_that_was_read_matches() {
        let tags = |tags: &[&str]| IfMatch(Some(tags.iter().map(ToString::to_string).collect()));
        assert!(tags(&["\"3\"", "\"4\""]).check(4).is_ok());
        assert!(tags(&["\"3\""]).check(4).is_err());
        assert!(tags(&["*"]).check(4).is_ok());
        assert!(IfMatch(None).check(4).is_ok());
    }
}
