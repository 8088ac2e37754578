//! Limits that strangers met, told in the log once a minute with a count: a line for each would
//! be an attack of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long refusals are only counted after one was told.
const PAUSE: Duration = Duration::from_secs(60);

/// The refusals of a server.
#[derive(Debug, Clone)]
pub(super) struct Notices {
    untold: Arc<Mutex<HashMap<&'static str, Untold>>>,
    pause: Duration,
}

impl Default for Notices {
    fn default() -> Self {
        Self { untold: Arc::default(), pause: PAUSE }
    }
}

/// What has not been told yet.
#[derive(Debug, Default)]
struct Untold {
    count: u64,
    /// Whom it met last.
    client: Arc<str>,
}

impl Notices {
    fn untold(&self) -> MutexGuard<'_, HashMap<&'static str, Untold>> {
        // Counts: whole at any time.
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts that a client has met a limit. The first is told at once, those of the next minute at
    /// its end.
    pub(super) fn met(&self, limit: &'static str, client: &Arc<str>) {
        if let Some(untold) = self.untold().get_mut(limit) {
            untold.count += 1;
            untold.client = client.clone();
            return;
        }
        self.untold().insert(limit, Untold::default());
        tell(limit, 1, client);
        let notices = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(notices.pause).await;
                let Some((count, client)) = notices.taken(limit) else { return };
                tell(limit, count, &client);
            }
        });
    }

    /// Takes what there is to tell of a limit. If there is nothing, the next refusal is the first again.
    fn taken(&self, limit: &'static str) -> Option<(u64, Arc<str>)> {
        let mut all = self.untold();
        let untold = all.get_mut(limit)?;
        if untold.count == 0 {
            all.remove(limit);
            return None;
        }
        Some((std::mem::take(&mut untold.count), untold.client.clone()))
    }
}

fn tell(limit: &str, refused: u64, client: &str) {
    tracing::warn!(target: "limit", limit, refused, client, "a limit was met");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn refusals_are_counted_until_they_are_told() {
        let notices = Notices { pause: Duration::from_millis(200), ..Notices::default() };
        for client in ["a", "b", "c"] {
            notices.met("connections", &Arc::from(client));
        }
        let count = || notices.untold().get("connections").map(|untold| untold.count);
        assert_eq!(count(), Some(2), "the first is told at once");
        assert_eq!(&*notices.untold()["connections"].client, "c");
        let mut seen = vec![count()];
        while seen.last() != Some(&None) {
            tokio::time::sleep(notices.pause / 20).await;
            if seen.last() != Some(&count()) {
                seen.push(count());
            }
        }
        // The others are told after a while, and a quiet while ends it.
        assert_eq!(seen, [Some(2), Some(0), None]);
    }
}
