//! The mailbox: a mail server that sends nothing on. It keeps what it gets, and shows it on its pages.
//!
//! `cargo xtask up` starts one beside the shop, so that developers read the shop's letters. Suites
//! start one each, and let it misbehave.
//!
//! It listens on this machine alone: its pages ask nobody for a password, and letters hold links by
//! which passwords are reset.
//!
//! | module | holds |
//! |---|---|
//! | [`message`] | a letter, as it arrived |
//! | [`fault`] | how the server may misbehave |
//! | `store` | the letters that are kept, the latest 500 |
//! | `smtp` | one client's session |
//! | `listen` | clients come and go; connections are refused |
//! | `pages` | pages, and the same for programs |
//!
//! ```no_run
//! # async fn run() -> anyhow::Result<()> {
//! use boxoffice_mailbox::{Fault, Mailbox, Options};
//!
//! let mailbox = Mailbox::start(Options::default()).await?;
//! println!("smtp_url = {}, pages at {}", mailbox.smtp_url(), mailbox.url());
//! mailbox.fault(Fault::Greylist { times: 2 }).await;
//! println!("{} letters", mailbox.messages().len());
//! # Ok(())
//! # }
//! ```

pub mod fault;
mod listen;
mod mailbox;
pub mod message;
mod pages;
mod smtp;
mod store;

pub use fault::Fault;
pub use mailbox::{Mailbox, Options};
pub use message::Message;
