//! The wasmtime engine and its pool of instances.

use std::time::Duration;

use anyhow::Context;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Memory that one instance may have, all of its composed parts together.
pub(crate) const MEMORY_PER_INSTANCE: usize = 256 << 20;

/// How many component instances the pool holds. [`REQUESTS_IN_FLIGHT`] keeps bursts below it; what
/// is left is for calls between components, for triggers and for instances about to go.
const INSTANCES: u32 = 400;

/// How many HTTP requests from outside are handled at a time; the rest wait in a queue.
pub(crate) const REQUESTS_IN_FLIGHT: usize = 256;

/// How many event streams from outside are open at a time. They wait most of the time, and up to 128
/// of them share an instance: all of them together take a tenth of the pool.
pub(crate) const STREAMS_OPEN: usize = 4_096;

/// How often a busy guest gives its thread back, and how soon it can be stopped.
pub(crate) const TICK: Duration = Duration::from_millis(1);

/// An engine with its own pool, and the ticker that drives its epochs for as long as it lives.
///
/// # Errors
/// The machine cannot reserve the pool's address space.
pub(crate) fn new() -> anyhow::Result<Engine> {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .wasm_component_model_async(true)
        .epoch_interruption(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
    let engine = Engine::new(&config)
        .map_err(anyhow::Error::from)
        .context("the WebAssembly engine cannot reserve its memory")?;
    start_ticker(&engine)?;
    Ok(engine)
}

fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::default();
    // A composed component is several core instances, memories and tables: the component, its
    // dependencies, their adapters.
    pool.total_component_instances(INSTANCES)
        .total_core_instances(INSTANCES * 8)
        .total_memories(INSTANCES * 3)
        .total_tables(INSTANCES * 4)
        .total_stacks(INSTANCES * 4)
        .table_elements(20_000)
        .max_memory_size(MEMORY_PER_INSTANCE)
        .max_core_instances_per_component(64)
        .max_memories_per_component(16)
        .max_tables_per_component(32)
        // What an instance touched stays resident for the next one in its slot, up to here.
        .linear_memory_keep_resident(2 << 20)
        .table_keep_resident(512 << 10)
        // Without it, dropping an instance clears its resident memory by hand.
        .pagemap_scan(Enabled::Auto);
    pool
}

fn start_ticker(engine: &Engine) -> anyhow::Result<()> {
    let weak = engine.weak();
    std::thread::Builder::new()
        .name("epochs".into())
        .spawn(move || {
            while let Some(engine) = weak.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(TICK);
            }
        })
        .context("no thread for the epoch ticker")?;
    Ok(())
}
