//! `/api/docs`: the description of the API, for people. It needs no script and nothing from elsewhere.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use boxoffice_kernel::Problem;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::{Map, Value};

use crate::openapi::describe;

const STYLE: &str = include_str!("docs.css");

/// The kinds of problem that answers name in `type`, with what to do about each.
const PROBLEMS: [(&str, &str, &str); 17] = [
    ("malformed", "400", "The request is malformed: correct it."),
    ("invalid", "400", "Fields are invalid; errors lists all of them."),
    ("unauthorized", "401", "Sign in, or sign in again."),
    ("declined", "402", "The provider declined the payment; code says why. Try another card."),
    (
        "forbidden",
        "403",
        "It is not yours to do, or you must first confirm who you are; code says so.",
    ),
    ("not-found", "404", "It does not exist."),
    ("method-not-allowed", "405", "Use a method that the Allow header lists."),
    ("too-slow", "408", "The body took too long to come: send it again."),
    ("conflict", "409", "The current state does not allow it; code says why."),
    ("gone", "410", "It was there and is no longer good; code says why."),
    ("precondition-failed", "412", "It has changed since you read it: read it again."),
    ("too-large", "413", "The body is too long."),
    ("uri-too-long", "414", "The query is too long."),
    ("unsupported-media-type", "415", "Send JSON."),
    ("too-many", "429", "Wait as long as Retry-After says."),
    (
        "internal",
        "500",
        "The fault is ours. Try again; if it happens again, tell us the X-Request-Id.",
    ),
    (
        "unavailable",
        "503",
        "Wait as long as Retry-After says, then repeat with the same Idempotency-Key.",
    ),
];

pub(crate) fn route() -> Router {
    Router::new().route("/api/docs", get(docs))
}

async fn docs() -> Result<Html<String>, Problem> {
    let api = describe().await?;
    Ok(page("Boxoffice API", &render(&api)))
}

/// A whole page around `content`.
pub(crate) fn page(title: &str, content: &Markup) -> Html<String> {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { main { (content) } }
        }
    };
    Html(markup.into_string())
}

fn render(api: &Value) -> Markup {
    html! {
        h1 { (text(&api["info"]["title"])) " API " small { (text(&api["info"]["version"])) } }
        p { (prose(&api["info"]["description"])) }
        p { "For programs: " a href="/api/openapi.json" { "/api/openapi.json" } }
        nav aria-label="Contents" {
            ul {
                @for tag in list(&api["tags"]) {
                    li { a href={ "#" (text(&tag["name"])) } { (text(&tag["description"])) } }
                }
                li { a href="#problems" { "Problems" } }
                li { a href="#schemas" { "Schemas" } }
            }
        }
        @for tag in list(&api["tags"]) {
            section id=(text(&tag["name"])) {
                h2 { (text(&tag["description"])) }
                @for (path, method, operation) in operations(api, text(&tag["name"])) {
                    (render_operation(path, method, operation))
                }
            }
        }
        (render_problems())
        section id="schemas" {
            h2 { "Schemas" }
            @for (name, schema) in entries(&api["components"]["schemas"]) {
                details id={ "schema-" (name) } {
                    summary { code { (name) } }
                    p { (prose(&schema["description"])) }
                    (render_schema(schema))
                }
            }
        }
    }
}

