//! Accepts connections, has each request answered, logs one line for each.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use boxoffice_client_address::TrustedProxies;
use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::{Resource, getrlimit};
use tokio::net::{TcpListener, TcpStream};
use wasmtime_wasi_http::{Error, WasiBody};

use super::answer::{Answers, Entry, Tracked, Unsent, plain, problem};
use super::body::Bodies;
use super::client::Peer;
use super::endpoint::{Endpoint, Endpoints, Failure};
use super::notices::Notices;
use super::patient::Patient;
use super::places::Places;
use super::quota::{Quota, Share};
use super::refusal::{Limit, Refusal, busy};
use super::request::{Arrival, REQUEST_ID, disown, prepare, request_id};
use super::routes::{Route, Routes};
use super::streams::{Streams, is_stream};
use crate::lifetime::Lifetime;
use crate::metrics::{Metrics, RouteMetrics};
use crate::options::{Limits, Options};
use crate::trace::{Trace, Tracing};

const HEALTH: &str = "/.well-known/spin/health";

/// The smallest buffer that hyper takes.
const SMALLEST_BUFFER: usize = 8_192;

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
    proxies: TrustedProxies,
    limits: Limits,
    connections: Quota,
    bodies: Bodies,
    places: Places,
    answers: Answers,
    streams: Streams,
    notices: Notices,
    metrics: Arc<Metrics>,
    nowhere: Arc<RouteMetrics>,
    tracing: Tracing,
}

impl Server {
    /// A server for these routes, which believes these proxies; a request waits for its turn as long
    /// as it may take.
    pub(crate) fn new(
        routes: Routes<Answering>,
        endpoints: Arc<Endpoints>,
        proxies: TrustedProxies,
        options: &Options,
        metrics: Arc<Metrics>,
    ) -> Self {
        let limits = options.limits.clone();
        let answers = Quota::new(limits.answers_bytes, limits.answers_bytes_per_client);
        Self {
            routes,
            _endpoints: endpoints,
            proxies,
            connections: Quota::new(connections(&limits), limits.connections_per_client),
            bodies: Bodies::new(&limits),
            places: Places::new(&limits, options.timeout),
            answers: Answers(answers),
            streams: Streams::new(&limits),
            notices: Notices::default(),
            nowhere: Arc::new(metrics.route("-", "-")),
            metrics,
            tracing: options.tracing.clone(),
            limits,
        }
    }

