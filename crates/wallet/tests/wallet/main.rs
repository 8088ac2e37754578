//! Checks passes against the documents of Apple and Google, and the errors for wrong settings.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod apple;
mod google;
mod hostile;
mod sample;
mod schema;
mod settings;
