//! What measurements share.

use std::net::SocketAddr;
use std::time::Duration;

use boxoffice_tests::{Person, post};
use serde_json::json;

/// Somebody with an account, whoever else has measured this shop before.
pub(crate) async fn newcomer(address: SocketAddr) -> Person {
    let person = Person::new(address);
    let email = format!("{}@example.com", uuid::Uuid::now_v7());
    let sign_up = post("/api/users/signUp", json!({ "email": email, "password": "a measurement" }));
    let answer = person.send(&sign_up).await;
    person.signed_in_by(answer, 201)
}

/// Says how `times` are spread.
pub(crate) fn line(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |percent: usize| {
        let time = times.get((times.len() * percent / 100).min(times.len().saturating_sub(1)));
        time.map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
    };
    println!(
        "{what}: {} of them, p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms, most {:.1} ms",
        times.len(),
        at(50),
        at(90),
        at(99),
        at(100)
    );
}
