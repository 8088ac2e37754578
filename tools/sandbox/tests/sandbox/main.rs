//! Drives the real server over HTTP.
//!
//! `scenarios` are tables of calls and what must come of them; the other modules hold what a table
//! cannot say: headers, time, concurrency, restarts, pages.
#![allow(clippy::unwrap_used, reason = "tests")]

mod access;
mod bench;
mod cards;
mod durability;
mod idempotency;
mod ledger;
mod lists;
mod pages;
mod scenarios;
mod three_ds;
mod time;
mod webhooks;
