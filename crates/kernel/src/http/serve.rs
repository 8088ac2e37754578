//! From the host's request to the service's router and back.

use std::net::IpAddr;

use axum::Router;
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::{BodyExt, Full};
use tower_service::Service as _;
use uuid::Uuid;

use super::origin;
use crate::cx::{Inbound, REQUEST_ID, RequestId};
use crate::events::publish;
use crate::idempotency::{BodyDigest, IDEMPOTENCY_KEY};
use crate::log::{self, Security};
use crate::problem::{Cause, Problem};
use crate::{Cx, Service, config};

/// The longest body that a request may have, in bytes.
pub const BODY_LIMIT: usize = 64 * 1024;
/// The longest query that a request may have, in bytes.
const QUERY_LIMIT: usize = 8 * 1024;
/// What an answer that is not a page may load: nothing, and it may not be framed. Pages say more.
const NO_CONTENT_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// How long browsers keep to https, in seconds: a year.
const HTTPS_ONLY: &str = "max-age=31536000";
const HTTPS_ONLY_WITH_SUBDOMAINS: &str = "max-age=31536000; includeSubDomains";

/// Serves one request by `service`'s `router`.
///
/// The body is read before the router runs and the answer is written as a whole: Spin would hold
/// back the second piece of an answer that comes in two.
pub async fn serve(
    service: &'static Service,
    router: Router,
    request: spin_sdk::http::Request,
) -> http::Response<Full<Bytes>> {
    let (response, inbound) = answer(service, router, request).await;
    finish(response, inbound).await
}

/// What `service`'s `router` answers to `request`, and what is known of the request: to be sent after
/// [`finish`], or after [`sign`] by whoever writes the body bit by bit.
pub async fn answer(
    service: &'static Service,
    router: Router,
    request: spin_sdk::http::Request,
) -> (Response, Inbound) {
    let (parts, body) = request.into_parts();
    let id = RequestId(request_id(&parts.headers));
    let (inbound, response) = match admit(&parts).await {
        Err(problem) => (Inbound::new(id, None), problem.into_response()),
        Ok(client) => {
            let inbound = Inbound::new(id, client);
            let response = match read_body(&parts.method, &parts.headers, body).await {
                Err(problem) => problem.into_response(),
                Ok(body) => route(router, parts, body, inbound.clone()).await,
            };
            (inbound, response)
        }
    };
    publish::publish_soon(service);
    (response, inbound)
}

/// Refuses what no route is to see, and returns the client's address.
async fn admit(parts: &Parts) -> Result<Option<IpAddr>, Problem> {
    if parts.uri.query().is_some_and(|query| query.len() > QUERY_LIMIT) {
        return Err(Problem::uri_too_long(QUERY_LIMIT));
    }
    origin::admit(&config::shop().await?, &parts.method, &parts.uri, &parts.headers)?;
    Ok(origin::client(&parts.headers).await?)
}

/// `routes`, which answer with a problem what they do not know. To be called on all routes of a
/// service: axum gives the answer for unknown methods only to routes that are there already.
pub fn complete(routes: Router) -> Router {
    routes
        .fallback(async || Problem::not_found("This address does not exist"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
}

async fn route(mut router: Router, parts: Parts, body: Bytes, inbound: Inbound) -> Response {
    let digest = parts.headers.contains_key(IDEMPOTENCY_KEY).then(|| BodyDigest::of(&body));
    let mut request = http::Request::from_parts(parts, axum::body::Body::from(body));
    request.extensions_mut().insert(inbound);
    if let Some(digest) = digest {
        request.extensions_mut().insert(digest);
    }
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

/// `response` to a request as it is sent: whole, and with the headers that all answers have.
pub async fn finish(response: Response, inbound: Inbound) -> http::Response<Full<Bytes>> {
    let (mut parts, body) = response.into_parts();
    if let Some(Cause(cause)) = parts.extensions.get() {
        log::request_failed(inbound.id.0.to_str().unwrap_or_default(), cause);
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
    if parts.status == StatusCode::FORBIDDEN {
        log::security_of(&inbound, Security::Refused);
    }
    sign(&mut parts.headers, inbound).await;
    http::Response::from_parts(parts, Full::new(body))
}

/// Gives an answer the headers that all answers have (OWASP, HTTP Headers Cheat Sheet).
pub async fn sign(headers: &mut HeaderMap, inbound: Inbound) {
    headers.insert(REQUEST_ID, inbound.id.0);
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(REFERRER_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    let policy = HeaderValue::from_static(NO_CONTENT_POLICY);
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(policy);
    match https_only().await {
        Ok(Some(value)) => {
            headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(value));
        }
        Ok(None) => {}
        Err(error) => log::failed(Cx::NONE, "adding Strict-Transport-Security", &error),
    }
}

/// What browsers are told of https (RFC 6797), if the shop is served by it. Its subdomains are its
/// operator's to promise.
async fn https_only() -> anyhow::Result<Option<&'static str>> {
    if !config::is_secure().await? {
        return Ok(None);
    }
    let with_subdomains = config::is_set("hsts_subdomains").await?;
    Ok(Some(if with_subdomains { HTTPS_ONLY_WITH_SUBDOMAINS } else { HTTPS_ONLY }))
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
    fn request_ids_are_kept_if_they_fit_a_log_line() {
        assert_eq!(request_id(&headers(&[("x-request-id", "abc-1")])), "abc-1");
        assert_ne!(request_id(&headers(&[("x-request-id", "a b\"")])), "a b\"");
    }
}
