//! What pages show, and how they are answered.

use boxoffice_tests::{App, check, get, id, row};
use serde_json::json;

use super::browser::{Browser, embedded};

#[tokio::test]
async fn the_first_response_has_the_listings_in_it() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let ticket = seller
        .list(json!({
            "title": "Night of Kites", "price": 4500, "currency": "EUR", "venue": "Old Mill",
            "city": "Basel", "startsAt": "2030-06-12T18:30:00Z", "timeZone": "Europe/Zurich",
        }))
        .await
        .expect(201);
    let page = Browser::at(&app).page("/").await;
    for text in ["Night of Kites", "€45.00", "Old Mill", "Basel", "12 Jun 2030", "20:30", "CEST"]
    {
        assert!(page.text.contains(text), "{text} is not on the page: {page}");
    }
    assert!(page.text.contains(&format!("data-ticket=\"{}\"", id(&ticket))), "{page}");
    let german = Browser::at(&app).in_language("de-DE").page("/").await;
    for text in ["45,00\u{a0}€", "12.06.2030"] {
        assert!(german.text.contains(text), "{text} is not on the page: {german}");
    }
    let detail = Browser::at(&app).page(&format!("/tickets/{}", id(&ticket))).await;
    let state = embedded(&detail);
    assert_eq!(state["page"]["ticket"]["card"]["price"], "€45.00", "{state:#}");
    assert!(detail.text.contains("Night of Kites") && detail.text.contains("€45.00"));
}

#[tokio::test]
async fn filters_are_taken_from_the_address() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    for (title, price, currency, starts) in [
        ("early", 4500, "EUR", "2030-06-12T04:00:00Z"),
        ("late", 5000, "JPY", "2030-06-13T03:00:00Z"),
        ("dear", 9000, "EUR", "2030-07-01T18:00:00Z"),
    ] {
        let wish = json!({
            "title": title, "price": price, "currency": currency, "startsAt": starts,
            "timeZone": "America/Los_Angeles",
        });
        seller.list(wish).await.expect(201);
        app.a_moment_passes();
    }
    seller.list(json!({ "title": "some day", "price": 100 })).await.expect(201);
    let browser = Browser::at(&app);
    let titles = async |query: &str| {
        let state = browser.state(&format!("/?{query}")).await.expect(200);
        let cards = state["show"]["page"]["browse"]["cards"].as_array().unwrap().clone();
        let titles: Vec<String> =
            cards.iter().map(|card| card["title"].as_str().unwrap().to_owned()).collect();
        titles.join(", ")
    };
    assert_eq!(titles("").await, "some day, dear, late, early");
    assert_eq!(titles("q=ear").await, "dear, early");
    assert_eq!(titles("sort=startsAt").await, "early, late, dear, some day");
    // By the days of Los Angeles, where it is the 11th still, and the 12th still.
    assert_eq!(titles("from=2030-06-12&to=2030-06-12").await, "late");
    assert_eq!(titles("from=2030-06-11&to=2030-06-12").await, "late, early");
    assert_eq!(titles("maxPrice=45").await, "some day, early");
    assert_eq!(titles("maxPrice=45,00").await, "some day, early");
    assert_eq!(titles("maxPrice=5000").await, "some day, dear, late, early");
    assert_eq!(titles("utm_source=elsewhere&q=late").await, "late");
    let wrong = browser.open("/?maxPrice=cheap&from=tomorrow&q=early").await;
    assert_eq!(wrong.status, 400, "{wrong}");
    assert!(wrong.text.contains("number such as 45"), "{wrong}");
    assert!(wrong.text.contains("such as 2027-05-01") && wrong.text.contains("early"), "{wrong}");
}

#[tokio::test]
async fn a_long_list_has_pages() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    for n in 0..30 {
        seller.list(json!({ "title": format!("kite {n}"), "price": 100 + n })).await.expect(201);
    }
    let browser = Browser::at(&app);
    let first =
        browser.state("/?q=kite&sort=price").await.expect(200)["show"]["page"]["browse"].clone();
    assert_eq!(first["cards"].as_array().unwrap().len(), 24);
    assert!(first["first"].is_null());
    let next = first["next"].as_str().unwrap();
    let second = browser.state(next).await.expect(200)["show"]["page"]["browse"].clone();
    assert_eq!(second["cards"].as_array().unwrap().len(), 6);
    assert_eq!((&second["first"], &second["next"]), (&json!("/?q=kite&sort=price"), &json!(null)));
}

