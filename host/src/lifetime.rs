//! How a host comes to its end: first it takes no more work, then it stops.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What the tasks of a host watch, and where they are counted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lifetime {
    /// Cancelled: take no new work, finish what was begun.
    pub(crate) drain: CancellationToken,
    /// Cancelled: leave everything as it is.
    pub(crate) stop: CancellationToken,
    /// Connections and triggers.
    pub(crate) work: TaskTracker,
    /// Instances that are kept for further requests.
    pub(crate) instances: TaskTracker,
}

impl Lifetime {
    /// Runs a task until it ends or the host stops.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.work.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = task => {}
            }
        });
    }
}
