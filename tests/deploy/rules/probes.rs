//! Whether Kubernetes can tell how a pod does.

use crate::shop::{App, Shop};

/// Who answers what ends in `/healthz` and `/readyz`, where its app's routes lead them.
const ANSWER: [&str; 3] = ["system", "storefront", "pulse"];

/// An app that answers requests is asked whether it lives and whether it is ready, and what is asked
/// leads to a component that says so. One that does not is not asked; only the clock is such.
pub(super) fn answered(shop: &Shop) -> Vec<String> {
    let mut problems = Vec::new();
    for app in shop.apps() {
        let answers = app.spec.components.iter().any(|name| shop.manifest.is_http(name));
        let checks = &app.spec.checks;
        for (probe, wanted) in [(&checks.liveness, "/healthz"), (&checks.readiness, "/readyz")] {
            let asked = probe.as_ref().map(|probe| probe.http_get.path.as_str());
            match (answers, asked) {
                (false, None) => {}
                (true, Some(path)) if path.ends_with(wanted) => {
                    let to = leads_to(shop, &app, path);
                    if !to.as_deref().is_some_and(|to| ANSWER.contains(&to)) {
                        problems.push(format!("{}: {path} leads to {to:?}", app.name));
                    }
                }
                _ => problems.push(format!("{}: asked {asked:?} for {wanted}", app.name)),
            }
        }
    }
    problems
}

/// The component that Spin sends a path to, when only the app's own are there: by the longest route.
fn leads_to(shop: &Shop, app: &App, path: &str) -> Option<String> {
    let routes = shop.manifest.trigger.http.iter().filter(|trigger| app.has(&trigger.component));
    let taken = routes.filter(|trigger| match trigger.route.strip_suffix("/...") {
        Some(prefix) => {
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
        None => trigger.route == path,
    });
    let best = taken.max_by_key(|trigger| (!trigger.route.ends_with("/..."), trigger.route.len()));
    best.map(|trigger| trigger.component.clone())
}
