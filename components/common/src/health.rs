//! A service's health: `/healthz` says that it runs, `/readyz` what it depends on.

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

use crate::Service;
use crate::db::Connection;
use crate::events::bus;

/// How one thing that is depended on is doing.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// Whether it does its work.
    pub ok: bool,
    /// What is wrong, or what is worth knowing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
}

impl Check {
    /// The check that succeeds if `outcome` does. The error's text goes to the log, not to the
    /// client, who learns only `complaint`.
    pub fn of<T>(outcome: anyhow::Result<T>, complaint: &str) -> Self {
        match outcome {
            Ok(_) => Self { ok: true, detail: None },
            Err(error) => {
                crate::log::failed(complaint, &error);
                Self { ok: false, detail: Some(complaint.to_owned()) }
            }
        }
    }
}

/// Each dependency by name.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `ok` if all checks are.
    pub status: String,
    /// The dependencies.
    pub checks: BTreeMap<String, Check>,
}

impl Health {
    /// The health that `checks` make together.
    #[must_use]
    pub fn of(checks: BTreeMap<String, Check>) -> Self {
        let ok = checks.values().all(|check| check.ok);
        Self { status: if ok { "ok" } else { "unavailable" }.to_owned(), checks }
    }

    /// 200 or 503.
    pub fn respond(self) -> Response {
        let status =
            if self.status == "ok" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (status, Json(self)).into_response()
    }
}

/// `healthz` and `readyz` below `prefix`, for a service that keeps a database and may use Redis.
pub fn routes(service: &'static Service, prefix: &str, redis: bool) -> Router {
    Router::new().route(&format!("{prefix}/healthz"), get(async || "ok\n")).route(
        &format!("{prefix}/readyz"),
        get(async move || {
            let mut checks = BTreeMap::new();
            checks.insert(
                "database".to_owned(),
                Check::of(database(service).await, "the database does not answer"),
            );
            if redis {
                checks.insert(
                    "redis".to_owned(),
                    Check::of(bus::ping().await, "Redis does not answer"),
                );
            }
            Health::of(checks).respond()
        }),
    )
}

async fn database(service: &'static Service) -> anyhow::Result<()> {
    let connection = Connection::open(service).await?;
    connection.query("SELECT 1 AS one", &[]).await?;
    Ok(())
}
