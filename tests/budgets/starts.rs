//! An instance's start, as a multiple of hello's: what a request pays that meets none, and every
//! message.
//!
//! Measured side by side in one process, by turns, as the host itself tells it
//! (`boxoffice_instance_seconds`).

use std::fmt::Write as _;

use boxoffice_host::{Cron, Host, Options};
use boxoffice_tests::{App, Person, Surroundings, get, workspace};

/// Turns, and starts in each.
const ROUNDS: usize = 7;
const STARTS: usize = 40;

/// Routes that are answered without a database, the component that does it, and how many times as
/// long as hello's its instance may take. Most of that is linking: a service imports six times as many
/// functions as hello, and is composed of two components.
const BUDGETS: &[(&str, &str, f64)] = &[
    ("/api/users/healthz", "auth", 2.8),
    ("/api/tickets/healthz", "tickets", 2.8),
    ("/api/orders/healthz", "orders", 2.8),
    ("/api/payments/healthz", "payments", 2.8),
    ("/api/admissions/healthz", "admissions", 3.5),
    ("/api/mail/healthz", "mail", 2.8),
    ("/assets/none", "storefront", 3.8),
];

/// How many instances of `component` were made in `host`, and in how many seconds.
fn made(host: &Host, component: &str) -> (f64, f64) {
    let mut text = String::new();
    host.metrics().encode(&mut text).unwrap();
    let of = |what: &str| {
        let name = format!("boxoffice_instance_seconds_{what}{{component=\"{component}\"}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&name));
        line.map_or(0.0, |value| value.parse().unwrap())
    };
    (of("count"), of("sum"))
}

/// Seconds that each of so many starts took.
async fn start(host: &Host, person: &Person, path: &str, component: &str) -> f64 {
    let before = made(host, component);
    for _ in 0..STARTS {
        person.exchange(&get(path)).await;
    }
    let after = made(host, component);
    let count = after.0 - before.0;
    assert!(count >= STARTS as f64, "{component}: {count} instances for {STARTS} requests");
    (after.1 - before.1) / count
}

/// The least of all rounds: what disturbs a machine only ever adds to a time.
fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

#[tokio::test]
async fn instances_start_nearly_as_soon_as_hellos() {
    let mut around = Surroundings::prepare().await;
    around.max_instance_reuse = Some(1);
    let shop = App::start_in(around).await;
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new(workspace().join("bench/hello/spin.toml"));
    options.data = folder.path().to_owned();
    options.cache = workspace().join("target/boxoffice-cache");
    options.cron = Cron::Manual;
    options.max_instance_reuse = 1;
    let hello = Host::start(options).await.unwrap();
    let (visitor, caller) = (shop.client(), Person::new(hello.address()));

    let (mut floor, mut seconds) = (Vec::new(), vec![Vec::new(); BUDGETS.len()]);
    for _ in 0..ROUNDS {
        floor.push(start(&hello, &caller, "/", "hello").await);
        for ((path, component, _), seconds) in BUDGETS.iter().zip(&mut seconds) {
            seconds.push(start(shop.host(), &visitor, path, component).await);
        }
    }
    let (mut over, mut all) = (String::new(), String::new());
    for ((_, component, may), seconds) in BUDGETS.iter().zip(&seconds) {
        let seen = least(seconds) / least(&floor);
        let line = format!("{component}: {seen:.2} times hello's; may: {may}");
        writeln!(all, "{line}").unwrap();
        if seen > *may {
            writeln!(over, "{line}").unwrap();
        }
    }
    println!("hello: {:.0} µs\n{all}", least(&floor) * 1e6);
    assert!(over.is_empty(), "{over}");
}
