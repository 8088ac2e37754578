//! The one gate that every side effect of a guest passes: each statement, each command, each
//! request that leaves the sandbox. Whoever wants to watch, delay or break the outside world does
//! it here and nowhere else.

use std::sync::Arc;
use std::time::Instant;

use tokio_util::sync::CancellationToken;

use crate::fault::{Call, CallFate, Faults};
use crate::metrics::ComponentMetrics;
use crate::state::{Grants, Shared};
use crate::trace::{Trace, Tracing};

/// One instance's gate.
#[derive(Clone)]
pub(crate) struct Gate {
    /// What the instance may do.
    pub(crate) grants: Arc<Grants>,
    /// What is counted of the component.
    pub(crate) metrics: Arc<ComponentMetrics>,
    /// What the calls belong to, if that is known.
    pub(crate) trace: Option<Trace>,
    tracing: Tracing,
    faults: Option<Arc<dyn Faults>>,
    stopped: CancellationToken,
}

impl Gate {
    /// The gate of a new instance.
    pub(crate) fn new(grants: Arc<Grants>, shared: &Shared) -> Self {
        let metrics = shared.metrics.component(&grants.id);
        Self {
            grants,
            metrics,
            trace: None,
            tracing: shared.tracing.clone(),
            faults: shared.faults.clone(),
            stopped: CancellationToken::new(),
        }
    }

    /// The same gate for calls that belong to a trace.
    pub(crate) fn within(&self, trace: Option<Trace>) -> Self {
        Self { trace, ..self.clone() }
    }

    /// The span of a call, if spans are exported and it is known what the call belongs to. Requests
    /// have theirs before they pass, to take it along; [`Gate::pass`] makes the others'.
    pub(crate) fn begin(&self, call: Call<'_>) -> Option<Trace> {
        self.tracing.call(self.trace.as_ref()?, call)
    }

    /// Makes a call in the name of the instance. `RUST_LOG=boxoffice_host::call=trace` shows them
    /// all. Does not return if a fault stops the instance: whoever drives it waits for
    /// [`Gate::stopped`] and drops it.
    pub(crate) async fn pass<T>(&self, call: Call<'_>, effect: impl Future<Output = T>) -> T {
        let Some(faults) = &self.faults else { return self.traced(call, effect).await };
        match faults.of_call(&self.grants.id, call) {
            CallFate::Made => self.traced(call, effect).await,
            CallFate::Late(by) => {
                tokio::time::sleep(by).await;
                self.traced(call, effect).await
            }
            CallFate::StoppedBefore => self.stop(call, "before").await,
            CallFate::StoppedAfter => {
                self.traced(call, effect).await;
                self.stop(call, "after").await
            }
        }
    }

    async fn traced<T>(&self, call: Call<'_>, effect: impl Future<Output = T>) -> T {
        let span = if matches!(call, Call::Http(_)) { None } else { self.begin(call) };
        let start = Instant::now();
        let result = effect.await;
        if let Some(span) = span {
            span.ended(None);
        }
        let (component, took) = (self.grants.id.as_str(), start.elapsed());
        self.metrics.called(call, took);
        tracing::trace!(component, %call, us = took.as_micros() as u64, "host call");
        result
    }

    async fn stop<T>(&self, call: Call<'_>, side: &str) -> T {
        tracing::warn!(component = self.grants.id, %call, side, "a fault stops an instance");
        self.stopped.cancel();
        std::future::pending().await
    }

    /// Resolves when a fault has stopped the instance.
    pub(crate) async fn stopped(&self) {
        self.stopped.cancelled().await;
    }

    /// Drives an instance's work until it is done or a fault stops the instance.
    ///
    /// # Errors
    /// What the work says; that a fault stopped it.
    pub(crate) async fn unless_stopped<T>(
        &self,
        work: impl Future<Output = wasmtime::Result<T>>,
    ) -> wasmtime::Result<T> {
        tokio::select! {
            biased;
            () = self.stopped() => Err(wasmtime::format_err!("a fault stopped the instance")),
            done = work => done,
        }
    }
}
