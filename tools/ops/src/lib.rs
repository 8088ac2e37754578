//! What operators look at and mend: whether a shop's books are right, what its streams hold, and
//! the events that could not be applied.
//!
//! | module | holds |
//! |---|---|
//! | [`sources`] | where a shop's facts are read, and why they cannot be |
//! | [`audit`] | the rules that every shop obeys, and what breaks them |
//! | [`bus`] | Redis: streams, groups, ticks, and the dead letters to replay or drop |
//! | [`status`] | all of the bus at a glance |
//! | [`store`] | the services' databases, read by plain SELECTs in one transaction |
//! | [`schema`] | the services that keep a database |
//! | [`accounts`] | accounts, and what operators did with them |
//! | [`operations`] | what operators do with accounts, by the shop's own service |
//! | [`erase`] | has the shop delete an account |
//! | [`users`] | a link by which an owner chooses a new password |
//! | [`mail`] | the letters that wait, were sent or were given up |
//! | [`personal`] | what each column may tell of a person |
//! | `leftovers` | what is left of deleted accounts |
//! | [`migrate`] | bringing the services' tables up to date before they do so themselves |
//! | `postgres` | how Postgres is reached and read |
//! | `books`   | the rows that are read there |
//! | [`provider`] | the payment provider's ledger, by its HTTP API |
//!
//! An audit only reads. It needs nothing of the services' code but the contract of their events, so
//! a bug there is not a bug here.

pub mod accounts;
pub mod audit;
mod books;
pub mod bus;
pub mod erase;
mod leftovers;
pub mod mail;
pub mod migrate;
pub mod operations;
pub mod personal;
mod postgres;
pub mod provider;
pub mod schema;
pub mod sources;
pub mod status;
pub mod store;
pub mod users;

pub use audit::{Rule, Violation};
pub use sources::{Problem, Sources, Unreadable};
