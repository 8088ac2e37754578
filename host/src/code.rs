//! The compiled code that instances are made of, and the engine in whose pool they are made.
//!
//! A pool keeps what its instances have touched, for the next ones in their slots. After a burst that
//! is hundreds of megabytes, and wasmtime gives none of it back while the pool is there. So the code
//! is then loaded into an engine with a new pool ([`Renewal`]). New instances are made in that one; the
//! old one goes with its last instance.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use wasmtime::Engine;
use wasmtime::component::InstancePre;

use crate::component::{self, Keys, Loaded};
use crate::engine;
use crate::lifetime::Lifetime;
use crate::metrics::Metrics;
use crate::state::State;

/// How often one looks at the pool.
const LOOK: Duration = Duration::from_millis(500);

/// How many looks tell what is needed: what is quiet for a moment may be busy in the next.
const LOOKS: usize = 20;

/// What a pool may keep in any case, in bytes.
const KEPT: usize = 24 << 20;

/// So many memories more than twice those that were needed lately are no steady load's.
const SPARE: usize = 16;

/// A component as its trigger calls it.
pub(crate) struct Code<P> {
    current: RwLock<Arc<Bound<P>>>,
    bind: fn(InstancePre<State>) -> wasmtime::Result<P>,
}

/// A component in an engine.
pub(crate) struct Bound<P> {
    pub(crate) engine: Engine,
    pub(crate) pre: P,
}

impl<P> Code<P> {
    /// A component, and what binds it to the call that its trigger makes.
    ///
    /// # Errors
    /// It cannot be called so.
    pub(crate) fn new(
        engine: &Engine,
        pre: InstancePre<State>,
        bind: fn(InstancePre<State>) -> wasmtime::Result<P>,
    ) -> wasmtime::Result<Self> {
        let bound = Bound { engine: engine.clone(), pre: bind(pre)? };
        Ok(Self { current: RwLock::new(Arc::new(bound)), bind })
    }

    /// What to make the next instance of. Who keeps it keeps its engine's memory.
    pub(crate) fn get(&self) -> Arc<Bound<P>> {
        // A handle: whole at any time.
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Code that can be moved into another engine.
pub(crate) trait Movable: Send + Sync {
    /// Makes further instances in `engine`.
    ///
    /// # Errors
    /// It cannot be called so.
    fn move_to(&self, engine: &Engine, pre: InstancePre<State>) -> wasmtime::Result<()>;
}

impl<P: Send + Sync> Movable for Code<P> {
    fn move_to(&self, engine: &Engine, pre: InstancePre<State>) -> wasmtime::Result<()> {
        let bound = Bound { engine: engine.clone(), pre: (self.bind)(pre)? };
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(bound);
        Ok(())
    }
}

/// Looks after the pool, and renews it after a burst.
pub(crate) struct Renewal {
    pub(crate) engine: Engine,
    pub(crate) keys: Keys,
    /// The folder of compiled code.
    pub(crate) cache: PathBuf,
    /// By the ids of their components, each of which may be called by several triggers.
    pub(crate) code: Vec<(String, Arc<dyn Movable>)>,
    pub(crate) metrics: Arc<Metrics>,
}

impl Renewal {
    /// Does so until the host drains.
    pub(crate) async fn run(mut self, lifetime: Lifetime) {
        let mut needed = Needed::default();
        loop {
            tokio::select! {
                () = lifetime.drain.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            let Some(pool) = self.engine.pooling_allocator_metrics() else { return };
            let kept = pool.unused_memory_bytes_resident() + pool.unused_table_bytes_resident();
            self.metrics.pool_keeps(kept);
            let used = pool.memories();
            let touched = used + pool.unused_warm_memories() as usize;
            // It keeps the engine.
            drop(pool);
            needed.saw(used);
            if kept < KEPT || !needed.is_exceeded_by(touched) {
                continue;
            }
            match self.renew().await {
                Ok(()) => tracing::info!(megabytes = kept >> 20, "the pool of instances is new"),
                Err(error) => {
                    // What was not to be had once will hardly be had later.
                    tracing::warn!(%error, "the pool of instances keeps its memory");
                    return;
                }
            }
            needed = Needed::default();
        }
    }

    async fn renew(&mut self) -> anyhow::Result<()> {
        let (keys, cache) = (self.keys.clone(), self.cache.clone());
        let loading = tokio::task::spawn_blocking(move || {
            let engine = engine::new()?;
            let loaded = component::reload(&engine, &keys, &cache)?;
            anyhow::Ok((engine, loaded))
        });
        let (engine, loaded): (Engine, Loaded) = loading.await??;
        for (id, code) in &self.code {
            let Some(pre) = loaded.get(id) else { anyhow::bail!("`{id}` was not loaded") };
            code.move_to(&engine, pre.clone()).map_err(anyhow::Error::from)?;
        }
        self.engine = engine;
        Ok(())
    }
}

/// The memories that instances have had at the last looks.
#[derive(Default)]
struct Needed(VecDeque<usize>);

impl Needed {
    fn saw(&mut self, used: usize) {
        if self.0.len() == LOOKS {
            self.0.pop_front();
        }
        self.0.push_back(used);
    }

    /// Whether so many are far more than were needed; never before one has looked long enough.
    fn is_exceeded_by(&self, touched: usize) -> bool {
        let most = self.0.iter().max().copied().unwrap_or_default();
        self.0.len() == LOOKS && touched > 2 * most + SPARE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_is_renewed_when_a_burst_is_over_and_not_under_load() {
        let mut needed = Needed::default();
        let touched = 300;
        for _ in 0..LOOKS - 1 {
            needed.saw(0);
            assert!(!needed.is_exceeded_by(touched), "it is too soon to tell");
        }
        needed.saw(200);
        assert!(!needed.is_exceeded_by(touched), "they are in use");
        for _ in 0..LOOKS - 1 {
            needed.saw(20);
            assert!(!needed.is_exceeded_by(touched), "they were lately");
        }
        needed.saw(20);
        assert!(needed.is_exceeded_by(touched));
        assert!(!needed.is_exceeded_by(2 * 20 + SPARE), "that much may be needed again");
    }
}
