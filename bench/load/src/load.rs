//! The two ways to load a server: at a pace of our own (open loop), or as much as it can bear
//! (closed loop).

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use futures::future::join_all;
use hdrhistogram::Histogram;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::spawn_local;
use tokio::time::Instant;

use crate::arrival::Arrival;

/// The longest latency that is told apart, in microseconds: two minutes.
const LONGEST: u64 = 120_000_000;
/// How many digits of a latency are kept.
const DIGITS: u8 = 3;

/// Why something was not done, in a few words that are counted.
pub type Miss = String;

/// What came of a load.
pub struct Outcome {
    latencies: Histogram<u64>,
    /// What was not done, by why.
    pub misses: BTreeMap<Miss, u64>,
    /// How long it took.
    pub took: Duration,
}

impl Outcome {
    /// Of nothing yet.
    ///
    /// # Panics
    /// Never: the bounds are a histogram's.
    pub fn new() -> Self {
        #[allow(clippy::unwrap_used, reason = "the bounds are constants, and valid")]
        let latencies = Histogram::new_with_bounds(1, LONGEST, DIGITS).unwrap();
        Self { latencies, misses: BTreeMap::new(), took: Duration::ZERO }
    }

    /// Counts something that was done, or not, after `latency`.
    pub fn note(&mut self, latency: Duration, result: Result<(), Miss>) {
        match result {
            Ok(()) => {
                let micros = u64::try_from(latency.as_micros()).unwrap_or(LONGEST);
                self.latencies.saturating_record(micros.max(1));
            }
            Err(miss) => *self.misses.entry(miss).or_default() += 1,
        }
    }

    /// How much was done.
    pub fn done(&self) -> u64 {
        self.latencies.len()
    }

    /// How much was not.
    pub fn missed(&self) -> u64 {
        self.misses.values().sum()
    }

    /// How much was done in a second.
    #[allow(clippy::cast_precision_loss, reason = "a count of requests, far below 2^52")]
    pub fn per_second(&self) -> f64 {
        self.done() as f64 / self.took.as_secs_f64().max(f64::EPSILON)
    }

    /// The latency, in milliseconds, that so many of a hundred did not exceed.
    #[allow(clippy::cast_precision_loss, reason = "at most two minutes in microseconds")]
    pub fn percentile(&self, percent: f64) -> f64 {
        self.latencies.value_at_percentile(percent) as f64 / 1_000.0
    }
}

impl Default for Outcome {
    fn default() -> Self {
        Self::new()
    }
}

/// Does `act` whenever `arrival` says so, whatever has become of those before. Latency counts from
/// the time that was meant, not from when a connection was free or this thread had time.
///
/// To be called in a [`tokio::task::LocalSet`].
pub async fn paced<A, F>(arrival: Arrival, act: A) -> Outcome
where
    A: Fn(u64) -> F + 'static,
    F: Future<Output = Result<(), Miss>> + 'static,
{
    let outcome = Rc::new(RefCell::new(Outcome::new()));
    let start = Instant::now();
    let mut due = ticks(arrival, start);
    let mut acting = Vec::new();
    while let Some(number) = due.recv().await {
        let (act, outcome) = (act(number), Rc::clone(&outcome));
        acting.push(spawn_local(async move {
            let result = act.await;
            let latency = start.elapsed().saturating_sub(arrival.at(number));
            outcome.borrow_mut().note(latency, result);
        }));
    }
    join_all(acting).await;
    let mut outcome = outcome.take();
    outcome.took = start.elapsed();
    outcome
}

/// The number of each request, when it is due.
///
/// By a thread of its own: the runtime's timers tell a millisecond from the next and no less, which
/// is longer than many an answer takes.
fn ticks(arrival: Arrival, start: Instant) -> UnboundedReceiver<u64> {
    let (tell, due) = unbounded_channel();
    std::thread::spawn(move || {
        for number in 0..arrival.count() {
            let wait = arrival.at(number).saturating_sub(start.elapsed());
            if !wait.is_zero() {
                std::thread::sleep(wait);
            }
            if tell.send(number).is_err() {
                return;
            }
        }
    });
    due
}

/// Has so many do `act` again and again for so long, each as soon as it is done. The numbers are of
/// all together.
pub async fn saturating<A, F>(workers: usize, over: Duration, act: A) -> Outcome
where
    A: Fn(u64) -> F,
    F: Future<Output = Result<(), Miss>>,
{
    let outcome = RefCell::new(Outcome::new());
    let next = Cell::new(0);
    let start = Instant::now();
    let working = (0..workers).map(async |_| {
        while start.elapsed() < over {
            let number = next.get();
            next.set(number + 1);
            let began = Instant::now();
            let result = act(number).await;
            outcome.borrow_mut().note(began.elapsed(), result);
        }
    });
    join_all(working).await;
    let mut outcome = outcome.into_inner();
    outcome.took = start.elapsed();
    outcome
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::rc::Rc;

    use tokio::sync::Mutex;
    use tokio::task::LocalSet;
    use tokio::time::sleep;

    use super::*;
    use crate::arrival::Rate;

    fn run<T>(work: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        LocalSet::new().block_on(&runtime, work)
    }

    /// A server that does one thing at a time, each in 1 ms, and stops for 300 ms at the tenth.
    async fn stalls(server: Rc<Mutex<u64>>) -> Result<(), Miss> {
        let mut served = server.lock().await;
        *served += 1;
        let pause = if *served == 10 { 300 } else { 1 };
        sleep(Duration::from_millis(pause)).await;
        Ok(())
    }

    #[test]
    fn those_who_came_during_a_stall_have_waited() {
        let arrival = Arrival::new(Rate::steady(100.0), Duration::from_millis(600));
        let outcome = run(async {
            let server = Rc::new(Mutex::new(0));
            paced(arrival, move |_| stalls(Rc::clone(&server))).await
        });
        assert_eq!((outcome.done(), outcome.missed()), (60, 0));
        // Some thirty came while it stalled, so half of all have waited. A client that waits for its
        // answers would have seen one slow one in sixty.
        assert!(outcome.percentile(70.0) > 30.0, "{}", outcome.percentile(70.0));
        assert!(outcome.percentile(99.0) > 250.0, "{}", outcome.percentile(99.0));
    }

    #[test]
    fn workers_go_on_until_time_is_up() {
        let over = Duration::from_millis(200);
        let act = async |number: u64| {
            sleep(Duration::from_millis(10)).await;
            if number % 4 == 3 { Err("409".to_owned()) } else { Ok(()) }
        };
        let outcome = run(saturating(4, over, act));
        assert!((8..=84).contains(&outcome.done()), "{}", outcome.done());
        let expected = outcome.done() / 3;
        assert!(outcome.missed().abs_diff(expected) <= 1, "every fourth: {:?}", outcome.misses);
        assert!(outcome.took >= over && outcome.per_second() > 10.0, "{:?}", outcome.took);
    }

    #[test]
    fn percentiles_are_in_milliseconds() {
        let mut outcome = Outcome::new();
        for milliseconds in 1..=100 {
            outcome.note(Duration::from_millis(milliseconds), Ok(()));
        }
        outcome.note(Duration::from_secs(1), Err("500".to_owned()));
        assert!((outcome.percentile(50.0) - 50.0).abs() < 0.1, "{}", outcome.percentile(50.0));
        assert!((outcome.percentile(100.0) - 100.0).abs() < 0.1, "misses have no latency");
        assert_eq!(outcome.misses["500"], 1);
    }
}
