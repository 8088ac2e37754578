//! What holds for every address: methods, unknown paths, origins, request ids, errors.

use boxoffice_tests::person::listing;
use boxoffice_tests::{Answer, App, Person, Request, Row, check, get, id, post, row};
use reqwest::Method;
use serde_json::json;

/// Every address of the contract, with the methods that it takes.
const ADDRESSES: [(&str, &str); 77] = [
    ("/api/users/signUp", "POST"),
    ("/api/users/signIn", "POST"),
    ("/api/users/signOut", "POST"),
    ("/api/users/currentUser", "GET"),
    ("/api/users/sessions", "GET DELETE"),
    ("/api/users/sessions/{id}", "DELETE"),
    ("/api/users/verification", "POST"),
    ("/api/users/verification/confirm", "POST"),
    ("/api/users/password", "POST"),
    ("/api/users/reset", "POST"),
    ("/api/users/reset/confirm", "POST"),
    ("/api/users/signInLink", "POST"),
    ("/api/users/signInLink/confirm", "POST"),
    ("/api/users/guest", "POST"),
    ("/api/users/email", "POST"),
    ("/api/users/email/confirm", "POST"),
    ("/api/users/email/undo", "POST"),
    ("/api/users/factors", "GET"),
    ("/api/users/factors/passkeys/options", "POST"),
    ("/api/users/factors/passkeys", "POST"),
    ("/api/users/factors/passkeys/{id}", "PATCH DELETE"),
    ("/api/users/factors/totp", "POST DELETE"),
    ("/api/users/factors/totp/confirm", "POST"),
    ("/api/users/factors/recoveryCodes", "POST"),
    ("/api/users/signIn/factor", "POST"),
    ("/api/users/signIn/factor/options", "POST"),
    ("/api/users/passkeySignIn", "POST"),
    ("/api/users/passkeySignIn/options", "POST"),
    ("/api/users/confirm", "POST"),
    ("/api/users/confirm/options", "POST"),
    ("/api/users/letters", "POST"),
    ("/api/users/operations", "POST"),
    ("/api/users/export", "GET POST"),
    ("/api/users/export/{id}", "GET"),
    ("/api/users/deletion", "GET POST"),
    ("/api/orders/person", "POST"),
    ("/api/orders/standing", "POST"),
    ("/api/payments/person", "POST"),
    ("/api/payments/standing", "POST"),
    ("/api/mail/person", "POST"),
    ("/.well-known/jwks.json", "GET"),
    ("/api/tickets", "GET POST"),
    ("/api/tickets/{id}", "GET PUT DELETE"),
    ("/api/orders", "GET POST"),
    ("/api/orders/{id}", "GET DELETE"),
    ("/api/orders/letters", "POST"),
    ("/api/orders/{id}/reminder", "POST"),
    ("/api/mail/preferences", "GET PUT"),
    ("/api/mail/unsubscribe", "GET POST"),
    ("/api/mail/bounces", "POST"),
    ("/api/payments", "GET POST"),
    ("/api/payments/{id}/attention", "DELETE"),
    ("/api/admissions", "GET"),
    ("/api/admissions/letters", "POST"),
    ("/api/admissions/holders", "POST"),
    ("/api/admissions/held", "POST"),
    ("/api/admissions/files", "POST"),
    ("/api/admissions/{id}", "GET"),
    ("/api/admissions/{id}/name", "PUT"),
    ("/api/admissions/{id}/transfer", "POST DELETE"),
    ("/api/admissions/{id}/accept", "GET POST"),
    ("/api/admissions/{id}/offer", "POST DELETE"),
    ("/api/door/{id}", "GET"),
    ("/api/door/{id}/guests", "GET"),
    ("/api/door/{id}/keys", "GET"),
    ("/api/door/{id}/changes", "GET"),
    ("/api/door/{id}/doubles", "GET"),
    ("/api/door/{id}/scans", "POST"),
    ("/api/door/{id}/staff", "GET POST"),
    ("/api/door/{id}/staff/{id}", "DELETE"),
    ("/healthz", "GET"),
    ("/readyz", "GET"),
    ("/workers/healthz", "GET"),
    ("/workers/readyz", "GET"),
    ("/api/openapi.json", "GET"),
    ("/api/docs", "GET"),
    ("/", "GET"),
];

const SOME_ID: &str = "01980f3c-0000-7000-8000-000000000000";

#[tokio::test]
async fn methods_that_an_address_does_not_take_are_refused_with_those_that_it_does() {
    let app = App::start().await;
    let person = app.sign_up().await;
    for (address, takes) in ADDRESSES {
        let path = address.replace("{id}", SOME_ID);
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"] {
            if takes.split(' ').any(|taken| taken == method) {
                continue;
            }
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = person.send(&Request::new(method, &path)).await;
            assert_eq!(answer.status, 405, "{answer}");
            let allow = answer.header("allow").split(',').map(str::trim);
            let mut allow: Vec<&str> = allow.filter(|method| *method != "HEAD").collect();
            let mut due: Vec<&str> = takes.split(' ').collect();
            allow.sort_unstable();
            due.sort_unstable();
            assert_eq!(allow, due, "{answer}");
        }
    }
}

