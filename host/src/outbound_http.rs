//! `wasi:http` going out: pooled connections to allowed hosts, and calls between components, which
//! never leave this process.

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::Sleep;
use wasmtime::AsContextMut;
use wasmtime::component::{Accessor, HasData, Resource};
use wasmtime_wasi::TrappableError;
use wasmtime_wasi_http::p3::bindings::http::{client, types};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttp, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use crate::allowed_hosts::{INTERNAL_SUFFIX, Target};
use crate::call::Gate;
use crate::fault::Call;
use crate::http::{Endpoint, Failure, prepare_internal};
use crate::state::{Grants, Shared, State};
use crate::trace::Trace;

/// How long a connection attempt may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection is kept for the next request.
const IDLE: Duration = Duration::from_secs(30);

/// An HTTP client; the application's sends what its components give it.
pub(crate) type Client<B = WasiBody> = legacy::Client<HttpsConnector<HttpConnector>, B>;

/// A client that trusts the web's certificate authorities.
///
/// # Errors
/// The cryptography that was compiled in does not suffice for TLS.
pub(crate) fn client<B>() -> anyhow::Result<Client<B>>
where
    B: Body + Send,
    B::Data: Send,
{
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    // Named, since another crate in the process may bring a second provider.
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
        .context("TLS cannot be set up")?
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector);
    Ok(legacy::Client::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE)
        .pool_timer(TokioTimer::new())
        .build(connector))
}

/// What an instance needs for its requests.
pub(crate) struct OutboundHttp {
    shared: Arc<Shared>,
    gate: Gate,
    /// What the next request belongs to. [`client::HostWithStore`] calls for it at once, and nothing
    /// else runs between the two.
    trace: Option<Trace>,
}

impl OutboundHttp {
    /// For the instance whose gate this is.
    pub(crate) fn new(shared: Arc<Shared>, gate: Gate) -> Self {
        Self { shared, gate, trace: None }
    }
}

/// `wasi:http/client` as `wasmtime-wasi-http` has it, but that it is known which of the requests that
/// an instance answers asks for it: the hooks below are not told.
pub(crate) struct TracedHttp;

impl HasData for TracedHttp {
    type Data<'a> = WasiHttpCtxView<'a>;
}

impl client::HostWithStore<State> for TracedHttp {
    async fn send(
        accessor: &Accessor<State, Self>,
        request: Resource<types::Request>,
    ) -> Result<Resource<types::Response>, TrappableError<types::ErrorCode>> {
        accessor.with(|mut access| {
            let mut store = access.as_context_mut();
            let task = store.async_call_stack().ok().and_then(Iterator::last);
            let state = store.data_mut();
            state.outbound.trace = state.traces.of(task).cloned();
        });
        let wasi = accessor.with_getter::<WasiHttp>(State::http);
        <WasiHttp as client::HostWithStore<State>>::send(&wasi, request).await
    }
}

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Sent = Box<dyn Future<Output = Result<(Response<WasiBody>, Io), Error>> + Send>;

impl WasiHttpHooks for OutboundHttp {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Io,
    ) -> Sent {
        let shared = self.shared.clone();
        let gate = self.gate.within(self.trace.take());
        Box::new(async move {
            let response = send(&shared, &gate, request, options.unwrap_or_default()).await?;
            // Connections are driven by the client's own tasks.
            Ok((response, Box::new(std::future::ready(Ok(()))) as Io))
        })
    }
}

