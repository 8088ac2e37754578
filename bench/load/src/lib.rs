//! What is measured against what. `bench/README.md` says why so, and how to read it.
//!
//! | module | holds |
//! |---|---|
//! | [`arrival`] | when requests are to start |
//! | [`client`] | HTTP, as light as can be: it runs on the cores that the servers need |
//! | [`load`] | the two ways to load a server: at a pace of our own, or as much as it can bear |
//! | [`scenario`] | what is done: one request, or a whole purchase |
//! | [`sale`] | the scenario of its own kind: everyone at once |
//! | [`shop`], [`texts`] | what is in a shop before it is measured: the same in each |
//! | [`target`] | what is measured: how it is started and stopped |
//! | [`usage`] | what the kernel knows of a server's time and memory |
//! | [`run`] | everything in turn |
//! | [`machine`] | where it ran, and what on |
//! | [`statistics`] | medians, spread, ratios |
//! | [`results`], [`report`] | what came of it: as JSON, as tables, as a drawing |

pub mod arrival;
pub mod client;
pub mod load;
pub mod machine;
pub mod report;
pub mod results;
pub mod run;
pub mod sale;
pub mod scenario;
pub mod shop;
pub mod statistics;
pub mod target;
pub mod texts;
pub mod usage;
