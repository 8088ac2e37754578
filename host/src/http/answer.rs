//! Response bodies, and the errors that the host answers itself: problem details (RFC 9457) that
//! say nothing of its insides.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use tokio::sync::OwnedSemaphorePermit;
use wasmtime_wasi_http::{Error, WasiBody};

use super::server::Served;
use crate::metrics::{RequestMetrics, RouteMetrics};
use crate::trace::Trace;

/// An answer of the host's own.
pub(super) fn problem(status: StatusCode, detail: &str) -> http::Response<WasiBody> {
    let title = status.canonical_reason().unwrap_or("Error");
    let body = serde_json::json!({
        "type": "about:blank",
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
        "errors": [{ "message": detail }],
    });
    let mut response = plain(status, "application/problem+json", body.to_string());
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
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
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// What a request leaves in the log and the metrics when its answer was sent, or its client left.
pub(super) struct Entry {
    pub(super) method: http::Method,
    /// Without its query, which may hold what no log should.
    pub(super) path: String,
    pub(super) route: Option<Arc<Served>>,
    pub(super) status: StatusCode,
    pub(super) request_id: HeaderValue,
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
            trace_id = %self.trace.id(),
        );
        self.trace.answered(status);
    }
}

/// A response's body. It holds the request's place in the queue, and its line in the log, until
/// it has been sent.
pub(crate) struct Tracked {
    pub(super) body: WasiBody,
    pub(super) entry: Entry,
    pub(super) place: Option<OwnedSemaphorePermit>,
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
        if frame.is_none() {
            self.place = None;
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
