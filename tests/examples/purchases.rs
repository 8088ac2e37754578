//! A measurement: how long after "Pay" an order is complete and its ticket has a code, and what becomes of buyers whose
//! payment is not answered at once.
//!
//! `purchases ADDRESS [SECONDS]` has twenty buyers a second pay for what they hold, for thirty seconds
//! unless told otherwise, in the shop that runs there (`cargo xtask up`). It keeps to that pace
//! whatever the answers are. A buyer who is told that the payment is being checked asks for it with the
//! same key until it is known, as the shop's page does. `cargo build --workspace --example purchases`
//! makes it.
#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on ends")]

mod measure;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use boxoffice_tests::{Person, get, id, post};
use futures::StreamExt;
use futures::future::join_all;
use futures::stream::iter;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval, sleep};

use measure::{line, newcomer};

/// Payments a second.
const PACE: u64 = 20;
const BUYERS: u64 = 10;
/// How often one looks whether the order is complete.
const LOOK: Duration = Duration::from_millis(5);
/// How long one waits before one asks again for what is not known.
const PAUSE: Duration = Duration::from_secs(5);
/// How long one waits in all.
const PATIENCE: Duration = Duration::from_secs(240);

/// What came of one payment.
struct Outcome {
    /// The second of the measurement in which it was sent.
    second: u64,
    /// The first answer's; 0 if there was none.
    first: u16,
    /// How the order ended; empty if it has not.
    end: String,
    /// From "Pay" to that end.
    took: Duration,
    /// From "Pay" to the code of the ticket; none if the order was not completed.
    in_hand: Option<Duration>,
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(address) = arguments.next().and_then(|address| address.parse().ok()) else {
        eprintln!("usage: purchases ADDRESS:PORT [SECONDS]");
        std::process::exit(2);
    };
    let seconds = arguments.next().map_or(30, |seconds| seconds.parse().expect("SECONDS"));
    let holds = prepare(address, PACE * seconds).await;
    println!("{} orders; {PACE} payments a second for {seconds} s", holds.len());
    report(&run(holds).await);
}

/// So many orders that are held, and who holds them.
async fn prepare(address: SocketAddr, count: u64) -> Vec<(Person, Value)> {
    let seller = newcomer(address).await;
    let buyers = join_all((0..BUYERS).map(|_| newcomer(address))).await;
    let hold = async |buyer: Person| {
        let ticket = seller.list(json!({})).await.expect(201);
        let order = buyer.hold(&ticket).await.expect(201);
        (buyer, order)
    };
    let count = usize::try_from(count).unwrap();
    let holders = buyers.iter().cycle().take(count).cloned();
    let holds = iter(holders).map(hold).buffer_unordered(4).collect().await;
    sleep(Duration::from_secs(2)).await;
    holds
}

async fn run(holds: Vec<(Person, Value)>) -> Vec<Outcome> {
    let mut pace = interval(Duration::from_millis(1_000 / PACE));
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let start = Instant::now();
    let mut payments = Vec::with_capacity(holds.len());
    for (buyer, order) in holds {
        pace.tick().await;
        let second = start.elapsed().as_secs();
        payments.push(tokio::spawn(pay(buyer, order, second)));
    }
    join_all(payments).await.into_iter().map(Result::unwrap).collect()
}

async fn pay(buyer: Person, order: Value, second: u64) -> Outcome {
    let start = Instant::now();
    let wish = json!({ "orderId": id(&order), "token": "pm_card_visa" });
    let payment = post("/api/payments", wish).key(id(&order));
    let mut first = None;
    while start.elapsed() < PATIENCE {
        let answer = buyer.try_send(&payment).await;
        let status = answer.map_or(0, |answer| answer.status);
        first.get_or_insert(status);
        if !matches!(status, 0 | 202 | 503) {
            break;
        }
        sleep(PAUSE).await;
    }
    let look = get(format!("/api/orders/{}", id(&order)));
    let mut end = String::new();
    while end.is_empty() && start.elapsed() < PATIENCE {
        let status = buyer.try_send(&look).await.map(|answer| answer.body["status"].clone());
        match status.as_ref().and_then(Value::as_str) {
            Some(status @ ("complete" | "cancelled")) => end = status.to_owned(),
            _ => sleep(LOOK).await,
        }
    }
    let took = start.elapsed();
    let in_hand = if end == "complete" { has_code(&buyer, &order, start).await } else { None };
    Outcome { second, first: first.unwrap_or_default(), end, took, in_hand }
}

/// How long after `start` the ticket has a code, which the buyer looks for.
async fn has_code(buyer: &Person, order: &Value, start: Instant) -> Option<Duration> {
    let look = get(format!("/api/admissions?orderId={}", id(order)));
    while start.elapsed() < PATIENCE {
        let answer = buyer.try_send(&look).await;
        if answer.is_some_and(|answer| answer.body["items"][0]["code"].is_string()) {
            return Some(start.elapsed());
        }
        sleep(LOOK).await;
    }
    None
}

fn report(outcomes: &[Outcome]) {
    let mut seconds: BTreeMap<u64, Vec<&Outcome>> = BTreeMap::new();
    for outcome in outcomes {
        seconds.entry(outcome.second).or_default().push(outcome);
    }
    println!("second  first answers             slowest");
    for (second, outcomes) in seconds {
        let mut answers: BTreeMap<u16, usize> = BTreeMap::new();
        for outcome in &outcomes {
            *answers.entry(outcome.first).or_default() += 1;
        }
        let answers: Vec<String> =
            answers.iter().map(|(status, count)| format!("{status}: {count}")).collect();
        let slowest = outcomes.iter().map(|outcome| outcome.took).max().unwrap_or_default();
        println!("{second:>6}  {:<24}  {:>4} ms", answers.join(", "), slowest.as_millis());
    }
    for end in ["complete", "cancelled", ""] {
        let of_end = outcomes.iter().filter(|outcome| outcome.end == end);
        let name = if end.is_empty() { "not ended" } else { end };
        line(name, of_end.map(|outcome| outcome.took).collect());
    }
    line("in the hand", outcomes.iter().filter_map(|outcome| outcome.in_hand).collect());
}
