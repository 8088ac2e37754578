//! What schemas cannot check: that the parts of a deployment agree with one another and with
//! `spin.toml`. Each rule says what is wrong, or nothing.

mod apps;
mod images;
mod network;
mod pods;
mod probes;
mod routes;
mod scaling;
mod secrets;
mod stores;
mod variables;

use crate::shop::Shop;

/// A rule.
pub(crate) struct Rule {
    /// What it demands.
    pub(crate) name: &'static str,
    /// What is wrong.
    pub(crate) check: fn(&Shop) -> Vec<String>,
}

/// All of them.
pub(crate) const ALL: &[Rule] = &[
    Rule { name: "every component is deployed exactly once", check: apps::each_once },
    Rule { name: "every app has its executor", check: apps::executors },
    Rule { name: "executors are applied before apps", check: apps::executors_first },
    Rule { name: "who calls what is internal is cut together", check: apps::internal_calls },
    Rule { name: "base URLs name the app that answers", check: apps::base_urls },
    Rule { name: "every variable that is needed is supplied", check: variables::supplied },
    Rule { name: "no app is told what it does not use", check: variables::least },
    Rule { name: "nothing is there for developers alone", check: variables::not_for_developers },
    Rule { name: "settings that are referred to are there", check: variables::settings },
    Rule { name: "secrets come from Secrets", check: secrets::by_reference },
    Rule { name: "no secret is in clear", check: secrets::nothing_in_clear },
    Rule { name: "the documentation says how each Secret is made", check: secrets::documented },
    Rule { name: "selectors select", check: pods::selectors },
    Rule { name: "ports meet", check: pods::ports },
    Rule { name: "pods are confined and have an account of their own", check: pods::confined },
    Rule { name: "pods say what they need", check: pods::resources },
    Rule { name: "every app has a disruption budget", check: pods::budgets },
    Rule { name: "nothing is open unless a policy says so", check: network::closed },
    Rule { name: "policies let out what the manifest lets out", check: network::out },
    Rule { name: "policies let out nothing else", check: network::nothing_else },
    Rule { name: "who is let out there is let in here", check: network::both_ends },
    Rule { name: "images and versions agree", check: images::agree },
    Rule { name: "Spin is new enough", check: images::spin },
    Rule { name: "every route leads to its component", check: routes::each_arrives },
    Rule { name: "Spin's router takes every route to its component", check: routes::on_spin },
    Rule { name: "routes with a dotted segment come last", check: routes::dotted_last },
    Rule { name: "the host is the same everywhere", check: routes::host },
    Rule { name: "what scales is scaled by one thing", check: scaling::by_one },
    Rule { name: "the workers scale on every stream that they read", check: scaling::streams },
    Rule { name: "probes ask what answers", check: probes::answered },
    Rule { name: "every service has a database of its own", check: stores::databases },
];
