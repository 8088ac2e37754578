//! The tables: calls, and what must come of them.
//!
//! A step is a call, its body, the status that must come back, and expectations:
//! `/pointer=value` (a JSON value, or else a text), `/pointer?` (there, and not null), `/pointer!` (not
//! there), `name:=/pointer` (keep for later steps as `{name}`).

mod methods;
mod payments;
mod refunds;
mod refusals;

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::Value;

use crate::bench::{Api, Bench, Reply};

type Step = (&'static str, &'static str, u16, &'static [&'static str]);

struct Scenario {
    name: &'static str,
    steps: &'static [Step],
}

#[tokio::test]
async fn every_scenario_goes_as_with_stripe() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    let mut failures = Vec::new();
    let tables = [payments::TABLE, refunds::TABLE, methods::TABLE, refusals::TABLE];
    for scenario in tables.into_iter().flatten() {
        if let Err(failure) = run(&api, scenario).await {
            failures.push(format!("{}: {failure}", scenario.name));
        }
    }
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}

async fn run(api: &Api, scenario: &Scenario) -> Result<(), String> {
    let mut names = BTreeMap::new();
    for (call, body, status, expectations) in scenario.steps {
        let call = filled(call, &names);
        let (method, path) = call.split_once(' ').unwrap();
        let method: Method = method.parse().unwrap();
        let key = [("authorization", "Bearer sk_test_1")];
        let reply = api.send(method, path, &filled(body, &names), &key).await;
        if reply.status != *status {
            return Err(format!(
                "{call} {body}: {} instead of {status}: {}",
                reply.status, reply.text
            ));
        }
        for expectation in *expectations {
            check(&reply, expectation, &mut names).map_err(|found| {
                format!("{call} {body}: {expectation}, but {found}: {}", reply.text)
            })?;
        }
    }
    Ok(())
}

fn check(
    reply: &Reply,
    expectation: &str,
    names: &mut BTreeMap<String, String>,
) -> Result<(), String> {
    let json = reply.json();
    if let Some((name, pointer)) = expectation.split_once(":=") {
        names.insert(name.to_owned(), reply.at(pointer));
        return Ok(());
    }
    if let Some(pointer) = expectation.strip_suffix('?') {
        let there = json.pointer(pointer).is_some_and(|value| !value.is_null());
        return there.then_some(()).ok_or_else(|| "it is missing".to_owned());
    }
    if let Some(pointer) = expectation.strip_suffix('!') {
        let absent = json.pointer(pointer).is_none();
        return absent.then_some(()).ok_or_else(|| "it is there".to_owned());
    }
    let (pointer, expected) = expectation.split_once('=').unwrap();
    let expected = filled(expected, names);
    let expected = serde_json::from_str::<Value>(&expected).unwrap_or(Value::String(expected));
    match json.pointer(pointer) {
        Some(found) if *found == expected => Ok(()),
        Some(found) => Err(format!("it is {found}")),
        None => Err("it is missing".to_owned()),
    }
}

fn filled(template: &str, names: &BTreeMap<String, String>) -> String {
    names.iter().fold(template.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}

const CREATE: &str = "POST /v1/payment_intents";
const REFUND: &str = "POST /v1/refunds";
/// An intent for 49.00 on hold.
const HELD: Step = (
    CREATE,
    "amount=4900&currency=usd&capture_method=manual&confirm=true&payment_method=pm_card_visa\
     &payment_method_types[]=card",
    200,
    &["pi:=/id", "ch:=/latest_charge", "/status=requires_capture"],
);
/// An intent whose 49.00 were taken.
const PAID: Step = (
    CREATE,
    "amount=4900&currency=usd&confirm=true&payment_method=pm_card_visa&payment_method_types[]=card",
    200,
    &["pi:=/id", "ch:=/latest_charge", "/status=succeeded"],
);
/// An intent that nobody has paid yet.
const OPEN: Step =
    (CREATE, "amount=4900&currency=usd&payment_method_types[]=card", 200, &["pi:=/id"]);
