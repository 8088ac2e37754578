//! Answers that go on for as long as somebody listens (`text/event-stream`).
//!
//! They would take the places of requests in flight for nothing: they hardly work, and up to 128 of
//! them share an instance. So an answer whose head says that it is one gives its place back and
//! takes one of a larger number of its own, of which each client has a few. A host that drains ends them: whoever listens comes
//! back, to the next host.

use std::pin::Pin;
use std::sync::Arc;

use http::header::CONTENT_TYPE;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::quota::{Quota, Share};
use super::refusal::{Limit, Refusal};
use crate::options::Limits;

/// The streams that may be open.
pub(super) struct Streams(Quota);

/// An open stream's place, and what ends it.
pub(super) struct Open {
    _place: Share,
    pub(super) end: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Streams {
    /// As many as the limits say.
    pub(super) fn new(limits: &Limits) -> Self {
        Self(Quota::new(limits.streams, limits.streams_per_client))
    }

    /// A place for one more of a client, until the host drains.
    ///
    /// # Errors
    /// The limit that it would exceed.
    pub(super) fn open(
        &self,
        client: &Arc<str>,
        drain: &CancellationToken,
    ) -> Result<Open, Refusal> {
        let place = self.0.take(Some(client), 1);
        let place = place.map_err(|exceeded| Refusal::Met(Limit::Streams, exceeded))?;
        Ok(Open { _place: place, end: Box::pin(drain.clone().cancelled_owned()) })
    }
}

/// Whether an answer is a stream of events (HTML Standard, 9.2.5).
pub(super) fn is_stream<B>(response: &http::Response<B>) -> bool {
    let content_type = response.headers().get(CONTENT_TYPE).map(http::HeaderValue::as_bytes);
    let essence = content_type.and_then(|value| value.split(|byte| *byte == b';').next());
    essence.is_some_and(|essence| essence.trim_ascii().eq_ignore_ascii_case(b"text/event-stream"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_stream_is_known_by_its_content_type() {
        let is_stream = |content_type: &str| {
            is_stream(
                &http::Response::builder().header(CONTENT_TYPE, content_type).body(()).unwrap(),
            )
        };
        assert!(is_stream("text/event-stream") && is_stream("Text/Event-Stream ; charset=utf-8"));
        assert!(!is_stream("text/event-streams") && !is_stream("text/plain"));
    }
}
