//! A rendered overlay, and what its parts say of one another.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::kinds::spec;
use crate::kinds::spinkube::{SpinAppExecutorSpec, SpinAppSpec, SpinVar};
use crate::manifest::Manifest;
use crate::overlay::{Object, Overlay};

/// The label by which everything here finds pods.
pub(crate) const NAME: &str = "app.kubernetes.io/name";
/// The label that the operator itself gives an app's pods (`internal/constants`).
const APP_NAME: &str = "core.spinkube.dev/app-name";
/// Where the operator has every app listen, and its Service too (`pkg/spinapp`).
pub(crate) const APP_PORT: u64 = 80;
/// What is given for a variable that Spin demands and the app does not use.
pub(crate) const NOT_USED: &str = "not-for-this-app";
/// The CronJob that does what the component `clock` does.
pub(crate) const CLOCK: &str = "boxoffice-clock";

/// A rendered overlay beside the manifest.
pub(crate) struct Shop {
    pub(crate) manifest: Manifest,
    pub(crate) objects: Vec<Object>,
}

/// A SpinApp.
pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) spec: SpinAppSpec,
}

/// Pods that something makes.
pub(crate) struct Pods {
    /// By what and of which name.
    pub(crate) of: String,
    pub(crate) labels: BTreeMap<String, String>,
    /// The ports that they listen on.
    pub(crate) ports: BTreeSet<u64>,
    /// The application's variables that name whom they connect to.
    pub(crate) reaches: BTreeSet<String>,
}

impl Shop {
    /// Renders it.
    pub(crate) fn read(overlay: &Overlay) -> Self {
        Self { manifest: Manifest::read(), objects: overlay.render() }
    }

    /// The objects of a kind.
    pub(crate) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Object> {
        self.objects.iter().filter(move |object| object.kind() == kind)
    }

    /// The object of that kind and name.
    pub(crate) fn find(&self, kind: &str, name: &str) -> Option<&Object> {
        self.objects.iter().find(|object| object.kind() == kind && object.name() == name)
    }

    /// The same, to be changed by a mutation.
    pub(crate) fn find_mut(&mut self, kind: &str, name: &str) -> &mut Value {
        let found =
            self.objects.iter_mut().find(|object| object.kind() == kind && object.name() == name);
        &mut found.unwrap_or_else(|| panic!("no {kind} {name}")).0
    }

    /// The SpinApps.
    pub(crate) fn apps(&self) -> Vec<App> {
        let all = self.of_kind("SpinApp");
        all.map(|object| App { name: object.name().to_owned(), spec: spec(object).unwrap() })
            .collect()
    }

    /// The app that has the component.
    pub(crate) fn app_with(&self, component: &str) -> Option<App> {
        self.apps().into_iter().find(|app| app.has(component))
    }

    /// The executor that an app names.
    pub(crate) fn executor(&self, app: &App) -> Option<SpinAppExecutorSpec> {
        self.find("SpinAppExecutor", &app.spec.executor).map(|object| spec(object).unwrap())
    }

    /// A setting that the apps are told.
    pub(crate) fn setting(&self, key: &str) -> Option<&str> {
        let mut settings = self.of_kind("ConfigMap").filter_map(|map| map.at("/data").get(key));
        settings.next()?.as_str()
    }

    /// The value that an app is given for a variable, if it is no secret.
    pub(crate) fn value<'a>(&'a self, variable: &'a SpinVar) -> Option<&'a str> {
        if let Some(value) = &variable.value {
            return Some(value);
        }
        let reference = variable.value_from.as_ref()?.config_map_key_ref.as_ref()?;
        self.find("ConfigMap", &reference.name)?.at("/data").get(&reference.key)?.as_str()
    }

