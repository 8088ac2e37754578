//! Accepts connections, has each request answered, logs one line for each.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderValue, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime_wasi_http::{Error, WasiBody};

use super::answer::{Entry, Tracked, plain, problem};
use super::endpoint::{Endpoint, Endpoints, Failure};
use super::request::{Arrival, REQUEST_ID, prepare, request_id};
use super::routes::{Route, Routes};
use super::streams::{Streams, is_stream};
use crate::engine::REQUESTS_IN_FLIGHT;
use crate::lifetime::Lifetime;
use crate::metrics::{Metrics, RouteMetrics};
use crate::options::Options;
use crate::trace::{Trace, Tracing};

const HEALTH: &str = "/.well-known/spin/health";

/// How long a client may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// How long to wait after an accept failed, for example since there are too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A route and who answers it.
pub(crate) type Served = Route<Answering>;

/// Who answers on a route, and what is counted there.
pub(crate) struct Answering {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) metrics: RouteMetrics,
}

/// The server of an application.
pub(crate) struct Server {
    routes: Routes<Answering>,
    /// Keeps the components that have no route of their own, for the others' calls.
    _endpoints: Arc<Endpoints>,
    /// Requests beyond its permits wait: an exhausted pool would fail them.
    places: Arc<Semaphore>,
    streams: Streams,
    /// How long they wait.
    patience: Duration,
    metrics: Arc<Metrics>,
    nowhere: Arc<RouteMetrics>,
    tracing: Tracing,
}

impl Server {
    /// A server for these routes; a request waits for its turn as long as it may take.
    pub(crate) fn new(
        routes: Routes<Answering>,
        endpoints: Arc<Endpoints>,
        options: &Options,
        metrics: Arc<Metrics>,
    ) -> Self {
        let tracing = options.tracing.clone();
        let places = Arc::new(Semaphore::new(REQUESTS_IN_FLIGHT));
        let (streams, patience) = (Streams::new(options.max_streams), options.timeout);
        let nowhere = Arc::new(metrics.route("-", "-"));
        Self { routes, _endpoints: endpoints, places, streams, patience, metrics, nowhere, tracing }
    }

    /// Accepts connections until the host drains.
    pub(crate) async fn run(self: Arc<Self>, listener: TcpListener, lifetime: Lifetime) {
        loop {
            let accepted = tokio::select! {
                () = lifetime.drain.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, client)) => {
                    let connection = self.clone().connection(stream, client, lifetime.clone());
                    lifetime.spawn(connection);
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, client: SocketAddr, life: Lifetime) {
        // A body that follows its head in a second packet would wait for the client's delayed
        // acknowledgement of the first.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection failed before its first request");
            return;
        }
        let client = HeaderValue::from_str(&client.to_string()).ok();
        let client = client.unwrap_or(HeaderValue::from_static("0.0.0.0:0"));
        let service = service_fn(|request| {
            let (server, client, life) = (self.clone(), client.clone(), &life);
            async move { Ok::<_, Infallible>(server.answer(request, &client, life).await) }
        });
        let mut serving = std::pin::pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .serve_connection(TokioIo::new(stream), service)
        );
        let ended = tokio::select! {
            ended = &mut serving => ended,
            () = life.drain.cancelled() => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended with an error");
        }
    }

    async fn answer(
        &self,
        request: http::Request<Incoming>,
        client: &HeaderValue,
        life: &Lifetime,
    ) -> http::Response<Tracked> {
        let (mut parts, body) = request.into_parts();
        let request_id = request_id(&mut parts.headers);
        let path = parts.uri.path().to_owned();
        let route = self.routes.find(&path).filter(|_| path != HEALTH).cloned();
        let trace = self.tracing.request(&parts, route.as_ref().map_or("-", |r| &r.pattern));
        let request = http::Request::from_parts(parts, body);
        let mut entry = Entry {
            method: request.method().clone(),
            path,
            route: route.clone(),
            trace: trace.clone(),
            status: StatusCode::OK,
            request_id: request_id.clone(),
            nowhere: self.nowhere.clone(),
            counted: self.metrics.request(Instant::now()),
        };
        let mut place = None;
        let mut response = if entry.path == HEALTH {
            plain(StatusCode::OK, "text/plain; charset=utf-8", "OK")
        } else if let Some(served) = &route {
            place = self.place().await;
            match place {
                Some(_) => forward(served, request, client, &trace).await,
                None => busy(),
            }
        } else {
            problem(StatusCode::NOT_FOUND, "nothing answers at this path")
        };
        let mut stream = None;
        if is_stream(&response) {
            stream = self.streams.open(&life.drain);
            match stream {
                Some(_) => {
                    place = None;
                    entry.counted.streams(&self.metrics);
                }
                None => response = busy(),
            }
        }
        response.headers_mut().insert(REQUEST_ID, request_id);
        entry.status = response.status();
        response.map(|body| Tracked { body, entry, place, stream })
    }

    /// A request's turn; None if it waited too long.
    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = self.places.clone().try_acquire_owned() {
            return Some(place);
        }
        tokio::time::timeout(self.patience, self.places.clone().acquire_owned()).await.ok()?.ok()
    }
}

async fn forward(
    served: &Served,
    request: http::Request<Incoming>,
    client: &HeaderValue,
    trace: &Trace,
) -> http::Response<WasiBody> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let arrival = Arrival {
        route: &served.pattern_header,
        prefix: &served.prefix_header,
        rest: served.rest(&path),
        client,
    };
    if let Err(error) = prepare(&mut parts, &arrival) {
        return problem(StatusCode::BAD_REQUEST, error);
    }
    let request = http::Request::from_parts(parts, body.map_err(Error::from).boxed_unsync());
    let endpoint = &served.target.endpoint;
    match endpoint.handle(request, Some(trace)).await {
        Ok(response) => response,
        Err(error) => failed(endpoint.id(), error),
    }
}

fn busy() -> http::Response<WasiBody> {
    problem(StatusCode::SERVICE_UNAVAILABLE, "too many requests are waiting: try again")
}

/// Tells the log why a component gave no answer, and the client that it did not.
fn failed(component: &str, failure: Failure) -> http::Response<WasiBody> {
    match failure {
        Failure::TimedOut => {
            tracing::error!(component, "a request took too long");
            problem(StatusCode::SERVICE_UNAVAILABLE, "the answer took too long: try again")
        }
        Failure::Exhausted => {
            tracing::error!(component, "no instance was available");
            busy()
        }
        Failure::Trapped => {
            problem(StatusCode::INTERNAL_SERVER_ERROR, "the request could not be answered")
        }
        Failure::Refused(code) => {
            tracing::error!(component, code, "a component answered with an error code");
            problem(StatusCode::BAD_GATEWAY, "the request could not be answered")
        }
        Failure::Broken(error) => {
            tracing::error!(component, error = format!("{error:?}"), "a request failed");
            problem(StatusCode::INTERNAL_SERVER_ERROR, "the request could not be answered")
        }
    }
}
