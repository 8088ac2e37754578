//! The HTTP trigger: hyper in front, `wasmtime_wasi_http`'s handler with its reuse of instances
//! behind.
//!
//! | module | what |
//! |---|---|
//! | `server` | accepts connections, routes requests, logs one line for each |
//! | `client` | who a request comes from, behind proxies too |
//! | `routes` | which component answers which path |
//! | `body` | reads a request's body before it gets a place |
//! | `places` | whose turn it is; health checks have places of their own |
//! | `request` | what a component is told about a request besides what the client sent |
//! | `endpoint` | one component's instances: reuse, time-outs, traps |
//! | `answer` | reads answers to their end, and makes the errors that the host answers itself |
//! | `streams` | answers that go on for as long as somebody listens |
//! | `patient` | ends connections whose clients do not read |
//! | `quota`, `refusal`, `notices` | limits for each client and in all; what is told if one is met |

mod answer;
mod body;
mod client;
mod endpoint;
mod notices;
mod patient;
mod places;
mod quota;
mod refusal;
mod request;
mod routes;
mod server;
mod streams;

pub(crate) use endpoint::{Endpoint, Endpoints, Failure, Reuse};
pub(crate) use request::prepare_internal;
pub(crate) use routes::{Route, Routes};
pub(crate) use server::{Answering, Server};
