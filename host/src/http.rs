//! The HTTP trigger: hyper in front, `wasmtime_wasi_http`'s handler with its reuse of instances
//! behind.
//!
//! | module | what |
//! |---|---|
//! | `server` | accepts connections, routes requests, logs one line for each |
//! | `routes` | which component answers which path |
//! | `request` | what a component is told about a request besides what the client sent |
//! | `endpoint` | one component's instances: reuse, time-outs, traps |
//! | `streams` | answers that go on for as long as somebody listens |
//! | `answer` | response bodies, and the errors that the host answers itself |

mod answer;
mod endpoint;
mod request;
mod routes;
mod server;
mod streams;

pub(crate) use endpoint::{Endpoint, Endpoints, Failure, Reuse};
pub(crate) use request::prepare_internal;
pub(crate) use routes::{Route, Routes};
pub(crate) use server::{Answering, Server};