#[tokio::test]
async fn head_tells_what_get_would() {
    let app = App::start().await;
    let person = app.sign_up().await;
    let ticket = person.list(json!({})).await.expect(201);
    let ticket = format!("/api/tickets/{}", id(&ticket));
    for path in [&ticket, "/api/tickets", "/api/users/currentUser", "/healthz", "/", "/api/docs"] {
        let told = person.get(path).await;
        let head = person.send(&Request::new(Method::HEAD, path)).await;
        assert_eq!((head.status, head.text.as_str()), (told.status, ""), "{head}");
        for header in ["content-type", "content-length", "etag"] {
            assert_eq!(head.header(header), told.header(header), "{header}: {head}");
        }
        assert_eq!(told.header("content-length"), told.text.len().to_string(), "{told}");
    }
}

#[tokio::test]
async fn where_there_is_nothing_is_404() {
    let app = App::start().await;
    let person = app.sign_up().await;
    let paths = [
        "/nothing",
        "/api",
        "/api/",
        "/api/nothing",
        "/api/users",
        "/api/users/nothing",
        "/api/users/signup",
        "/api/tickets/a/b",
        "/api/orders/a/b",
        "/api/payments/nothing",
        "/api/payments/a/b",
        "/api/openapi.yaml",
        "/.well-known/nothing",
        "/healthz/x",
        // What services ask of each other is not for the world.
        "/internal/orders/01980f3c-0000-7000-8000-000000000000/payment",
        "/internal/listings/01980f3c-0000-7000-8000-000000000000/freeze",
        "/internal/tickets/01980f3c-0000-7000-8000-000000000000",
        "/api/tickets/internal/tickets/01980f3c-0000-7000-8000-000000000000",
        "/api/orders/internal/orders/01980f3c-0000-7000-8000-000000000000/payment",
    ];
    for path in paths {
        let methods = [Method::GET, Method::POST, Method::PUT, Method::DELETE];
        let rows = methods.map(|method| {
            row(format!("{method} {path}"), Request::new(method, path), 404)
                .shows(json!({ "type": "/api/docs#problem-not-found", "title": "Not found" }))
        });
        check(&person, rows).await;
    }
}

