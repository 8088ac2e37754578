//! What a component is told about a request besides what the client sent.

use bytes::Bytes;
use http::header::{CONNECTION, HOST};
use http::uri::{Authority, Parts, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use crate::allowed_hosts::INTERNAL_SUFFIX;

/// Ties a request's traces together: made up, or taken from a proxy that is trusted; and echoed.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const LONGEST_REQUEST_ID: usize = 64;

/// By these a request says which trace it is part of, and that it is to be recorded (W3C Trace Context).
const TRACE: [HeaderName; 2] =
    [HeaderName::from_static("traceparent"), HeaderName::from_static("tracestate")];

// As Spin names them.
const PATH_INFO: HeaderName = HeaderName::from_static("spin-path-info");
const FULL_URL: HeaderName = HeaderName::from_static("spin-full-url");
const MATCHED_ROUTE: HeaderName = HeaderName::from_static("spin-matched-route");
const BASE_PATH: HeaderName = HeaderName::from_static("spin-base-path");
const RAW_COMPONENT_ROUTE: HeaderName = HeaderName::from_static("spin-raw-component-route");
const COMPONENT_ROUTE: HeaderName = HeaderName::from_static("spin-component-route");
const CLIENT_ADDR: HeaderName = HeaderName::from_static("spin-client-addr");

/// How a request came to its component.
pub(super) struct Arrival<'a> {
    pub(super) route: &'a HeaderValue,
    pub(super) prefix: &'a HeaderValue,
    /// What the route's wildcard stands for.
    pub(super) rest: &'a str,
    pub(super) client: &'a HeaderValue,
}

/// Gives a request what its component expects of it: a complete URI, and headers that tell how it
/// came here, whatever the client put into them.
///
/// # Errors
/// What is wrong with the client's `Host`.
pub(super) fn prepare(
    parts: &mut http::request::Parts,
    arrival: &Arrival<'_>,
) -> Result<(), &'static str> {
    let header = parts.headers.get(HOST).map(authority).transpose()?;
    let mut uri = std::mem::take(&mut parts.uri).into_parts();
    uri.authority = match (header, uri.authority) {
        (None, None) => return Err("the request names no host"),
        (Some(header), Some(uri)) if header != uri => {
            return Err("the Host header and the request's URI name different hosts");
        }
        (Some(header), _) => Some(header),
        (None, uri) => uri,
    };
    let host = uri.authority.as_ref().map_or("", Authority::host);
    // `:80` is a valid authority (RFC 3986), but not of this scheme (RFC 9110, 4.2.1).
    if host.is_empty() {
        return Err("the request names no host");
    }
    if is_internal(host) {
        return Err("that host is for calls between components only");
    }
    // Means something to this connection only.
    parts.headers.remove(CONNECTION);
    describe(parts, uri, arrival)
}

/// The same for a request from one component to another.
pub(crate) fn prepare_internal(parts: &mut http::request::Parts) {
    const WILDCARD: HeaderValue = HeaderValue::from_static("/...");
    const NO_PREFIX: HeaderValue = HeaderValue::from_static("");
    const NOBODY: HeaderValue = HeaderValue::from_static("0.0.0.0:0");
    parts.headers.remove(HOST);
    parts.headers.remove(CONNECTION);
    let path = parts.uri.path().to_owned();
    let arrival = Arrival { route: &WILDCARD, prefix: &NO_PREFIX, rest: &path, client: &NOBODY };
    let uri = std::mem::take(&mut parts.uri).into_parts();
    // It only fails for URIs that lack an authority or a path, and this one was sent to a host.
    if let Err(error) = describe(parts, uri, &arrival) {
        tracing::error!(error, "a call between components has an invalid address");
    }
    request_id(&mut parts.headers);
}

fn describe(
    parts: &mut http::request::Parts,
    mut uri: Parts,
    arrival: &Arrival<'_>,
) -> Result<(), &'static str> {
    uri.scheme.get_or_insert(Scheme::HTTP);
    uri.path_and_query.get_or_insert(http::uri::PathAndQuery::from_static("/"));
    parts.uri = Uri::from_parts(uri).map_err(|_| "the request's URI is incomplete")?;
    let headers = &mut parts.headers;
    headers.insert(PATH_INFO, text(arrival.rest.to_owned()));
    headers.insert(FULL_URL, text(parts.uri.to_string()));
    headers.insert(MATCHED_ROUTE, arrival.route.clone());
    headers.insert(BASE_PATH, HeaderValue::from_static("/"));
    headers.insert(RAW_COMPONENT_ROUTE, arrival.route.clone());
    headers.insert(COMPONENT_ROUTE, arrival.prefix.clone());
    headers.insert(CLIENT_ADDR, arrival.client.clone());
    Ok(())
}

/// Whether a host is a component's, however it is written: names have no case, and may end with the dot
/// of the root.
fn is_internal(host: &str) -> bool {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase().ends_with(INTERNAL_SUFFIX)
}

