//! Letters: what people get by mail, and what becomes of it when mail servers fail.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod servers;
