//! Whose turn it is: requests beyond the places wait, since an exhausted pool would fail them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use crate::options::Limits;

/// What watchdogs ask. It has places of its own beside the others: whoever finds a full shop ill
/// would have it restarted.
const HEALTH: [&str; 4] = ["/healthz", "/readyz", "/workers/healthz", "/workers/readyz"];

/// The places of requests that components answer.
pub(super) struct Places {
    all: Arc<Semaphore>,
    health: Arc<Semaphore>,
    /// How long a request waits.
    patience: Duration,
}

impl Places {
    /// As many as the limits say.
    pub(super) fn new(limits: &Limits, patience: Duration) -> Self {
        let places = |most: usize| Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        Self { all: places(limits.requests), health: places(limits.health_requests), patience }
    }

    /// The place of a request for this path; None if it waited too long.
    pub(super) async fn take(&self, path: &str) -> Option<OwnedSemaphorePermit> {
        let is_health = HEALTH.contains(&path);
        if is_health && let Ok(place) = self.health.clone().try_acquire_owned() {
            return Some(place);
        }
        if let Ok(place) = self.all.clone().try_acquire_owned() {
            return Some(place);
        }
        tokio::time::timeout(self.patience, self.wait(is_health)).await.ok()?.ok()
    }

    async fn wait(&self, is_health: bool) -> Result<OwnedSemaphorePermit, AcquireError> {
        let all = self.all.clone().acquire_owned();
        if !is_health {
            return all.await;
        }
        tokio::select! {
            place = self.health.clone().acquire_owned() => place,
            place = all => place,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[tokio::test]
    async fn a_full_shop_still_says_how_it_is() {
        let limits = Limits { requests: 1, health_requests: 1, ..Limits::default() };
        let places = Places::new(&limits, Duration::from_millis(50));
        let shopper = places.take("/").await.unwrap();
        assert!(places.take("/").await.is_none());
        let watchdog = places.take("/readyz").await.unwrap();
        assert!(places.take("/healthz").await.is_none(), "both kinds are taken");
        // Whichever is free first is taken.
        drop(watchdog);
        let watchdog = places.take("/healthz").await.unwrap();
        drop(shopper);
        let other = places.take("/workers/readyz").await.unwrap();
        assert!(places.take("/").await.is_none());
        drop((watchdog, other));
        assert!(places.take("/").await.is_some());
    }
}
