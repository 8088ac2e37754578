//! What people type, and what other sites send.

use boxoffice_tests::{Request, get, id};
use reqwest::Method;
use serde_json::json;

use crate::acts::{Stage, a_concert, checkout_of, page_of};
use crate::harness::{Window, in_shop};

/// What would do harm if it were taken for markup, in a text, an attribute, or a script.
const HARM: [&str; 3] = [
    "<img src=x onerror=\"window.isHarmed=1\">",
    "\"'><svg onload=window.isHarmed=1>",
    "</script><script>window.isHarmed=1</script><!--",
];

async fn is_unharmed(window: &Window, text: &str) {
    window.sees(text).await;
    let harm = "window.isHarmed || document.querySelector('img[src=x], svg[onload]')?.outerHTML";
    assert_eq!(window.run(&format!("return ({harm}) ?? null")).await, json!(null));
}

#[tokio::test]
async fn what_sellers_write_is_text_on_every_page() {
    in_shop(async |shop| {
        for harm in HARM {
            let wish = json!({ "title": harm, "venue": harm, "city": harm, "description": harm, "quantity": 2 });
            let stage = Stage::set(shop, wish).await;
            let (bob, ann) = (&stage.window, shop.window_of("Ann", &stage.seller).await);
            let order = stage.buyer.hold(&stage.ticket).await.expect(201);
            let pages = ["/".to_owned(), page_of(&stage.ticket), checkout_of(&order), "/orders".to_owned()];
            for page in &pages {
                bob.go(page).await;
                is_unharmed(bob, harm).await;
            }
            // By the page's own script as well, not only by the server.
            bob.go("/sign-in").await;
            bob.go("/").await;
            bob.click(harm).await;
            is_unharmed(bob, harm).await;
            stage.buyer.pay(&order, "pm_card_visa").await.expect(201);
            stage.buyer.sees_order(&order, json!({ "status": "complete" })).await;
            bob.go(&format!("/orders/{}", id(&order))).await;
            is_unharmed(bob, harm).await;
            ann.go("/listings").await;
            is_unharmed(&ann, harm).await;
            ann.go(&format!("{}/edit", page_of(&stage.ticket))).await;
            assert_eq!(ann.value("Title").await, harm);
            assert_eq!(ann.value("About these tickets").await, harm);
        }
    })
    .await;
}

#[tokio::test]
async fn what_visitors_write_is_text() {
    in_shop(async |shop| {
        shop.sign_up().await.list(a_concert(json!({}))).await.expect(201);
        let window = shop.window("visitor").await;
        window.expects_status("/sign-up", 400);
        for harm in HARM {
            let query: String = form_urlencoded::byte_serialize(harm.as_bytes()).collect();
            window.go(&format!("/?q={query}")).await;
            is_unharmed(&window, "No tickets match").await;
            assert_eq!(window.value("Search").await, harm);
            window.go(&format!("/sign-up?next=/?q={query}")).await;
            window.signs_up(harm).await;
            window.complaint("E-mail address").await;
            assert_eq!(window.value("E-mail address").await, harm);
            is_unharmed(&window, "E-mail address").await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_link_in_a_description_is_no_link() {
    in_shop(async |shop| {
        let wish = json!({ "description": "Pay me at https://evil.example/ instead" });
        let stage = Stage::set(shop, wish).await;
        stage.window.go(&page_of(&stage.ticket)).await;
        stage.window.sees("https://evil.example/").await;
        let links =
            stage.window.run("return document.querySelectorAll('[href*=evil]').length").await;
        assert_eq!(links, 0);
    })
    .await;
}

/// A form of the shop, as a browser sends it.
fn form(path: &str, body: &str) -> Request {
    Request::new(Method::POST, path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
}

#[tokio::test]
async fn forms_are_taken_from_the_shops_own_pages_alone() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({ "quantity": 5 })).await;
        let order = stage.buyer.hold(&stage.ticket).await.expect(201);
        let (ticket, order_page) = (page_of(&stage.ticket), format!("/orders/{}", id(&order)));
        let forms = [
            form("/sign-in", "email=a@example.com&password=x"),
            form("/sign-up", "email=a@example.com&password=correct+horse+battery"),
            form("/sign-out", "key=1"),
            form("/tickets/new", "title=A&price=1.00&currency=EUR&quantity=1"),
            form(&format!("{ticket}/edit"), "title=A&price=1.00&currency=EUR&quantity=1"),
            form(&format!("{ticket}/withdraw"), "key=1"),
            form(&format!("{ticket}/hold"), "quantity=1&key=1"),
            form(&format!("{order_page}/pay"), "token=pm_card_visa&key=1"),
            form(&format!("{order_page}/cancel"), "key=1"),
        ];
        for request in forms {
            for person in [&stage.buyer, &stage.seller] {
                for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
                    let answer = person.exchange(&request.clone().header("origin", origin)).await;
                    assert_eq!(answer.status, 403, "from {origin}: {answer}");
                }
                let site = request.clone().header("sec-fetch-site", "cross-site");
                let answer = person.exchange(&site.header("origin", "https://evil.example")).await;
                assert_eq!(answer.status, 403, "{answer}");
            }
        }
        stage.buyer.sees_order(&order, json!({ "status": "created" })).await;
        stage.seller.sees_ticket(&stage.ticket, json!({ "title": "The Paper Kites" })).await;
        let orders = stage.buyer.get("/api/orders").await.expect(200);
        assert_eq!(orders["items"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn another_sites_page_cannot_buy() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let bob = &stage.window;
        bob.go("/").await;
        let address = format!("http://{}{}/hold", shop.host().address(), page_of(&stage.ticket));
        bob.expects_status("/hold", 403);
        bob.goes_elsewhere(&format!(
            "data:text/html,<form method=post action={address}><input name=quantity value=1>\
             <button>Win a prize</button></form>"
        ))
        .await;
        bob.click("Win a prize").await;
        bob.sees_heading("Not allowed").await;
        assert_eq!(stage.buyer.get("/api/orders").await.expect(200)["items"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn every_answer_to_a_browser_carries_the_rules_for_it() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let visitor = &shop.client();
        for (person, path, status) in [
            (visitor, "/", 200),
            (visitor, "/sign-in", 200),
            (visitor, "/orders", 303),
            (&stage.buyer, "/", 200),
            (&stage.buyer, "/sign-in", 303),
            (&stage.buyer, "/orders", 200),
            (&stage.buyer, "/nothing/here", 404),
        ] {
            let answer = person.exchange(&get(path).header("accept", "text/html")).await;
            assert_eq!(answer.status, status, "{answer}");
            let policy = answer.header("content-security-policy");
            for rule in [
                "default-src 'none'",
                "frame-ancestors 'none'",
                "form-action 'self'",
                "base-uri 'none'",
            ] {
                assert!(policy.contains(rule), "{path}: {rule} is not in {policy}");
            }
            assert!(
                !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"),
                "{policy}"
            );
            assert!(!policy.contains("stripe"), "no key, no script of Stripe's: {policy}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
            assert!(!answer.header("permissions-policy").is_empty(), "{path}");
        }
        // What is somebody's own is in nobody else's cache.
        let own = stage.buyer.exchange(&get("/orders").header("accept", "text/html")).await;
        assert!(own.header("cache-control").contains("no-store"), "{own}");
    })
    .await;
}
