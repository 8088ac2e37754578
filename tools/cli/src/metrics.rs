//! `GET /metrics`, for Prometheus: what the host counts, and how the shop's streams, outboxes and
//! holds stand. It has an address of its own: nothing of it is for shoppers.
//!
//! | module | what |
//! |---|---|
//! | `shop` | Redis and the databases, as `boxoffice events status` reads them |

mod shop;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use boxoffice_host::{Metrics, Problem};
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::encoding::text::encode_eof;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;

pub(crate) use shop::Shop;

/// Where `up` serves them if nobody uses it: the port that OpenTelemetry gives such a page.
pub(crate) const USUAL: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9464);

/// OpenMetrics 1.0, which Prometheus reads since 2.5.
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// How long what was read of the shop is told again: several may scrape, and Redis and the
/// databases have other things to do.
const FRESH: Duration = Duration::from_secs(3);

/// How long a client may take to ask.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait after an accept failed, for example since there are too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The address at which they will be served.
pub(crate) struct Listener(TcpListener);

impl Listener {
    /// Takes the address.
    ///
    /// # Errors
    /// The address cannot be had, with the way out.
    pub(crate) async fn bind(address: SocketAddr) -> Result<Self, Problem> {
        TcpListener::bind(address).await.map(Self).map_err(|error| Problem {
            what: format!("cannot listen at {address} for metrics: {error}"),
            remedy: "stop what uses it, or serve metrics elsewhere (--metrics)".to_owned(),
        })
    }

    /// The address, with the port that it got.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn address(&self) -> anyhow::Result<SocketAddr> {
        self.0.local_addr().context("the address of the metrics")
    }

    /// Serves them until the process ends.
    pub(crate) fn serve(self, host: Arc<Metrics>, shop: Shop) {
        let page = Arc::new(Page { host, shop, read: Mutex::default() });
        tokio::spawn(async move {
            loop {
                match self.0.accept().await {
                    Ok((stream, _)) => drop(tokio::spawn(connection(stream, page.clone()))),
                    Err(error) => {
                        tracing::warn!(%error, "a connection for metrics could not be accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        });
    }
}

async fn connection(stream: TcpStream, page: Arc<Page>) {
    let service = service_fn(|request| {
        let page = page.clone();
        async move { Ok::<_, Infallible>(page.answer(&request).await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = serving.await {
        tracing::debug!(%error, "a connection for metrics ended with an error");
    }
}

struct Page {
    host: Arc<Metrics>,
    shop: Shop,
    /// The shop's part, and when it was read. Held while it is read: who comes meanwhile waits for
    /// that, and does not read as well.
    read: Mutex<Option<(Instant, String)>>,
}

impl Page {
    async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        if request.uri().path() != "/metrics" {
            return text(
                StatusCode::NOT_FOUND,
                "this address does not exist; metrics are at /metrics\n",
            );
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "use GET\n");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        match self.metrics().await {
            Ok(metrics) => {
                let mut response = Response::new(Full::from(metrics));
                response.headers_mut().insert(CONTENT_TYPE, OPEN_METRICS);
                response
            }
            Err(error) => {
                tracing::error!(%error, "the metrics could not be written");
                text(StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be written\n")
            }
        }
    }

    async fn metrics(&self) -> Result<String, std::fmt::Error> {
        let mut metrics = String::new();
        self.host.encode(&mut metrics)?;
        metrics.push_str(&self.shop().await?);
        encode_eof(&mut metrics)?;
        Ok(metrics)
    }

    async fn shop(&self) -> Result<String, std::fmt::Error> {
        let mut read = self.read.lock().await;
        if let Some((at, text)) = &*read
            && at.elapsed() < FRESH
        {
            return Ok(text.clone());
        }
        let text = self.shop.read().await?;
        *read = Some((Instant::now(), text.clone()));
        Ok(text)
    }
}

fn text(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}
