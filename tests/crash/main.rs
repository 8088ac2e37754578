//! Instances crash at every point at which they can: before and after each call to the database, to
//! Redis, to another service or the payment provider, in every command, every handler of an event
//! and the tick. After each crash ticks heal the shop, an audit finds nothing, the client repeats
//! what it asked for, and it is done once.
//!
//! `CRASH_EVERY=5` tries one point in five, and `CRASH_FROM=2` begins with the third.
//!
//! | module | holds |
//! |---|---|
//! | `points` | counts the calls, and crashes instances at them |
//! | `shop` | the shop in which that happens |
//! | `operation` | tries every point of an operation |
//! | `accounts`, `listings`, `orders`, `payments` | the commands, with the handlers of their events |
//! | `admissions` | what holders and doors do |
//! | `resale` | tickets that are sold on |
//! | `data` | one's data in a file, and the end of one's account |
//! | `mail` | letters that are sent |
//! | `ticks` | the tick, when there is something to heal |
#![allow(clippy::unwrap_used, reason = "tests")]

mod accounts;
mod admissions;
mod data;
mod listings;
mod mail;
mod operation;
mod orders;
mod payments;
mod points;
mod resale;
mod shop;
mod ticks;
