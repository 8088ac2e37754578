//! Versions as entity tags (RFC 9110, section 8.8.3), `If-Match` and `If-None-Match`.

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::{HeaderValue, IF_MATCH, IF_NONE_MATCH};
use http::request::Parts;

use crate::Problem;

/// The entity tag of something at `version`.
#[must_use]
pub fn of(version: impl std::fmt::Display) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Whether the client has what `tag` names, so that 304 is answer enough: its `If-None-Match` has
/// the tag, weak or strong (RFC 9110, 13.1.2), or `*`.
#[must_use]
pub fn is_fresh(headers: &HeaderMap, tag: &str) -> bool {
    let given = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    given
        .flat_map(|text| text.split(',').map(str::trim))
        .any(|one| one == "*" || one.trim_start_matches("W/") == tag.trim_start_matches("W/"))
}

/// The versions that the client takes the thing to be at; none given means any.
pub struct IfMatch(Option<Vec<String>>);

impl IfMatch {
    /// Whether the thing, which is at `version`, is still what the client read.
    #[must_use]
    pub fn allows(&self, version: i64) -> bool {
        let tag = format!("\"{version}\"");
        let is_it = |given: &String| *given == tag || given == "*";
        self.0.as_ref().is_none_or(|tags| tags.iter().any(is_it))
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
    fn what_the_client_has_is_fresh() {
        let fresh = |given: &'static str| {
            let headers = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(given))]);
            is_fresh(&headers, "\"a-br\"")
        };
        assert!(fresh("\"a-br\"") && fresh("W/\"a-br\"") && fresh("\"b\", \"a-br\"") && fresh("*"));
        assert!(!fresh("\"a\"") && !fresh("a-br") && !fresh(""));
        assert!(!is_fresh(&HeaderMap::new(), "\"a-br\""));
    }

    #[test]
    fn only_the_version_that_was_read_matches() {
        let tags = |tags: &[&str]| IfMatch(Some(tags.iter().map(ToString::to_string).collect()));
        assert!(tags(&["\"3\"", "\"4\""]).allows(4));
        assert!(!tags(&["\"3\""]).allows(4));
        assert!(tags(&["*"]).allows(4));
        assert!(IfMatch(None).allows(4));
    }
}
