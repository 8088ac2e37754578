//! What strangers may try, and what it must not cost anybody else.
//!
//! Attacks run against the real host and the compiled components. What they may cost is said in counts
//! and ratios, since machines differ: an answer's length, how many of many are refused, how long one
//! takes beside a small one.
//!
//! | module | holds |
//! |---|---|
//! | `bodies` | bodies, queries and signatures that are made to be slow |
//! | `connections` | requests half sent, answers never read, streams and connections without end |
//! | `accounts` | codes of letters, and letters in others' names |
//! | `people` | guesses, sign-ups, sessions that somebody else has, pages of others |
//! | `holds` | tickets that one buyer keeps from others for nothing |
//! | `mail` | links to unsubscribe that are made up, and letters that are said to have come back |
//! | `factors` | second factors: guesses, replays, passkeys of others |
//! | `events` | whoever can write to Redis |
//! | `texts` | texts that nobody sees, or that turn around what stands beside them |
//! | `money` | cards that are tested, and tickets for nothing |
#![allow(clippy::unwrap_used, reason = "tests")]

mod accounts;
mod bodies;
mod connections;
mod events;
mod factors;
mod holds;
mod mail;
mod money;
mod people;
mod texts;
