//! The application's variables.

use std::collections::BTreeSet;

use crate::shop::{App, NOT_USED, Shop};

/// Spin starts only if every variable without default has a value, whether a component that is left
/// uses it or not. Besides, some defaults are for one machine alone.
pub(super) fn supplied(shop: &Shop) -> Vec<String> {
    let mut problems = Vec::new();
    for app in shop.apps() {
        let used = used_by(shop, &app);
        for (name, variable) in &shop.manifest.variables {
            let Some(default) = &variable.default else {
                if app.variable(name).is_none() {
                    problems.push(format!("{}: Spin demands {name}", app.name));
                }
                continue;
            };
            let is_of_one_machine = default.contains("127.0.0.1")
                || name.ends_with("_db_url")
                || name.ends_with("_db_host");
            if is_of_one_machine && used.contains(name) && app.variable(name).is_none() {
                problems.push(format!("{}: {name} would be {default:?}", app.name));
            }
        }
        for name in &used {
            if app.variable(name).is_some_and(|given| given.value.as_deref() == Some(NOT_USED)) {
                problems.push(format!("{}: {name} is used, and {NOT_USED}", app.name));
            }
        }
    }
    problems
}

/// What an app does not use, it is not told: what Spin demands all the same says so.
pub(super) fn least(shop: &Shop) -> Vec<String> {
    let mut problems = Vec::new();
    for app in shop.apps() {
        let used = used_by(shop, &app);
        for given in &app.spec.variables {
            let name = &given.name;
            match shop.manifest.variables.get(name) {
                None => problems.push(format!("{}: there is no variable {name}", app.name)),
                Some(_) if used.contains(name) => {}
                Some(known) => {
                    let is_demanded = known.default.is_none();
                    if !is_demanded || given.value.as_deref() != Some(NOT_USED) {
                        problems.push(format!("{}: {name} is given and not used", app.name));
                    }
                }
            }
        }
    }
    problems
}

/// What shows developers how things look is off: visitors need not see it.
pub(super) fn not_for_developers(shop: &Shop) -> Vec<String> {
    let is_on = |app: &App| {
        let given = app.variable("mail_preview");
        given.is_some_and(|given| shop.value(given) != Some("false"))
    };
    let apps = shop.apps();
    let wrong = apps.iter().filter(|app| is_on(app));
    wrong.map(|app| format!("{}: mail_preview is for developers alone", app.name)).collect()
}

/// A variable or a volume that refers to a ConfigMap finds it, and the key in it.
pub(super) fn settings(shop: &Shop) -> Vec<String> {
    let mut problems = Vec::new();
    for app in shop.apps() {
        for given in &app.spec.variables {
            let from = given.value_from.as_ref();
            if from.is_some_and(|from| from.config_map_key_ref.is_some())
                && shop.value(given).is_none()
            {
                problems.push(format!("{}: nothing is there for {}", app.name, given.name));
            }
        }
    }
    for object in &shop.objects {
        for volume in object.list("/spec/template/spec/volumes") {
            let Some(name) = volume["configMap"]["name"].as_str() else { continue };
            if shop.find("ConfigMap", name).is_none() {
                problems.push(format!("{}: there is no ConfigMap {name}", object.name()));
            }
        }
    }
    problems
}

fn used_by(shop: &Shop, app: &App) -> BTreeSet<String> {
    app.spec.components.iter().flat_map(|component| shop.manifest.used_by(component)).collect()
}