#[tokio::test]
async fn public_pages_are_asked_for_again_only_when_they_changed() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let ticket = seller.list(json!({ "title": "Kites" })).await.expect(201);
    let browser = Browser::at(&app);
    for path in ["/".to_owned(), format!("/tickets/{}", id(&ticket))] {
        let page = browser.page(&path).await;
        assert_eq!(page.header("cache-control"), "no-cache", "{page}");
        let tag = page.header("etag").to_owned();
        app.advance(5);
        let known = async |tag: &str| {
            browser
                .exchange(get(&path).header("accept", "text/html").header("if-none-match", tag))
                .await
        };
        let same = known(&tag).await;
        assert_eq!((same.status, same.text.as_str()), (304, ""), "{same}");
        assert_eq!(same.header("etag"), tag);
        assert_eq!(known("\"other\"").await.status, 200);
        let edit = json!({ "title": "Kites II", "price": 2500, "currency": "EUR" });
        seller.put(&format!("/api/tickets/{}", id(&ticket)), edit).await.expect(200);
        let changed = known(&tag).await;
        assert_eq!(changed.status, 200, "{changed}");
        seller
            .put(
                &format!("/api/tickets/{}", id(&ticket)),
                json!({ "title": "Kites", "price": 2500 }),
            )
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn what_is_nobody_elses_is_not_kept() {
    let app = App::start().await;
    let browser = Browser::signed_up(&app, "private@example.com").await;
    browser.page("/").await;
    let front = browser.page("/").await;
    assert_eq!(front.header("cache-control"), "private, no-cache", "{front}");
    assert!(front.header("vary").contains("Cookie"), "{front}");
    for path in ["/orders", "/listings", "/tickets/new"] {
        let page = browser.page(path).await;
        assert_eq!(page.header("cache-control"), "no-store", "{page}");
        assert_eq!(page.header("x-robots-tag"), "noindex", "{page}");
        let nobody = Browser::at(&app).open(path).await;
        let next = path.replace('/', "%2F");
        assert_eq!(nobody.header("location"), format!("/sign-in?next={next}"), "{nobody}");
    }
}

#[tokio::test]
async fn pages_come_compressed_to_those_who_take_it() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    for _ in 0..5 {
        seller.list(json!({ "title": "Night of Kites" })).await.expect(201);
    }
    let plain = Browser::at(&app).page("/").await;
    assert_eq!(plain.header("content-encoding"), "");
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = http.get(format!("http://{}/", app.host().address()));
    let request = request.header("accept", "text/html").header("accept-encoding", "gzip");
    let request = request.header("accept-language", "en-GB,en;q=0.9");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    assert!(answer.headers()["vary"].to_str().unwrap().contains("Accept-Encoding"));
    assert_ne!(answer.headers()["etag"].to_str().unwrap(), plain.header("etag"));
    let bytes = answer.bytes().await.unwrap();
    assert!(bytes.len() * 2 < plain.text.len(), "{} of {}", bytes.len(), plain.text.len());
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&bytes[..]), &mut text)
        .unwrap();
    assert_eq!(text, plain.text);
}

#[tokio::test]
async fn what_is_not_there_has_a_page_for_people_and_a_problem_for_programs() {
    let app = App::start().await;
    let browser = Browser::signed_up(&app, "lost@example.com").await;
    let nobody = "01980f3c-0000-7000-8000-000000000000";
    for path in [
        "/nothing".to_owned(),
        format!("/tickets/{nobody}"),
        "/tickets/x".to_owned(),
        format!("/orders/{nobody}"),
        format!("/orders/{nobody}/event.ics"),
    ] {
        let page = browser.open(&path).await;
        assert_eq!(
            (page.status, page.header("content-type")),
            (404, "text/html; charset=utf-8"),
            "{page}"
        );
        assert!(
            page.text.contains("href=\"/\"") && page.text.contains("lost@example.com"),
            "{page}"
        );
        let state = browser.state(&path).await;
        assert_eq!(state.status, 404, "{state}");
        assert!(state.body["show"]["page"]["missing"]["what"].is_string(), "{state}");
        check(
            &app.client(),
            [row(&path, get(&path), if path.starts_with("/orders/") { 303 } else { 404 })],
        )
        .await;
    }
}

#[tokio::test]
async fn what_breaks_has_a_page_that_tells_of_nothing_inside() {
    let app = App::start().await;
    let browser = Browser::at(&app);
    browser.page("/").await;
    app.tamper("DROP TABLE tickets_tickets").await;
    // The first page may be kept for a second.
    let page = browser.open("/?q=kites").await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (503, "text/html; charset=utf-8"),
        "{page}"
    );
    assert!(page.text.contains(page.header("x-request-id")), "{page}");
    assert!(!page.text.contains("sqlite") && !page.text.contains("tickets_tickets"), "{page}");
    let problem = browser.exchange(get("/?q=kites")).await;
    assert_eq!(problem.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn robots_and_icons_are_answered() {
    let app = App::start().await;
    let person = app.client();
    let robots = person.get("/robots.txt").await;
    assert!(robots.text.contains("Disallow: /api/"), "{robots}");
    let icon = person.get("/favicon.ico").await;
    assert_eq!(icon.status, 308, "{icon}");
    assert!(icon.header("location").starts_with("/assets/favicon"), "{icon}");
}
