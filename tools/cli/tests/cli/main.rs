//! Starts the real `boxoffice` and looks at what a shell sees: exit codes, output, files.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod burst;
mod metrics;
mod misconfigured;
mod operators;
mod parts;
#[path = "../process/mod.rs"]
mod process;
mod traces;
mod up;
