//! A measurement: how long after `POST /api/orders` was answered its listing shows that it is held.
//!
//! `pace ADDRESS [SECONDS]` orders fifty times a second, for thirty seconds unless told otherwise,
//! from the shop that runs there (`cargo xtask up`). It keeps to that pace whatever the answers
//! are, and looks every few milliseconds, so it measures what a shopper sees. `cargo build
//! --workspace --example pace` makes it.
#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on ends")]

mod measure;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use boxoffice_tests::{Answer, Person, get, id, post};
use futures::StreamExt;
use futures::future::join_all;
use futures::stream::iter;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval, sleep};

use measure::{line, newcomer};

/// Orders a second.
const PACE: u64 = 50;
const BUYERS: u64 = 10;
/// How often one looks whether a listing shows it.
const LOOK: Duration = Duration::from_millis(2);
/// How long one looks.
const PATIENCE: Duration = Duration::from_secs(120);

/// What came of one order.
struct Outcome {
    /// The second of the measurement in which it was sent.
    second: u64,
    /// 0 if there was no answer.
    status: u16,
    answered: Duration,
    /// From the answer until it showed; none if it was refused, or never showed.
    shown: Option<Duration>,
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(address) = arguments.next().and_then(|address| address.parse().ok()) else {
        eprintln!("usage: pace ADDRESS:PORT [SECONDS]");
        std::process::exit(2);
    };
    let seconds = arguments.next().map_or(30, |seconds| seconds.parse().expect("SECONDS"));
    let (buyers, listings) = prepare(address, PACE * seconds).await;
    println!("{} listings; {PACE} orders a second for {seconds} s", listings.len());
    report(&run(&buyers, listings).await);
}

/// People with accounts, and so many listings of one ticket each that `orders` knows.
async fn prepare(address: SocketAddr, count: u64) -> (Vec<Person>, Vec<Value>) {
    let seller = newcomer(address).await;
    let buyers = join_all((0..BUYERS).map(|_| newcomer(address))).await;
    let listing = async |_| seller.list(json!({})).await.expect(201);
    let listings: Vec<Value> = iter(0..count).map(listing).buffer_unordered(8).collect().await;
    sleep(Duration::from_secs(1)).await;
    (buyers, listings)
}

async fn run(buyers: &[Person], listings: Vec<Value>) -> Vec<Outcome> {
    let mut pace = interval(Duration::from_millis(1_000 / PACE));
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let start = Instant::now();
    let mut orders = Vec::with_capacity(listings.len());
    for (listing, buyer) in listings.into_iter().zip(buyers.iter().cycle()) {
        pace.tick().await;
        let second = start.elapsed().as_secs();
        orders.push(tokio::spawn(order(buyer.clone(), listing, second)));
    }
    join_all(orders).await.into_iter().map(Result::unwrap).collect()
}

async fn order(buyer: Person, listing: Value, second: u64) -> Outcome {
    let start = Instant::now();
    let answer = buyer.try_send(&post("/api/orders", json!({ "ticketId": id(&listing) }))).await;
    let answered = start.elapsed();
    let status = answer.map_or(0, |answer| answer.status);
    let shown = match status {
        201 => shows(&buyer, &listing).await,
        _ => None,
    };
    Outcome { second, status, answered, shown }
}

/// How long it takes from now until the listing shows that it is held.
async fn shows(buyer: &Person, listing: &Value) -> Option<Duration> {
    let start = Instant::now();
    let look = get(format!("/api/tickets/{}", id(listing)));
    let is_held = |answer: Answer| answer.body["status"] == "held";
    while !buyer.try_send(&look).await.is_some_and(is_held) {
        if start.elapsed() > PATIENCE {
            return None;
        }
        sleep(LOOK).await;
    }
    Some(start.elapsed())
}

fn report(outcomes: &[Outcome]) {
    let mut seconds: BTreeMap<u64, Vec<&Outcome>> = BTreeMap::new();
    for outcome in outcomes {
        seconds.entry(outcome.second).or_default().push(outcome);
    }
    println!("second  statuses                  slowest answer  slowest to show");
    for (second, outcomes) in seconds {
        let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
        for outcome in &outcomes {
            *statuses.entry(outcome.status).or_default() += 1;
        }
        let statuses: Vec<String> =
            statuses.iter().map(|(status, count)| format!("{status}: {count}")).collect();
        let answered = outcomes.iter().map(|outcome| outcome.answered).max().unwrap_or_default();
        let shown = outcomes.iter().filter_map(|outcome| outcome.shown).max().unwrap_or_default();
        println!(
            "{second:>6}  {:<24}  {:>11} ms  {:>12} ms",
            statuses.join(", "),
            answered.as_millis(),
            shown.as_millis()
        );
    }
    line("answered", outcomes.iter().map(|outcome| outcome.answered).collect());
    line("shown", outcomes.iter().filter_map(|outcome| outcome.shown).collect());
    let never = outcomes.iter().filter(|o| o.status == 201 && o.shown.is_none()).count();
    println!("{never} never showed");
}
