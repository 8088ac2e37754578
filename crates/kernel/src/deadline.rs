//! How long a worker works at one go.

use std::time::{Duration, Instant};

/// A point in time after which no further batch is begun. What is left is done at the next doorbell
/// or tick: messages are handed out one at a time, so a backlog must let others have their turn,
/// and a host stops what takes too long (Boxoffice's own after 30 seconds).
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline that is `time` from now.
    #[must_use]
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// Whether it has passed.
    #[must_use]
    pub fn has_passed(self) -> bool {
        Instant::now() >= self.0
    }
}
