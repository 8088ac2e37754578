//! Images, and the versions in their tags.

use std::collections::BTreeSet;

use crate::shop::{Shop, containers, template};

/// Spin's first version that runs WASI Preview 3.
const SPIN: (u32, u32) = (4, 1);

/// All apps are of one image; the tools are of the same version, which is the manifest's; no tag is
/// missing or moves.
pub(super) fn agree(shop: &Shop) -> Vec<String> {
    let mut problems = Vec::new();
    let apps: BTreeSet<String> = shop.apps().into_iter().map(|app| app.spec.image).collect();
    if apps.len() != 1 {
        problems.push(format!("the apps are of {apps:?}"));
    }
    let templates = shop.objects.iter().filter_map(template);
    let others = templates
        .flat_map(containers)
        .map(|container| container["image"].as_str().unwrap_or_default().to_owned());
    let others: Vec<String> = others.collect();
    let version = &shop.manifest.application.version;
    let tools = others.iter().filter(|image| image.contains("boxoffice"));
    for ours in apps.iter().chain(tools) {
        if tag(ours) != Some(version) {
            problems.push(format!("{ours} is not of version {version}"));
        }
    }
    let unpinned =
        apps.iter().chain(&others).filter(|image| matches!(tag(image), None | Some("latest")));
    problems.extend(unpinned.map(|image| format!("{image} may be anything")));
    problems
}

/// Spin's own image, and the one with the cron trigger, are of a version that runs the components.
pub(super) fn spin(shop: &Shop) -> Vec<String> {
    let executors = shop.of_kind("SpinAppExecutor");
    let images = executors.map(|executor| executor.text("/spec/deploymentConfig/spinImage"));
    let old = images
        .filter(|image| !image.is_empty())
        .filter(|image| tag(image).and_then(version_of).is_none_or(|version| version < SPIN));
    old.map(|image| format!("{image} is not Spin {}.{} or newer", SPIN.0, SPIN.1)).collect()
}

/// `v4.1.0`
fn version_of(tag: &str) -> Option<(u32, u32)> {
    let mut parts = tag.strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// The tag of an image, which a port of its registry is not.
fn tag(image: &str) -> Option<&str> {
    let last = image.rsplit('/').next()?;
    last.split_once(':').map(|(_, tag)| tag)
}
