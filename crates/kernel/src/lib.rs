//! What Boxoffice's services share, so that each of them holds only its own business.
//!
//! | module | holds |
//! |---|---|
//! | [`config`] | application variables |
//! | [`db`] | connections, transactions, migrations: the one place that knows the database |
//! | [`cache`] | answers that are kept in Redis until they change |
//! | [`command`] | one command, one atomic write: transaction, outbox and idempotency together |
//! | [`redis`] | commands to Redis |
//! | [`events`] | the outbox, the bus on Redis, the consumers |
//! | [`http`] | the request's way in and out: limits, ids, extractors, pages |
//! | [`problem`] | the one error that clients see (RFC 9457) |
//! | [`identity`] | who is asking, by the composed `boxoffice:identity/session` |
//! | [`peer`], [`client`] | calls to the sibling services, and to anyone else |
//! | [`health`] | `/healthz` and `/readyz` of a service |
//! | [`trace`] | the trace that a request is part of |
//!
//! Everything that waits on the host is wrapped in [`send_wrapper::SendWrapper`] where it happens:
//! a component has one thread, but axum asks for futures that are `Send`.

pub mod cache;
pub mod client;
pub mod command;
pub mod config;
pub mod db;
pub mod events;
pub mod health;
pub mod http;
pub mod identity;
pub mod log;
pub mod peer;
pub mod problem;
mod redis;
pub mod trace;

pub use boxoffice_contract::{Timestamp, Trace};
pub use boxoffice_schema::Service;
pub use problem::Problem;
