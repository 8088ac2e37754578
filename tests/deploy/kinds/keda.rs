//! `keda.sh/v1alpha1`: `apis/keda/v1alpha1` of KEDA 2.20, and what its scaler of Redis streams takes
//! (`pkg/scalers/redis_streams_scaler.go`).

use serde::Deserialize;

use super::Named;

/// `ScaledObjectSpec`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
pub(super) struct ScaledObjectSpec {
    scale_target_ref: ScaleTarget,
    polling_interval: Option<u32>,
    cooldown_period: Option<u32>,
    min_replica_count: Option<u32>,
    max_replica_count: Option<u32>,
    fallback: Option<Fallback>,
    triggers: Vec<Trigger>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct ScaleTarget {
    api_version: String,
    kind: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct Fallback {
    failure_threshold: u32,
    replicas: u32,
    behavior: FallbackBehavior,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum FallbackBehavior {
    Static,
    CurrentReplicas,
    CurrentReplicasIfHigher,
    CurrentReplicasIfLower,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct Trigger {
    r#type: TriggerType,
    metadata: StreamLag,
    authentication_ref: Named,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum TriggerType {
    RedisStreams,
}

/// Texts all of them, as KEDA's metadata is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct StreamLag {
    stream: String,
    consumer_group: String,
    lag_count: String,
}

/// `TriggerAuthenticationSpec`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
pub(super) struct TriggerAuthenticationSpec {
    secret_target_ref: Vec<SecretTarget>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct SecretTarget {
    parameter: RedisParameter,
    name: String,
    key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RedisParameter {
    Address,
    Username,
    Password,
    Tls,
}
