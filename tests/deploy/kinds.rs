//! Typed descriptions of the kinds that Kubernetes itself does not know, from the Go types of those
//! who define them. A field that these do not know is a mistake; of SpinKube's kinds every field is
//! here, of the others' those that the deployment uses.

mod alerts;
mod cloudnative;
mod gateway;
mod keda;
pub(crate) mod spinkube;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use std::collections::BTreeMap;

use crate::overlay::Object;

/// What all objects have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Typed<Spec> {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    #[serde(rename = "metadata")]
    _metadata: Metadata,
    spec: Spec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct Metadata {
    name: String,
    namespace: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// A reference by name.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
pub(crate) struct Named {
    pub(crate) name: String,
}

/// The check of a kind.
type Check = fn(&Object) -> Result<(), String>;

/// Every kind that is described here.
const DESCRIBED: [(&str, &str, Check); 11] = [
    ("core.spinkube.dev/v1alpha1", "SpinApp", spinkube::check_app),
    ("core.spinkube.dev/v1alpha1", "SpinAppExecutor", spinkube::check_executor),
    ("gateway.networking.k8s.io/v1", "Gateway", is_typed::<gateway::GatewaySpec>),
    ("gateway.networking.k8s.io/v1", "HTTPRoute", is_typed::<gateway::HttpRouteSpec>),
    ("keda.sh/v1alpha1", "ScaledObject", is_typed::<keda::ScaledObjectSpec>),
    ("keda.sh/v1alpha1", "TriggerAuthentication", is_typed::<keda::TriggerAuthenticationSpec>),
    ("postgresql.cnpg.io/v1", "Cluster", is_typed::<cloudnative::ClusterSpec>),
    ("postgresql.cnpg.io/v1", "Database", is_typed::<cloudnative::DatabaseSpec>),
    ("postgresql.cnpg.io/v1", "ScheduledBackup", is_typed::<cloudnative::ScheduledBackupSpec>),
    ("monitoring.coreos.com/v1", "PrometheusRule", is_typed::<alerts::PrometheusRuleSpec>),
    ("monitoring.coreos.com/v1", "Probe", is_typed::<alerts::ProbeSpec>),
];

/// Whether the object's kind is described here.
pub(crate) fn describes(object: &Object) -> bool {
    check_of(object).is_some()
}

/// Checks the object if its kind is described here; says what is wrong and where.
pub(crate) fn check(object: &Object) -> Result<(), String> {
    check_of(object).map_or(Ok(()), |check| check(object))
}

fn check_of(object: &Object) -> Option<Check> {
    let found = DESCRIBED.iter().find(|(api_version, kind, _)| {
        *api_version == object.api_version() && *kind == object.kind()
    });
    found.map(|(_, _, check)| *check)
}

/// The object's spec as the type that describes it.
pub(crate) fn spec<Spec: DeserializeOwned>(object: &Object) -> Result<Spec, String> {
    let typed: Typed<Spec> =
        serde_json::from_value(object.0.clone()).map_err(|error| error.to_string())?;
    Ok(typed.spec)
}

fn is_typed<Spec: DeserializeOwned>(object: &Object) -> Result<(), String> {
    spec::<Spec>(object).map(|_| ())
}

/// What another's type is, and none of our business.
type Whatever = IgnoredAny;
