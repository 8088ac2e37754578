//! The HTTP contract, row by row: what is asked, what must be answered.
//!
//! | module | holds |
//! |---|---|
//! | `smoke` | from an account to a ticket of one's own |
#![allow(clippy::unwrap_used, reason = "tests")]

mod smoke;
