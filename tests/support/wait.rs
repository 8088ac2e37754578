//! Waiting, within bounds, for what happens later.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// How long anything may take that is to happen soon. Far more than it takes: machines are busy.
const PATIENCE: Duration = Duration::from_secs(45);
/// How often one looks.
const PAUSE: Duration = Duration::from_millis(15);

/// Looks again and again until what is seen is `good`, and returns it.
///
/// # Panics
/// When it is not within twenty seconds, with `what` was waited for and what was seen last.
pub async fn eventually<T: Debug>(
    what: &str,
    mut look: impl AsyncFnMut() -> T,
    good: impl Fn(&T) -> bool,
) -> T {
    let start = Instant::now();
    loop {
        let seen = look().await;
        if good(&seen) {
            return seen;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "waited {PATIENCE:?} in vain until {what}; seen last: {seen:#?}"
        );
        tokio::time::sleep(PAUSE).await;
    }
}
