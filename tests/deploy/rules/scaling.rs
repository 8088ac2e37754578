//! What makes more and fewer of an app.

use std::collections::BTreeSet;

use crate::shop::{App, Shop};

/// An app that leaves its replicas to others is scaled by one other, and by none if it does not; who
/// scales by use has a use to measure; nothing scales to none.
pub(super) fn by_one(shop: &Shop) -> Vec<String> {
    let mut problems = Vec::new();
    let scalers: Vec<_> =
        shop.of_kind("HorizontalPodAutoscaler").chain(shop.of_kind("ScaledObject")).collect();
    let apps = shop.apps();
    for app in &apps {
        let of_app =
            scalers.iter().filter(|scaler| scaler.text("/spec/scaleTargetRef/name") == app.name);
        let (count, wanted) = (of_app.count(), usize::from(app.spec.enable_autoscaling));
        if count != wanted {
            problems.push(format!("{} is scaled by {count}, not {wanted}", app.name));
        }
    }
    for scaler in scalers {
        let target = scaler.text("/spec/scaleTargetRef/name");
        let is_deployment = scaler.text("/spec/scaleTargetRef/kind") == "Deployment";
        if !is_deployment || !apps.iter().any(|app| app.name == target) {
            problems.push(format!("{}: there is no Deployment {target}", scaler.name()));
        }
        let least = scaler.at("/spec/minReplicas").as_u64();
        let least = least.or(scaler.at("/spec/minReplicaCount").as_u64()).unwrap_or_default();
        if least < 2 {
            problems
                .push(format!("{}: at least {least} leaves none while one moves", scaler.name()));
        }
    }
    problems
}

/// A worker that lags behind on a stream is noticed: each stream that it reads, in its group, is
/// watched. The tick is no stream.
pub(super) fn streams(shop: &Shop) -> Vec<String> {
    let ticks = "clock:tick";
    let mut problems = Vec::new();
    for app in shop.apps().iter().filter(|app| app.spec.enable_autoscaling) {
        let read: BTreeSet<(String, String)> = shop
            .manifest
            .trigger
            .redis
            .iter()
            .filter(|trigger| trigger.channel != ticks && app.has(&trigger.component))
            .map(|trigger| {
                let group = trigger.component.trim_end_matches("-worker");
                (trigger.channel.clone(), group.to_owned())
            })
            .collect();
        let watched = watched(shop, app);
        problems.extend(read.difference(&watched).map(|pair| format!("{}: {pair:?}", app.name)));
        let idle = watched.difference(&read);
        problems.extend(idle.map(|pair| format!("{}: nobody reads {pair:?}", app.name)));
    }
    problems
}

fn watched(shop: &Shop, app: &App) -> BTreeSet<(String, String)> {
    let of_app = shop
        .of_kind("ScaledObject")
        .filter(|scaler| scaler.text("/spec/scaleTargetRef/name") == app.name);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    of_app
        .flat_map(|scaler| scaler.list("/spec/triggers"))
        .map(|trigger| &trigger["metadata"])
        .map(|metadata| (text(&metadata["stream"]), text(&metadata["consumerGroup"])))
        .collect()
}
