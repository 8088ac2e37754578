//! Pods: what selects them, where they listen, how they are confined.

use serde_json::Value;

use crate::overlay::Object;
use crate::shop::{App, NAME, Pods, Shop, containers, items, selects, template};

/// Every selector selects pods, and every name that it lists is that of some.
pub(super) fn selectors(shop: &Shop) -> Vec<String> {
    let pods = shop.pods();
    let mut problems = Vec::new();
    for object in &shop.objects {
        for selector in selectors_of(object) {
            let is_all = selector.as_object().is_some_and(serde_json::Map::is_empty);
            if !is_all && !pods.iter().any(|pods| selects(&selector, &pods.labels)) {
                problems.push(format!("{} {}: {selector}", object.kind(), object.name()));
            }
            let listed = items(&selector["matchExpressions"]).iter();
            for name in listed.flat_map(|wanted| items(&wanted["values"])) {
                let is_there =
                    |pods: &Pods| pods.labels.get(NAME).map(String::as_str) == name.as_str();
                if !pods.iter().any(is_there) {
                    problems.push(format!("{} {}: no {name}", object.kind(), object.name()));
                }
            }
        }
    }
    problems
}

/// The selectors of pods in this namespace.
fn selectors_of(object: &Object) -> Vec<Value> {
    match object.kind() {
        // A Service's is a set of labels.
        "Service" => vec![serde_json::json!({ "matchLabels": object.at("/spec/selector") })],
        "PodDisruptionBudget" | "StatefulSet" => vec![object.at("/spec/selector").clone()],
        "NetworkPolicy" => {
            let peers = items(object.at("/spec/egress")).iter().flat_map(|rule| items(&rule["to"]));
            let other = items(object.at("/spec/ingress")).iter();
            let peers = peers.chain(other.flat_map(|rule| items(&rule["from"])));
            let within = peers.filter(|peer| peer.get("namespaceSelector").is_none());
            let within = within.filter_map(|peer| peer.get("podSelector"));
            within.chain([object.at("/spec/podSelector")]).cloned().collect()
        }
        _ => Vec::new(),
    }
}

/// Services and policies name ports that the pods listen on.
pub(super) fn ports(shop: &Shop) -> Vec<String> {
    let pods = shop.pods();
    let mut problems = Vec::new();
    for service in shop.of_kind("Service") {
        for port in service.list("/spec/ports") {
            if !has_target(shop, service, port) {
                problems.push(format!("Service {}: nobody has {port}", service.name()));
            }
        }
    }
    for policy in shop.of_kind("NetworkPolicy") {
        let to = policy.list("/spec/egress").iter().flat_map(|rule| {
            let within =
                items(&rule["to"]).iter().filter(|peer| peer.get("namespaceSelector").is_none());
            within.filter_map(|peer| peer.get("podSelector")).map(move |to| (to, &rule["ports"]))
        });
        let here = policy.list("/spec/ingress").iter();
        let here = here.map(|rule| (policy.at("/spec/podSelector"), &rule["ports"]));
        for (selector, open) in to.chain(here) {
            let selected: Vec<&Pods> =
                pods.iter().filter(|pods| selects(selector, &pods.labels)).collect();
            for port in items(open) {
                let number = port["port"].as_u64().unwrap_or_default();
                if !selected.iter().all(|pods| pods.ports.contains(&number)) {
                    problems.push(format!("NetworkPolicy {}: port {number}", policy.name()));
                }
            }
        }
    }
    problems
}

/// Whether the pods behind a Service have a port of the name, or number, that it sends to.
fn has_target(shop: &Shop, service: &Object, port: &Value) -> bool {
    let wanted = serde_json::json!({ "matchLabels": service.at("/spec/selector") });
    let targets = shop.objects.iter().filter_map(template).filter(|template| {
        let labels = template.pointer("/metadata/labels").cloned().unwrap_or(Value::Null);
        selects(&wanted, &serde_json::from_value(labels).unwrap_or_default())
    });
    let target = &port["targetPort"];
    targets.flat_map(containers).flat_map(|container| items(&container["ports"])).any(|listens| {
        listens["name"] == *target || (target.is_u64() && listens["containerPort"] == *target)
    })
}

/// What is ours to write meets the Pod Security Standard `restricted`, and everything has an account
/// without a token.
pub(super) fn confined(shop: &Shop) -> Vec<String> {
    let mut problems = Vec::new();
    let mut accounts: Vec<(String, String)> = shop
        .of_kind("SpinApp")
        .map(|app| (app.name().to_owned(), app.text("/spec/serviceAccountName").to_owned()))
        .collect();
    for object in &shop.objects {
        let Some(template) = template(object) else { continue };
        let name = object.name();
        accounts.push((
            name.to_owned(),
            template["spec"]["serviceAccountName"].as_str().unwrap_or_default().to_owned(),
        ));
        let pod = &template["spec"]["securityContext"];
        if pod["runAsNonRoot"] != true || pod["seccompProfile"]["type"] != "RuntimeDefault" {
            problems.push(format!("{name}: it may be root, or call the kernel as it likes"));
        }
        for container in containers(template) {
            let context = &container["securityContext"];
            if context["allowPrivilegeEscalation"] != false
                || context["readOnlyRootFilesystem"] != true
                || context["capabilities"]["drop"] != serde_json::json!(["ALL"])
            {
                problems.push(format!("{name}: {} is not confined", container["name"]));
            }
        }
    }
    for (of, account) in accounts {
        let found = shop.find("ServiceAccount", &account);
        if found.is_none_or(|account| *account.at("/automountServiceAccountToken") != false) {
            problems.push(format!("{of}: the account {account:?} is missing, or has a token"));
        }
    }
    problems
}

/// Everything that runs asks for CPU and memory, and has a limit to its memory.
pub(super) fn resources(shop: &Shop) -> Vec<String> {
    let apps = shop.of_kind("SpinApp").map(|app| (app.name(), app.at("/spec/resources")));
    let others = shop.objects.iter().filter_map(|object| Some((object.name(), template(object)?)));
    let others = others.flat_map(|(name, template)| {
        containers(template).iter().map(move |one| (name, &one["resources"]))
    });
    let lacks = |resources: &Value| {
        ["/requests/cpu", "/requests/memory", "/limits/memory"]
            .iter()
            .any(|wanted| resources.pointer(wanted).is_none())
    };
    let lacking = apps.chain(others).filter(|(_, resources)| lacks(resources));
    lacking.map(|(name, resources)| format!("{name}: {resources}")).collect()
}

/// Every app of which there may be two has a budget that leaves some.
pub(super) fn budgets(shop: &Shop) -> Vec<String> {
    let pods = shop.pods();
    let is_covered = |app: &App| {
        let labels = pods.iter().find(|pods| pods.of == format!("SpinApp {}", app.name));
        shop.of_kind("PodDisruptionBudget").any(|budget| {
            *budget.at("/spec/maxUnavailable") == 1
                && labels.is_some_and(|pods| selects(budget.at("/spec/selector"), &pods.labels))
        })
    };
    let ticking = shop.manifest.ticking();
    let apps = shop.apps().into_iter();
    let apps = apps.filter(|app| !app.spec.components.iter().any(|c| ticking.contains(c.as_str())));
    apps.filter(|app| !is_covered(app)).map(|app| app.name).collect()
}
