//! Faults: what goes wrong between an application and the world outside, decided by whoever runs
//! the host. Suites use it to stop instances at every point at which a machine could.

use std::fmt;
use std::time::Duration;

/// Decides what goes wrong. Asked at every call of every instance, from many threads at once, so it
/// must not block.
pub trait Faults: Send + Sync {
    /// What becomes of a call that a component makes.
    fn of_call(&self, component: &str, call: Call<'_>) -> CallFate {
        let _ = (component, call);
        CallFate::Made
    }

    /// What becomes of a Redis message before `component` is started for it.
    fn of_message(&self, component: &str, channel: &str) -> MessageFate {
        let _ = (component, channel);
        MessageFate::Delivered
    }
}

/// A call from a guest to the world outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Call<'c> {
    /// Opening a database (`open`), or a statement on it.
    Sqlite(&'c str),
    /// Opening a connection (`open`), or a statement on it.
    Postgres(&'c str),
    /// Opening a connection (`open`), or the name of a command on it.
    Redis(&'c str),
    /// A request to the given authority.
    Http(&'c str),
}

impl Call<'_> {
    /// What [`Call::kind`] can be.
    pub(crate) const KINDS: [&'static str; 4] = ["sqlite", "postgres", "redis", "http"];

    /// What kind of a call it is, in one word.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
            Self::Redis(_) => "redis",
            Self::Http(_) => "http",
        }
    }

    /// The statement, the command or the authority.
    pub(crate) fn what(&self) -> &str {
        match self {
            Self::Sqlite(what) | Self::Postgres(what) | Self::Redis(what) | Self::Http(what) => {
                what
            }
        }
    }
}

impl fmt::Display for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.what())
    }
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallFate {
    /// It is made.
    Made,
    /// It is made after this time.
    Late(Duration),
    /// The instance is stopped before the call takes effect, as when its machine fails. All that
    /// the instance was doing ends with it.
    StoppedBefore,
    /// The call takes effect, and the instance is stopped before it learns of that.
    StoppedAfter,
}

/// What becomes of a Redis message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageFate {
    /// It reaches its component.
    Delivered,
    /// It does not.
    Dropped,
    /// It reaches its component twice.
    Repeated,
    /// It reaches its component after this time, and what came later may be first.
    Late(Duration),
}
