//! Payments that survive the real world: the provider, its webhooks and its bad days.
//!
//! | module | holds |
//! |---|---|
//! | `stage` | a shop, a listing, and a provider: the sandbox, or one that others have written |
//! | `cases` | the same table of cases on every provider |
//! | `localstripe` | that other provider, started for a test |
//! | `signatures` | events of documented shapes, rightly and wrongly signed |
//! | `hearing` | webhooks early, late, twice, backwards, never |
//! | `action` | buyers whose bank has questions, and their hold |
//! | `accounts` | bank accounts, whose money is there days later and cannot be set aside |
//! | `refunds` | who may refund what, and what becomes of the provider's silence |
//! | `disputes` | what the provider does with money by itself: parts given back, disputes |
//! | `ledger` | what sellers are told of their money |
//! | `resale` | the fee of a ticket that a fan sells on, and sales that are undone |
//! | `reconciling` | answers that were lost, and what is put before operators |
#![allow(clippy::unwrap_used, reason = "tests")]

mod accounts;
mod action;
mod cases;
mod disputes;
mod hearing;
mod ledger;
mod localstripe;
mod reconciling;
mod refunds;
mod resale;
mod signatures;
mod stage;
