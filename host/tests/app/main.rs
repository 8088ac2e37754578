//! The host runs real components against a real Redis: everything here goes through compiled
//! `.wasm`, as it does in production.
//!
//! | module | what |
//! |---|---|
//! | `harness` | builds the components, starts hosts and Redis |
//! | `http` | the HTTP trigger: routes, headers, reuse, limits, errors |
//! | `limits` | what strangers may have of the host: connections, bodies, answers, places |
//! | `streams` | event streams: places of their own, their end |
//! | `storage` | SQLite through `spin:sqlite` |
//! | `events` | the Redis and cron triggers |
//! | `faults` | instances stopped and messages lost on purpose |
//! | `outbound` | what leaves a component: calls, Redis, HTTP, denials |
//! | `sockets` | TCP connections, by address |
//! | `composition` | dependencies and what they inherit |
//! | `metrics` | what the host counts |
//! | `traces` | ids in headers, spans that are exported |
//! | `lifecycle` | start-up problems, the cache, shutting down |
#![allow(clippy::unwrap_used, reason = "tests")]

mod composition;
mod events;
mod faults;
mod harness;
mod http;
mod lifecycle;
mod limits;
mod metrics;
mod outbound;
mod sockets;
mod storage;
mod streams;
mod traces;
