//! What an application comes to: its manifest with templates expanded and references followed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use boxoffice_client_address::TrustedProxies;
use cron::Schedule;

use crate::allowed_hosts::{AllowedHosts, Pattern};
use crate::http::Route;
use crate::manifest::{
    Component, Dependency, DependencySource, Inherit, Located, Manifest, Template, Values,
};
use crate::options::Options;
use crate::problem::Problem;
use crate::state::Grants;

/// What to load and what to start.
#[derive(Default)]
pub(crate) struct Plan {
    /// The components that triggers name, by id.
    pub(crate) components: BTreeMap<String, Planned>,
    pub(crate) databases: BTreeSet<String>,
    /// Routes and the ids of their components.
    pub(crate) routes: Vec<Route<String>>,
    /// The components that HTTP reaches, those without a route of their own included.
    pub(crate) http: BTreeSet<String>,
    /// By server address.
    pub(crate) redis: BTreeMap<String, Subscriptions>,
    pub(crate) cron: Vec<(String, Schedule)>,
    /// Who is believed about where a request comes from.
    pub(crate) proxies: TrustedProxies,
}

/// The application's variable that lists the proxies: its components need the same list.
const TRUSTED_PROXIES: &str = "trusted_proxies";

/// A component to load.
pub(crate) struct Planned {
    pub(crate) grants: Arc<Grants>,
    pub(crate) code: Code,
}

/// Where a component's code is.
pub(crate) struct Code {
    pub(crate) root: PathBuf,
    /// By the import that they satisfy.
    pub(crate) dependencies: Vec<CodeDependency>,
}

/// Where a dependency's code is.
pub(crate) struct CodeDependency {
    pub(crate) import: String,
    pub(crate) export: Option<String>,
    pub(crate) inherit: Inherit,
    pub(crate) path: PathBuf,
}

/// The channels of one server and the components that listen to them.
#[derive(Default)]
pub(crate) struct Subscriptions {
    pub(crate) channels: BTreeMap<String, Vec<String>>,
    /// The variables that the address is made of, for the remedy if it does not answer.
    pub(crate) variables: BTreeSet<String>,
}

/// Plans an application; `folder` is the manifest's. Whatever is wrong is added to the problems.
pub(crate) fn plan(
    manifest: &Manifest,
    options: &Options,
    folder: &Path,
    problems: &mut Vec<Problem>,
) -> Plan {
    let values = Values::new(manifest, &options.variables, problems);
    let mut planner =
        Planner { manifest, options, folder, values, problems, plan: Plan::default() };
    planner.http();
    planner.redis();
    planner.cron();
    planner.proxies();
    planner.unused();
    planner.plan
}

struct Planner<'a> {
    manifest: &'a Manifest,
    options: &'a Options,
    folder: &'a Path,
    values: Values,
    problems: &'a mut Vec<Problem>,
    plan: Plan,
}

