//! Answers on their way to the client, and the errors that the host answers itself: problem details
//! (RFC 9457) that say nothing of its insides.
//!
//! An answer is read from its component to its end before any of it is sent. So the component's place
//! is free again however slowly the client reads.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use wasmtime_wasi_http::{Error, WasiBody};

use super::body::Pieces;
use super::quota::{Quota, Share};
use super::refusal::{Limit, Refusal};
use super::server::Served;
use crate::metrics::{RequestMetrics, RouteMetrics};
use crate::trace::Trace;

/// Up to this length an answer does not count among those that wait for their clients: a connection's
/// own buffers take as much.
const SMALL: usize = 16 << 10;

/// When a client may try again, in seconds.
const SOON: HeaderValue = HeaderValue::from_static("1");
const LATER: HeaderValue = HeaderValue::from_static("10");

/// An answer of the host's own.
pub(super) fn problem(status: StatusCode, detail: &str) -> http::Response<WasiBody> {
    let (kind, title) = kind(status);
    let body = serde_json::json!({
        "type": format!("/api/docs#problem-{kind}"),
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
        "errors": [{ "message": detail }],
    });
    let mut response = plain(status, "application/problem+json", body.to_string());
    let headers = response.headers_mut();
    match status {
        StatusCode::SERVICE_UNAVAILABLE => drop(headers.insert(RETRY_AFTER, SOON)),
        StatusCode::TOO_MANY_REQUESTS => drop(headers.insert(RETRY_AFTER, LATER)),
        _ => {}
    }
    response
}

/// What services call a problem of this status.
fn kind(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::BAD_REQUEST => ("malformed", "Malformed request"),
        StatusCode::NOT_FOUND => ("not-found", "Not found"),
        StatusCode::REQUEST_TIMEOUT => ("too-slow", "Too slow"),
        StatusCode::PAYLOAD_TOO_LARGE => ("too-large", "Too large"),
        StatusCode::TOO_MANY_REQUESTS => ("too-many", "Too many requests"),
        StatusCode::SERVICE_UNAVAILABLE => ("unavailable", "Not available"),
        _ => ("internal", "Something went wrong"),
    }
}

