//! What counts the calls that components make.

use std::collections::BTreeMap;
use std::ops::Sub;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use boxoffice_host::{Call, CallFate, Faults};

/// How long nothing may be called before everything counts as done.
const QUIET: Duration = Duration::from_millis(100);

/// Calls, by what is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Calls {
    /// Statements, and connections opened.
    pub(crate) database: usize,
    /// Commands, and connections opened.
    pub(crate) redis: usize,
    /// Requests, to siblings and to the payment provider.
    pub(crate) http: usize,
}

impl Calls {
    /// How many there are of all kinds.
    pub(crate) const fn all(self) -> usize {
        self.database + self.redis + self.http
    }
}

impl Sub for Calls {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            database: self.database - earlier.database,
            redis: self.redis - earlier.redis,
            http: self.http - earlier.http,
        }
    }
}

/// Counts, and lets everything pass.
#[derive(Default)]
pub(crate) struct Counter(Mutex<Counted>);

#[derive(Default)]
struct Counted {
    by_component: BTreeMap<String, Calls>,
    last: Option<Instant>,
}

impl Faults for Counter {
    fn of_call(&self, component: &str, call: Call<'_>) -> CallFate {
        let mut counted = self.0.lock().unwrap();
        counted.last = Some(Instant::now());
        let calls = counted.by_component.entry(component.to_owned()).or_default();
        match call {
            Call::Sqlite(_) | Call::Postgres(_) => calls.database += 1,
            Call::Redis(_) => calls.redis += 1,
            _ => calls.http += 1,
        }
        CallFate::Made
    }
}

/// Whether a component does its work beside requests.
fn is_worker(component: &str) -> bool {
    component.ends_with("-worker") || component == "expiration"
}

impl Counter {
    /// All calls until now: those of components that answer requests, and those of workers.
    pub(crate) fn now(&self) -> [Calls; 2] {
        let counted = self.0.lock().unwrap();
        [false, true].map(|workers| {
            let ours = counted.by_component.iter().filter(|(id, _)| is_worker(id) == workers);
            ours.fold(Calls::default(), |sum, (_, calls)| Calls {
                database: sum.database + calls.database,
                redis: sum.redis + calls.redis,
                http: sum.http + calls.http,
            })
        })
    }

    /// Waits until nothing is called any more.
    pub(crate) async fn quiet(&self) {
        loop {
            let last = self.0.lock().unwrap().last;
            match last.map(|last| last.elapsed()) {
                Some(since) if since < QUIET => tokio::time::sleep(QUIET - since).await,
                _ => return,
            }
        }
    }
}
