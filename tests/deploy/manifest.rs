//! What of `spin.toml` a deployment has to agree with.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::overlay::root;

/// The manifest. What it says beside this, the host's own reader checks.
#[derive(Clone, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) application: Application,
    pub(crate) variables: BTreeMap<String, Variable>,
    pub(crate) trigger: Triggers,
    pub(crate) component: BTreeMap<String, Component>,
}

/// `[application]`
#[derive(Clone, Deserialize)]
pub(crate) struct Application {
    pub(crate) version: String,
    trigger: ApplicationTriggers,
}

#[derive(Clone, Deserialize)]
struct ApplicationTriggers {
    redis: RedisAddress,
}

#[derive(Clone, Deserialize)]
struct RedisAddress {
    address: String,
}

/// `[variables.x]`
#[derive(Clone, Deserialize)]
pub(crate) struct Variable {
    pub(crate) default: Option<String>,
    #[serde(default)]
    pub(crate) secret: bool,
}

/// `[[trigger.…]]`
#[derive(Clone, Deserialize)]
pub(crate) struct Triggers {
    pub(crate) http: Vec<HttpTrigger>,
    pub(crate) redis: Vec<RedisTrigger>,
    pub(crate) cron: Vec<CronTrigger>,
}

/// `[[trigger.http]]`
#[derive(Clone, Deserialize)]
pub(crate) struct HttpTrigger {
    pub(crate) route: String,
    pub(crate) component: String,
}

/// `[[trigger.redis]]`
#[derive(Clone, Deserialize)]
pub(crate) struct RedisTrigger {
    pub(crate) channel: String,
    pub(crate) component: String,
}

/// `[[trigger.cron]]`
#[derive(Clone, Deserialize)]
pub(crate) struct CronTrigger {
    pub(crate) component: String,
}

/// `[component.x]`
#[derive(Clone, Deserialize)]
pub(crate) struct Component {
    source: String,
    #[serde(default)]
    allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

impl Manifest {
    /// The shop's.
    pub(crate) fn read() -> Self {
        toml::from_str(&std::fs::read_to_string(root().join("spin.toml")).unwrap()).unwrap()
    }

    /// The components that something starts. The others are composed into these.
    pub(crate) fn started(&self) -> BTreeSet<&str> {
        let http = self.trigger.http.iter().map(|trigger| &trigger.component);
        let redis = self.trigger.redis.iter().map(|trigger| &trigger.component);
        let cron = self.trigger.cron.iter().map(|trigger| &trigger.component);
        http.chain(redis).chain(cron).map(String::as_str).collect()
    }

    /// The components that the cron trigger starts.
    pub(crate) fn ticking(&self) -> BTreeSet<&str> {
        self.trigger.cron.iter().map(|trigger| trigger.component.as_str()).collect()
    }

    /// Whether it answers requests.
    pub(crate) fn is_http(&self, component: &str) -> bool {
        self.trigger.http.iter().any(|trigger| trigger.component == component)
    }

    /// The application's variables that a component needs: for its own, for its hosts, and for the
    /// address of its trigger.
    pub(crate) fn used_by(&self, component: &str) -> BTreeSet<String> {
        let mut used = self.reached_by(component);
        if let Some(found) = self.component.get(component) {
            used.extend(found.variables.values().flat_map(|template| names_in(template)));
        }
        if self.trigger.redis.iter().any(|trigger| trigger.component == component) {
            used.extend(names_in(&self.application.trigger.redis.address));
        }
        used
    }

    /// The variables that name whom a component may connect to.
    pub(crate) fn reached_by(&self, component: &str) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        if let Some(found) = self.component.get(component) {
            reached.extend(found.allowed_outbound_hosts.iter().flat_map(|host| names_in(host)));
        }
        reached
    }

    /// Hosts that components may connect to and that are written out, which no variable moves.
    pub(crate) fn literal_hosts(&self) -> Vec<(&str, &str)> {
        let all = self.component.iter().flat_map(|(name, component)| {
            component.allowed_outbound_hosts.iter().map(move |host| (name.as_str(), host.as_str()))
        });
        all.filter(|(_, host)| names_in(host).is_empty()).collect()
    }

    /// The folder of a component's crate below `components/`: its `.wasm` has the crate's name.
    pub(crate) fn crate_of(&self, component: &str) -> &str {
        let source = self.component.get(component).map_or("", |component| &component.source);
        let file = source.rsplit('/').next().unwrap_or_default();
        file.strip_suffix(".wasm").unwrap_or(file)
    }
}

/// The names in a template's `{{ name }}`.
fn names_in(template: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = template;
    while let Some((_, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else { break };
        names.push(name.trim().to_owned());
        rest = after;
    }
    names
}
