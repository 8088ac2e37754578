//! From the host's request to the service's router and back.

use axum::Router;
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, HOST, HeaderValue, ORIGIN};
use http::{HeaderMap, Method, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use tower_service::Service as _;
use uuid::Uuid;

use crate::cx::{REQUEST_ID, RequestId};
use crate::events::publish;
use crate::idempotency::{BodyDigest, IDEMPOTENCY_KEY};
use crate::problem::{Cause, Problem};
use crate::{Service, log};

/// The longest body that a request may have, in bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// Serves one request by `service`'s `router`.
///
/// The body is read before the router runs and the answer is written as a whole: Spin would hold
/// back the second piece of an answer that comes in two.
pub async fn serve(
    service: &'static Service,
    router: Router,
    request: spin_sdk::http::Request,
) -> http::Response<Full<Bytes>> {
    let (response, id) = answer(service, router, request).await;
    finish(response, id).await
}

/// What `service`'s `router` answers to `request`, and the request's id: to be sent after
/// [`finish`], or after [`sign`] by whoever writes the body bit by bit.
pub async fn answer(
    service: &'static Service,
    router: Router,
    request: spin_sdk::http::Request,
) -> (Response, RequestId) {
    let (parts, body) = request.into_parts();
    let id = RequestId(request_id(&parts.headers));
    let response = match admit(&parts.method, &parts.uri, &parts.headers) {
        Err(problem) => problem.into_response(),
        Ok(()) => match read_body(&parts.method, &parts.headers, body).await {
            Err(problem) => problem.into_response(),
            Ok(body) => {
                let digest =
                    parts.headers.contains_key(IDEMPOTENCY_KEY).then(|| BodyDigest::of(&body));
                let mut request = http::Request::from_parts(parts, axum::body::Body::from(body));
                request.extensions_mut().insert(id.clone());
                if let Some(digest) = digest {
                    request.extensions_mut().insert(digest);
                }
                route(router, request).await
            }
        },
    };
    publish::publish_soon(service);
    (response, id)
}

/// `routes`, which answer with a problem what they do not know. To be called on all routes of a
/// service: axum gives the answer for unknown methods only to routes that are there already.
pub fn complete(routes: Router) -> Router {
    routes
        .fallback(async || Problem::not_found("This address does not exist"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
}

async fn route(mut router: Router, request: http::Request<axum::body::Body>) -> Response {
    router.call(request).await.unwrap_or_else(|never| match never {})
}

/// The client's id if it is one that can stand in a log line, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let given = headers.get(&REQUEST_ID).filter(|value| {
        (1..=64).contains(&value.len())
            && value
                .as_bytes()
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
    });
    given.cloned().unwrap_or_else(|| {
        HeaderValue::try_from(Uuid::now_v7().to_string())
            .unwrap_or(HeaderValue::from_static("unknown"))
    })
}

/// Refuses changes that another site's page asks for in a visitor's name: browsers say in `Origin`
/// whose page it was (OWASP, Cross-Site Request Forgery Prevention).
fn admit(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    let ours = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| uri.authority().map(http::uri::Authority::as_str));
    let theirs = origin.to_str().ok().and_then(|origin| Some(origin.split_once("://")?.1));
    if theirs.is_some() && theirs == ours {
        return Ok(());
    }
    Err(Problem::forbidden("Only Boxoffice's own pages may change something (see Origin)"))
}

async fn read_body(
    method: &Method,
    headers: &HeaderMap,
    mut body: impl http_body_util::BodyExt<Data = Bytes> + Unpin,
) -> Result<Bytes, Problem> {
    if matches!(*method, Method::GET | Method::HEAD) {
        // What such a request's body says is defined nowhere (RFC 9110, 9.3.1), and finding out that
        // there is none takes several calls of the host.
        return Ok(Bytes::new());
    }
    let declared = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse::<usize>().ok());
    if declared.is_some_and(|length| length > BODY_LIMIT) {
        return Err(Problem::too_large(BODY_LIMIT));
    }
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame
            .map_err(|_| Problem::malformed("The request's body ended early; send it again"))?;
        if let Ok(data) = frame.into_data() {
            if bytes.len() + data.len() > BODY_LIMIT {
                return Err(Problem::too_large(BODY_LIMIT));
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes.freeze())
}

/// `response` to the request `id` as it is sent: whole, and with the headers that all answers have.
pub async fn finish(response: Response, id: RequestId) -> http::Response<Full<Bytes>> {
    let (mut parts, body) = response.into_parts();
    if let Some(Cause(cause)) = parts.extensions.get() {
        log::request_failed(id.0.to_str().unwrap_or_default(), cause);
    }
    // Ours are bodies in memory: reading one cannot fail.
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    if matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        // axum said 0. A 204 has no length, and a 304 would have to say how long the 200 was (RFC
        // 9110, 8.6), which nothing here knows.
        parts.headers.remove(CONTENT_LENGTH);
    } else {
        // The answer to HEAD says how long that to GET is, and has no body.
        parts.headers.entry(CONTENT_LENGTH).or_insert(HeaderValue::from(body.len()));
    }
    sign(&mut parts.headers, id);
    http::Response::from_parts(parts, Full::new(body))
}

/// Gives the answer to the request `id` the headers that all answers have.
pub fn sign(headers: &mut HeaderMap, id: RequestId) {
    headers.insert(REQUEST_ID, id.0);
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use http::header::HeaderName;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (HeaderName::from_static(k), v.parse().unwrap())).collect()
    }

    #[test]
    fn only_our_own_pages_may_change_things() {
        let uri = Uri::from_static("/api/orders");
        let ask = |method, pairs| admit(&method, &uri, &headers(pairs)).is_ok();
        assert!(ask(Method::POST, &[("host", "shop.example")]), "no browser, no Origin");
        assert!(ask(Method::POST, &[("host", "shop.example"), ("origin", "https://shop.example")]));
        assert!(!ask(
            Method::POST,
            &[("host", "shop.example"), ("origin", "https://evil.example")]
        ));
        assert!(!ask(Method::DELETE, &[("host", "shop.example"), ("origin", "null")]));
        assert!(ask(Method::GET, &[("host", "shop.example"), ("origin", "https://evil.example")]));
    }

    #[test]
    fn request_ids_are_kept_if_they_fit_a_log_line() {
        assert_eq!(request_id(&headers(&[("x-request-id", "abc-1")])), "abc-1");
        assert_ne!(request_id(&headers(&[("x-request-id", "a b\"")])), "a b\"");
    }
}
