//! `/api/openapi.json`, and the pages for people: the API says of itself what it is.

use std::collections::BTreeSet;

use boxoffice_tests::{App, Request, get};
use serde_json::{Value, json};

/// The statuses that every operation documents, and those of every operation that changes something:
/// what the way to it may answer.
const OF_ALL: &str = "414 500 503";
const OF_CHANGES: &str = "400 403 413";

/// Every operation of the contract, with the statuses that it must document besides.
const OPERATIONS: [(&str, &str, &str); 87] = [
    ("post", "/api/users/signUp", "201 400 409 413 415 429"),
    ("post", "/api/users/signIn", "200 400 401 403 413 415 429"),
    ("post", "/api/users/signOut", "200 400"),
    ("get", "/api/users/currentUser", "200"),
    ("get", "/api/users/sessions", "200 401"),
    ("delete", "/api/users/sessions", "204 400 401"),
    ("delete", "/api/users/sessions/{id}", "204 400 401 404"),
    ("post", "/api/users/verification", "202 400 401 409 429"),
    ("post", "/api/users/verification/confirm", "200 400 401 409 413 415"),
    ("post", "/api/users/password", "204 400 401 403 409 413 415 429"),
    ("post", "/api/users/reset", "202 400 413 415 429"),
    ("post", "/api/users/signInLink", "202 400 413 415 429"),
    ("post", "/api/users/signInLink/confirm", "200 400 401 403 409 413 415 429"),
    ("post", "/api/users/guest", "201 400 409 413 415 429"),
    ("post", "/api/users/email", "202 400 401 403 409 413 415 429"),
    ("post", "/api/users/email/confirm", "200 400 401 409 413 415"),
    ("post", "/api/users/email/undo", "204 400 409 413 415"),
    ("post", "/api/users/export", "202 400 401 429"),
    ("get", "/api/users/export", "200 401"),
    ("get", "/api/users/export/{id}", "200 401 404 409"),
    ("get", "/api/users/deletion", "200 401"),
    ("post", "/api/users/deletion", "204 400 401 403 409 413 415 429"),
    ("get", "/api/users/oidc/start", "303 404"),
    ("get", "/api/users/oidc/callback", "303 404"),
    ("get", "/api/users/identities", "200 401"),
    ("delete", "/api/users/identities/{id}", "204 400 401 404 409"),
    ("post", "/api/users/reset/confirm", "200 400 401 403 409 413 415 429"),
    ("get", "/api/users/factors", "200 401"),
    ("post", "/api/users/factors/passkeys/options", "200 400 401 403 409 429"),
    ("post", "/api/users/factors/passkeys", "201 400 401 403 409 413 415 429"),
    ("patch", "/api/users/factors/passkeys/{id}", "200 400 401 404 413 415"),
    ("delete", "/api/users/factors/passkeys/{id}", "204 400 401 403 404 429"),
    ("post", "/api/users/factors/totp", "200 400 401 403 409 429"),
    ("post", "/api/users/factors/totp/confirm", "200 400 401 403 409 413 415 429"),
    ("delete", "/api/users/factors/totp", "204 400 401 403 429"),
    ("post", "/api/users/factors/recoveryCodes", "200 400 401 403 409 429"),
    ("post", "/api/users/signIn/factor/options", "200 400 401 409 413 415 429"),
    ("post", "/api/users/signIn/factor", "200 400 401 403 409 413 415 429"),
    ("post", "/api/users/passkeySignIn/options", "200 400 409 429"),
    ("post", "/api/users/passkeySignIn", "200 400 403 409 413 415 429"),
    ("post", "/api/users/confirm/options", "200 400 401 409 429"),
    ("post", "/api/users/confirm", "204 400 401 409 413 415 429"),
    ("get", "/.well-known/jwks.json", "200"),
    ("post", "/api/tickets", "201 400 401 403 409 413 415"),
    ("get", "/api/tickets", "200 304 400"),
    ("get", "/api/tickets/{id}", "200 304 404"),
    ("put", "/api/tickets/{id}", "200 400 401 403 404 409 412 413 415"),
    ("delete", "/api/tickets/{id}", "204 400 401 403 404 409 412"),
    ("post", "/api/orders", "201 400 401 403 404 409 413 415 429"),
    ("get", "/api/orders", "200 400 401"),
    ("get", "/api/orders/{id}", "200 401 403 404"),
    ("delete", "/api/orders/{id}", "204 400 401 403 404 409"),
    ("post", "/api/orders/{id}/reminder", "200 400 401 403 404 409"),
    ("post", "/api/payments", "201 202 400 401 402 403 404 409 413 415 429 503"),
    ("get", "/api/payments", "200 400 401"),
    ("get", "/api/payments/ledger", "200 400 401"),
    ("post", "/api/payments/{id}/refund", "200 202 400 401 403 404 409 413 415"),
    ("delete", "/api/payments/{id}/attention", "204 400 401 403 404 409"),
    ("post", "/api/payments/{id}/confirm", "201 202 400 401 402 403 404 409 503"),
    ("post", "/api/payments/webhook", "200 400 413 503"),
    ("get", "/api/admissions", "200 400 401"),
    ("get", "/api/admissions/{id}", "200 401 403 404"),
    ("get", "/api/admissions/{id}.pdf", "200 400 401 403 404 409"),
    ("get", "/api/admissions/{id}.pkpass", "200 401 403 404 409"),
    ("get", "/api/admissions/{id}.google", "303 401 403 404 409"),
    ("put", "/api/admissions/{id}/name", "200 400 401 403 404 409 413 415"),
    ("post", "/api/admissions/{id}/transfer", "200 400 401 403 404 409 413 415 429"),
    ("delete", "/api/admissions/{id}/transfer", "200 400 401 403 404 409"),
    ("get", "/api/admissions/{id}/accept", "200 400 404 409"),
    ("post", "/api/admissions/{id}/accept", "200 400 401 403 404 409 413 415"),
    ("post", "/api/admissions/{id}/offer", "200 400 401 403 404 409 413 415"),
    ("delete", "/api/admissions/{id}/offer", "200 400 401 403 404 409"),
    ("get", "/api/mail/preferences", "200 401"),
    ("put", "/api/mail/preferences", "204 400 401 409 413 415"),
    ("get", "/api/mail/unsubscribe", "303 400"),
    ("post", "/api/mail/unsubscribe", "204 400"),
    ("post", "/api/mail/bounces", "204 400 413 503"),
    ("get", "/api/door/{ticketId}", "200 403 404"),
    ("get", "/api/door/{ticketId}/guests", "200 400 403 404"),
    ("get", "/api/door/{ticketId}/keys", "200 403 404"),
    ("get", "/api/door/{ticketId}/changes", "200 304 400 403 404"),
    ("get", "/api/door/{ticketId}/doubles", "200 401 403 404"),
    ("post", "/api/door/{ticketId}/scans", "200 400 403 404 409 413 415"),
    ("delete", "/api/door/{ticketId}/scans/{id}", "204 400 403 404 409"),
    ("get", "/api/door/{ticketId}/staff", "200 401 403 404"),
    ("post", "/api/door/{ticketId}/staff", "201 400 401 403 404 409 413 415"),
    ("delete", "/api/door/{ticketId}/staff/{id}", "204 400 401 403 404 409"),
];