/// Text that came out of a URI, which has no character that a header cannot have.
fn text(value: String) -> HeaderValue {
    HeaderValue::from_maybe_shared(Bytes::from(value)).unwrap_or(HeaderValue::from_static(""))
}

fn authority(header: &HeaderValue) -> Result<Authority, &'static str> {
    Authority::try_from(header.as_bytes()).map_err(|_| "the Host header is not a valid host")
}

/// The request's id; one is made up and added to the headers if there is none, or none that could
/// stand in a log.
pub(crate) fn request_id(headers: &mut HeaderMap) -> HeaderValue {
    match headers.get(REQUEST_ID) {
        Some(id) if is_plain(id.as_bytes()) => id.clone(),
        _ => {
            let id = text(uuid::Uuid::now_v7().to_string());
            headers.insert(REQUEST_ID, id.clone());
            id
        }
    }
}

/// Takes from a stranger's request what would tie it to others: its id and its trace. Returns the id,
/// if it can stand in a log.
pub(super) fn disown(headers: &mut HeaderMap) -> Option<HeaderValue> {
    for name in TRACE {
        headers.remove(name);
    }
    headers.remove(REQUEST_ID).filter(|id| is_plain(id.as_bytes()))
}

fn is_plain(id: &[u8]) -> bool {
    (1..=LONGEST_REQUEST_ID).contains(&id.len()) && id.iter().all(is_plain_byte)
}

/// What can stand in a log line or a header without being taken for something else.
fn is_plain_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.".contains(byte)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn parts(uri: &str, headers: &[(&'static str, &str)]) -> http::request::Parts {
        let mut request = http::Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn prepared(
        uri: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<http::request::Parts, &'static str> {
        let (route, prefix) =
            (HeaderValue::from_static("/api/..."), HeaderValue::from_static("/api"));
        let client = HeaderValue::from_static("127.0.0.1:5");
        let rest = "/x";
        let arrival = Arrival { route: &route, prefix: &prefix, rest, client: &client };
        let mut parts = parts(uri, headers);
        prepare(&mut parts, &arrival).map(|()| parts)
    }

    #[test]
    fn the_uri_is_completed_and_the_headers_are_ours() {
        let parts = prepared(
            "/api/x?q=1",
            &[("host", "shop.example:81"), ("connection", "close"), ("spin-client-addr", "forged")],
        )
        .unwrap();
        assert_eq!(parts.uri, "http://shop.example:81/api/x?q=1");
        let header = |name| parts.headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(header("spin-full-url"), Some("http://shop.example:81/api/x?q=1"));
        assert_eq!(header("spin-path-info"), Some("/x"));
        assert_eq!(header("spin-matched-route"), Some("/api/..."));
        assert_eq!(header("spin-raw-component-route"), Some("/api/..."));
        assert_eq!(header("spin-component-route"), Some("/api"));
        assert_eq!(header("spin-base-path"), Some("/"));
        assert_eq!(header("spin-client-addr"), Some("127.0.0.1:5"));
        assert_eq!(header("connection"), None);
    }

    #[test]
    fn hosts_that_are_unclear_or_internal_are_refused() {
        for headers in [
            &[][..],
            &[("host", "a b")],
            &[("host", ":80")],
            &[("host", "orders.spin.internal")],
            &[("host", "orders.spin.internal:80")],
            &[("host", "ORDERS.Spin.Internal")],
            &[("host", "orders.spin.internal.:80")],
        ] {
            assert!(prepared("/", headers).is_err(), "{headers:?}");
        }
        assert!(prepared("http://a/", &[("host", "b")]).is_err());
        assert!(prepared("http://a/", &[("host", "a")]).is_ok());
        assert!(prepared("http://a/", &[]).is_ok());
    }

    #[test]
    fn a_strangers_id_and_trace_are_taken_away() {
        let sent = |id: &str| {
            let headers = [
                ("x-request-id", id),
                ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                ("tracestate", "a=1"),
                ("host", "shop.example"),
            ];
            let mut headers = parts("/", &headers).headers;
            let claimed = disown(&mut headers);
            assert_eq!(headers.keys().collect::<Vec<_>>(), ["host"]);
            claimed.map(|id| id.to_str().unwrap().to_owned())
        };
        assert_eq!(sent("abc-123"), Some("abc-123".to_owned()));
        assert_eq!(sent("a b"), None);
    }

    #[test]
    fn a_sensible_id_is_kept_and_any_other_replaced() {
        let id = |sent: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_bytes(sent.as_bytes()).unwrap());
            let id = request_id(&mut headers);
            assert_eq!(headers.get(REQUEST_ID), Some(&id));
            id.to_str().unwrap().to_owned()
        };
        assert_eq!(id("abc-123"), "abc-123");
        for sent in ["", "a b", &"x".repeat(129), "ü"] {
            assert_eq!(uuid::Uuid::parse_str(&id(sent)).unwrap().get_version_num(), 7);
        }
    }
}
