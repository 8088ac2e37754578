//! How the application is cut into SpinApps.

use std::collections::BTreeSet;

use crate::overlay::root;
use crate::shop::{CLOCK, Shop};

/// Every component that something starts is in one SpinApp; the clock may be a CronJob instead.
pub(super) fn each_once(shop: &Shop) -> Vec<String> {
    let mut problems = Vec::new();
    let apps = shop.apps();
    let deployed: Vec<&String> = apps.iter().flat_map(|app| &app.spec.components).collect();
    let cron_jobs = shop.of_kind("CronJob").filter(|job| job.name() == CLOCK).count();
    let started = shop.manifest.started();
    let ticking = shop.manifest.ticking();
    for component in &started {
        let mut times = deployed.iter().filter(|name| name.as_str() == *component).count();
        if ticking.contains(component) {
            times += cron_jobs;
        }
        if times != 1 {
            problems.push(format!("{component} is deployed {times} times"));
        }
    }
    let unknown = deployed.iter().filter(|name| !started.contains(name.as_str()));
    problems.extend(unknown.map(|name| format!("{name} is no component that anything starts")));
    problems
}

/// An app names an executor that is there and can run it.
pub(super) fn executors(shop: &Shop) -> Vec<String> {
    let mut problems = Vec::new();
    let ticking = shop.manifest.ticking();
    for app in shop.apps() {
        let Some(executor) = shop.executor(&app) else {
            problems.push(format!("{}: there is no executor {}", app.name, app.spec.executor));
            continue;
        };
        let image = executor.deployment().and_then(|deployment| deployment.spin_image.as_deref());
        let has_cron = image.is_some_and(|image| image.contains("spin-cron"));
        let ticks = app.spec.components.iter().any(|name| ticking.contains(name.as_str()));
        if ticks && !has_cron {
            problems.push(format!("{}: {} has no cron trigger", app.name, app.spec.executor));
        }
        // The operator gives a spintainer `--listen`, which Spin refuses without an HTTP trigger.
        let answers = app.spec.components.iter().any(|name| shop.manifest.is_http(name));
        if image.is_some() && !has_cron && !answers {
            problems.push(format!("{}: nothing in it listens, and Spin would not start", app.name));
        }
    }
    problems
}

/// Returns the apps that `kubectl apply` would send before their executor.
///
/// The operator's webhook refuses an app whose executor does not exist yet, and with it the first
/// `kubectl apply` (`internal/webhook/spinapp_validating.go`).
pub(super) fn executors_first(shop: &Shop) -> Vec<String> {
    let place = |kind: &str, name: &str| {
        shop.objects.iter().position(|object| object.kind() == kind && object.name() == name)
    };
    let too_early = shop
        .apps()
        .into_iter()
        .filter(|app| place("SpinApp", &app.name) < place("SpinAppExecutor", &app.spec.executor));
    too_early.map(|app| format!("{} comes before {}", app.name, app.spec.executor)).collect()
}

/// `/internal/…` is on no route: only who is in the same pod reaches it. So a component whose code
/// calls it is in the app of `orders`, which answers it.
pub(super) fn internal_calls(shop: &Shop) -> Vec<String> {
    let Some(orders) = shop.app_with("orders") else { return vec!["orders is nowhere".into()] };
    let callers: BTreeSet<&str> = shop
        .manifest
        .started()
        .into_iter()
        .filter(|name| shop.manifest.reached_by(name).contains("orders_base_url"))
        .filter(|name| calls_internally(shop.manifest.crate_of(name)))
        .collect();
    let mut problems: Vec<String> = callers
        .iter()
        .filter(|name| !orders.has(name))
        .map(|name| format!("{name} calls /internal/, and is not in {}", orders.name))
        .collect();
    // Else the code has changed so that this looks for the wrong thing.
    if callers.is_empty() {
        problems.push("no component was found that calls /internal/".into());
    }
    problems
}

fn calls_internally(crate_folder: &str) -> bool {
    let mut folders = vec![root().join("components").join(crate_folder).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read_to_string(path).unwrap().contains("\"/internal/") {
                return true;
            }
        }
    }
    false
}

/// Who calls a service of another app is told its Service's address; who calls one of its own is
/// not, and calls it in memory.
pub(super) fn base_urls(shop: &Shop) -> Vec<String> {
    let mut problems = Vec::new();
    for app in shop.apps() {
        let reached: BTreeSet<String> =
            app.spec.components.iter().flat_map(|name| shop.manifest.reached_by(name)).collect();
        for variable in reached {
            let Some(callee) = variable.strip_suffix("_base_url") else { continue };
            let told = app.variable(&variable).and_then(|given| given.value.as_deref());
            let right = if app.has(callee) {
                None
            } else {
                shop.app_with(callee).map(|other| format!("http://{}", other.name))
            };
            if told != right.as_deref() {
                problems.push(format!("{}: {variable} is {told:?}, not {right:?}", app.name));
            }
        }
    }
    problems
}
