//! What one instance of a component holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant, SystemTime};

use wasmtime::component::{Access, HasData, Resource, ResourceTable, ResourceTableError};
use wasmtime::{AsContextMut, Engine, ResourceLimiter, Store};
use wasmtime_wasi::{HostWallClock, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::allowed_hosts::{AllowedHosts, Target};
use crate::call::Gate;
use crate::clock::Clock;
use crate::engine::MEMORY_PER_INSTANCE;
use crate::fault::Faults;
use crate::guest_log::GuestOutput;
use crate::http::Endpoints;
use crate::lifetime::Lifetime;
use crate::metrics::{Metrics, Present};
use crate::outbound_http::{Client, OutboundHttp};
use crate::postgres::Pools;
use crate::redis_client::Servers;
use crate::sockets;
use crate::sqlite::Databases;
use crate::trace::{Traces, Tracing};
use crate::turns::{Computing, Turns};

/// What all instances of a running application share.
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) databases: Databases,
    pub(crate) pools: Pools,
    pub(crate) servers: Arc<Servers>,
    pub(crate) client: Client,
    pub(crate) faults: Option<Arc<dyn Faults>>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) tracing: Tracing,
    pub(crate) turns: Turns,
    /// The components that `http://<id>.spin.internal` reaches. Weak, since their handlers hold
    /// this very struct.
    pub(crate) endpoints: OnceLock<Weak<Endpoints>>,
}

/// How often what lies idle is looked at.
const LOOK: Duration = Duration::from_secs(2);

impl Shared {
    /// Closes what a burst has left open, until the host drains.
    pub(crate) async fn tidy(self: Arc<Self>, lifetime: Lifetime) {
        loop {
            tokio::select! {
                () = lifetime.drain.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            self.pools.tidy();
            self.servers.tidy();
            let shared = self.clone();
            if let Err(error) = tokio::task::spawn_blocking(move || shared.databases.tidy()).await {
                tracing::error!(%error, "closing what lies idle failed");
            }
        }
    }
}

/// What the manifest grants a component, its templates expanded.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    pub(crate) id: String,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) databases: BTreeSet<String>,
    pub(crate) hosts: AllowedHosts,
}

impl Grants {
    /// Whether the component may reach an address of a scheme; if not, the log says how to allow it.
    pub(crate) fn allow_address(&self, address: &str, scheme: &str) -> bool {
        match Target::parse(address, scheme) {
            Ok(target) => self.allow(&target),
            Err(error) => {
                tracing::warn!(component = self.id, error, "an address is invalid");
                false
            }
        }
    }

    /// Whether the component may reach a target; if not, the log says how to allow it.
    pub(crate) fn allow(&self, target: &Target) -> bool {
        let allowed = self.hosts.allow(target);
        if !allowed {
            tracing::warn!(
                component = self.id,
                host = %target,
                "denied: to allow it, add \"{target}\" to component.{}.allowed_outbound_hosts",
                self.id
            );
        }
        allowed
    }
}

/// The data of a store: one instance.
pub(crate) struct State {
    pub(crate) shared: Arc<Shared>,
    pub(crate) grants: Arc<Grants>,
    pub(crate) gate: Gate,
    pub(crate) traces: Traces,
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    pub(crate) outbound: OutboundHttp,
    memory: MemoryBudget,
    computing: Computing,
    begun: Instant,
    /// Counts the instance, once there is one.
    present: Option<Present>,
}

/// Names [`State`] as what the host interfaces work on.
pub(crate) struct Guest;

impl HasData for Guest {
    type Data<'a> = &'a mut State;
}

