//! Trying again: the only loop that does.

use std::time::Duration;

use send_wrapper::SendWrapper;
use uuid::Uuid;

use super::Error;

/// How often something is tried.
pub(crate) const ATTEMPTS: u32 = 5;

/// What another try may come to, after one that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// Nothing better.
    Never,
    /// What has changed is there to be seen.
    AtOnce,
    /// Others that were in the way may be done after a pause.
    Later,
}

impl Again {
    /// What a transaction may come to that failed with `error`.
    pub(crate) const fn after(error: &Error) -> Self {
        match error {
            Error::Overtaken(_) => Self::AtOnce,
            Error::Undone(_) => Self::Later,
            _ => Self::Never,
        }
    }
}

/// Runs `attempt` until it succeeds, or says that another try comes to nothing, or has been tried
/// [`ATTEMPTS`] times.
pub(crate) async fn retry<T, E>(
    mut attempt: impl AsyncFnMut() -> Result<T, (E, Again)>,
) -> Result<T, E> {
    let mut made = 1;
    loop {
        let (error, again) = match attempt().await {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        match again {
            _ if made == ATTEMPTS => return Err(error),
            Again::Never => return Err(error),
            Again::AtOnce => {}
            Again::Later => pause(made).await,
        }
        made += 1;
    }
}

/// Waits longer after each attempt, and not all as long.
async fn pause(made: u32) {
    let (_, random) = Uuid::now_v7().as_u64_pair();
    let pause = Duration::from_millis((5 << made.min(5)) + random % 10);
    SendWrapper::new(spin_sdk::time::sleep(pause)).await;
}
