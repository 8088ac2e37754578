//! `postgresql.cnpg.io/v1`: the part of `api/v1` of CloudNativePG 1.30 that the cluster uses.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Named;

/// `ClusterSpec`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
pub(super) struct ClusterSpec {
    instances: u32,
    image_name: String,
    primary_update_strategy: UpdateStrategy,
    storage: Storage,
    wal_storage: Option<Storage>,
    resources: Resources,
    postgresql: Postgresql,
    backup: Backup,
    managed: Managed,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum UpdateStrategy {
    Unsupervised,
    Supervised,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct Storage {
    size: String,
    storage_class: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct Resources {
    requests: BTreeMap<String, String>,
    limits: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct Postgresql {
    parameters: BTreeMap<String, String>,
    synchronous: Synchronous,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct Synchronous {
    method: SynchronousMethod,
    number: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum SynchronousMethod {
    Any,
    First,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct Backup {
    volume_snapshot: VolumeSnapshot,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct VolumeSnapshot {
    class_name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct Managed {
    roles: Vec<Role>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct Role {
    name: String,
    ensure: Ensure,
    login: bool,
    password_secret: Named,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ensure {
    Present,
    Absent,
}

/// `DatabaseSpec`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
pub(super) struct DatabaseSpec {
    name: String,
    owner: String,
    cluster: Named,
}

/// `ScheduledBackupSpec`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
pub(super) struct ScheduledBackupSpec {
    schedule: String,
    backup_owner_reference: Owner,
    method: BackupMethod,
    cluster: Named,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Owner {
    None,
    #[serde(rename = "self")]
    Itself,
    Cluster,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum BackupMethod {
    VolumeSnapshot,
}