    /// Everything that makes pods.
    pub(crate) fn pods(&self) -> Vec<Pods> {
        let mut pods: Vec<Pods> = self.apps().iter().map(|app| self.pods_of_app(app)).collect();
        for object in &self.objects {
            if let Some(template) = template(object) {
                pods.push(self.pods_of_template(object, template));
            }
        }
        // The operator CloudNativePG labels them, and Postgres listens where it always does.
        pods.extend(self.of_kind("Cluster").map(|cluster| Pods {
            of: format!("Cluster {}", cluster.name()),
            labels: BTreeMap::from([("cnpg.io/cluster".to_owned(), cluster.name().to_owned())]),
            ports: BTreeSet::from([5432, 8000]),
            reaches: BTreeSet::new(),
        }));
        pods
    }

    fn pods_of_app(&self, app: &App) -> Pods {
        let mut labels = app.spec.pod_labels.clone();
        labels.insert(APP_NAME.to_owned(), app.name.clone());
        let answers = app.spec.components.iter().any(|component| self.manifest.is_http(component));
        // What an app's own components answer is called in memory.
        let is_within = |variable: &String| {
            variable
                .strip_suffix("_base_url")
                .is_some_and(|component| app.has(component) && app.variable(variable).is_none())
        };
        let reached = app.spec.components.iter().flat_map(|name| self.manifest.reached_by(name));
        Pods {
            of: format!("SpinApp {}", app.name),
            labels,
            ports: if answers { BTreeSet::from([APP_PORT]) } else { BTreeSet::new() },
            reaches: reached.filter(|variable| !is_within(variable)).collect(),
        }
    }

    fn pods_of_template(&self, object: &Object, template: &Value) -> Pods {
        let labels = template.pointer("/metadata/labels").cloned().unwrap_or(Value::Null);
        let listed = containers(template).iter().flat_map(|container| items(&container["ports"]));
        let environment =
            containers(template).iter().flat_map(|container| items(&container["env"]));
        // A Secret's key that has a variable's name is that variable; the host of a database's
        // address is a variable of its own.
        let keys = environment
            .filter_map(|entry| entry.pointer("/valueFrom/secretKeyRef/key")?.as_str())
            .map(|key| key.replace("_db_url", "_db_host"));
        Pods {
            of: format!("{} {}", object.kind(), object.name()),
            labels: serde_json::from_value(labels).unwrap_or_default(),
            ports: listed.filter_map(|port| port["containerPort"].as_u64()).collect(),
            reaches: keys.filter(|key| self.manifest.variables.contains_key(key)).collect(),
        }
    }
}

impl App {
    /// Whether it runs the component.
    pub(crate) fn has(&self, component: &str) -> bool {
        self.spec.components.iter().any(|name| name == component)
    }

    /// What it is given for a variable.
    pub(crate) fn variable(&self, name: &str) -> Option<&SpinVar> {
        self.spec.variables.iter().find(|variable| variable.name == name)
    }
}

/// The pods that an object makes, if it makes any of its own.
pub(crate) fn template(object: &Object) -> Option<&Value> {
    let pointer = match object.kind() {
        "Deployment" | "StatefulSet" | "Job" => "/spec/template",
        "CronJob" => "/spec/jobTemplate/spec/template",
        _ => return None,
    };
    object.0.pointer(pointer)
}

/// The containers of a template.
pub(crate) fn containers(template: &Value) -> &[Value] {
    items(&template["spec"]["containers"])
}

/// The items of a list; none if it is none.
pub(crate) fn items(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

/// Whether a label selector selects pods with these labels. Knows `matchLabels` and `In`, and
/// selects nothing by anything else.
pub(crate) fn selects(selector: &Value, labels: &BTreeMap<String, String>) -> bool {
    let has = |key: &str, value: &Value| {
        labels.get(key).is_some_and(|label| value.as_str() == Some(label))
    };
    let exactly = selector["matchLabels"].as_object();
    let exactly = exactly.is_none_or(|wanted| wanted.iter().all(|(key, value)| has(key, value)));
    exactly
        && items(&selector["matchExpressions"]).iter().all(|wanted| {
            let key = wanted["key"].as_str().unwrap_or_default();
            wanted["operator"] == "In" && items(&wanted["values"]).iter().any(|v| has(key, v))
        })
}
