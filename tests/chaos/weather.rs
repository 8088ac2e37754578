//! What goes wrong at calls and doorbells.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use boxoffice_host::{Call, CallFate, Faults, MessageFate};

/// Decides by the seed and by how many calls a component has made, so that components do not
/// change one another's luck.
pub(crate) struct Weather {
    seed: u64,
    bad: AtomicBool,
    counts: Mutex<HashMap<String, u64>>,
    pub(crate) stopped: AtomicU64,
    pub(crate) bells: AtomicU64,
}

impl Weather {
    /// Good weather, until [`Weather::turn`].
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            bad: AtomicBool::new(false),
            counts: Mutex::default(),
            stopped: AtomicU64::new(0),
            bells: AtomicU64::new(0),
        }
    }

    /// Turns it bad or good.
    pub(crate) fn turn(&self, bad: bool) {
        self.bad.store(bad, Ordering::SeqCst);
    }

    /// A number below 1,000, another one each time.
    fn dice(&self, who: &str) -> u64 {
        let mut counts = self.counts.lock().unwrap();
        let count = counts.entry(who.to_owned()).or_default();
        *count += 1;
        let mut hasher = DefaultHasher::new();
        (self.seed, who, *count).hash(&mut hasher);
        hasher.finish() % 1_000
    }
}

impl Faults for Weather {
    fn of_call(&self, component: &str, _: Call<'_>) -> CallFate {
        if !self.bad.load(Ordering::SeqCst) {
            return CallFate::Made;
        }
        let fate = match self.dice(component) {
            0..5 => CallFate::StoppedBefore,
            5..10 => CallFate::StoppedAfter,
            dice @ 10..30 => CallFate::Late(Duration::from_millis(dice)),
            _ => return CallFate::Made,
        };
        if !matches!(fate, CallFate::Late(_)) {
            self.stopped.fetch_add(1, Ordering::Relaxed);
        }
        fate
    }

    fn of_message(&self, component: &str, channel: &str) -> MessageFate {
        if !self.bad.load(Ordering::SeqCst) {
            return MessageFate::Delivered;
        }
        let fate = match self.dice(&format!("{component} {channel}")) {
            0..150 => MessageFate::Dropped,
            150..230 => MessageFate::Repeated,
            dice @ 230..330 => MessageFate::Late(Duration::from_millis((dice - 230) * 2)),
            _ => return MessageFate::Delivered,
        };
        self.bells.fetch_add(1, Ordering::Relaxed);
        fate
    }
}