impl Planner<'_> {
    fn problem(&mut self, at: &str, what: &str, remedy: impl Into<String>) {
        self.problems.push(Problem::new(format!("{at}: {what}"), remedy));
    }

    fn http(&mut self) {
        let manifest = self.manifest;
        for trigger in &manifest.http {
            if !self.component(&trigger.component) {
                continue;
            }
            self.plan.http.insert(trigger.component.value.clone());
            let Some(route) = &trigger.route else { continue };
            match Route::new(&route.value, trigger.component.value.clone()) {
                Ok(planned) => self.plan.routes.push(planned),
                Err(error) => {
                    let what = format!("the route \"{}\" is invalid: {error}", route.value);
                    self.problem(&route.at, &what, "write it as `/path` or `/path/...`");
                }
            }
        }
    }

    fn redis(&mut self) {
        let manifest = self.manifest;
        for trigger in &manifest.redis {
            let known = self.component(&trigger.component);
            let channel = self.values.expand(&trigger.channel, self.problems);
            let Some(address) = trigger.address.as_ref().or(manifest.redis_address.as_ref()) else {
                let remedy = "add `address = \"redis://…\"` to [application.trigger.redis]";
                self.problem(&trigger.component.at, "this trigger has no Redis address", remedy);
                continue;
            };
            let expanded = self.values.expand(address, self.problems);
            let (Some(channel), Some(expanded), true) = (channel, expanded, known) else {
                continue;
            };
            let subscriptions = self.plan.redis.entry(expanded).or_default();
            if let Ok(template) = Template::parse(&address.value) {
                subscriptions.variables.extend(template.variables().map(str::to_owned));
            }
            let listeners = subscriptions.channels.entry(channel).or_default();
            listeners.push(trigger.component.value.clone());
        }
    }

    fn cron(&mut self) {
        let manifest = self.manifest;
        for trigger in &manifest.cron {
            let known = self.component(&trigger.component);
            match Schedule::from_str(&trigger.expression.value) {
                Ok(schedule) if known => {
                    self.plan.cron.push((trigger.component.value.clone(), schedule));
                }
                Ok(_) => {}
                Err(error) => {
                    let text = &trigger.expression.value;
                    let what = format!("the cron expression \"{text}\" is invalid: {error}");
                    let remedy = "write six fields: second minute hour day month weekday";
                    self.problem(&trigger.expression.at, &what, remedy);
                }
            }
        }
    }

    /// An application without the variable trusts nobody.
    fn proxies(&mut self) {
        match TrustedProxies::parse(self.values.get(TRUSTED_PROXIES).unwrap_or_default()) {
            Ok(proxies) => self.plan.proxies = proxies,
            Err(error) => self.problems.push(Problem::new(
                format!("the variable `{TRUSTED_PROXIES}` is invalid: {error}"),
                "list the addresses of your proxies, such as 127.0.0.1, 10.0.0.0/8, or leave it empty",
            )),
        }
    }

    /// Components that no trigger names are checked as well: what is wrong with them would show
    /// on Spin.
    fn unused(&mut self) {
        let manifest = self.manifest;
        for (id, component) in &manifest.components {
            if !self.plan.components.contains_key(id) {
                let reference = Located { at: component.at.clone(), value: id.clone() };
                self.component(&reference);
                self.plan.components.remove(id);
            }
        }
    }

    /// Plans the component that a trigger names, once; whether there is one.
    fn component(&mut self, reference: &Located<String>) -> bool {
        let manifest = self.manifest;
        let id = &reference.value;
        if self.plan.components.contains_key(id) {
            return true;
        }
        let Some(component) = manifest.components.get(id) else {
            let remedy = format!("add [component.{id}], or correct the name");
            self.problem(&reference.at, &format!("there is no component `{id}`"), remedy);
            return false;
        };
        let planned = Planned {
            grants: Arc::new(self.grants(id, &component.value)),
            code: self.code(&component.value),
        };
        self.plan.components.insert(id.clone(), planned);
        true
    }

    fn grants(&mut self, id: &str, component: &Component) -> Grants {
        let mut expand = |texts: &BTreeMap<String, Located<String>>| {
            let expanded = texts.iter().filter_map(|(name, text)| {
                Some((name.clone(), self.values.expand(text, self.problems)?))
            });
            expanded.collect::<BTreeMap<_, _>>()
        };
        Grants {
            id: id.to_owned(),
            variables: expand(&component.variables),
            // Spin takes these as they stand.
            environment: literal(&component.environment),
            databases: self.databases(component),
            hosts: self.hosts(component),
        }
    }

    fn databases(&mut self, component: &Component) -> BTreeSet<String> {
        let mut granted = BTreeSet::new();
        for label in &component.databases {
            if self.options.databases.contains(&label.value) {
                self.plan.databases.insert(label.value.clone());
                granted.insert(label.value.clone());
                continue;
            }
            let known: Vec<_> = self.options.databases.iter().map(|l| format!("`{l}`")).collect();
            let what = format!("there is no database `{}`", label.value);
            let remedy = format!("use {}", known.join(" or "));
            self.problem(&label.at, &what, remedy);
        }
        granted
    }

    fn hosts(&mut self, component: &Component) -> AllowedHosts {
        let mut patterns = Vec::new();
        for host in &component.hosts {
            let Some(expanded) = self.values.expand(host, self.problems) else { continue };
            // An optional endpoint that is not set leads to one of these.
            let optional = expanded != host.value;
            if optional && matches!(expanded.as_str(), "" | "http://" | "https://") {
                continue;
            }
            match Pattern::parse(&expanded) {
                Ok(pattern) => patterns.push(pattern),
                Err(error) => {
                    let shown = if optional { &host.value } else { &expanded };
                    let what = format!("\"{shown}\" is not a valid allowed outbound host: {error}");
                    let remedy = "write <scheme>://<host>[:<port>], `*` standing for any of them";
                    self.problem(&host.at, &what, remedy);
                }
            }
        }
        AllowedHosts::new(patterns)
    }

    fn code(&mut self, component: &Component) -> Code {
        let mut dependencies = Vec::new();
        for (import, dependency) in &component.dependencies {
            let Some(source) = self.dependency_source(dependency) else { continue };
            let path = self.file(&source);
            dependencies.push(CodeDependency {
                import: import.clone(),
                export: dependency.value.export.clone(),
                inherit: dependency.value.inherit.clone(),
                path,
            });
        }
        Code { root: self.file(&component.source), dependencies }
    }

    fn dependency_source(&mut self, dependency: &Located<Dependency>) -> Option<Located<String>> {
        let manifest = self.manifest;
        let at = &dependency.at;
        match &dependency.value.from {
            DependencySource::Path(path) => Some(Located { at: at.clone(), value: path.clone() }),
            DependencySource::Component(id) => {
                let Some(component) = manifest.components.get(id) else {
                    let remedy = format!("add [component.{id}], or correct the name");
                    self.problem(at, &format!("there is no component `{id}`"), remedy);
                    return None;
                };
                let grants = component.value.grants();
                if !grants.is_empty() {
                    let what = format!("`{id}` is a dependency and has {}", grants.join(", "));
                    let remedy = "remove them: a dependency has only what it inherits";
                    self.problem(at, &what, remedy);
                }
                Some(component.value.source.clone())
            }
        }
    }

    fn file(&self, source: &Located<String>) -> PathBuf {
        self.folder.join(&source.value)
    }
}