/// An answer with a short body.
pub(super) fn plain(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> http::Response<WasiBody> {
    let body = Full::new(body.into()).map_err(Error::from).boxed_unsync();
    let mut response = http::Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Answers that are read to their end, and what they may take while they wait for their clients.
pub(super) struct Answers(pub(super) Quota);

/// Why an answer is not sent.
pub(super) enum Unsent {
    /// Too much waits to be read already.
    Refused(Refusal),
    /// The component did not finish it.
    Broken(Error),
}

impl Answers {
    /// Reads an answer to its end.
    ///
    /// # Errors
    /// Why it cannot be sent.
    pub(super) async fn gather(
        &self,
        response: http::Response<WasiBody>,
        client: &Arc<str>,
    ) -> Result<http::Response<WasiBody>, Unsent> {
        let (parts, mut body) = response.into_parts();
        let mut pieces = Pieces::default();
        let mut share = None;
        while let Some(frame) = body.frame().await {
            // HTTP/1.1 knows trailers only of bodies that come in pieces.
            let Ok(piece) = frame.map_err(Unsent::Broken)?.into_data() else { continue };
            pieces.push(piece);
            if pieces.len() > SMALL {
                self.count(&mut share, client, pieces.len()).map_err(Unsent::Refused)?;
            }
        }
        let mut bytes = pieces.whole();
        if let Some(share) = share {
            bytes = Bytes::from_owner(Unread { bytes, _share: share });
        }
        let body = Full::new(bytes).map_err(Error::from).boxed_unsync();
        Ok(http::Response::from_parts(parts, body))
    }

    /// Counts `length` bytes, with those that are counted already.
    fn count(
        &self,
        share: &mut Option<Share>,
        client: &Arc<str>,
        length: usize,
    ) -> Result<(), Refusal> {
        let met = |exceeded| Refusal::Met(Limit::Answers, exceeded);
        match share {
            Some(share) => share.grow(length - share.amount()).map_err(met),
            None => {
                *share = Some(self.0.take(Some(client), length).map_err(met)?);
                Ok(())
            }
        }
    }
}

/// An answer's bytes, which count until the last of them is written to the connection.
struct Unread {
    bytes: Bytes,
    _share: Share,
}

impl AsRef<[u8]> for Unread {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// What a request leaves in the log and the metrics when its answer was sent, or its client left.
pub(super) struct Entry {
    pub(super) method: http::Method,
    /// Without its query, which may hold what no log should.
    pub(super) path: String,
    pub(super) route: Option<Arc<Served>>,
    pub(super) status: StatusCode,
    pub(super) request_id: HeaderValue,
    /// The id that a stranger gave it. Anybody may have given the same.
    pub(super) client_request_id: Option<HeaderValue>,
    pub(super) trace: Trace,
    /// Of requests that no route leads anywhere.
    pub(super) nowhere: Arc<RouteMetrics>,
    pub(super) counted: RequestMetrics,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let served = self.route.as_deref();
        let route = served.map_or("-", |served| &served.pattern);
        let component = served.map_or("-", |served| served.target.endpoint.id());
        let (method, status) = (&self.method, self.status);
        let metrics = served.map_or(&*self.nowhere, |served| &served.target.metrics);
        metrics.ended(self.counted.counted(), method, status);
        tracing::info!(
            target: "request",
            method = method.as_str(),
            route,
            path = self.path,
            component,
            status = status.as_u16(),
            ms = (self.counted.took().as_micros() as f64 / 1000.0),
            request_id = self.request_id.to_str().unwrap_or("-"),
            client_request_id = self.client_request_id.as_ref().and_then(|id| id.to_str().ok()),
            trace_id = %self.trace.id(),
        );
        self.trace.answered(status);
    }
}

/// A response's body. It holds the request's line in the log until it has been sent.
pub(crate) struct Tracked {
    pub(super) body: WasiBody,
    pub(super) entry: Entry,
    /// If it goes on for as long as somebody listens.
    pub(super) stream: Option<super::streams::Open>,
}

impl Body for Tracked {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let is_over =
            self.stream.as_mut().is_some_and(|open| open.end.as_mut().poll(context).is_ready());
        if is_over {
            return Poll::Ready(None);
        }
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Err(error)) = &frame {
            let request_id = self.entry.request_id.to_str().unwrap_or("-");
            tracing::warn!(request_id, %error, "an answer ended early");
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::super::quota::Exceeded;
    use super::*;

    fn response(bytes: usize) -> http::Response<WasiBody> {
        plain(StatusCode::OK, "text/plain", vec![b'a'; bytes])
    }

    #[tokio::test]
    async fn long_answers_count_until_they_are_written() {
        let answers = Answers(Quota::new(4 * SMALL, 3 * SMALL));
        let client = Arc::from("c");
        let gather = async |bytes: usize| match answers.gather(response(bytes), &client).await {
            Ok(response) => Ok(response.into_body().collect().await.unwrap().to_bytes()),
            Err(Unsent::Refused(refusal)) => Err(refusal),
            Err(Unsent::Broken(error)) => panic!("{error}"),
        };
        let first = gather(2 * SMALL).await.unwrap();
        assert_eq!(first.len(), 2 * SMALL);
        let met = Refusal::Met(Limit::Answers, Exceeded::Client);
        assert_eq!(gather(2 * SMALL).await.unwrap_err(), met);
        // Small ones are always sent.
        assert_eq!(gather(SMALL).await.unwrap().len(), SMALL);
        let rest = first.slice(SMALL..);
        drop(first);
        assert_eq!(gather(2 * SMALL).await.unwrap_err(), met, "some of it is still unread");
        drop(rest);
        gather(2 * SMALL).await.unwrap();
    }
}
