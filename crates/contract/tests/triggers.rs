//! The redis triggers of `spin.toml` and the groups of the events' table are the same: a worker that
//! is not started for an event of its group would read it with the next tick, seconds late.

use std::collections::BTreeSet;

use boxoffice_contract::EventType;
use boxoffice_contract::bus::{TICK, WITHOUT_EVENTS};

/// A channel, and the component that hears it.
type Trigger = (String, String);

fn manifest() -> toml::Table {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spin.toml");
    std::fs::read_to_string(path).expect("spin.toml").parse().expect("TOML")
}

/// The triggers that `manifest` has.
fn found(manifest: &toml::Table) -> Vec<Trigger> {
    let triggers = manifest["trigger"]["redis"].as_array().expect("redis triggers");
    let text = |trigger: &toml::Value, name: &str| trigger[name].as_str().expect(name).to_owned();
    triggers.iter().map(|one| (text(one, "channel"), text(one, "component"))).collect()
}

/// The triggers that are needed: each group's worker hears the group's events, and the clock. A service
/// that reads no events has a worker that hears the clock alone.
fn due(manifest: &toml::Table) -> BTreeSet<Trigger> {
    let heard = EventType::ALL.into_iter().flat_map(|event_type| {
        event_type
            .groups()
            .iter()
            .flat_map(move |group| [(event_type.name(), *group), (TICK, *group)])
    });
    heard
        .chain(WITHOUT_EVENTS.map(|service| (TICK, service)))
        .map(|(channel, group)| (channel.to_owned(), worker(manifest, group)))
        .collect()
}

/// The component that works for a group: the service's worker, or the service where that is all it is.
fn worker(manifest: &toml::Table, group: &str) -> String {
    let worker = format!("{group}-worker");
    let exists = manifest["component"].get(&worker).is_some();
    if exists { worker } else { group.to_owned() }
}

/// What is there and not due, or due and not there.
fn wrong(found: &[Trigger], due: &BTreeSet<Trigger>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for trigger @ (channel, component) in found {
        if !seen.insert(trigger.clone()) {
            wrong.push(format!("{component} hears {channel} twice"));
        }
        if !due.contains(trigger) {
            wrong.push(format!("{component} hears {channel}, which its group does not read"));
        }
    }
    let missing = due.difference(&seen);
    wrong
        .extend(missing.map(|(channel, component)| format!("{component} does not hear {channel}")));
    wrong
}

#[test]
fn each_worker_hears_what_its_group_reads() {
    let manifest = manifest();
    assert_eq!(wrong(&found(&manifest), &due(&manifest)), [""; 0]);
}

#[test]
fn each_mistake_is_noticed() {
    let manifest = manifest();
    let (found, due) = (found(&manifest), due(&manifest));
    for index in 0..found.len() {
        let mut fewer = found.clone();
        let (channel, component) = fewer.remove(index);
        assert_eq!(wrong(&fewer, &due), [format!("{component} does not hear {channel}")]);
        let twice = [found.clone(), vec![found[index].clone()]].concat();
        assert_eq!(wrong(&twice, &due), [format!("{component} hears {channel} twice")]);
    }
    let stray = ("payment:captured".to_owned(), "orders-worker".to_owned());
    assert_eq!(wrong(&[found, vec![stray]].concat(), &due).len(), 1);
}
