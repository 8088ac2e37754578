//! Network policies beside the manifest's `allowed_outbound_hosts`.
//!
//! A policy that opens the way for variables of the application names them in the annotation
//! `boxoffice/variables`. What Spin itself needs, policies name as `boxoffice/spintainer` and
//! `boxoffice/telemetry`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::overlay::Object;
use crate::shop::{APP_PORT, App, NAME, Pods, Shop, items, selects};

/// The annotations.
const VARIABLES: &str = "boxoffice/variables";
const SPINTAINER: &str = "boxoffice/spintainer";
const TELEMETRY: &str = "boxoffice/telemetry";
/// Policies for every pod: nothing, and DNS.
const FOR_ALL: [&str; 2] = ["closed", "to-names"];

/// One policy selects all pods and allows nothing, neither in nor out.
pub(super) fn closed(shop: &Shop) -> Vec<String> {
    let is_closed = |policy: &Object| {
        *policy.at("/spec/podSelector") == serde_json::json!({})
            && *policy.at("/spec/policyTypes") == serde_json::json!(["Ingress", "Egress"])
            && policy.at("/spec/ingress").is_null()
            && policy.at("/spec/egress").is_null()
    };
    if shop.of_kind("NetworkPolicy").any(is_closed) {
        Vec::new()
    } else {
        vec!["no policy closes the namespace".into()]
    }
}

/// Every host that the manifest allows is reached by whoever has the component.
pub(super) fn out(shop: &Shop) -> Vec<String> {
    let mut problems: Vec<String> = shop
        .manifest
        .literal_hosts()
        .into_iter()
        .map(|(component, host)| format!("{component}: {host} is not a variable's"))
        .collect();
    for pods in shop.pods() {
        let open: BTreeSet<&str> = egress_of(shop, &pods).flat_map(variables_of).collect();
        let missing = pods.reaches.iter().filter(|variable| !open.contains(variable.as_str()));
        problems.extend(missing.map(|variable| format!("{}: no way to {variable}", pods.of)));
    }
    problems.extend(shop.apps().iter().flat_map(|app| spins_own(shop, app)));
    problems.extend(shop.of_kind("NetworkPolicy").filter_map(|policy| lets_through(shop, policy)));
    problems
}

/// What Spin needs besides: the registry when it fetches the application itself, the collector.
fn spins_own(shop: &Shop, app: &App) -> Vec<String> {
    let executor = shop.executor(app);
    let Some(deployment) = executor.as_ref().and_then(|executor| executor.deployment()) else {
        return Vec::new();
    };
    let wanted =
        [(deployment.spin_image.is_some(), SPINTAINER), (deployment.otel.is_some(), TELEMETRY)];
    let pods = pods_of(shop, app);
    let missing = wanted.into_iter().filter(|(needed, annotation)| {
        *needed && !egress_of(shop, &pods).any(|policy| policy.annotation(annotation).is_some())
    });
    missing.map(|(_, annotation)| format!("{}: no policy has {annotation}", app.name)).collect()
}

/// A policy for variables lets through to where they point, as far as that is known.
fn lets_through(shop: &Shop, policy: &Object) -> Option<String> {
    let variables = variables_of(policy);
    let port = if variables.iter().any(|variable| variable.ends_with("_base_url")) {
        APP_PORT
    } else if variables.contains(&"stripe_api_base") {
        let base = shop.setting("stripe_api_base").unwrap_or_default();
        port_of(base)?
    } else {
        return None;
    };
    let open = policy.list("/spec/egress").iter().flat_map(|rule| items(&rule["ports"]));
    let is_open = open.filter_map(|open| open["port"].as_u64()).any(|open| open == port);
    (!is_open).then(|| format!("{}: port {port} is closed", policy.name()))
}

/// The port of an address: the one that it names, or its scheme's.
fn port_of(url: &str) -> Option<u64> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split('/').next()?;
    match authority.rsplit_once(':') {
        Some((_, port)) => port.parse().ok(),
        None => Some(if scheme == "https" { 443 } else { 80 }),
    }
}

