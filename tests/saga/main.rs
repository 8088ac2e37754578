//! The purchase as a saga, on the real components: how it goes when all is well, when people do
//! what people do, and when parts of it fail.
//!
//! | module | holds |
//! |---|---|
//! | `purchase` | a purchase, and what the rest of the world hears of it |
//! | `expiry` | holds whose time is up |
//! | `cancel`, `decline` | the other ways in which a hold ends |
//! | `refunds` | sales that are undone |
//! | `admissions` | tickets in the hand, and at the door |
//! | `resale` | tickets that are sold on |
//! | `people` | accounts that are suspended |
//! | `deletion` | accounts that end |
//! | `races` | many people, or both ends of a purchase, at once |
//! | `editing` | sellers who change what is being bought |
//! | `delivery` | events lost, repeated, overtaken, poisoned; streams trimmed |
//! | `loss` | Redis forgets: all, or the last of it |
//! | `retention` | how much Redis keeps, however many events there were |
//! | `outage` | without Redis, without the provider, without its answer |
//! | `traces` | the trace of a request, in all events that follow from it |
//! | `live` | what open pages hear, and when |
//! | `restart` | the shop itself stops and starts |
//! | `auditing`, `letters` | operators: what an audit sees, dead letters, the bus at a glance |
//! | `audit` | what must be true at the end of every one of these |
//! | `backlog` | many events at once, and how long they take |
//! | `bus` | Redis, as anyone sees it |
#![allow(clippy::unwrap_used, reason = "tests")]

mod admissions;
mod audit;
mod auditing;
mod backlog;
mod bus;
mod cancel;
mod decline;
mod deletion;
mod delivery;
mod editing;
mod expiry;
mod letters;
mod live;
mod loss;
mod outage;
mod people;
mod purchase;
mod races;
mod refunds;
mod resale;
mod restart;
mod retention;
mod traces;

use boxoffice_tests::{App, Person};
use futures::future::join_all;
use serde_json::{Value, json};

/// How long a hold lasts unless a test says otherwise, in seconds.
const HOLD: u64 = 900;

/// The price of one ticket of a [`Stage`], in cents.
const PRICE: i64 = 4500;

/// A card that works.
const VISA: &str = "pm_card_visa";

/// What most of these tests begin with: a shop with one listing, and two people who want it.
struct Stage {
    app: App,
    seller: Person,
    buyer: Person,
    other: Person,
    ticket: Value,
}

impl Stage {
    /// A listing of `quantity` tickets at [`PRICE`].
    async fn set(quantity: i64) -> Self {
        Self::set_in(App::start().await, quantity).await
    }

    /// The same in a shop that runs already.
    async fn set_in(app: App, quantity: i64) -> Self {
        let (seller, buyer, other) = tokio::join!(app.sign_up(), app.sign_up(), app.sign_up());
        let ticket = seller.list(json!({ "price": PRICE, "quantity": quantity })).await.expect(201);
        Self { app, seller, buyer, other, ticket }
    }

    /// Waits until the listing shows how many tickets are available, and where it stands.
    async fn shows(&self, available: i64, status: &str) {
        self.buyer
            .sees_ticket(&self.ticket, json!({ "available": available, "status": status }))
            .await;
    }
}

/// So many people with accounts.
async fn crowd(app: &App, count: usize) -> Vec<Person> {
    join_all((0..count).map(|_| app.sign_up())).await
}

/// How many of `statuses` are `status`.
fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|seen| **seen == status).count()
}
