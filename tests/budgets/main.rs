//! Budgets: what a request may ask for, how big a component may be, how long its instances may take
//! to start. All of it in counts and ratios, which a busy machine does not change: a regression
//! fails, and whoever means it changes the figure here, where everybody sees it.
//!
//! | module | holds |
//! |---|---|
//! | `calls` | what counts the calls that components make |
//! | `accounts` | what a forgotten password costs, with an account and without |
//! | `requests` | each route's calls of the database and of Redis, and its answer's length |
//! | `sizes` | each component's size |
//! | `starts` | an instance's start, as a multiple of hello's |
#![allow(clippy::unwrap_used, reason = "tests")]

mod accounts;
mod calls;
mod requests;
mod sizes;
mod starts;
