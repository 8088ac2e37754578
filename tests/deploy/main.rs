//! The deployment by SpinKube, checked without a cluster: every overlay and option is rendered as
//! `kubectl apply -k` would, each object validated, and what schemas cannot say laid beside
//! `spin.toml`.
//!
//! | module | holds |
//! |---|---|
//! | [`overlay`] | rendering, by kustomize; which overlays and options there are |
//! | [`manifest`] | what of `spin.toml` a deployment has to agree with |
//! | [`schemas`] | Kubernetes's own schemas, by kubernetes-validate |
//! | [`kinds`] | typed descriptions of what Kubernetes itself does not know, SpinApps above all |
//! | [`shop`] | a rendered overlay, and what its parts say of one another |
//! | [`rules`] | what schemas cannot check, a rule each |
//! | [`mutations`] | a mistake for each rule, which it must notice |
#![allow(clippy::unwrap_used, reason = "tests")]

mod kinds;
mod manifest;
mod mutations;
mod overlay;
mod rules;
mod schemas;
mod shop;

use overlay::Overlay;
use shop::Shop;

/// The versions of Kubernetes that SpinKube's operator runs on: it asks for 1.28 or newer, and the
/// last is the newest that kubernetes-validate carries.
const VERSIONS: [&str; 10] =
    ["1.28", "1.29", "1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36", "1.37"];

#[test]
fn every_option_is_tried() {
    assert_eq!(Overlay::left_out(), Vec::<String>::new());
}

#[test]
fn every_object_is_valid() {
    let mut objects = 0;
    let mut validations = 0;
    for overlay in Overlay::all() {
        let rendered = overlay.render();
        objects += rendered.len();
        let outcomes = schemas::validate(&rendered, &VERSIONS);
        validations += outcomes.len();
        let mut problems = Vec::new();
        for outcome in outcomes {
            let object = &rendered[outcome.object];
            let what = format!("{} {}", object.kind(), object.name());
            let is_ours_to_describe = kinds::describes(object);
            match (outcome.known, is_ours_to_describe, outcome.problem) {
                (true, _, Some(problem)) => {
                    problems.push(format!("{what}, Kubernetes {}: {problem}", outcome.version));
                }
                (false, false, _) => problems.push(format!(
                    "{what}: Kubernetes {} knows no {}, and neither do we",
                    outcome.version,
                    object.api_version()
                )),
                _ => {}
            }
        }
        for object in &rendered {
            if let Err(problem) = kinds::check(object) {
                problems.push(format!("{} {}: {problem}", object.kind(), object.name()));
            }
        }
        assert!(problems.is_empty(), "{overlay}:\n{}", problems.join("\n"));
    }
    println!("{objects} objects, {validations} validations by Kubernetes's schemas");
}

#[test]
fn every_rule_is_kept() {
    let overlays = Overlay::all();
    let mut problems = Vec::new();
    for overlay in &overlays {
        let shop = Shop::read(overlay);
        for rule in rules::ALL {
            let found = (rule.check)(&shop).into_iter();
            problems.extend(found.map(|problem| format!("{overlay}: {}: {problem}", rule.name)));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    println!("{} rules on {} renderings", rules::ALL.len(), overlays.len());
}

#[test]
fn every_rule_notices_a_mistake() {
    let overlays = Overlay::all();
    let mut untried: Vec<&str> = rules::ALL.iter().map(|rule| rule.name).collect();
    for mutation in mutations::ALL {
        let overlay = overlays.iter().find(|overlay| overlay.name() == mutation.overlay);
        let overlay = overlay.unwrap_or_else(|| panic!("no overlay {}", mutation.overlay));
        let mut shop = Shop::read(overlay);
        (mutation.make)(&mut shop);
        let rule = rules::ALL.iter().find(|rule| rule.name == mutation.noticed_by);
        let rule = rule.unwrap_or_else(|| panic!("no rule {}", mutation.noticed_by));
        assert!(!(rule.check)(&shop).is_empty(), "{} let pass: {}", rule.name, mutation.mistake);
        untried.retain(|name| *name != rule.name);
    }
    assert!(untried.is_empty(), "no mistake was tried on {untried:?}");
}
