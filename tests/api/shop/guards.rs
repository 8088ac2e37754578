//! What keeps others out: headers, origins, what is escaped, where one is sent.

use boxoffice_tests::{App, get, id};
use serde_json::json;

use super::browser::{Browser, Form};

#[tokio::test]
async fn every_answer_says_what_it_may_do() {
    let app = App::start().await;
    let browser = Browser::at(&app);
    for path in ["/", "/sign-in", "/nothing", "/robots.txt", "/orders"] {
        let answer = browser.open(path).await;
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval';",
            "style-src 'self';",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{part}: {answer}");
        }
        assert!(!policy.contains("stripe") && !policy.contains("unsafe-inline"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert!(answer.header("permissions-policy").contains("geolocation=()"));
        assert_eq!(answer.header("strict-transport-security"), "", "not without https");
    }
    let page = browser.page("/").await.text;
    assert!(!page.contains(" style=") && !page.contains(" onclick="), "{page}");
    let scripts = page.split("<script").skip(1).map(|rest| &rest[..rest.find('>').unwrap()]);
    for script in scripts {
        let inert = script.contains("type=\"application/json\"");
        assert!(inert || script.contains("src=\"/assets/"), "{script}");
    }
}

#[tokio::test]
async fn the_camera_and_its_module_are_for_a_doors_page_alone() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let listing = seller.list(json!({ "title": "A cello" })).await.expect(201);
    let door = format!("/door/{}", id(&listing));
    let ask = async |path: &str| seller.exchange(&get(path).header("accept", "text/html")).await;
    let at_door = ask(&door).await;
    assert!(at_door.header("permissions-policy").starts_with("camera=(self), "), "{at_door}");
    assert!(at_door.text.contains(r#"<script type="module" src="/assets/door-"#), "{at_door}");
    let [listing, undo, under] =
        [format!("/tickets/{}", id(&listing)), format!("{door}/undo"), format!("/listings{door}")];
    for path in ["/", "/listings", "/nothing", "/door", "/door/all", &listing, &undo, &under] {
        let answer = ask(path).await;
        assert!(answer.header("permissions-policy").starts_with("camera=(), "), "{answer}");
        assert!(!answer.text.contains("/assets/door-"), "{answer}");
    }
    // Who may not use the door needs nothing of what it has.
    let closed = app.client().exchange(&get(&door).header("accept", "text/html")).await;
    assert_eq!(closed.status, 403, "{closed}");
    assert!(!closed.text.contains("/assets/door-"), "{closed}");
}

#[tokio::test]
async fn stripe_is_let_in_only_with_its_key() {
    let variables =
        [("stripe_publishable_key", "pk_test_1"), ("public_url", "https://tickets.example")];
    let app = App::start_with(variables).await;
    let answer = Browser::at(&app).open("/").await;
    let policy = answer.header("content-security-policy");
    assert!(
        policy.contains("script-src 'self' 'wasm-unsafe-eval' https://js.stripe.com"),
        "{policy}"
    );
    assert!(policy.contains("frame-src https://js.stripe.com"), "{policy}");
    assert!(answer.header("strict-transport-security").starts_with("max-age="), "{answer}");
}

#[tokio::test]
async fn what_people_type_is_text_wherever_it_appears() {
    let app = App::start().await;
    let evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'><!--";
    let seller = Browser::signed_up(&app, "evil@example.com").await;
    let form = seller.form("/tickets/new", "/tickets/new").await;
    let form = form.with("title", evil).with("price", "45").with("currency", "EUR");
    let form = form.with("venue", evil).with("city", "Basel").with("description", evil);
    let ticket = seller.send(&form).await.header("location").to_owned();
    let query: String = form_urlencoded::byte_serialize(evil.as_bytes()).collect();
    for path in [
        "/".to_owned(),
        ticket.clone(),
        format!("{ticket}/edit"),
        "/listings".to_owned(),
        format!("/?q={query}&city={query}&sort={query}&maxPrice={query}"),
        format!("/sign-in?next={query}"),
        format!("/{query}"),
    ] {
        let page = seller.open(&path).await;
        for mark in ["<script>alert", "<img src=x", "onerror=alert(2)>\""] {
            assert!(!page.text.contains(mark), "{path}: {mark} got through: {page}");
        }
    }
}

#[tokio::test]
async fn forms_are_taken_from_our_own_pages_alone() {
    let app = App::start().await;
    let ticket = app.sign_up().await.list(json!({})).await.expect(201);
    let browser = Browser::signed_up(&app, "victim@example.com").await;
    let form = browser.form("/", "/sign-out").await;
    let orders = "01980f3c-0000-7000-8000-000000000000";
    for action in [
        "/sign-in".to_owned(),
        "/sign-up".to_owned(),
        "/sign-out".to_owned(),
        "/tickets/new".to_owned(),
        format!("/tickets/{}/hold", id(&ticket)),
        format!("/tickets/{}/edit", id(&ticket)),
        format!("/tickets/{}/withdraw", id(&ticket)),
        format!("/orders/{orders}/pay"),
        format!("/orders/{orders}/cancel"),
        format!("/orders/{orders}/give-back"),
        format!("/sales/{orders}/refund"),
        format!("/sessions/{orders}/end"),
        "/sessions/end-others".to_owned(),
    ] {
        for origin in ["https://evil.example", "null", ""] {
            let form = form.clone().sent_to(&action);
            let request = form.request().header("accept", "text/html").header("origin", origin);
            let answer = browser.exchange(request).await;
            assert_eq!(answer.status, 403, "{action} from {origin:?}: {answer}");
            assert!(answer.header("content-type").starts_with("text/html"), "{answer}");
        }
    }
    assert!(browser.page("/").await.text.contains("victim@example.com"), "still signed in");
}

#[tokio::test]
async fn only_the_shops_own_addresses_are_gone_on_to() {
    let app = App::start().await;
    Browser::signed_up(&app, "open@example.com").await;
    for (next, due) in [
        ("/tickets/new", "/tickets/new"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ] {
        let browser = Browser::at(&app);
        let query: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let page = browser.page(&format!("/sign-in?next={query}")).await;
        assert!(!page.text.contains("evil.example\""), "{page}");
        let form = browser.form("/sign-in", "/sign-in").await.with("email", "open@example.com");
        let form = form.with("password", boxoffice_tests::person::PASSWORD).with("next", next);
        assert_eq!(browser.send(&form).await.header("location"), due, "{next}");
        let again = browser.open(&format!("/sign-in?next={query}")).await;
        assert_eq!(again.header("location"), due, "those who are signed in go on: {next}");
    }
}

#[tokio::test]
async fn forms_come_as_forms() {
    let app = App::start().await;
    let browser = Browser::at(&app);
    let form = Form::on(&browser.page("/sign-in").await, "/sign-in");
    let request = form.request().header("content-type", "application/json");
    let answer = browser.exchange(request.header("accept", "text/html")).await;
    assert_eq!(answer.status, 400, "{answer}");
}
