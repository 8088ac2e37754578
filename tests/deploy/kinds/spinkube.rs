//! `core.spinkube.dev/v1alpha1`, whole: `api/v1alpha1` of spin-operator 0.6, and what its webhooks
//! refuse (`internal/webhook`).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Named, Whatever, spec};
use crate::overlay::Object;

/// `SpinAppSpec`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
pub(crate) struct SpinAppSpec {
    pub(crate) executor: String,
    pub(crate) image: String,
    #[serde(default)]
    image_pull_secrets: Vec<Named>,
    #[serde(default)]
    pub(crate) checks: HealthChecks,
    #[serde(default)]
    pub(crate) replicas: u32,
    #[serde(default)]
    pub(crate) enable_autoscaling: bool,
    #[serde(default)]
    runtime_config: RuntimeConfig,
    /// Kubernetes's own: the operator hands them on.
    #[serde(default)]
    volumes: Vec<Whatever>,
    #[serde(default)]
    volume_mounts: Vec<Whatever>,
    #[serde(default)]
    pub(crate) variables: Vec<SpinVar>,
    #[serde(default)]
    service_annotations: BTreeMap<String, String>,
    #[serde(default)]
    deployment_annotations: BTreeMap<String, String>,
    #[serde(default)]
    pod_annotations: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) pod_labels: BTreeMap<String, String>,
    #[serde(default)]
    resources: Resources,
    #[serde(default)]
    pub(crate) components: Vec<String>,
    #[serde(default)]
    service_account_name: String,
    #[serde(default)]
    invocation_limits: BTreeMap<String, String>,
}

/// `HealthChecks`
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HealthChecks {
    pub(crate) readiness: Option<HealthProbe>,
    pub(crate) liveness: Option<HealthProbe>,
}

/// `HealthProbe`. The operator takes no other probe than by HTTP.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
pub(crate) struct HealthProbe {
    pub(crate) http_get: HttpHealthProbe,
    initial_delay_seconds: Option<u32>,
    timeout_seconds: Option<u32>,
    period_seconds: Option<u32>,
    success_threshold: Option<u32>,
    failure_threshold: Option<u32>,
}

/// `HTTPHealthProbe`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
pub(crate) struct HttpHealthProbe {
    pub(crate) path: String,
    #[serde(default)]
    http_headers: Vec<Pair>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct Pair {
    name: String,
    value: String,
}

/// `SpinVar`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SpinVar {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
    pub(crate) value_from: Option<ValueFrom>,
}

/// `EnvVarSource`, as far as it says something of a variable.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ValueFrom {
    pub(crate) config_map_key_ref: Option<KeyRef>,
    pub(crate) secret_key_ref: Option<KeyRef>,
}

/// `ConfigMapKeySelector`, `SecretKeySelector`. None is optional: a variable that is missing must
/// keep the pod from starting.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyRef {
    pub(crate) name: String,
    pub(crate) key: String,
}

/// `Resources`
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct Resources {
    #[serde(default)]
    limits: BTreeMap<String, String>,
    #[serde(default)]
    requests: BTreeMap<String, String>,
}

/// `RuntimeConfig`
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct RuntimeConfig {
    load_from_secret: Option<String>,
    #[serde(default)]
    sqlite_databases: Vec<NamedConfig>,
    #[serde(default)]
    key_value_stores: Vec<NamedConfig>,
    llm_compute: Option<Config>,
}

/// `SqliteDatabaseConfig`, `KeyValueStoreConfig`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct NamedConfig {
    name: String,
    r#type: String,
    #[serde(default)]
    options: Vec<SpinVar>,
}

/// `LLMComputeConfig`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct Config {
    r#type: String,
    #[serde(default)]
    options: Vec<SpinVar>,
}

/// `SpinAppExecutorSpec`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SpinAppExecutorSpec {
    create_deployment: bool,
    deployment_config: Option<DeploymentConfig>,
}

/// `ExecutorDeploymentConfig`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
pub(crate) struct DeploymentConfig {
    #[serde(rename = "runtimeClassName")]
    runtime_class_name: Option<String>,
    #[serde(rename = "spinImage")]
    pub(crate) spin_image: Option<String>,
    #[serde(rename = "caCertSecret")]
    ca_cert_secret: Option<String>,
    #[serde(rename = "installDefaultCACerts", default)]
    install_default_ca_certs: bool,
    pub(crate) otel: Option<Otel>,
}

/// `OtelConfig`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
pub(crate) struct Otel {
    exporter_otlp_endpoint: Option<String>,
    exporter_otlp_traces_endpoint: Option<String>,
    exporter_otlp_metrics_endpoint: Option<String>,
    exporter_otlp_logs_endpoint: Option<String>,
}

impl SpinAppExecutorSpec {
    /// How it runs apps.
    pub(crate) fn deployment(&self) -> Option<&DeploymentConfig> {
        self.deployment_config.as_ref()
    }
}

/// A SpinApp, and what the operator's webhook would refuse.
pub(super) fn check_app(object: &Object) -> Result<(), String> {
    let app: SpinAppSpec = spec(object)?;
    match (app.enable_autoscaling, app.replicas) {
        (true, 1..) => return Err("replicas cannot be set when autoscaling is enabled".into()),
        (false, 0) => return Err("replicas must be more than 0".into()),
        _ => {}
    }
    if app.components.is_empty() {
        return Err("it would run all components, the clock's too".into());
    }
    for variable in &app.variables {
        let sources = variable.value_from.as_ref().map_or(0, |from| {
            usize::from(from.config_map_key_ref.is_some())
                + usize::from(from.secret_key_ref.is_some())
        });
        if sources + usize::from(variable.value.is_some()) != 1 {
            return Err(format!("the variable {} has not one value", variable.name));
        }
    }
    let mut names: Vec<&str> = app.variables.iter().map(|v| v.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(twice) => Err(format!("the variable {} is given twice", twice[0])),
        None => Ok(()),
    }
}

/// A SpinAppExecutor, and what the operator's webhook would refuse.
pub(super) fn check_executor(object: &Object) -> Result<(), String> {
    let executor: SpinAppExecutorSpec = spec(object)?;
    if !executor.create_deployment {
        return Err("it must create deployments: everything else here refers to them".into());
    }
    match executor.deployment_config {
        Some(DeploymentConfig { runtime_class_name: Some(_), spin_image: Some(_), .. }) => {
            Err("runtimeClassName and spinImage exclude one another".into())
        }
        Some(DeploymentConfig { runtime_class_name: None, spin_image: None, .. }) | None => {
            Err("either runtimeClassName or spinImage must be set".into())
        }
        Some(_) => Ok(()),
    }
}
