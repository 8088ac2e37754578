//! The exporter, as the environment configures it: OTLP over HTTP, in protobuf.

use std::env;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use opentelemetry_sdk::Resource;

use super::Tracing;
use crate::outbound_http::{Client, client};
use crate::problem::Problem;

/// How long the collector may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest answer of a collector that is read, in bytes.
const LONGEST_ANSWER: usize = 64 << 10;

impl Tracing {
    /// As Spin is configured: spans are exported if `OTEL_EXPORTER_OTLP_ENDPOINT` or
    /// `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is set and `OTEL_SDK_DISABLED` is not. The other
    /// variables of OpenTelemetry's OTLP exporter, such as `OTEL_EXPORTER_OTLP_HEADERS`, count as
    /// well, but the protocol is `http/protobuf` and nothing else.
    ///
    /// Call it where tokio runs: that is where spans are sent from.
    ///
    /// # Errors
    /// What is wrong with the variables.
    pub fn from_environment() -> Result<Self, Problem> {
        let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let wanted = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
        if !wanted.into_iter().any(is_set) || is_set("OTEL_SDK_DISABLED") {
            return Ok(Self::default());
        }
        for name in ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"] {
            match env::var(name) {
                Ok(protocol) if !["", "http/protobuf"].contains(&protocol.as_str()) => {
                    let what = format!("spans cannot be exported with {name}={protocol}");
                    let remedy = "set it to http/protobuf, or leave it out";
                    return Err(Problem::new(what, remedy));
                }
                _ => {}
            }
        }
        let wrong = |error: String| {
            let what = format!("spans cannot be exported: {error}");
            Problem::new(what, "correct the variables OTEL_EXPORTER_OTLP_…, or leave them out")
        };
        let client = client().map_err(|error| wrong(format!("{error:#}")))?;
        let sender = Sender { client, runtime: tokio::runtime::Handle::current() };
        let exporter = SpanExporter::builder().with_http().with_http_client(sender);
        Ok(Self::to(exporter.build().map_err(|error| wrong(error.to_string()))?))
    }
}

/// Who the spans are of: as `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say, by default
/// `boxoffice`.
pub(super) fn resource() -> Resource {
    let named = Resource::builder().build();
    let name = named.get(&opentelemetry::Key::from_static_str("service.name"));
    if name.is_some_and(|name| !name.as_str().starts_with("unknown_service")) {
        return named;
    }
    Resource::builder().with_service_name("boxoffice").build()
}

/// Sends what the exporter's thread, which is none of tokio's, asks it to.
#[derive(Debug)]
struct Sender {
    client: Client<Full<Bytes>>,
    runtime: tokio::runtime::Handle,
}

#[wasmtime_wasi::async_trait]
impl HttpClient for Sender {
    async fn send_bytes(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sending = async move {
            let response = client.request(request.map(Full::new)).await?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, LONGEST_ANSWER).collect().await?;
            Ok::<_, HttpError>(http::Response::from_parts(parts, body.to_bytes()))
        };
        // A timer is made where it runs: this thread is none of tokio's.
        let sending = async { tokio::time::timeout(PATIENCE, sending).await };
        let sent = self.runtime.spawn(sending).await;
        let sent = match sent {
            Ok(Ok(sent)) => sent,
            Ok(Err(late)) => Err(late.into()),
            Err(broken) => Err(broken.into()),
        };
        match &sent {
            Ok(response) if response.status().is_success() => {}
            Ok(response) => {
                tracing::warn!(status = response.status().as_u16(), "a collector refuses spans");
            }
            Err(error) => tracing::warn!(%error, "spans could not be exported"),
        }
        sent
    }
}
