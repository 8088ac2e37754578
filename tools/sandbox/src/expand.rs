//! `expand[]`: an id in an answer replaced by the object that it names
//! (<https://docs.stripe.com/api/expanding_objects>).

use rusqlite::Connection;
use serde_json::Value;

use crate::{
    charges::Charge,
    errors::{Error, Refusal},
    intents::Intent,
    ledger::{self, Stored},
    methods::PaymentMethod,
};

/// Stripe's limit on the depth of an expansion.
const MAX_DEPTH: usize = 4;

/// Which fields of which objects can be expanded.
const EXPANDABLE: &[(&str, &str)] = &[
    ("payment_intent", "latest_charge"),
    ("payment_intent", "payment_method"),
    ("charge", "payment_intent"),
    ("refund", "charge"),
    ("refund", "payment_intent"),
    ("dispute", "charge"),
    ("dispute", "payment_intent"),
];

/// Expands each of `paths` (such as `latest_charge`, or `data.latest_charge` in a list) in `answer`.
pub(crate) fn apply(db: &Connection, answer: &mut Value, paths: &[String]) -> Result<(), Error> {
    for path in paths {
        let steps: Vec<&str> = path.split('.').collect();
        if steps.len() > MAX_DEPTH {
            return Err(Refusal::invalid(format!(
                "You cannot expand more than {MAX_DEPTH} levels of a property ({path})."
            ))
            .into());
        }
        expand(db, answer, &steps, path)?;
    }
    Ok(())
}

fn expand(db: &Connection, value: &mut Value, steps: &[&str], path: &str) -> Result<(), Error> {
    let [step, rest @ ..] = steps else { return Ok(()) };
    let kind = value["object"].as_str().unwrap_or_default().to_owned();
    if kind == "list" && *step == "data" {
        for member in value["data"].as_array_mut().into_iter().flatten() {
            expand(db, member, rest, path)?;
        }
        return Ok(());
    }
    if !EXPANDABLE.contains(&(kind.as_str(), step)) {
        return Err(Refusal::invalid(format!("This property cannot be expanded ({path}).")).into());
    }
    if let Some(id) = value[*step].as_str() {
        value[*step] = fetch(db, id)?;
    }
    if value[*step].is_object() { expand(db, &mut value[*step], rest, path) } else { Ok(()) }
}

fn fetch(db: &Connection, id: &str) -> Result<Value, Error> {
    Ok(match id.split_once('_').map(|(prefix, _)| prefix) {
        Some("pi") => ledger::require::<Intent>(db, id, "expand")?.render(),
        Some("ch") => ledger::require::<Charge>(db, id, "expand")?.render(),
        _ => ledger::require::<PaymentMethod>(db, id, "expand")?.render(),
    })
}
