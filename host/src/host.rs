//! Starting an application, and stopping it.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use crate::options::Options;
use crate::problem::{Problem, StartError};

/// A running application. Dropping it stops it at once; [`Host::shutdown`] lets it finish first.
pub struct Host {
    address: SocketAddr,
}

/// Why a host stopped by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopReason {
    /// A Redis trigger lost its server, and [`RedisLost::Exit`](crate::RedisLost::Exit) was asked.
    RedisLost {
        /// The server's address, without its password.
        address: String,
        /// What broke.
        error: String,
    },
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RedisLost { address, error } => {
                write!(f, "the Redis trigger lost {address}: {error}")
            }
        }
    }
}

impl Host {
    /// Starts an application; when this returns, it serves HTTP and its Redis channels are
    /// subscribed.
    ///
    /// # Errors
    /// Everything that is wrong with the application and its surroundings, at once.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        Err(Problem::new(
            format!("{} cannot be run yet", options.manifest.display()),
            "wait for the rest of the host",
        )
        .into())
    }

    /// Where HTTP is served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Fires every cron trigger once, now, and returns when they have all finished.
    ///
    /// # Errors
    /// What went wrong in the first trigger that failed.
    pub async fn fire_cron(&self) -> anyhow::Result<()> {
        Ok(())
    }

    /// Stops accepting, lets requests in flight finish for at most `grace`, then stops everything.
    pub async fn shutdown(self, grace: Duration) {
        tokio::time::sleep(grace).await;
    }

    /// Resolves when the host stops by itself, with the reason; never otherwise.
    pub async fn stopped(&self) -> StopReason {
        std::future::pending().await
    }
}
