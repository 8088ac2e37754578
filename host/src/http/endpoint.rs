//! One component's instances, kept and replaced as Spin does: an instance serves up to 128
//! requests, 16 at a time, and goes after a second of idleness.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;
use wasmtime::component::GuestTaskId;
use wasmtime::{PoolConcurrencyLimitError, Store, StoreContextMut};
use wasmtime_wasi_http::handler::{
    ExpirationError, HandlerState, Instance, InstantiationError, Proxy, ProxyHandler, ShouldAccept,
    TrapOrPanicError, WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::p3::bindings::ServicePre;
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::{WasiBody, WasiHttpView};

use crate::code::Code;
use crate::lifetime::Lifetime;
use crate::state::{Grants, Shared, State};
use crate::trace::Trace;

/// How often a request asks again when the pool of instances is exhausted.
const POOL_RETRY: Duration = Duration::from_millis(5);

/// The components that HTTP reaches, by id.
pub(crate) struct Endpoints(HashMap<String, Arc<Endpoint>>);

impl Endpoints {
    /// A set of endpoints.
    pub(crate) fn new(endpoints: impl Iterator<Item = Arc<Endpoint>>) -> Self {
        Self(endpoints.map(|endpoint| (endpoint.id().to_owned(), endpoint)).collect())
    }

    /// The component of this id.
    pub(crate) fn get(&self, id: &str) -> Option<&Arc<Endpoint>> {
        self.0.get(id)
    }
}

/// How long and for how much an instance is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reuse {
    /// Requests that an instance serves in all.
    pub(crate) total: usize,
    /// Requests that it serves at a time.
    pub(crate) concurrent: usize,
    /// How long it is kept without any.
    pub(crate) idle: Duration,
    /// How long one may take.
    pub(crate) request: Duration,
}

impl Reuse {
    /// Spin's defaults, but for `total` requests, each for at most `request`.
    pub(crate) fn new(total: usize, request: Duration) -> Self {
        Self { total, concurrent: 16, idle: Duration::from_secs(1), request }
    }
}

/// Why a component gave no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It took too long.
    TimedOut,
    /// It, or a request beside this one in the same instance, trapped.
    Trapped,
    /// It answered with an error of `wasi:http` in place of a response.
    Refused(String),
    /// No instance could be had in time.
    Exhausted,
    /// Something else, for the log.
    Broken(wasmtime::Error),
}

impl Failure {
    /// One word for a trace.
    fn name(&self) -> &'static str {
        match self {
            Self::TimedOut => "timeout",
            Self::Trapped => "trap",
            Self::Refused(_) => "refused",
            Self::Exhausted => "exhausted",
            Self::Broken(_) => "broken",
        }
    }
}

/// A component and its instances.
pub(crate) struct Endpoint {
    handler: ProxyHandler<Handler>,
}

impl Endpoint {
    /// The endpoint of a component.
    pub(crate) fn new(
        code: Arc<Code<ServicePre<State>>>,
        shared: Arc<Shared>,
        grants: Arc<Grants>,
        reuse: Reuse,
        lifetime: Lifetime,
    ) -> Self {
        let handler = Handler { code, shared, grants, reuse, lifetime };
        Self { handler: ProxyHandler::new(handler) }
    }

    /// The component's id.
    pub(crate) fn id(&self) -> &str {
        &self.handler.state().grants.id
    }

    /// Has the component answer a request, which may be part of a trace. While the pool of instances
    /// is exhausted, it waits.
    pub(crate) async fn handle(
        &self,
        mut request: http::Request<WasiBody>,
        trace: Option<&Trace>,
    ) -> Result<http::Response<WasiBody>, Failure> {
        let tracing = &self.handler.state().shared.tracing;
        let trace = tracing.component(trace, self.id());
        tracing.inject(&trace, request.headers_mut());
        let answer = self.answer(request, &trace).await;
        match &answer {
            Ok(response) => trace.answered(response.status()),
            Err(failure) => trace.ended(Some(failure.name())),
        }
        answer
    }

    async fn answer(
        &self,
        mut request: http::Request<WasiBody>,
        trace: &Trace,
    ) -> Result<http::Response<WasiBody>, Failure> {
        let deadline = Instant::now() + self.handler.state().reuse.request;
        loop {
            let error = match self.handler.handle(trace.clone(), request).await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            request = match error.downcast::<InstantiationError<Trace>>() {
                Ok(error) if error.error.is::<PoolConcurrencyLimitError>() => {
                    if Instant::now() >= deadline {
                        return Err(Failure::Exhausted);
                    }
                    // A poisoned request is as whole as any: nobody changes it.
                    error.request.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner())
                }
                Ok(error) => return Err(Failure::Broken(wasmtime::format_err!("{error:?}"))),
                Err(error) => return Err(failure(error)),
            };
            tokio::time::sleep(POOL_RETRY).await;
        }
    }
}

