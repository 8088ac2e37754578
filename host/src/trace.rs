//! Traces by W3C Trace Context: a request's `traceparent` is taken up, or a trace begun, and goes on
//! with everything that the request has components do. Spans are exported by OTLP over HTTP, if
//! somebody wants them; the ids travel either way.
//!
//! An instance answers several requests at once, so what it does is attributed by its task: see
//! [`Traces`].
//!
//! | module | what |
//! |---|---|
//! | `export` | the exporter, as the environment configures it |

mod export;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, StatusCode};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{SpanKind, Status, TraceContextExt, TraceId, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider, SpanExporter};
use wasmtime::component::GuestTaskId;

use crate::fault::Call;

/// The longest statement that a span keeps, in bytes.
const LONGEST_STATEMENT: usize = 1_000;

/// Where spans go. Clones are the same.
#[derive(Clone)]
pub struct Tracing(Arc<Inner>);

struct Inner {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    propagator: TraceContextPropagator,
    exports: bool,
}

impl fmt::Debug for Tracing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracing").field("exports", &self.0.exports).finish_non_exhaustive()
    }
}

/// Nowhere: ids are passed on and nothing is recorded.
impl Default for Tracing {
    fn default() -> Self {
        // Who asks us to record may; of itself a trace is not recorded, and its flag says so.
        let sampler = Sampler::ParentBased(Box::new(Sampler::AlwaysOff));
        Self::new(SdkTracerProvider::builder().with_sampler(sampler).build(), false)
    }
}

impl Tracing {
    /// To an exporter, in batches, from a thread of its own. `OTEL_TRACES_SAMPLER`,
    /// `OTEL_BSP_…` and `OTEL_RESOURCE_ATTRIBUTES` count, as the OpenTelemetry specification has
    /// them (SDK environment variables).
    pub fn to(exporter: impl SpanExporter + 'static) -> Self {
        let provider = SdkTracerProvider::builder()
            .with_resource(export::resource())
            .with_batch_exporter(exporter)
            .build();
        Self::new(provider, true)
    }

    fn new(provider: SdkTracerProvider, exports: bool) -> Self {
        let tracer = provider.tracer("boxoffice");
        let propagator = TraceContextPropagator::new();
        Self(Arc::new(Inner { provider, tracer, propagator, exports }))
    }

    /// Exports what is left, and nothing more from then on. Blocks for as long as the collector
    /// takes: call it where that is allowed.
    pub fn shutdown(&self) {
        if let Err(error) = self.0.provider.shutdown() {
            tracing::warn!(%error, "not all spans were exported");
        }
    }

    /// A request from outside, which may be part of a trace.
    pub(crate) fn request(&self, request: &http::request::Parts, route: &str) -> Trace {
        let parent = self
            .0
            .propagator
            .extract_with_context(&Context::new(), &HeaderExtractor(&request.headers));
        let method = request.method.as_str();
        self.span(&parent, SpanKind::Server, || {
            let attributes = vec![
                KeyValue::new("http.request.method", method.to_owned()),
                KeyValue::new("http.route", route.to_owned()),
                KeyValue::new("url.path", request.uri.path().to_owned()),
            ];
            (format!("{method} {route}"), attributes)
        })
    }

    /// A message, or a tick.
    pub(crate) fn begin(&self, component: &str, what: &str) -> Trace {
        self.span(&Context::new(), SpanKind::Consumer, || {
            let component = KeyValue::new("component", component.to_owned());
            (format!("{what} {component}", component = component.value), vec![component])
        })
    }

    /// What a component does for a request; for one that nobody knows, a trace of its own.
    pub(crate) fn component(&self, parent: Option<&Trace>, component: &str) -> Trace {
        if let Some(parent) = parent
            && !self.0.exports
        {
            // Nobody would see that there are two.
            return parent.clone();
        }
        let nobody = Context::new();
        let parent = parent.map_or(&nobody, |trace| &trace.0);
        self.span(parent, SpanKind::Internal, || {
            let attribute = KeyValue::new("component", component.to_owned());
            (format!("component {component}"), vec![attribute])
        })
    }

    /// What a component asks of the host.
    pub(crate) fn call(&self, parent: &Trace, call: Call<'_>) -> Option<Trace> {
        if !self.0.exports {
            return None;
        }
        Some(self.span(&parent.0, SpanKind::Client, || {
            let system = |name| KeyValue::new("db.system.name", name);
            let what = call.what();
            let word = what.split_whitespace().next().unwrap_or_default();
            let statement = &what[..what.floor_char_boundary(LONGEST_STATEMENT)];
            let statement = KeyValue::new("db.query.text", statement.to_owned());
            let attributes = match call {
                Call::Sqlite(_) => vec![system("sqlite"), statement],
                Call::Postgres(_) => vec![system("postgresql"), statement],
                Call::Redis(_) => {
                    vec![system("redis"), KeyValue::new("db.operation.name", what.to_owned())]
                }
                Call::Http(_) => vec![KeyValue::new("server.address", what.to_owned())],
            };
            (format!("{} {word}", call.kind()), attributes)
        }))
    }

