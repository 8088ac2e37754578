//! A service's health: `/healthz` says that it runs, `/readyz` what it depends on.

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::future::{Future, ready};
use utoipa::ToSchema;

use crate::db::Query;
use crate::events::bus;
use crate::{Cx, Service, query, unit};

/// The state of one dependency.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// Whether it works.
    pub ok: bool,
    /// Whether requests fail without it. If not, a later tick catches up on its work.
    pub required: bool,
    /// What is wrong, or other useful information.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
}

impl Check {
    /// A required check that succeeds if `outcome` does. The error's text goes to the log, not to
    /// the client, who learns only `complaint`.
    pub fn of<T>(outcome: anyhow::Result<T>, complaint: &str) -> Self {
        match outcome {
            Ok(_) => Self { ok: true, required: true, detail: None },
            Err(error) => {
                crate::log::failed(Cx::NONE, complaint, &error);
                Self { ok: false, required: true, detail: Some(complaint.to_owned()) }
            }
        }
    }

    /// The same check of something that requests do without.
    #[must_use]
    pub fn not_required(self) -> Self {
        Self { required: false, ..self }
    }
}

/// Each dependency by name.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `ok`; `degraded` if only dependencies fail that requests do not need; otherwise
    /// `unavailable`.
    pub status: String,
    /// The dependencies.
    pub checks: BTreeMap<String, Check>,
}

impl Health {
    /// The health that `checks` make together.
    #[must_use]
    pub fn of(checks: BTreeMap<String, Check>) -> Self {
        let failed =
            |required| checks.values().any(|check| !check.ok && check.required == required);
        let status = match (failed(true), failed(false)) {
            (true, _) => "unavailable",
            (_, true) => "degraded",
            _ => "ok",
        };
        Self { status: status.to_owned(), checks }
    }

    /// 200, or 503 when something required fails: a replica that serves requests must not be taken
    /// out of service for the sake of what its events need.
    pub fn respond(self) -> Response {
        let status = match self.status.as_str() {
            "unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::OK,
        };
        (status, Json(self)).into_response()
    }
}

/// `healthz` and `readyz` below `prefix`, for a service that keeps a database and may use Redis.
pub fn routes(service: &'static Service, prefix: &str, redis: bool) -> Router {
    routes_with(service, prefix, redis, || ready(BTreeMap::new()))
}

/// The same, with checks of the service's own.
pub fn routes_with<F>(
    service: &'static Service,
    prefix: &str,
    redis: bool,
    own: impl FnOnce() -> F + Clone + Send + Sync + 'static,
) -> Router
where
    F: Future<Output = BTreeMap<String, Check>> + Send,
{
    Router::new().route(&format!("{prefix}/healthz"), get(async || "ok\n")).route(
        &format!("{prefix}/readyz"),
        get(async move || {
            let mut checks = own().await;
            checks.insert(
                "database".to_owned(),
                Check::of(
                    database(service).await,
                    "the database does not answer, or takes no changes",
                ),
            );
            if redis {
                checks.insert(
                    "redis".to_owned(),
                    Check::of(bus::ping().await, "Redis does not answer, or keeps nothing")
                        .not_required(),
                );
            }
            Health::of(checks).respond()
        }),
    )
}

/// Whether the database takes changes: one that only reads, as after a failover, answers everything else.
async fn database(service: &'static Service) -> anyhow::Result<()> {
    unit::change::<()>(Cx::NONE, service, nothing(service)).await?;
    Ok(())
}

/// A change that changes nothing: no key is empty.
pub(crate) fn nothing(service: &Service) -> Query {
    let name = service.name;
    query!("DELETE FROM {name}_idempotency WHERE scope = '' AND key = ''")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_required_makes_unavailable() {
        let check = |ok, required| Check { ok, required, detail: None };
        let status = |checks: &[Check]| {
            let named = checks.iter().enumerate().map(|(i, c)| (i.to_string(), c.clone()));
            Health::of(named.collect()).status
        };
        assert_eq!(status(&[check(true, true), check(true, false)]), "ok");
        assert_eq!(status(&[check(true, true), check(false, false)]), "degraded");
        assert_eq!(status(&[check(false, true), check(false, false)]), "unavailable");
    }
}
