//! Secrets: referred to, made by hand, never written down.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::overlay::root;
use crate::shop::{NOT_USED, Shop};

/// What no text in a deployment contains.
const GIVEAWAYS: [&str; 7] =
    ["PRIVATE KEY", "sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_", "SG."];

/// Variables that hold a password or a key.
fn is_secret(shop: &Shop, variable: &str) -> bool {
    let addresses = variable == "redis_url" || variable.ends_with("_db_url");
    addresses || shop.manifest.variables.get(variable).is_some_and(|known| known.secret)
}

/// A secret variable, and an address with a password in it, comes from a Secret.
pub(super) fn by_reference(shop: &Shop) -> Vec<String> {
    let mut problems = Vec::new();
    for app in shop.apps() {
        for given in &app.spec.variables {
            let refers =
                given.value_from.as_ref().is_some_and(|from| from.secret_key_ref.is_some());
            let is_placeholder = given.value.as_deref() == Some(NOT_USED);
            if is_secret(shop, &given.name) && !refers && !is_placeholder {
                problems.push(format!("{}: {} is no reference", app.name, given.name));
            }
        }
    }
    problems
}

/// No Secret is rendered, and no text looks like one.
pub(super) fn nothing_in_clear(shop: &Shop) -> Vec<String> {
    let mut problems: Vec<String> =
        shop.of_kind("Secret").map(|secret| format!("the Secret {}", secret.name())).collect();
    for object in &shop.objects {
        for text in texts(&object.0) {
            let gives_away = GIVEAWAYS.iter().any(|giveaway| text.contains(giveaway));
            if gives_away || has_password(text) {
                problems.push(format!("{} {}: {text:?}", object.kind(), object.name()));
            }
        }
    }
    problems
}

/// Whether a text has an address with a password in it, `scheme://user:password@host`.
fn has_password(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        let authority = word.split_once("://").and_then(|(_, rest)| rest.split('/').next());
        authority.and_then(|authority| authority.split_once('@')).is_some_and(|(who, _)| {
            who.split_once(':').is_some_and(|(_, password)| !password.is_empty())
        })
    })
}

/// Every Secret that something refers to, with its key, is in the documentation's commands.
pub(super) fn documented(shop: &Shop) -> Vec<String> {
    let page = std::fs::read_to_string(root().join("docs/operations.md")).unwrap_or_default();
    let mut wanted = BTreeSet::new();
    for object in &shop.objects {
        references(&object.0, &mut wanted);
    }
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let words: BTreeSet<&str> = page.split(|c| !is_of_name(c)).collect();
    let undocumented = wanted.into_iter().filter(|(name, key)| {
        !words.contains(name.as_str())
            || key.as_ref().is_some_and(|key| !page.contains(&format!("{key}=")))
    });
    undocumented.map(|(name, key)| format!("{name}, {}", key.unwrap_or_default())).collect()
}

/// Finds references to Secrets: a key of one, or one as a whole.
fn references(value: &Value, found: &mut BTreeSet<(String, Option<String>)>) {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match value {
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        Value::Object(members) => {
            for (name, member) in members {
                let whole = match name.as_str() {
                    "secretKeyRef" => {
                        let key = text(&member["key"]);
                        found.extend(text(&member["name"]).map(|name| (name, key)));
                        None
                    }
                    "secretTargetRef" => {
                        let all = member.as_array().into_iter().flatten();
                        found.extend(
                            all.filter_map(|one| Some((text(&one["name"])?, text(&one["key"])))),
                        );
                        None
                    }
                    "passwordSecret" => text(&member["name"]),
                    "certificateRefs" => text(&member[0]["name"]),
                    "secretName" => text(member),
                    _ => None,
                };
                found.extend(whole.map(|name| (name, None)));
                references(member, found);
            }
        }
        _ => {}
    }
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
