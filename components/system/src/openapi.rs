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
    add_general(&mut whole);
    Ok(whole)
}

/// What every operation may answer, whatever it does: status and reason.
const OF_ALL: [(&str, &str); 3] = [
    ("414", "The query is longer than 8 KiB"),
    ("500", "Something went wrong; the fault is ours"),
    ("503", "The service is busy, or cannot be reached; `Retry-After` says when to try again"),
];

/// What every operation that changes something may answer besides.
const OF_CHANGES: [(&str, &str); 3] = [
    ("400", "The request, or its `Idempotency-Key`, is malformed"),
    ("403", "A page of another site sent the request (see `Origin`)"),
    ("413", "The body is longer than 64 KiB"),
];

/// Adds to each operation what the way to it may answer. The services say only what is of their own.
fn add_general(whole: &mut Value) {
    let paths = whole["paths"].as_object_mut().into_iter().flat_map(serde_json::Map::values_mut);
    let operations = paths.filter_map(Value::as_object_mut).flatten();
    for (method, operation) in operations {
        let of_changes: &[_] = if method == "get" { &[] } else { &OF_CHANGES };
        if let Some(Value::Object(responses)) = operation.get_mut("responses") {
            for (status, description) in OF_ALL.iter().chain(of_changes) {
                responses.entry(*status).or_insert_with(|| problem(description));
            }
            responses.sort_keys();
        }
    }
}

/// A response with a problem.
fn problem(description: &str) -> Value {
    let schema = json!({ "$ref": "#/components/schemas/Problem" });
    json!({ "description": description, "content": { "application/problem+json": { "schema": schema } } })
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

    #[test]
    fn each_operation_says_what_the_way_to_it_may_answer() {
        let own =
            || json!({ "200": { "description": "Done" }, "403": { "description": "Not yours" } });
        let operations = json!({ "get": { "responses": own() }, "put": { "responses": own() } });
        let mut whole = json!({ "paths": { "/a": operations } });
        add_general(&mut whole);
        let of = |method: &str| whole["paths"]["/a"][method]["responses"].as_object().unwrap();
        let statuses = |method| of(method).keys().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(statuses("get"), ["200", "403", "414", "500", "503"]);
        assert_eq!(statuses("put"), ["200", "400", "403", "413", "414", "500", "503"]);
        assert_eq!(of("put")["403"]["description"], "Not yours", "a service's own word stays");
        let content = &of("put")["413"]["content"]["application/problem+json"];
        assert_eq!(content["schema"]["$ref"], "#/components/schemas/Problem");
    }
}
