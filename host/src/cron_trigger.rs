//! The cron trigger, with Spin's semantics: seconds first, in UTC, a fresh instance for every tick.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use boxoffice_host_bindings::cron::{Metadata, SpinCronPre};
use chrono::Utc;
use cron::Schedule;

use crate::code::Code;
use crate::instance::{self, Outcome};
use crate::lifetime::Lifetime;
use crate::state::{Grants, Shared, State};

/// A component that a schedule wakes.
pub(crate) struct Ticker {
    pub(crate) code: Arc<Code<SpinCronPre<State>>>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) grants: Arc<Grants>,
    /// How long one tick may take.
    pub(crate) timeout: Duration,
}

impl Ticker {
    /// Calls the component once.
    pub(crate) async fn tick(&self) -> Outcome {
        let start = Instant::now();
        let now = self.shared.clock.now().duration_since(SystemTime::UNIX_EPOCH);
        let timestamp = now.unwrap_or_default().as_secs();
        let trace = self.shared.tracing.begin(&self.grants.id, "tick");
        let outcome = instance::call(self.timeout, || async {
            let code = self.code.get();
            let mut store = State::store(&code.engine, &self.shared, &self.grants);
            store.data_mut().traces.own(trace.clone());
            let gate = store.data().gate.clone();
            let work = async {
                let instance = code.pre.instantiate_async(&mut store).await?;
                store.data_mut().count();
                instance.call_handle_cron_event(&mut store, Metadata { timestamp }).await
            };
            gate.unless_stopped(work).await
        })
        .await;
        let (component, name) = (self.grants.id.as_str(), outcome.name());
        let (took, metrics) = (start.elapsed(), &self.shared.metrics);
        metrics.tick(component, took, &outcome);
        metrics.component(component).ended(&outcome);
        trace.ended(outcome.error());
        let (ms, trace_id) = (took.as_micros() as f64 / 1000.0, trace.id());
        match outcome.error() {
            None => tracing::info!(target: "tick", component, outcome = name, ms, %trace_id),
            Some(error) => {
                tracing::error!(target: "tick", component, outcome = name, ms, %trace_id, error);
            }
        }
        outcome
    }

    /// Calls the component by its schedule until the host drains. A tick that falls due while the
    /// one before is still at work is left out, so that slow ticks do not pile up.
    pub(crate) async fn run(self: Arc<Self>, schedule: Schedule, lifetime: Lifetime) {
        let component = self.grants.id.as_str();
        let mut last = Utc::now();
        loop {
            let now = Utc::now();
            let missed = schedule.after(&last).take_while(|due| *due < now).count();
            if missed > 0 {
                tracing::warn!(
                    component,
                    missed,
                    "the previous tick took longer than its interval"
                );
            }
            let Some(due) = schedule.after(&now).next() else {
                tracing::info!(component, "its schedule has no further ticks");
                return;
            };
            // A schedule gives whole seconds, never one that has begun.
            let pause = (due - now).to_std().unwrap_or_default();
            tokio::select! {
                () = lifetime.drain.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            self.tick().await;
            last = due;
        }
    }
}