/// Every policy that lets a pod out is needed by it, and lets out to somewhere.
pub(super) fn nothing_else(shop: &Shop) -> Vec<String> {
    let mut problems = Vec::new();
    for pods in shop.pods() {
        let is_postgres = pods.labels.contains_key("cnpg.io/cluster");
        for policy in egress_of(shop, &pods) {
            let name = policy.name();
            let is_general = FOR_ALL.contains(&name)
                || [SPINTAINER, TELEMETRY].iter().any(|own| policy.annotation(own).is_some())
                || (is_postgres && name == "postgres-own");
            let variables = variables_of(policy);
            let is_needed = variables.iter().any(|variable| pods.reaches.contains(*variable));
            if !is_general && !is_needed {
                problems.push(format!("{}: {name} is not needed", pods.of));
            }
            if !is_postgres && policy.list("/spec/egress").iter().any(goes_anywhere) {
                problems.push(format!("{name} lets out to anywhere"));
            }
        }
    }
    let shim_only = shop.apps().iter().all(|app| {
        let executor = shop.executor(app);
        let deployment = executor.as_ref().and_then(|executor| executor.deployment());
        deployment.is_none_or(|deployment| deployment.spin_image.is_none())
    });
    if shim_only && shop.of_kind("NetworkPolicy").any(|p| p.annotation(SPINTAINER).is_some()) {
        problems.push("the nodes fetch the application, and pods may reach the registry".into());
    }
    problems
}

/// A rule without addressees or ports, or one that opens private networks along with the rest.
fn goes_anywhere(rule: &Value) -> bool {
    let opens_all = |peer: &Value| {
        let block = &peer["ipBlock"];
        block["cidr"] == "0.0.0.0/0"
            && ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"]
                .iter()
                .any(|private| !items(&block["except"]).iter().any(|except| except == private))
    };
    let to = items(&rule["to"]);
    to.is_empty() || items(&rule["ports"]).is_empty() || to.iter().any(opens_all)
}

/// Where a policy lets pods out to pods of this namespace, another lets them in.
pub(super) fn both_ends(shop: &Shop) -> Vec<String> {
    let pods = shop.pods();
    let mut problems = Vec::new();
    for from in &pods {
        for policy in egress_of(shop, from) {
            for rule in policy.list("/spec/egress") {
                for to in pods.iter().filter(|to| admits(&rule["to"], to)) {
                    for port in items(&rule["ports"]) {
                        if !lets_in(shop, from, to, &port["port"]) {
                            let port = &port["port"];
                            problems.push(format!("{} to {}, port {port}", from.of, to.of));
                        }
                    }
                }
            }
        }
    }
    problems
}

fn lets_in(shop: &Shop, from: &Pods, to: &Pods, port: &Value) -> bool {
    let policies = shop.of_kind("NetworkPolicy");
    let here = policies.filter(|policy| selects(policy.at("/spec/podSelector"), &to.labels));
    here.flat_map(|policy| policy.list("/spec/ingress")).any(|rule| {
        admits(&rule["from"], from)
            && items(&rule["ports"]).iter().any(|open| open["port"] == *port)
    })
}

/// Whether peers within the namespace include these pods.
fn admits(peers: &Value, pods: &Pods) -> bool {
    items(peers).iter().any(|peer| {
        let within = peer.get("namespaceSelector").is_none();
        within && peer.get("podSelector").is_some_and(|peer| selects(peer, &pods.labels))
    })
}

/// The policies that let these pods out.
fn egress_of<'a>(shop: &'a Shop, pods: &'a Pods) -> impl Iterator<Item = &'a Object> {
    shop.of_kind("NetworkPolicy").filter(|policy| {
        policy.list("/spec/policyTypes").iter().any(|kind| kind == "Egress")
            && selects(policy.at("/spec/podSelector"), &pods.labels)
    })
}

fn pods_of(shop: &Shop, app: &App) -> Pods {
    let found = shop.pods().into_iter().find(|pods| pods.of == format!("SpinApp {}", app.name));
    found.unwrap_or_else(|| panic!("{} has pods, and the label {NAME}", app.name))
}

fn variables_of(policy: &Object) -> Vec<&str> {
    policy.annotation(VARIABLES).unwrap_or_default().split_whitespace().collect()
}