#[tokio::test]
async fn changes_are_taken_from_our_own_pages_alone() {
    let app = App::start().await;
    let person = app.sign_up().await;
    let host = app.host().address().to_string();
    let list = |origin: &str| post("/api/tickets", listing(json!({}))).header("origin", origin);
    let from = |origin: &str, status| row(format!("Origin: {origin}"), list(origin), status);
    let rows = [
        from(&format!("http://{host}"), 201),
        from("https://evil.example", 403),
        from("null", 403),
        from("", 403),
        from(&format!("http://{host}.evil.example"), 403),
        from(&format!("http://evil.example/{host}"), 403),
        from("http://127.0.0.1", 403),
        row("no Origin", post("/api/tickets", listing(json!({}))), 201),
        row("reading", get("/api/tickets").header("origin", "https://evil.example"), 200),
    ];
    check(&person, rows).await;
    let mutations = [
        "POST /api/users/signUp",
        "POST /api/users/signIn",
        "POST /api/users/signOut",
        "DELETE /api/users/sessions",
        "DELETE /api/users/sessions/x",
        "POST /api/tickets",
        "PUT /api/tickets/x",
        "DELETE /api/tickets/x",
        "POST /api/orders",
        "DELETE /api/orders/x",
        "POST /api/payments",
    ];
    let foreign = mutations.map(|mutation| {
        let (method, path) = mutation.split_once(' ').unwrap();
        let request = Request::new(method.parse().unwrap(), path).json(&json!({}));
        row(mutation, request.header("origin", "https://evil.example"), 403)
    });
    check(&person, foreign).await;
    assert_eq!(person.get("/api/tickets").await.expect(200)["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let app = App::start_with([("trusted_proxies", "127.0.0.1")]).await;
    let person = app.client();
    let longest = "x".repeat(64);
    for path in ["/api/tickets", "/api/orders", "/api/nothing", "/healthz", "/readyz", "/"] {
        for given in ["abc-1", "A.b_c-9", &longest] {
            let answer = person.send(&get(path).header("x-request-id", given)).await;
            assert_eq!(answer.header("x-request-id"), given, "{answer}");
        }
        for given in [&format!("{longest}x"), "a b", "a\"b", "<script>", ""] {
            let answer = person.send(&get(path).header("x-request-id", given)).await;
            assert_ne!(answer.header("x-request-id"), given, "{answer}");
        }
        let ids = [person.get(path).await, person.get(path).await];
        let [first, second] = ids.each_ref().map(|answer| answer.header("x-request-id"));
        assert_ne!(first, second);
    }
}

#[tokio::test]
async fn no_stranger_names_a_request() {
    let app = App::start().await;
    let person = app.client();
    for path in ["/api/tickets", "/api/nothing", "/healthz", "/"] {
        let answer = person.send(&get(path).header("x-request-id", "abc-1")).await;
        assert_ne!(answer.header("x-request-id"), "abc-1", "{answer}");
        assert!(answer.header("x-request-id").parse::<uuid::Uuid>().is_ok(), "{answer}");
    }
}

#[tokio::test]
async fn every_kind_of_problem_is_documented() {
    let app = App::start().await;
    let person = app.sign_up().await;
    let docs = person.get("/api/docs").await;
    for kind in [
        "malformed",
        "invalid",
        "unauthorized",
        "declined",
        "forbidden",
        "not-found",
        "method-not-allowed",
        "conflict",
        "gone",
        "precondition-failed",
        "too-slow",
        "too-large",
        "uri-too-long",
        "unsupported-media-type",
        "too-many",
        "internal",
        "unavailable",
    ] {
        let anchor = format!("id=\"problem-{kind}\"");
        assert!(docs.text.contains(&anchor), "/api/docs says nothing of {kind}");
    }
}

/// What every fault of ours looks like from outside.
fn internal(name: &str, request: Request) -> Row {
    row(name, request, 500).shows(json!({
        "type": "/api/docs#problem-internal",
        "detail": "The fault is ours. Try again; if it happens again, tell us the X-Request-Id of \
                   this answer",
    }))
}

#[tokio::test]
async fn what_breaks_inside_is_not_told() {
    let app = App::start().await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({ "quantity": 5 })).await.expect(201);
    let order = buyer.hold(&ticket).await.expect(201);
    // Asks each service, so that all have made their tables.
    buyer.get("/readyz").await.expect(200);
    for table in ["tickets_tickets", "orders_orders", "payments_payments", "auth_users"] {
        app.tamper(&format!("DROP TABLE {table}")).await;
    }
    let credentials = json!({ "email": "a@example.com", "password": "correct horse" });
    let payment = json!({ "orderId": order["id"], "token": "pm_card_visa" });
    let rows = [
        internal("browse", get("/api/tickets")),
        internal("show", get(format!("/api/tickets/{}", id(&ticket)))),
        internal("list", post("/api/tickets", listing(json!({})))),
        internal("orders", get("/api/orders")),
        internal("sign up", post("/api/users/signUp", credentials.clone())),
        internal("sign in", post("/api/users/signIn", credentials)),
        // Its sibling broke, which is all that payments knows.
        row("pay", post("/api/payments", payment), 503),
    ];
    check(&buyer, rows).await;
}

#[tokio::test]
async fn wrong_keys_are_nobodys_business_either() {
    let app = App::start_with([("session_public_keys", "hunter2")]).await;
    let person = app.client().with_authorization("Bearer a.b.c");
    let rows = [
        internal("current user", get("/api/users/currentUser")),
        internal("orders", get("/api/orders")),
        internal("keys", get("/.well-known/jwks.json")),
    ];
    check(&person, rows).await;
    let answer = person.get("/api/orders").await;
    assert!(!answer.text.contains("hunter2") && !answer.text.contains("JWK"), "{answer}");
}

#[tokio::test]
async fn a_service_that_is_away_is_said_to_be() {
    // Nothing listens there.
    let app = App::start_with([
        ("orders_base_url", "http://127.0.0.1:9"),
        ("tickets_base_url", "http://127.0.0.1:9"),
    ])
    .await;
    let person = app.sign_up().await;
    let ticket = person.list(json!({})).await.expect(201);
    let path = format!("/api/tickets/{}", id(&ticket));
    let edit = Request::new(Method::PUT, &path).json(&listing(json!({})));
    let away = |name: &str, request: Request| {
        row(name, request, 503).shows(json!({ "type": "/api/docs#problem-unavailable" }))
    };
    let rows = [
        away("edit", edit),
        away("withdraw", Request::new(Method::DELETE, &path)),
        away("pay", post("/api/payments", json!({ "orderId": SOME_ID, "token": "pm_card_visa" }))),
        away("order", post("/api/orders", json!({ "ticketId": SOME_ID }))),
        row("reading goes on", get(&path), 200),
    ];
    check(&person, rows).await;
}

#[tokio::test]
async fn forty_at_once_are_all_answered() {
    let app = App::start().await;
    let person: Person = app.sign_up().await;
    let asked = (0..40).map(|n| person.list(json!({ "title": format!("listing {n}") })));
    let answers: Vec<Answer> = futures::future::join_all(asked).await;
    assert!(answers.iter().all(|answer| answer.status == 201), "{answers:#?}");
    let page = person.get("/api/tickets?limit=100").await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 40);
}