fn literal(texts: &BTreeMap<String, Located<String>>) -> BTreeMap<String, String> {
    texts.iter().map(|(name, text)| (name.clone(), text.value.clone())).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::allowed_hosts::Target;
    use crate::manifest::parse;

    const APP: &str = r#"
spin_manifest_version = 2
[application]
name = "app"
[application.trigger.redis]
address = "redis://{{ redis }}"
[variables.redis]
default = "127.0.0.1:6379"
[[trigger.http]]
route = "/a/..."
component = "a"
[[trigger.redis]]
channel = "tick"
component = "a"
[[trigger.redis]]
channel = "tick"
component = "b"
[[trigger.cron]]
cron_expression = "0/5 * * * * *"
component = "b"
[component.a]
source = "a.wasm"
sqlite_databases = ["default"]
allowed_outbound_hosts = ["redis://{{ redis }}"]
variables = { address = "{{ redis }}" }
dependencies = { "x:y/z" = { component = "c" } }
[component.b]
source = "b.wasm"
[component.c]
source = "c.wasm"
"#;

    fn planned(text: &str, variables: &[(&str, &str)]) -> (Plan, Vec<Problem>) {
        let (manifest, mut problems) = parse("spin.toml", text);
        let mut options = Options::new("spin.toml");
        options.variables = variables.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        let plan = plan(&manifest.unwrap(), &options, Path::new("app"), &mut problems);
        (plan, problems)
    }

    #[test]
    fn templates_are_expanded_and_references_followed() {
        let (plan, problems) = planned(APP, &[("redis", "10.0.0.1:7000")]);
        assert_eq!(problems, []);
        let a = &plan.components["a"];
        assert_eq!(a.grants.variables["address"], "10.0.0.1:7000");
        assert!(a.grants.hosts.allow(&Target::parse("redis://10.0.0.1:7000", "redis").unwrap()));
        assert_eq!(a.code.root, Path::new("app/a.wasm"));
        assert_eq!(a.code.dependencies[0].path, Path::new("app/c.wasm"));
        assert!(!plan.components.contains_key("c"));
        let redis = &plan.redis["redis://10.0.0.1:7000"];
        assert_eq!(redis.channels["tick"], ["a", "b"]);
        assert!(redis.variables.contains("redis"));
        assert_eq!(plan.cron[0].0, "b");
        assert_eq!(plan.databases.iter().collect::<Vec<_>>(), ["default"]);
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let text = APP
            .replace("component = \"c\"", "component = \"missing\"")
            .replace("component = \"b\"", "component = \"nobody\"")
            .replace("0/5 * *", "5 sometimes")
            .replace("\"default\"", "\"other\"")
            .replace("\"redis://{{ redis }}\"]", "\"{{ reddis }}\", \"nowhere\"]")
            .replace("/a/...", "a");
        let (_, problems) = planned(&text, &[]);
        let told: Vec<&str> = problems.iter().map(|p| p.what.as_str()).collect();
        for expected in [
            "there is no component `missing`",
            "there is no component `nobody`",
            "cron expression",
            "there is no database `other`",
            "the variable `reddis` is not declared",
            "\"nowhere\" is not a valid allowed outbound host",
            "the route \"a\" is invalid",
        ] {
            assert!(told.iter().any(|what| what.contains(expected)), "{expected} in {told:#?}");
        }
        assert!(problems.iter().all(|p| !p.remedy.is_empty()));
    }

    #[test]
    fn proxies_are_believed_if_the_variable_names_them() {
        let text = format!("{APP}[variables.trusted_proxies]\ndefault = \"\"\n");
        let peer = std::net::IpAddr::from([127, 0, 0, 1]);
        assert!(!planned(APP, &[]).0.proxies.trusts(peer));
        assert!(!planned(&text, &[]).0.proxies.trusts(peer));
        assert!(planned(&text, &[("trusted_proxies", "127.0.0.1")]).0.proxies.trusts(peer));
        let (_, problems) = planned(&text, &[("trusted_proxies", "localhost")]);
        assert!(problems[0].what.contains("`trusted_proxies` is invalid"), "{problems:?}");
    }

    #[test]
    fn a_dependency_has_no_grants_of_its_own() {
        let text = format!("{APP}allowed_outbound_hosts = [\"http://a\"]\n");
        let (_, problems) = planned(&text, &[]);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].what.contains("has allowed_outbound_hosts"), "{}", problems[0].what);
    }

    #[test]
    fn an_optional_endpoint_may_be_empty() {
        let text =
            APP.replace("127.0.0.1:6379", "").replace("redis://{{ redis }}\"]", "{{ redis }}\"]");
        let (_, problems) = planned(&text, &[]);
        assert_eq!(problems, []);
    }
}
