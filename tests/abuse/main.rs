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
#![allow(clippy::unwrap_used, reason = "tests")]

mod bodies;
mod connections;
