//! What must hold of whatever strangers send: a function for each place where it comes in.
//!
//! Each takes bytes and panics if its property does not hold. The programs in `fuzz_targets` look
//! for such bytes with libFuzzer; `docs/security.md` says how they are run.
//!
//! | function | what it reads |
//! |---|---|
//! | [`admission()`] | codes of tickets, as doors read them |
//! | [`body()`] | JSON bodies |
//! | [`cursor()`] | cursors of lists |
//! | [`event()`] | events, whose code says that a service of ours has published them |
//! | [`form()`] | forms, and where one goes after signing in |
//! | [`ledger()`] | titles and zones, on their way into a file for spreadsheets |
//! | [`manifest()`] | `spin.toml` |
//! | [`passkey()`] | passkeys that a browser has made, and proofs by them |
//! | [`query()`] | queries, and links to next pages |
//! | [`request()`] | what the host makes of a request's head, and whose it is |
//! | [`resolver()`] | what a DNS resolver answers |
//! | [`smtp()`] | what a mail server says |
//! | [`text()`] | texts, amounts and addresses |
//! | [`unsubscribe()`] | tokens of links to unsubscribe |
//! | [`webhook()`] | what Stripe sends, and what claims to be |
//!
//! Components and the host are no libraries that others could call into. What is tried of them is
//! compiled into this crate from their own files ([`sources`]), so nothing is public for tests alone.

mod admission;
mod answer;
mod body;
mod cursor;
mod event;
mod form;
mod input;
mod ledger;
mod manifest;
mod passkey;
mod query;
mod request;
mod resolver;
mod smtp;
mod sources;
mod target;
mod text;
mod unsubscribe;
mod webhook;

pub use admission::admission;
pub use body::body;
pub use cursor::cursor;
pub use event::event;
pub use form::form;
pub use ledger::ledger;
pub use manifest::manifest;
pub use passkey::passkey;
pub use query::query;
pub use request::request;
pub use resolver::resolver;
pub use smtp::smtp;
pub use target::read;
pub use text::text;
pub use unsubscribe::unsubscribe;
pub use webhook::webhook;

#[cfg(fuzzing)]
pub use libfuzzer_sys;

// The names by which the files of `sources` call their own crates' modules.
use boxoffice_kernel::config;
use sources::host::{allowed_hosts, capability, problem};
use sources::kernel::keys;