fn failure(error: wasmtime::Error) -> Failure {
    if error.is::<ExpirationError>() {
        Failure::TimedOut
    } else if error.is::<TrapOrPanicError>() {
        Failure::Trapped
    } else if let Some(code) = error.downcast_ref::<ErrorCode>() {
        Failure::Refused(format!("{code:?}"))
    } else {
        Failure::Broken(error)
    }
}

struct Handler {
    code: Arc<Code<ServicePre<State>>>,
    shared: Arc<Shared>,
    grants: Arc<Grants>,
    reuse: Reuse,
    lifetime: Lifetime,
}

impl HandlerState for Handler {
    type StoreData = State;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<State, Expiration, Worker>> {
        let code = self.code.get();
        let mut store = State::store(&code.engine, &self.shared, &self.grants);
        let proxy = Proxy::P3(code.pre.instantiate_async(&mut store).await?);
        store.data_mut().count();
        let stop = self.lifetime.stop.clone();
        let (stopping, gate) = (stop.clone(), store.data().gate.clone());
        let end = async move {
            tokio::select! {
                () = stopping.cancelled() => {}
                () = gate.stopped() => {}
            }
        };
        Ok(Instance {
            store,
            proxy,
            view: State::http,
            expiration: Expiration::new(self.reuse, end),
            state: Worker {
                reuse: self.reuse,
                grants: self.grants.clone(),
                stop,
                _running: self.lifetime.instances.token(),
            },
        })
    }
}

/// Ends an instance that is idle, takes too long, is stopped by a fault, or belongs to a host that
/// stops.
///
/// It is asked at every step of every request, so it must cost next to nothing while nothing ends.
struct Expiration {
    reuse: Reuse,
    /// May ring too early, never too late: setting a timer anew costs more than a ring for nothing.
    alarm: Pin<Box<Sleep>>,
    /// Only asked when it has something to say.
    end: FuturesUnordered<Pin<Box<dyn Future<Output = ()> + Send + Sync>>>,
}

impl Expiration {
    fn new(reuse: Reuse, end: impl Future<Output = ()> + Send + Sync + 'static) -> Self {
        let end: Pin<Box<dyn Future<Output = ()> + Send + Sync>> = Box::pin(end);
        let alarm = Box::pin(tokio::time::sleep(reuse.idle));
        Self { reuse, alarm, end: FuturesUnordered::from_iter([end]) }
    }
}

impl WorkerExpiration for Expiration {
    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        status: WorkerStatus,
        since: Instant,
    ) -> Poll<()> {
        if self.end.poll_next_unpin(context).is_ready() {
            return Poll::Ready(());
        }
        let allowed = match status {
            WorkerStatus::Idle => self.reuse.idle,
            WorkerStatus::Requests | WorkerStatus::PostReturn => self.reuse.request,
        };
        while self.alarm.as_mut().poll(context).is_ready() {
            let deadline = since + allowed;
            let now = Instant::now();
            if deadline <= now {
                return Poll::Ready(());
            }
            // No later than an instance that turns idle in this very moment has to go.
            let next = deadline.min(now + self.reuse.idle);
            self.alarm.as_mut().reset(next.into());
        }
        Poll::Pending
    }
}

struct Worker {
    reuse: Reuse,
    grants: Arc<Grants>,
    stop: CancellationToken,
    _running: TaskTrackerToken,
}

impl WorkerState for Worker {
    type StoreData = State;
    type RequestData = Trace;

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= self.reuse.total {
            ShouldAccept::Never
        } else if concurrent >= self.reuse.concurrent {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        mut store: StoreContextMut<'_, State>,
        trace: Trace,
        task: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        store.data_mut().traces.began(task, trace);
        Box::pin(tokio::time::sleep(self.reuse.request))
    }

    fn drop(&self, store: Store<State>, result: wasmtime::Result<()>) {
        if let Err(error) = result
            && !self.stop.is_cancelled()
        {
            store.data().gate.metrics.failed();
            let component = self.grants.id.as_str();
            tracing::error!(component, error = format!("{error:?}"), "an instance failed");
        }
    }
}
