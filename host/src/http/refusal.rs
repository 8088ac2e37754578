//! Why the host does not let a request reach its component, or its answer the client.

use http::header::CONNECTION;
use http::{HeaderValue, Response, StatusCode};
use wasmtime_wasi_http::WasiBody;

use super::answer::problem;
use super::quota::Exceeded;

/// A refusal by one of the host's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The body has more than so many bytes.
    BodyTooLong(usize),
    /// The body took too long.
    BodyTooSlow,
    /// The client sent less than it had said, or what is no body.
    BodyBroken,
    /// All places were taken for too long.
    NoPlace,
    /// A limit on what there may be at a time was met.
    Met(Limit, Exceeded),
}

/// A limit on what there may be at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// Open connections.
    Connections,
    /// Bytes of bodies that are being read.
    Bodies,
    /// Bytes of answers that wait for their clients.
    Answers,
    /// Open event streams.
    Streams,
}

impl Limit {
    /// The name in the log, which is that of the option.
    pub(super) fn name(self, exceeded: Exceeded) -> &'static str {
        match (self, exceeded) {
            (Self::Connections, Exceeded::All) => "connections",
            (Self::Connections, Exceeded::Client) => "connections_per_client",
            (Self::Bodies, Exceeded::All) => "bodies_bytes",
            (Self::Bodies, Exceeded::Client) => "bodies_bytes_per_client",
            (Self::Answers, Exceeded::All) => "answers_bytes",
            (Self::Answers, Exceeded::Client) => "answers_bytes_per_client",
            (Self::Streams, Exceeded::All) => "streams",
            (Self::Streams, Exceeded::Client) => "streams_per_client",
        }
    }
}

impl Refusal {
    /// The limit's name in the log.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::BodyTooLong(_) => "body_bytes",
            Self::BodyTooSlow => "body_time",
            Self::BodyBroken => "body",
            Self::NoPlace => "requests",
            Self::Met(limit, exceeded) => limit.name(exceeded),
        }
    }

    /// What the client is told.
    pub(super) fn answer(self) -> Response<WasiBody> {
        let mut response = match self {
            Self::BodyTooLong(limit) => {
                let detail = format!("The request's body may have at most {limit} bytes");
                problem(StatusCode::PAYLOAD_TOO_LARGE, &detail)
            }
            Self::BodyTooSlow => problem(
                StatusCode::REQUEST_TIMEOUT,
                "The request's body took too long; send it again",
            ),
            Self::BodyBroken => {
                problem(StatusCode::BAD_REQUEST, "The request's body ended early; send it again")
            }
            Self::NoPlace | Self::Met(_, Exceeded::All) => busy(),
            Self::Met(_, Exceeded::Client) => problem(
                StatusCode::TOO_MANY_REQUESTS,
                "Too much is open from your address; close some of it, or try again later",
            ),
        };
        // What is left of the body would be taken for the next request.
        if matches!(self, Self::BodyTooLong(_) | Self::BodyTooSlow | Self::BodyBroken) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// Nobody has time for the request.
pub(super) fn busy() -> Response<WasiBody> {
    problem(StatusCode::SERVICE_UNAVAILABLE, "Too many requests are waiting; try again")
}