    fn span(
        &self,
        parent: &Context,
        kind: SpanKind,
        describe: impl FnOnce() -> (String, Vec<KeyValue>),
    ) -> Trace {
        let tracer = &self.0.tracer;
        let (name, attributes) =
            if self.0.exports { describe() } else { (String::new(), Vec::new()) };
        let span = tracer.span_builder(name).with_kind(kind).with_attributes(attributes);
        Trace(parent.with_span(tracer.build_with_context(span, parent)))
    }

    /// Puts a trace into the headers of a request that is part of it, in place of any other.
    pub(crate) fn inject(&self, trace: &Trace, headers: &mut HeaderMap) {
        const TRACESTATE: &str = "tracestate";
        self.0.propagator.inject_context(&trace.0, &mut HeaderInjector(headers));
        if headers.get(TRACESTATE).is_some_and(|state| state.is_empty()) {
            headers.remove(TRACESTATE);
        }
    }
}

/// A place in a trace: a span, which lasts until somebody ends it.
#[derive(Clone, Debug)]
pub(crate) struct Trace(Context);

impl Trace {
    /// The trace's id, for the log.
    pub(crate) fn id(&self) -> TraceId {
        self.0.span().span_context().trace_id()
    }

    /// Ends the span of a request that was answered.
    pub(crate) fn answered(&self, status: StatusCode) {
        let span = self.0.span();
        if span.is_recording() {
            let code = i64::from(status.as_u16());
            span.set_attribute(KeyValue::new("http.response.status_code", code));
            if status.is_server_error() {
                span.set_status(Status::error(""));
            }
        }
        span.end();
    }

    /// Ends the span of something that went well, or says why it did not.
    pub(crate) fn ended(&self, error: Option<&str>) {
        let span = self.0.span();
        if let Some(error) = error {
            span.set_status(Status::error(error.to_owned()));
        }
        span.end();
    }
}

/// The traces that an instance is at work for.
///
/// Which of them a call belongs to is told by the task that makes it: the call stack ends with the
/// task that the host started, for a request that is known here. It would be wrong to take the one
/// that came last: an `.await` in one request lets another run.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    /// Of an instance that is made for one call.
    own: Option<Trace>,
    by_task: BTreeMap<GuestTaskId, Trace>,
}

impl Traces {
    /// The instance is there for this alone.
    pub(crate) fn own(&mut self, trace: Trace) {
        self.own = Some(trace);
    }

    /// A task begins. The ids of tasks that ended are used again, and then stand for the new one.
    pub(crate) fn began(&mut self, task: GuestTaskId, trace: Trace) {
        self.by_task.insert(task, trace);
    }

    /// The trace of what the task does that the host started.
    pub(crate) fn of(&self, task: Option<GuestTaskId>) -> Option<&Trace> {
        task.and_then(|task| self.by_task.get(&task)).or(self.own.as_ref())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn passed_on(headers: &[(&'static str, &str)]) -> HeaderMap {
        let tracing = Tracing::default();
        let mut request = http::Request::builder().uri("/a");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let request = tracing.request(&parts, "/a");
        let mut headers = parts.headers;
        tracing.inject(&tracing.component(Some(&request), "a"), &mut headers);
        headers
    }

    #[test]
    fn a_trace_goes_on_and_each_place_in_it_has_an_id_of_its_own() {
        let headers = passed_on(&[("traceparent", PARENT), ("tracestate", "a=1,b=2")]);
        let parent = headers["traceparent"].to_str().unwrap();
        assert!(parent.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{parent}");
        assert!(parent.ends_with("-01") && parent != PARENT, "{parent}");
        assert_eq!(headers["tracestate"], "a=1,b=2");
    }

    #[test]
    fn a_trace_is_begun_where_none_comes_in_and_nobody_is_asked_to_record_it() {
        for sent in ["", "nonsense", "00-00000000000000000000000000000000-b7ad6b7169203331-01"] {
            let headers = passed_on(&[("traceparent", sent)]);
            let parent = headers["traceparent"].to_str().unwrap();
            assert!(parent.len() == PARENT.len() && parent.ends_with("-00"), "{parent}");
            assert!(!parent.contains("00000000000000000000000000000000"), "{parent}");
            assert!(!headers.contains_key("tracestate"));
        }
    }
}
