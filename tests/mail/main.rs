//! Letters: what people get by mail, and what becomes of it when mail servers fail.
//!
//! | module | holds |
//! |---|---|
//! | `purchase` | what a purchase, a refund, a move and a transfer bring |
//! | `ways` | letters that sign in, and those about another address |
//! | `choices` | which letters people get: unsubscribing, letters that came back, reminders |
//! | `failing` | servers that fail, each in its way: nothing is lost, and what comes twice is the same |
//! | `backlog` | many letters behind a server that hangs, while the shop sells |
//! | `encrypted` | real servers, with TLS by an authority of one's own |
//! | `readiness` | what operators see of it |
//! | `post` | the shop with a mailbox |
//! | `servers` | real servers |

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod backlog;
mod choices;
mod encrypted;
mod failing;
mod post;
mod purchase;
mod readiness;
mod servers;
mod ways;
