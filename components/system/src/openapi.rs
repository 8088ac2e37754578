//! `/api/openapi.json`: what the services say of themselves, as one description (OpenAPI 3.1).

use anyhow::{Context, Result};
use axum::routing::get;
use axum::{Json, Router};
use boxoffice_kernel::Problem;
use serde_json::{Value, json};

use crate::ready::usable;
use crate::siblings;

const ABOUT: &str = "List event tickets for sale, hold them and pay for them. Sign in first: the \
    session travels in a cookie, or as `Authorization: Bearer`. Amounts are whole numbers of the \
    currency's minor unit. Times are RFC 3339 in UTC. Errors are RFC 9457 problems; `errors` lists \
    everything that is wrong. Every call that changes something takes an `Idempotency-Key`. Lists \
    have pages: follow `Link: rel=\"next\"`.";

pub(crate) fn route() -> Router {
    Router::new().route("/api/openapi.json", get(async || describe().await.map(Json)))
}

/// The whole description.
///
/// # Errors
/// 503 while a service does not answer: half a description would be taken for the whole.
pub(crate) async fn describe() -> Result<Value, Problem> {
    let mut whole = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Boxoffice",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" }
        },
        "servers": [{ "url": "/" }],
        "tags": [],
        "paths": {},
        "components": {
            "schemas": {},
            "securitySchemes": {
                "cookie": { "type": "apiKey", "in": "cookie", "name": "session" },
                "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" }
            }
        },
        "security": [{}, { "cookie": [] }, { "bearer": [] }]
    });
    for (sibling, answer) in siblings::ask_all("openapi.json").await {
        let merged = usable(answer).and_then(|part| merge(&mut whole, part));
        merged.with_context(|| format!("the description of {}", sibling.name())).map_err(
            |error| Problem::unavailable("A service does not answer; try again", 2, error),
        )?;
    }
    Ok(whole)
}

fn merge(whole: &mut Value, part: Value) -> Result<()> {
    let Value::Object(mut part) = part else { anyhow::bail!("it is not a JSON object") };
    if let (Some(Value::Array(tags)), Some(all)) =
        (part.remove("tags"), whole["tags"].as_array_mut())
    {
        all.extend(tags);
    }
    if let (Some(Value::Object(paths)), Some(all)) =
        (part.remove("paths"), whole["paths"].as_object_mut())
    {
        all.extend(paths);
    }
    let schemas = part.get_mut("components").and_then(|components| components.get_mut("schemas"));
    if let (Some(Value::Object(schemas)), Some(all)) =
        (schemas.map(Value::take), whole["components"]["schemas"].as_object_mut())
    {
        all.extend(schemas);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn parts_make_a_whole() {
        let mut whole = json!({ "tags": [], "paths": {}, "components": { "schemas": {} } });
        let part = |path: &str, schema: &str| {
            json!({
                "tags": [{ "name": path }],
                "paths": { path: { "get": {} } },
                "components": { "schemas": { schema: {} } }
            })
        };
        merge(&mut whole, part("/a", "A")).unwrap();
        merge(&mut whole, part("/b", "B")).unwrap();
        assert_eq!(whole["paths"].as_object().unwrap().len(), 2);
        assert_eq!(whole["components"]["schemas"].as_object().unwrap().len(), 2);
        assert_eq!(whole["tags"][1]["name"], "/b");
        merge(&mut whole, json!([])).unwrap_err();
    }
}
