//! What Boxoffice's services share, so that each of them holds only its own business.
//!
//! | module | holds |
//! |---|---|
//! | [`config`] | application variables |
//! | [`cx`], [`deadline`], [`log`] | what a request, an event or a tick brings along; the log |
//! | [`db`] | connections, statements, rows, migrations: the one place that knows the database |
//! | [`unit`], [`outbox`] | the only way to change anything, with the events that tell of it |
//! | [`cache`] | answers that are kept in Redis until they change |
//! | [`limit`] | how often something may be done |
//! | [`command`], [`idempotency`] | one command, one atomic write: a unit and the answer to a key |
//! | [`redis`] | commands to Redis |
//! | [`events`] | the bus on Redis, the consumers |
//! | [`http`] | the request's way in and out: limits, ids, extractors, pages |
//! | [`problem`] | the one error that clients see (RFC 9457) |
//! | [`identity`] | who is asking, by the composed `boxoffice:identity/session` |
//! | [`sessions`] | which sessions have ended before their time |
//! | [`peer`], [`client`] | calls to the sibling services, and to anyone else |
//! | [`person`], [`erasure`] | what a service tells of an account, and how it forgets one |
//! | [`sibling`] | calls that only a service of ours can make |
//! | [`seal`] | codes over short texts, for links and in place of what no table may hold |
//! | [`signature`] | bodies that another program has signed with a shared secret |
//! | [`health`] | `/healthz` and `/readyz` of a service |
//! | [`trace`] | the trace that a request is part of |
//!
//! Everything that waits on the host is wrapped in [`send_wrapper::SendWrapper`] where it happens:
//! a component has one thread, but axum asks for futures that are `Send`.

pub mod cache;
pub mod client;
pub mod command;
pub mod config;
pub mod cx;
pub mod db;
pub mod deadline;
pub mod erasure;
pub mod events;
pub mod health;
pub mod http;
mod idempotency;
pub mod identity;
mod keys;
pub mod limit;
pub mod log;
mod outbox;
pub mod peer;
pub mod person;
pub mod problem;
mod redis;
pub mod seal;
pub mod sessions;
pub mod sibling;
pub mod signature;
#[cfg(test)]
mod statements;
pub mod trace;
pub mod unit;

pub use boxoffice_contract::{Timestamp, Trace};
pub use boxoffice_schema::Service;
pub use cx::Cx;
pub use deadline::Deadline;
pub use identity::UserCx;
pub use problem::Problem;
pub use sibling::Sibling;
pub use unit::Unit;
