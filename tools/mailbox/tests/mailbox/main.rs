//! The mailbox, by what clients and browsers see of it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod client;
mod faults;
mod pages;
mod protocol;
