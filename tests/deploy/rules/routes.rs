//! Routes from outside, by Ingress or by the Gateway API, and on by Spin's own router.

use routefinder::Router;
use serde_json::Value;

use crate::shop::{APP_PORT, Shop, items};

/// A path from outside, and the Service behind it.
struct Path {
    path: String,
    exact: bool,
    service: String,
    port: u64,
}

/// Below this is what Kubernetes asks pods, and nobody from outside.
const WITHIN: &str = "/workers/";

/// Every address of the manifest leads to the app that has its component, at the port where it
/// listens.
pub(super) fn each_arrives(shop: &Shop) -> Vec<String> {
    let paths = paths(shop);
    let mut problems = Vec::new();
    let public = shop.manifest.trigger.http.iter();
    for trigger in public.filter(|trigger| !trigger.route.starts_with(WITHIN)) {
        let right = shop.app_with(&trigger.component).map(|app| app.name);
        for address in addresses(&trigger.route) {
            let found = paths
                .iter()
                .filter(|path| path.takes(&address))
                .max_by_key(|path| (path.exact, path.path.len()));
            let arrives = found.map(|path| path.service.clone());
            if arrives != right || found.is_none_or(|path| path.port != APP_PORT) {
                problems.push(format!("{address} leads to {arrives:?}, not {right:?}"));
            }
        }
    }
    problems
}

/// Returns the addresses that Spin's router takes to another component than the manifest says.
///
/// Builds the router as Spin 4.1 does: routes in the manifest's order, with `*` for `...`.
pub(super) fn on_spin(shop: &Shop) -> Vec<String> {
    let triggers = &shop.manifest.trigger.http;
    let mut router = Router::new();
    for trigger in triggers {
        let added = router.add(trigger.route.replace("...", "*"), &trigger.component);
        added.unwrap_or_else(|problem| panic!("Spin refuses {}: {problem}", trigger.route));
    }
    let mut problems = Vec::new();
    for trigger in triggers {
        for address in addresses(&trigger.route) {
            let found = router.best_match(&address).map(|found| found.handler().as_str());
            if found != Some(trigger.component.as_str()) {
                problems
                    .push(format!("Spin takes {address} to {found:?}, not {}", trigger.component));
            }
        }
    }
    problems
}

/// Returns the routes that stand behind one with a segment that begins with a dot.
///
/// Spin 4.1 sorts all of them before the dotted one, so that `/...` hides what it should not.
pub(super) fn dotted_last(shop: &Shop) -> Vec<String> {
    let routes = shop.manifest.trigger.http.iter().map(|trigger| trigger.route.as_str());
    let from_dotted_on = routes.skip_while(|route| !is_dotted(route));
    let behind = from_dotted_on.filter(|route| !is_dotted(route));
    behind.map(|route| format!("{route} stands behind a route with a dotted segment")).collect()
}

fn is_dotted(route: &str) -> bool {
    route.split('/').any(|segment| segment.starts_with('.') && segment != "...")
}

/// Addresses that a route of the manifest takes.
fn addresses(route: &str) -> Vec<String> {
    match route.strip_suffix("/...") {
        Some(prefix) if !prefix.is_empty() => {
            vec![prefix.to_owned(), format!("{prefix}/some/thing")]
        }
        Some(_) => vec!["/".to_owned(), "/some/thing".to_owned()],
        None => vec![route.to_owned()],
    }
}

impl Path {
    /// Prefixes are of whole segments, as both kinds of routes have it.
    fn takes(&self, address: &str) -> bool {
        if self.exact {
            return address == self.path;
        }
        let prefix = self.path.trim_end_matches('/');
        address.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

fn paths(shop: &Shop) -> Vec<Path> {
    let mut paths = Vec::new();
    for ingress in shop.of_kind("Ingress") {
        for rule in ingress.list("/spec/rules") {
            for path in items(&rule["http"]["paths"]) {
                let service = &path["backend"]["service"];
                paths.push(Path {
                    path: text(&path["path"]),
                    exact: path["pathType"] == "Exact",
                    service: text(&service["name"]),
                    port: service["port"]["number"].as_u64().unwrap_or_default(),
                });
            }
        }
    }
    for route in shop.of_kind("HTTPRoute") {
        for rule in route.list("/spec/rules") {
            for (matched, backend) in
                items(&rule["matches"]).iter().zip(std::iter::repeat(&rule["backendRefs"][0]))
            {
                paths.push(Path {
                    path: text(&matched["path"]["value"]),
                    exact: matched["path"]["type"] == "Exact",
                    service: text(&backend["name"]),
                    port: backend["port"].as_u64().unwrap_or_default(),
                });
            }
        }
    }
    paths
}

/// Routes, certificates and `public_url` are of one host, by https; routes hang on a gateway that is
/// there.
pub(super) fn host(shop: &Shop) -> Vec<String> {
    let public = shop.setting("public_url").unwrap_or_default();
    let mut problems = Vec::new();
    let Some(authority) = public.strip_prefix("https://") else {
        return vec![format!("public_url is {public}, without https")];
    };
    let host = authority.split([':', '/']).next().unwrap_or_default();
    let mut hosts = Vec::new();
    for ingress in shop.of_kind("Ingress") {
        hosts.extend(ingress.list("/spec/rules").iter().map(|rule| text(&rule["host"])));
        let secured: Vec<String> =
            ingress.list("/spec/tls").iter().map(|tls| text(&tls["hosts"][0])).collect();
        if secured.is_empty() {
            problems.push(format!("Ingress {} has no TLS", ingress.name()));
        }
        hosts.extend(secured);
    }
    for gateway in shop.of_kind("Gateway") {
        hosts.extend(gateway.list("/spec/listeners").iter().map(|one| text(&one["hostname"])));
        if !gateway.list("/spec/listeners").iter().any(|one| one["protocol"] == "HTTPS") {
            problems.push(format!("Gateway {} has no TLS", gateway.name()));
        }
    }
    for route in shop.of_kind("HTTPRoute") {
        hosts.extend(route.list("/spec/hostnames").iter().map(text));
        for parent in route.list("/spec/parentRefs") {
            let gateway = shop.find("Gateway", &text(&parent["name"]));
            let listeners = gateway.map_or(&[][..], |gateway| gateway.list("/spec/listeners"));
            if !listeners.iter().any(|one| one["name"] == parent["sectionName"]) {
                problems.push(format!("HTTPRoute {}: there is no {parent}", route.name()));
            }
        }
    }
    if hosts.is_empty() {
        problems.push("there are no routes".into());
    }
    let others = hosts.iter().filter(|other| *other != host);
    problems.extend(others.map(|other| format!("{other} is not {host}")));
    problems
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
