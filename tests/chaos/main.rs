//! Chaos: shoppers do what shoppers do, against several hosts at once, while everything that can go
//! wrong does. At the end all is made well, the shop is let heal, an audit must find nothing, and
//! everything that anybody was promised must be so.
//!
//! A seed decides what everyone does, and what goes wrong at which call. It does not decide how
//! threads take turns: a seed that failed will mostly, not always, fail again.
//!
//! | module | holds |
//! |---|---|
//! | `world` | the hosts and everything around them |
//! | `weather` | what goes wrong at calls and doorbells |
//! | `conductor` | what goes wrong with Redis, the database, the provider, the hosts; time and ticks |
//! | `shopper` | what people do |
//! | `promise` | what they were told, which must be so at the end |
//!
//! `cargo xtask chaos --seed N` repeats one seed, `--runs N` tries so many.
#![allow(clippy::unwrap_used, reason = "tests")]

mod conductor;
mod promise;
mod shopper;
mod weather;
mod world;

use std::io::Write as _;
use std::ops::Range;
use std::panic;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::world::{Account, World};

/// The seeds that are always tried.
const SEEDS: Range<u64> = 1..41;
/// How many runs there are at a time: they wait more than they work.
const AT_A_TIME: usize = 3;

/// Runs every seed; those that fail are named.
#[test]
fn seeds() {
    let seeds = chosen();
    let start = Instant::now();
    let next = AtomicU64::new(seeds.start);
    let work = || {
        let mut total = Account::default();
        let mut failed = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return (total, failed);
            }
            match panic::catch_unwind(|| run(seed)) {
                Ok(account) => total += account,
                Err(_) => {
                    say(&format!(
                        "seed {seed} FAILED; repeat it with: cargo xtask chaos --seed {seed}"
                    ));
                    failed.push(seed);
                }
            }
        }
    };
    let (mut total, mut failed) = (Account::default(), Vec::new());
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            let (account, seeds) = thread.join().unwrap();
            total += account;
            failed.extend(seeds);
        }
    });
    failed.sort_unstable();
    say(&format!(
        "chaos: {} seeds in {:.0} s, {} failed; {total}",
        seeds.end - seeds.start,
        start.elapsed().as_secs_f64(),
        failed.len()
    ));
    assert!(failed.is_empty(), "these seeds failed: {failed:?}");
}

/// The seeds that the environment asks for, which is how `cargo xtask chaos` does.
fn chosen() -> Range<u64> {
    let number = |name: &str| -> Option<u64> {
        let text = std::env::var(name).ok()?;
        Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text:?}")))
    };
    match (number("CHAOS_SEED"), number("CHAOS_RUNS")) {
        (None, None) => SEEDS,
        (seed, runs) => {
            let first = seed.unwrap_or(SEEDS.start);
            first..first + runs.unwrap_or(1)
        }
    }
}

/// One run, in a runtime of its own: whatever happens in it, the next is not concerned.
fn run(seed: u64) -> Account {
    let start = Instant::now();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let account = runtime.block_on(async {
        let world = World::open(seed).await;
        world.live().await;
        world.end().await
    });
    runtime.shutdown_timeout(Duration::from_secs(5));
    say(&format!("seed {seed}: {account} in {:.1} s", start.elapsed().as_secs_f64()));
    account
}

/// Says something past the capture of output: how much was tried is to be seen of tests that pass.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
