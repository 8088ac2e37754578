//! The embedded host: runs a Spin application (`spin.toml` and its `.wasm` files) in this process.
//!
//! It is not a second Spin: it does what Boxoffice's manifest uses, as Spin does it, and refuses
//! by name what it does not know. [`Host::start`] is the way in.
//!
//! | module | what |
//! |---|---|
//! | [`options`](Options), [`clock`](Clock) | what a caller decides: addresses, folders, variables, time |
//! | `manifest` | `spin.toml`: its shape, its templates and variables |
//! | `allowed_hosts` | `allowed_outbound_hosts`: which addresses a component may reach |
//! | `problem` | everything wrong with an application, reported at once |
//! | `engine` | the wasmtime engine and its pool of instances |
//! | `compose`, `deny`, `artifact` | dependencies, what they may not use, compiled code on disk |
//! | `component` | a component's configuration, linked and ready to instantiate |
//! | `state`, `guest_log` | what one instance holds; its output, relayed into the log |
//! | `call` | the one gate that every side effect of a guest passes |
//! | `sqlite`, `postgres`, `redis_client`, `variables`, `outbound_http` | the interfaces behind the gate |
//! | `http` | the HTTP trigger: routes, reuse of instances, host-made errors |
//! | `redis_trigger`, `cron_trigger` | the other triggers |
//! | `host` | starting all of the above, and stopping it |

mod clock;
mod host;
pub mod log;
mod options;
mod problem;

pub use clock::{Clock, ManualClock, SystemClock};
pub use host::{Host, StopReason};
pub use options::{Cron, Options, RedisLost};
pub use problem::{Problem, StartError};
