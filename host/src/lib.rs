//! The embedded host: runs a Spin application (`spin.toml` and its `.wasm` files) in this process.
//!
//! It is not a second Spin: it does what Boxoffice's manifest uses, as Spin does it, and refuses
//! by name what it does not know. [`Host::start`] is the way in.
//!
//! | module | what |
//! |---|---|
//! | [`Options`], [`Clock`] | what a caller decides: addresses, folders, variables, time |
//! | [`Problem`] | everything wrong with an application, reported at once |
//! | `host`, `lifetime` | starting everything below, and stopping it |
//! | `manifest`, `plan` | `spin.toml`: its shape; then with templates expanded, references followed |
//! | `allowed_hosts`, `capability` | what components, and their dependencies, can be granted |
//! | `engine` | the wasmtime engine and its pool of instances |
//! | `component` | loading: read, compose, compile or map, link |
//! | `code` | what instances are made of, in a pool that is renewed after a burst |
//! | `compose`, `deny`, `artifact` | dependencies, what they may not use, compiled code on disk |
//! | `state`, `guest_log` | what one instance holds; its output, relayed into the log |
//! | `http` | the HTTP trigger: routes, reuse of instances, the host's own errors |
//! | `redis_trigger`, `cron_trigger`, `instance` | the triggers whose every call has its own instance |
//! | `call` | the one gate that every side effect of a guest passes |
//! | [`Faults`] | what goes wrong at that gate, and with messages, for tests |
//! | `sqlite`, `postgres`, `redis_client`, `outbound_http`, `variables` | the interfaces behind it |
//! | `sockets` | where TCP connections may go |
//! | [`log`] | the host's log |
//! | [`Metrics`] | what the host counts |
//! | [`Tracing`] | traces: their ids in headers and the log, their export |

mod allowed_hosts;
mod artifact;
mod call;
mod capability;
mod clock;
mod code;
mod component;
mod compose;
mod cron_trigger;
mod deny;
mod engine;
mod fault;
mod guest_log;
mod host;
mod http;
mod instance;
mod lifetime;
pub mod log;
mod manifest;
mod metrics;
mod options;
mod outbound_http;
mod plan;
mod postgres;
mod problem;
mod redis_client;
mod redis_trigger;
mod sockets;
mod sqlite;
mod state;
mod trace;
mod turns;
mod variables;

pub use clock::{Clock, ManualClock, SystemClock};
pub use fault::{Call, CallFate, Faults, MessageFate};
pub use host::{Host, StopReason};
pub use metrics::Metrics;
pub use options::{Cron, Limits, Options, RedisLost};
pub use problem::{Problem, StartError};
pub use trace::Tracing;
