//! The payment sandbox: a small server that speaks the part of Stripe's API that the shop uses.
//!
//! No real money moves. A client written for Stripe works against it unchanged: form-encoded bodies,
//! error shapes, idempotency keys, test cards and the life of a PaymentIntent are Stripe's, as its API
//! reference (<https://docs.stripe.com/api>) and testing guide (<https://docs.stripe.com/testing>)
//! describe them. Parameters and objects that the shop has no use for are refused by name rather than
//! ignored, so that nobody relies on something that the sandbox only pretends to do.
//!
//! # Where things are
//!
//! | Module | Holds |
//! |---|---|
//! | `server` | the routes, starting and stopping |
//! | `app` | one request's way through: check, run in a transaction, remember, answer |
//! | `call` | what every request carries: key, API version, idempotency key, parameters |
//! | `form` | Stripe's bracket syntax and typed access to parameters |
//! | `choice` | parameters with a fixed set of values |
//! | `errors` | Stripe's error envelope |
//! | `ledger` | the SQLite file: opening, transactions, storing objects (`schema.sql` beside it) |
//! | `idempotency` | remembered answers and requests in flight |
//! | `events`, `webhooks` | what happened, and telling the shop of it |
//! | `movements` | the append-only record of money moved |
//! | `list`, `expand`, `render` | pagination; `expand[]`; what objects look like |
//! | `money`, `cards`, `ids` | currencies and their limits; the test cards; random ids |
//! | `intents` | PaymentIntents: create, read, update, confirm, capture, cancel |
//! | `charges`, `refunds`, `disputes`, `methods` | the other resources, one file each |
//! | `three_ds`, `page` | the pages for people: the bank's 3-D Secure step, the overview at `/` |
//!
//! # Where it differs from Stripe
//!
//! - Cards, and two bank accounts that take their time; no customers, search or balance. An unknown route or parameter is refused.
//! - 3-D Secure always goes by redirect, to the page at `/sandbox/3ds/{id}`; a test answers it with
//!   `POST outcome=complete` or `outcome=fail`.
//! - A hold that lapsed after its seven days is noticed when it is captured, not before.
//! - The smallest charge in a currency that Stripe gives no limit for is one minor unit.
//! - `GET /v1/payment_methods/pm_card_…` shows the test card under that id.
//! - The overview at `/` needs no key. It shows payments only if the sandbox listens on loopback.
//! - `GET /sandbox/movements` lists what was authorized, captured, voided and refunded.
//! - `POST /sandbox/disputes` with a `payment_intent` plays a buyer who disputes a charge; how that
//!   ends is decided as in Stripe's test mode. A dispute moves no money here: it only stands in the way
//!   of refunds until it is won.
//!
//! # Example
//!
//! ```no_run
//! # async fn run() -> anyhow::Result<()> {
//! use std::{sync::Arc, time::SystemTime};
//! let sandbox = boxoffice_sandbox::Sandbox::start(boxoffice_sandbox::Options {
//!     listen: "127.0.0.1:0".parse()?,
//!     ledger: "ledger.db".into(),
//!     api_key: None,
//!     now: Arc::new(SystemTime::now),
//! })
//! .await?;
//! println!("http://{}", sandbox.address());
//! sandbox.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod app;
mod call;
mod cards;
mod charges;
mod choice;
mod disputes;
mod errors;
mod events;
mod expand;
mod form;
mod idempotency;
mod ids;
mod intents;
mod ledger;
mod list;
mod methods;
mod money;
mod movements;
mod page;
mod refunds;
mod render;
mod server;
mod three_ds;
mod webhooks;

pub use server::{Options, Sandbox};
pub use webhooks::{Delivery, Endpoint, signature};
