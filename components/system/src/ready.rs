//! `/healthz` and `/readyz` of the whole, and of the workers alone.

use std::collections::BTreeMap;

use anyhow::Result;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_kernel::Timestamp;
use boxoffice_kernel::events::{EventType, WITHOUT_EVENTS, bus};
use boxoffice_kernel::health::{Check, Health};
use futures::future::join;
use http::StatusCode;
use serde_json::Value;

use crate::siblings;

/// A group whose last tick is older than this, in seconds, has stopped healing.
const STALE_SECONDS: i64 = 60;

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/workers/healthz", get(async || "ok\n"))
        .route("/workers/readyz", get(workers_ready))
}

/// What workers cannot do without, and their last ticks. They have no services to ask, and a pod of
/// theirs is none the worse for a service that is away.
async fn workers_ready() -> Response {
    let (redis, seen) = join(bus::ping(), bus::ticks()).await;
    let redis = ("redis".to_owned(), Check::of(redis, "Redis does not answer, or keeps nothing"));
    Health::of(ticks(seen).into_iter().chain([redis]).collect()).respond()
}

/// Each service's dependencies, and each worker's last tick.
async fn ready() -> Response {
    let mut checks = BTreeMap::new();
    let (answers, seen) = join(siblings::ask_all("readyz"), bus::ticks()).await;
    for (sibling, answer) in answers {
        let health = answer.and_then(|(_, json)| Ok(serde_json::from_value::<Health>(json)?));
        match health {
            Ok(health) => checks.extend(
                health
                    .checks
                    .into_iter()
                    .map(|(name, check)| (format!("{}.{name}", sibling.name()), check)),
            ),
            Err(error) => {
                let check = Check::of(Err::<(), _>(error), "the service does not answer");
                checks.insert(sibling.name().to_owned(), check);
            }
        }
    }
    checks.extend(ticks(seen));
    Health::of(checks).respond()
}

/// The last tick of each group that reads events. Without ticks, holds do not expire and nothing
/// that was left behind is made up for; requests are served all the same.
fn ticks(seen: Result<Vec<(String, Timestamp)>>) -> Vec<(String, Check)> {
    let seen = match seen {
        Ok(seen) => BTreeMap::from_iter(seen),
        Err(error) => {
            let check = Check::of(Err::<(), _>(error), "Redis does not say when the last tick was");
            return vec![("tick".to_owned(), check.not_required())];
        }
    };
    let readers = EventType::ALL.iter().flat_map(|event| event.groups());
    let mut groups: Vec<_> = readers.chain(&WITHOUT_EVENTS).collect();
    groups.sort_unstable();
    groups.dedup();
    groups
        .into_iter()
        .map(|group| {
            let age =
                seen.get(*group).map(|at| (Timestamp::now().as_millis() - at.as_millis()) / 1000);
            let detail = match age {
                Some(age) => format!("last tick {age} s ago"),
                None => "no tick yet".to_owned(),
            };
            let ok = age.is_some_and(|age| age <= STALE_SECONDS);
            (format!("tick.{group}"), Check { ok, required: false, detail: Some(detail) })
        })
        .collect()
}

/// Whether a service's answer is one to use.
pub(crate) fn usable(answer: Result<(StatusCode, Value)>) -> Result<Value> {
    let (status, json) = answer?;
    anyhow::ensure!(status.is_success(), "it answered {status}");
    Ok(json)
}