fn render_operation(path: &str, method: &str, operation: &Value) -> Markup {
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    html! {
        details {
            summary {
                span.method { (method.to_uppercase()) } " " code { (path) } " "
                span { (text(&operation["summary"])) }
            }
            p { (prose(&operation["description"])) }
            @if !list(&operation["parameters"]).is_empty() {
                table {
                    thead { tr { th { "Parameter" } th { "In" } th { "What" } } }
                    tbody {
                        @for parameter in list(&operation["parameters"]) {
                            tr {
                                td { code { (text(&parameter["name"])) } }
                                td { (text(&parameter["in"])) }
                                td { (prose(&parameter["description"])) }
                            }
                        }
                    }
                }
            }
            @if !body.is_null() { p { "Body: " (type_of(body)) } }
            table {
                thead { tr { th { "Status" } th { "When" } th { "Body" } } }
                tbody {
                    @for (status, response) in entries(&operation["responses"]) {
                        tr {
                            td { (status) }
                            td { (prose(&response["description"])) }
                            td {
                                @for (_, content) in entries(&response["content"]) {
                                    (type_of(&content["schema"]))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn render_problems() -> Markup {
    html! {
        section id="problems" {
            h2 { "Problems" }
            table {
                thead { tr { th { "Kind" } th { "Status" } th { "What to do" } } }
                tbody {
                    @for (kind, status, remedy) in PROBLEMS {
                        tr id={ "problem-" (kind) } {
                            td { code { (kind) } }
                            td { (status) }
                            td { (remedy) }
                        }
                    }
                }
            }
        }
    }
}

fn render_schema(schema: &Value) -> Markup {
    let required = list(&schema["required"]);
    html! {
        @if let Some(values) = schema["enum"].as_array() {
            p { @for value in values { code { (text(value)) } " " } }
        }
        @if !entries(&schema["properties"]).is_empty() {
            table {
                thead { tr { th { "Field" } th { "Type" } th { "What" } } }
                tbody {
                    @for (name, field) in entries(&schema["properties"]) {
                        tr {
                            td {
                                code { (name) }
                                @if required.iter().any(|one| text(one) == name) { " *" }
                            }
                            td { (type_of(field)) }
                            td { (prose(&field["description"])) }
                        }
                    }
                }
            }
        }
    }
}

/// A schema's type in a few words, with a link where it has a name.
fn type_of(schema: &Value) -> Markup {
    let name = text(&schema["$ref"]).rsplit('/').next().unwrap_or_default();
    let choices = list(&schema["oneOf"]).iter().find(|choice| text(&choice["type"]) != "null");
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(all) => all.iter().map(text).filter(|one| *one != "null").collect(),
        one => vec![text(one)],
    };
    html! {
        @if !name.is_empty() {
            a href={ "#schema-" (name) } { (name) }
        } @else if let Some(choice) = choices {
            (type_of(choice))
        } @else if types == ["array"] {
            "list of " (type_of(&schema["items"]))
        } @else {
            (types.join(" or "))
            @if !text(&schema["format"]).is_empty() { " (" (text(&schema["format"])) ")" }
        }
    }
}

fn operations<'a>(api: &'a Value, tag: &str) -> Vec<(&'a str, &'a str, &'a Value)> {
    let mut found = Vec::new();
    for (path, methods) in entries(&api["paths"]) {
        for (method, operation) in entries(methods) {
            if list(&operation["tags"]).iter().any(|one| text(one) == tag) {
                found.push((path, method, operation));
            }
        }
    }
    found
}

/// A description, with what stands between backticks as code.
fn prose(value: &Value) -> Markup {
    html! {
        @for (index, piece) in text(value).split('`').enumerate() {
            @if index % 2 == 0 { (piece) } @else { code { (piece) } }
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn entries(value: &Value) -> Vec<(&str, &Value)> {
    let all = value.as_object().map(Map::iter);
    all.into_iter().flatten().map(|(name, value)| (name.as_str(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_operation_and_schema_is_on_the_page_and_escaped() {
        let api = json!({
            "info": { "title": "T", "version": "1", "description": "<script> `x`" },
            "tags": [{ "name": "things", "description": "Things" }],
            "paths": { "/things": { "get": { "tags": ["things"], "summary": "Look",
                "responses": { "200": { "description": "fine",
                    "content": { "application/json": { "schema": { "$ref": "#/x/Thing" } } } } } } } },
            "components": { "schemas": { "Thing": {
                "required": ["id"], "properties": { "id": { "type": "string", "format": "uuid" } } } } }
        });
        let page = render(&api).into_string();
        for part in ["GET", "/things", "Look", "fine", "#schema-Thing", "string (uuid)"] {
            assert!(page.contains(part), "{part} in {page}");
        }
        assert!(page.contains("&lt;script&gt; <code>x</code>"), "{page}");
    }
}
