//! Who computes for long waits for their turn.
//!
//! Instances run on threads that serve everybody. As many of them as people sign in may compute a
//! password's hash at a time, each for some 20 milliseconds without a break; were they all to run, one
//! tick after another, whatever else there is would wait behind all of them. So an instance that has
//! called nobody for some ticks goes on when it is its turn, and no more have one than there are cores.
//! Hosts do well to run on more threads than that: then the system divides the cores between those
//! who compute and all others.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;
use wasmtime::UpdateDeadline;

use crate::engine::TICK;

/// How long a turn is at most. Others may have it then; and that an instance computes no more is not
/// noticed before its next call.
const LONGEST: Duration = Duration::from_millis(100);
/// Who has called nobody at so many ends of ticks in a row computes for long. At one alone it may have
/// been the system that took its thread.
const LONG: u32 = 2;
/// Who was not there for so many ticks has not computed.
const ABSENT: u32 = 10;

/// The turns of a host's instances.
#[derive(Clone)]
pub(crate) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(cores)))
    }
}

/// An instance's turn while it lasts: a task that keeps it from the others.
type Turn = Arc<Mutex<Option<AbortOnDropHandle<()>>>>;

/// What is known of an instance's computing.
pub(crate) struct Computing {
    turns: Turns,
    turn: Turn,
    /// It has called somebody since the last end of a tick that it noticed.
    has_called: bool,
    /// How many it has noticed without a call.
    silent: u32,
    /// It has asked for a turn since its last call.
    has_asked: bool,
    noticed: Instant,
}

impl Computing {
    pub(crate) fn new(turns: &Turns) -> Self {
        Self {
            turns: turns.clone(),
            turn: Turn::default(),
            has_called: true,
            silent: 0,
            has_asked: false,
            noticed: Instant::now(),
        }
    }

    /// Notes that the instance calls the host: its turn is over.
    pub(crate) fn called(&mut self) {
        self.has_called = true;
        if std::mem::take(&mut self.has_asked) {
            take(&self.turn, None);
        }
    }

    /// What the instance is to do that notices the end of a tick: it gives its thread back, so that
    /// others run and it can be stopped, and waits for its turn if it has been long.
    pub(crate) fn tick(&mut self) -> UpdateDeadline {
        let was_there = self.has_asked || self.noticed.elapsed() < ABSENT * TICK;
        self.silent = if self.has_called || !was_there { 0 } else { self.silent + 1 };
        self.has_called = false;
        self.noticed = Instant::now();
        if self.silent < LONG || is_on(&self.turn) {
            return UpdateDeadline::Yield(1);
        }
        self.has_asked = true;
        UpdateDeadline::YieldCustom(1, Box::pin(wait(self.turns.clone(), self.turn.clone())))
    }
}

fn is_on(turn: &Turn) -> bool {
    let turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
    turn.as_ref().is_some_and(|turn| !turn.is_finished())
}

/// Ends the turn that there is, for the next.
fn take(turn: &Turn, next: Option<AbortOnDropHandle<()>>) {
    *turn.lock().unwrap_or_else(PoisonError::into_inner) = next;
}

async fn wait(turns: Turns, turn: Turn) {
    tokio::task::yield_now().await;
    // It is never closed.
    let Ok(permit) = turns.0.acquire_owned().await else { return };
    let lasting = tokio::spawn(async move {
        tokio::time::sleep(LONGEST).await;
        drop(permit);
    });
    take(&turn, Some(AbortOnDropHandle::new(lasting)));
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    /// Lets a tick pass for `computing`; the turn that it waits for, if it does.
    fn tick(computing: &mut Computing) -> Option<impl Future<Output = ()> + use<>> {
        match computing.tick() {
            UpdateDeadline::YieldCustom(1, waiting) => Some(waiting),
            UpdateDeadline::Yield(1) => None,
            _ => panic!("an instance gives its thread back at every tick"),
        }
    }

    /// Lets it compute until it has to wait.
    fn compute(computing: &mut Computing) -> Option<impl Future<Output = ()> + use<>> {
        (0..=LONG).find_map(|_| tick(computing))
    }

    #[tokio::test]
    async fn who_computes_waits_for_who_did_before() {
        let turns = Turns(Arc::new(Semaphore::new(1)));
        let [mut first, mut second] = [(); 2].map(|()| Computing::new(&turns));
        compute(&mut first).expect("the first is long").await;
        assert!(compute(&mut first).is_none(), "it has its turn");
        let mut waiting = compute(&mut second).expect("the second is long");
        tokio::task::yield_now().await;
        assert!((&mut waiting).now_or_never().is_none());
        first.called();
        waiting.await;
        assert!(compute(&mut second).is_none());
        // Nobody's turn is for ever.
        compute(&mut first).expect("the first is long again").await;
        assert!(compute(&mut second).is_some());
    }

    #[tokio::test]
    async fn who_calls_waits_for_nobody() {
        let mut computing = Computing::new(&Turns(Arc::new(Semaphore::new(0))));
        for _ in 0..3 {
            computing.called();
            assert!(tick(&mut computing).is_none());
        }
        for _ in 0..3 {
            computing.noticed -= ABSENT * TICK;
            assert!(tick(&mut computing).is_none(), "it was not there");
        }
        assert!(compute(&mut computing).is_some());
    }
}