async fn send(
    shared: &Shared,
    gate: &Gate,
    mut request: Request<WasiBody>,
    options: RequestOptions,
) -> Result<Response<WasiBody>, Error> {
    let target = Target::of_uri(request.uri()).ok_or(Error::HttpRequestUriInvalid)?;
    if !gate.grants.allow(&target) {
        return Err(Error::HttpRequestDenied);
    }
    let authority = request.uri().authority().map(|a| a.as_str().to_owned()).unwrap_or_default();
    let callee = request.uri().host().and_then(|host| host.strip_suffix(INTERNAL_SUFFIX));
    let callee = callee.map(|id| endpoint(shared, &gate.grants, id)).transpose()?;
    let call = Call::Http(&authority);
    let span = gate.begin(call);
    let trace = span.as_ref().or(gate.trace.as_ref());
    let answer = async {
        match callee {
            Some(endpoint) => call_component(&endpoint, request, trace).await,
            None => {
                if let Some(trace) = trace {
                    shared.tracing.inject(trace, request.headers_mut());
                }
                call_host(&shared.client, request, options).await
            }
        }
    };
    let answer = gate.pass(call, answer).await;
    if let Some(span) = span {
        match &answer {
            Ok(response) => span.answered(response.status()),
            Err(error) => span.ended(Some(&error.to_string())),
        }
    }
    answer
}

fn endpoint(shared: &Shared, grants: &Grants, id: &str) -> Result<Arc<Endpoint>, Error> {
    let endpoints = shared.endpoints.get().and_then(Weak::upgrade);
    let endpoint = endpoints.and_then(|endpoints| endpoints.get(id).cloned());
    endpoint.ok_or_else(|| {
        tracing::warn!(
            component = grants.id,
            called = id,
            "this component does not exist or has no HTTP trigger"
        );
        Error::DestinationNotFound
    })
}

async fn call_component(
    endpoint: &Endpoint,
    request: Request<WasiBody>,
    trace: Option<&Trace>,
) -> Result<Response<WasiBody>, Error> {
    let (mut parts, body) = request.into_parts();
    prepare_internal(&mut parts);
    let answer = endpoint.handle(Request::from_parts(parts, body), trace).await;
    answer.map_err(|failure| match failure {
        Failure::TimedOut => Error::HttpResponseTimeout,
        Failure::Exhausted => Error::ConnectionLimitReached,
        Failure::Trapped => Error::HttpResponseIncomplete,
        Failure::Refused(text) => Error::InternalError(Some(text)),
        Failure::Broken(error) => Error::InternalError(Some(format!("{error:#}"))),
    })
}

async fn call_host(
    client: &Client,
    request: Request<WasiBody>,
    options: RequestOptions,
) -> Result<Response<WasiBody>, Error> {
    let answer = client.request(request);
    let answer = match options.first_byte_timeout {
        Some(limit) => {
            let limit = limit.saturating_add(options.connect_timeout.unwrap_or(CONNECT_TIMEOUT));
            tokio::time::timeout(limit, answer).await.map_err(|_| Error::ConnectionReadTimeout)?
        }
        None => answer.await,
    };
    let response = answer.map_err(client_error)?;
    Ok(response.map(|body| {
        let body = body.map_err(Error::from);
        match options.between_bytes_timeout {
            Some(limit) => Paced::new(body.boxed_unsync(), limit).boxed_unsync(),
            None => body.boxed_unsync(),
        }
    }))
}

/// Names what went wrong as closely as `wasi:http` can.
fn client_error(error: legacy::Error) -> Error {
    let connecting = error.is_connect();
    let text = format!("{:#}", anyhow::Error::from(error));
    tracing::warn!(error = text, "a request could not be sent");
    if !connecting {
        return Error::HttpProtocolError;
    }
    let text = text.to_ascii_lowercase();
    if text.contains("dns") {
        Error::DnsError { rcode: Some("the name cannot be resolved".into()), info_code: None }
    } else if text.contains("certificate") {
        Error::TlsCertificateError
    } else if text.contains("tls") {
        Error::TlsProtocolError
    } else if text.contains("timed out") {
        Error::ConnectionTimeout
    } else {
        Error::ConnectionRefused
    }
}

/// A body whose frames have to follow each other within a time.
struct Paced {
    body: WasiBody,
    limit: Duration,
    sleep: Pin<Box<Sleep>>,
}

impl Paced {
    fn new(body: WasiBody, limit: Duration) -> Self {
        Self { body, limit, sleep: Box::pin(tokio::time::sleep(limit)) }
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            let next = tokio::time::Instant::now() + self.limit;
            self.sleep.as_mut().reset(next);
            return Poll::Ready(frame);
        }
        let late = self.sleep.as_mut().poll(context);
        late.map(|()| Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
