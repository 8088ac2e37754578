//! A forgotten password, and a link that signs in: whether an address has an account must not show by what
//! asking costs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use boxoffice_tests::{Answer, App, Surroundings, post};
use serde_json::json;

use crate::calls::{Calls, Counter};

/// How many times each of the two is asked.
const ROUNDS: usize = 40;
/// How much longer one may take than the other, in percent: beside other work on the machine.
const TOLERANCE: u128 = 30;

/// What one question came to.
struct Cost {
    calls: [Calls; 2],
    bytes: usize,
    time: Duration,
}

async fn ask(app: &App, counter: &Counter, path: &str, email: &str) -> Cost {
    // Past the limits of a client and of an address.
    app.advance(60 * 60);
    counter.quiet().await;
    let before = counter.now();
    let start = Instant::now();
    let answer = app.client().send(&post(path, json!({ "email": email }))).await;
    let time = start.elapsed();
    counter.quiet().await;
    let after = counter.now();
    let calls = [after[0] - before[0], after[1] - before[1]];
    Cost { calls, bytes: length(&answer), time }
}

fn length(answer: &Answer) -> usize {
    assert_eq!(answer.status, 202, "{answer}");
    let head: usize =
        answer.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    head + answer.text.len()
}

fn median(costs: &[Cost]) -> u128 {
    let mut times: Vec<u128> = costs.iter().map(|cost| cost.time.as_micros()).collect();
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::test]
async fn asking_for_a_new_password_costs_the_same_with_and_without_an_account() {
    costs_the_same("/api/users/reset").await;
}

#[tokio::test]
async fn asking_for_a_link_costs_the_same_with_and_without_an_account() {
    costs_the_same("/api/users/signInLink").await;
}

async fn costs_the_same(path: &str) {
    let counter = Arc::new(Counter::default());
    let mut around = Surroundings::prepare().await;
    around.faults = Some(counter.clone());
    around.max_instance_reuse = Some(usize::MAX);
    let app = App::start_in(around).await;
    let person = app.sign_up().await;
    let known = person.account["email"].as_str().unwrap();
    let unknown = known.replace("person", "nobody");
    for email in [known, &unknown] {
        ask(&app, &counter, path, email).await;
    }
    let (mut of_known, mut of_unknown) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        of_known.push(ask(&app, &counter, path, known).await);
        of_unknown.push(ask(&app, &counter, path, &unknown).await);
    }
    let (first, last) = (&of_known[0], &of_unknown[0]);
    println!("services and workers: {:?}, {} bytes", first.calls, first.bytes);
    for cost in of_known.iter().chain(&of_unknown) {
        assert_eq!(cost.calls[0], first.calls[0]);
        assert_eq!(cost.bytes, last.bytes);
    }
    let (with, without) = (median(&of_known), median(&of_unknown));
    println!("median of {ROUNDS}: {with} µs with an account, {without} µs without");
    let apart = with.abs_diff(without) * 100 / with.min(without);
    assert!(apart <= TOLERANCE, "{with} µs with an account, {without} µs without");
}
