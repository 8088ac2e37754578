//! The HTTP contract, row by row: what is asked, what must be answered.
//!
//! | module | holds |
//! |---|---|
//! | `smoke` | from an account to a ticket of one's own |
//! | `users` | accounts, signing in and out, sessions |
//! | `accounts` | proving an address, changing a password, a forgotten one |
//! | `ways` | in without a password: by a link, as a guest; another address |
//! | `oidc` | signing in by a provider that nobody here wrote |
//! | `roles` | what operators do with accounts |
//! | `factors` | passkeys, authenticator apps, recovery codes, and confirming again |
//! | `tickets`, `browse`, `editing` | listing tickets, finding them, changing what is listed |
//! | `orders` | holds, and one's own orders |
//! | `payments` | paying, declines |
//! | `admissions`, `names`, `files`, `turning`, `door` | tickets in the hand, and who comes in |
//! | `data` | one's data in a file, and the end of one's account |
//! | `letters` | what services tell `mail`, and nobody else |
//! | `mail` | which letters one gets, and letters that came back |
//! | `live` | what can be listened to |
//! | `idempotency` | the same request twice, or twenty times at once |
//! | `conventions` | what holds for every address: methods, ids, origins, errors |
//! | `health` | `/healthz`, `/readyz` |
//! | `description` | `/api/openapi.json`, and its page for people |
//! | `shop` | the shop's pages and forms |
#![allow(clippy::unwrap_used, reason = "tests")]

mod accounts;
mod admissions;
mod browse;
mod conventions;
mod data;
mod description;
mod door;
mod editing;
mod factors;
mod files;
mod health;
mod idempotency;
mod letters;
mod live;
mod mail;
mod names;
mod oidc;
mod orders;
mod payments;
mod roles;
mod shop;
mod smoke;
mod tickets;
mod turning;
mod users;
mod ways;