async fn described(app: &App) -> Value {
    let answer = app.client().get("/api/openapi.json").await;
    assert_eq!(answer.header("content-type"), "application/json");
    answer.expect(200)
}

/// All operations: method, path, what is said of it.
fn operations(api: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = api["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
        })
        .collect()
}

/// Everything in the description, with where it is.
fn walk<'a>(place: String, value: &'a Value, visit: &mut impl FnMut(&str, &'a Value)) {
    visit(&place, value);
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                walk(format!("{place}/{name}"), member, visit);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(format!("{place}/{index}"), item, visit);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn it_is_openapi_3_1() {
    let app = App::start().await;
    let api = described(&app).await;
    assert_eq!(api["openapi"], "3.1.0");
    assert!(api["info"]["title"].is_string() && api["info"]["version"].is_string());
    let mut ids = Vec::new();
    for (method, path, operation) in operations(&api) {
        let place = format!("{method} {path}: {operation:#}");
        let methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
        assert!(methods.contains(&method), "{place}");
        ids.push(operation["operationId"].as_str().unwrap_or_else(|| panic!("no id: {place}")));
        let tag = &operation["tags"][0];
        let tags = api["tags"].as_array().unwrap();
        assert!(tags.iter().any(|known| known["name"] == *tag), "unknown tag: {place}");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{place}");
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        for parameter in &parameters {
            let location = parameter["in"].as_str().unwrap_or_default();
            assert!(["path", "query", "header", "cookie"].contains(&location), "{place}");
            assert!(parameter["schema"].is_object() && parameter["name"].is_string(), "{place}");
            assert!(location != "path" || parameter["required"] == true, "{place}");
        }
        for segment in path.split('/').filter_map(|one| one.strip_prefix('{')?.strip_suffix('}')) {
            let declared =
                parameters.iter().any(|one| one["in"] == "path" && one["name"] == segment);
            assert!(declared, "{segment} is not declared: {place}");
        }
        let responses = operation["responses"].as_object().unwrap();
        assert!(!responses.is_empty(), "no responses: {place}");
        for (status, response) in responses {
            assert!(
                status.parse::<u16>().is_ok_and(|status| (100..600).contains(&status)),
                "{place}"
            );
            assert!(
                response["description"].as_str().is_some_and(|text| !text.is_empty()),
                "{place}"
            );
        }
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "operation ids are unique: {ids:?}");
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let app = App::start().await;
    let api = described(&app).await;
    let mut count = 0;
    walk(String::new(), &api, &mut |place, value| {
        if let Some(target) = value["$ref"].as_str() {
            count += 1;
            let pointer = target.strip_prefix('#').unwrap_or_else(|| panic!("{place}: {target}"));
            assert!(api.pointer(pointer).is_some(), "{place} refers to {target}");
        }
    });
    assert!(count > 20, "{count}");
}

#[tokio::test]
async fn the_whole_contract_is_in_it_and_nothing_else() {
    let app = App::start().await;
    let api = described(&app).await;
    for (method, path, statuses) in &OPERATIONS {
        let operation = &api["paths"][path][method];
        assert!(operation.is_object(), "{method} {path} is not described");
        let described: Vec<&String> = operation["responses"].as_object().unwrap().keys().collect();
        let of_changes = if *method == "get" { "" } else { OF_CHANGES };
        let due = [*statuses, OF_ALL, of_changes].map(str::split_whitespace);
        let due: BTreeSet<&str> = due.into_iter().flatten().collect();
        assert_eq!(described, due.into_iter().collect::<Vec<_>>(), "{method} {path}");
        for (status, response) in operation["responses"].as_object().unwrap() {
            let is_problem = response["content"]["application/problem+json"]["schema"].is_object();
            assert_eq!(is_problem, status.as_str() >= "400", "{method} {path}: {response:#}");
        }
        // Stripe sends none, nor does who tells of letters: those name what they are about.
        let told = ["/webhook", "/mail/unsubscribe", "/mail/bounces"];
        let is_keyed = !told.iter().any(|end| path.ends_with(end));
        if is_keyed && matches!(*method, "post" | "put" | "delete") {
            let parameters = operation["parameters"].as_array().unwrap();
            let key = parameters.iter().find(|one| one["name"] == "Idempotency-Key");
            let key = key.unwrap_or_else(|| panic!("{method} {path} tells of no key"));
            assert_eq!((&key["in"], &key["required"]), (&json!("header"), &json!(false)));
        }
    }
    for (method, path, _) in operations(&api) {
        let known = OPERATIONS.iter().any(|one| (one.0, one.1) == (method, path));
        assert!(known, "{method} {path} is described, but in no contract");
    }
}

#[tokio::test]
async fn everything_described_is_there() {
    let app = App::start().await;
    let person = app.sign_up().await;
    let ticket = person.list(json!({})).await.expect(201);
    let api = described(&app).await;
    for (method, path, operation) in operations(&api) {
        let id = boxoffice_tests::id(&ticket);
        let path = path.replace("{id}", id).replace("{ticketId}", id);
        let method: reqwest::Method = method.to_uppercase().parse().unwrap();
        let answer = person.send(&Request::new(method, &path)).await;
        let status = answer.status.to_string();
        let documented = operation["responses"].get(&status).is_some();
        assert!(documented && answer.status != 405, "{status} is not documented: {answer}");
        // Somebody's listing is no order, payment, ticket in the hand, scan, session, file or passkey:
        // there may be a 404 of that kind only.
        let kinds = [
            "/api/orders/",
            "/api/payments/",
            "/api/admissions/",
            "/api/door/",
            "/api/users/sessions/",
            "/api/users/oidc/",
            "/api/users/export/",
            "/api/users/passkeys/",
        ];
        let other = kinds.iter().any(|kind| path.starts_with(kind));
        assert!(answer.status != 404 || other, "{answer}");
    }
}

#[tokio::test]
async fn what_is_answered_is_what_is_described() {
    let app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let api = described(&app).await;
    let schema = |name: &str| &api["components"]["schemas"][name];
    let ticket = seller.list(json!({})).await.expect(201);
    let order = buyer.hold(&ticket).await.expect(201);
    let payment = buyer.pay(&order, "pm_card_visa").await.expect(201)["payment"].clone();
    let problem = buyer.hold(&ticket).await.expect(409);
    for (name, thing) in
        [("Ticket", &ticket), ("Order", &order), ("Payment", &payment), ("Problem", &problem)]
    {
        let properties = schema(name)["properties"].as_object().unwrap_or_else(|| panic!("{name}"));
        for member in thing.as_object().unwrap().keys() {
            assert!(properties.contains_key(member), "{name} has {member}, which is not described");
        }
        for required in schema(name)["required"].as_array().unwrap() {
            let required = required.as_str().unwrap();
            assert!(thing.get(required).is_some(), "{name} has no {required}: {thing:#}");
        }
    }
}

#[tokio::test]
async fn the_page_for_people_is_html_and_its_links_lead_somewhere() {
    let app = App::start().await;
    let person = app.client();
    for path in ["/api/docs"] {
        let answer = person.get(path).await;
        assert_eq!(answer.status, 200, "{answer}");
        assert!(answer.header("content-type").starts_with("text/html"), "{answer}");
        assert!(answer.text.starts_with("<!DOCTYPE html>"), "{answer}");
        let links = answer.text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let links: Vec<&str> = links.collect();
        assert!(!links.is_empty());
        for link in links {
            if let Some(anchor) = link.strip_prefix('#') {
                let target = format!("id=\"{anchor}\"");
                assert!(
                    answer.text.contains(&target),
                    "{path} links to {link}, which is not there"
                );
            } else {
                let target = person.send(&get(link)).await;
                assert_eq!(target.status, 200, "{path} links to {link}: {target}");
            }
        }
    }
}
