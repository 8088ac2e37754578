//! `gateway.networking.k8s.io/v1`: the part of Gateway API 1.2 and newer that the routes use.

use serde::Deserialize;

use super::Named;

/// `GatewaySpec`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
pub(super) struct GatewaySpec {
    gateway_class_name: String,
    listeners: Vec<Listener>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct Listener {
    name: String,
    protocol: Protocol,
    port: u16,
    hostname: Option<String>,
    tls: Option<Tls>,
}

#[derive(Deserialize)]
enum Protocol {
    #[serde(rename = "HTTP")]
    Http,
    #[serde(rename = "HTTPS")]
    Https,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct Tls {
    mode: TlsMode,
    certificate_refs: Vec<Named>,
}

#[derive(Deserialize)]
enum TlsMode {
    Terminate,
}

/// `HTTPRouteSpec`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
pub(super) struct HttpRouteSpec {
    parent_refs: Vec<ParentRef>,
    hostnames: Vec<String>,
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct ParentRef {
    name: String,
    section_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct Rule {
    #[serde(default)]
    matches: Vec<Match>,
    #[serde(default)]
    filters: Vec<Filter>,
    #[serde(default)]
    backend_refs: Vec<BackendRef>,
    timeouts: Option<Timeouts>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct Match {
    path: PathMatch,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct PathMatch {
    r#type: PathMatchType,
    value: String,
}

#[derive(Deserialize)]
enum PathMatchType {
    Exact,
    PathPrefix,
}

#[derive(Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
enum Filter {
    #[serde(rename_all = "camelCase")]
    RequestRedirect { request_redirect: Redirect },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct Redirect {
    scheme: String,
    status_code: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct BackendRef {
    name: String,
    port: u16,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(dead_code, reason = "read to be checked")]
struct Timeouts {
    request: Option<String>,
    backend_request: Option<String>,
}