    /// Accepts connections until the host drains.
    pub(crate) async fn run(self: Arc<Self>, listener: TcpListener, lifetime: Lifetime) {
        loop {
            let accepted = tokio::select! {
                () = lifetime.drain.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, address)) => {
                    let peer = Peer::new(address, &self.proxies);
                    if let Some(place) = self.admit(&peer) {
                        let life = lifetime.clone();
                        lifetime.spawn(self.clone().connection(stream, peer, place, life));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// A new connection's place; None if it has to be closed.
    fn admit(&self, peer: &Peer) -> Option<Share> {
        // Behind a proxy there are many clients.
        let client = (!peer.is_trusted).then_some(&peer.bucket);
        match self.connections.take(client, 1) {
            Ok(place) => Some(place),
            Err(exceeded) => {
                self.notices.met(Limit::Connections.name(exceeded), &peer.bucket);
                None
            }
        }
    }

    async fn connection(
        self: Arc<Self>,
        stream: TcpStream,
        peer: Peer,
        _place: Share,
        life: Lifetime,
    ) {
        // A body that follows its head in a second packet would wait for the client's delayed
        // acknowledgement of the first.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection failed before its first request");
            return;
        }
        let service = service_fn(|request| {
            let (server, peer, life) = (self.clone(), &peer, &life);
            async move { Ok::<_, Infallible>(server.answer(request, peer, life).await) }
        });
        let mut serving = std::pin::pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(self.limits.head_time)
                .max_buf_size(self.limits.head_bytes.max(SMALLEST_BUFFER))
                .serve_connection(
                    TokioIo::new(Patient::new(stream, self.limits.stall_time)),
                    service
                )
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
        peer: &Peer,
        life: &Lifetime,
    ) -> Response<Tracked> {
        let (mut parts, body) = request.into_parts();
        let client = peer.client(&parts.headers, &self.proxies);
        let client_request_id = if peer.is_trusted { None } else { disown(&mut parts.headers) };
        let request_id = request_id(&mut parts.headers);
        let path = parts.uri.path().to_owned();
        let route = self.routes.find(&path).filter(|_| path != HEALTH).cloned();
        let trace = self.tracing.request(&parts, route.as_ref().map_or("-", |r| &r.pattern));
        let mut entry = Entry {
            method: parts.method.clone(),
            path,
            route: route.clone(),
            trace: trace.clone(),
            status: StatusCode::OK,
            request_id: request_id.clone(),
            client_request_id,
            nowhere: self.nowhere.clone(),
            counted: self.metrics.request(Instant::now()),
        };
        let answered = if entry.path == HEALTH {
            Ok(plain(StatusCode::OK, "text/plain; charset=utf-8", "OK"))
        } else if let Some(served) = &route {
            let from = Origin { peer, client: &client, trace: &trace };
            self.serve(served, parts, body, from).await
        } else {
            Ok(problem(StatusCode::NOT_FOUND, "Nothing answers at this path"))
        };
        let mut stream = None;
        let opened = answered.and_then(|response| {
            if is_stream(&response) {
                stream = Some(self.streams.open(&client, &life.drain)?);
                entry.counted.streams(&self.metrics);
            }
            Ok(response)
        });
        let mut response = opened.unwrap_or_else(|refusal| {
            self.notices.met(refusal.name(), &client);
            refusal.answer()
        });
        response.headers_mut().insert(REQUEST_ID, request_id);
        entry.status = response.status();
        response.map(|body| Tracked { body, entry, stream })
    }

    /// Has a component answer a request, within the limits of its client. Only a stream's answer is
    /// not whole yet.
    async fn serve(
        &self,
        served: &Served,
        parts: Parts,
        body: Incoming,
        from: Origin<'_>,
    ) -> Result<Response<WasiBody>, Refusal> {
        let body = self.bodies.read(body, from.client).await?;
        let _place = self.places.take(parts.uri.path()).await.ok_or(Refusal::NoPlace)?;
        // Its answer says how long that to GET is, and has no body to be read.
        let is_head = parts.method == Method::HEAD;
        let response = forward(served, parts, body.bytes, &from).await;
        if is_head || is_stream(&response) {
            return Ok(response);
        }
        match self.answers.gather(response, from.client).await {
            Ok(response) => Ok(response),
            Err(Unsent::Refused(refusal)) => Err(refusal),
            Err(Unsent::Broken(error)) => {
                let component = served.target.endpoint.id();
                tracing::error!(component, %error, "an answer ended early");
                Ok(unanswered(StatusCode::INTERNAL_SERVER_ERROR))
            }
        }
    }
}

/// How many connections there may be: some of the files that the process may open are for others,
/// for databases and for connections that lead out.
fn connections(limits: &Limits) -> usize {
    let files = getrlimit(Resource::Nofile).current.and_then(|files| usize::try_from(files).ok());
    let most = files.map_or(usize::MAX, |files| files - files / 4);
    if most < limits.connections {
        tracing::info!(connections = most, "open files limit connections (see ulimit -n)");
    }
    limits.connections.min(most)
}

/// Where a request comes from, and what it is part of.
struct Origin<'a> {
    peer: &'a Peer,
    client: &'a Arc<str>,
    trace: &'a Trace,
}

async fn forward(
    served: &Served,
    mut parts: Parts,
    body: Bytes,
    from: &Origin<'_>,
) -> Response<WasiBody> {
    let path = parts.uri.path().to_owned();
    let arrival = Arrival {
        route: &served.pattern_header,
        prefix: &served.prefix_header,
        rest: served.rest(&path),
        client: &from.peer.header,
    };
    if let Err(error) = prepare(&mut parts, &arrival) {
        return problem(StatusCode::BAD_REQUEST, error);
    }
    let body = Full::new(body).map_err(Error::from).boxed_unsync();
    let endpoint = &served.target.endpoint;
    match endpoint.handle(http::Request::from_parts(parts, body), Some(from.trace)).await {
        Ok(response) => response,
        Err(error) => failed(endpoint.id(), error),
    }
}

/// Tells the log why a component gave no answer, and the client that it did not.
fn failed(component: &str, failure: Failure) -> Response<WasiBody> {
    match failure {
        Failure::TimedOut => {
            tracing::error!(component, "a request took too long");
            problem(StatusCode::SERVICE_UNAVAILABLE, "The answer took too long; try again")
        }
        Failure::Exhausted => {
            tracing::error!(component, "no instance was available");
            busy()
        }
        Failure::Trapped => unanswered(StatusCode::INTERNAL_SERVER_ERROR),
        Failure::Refused(code) => {
            tracing::error!(component, code, "a component answered with an error code");
            unanswered(StatusCode::BAD_GATEWAY)
        }
        Failure::Broken(error) => {
            tracing::error!(component, error = format!("{error:?}"), "a request failed");
            unanswered(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

fn unanswered(status: StatusCode) -> Response<WasiBody> {
    problem(status, "The request could not be answered")
}
