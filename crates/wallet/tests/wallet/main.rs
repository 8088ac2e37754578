//! Passes are what Apple and Google document, and wrong settings are named.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod apple;
mod google;
mod hostile;
mod sample;
mod schema;
mod settings;
