//! The harness of the suites: the real `spin.toml` and its compiled components on the embedded
//! host, with everything around them in the test's hand.
//!
//! | module | holds |
//! |---|---|
//! | [`app`] | the running shop: what a test starts with |
//! | [`database`] | the shop's database: SQLite's file, or a Postgres of the test's own |
//! | [`surroundings`] | what a shop needs around it: Redis, payment sandbox, clock, folder, keys |
//! | [`provider`] | the payment provider's ledger, and a provider that misbehaves |
//! | [`person`] | someone who uses the shop over HTTP |
//! | [`request`] | what they send |
//! | [`answer`] | what they get, and what every answer must be like |
//! | `contract`   | what answers hold, by the services' contract |
//! | `letters`    | what the letters of accounts bring |
//! | [`factors`] | authenticator apps and passkeys |
//! | [`listener`] | someone who listens to a stream of events |
//! | [`mailbox`] | the shop's letters, as those who get them read them |
//! | [`table`] | tables of requests and the answers that are due |
//! | [`audit`] | whether the shop's books are right, once it has come to rest |
//! | [`wait`] | waiting, within bounds, for what happens later |
//!
//! Time stands still unless a test moves it, and ticks come only when a test fires them.
//!
//! ```no_run
//! # async fn test() {
//! use boxoffice_tests::App;
//! use serde_json::json;
//!
//! let app = App::start().await;
//! let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
//! let ticket = seller.list(json!({ "price": 4500 })).await.expect(201);
//! let order = buyer.hold(&ticket).await.expect(201);
//! buyer.pay(&order, "pm_card_visa").await.expect(201);
//! buyer.sees_order(&order, json!({ "status": "complete" })).await;
//! # }
//! ```

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

pub mod answer;
pub mod app;
pub mod audit;
mod contract;
pub mod database;
pub mod factors;
pub mod identity;
mod letters;
pub mod listener;
pub mod mailbox;
pub mod person;
pub mod provider;
pub mod request;
pub mod surroundings;
pub mod table;
pub mod wait;
pub mod wallet;

pub use answer::{Answer, id};
pub use app::{App, workers};
pub use audit::Audit;
pub use database::Database;
pub use factors::{Authenticator, CodeApp};
pub use identity::IdentityProvider;
pub use listener::{Event, Listener};
pub use person::Person;
pub use provider::Provider;
pub use request::{Request, delete, get, post, put};
pub use surroundings::{START, Surroundings, workspace};
pub use table::{Row, check, row};
pub use wait::eventually;
