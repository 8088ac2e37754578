//! `spin.toml`, manifest version 2: the part of it that this host runs, and nothing else.
//!
//! | module | what |
//! |---|---|
//! | `reader` | reads tables so that what nobody asked for is reported with its position |
//! | `parse` | the shape of `spin.toml`, from tables to the types below |
//! | `template` | `{{ name }}` in strings, and the variables behind the names |

mod parse;
mod reader;
mod template;

use std::collections::BTreeMap;

pub(crate) use parse::parse;
pub(crate) use template::{Template, Values};

/// An application as written: templates are not expanded, references not followed.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    pub(crate) name: String,
    /// `[application.trigger.redis]`: the address of triggers that name none.
    pub(crate) redis_address: Option<Located<String>>,
    pub(crate) variables: BTreeMap<String, Located<Variable>>,
    pub(crate) http: Vec<HttpTrigger>,
    pub(crate) redis: Vec<RedisTrigger>,
    pub(crate) cron: Vec<CronTrigger>,
    pub(crate) components: BTreeMap<String, Located<Component>>,
}

/// A value and where it was written, as `spin.toml:12:1`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Located<T> {
    pub(crate) at: String,
    pub(crate) value: T,
}

/// `[variables.x]`
#[derive(Debug, Default)]
pub(crate) struct Variable {
    pub(crate) default: Option<String>,
    pub(crate) description: Option<String>,
}

/// `[[trigger.http]]`
#[derive(Debug)]
pub(crate) struct HttpTrigger {
    /// None: `{ private = true }`, reached by other components only.
    pub(crate) route: Option<Located<String>>,
    pub(crate) component: Located<String>,
}

/// `[[trigger.redis]]`
#[derive(Debug)]
pub(crate) struct RedisTrigger {
    pub(crate) channel: Located<String>,
    pub(crate) component: Located<String>,
    pub(crate) address: Option<Located<String>>,
}

/// `[[trigger.cron]]`
#[derive(Debug)]
pub(crate) struct CronTrigger {
    pub(crate) component: Located<String>,
    pub(crate) expression: Located<String>,
}

/// `[component.x]`
#[derive(Debug, Default)]
pub(crate) struct Component {
    pub(crate) source: Located<String>,
    pub(crate) variables: BTreeMap<String, Located<String>>,
    pub(crate) environment: BTreeMap<String, Located<String>>,
    pub(crate) databases: Vec<Located<String>>,
    pub(crate) hosts: Vec<Located<String>>,
    pub(crate) dependencies: BTreeMap<String, Located<Dependency>>,
}

impl Component {
    /// Which of its tables grant something, so that the component cannot be another's dependency.
    pub(crate) fn grants(&self) -> Vec<&'static str> {
        [
            ("variables", self.variables.is_empty()),
            ("environment", self.environment.is_empty()),
            ("sqlite_databases", self.databases.is_empty()),
            ("allowed_outbound_hosts", self.hosts.is_empty()),
            ("dependencies", self.dependencies.is_empty()),
        ]
        .into_iter()
        .filter_map(|(name, empty)| (!empty).then_some(name))
        .collect()
    }
}

/// One entry of `[component.x.dependencies]`; its key is the import that it satisfies.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    pub(crate) from: DependencySource,
    /// The export that satisfies the import, where the two differ.
    pub(crate) export: Option<String>,
    pub(crate) inherit: Inherit,
}

/// Where a dependency's code is.
#[derive(Debug, Clone)]
pub(crate) enum DependencySource {
    /// A `.wasm` file.
    Path(String),
    /// Another component of the manifest.
    Component(String),
}

/// What a dependency may use of what its parent was granted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Inherit {
    /// Nothing: Spin's default.
    #[default]
    Nothing,
    /// Everything.
    Everything,
    /// The named capability sets.
    Sets(Vec<String>),
}
