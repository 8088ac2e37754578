//! Answers in JSON that is written already.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue};
use http::{HeaderMap, StatusCode};

use super::etag::is_fresh;

/// Whoever keeps it asks whether it is still so before they use it, and keeps it to themselves.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("private, no-cache");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The answer to a request with `headers` for what is `tag` now: 304 if the client has it, else
/// `body`, which is JSON.
pub fn revalidated(
    headers: &HeaderMap,
    tag: HeaderValue,
    body: impl FnOnce() -> String,
) -> Response {
    if is_fresh(headers, tag.to_str().unwrap_or_default()) {
        return (StatusCode::NOT_MODIFIED, [(ETAG, tag), (CACHE_CONTROL, ASK_AGAIN)])
            .into_response();
    }
    let headers = [(CONTENT_TYPE, JSON), (ETAG, tag), (CACHE_CONTROL, ASK_AGAIN)];
    (headers, body()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_client_has_is_not_sent_again() {
        let ask = |given: &'static str| {
            let headers = HeaderMap::from_iter([(
                http::header::IF_NONE_MATCH,
                HeaderValue::from_static(given),
            )]);
            let tag = HeaderValue::from_static("\"7\"");
            revalidated(&headers, tag, || "{}".to_owned())
        };
        let known = ask("\"7\"");
        assert_eq!(known.status(), 304);
        assert!(known.headers().get(CONTENT_TYPE).is_none());
        let changed = ask("\"6\"");
        assert_eq!(changed.status(), 200);
        for answer in [known, changed] {
            assert_eq!(answer.headers()[ETAG], "\"7\"");
            assert_eq!(answer.headers()[CACHE_CONTROL], "private, no-cache");
        }
    }
}
