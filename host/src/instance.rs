//! Calls that have an instance of their own: a Redis message, a tick of a schedule.

use std::time::{Duration, Instant};

use wasmtime::PoolConcurrencyLimitError;

/// How often a call asks again when the pool of instances is exhausted.
const POOL_RETRY: Duration = Duration::from_millis(5);

/// How a call ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The component is done.
    Done,
    /// The component returned an error.
    Failed(String),
    /// The component trapped, or could not be instantiated.
    Trapped(String),
    /// The component took too long and was stopped.
    TimedOut,
}

impl Outcome {
    /// One word for the log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Done => "ok",
            Self::Failed(_) => "error",
            Self::Trapped(_) => "trap",
            Self::TimedOut => "timeout",
        }
    }

    /// What went wrong; None if nothing did.
    pub(crate) fn error(&self) -> Option<&str> {
        match self {
            Self::Done => None,
            Self::Failed(error) | Self::Trapped(error) => Some(error),
            Self::TimedOut => Some("it took too long"),
        }
    }
}

/// Makes a call within a time; while the pool of instances is exhausted, it waits.
pub(crate) async fn call<E: std::fmt::Debug, F>(
    timeout: Duration,
    attempt: impl Fn() -> F,
) -> Outcome
where
    F: Future<Output = wasmtime::Result<Result<(), E>>>,
{
    let deadline = Instant::now() + timeout;
    loop {
        match tokio::time::timeout_at(deadline.into(), attempt()).await {
            Err(_) => return Outcome::TimedOut,
            Ok(Ok(Ok(()))) => return Outcome::Done,
            Ok(Ok(Err(error))) => return Outcome::Failed(format!("{error:?}")),
            Ok(Err(error)) if error.is::<PoolConcurrencyLimitError>() => {
                tokio::time::sleep(POOL_RETRY).await;
            }
            Ok(Err(error)) => return Outcome::Trapped(format!("{error:?}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn outcomes_are_told_apart() {
        let second = Duration::from_secs(1);
        let done = call(second, || async { Ok(Ok::<_, ()>(())) }).await;
        assert_eq!((done.name(), done.error()), ("ok", None));
        let failed = call(second, || async { Ok(Err("no")) }).await;
        assert_eq!((failed.name(), failed.error()), ("error", Some("\"no\"")));
        let trapped = call::<(), _>(second, || async { Err(wasmtime::format_err!("trap")) }).await;
        assert_eq!(trapped.name(), "trap");
        let late = call::<(), _>(Duration::from_millis(1), std::future::pending).await;
        assert_eq!(late.name(), "timeout");
    }
}