impl State {
    /// A store for a new instance.
    pub(crate) fn store(
        engine: &Engine,
        shared: &Arc<Shared>,
        grants: &Arc<Grants>,
    ) -> Store<Self> {
        let begun = Instant::now();
        let mut wasi = WasiCtxBuilder::new();
        wasi.allow_tcp(true)
            .allow_udp(false)
            .socket_addr_check(sockets::check(grants.clone()))
            .wall_clock(WallClock(shared.clock.clone()))
            .stdout(GuestOutput::new(grants.clone()))
            .stderr(GuestOutput::new(grants.clone()));
        for (name, value) in &grants.environment {
            wasi.env(name, value);
        }
        let gate = Gate::new(grants.clone(), shared);
        let state = Self {
            shared: shared.clone(),
            grants: grants.clone(),
            gate: gate.clone(),
            traces: Traces::default(),
            table: ResourceTable::new(),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            outbound: OutboundHttp::new(shared.clone(), gate),
            memory: MemoryBudget { left: MEMORY_PER_INSTANCE },
            computing: Computing::new(&shared.turns),
            begun,
            present: None,
        };
        let mut store = Store::new(engine, state);
        store.limiter(|state| &mut state.memory);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut store| Ok(store.data_mut().computing.tick()));
        store
    }

    /// The gate for a call that a guest makes just now: what it belongs to is known until the first
    /// `.await`.
    pub(crate) fn gate_of<T: Send + 'static>(access: &mut Access<'_, T, Guest>) -> Gate {
        // Without a guest that calls there is no stack, and no trace.
        let mut store = access.as_context_mut();
        let task = store.async_call_stack().ok().and_then(Iterator::last);
        let state = access.get();
        state.computing.called();
        state.gate.within(state.traces.of(task).cloned())
    }

    /// The same for an interface whose calls nothing runs beside: they tell no task, so it is known
    /// for instances that are made for one call.
    pub(crate) fn own_gate(&mut self) -> Gate {
        self.computing.called();
        self.gate.within(self.traces.of(None).cloned())
    }

    /// Counts the instance from now on: it is made, and was begun when its store was.
    pub(crate) fn count(&mut self) {
        self.present = Some(self.gate.metrics.made(self.begun.elapsed()));
    }

    /// Keeps `value` behind a handle. The interfaces' handle types say nothing of what lies behind;
    /// the table checks that it is a `V` whenever one is taken.
    pub(crate) fn push<V: Send + 'static, H>(
        &mut self,
        value: V,
    ) -> Result<Resource<H>, ResourceTableError> {
        Ok(Resource::new_own(self.table.push(value)?.rep()))
    }

    /// What lies behind a handle.
    pub(crate) fn get<V: Send + 'static, H>(
        &self,
        handle: &Resource<H>,
    ) -> Result<&V, ResourceTableError> {
        self.table.get(&Resource::<V>::new_borrow(handle.rep()))
    }

    /// Takes back what lies behind a handle that its owner gives up.
    pub(crate) fn remove<V: Send + 'static, H>(
        &mut self,
        handle: Resource<H>,
    ) -> Result<V, ResourceTableError> {
        self.table.delete(Resource::<V>::new_own(handle.rep()))
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.computing.called();
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        self.computing.called();
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.outbound }
    }
}

/// The host's clock as `wasi:clocks` asks for it.
struct WallClock(Arc<dyn Clock>);

impl HostWallClock for WallClock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        // Before 1970 there is no time of day to tell.
        self.0.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }
}

/// Memory that an instance may still take, all of its memories together.
struct MemoryBudget {
    left: usize,
}

impl ResourceLimiter for MemoryBudget {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let left = self.left.checked_sub(desired.saturating_sub(current));
        self.left = left.unwrap_or(self.left);
        Ok(left.is_some())
    }

    fn table_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // The pool bounds tables.
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn memories_share_one_budget() {
        let mut budget = MemoryBudget { left: 100 };
        assert!(budget.memory_growing(0, 60, None).unwrap());
        assert!(!budget.memory_growing(0, 60, None).unwrap());
        assert!(budget.memory_growing(60, 100, None).unwrap());
        assert!(!budget.memory_growing(100, 101, None).unwrap());
    }
}
