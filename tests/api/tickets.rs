//! `POST /api/tickets`, `GET /api/tickets/{id}`: listing tickets, and looking at one.

use boxoffice_tests::person::listing;
use boxoffice_tests::{App, Row, check, get, id, post, put, row};
use serde_json::{Value, json};

const TICKETS: &str = "/api/tickets";

#[tokio::test]
async fn a_listing_has_all_that_its_seller_wrote() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let wish = json!({
        "title": " The Paper Kites ", "price": 4500, "currency": "CHF", "quantity": 3,
        "venue": "Old Mill ", "city": " Basel", "startsAt": "2030-06-12T20:30:00+02:00",
        "timeZone": "Europe/Zurich", "description": "Row 7.\nBring a coat.",
        "resaleCap": 120, "transferLimit": 0, "asksNames": true, "turningCodes": true,
    });
    let answer = seller.post(TICKETS, wish).await;
    let answer = answer.shows(
        201,
        json!({
            "title": "The Paper Kites", "price": 4500, "currency": "CHF", "quantity": 3,
            "available": 3, "status": "open", "sellerId": seller.id(),
            "venue": "Old Mill", "city": "Basel", "startsAt": "2030-06-12T18:30:00Z",
            "timeZone": "Europe/Zurich", "description": "Row 7.\nBring a coat.",
            "resaleCap": 120, "transferLimit": 0, "asksNames": true, "turningCodes": true,
            "createdAt": "2030-03-01T12:00:00Z", "version": 1,
        }),
    );
    assert_eq!(answer.header("location"), format!("/api/tickets/{}", id(&answer.body)));
    assert_eq!(answer.header("etag"), "\"1\"");
    assert_eq!(answer.header("content-type"), "application/json");
    let version = id(&answer.body).as_bytes()[14];
    assert_eq!(version, b'7', "ids are UUIDv7: {}", id(&answer.body));
    let shown = app.client().get(answer.header("location")).await;
    assert_eq!(shown.header("etag"), "\"1\"");
    assert_eq!(shown.expect(200), answer.body);
}

#[tokio::test]
async fn what_is_left_out_has_a_default() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let defaults = json!({
        "currency": "USD", "quantity": 1, "available": 1, "venue": null, "city": null,
        "startsAt": null, "timeZone": null, "description": null, "resaleCap": 100,
        "transferLimit": null, "asksNames": false, "turningCodes": false,
    });
    let nulls = json!({
        "title": "A", "price": 50, "currency": null, "quantity": null, "venue": null,
        "city": null, "startsAt": null, "timeZone": null, "description": null,
        "resaleCap": null, "transferLimit": null, "asksNames": null, "turningCodes": null,
    });
    let rows = [("left out", json!({ "title": "A", "price": 50 })), ("null", nulls)];
    let rows = rows.map(|(name, body)| row(name, post(TICKETS, body), 201).shows(defaults.clone()));
    check(&seller, rows).await;
}

/// What Stripe cannot charge is not listed, new or edited; of each currency the bounds are its own.
#[tokio::test]
async fn a_price_is_one_that_can_be_charged() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let ticket = seller.list(json!({})).await.expect(201);
    let edited = format!("{TICKETS}/{}", id(&ticket));
    let wish =
        |currency: &str, price: i64| listing(json!({ "currency": currency, "price": price }));
    let refused = |currency: &str, price: i64, message: &str| {
        let due = json!({ "errors": [{ "field": "price", "message": message }] });
        let rows = [post(TICKETS, wish(currency, price)), put(&edited, wish(currency, price))];
        rows.map(|request| row(message, request, 400).shows(due.clone()))
    };
    let listed = |currency: &str, price: i64| {
        row(format!("{price} {currency}"), post(TICKETS, wish(currency, price)), 201)
    };
    let rows = [
        refused("EUR", 49, "Give a price of at least 0.50 EUR (50)"),
        refused("GBP", 29, "Give a price of at least 0.30 GBP (30)"),
        refused("JPY", 49, "Give a price of at least 50 JPY (50)"),
        refused("HUF", 17_499, "Give a price of at least 175.00 HUF (17500)"),
        refused("KWD", 5_124, "Give a price in steps of 0.010 KWD (10)"),
        refused("MGA", 150, "Give a price in steps of 1.00 MGA (100)"),
        refused("ISK", 1_000_000, "Give a price of at most 999999 ISK (999999)"),
        refused("EUR", 0, "Give a price of at least 0.50 EUR (50)"),
    ];
    check(&seller, rows.into_iter().flatten()).await;
    let rows = [
        listed("EUR", 50),
        listed("GBP", 30),
        listed("JPY", 50),
        listed("HUF", 17_500),
        listed("KWD", 5_120),
        listed("MGA", 100),
        listed("ISK", 999_999),
        listed("KES", 1),
    ];
    check(&seller, rows).await;
    seller.sees_ticket(&ticket, json!({ "price": 2500, "version": 1 })).await;
}

/// A code turns around a date: without one it is refused, on a new listing and on an edit.
#[tokio::test]
async fn codes_turn_only_around_a_date() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let start = "2030-06-12T18:30:00Z";
    let turning = |start: Value| listing(json!({ "startsAt": start, "turningCodes": true }));
    let ticket = seller.list(json!({ "startsAt": start })).await.expect(201);
    let edited = format!("{TICKETS}/{}", id(&ticket));
    let message = "Give the event a date first: codes turn around it";
    let due = json!({ "errors": [{ "field": "turningCodes", "message": message }] });
    let undated = turning(Value::Null);
    let rows = [
        row("new, without a date", post(TICKETS, undated.clone()), 400).shows(due.clone()),
        row("edited, without a date", put(&edited, undated), 400).shows(due),
        row("new", post(TICKETS, turning(json!(start))), 201)
            .shows(json!({ "turningCodes": true })),
        row("edited", put(&edited, turning(json!(start))), 200)
            .shows(json!({ "turningCodes": true, "asksNames": false })),
        row("off again, without a date", put(&edited, listing(json!({}))), 200)
            .shows(json!({ "turningCodes": false, "startsAt": null })),
    ];
    check(&seller, rows).await;
}

/// A listing with one field of this value.
fn with(field: &str, value: Value, status: u16) -> Row {
    let mut shown: String = value.to_string().chars().take(40).collect();
    if shown.len() < value.to_string().len() {
        shown.push('…');
    }
    let mut body = listing(json!({}));
    body[field] = value;
    let row = row(format!("{field}: {shown}"), post(TICKETS, body), status);
    if status == 400 { row.fields([field]) } else { row }
}

#[tokio::test]
async fn every_field_has_its_bounds() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let rows = [
        with("title", json!(""), 400),
        with("title", json!(" \t "), 400),
        with("title", json!("x".repeat(200)), 201),
        with("title", json!("ü".repeat(200)), 201),
        with("title", json!("x".repeat(201)), 400),
        with("title", json!("a\u{0}b"), 400),
        with("title", json!("a\tb"), 400),
        with("title", json!(7), 400),
        with("price", json!(0), 400),
        with("price", json!(-1), 400),
        with("price", json!(49), 400),
        with("price", json!(50), 201),
        with("price", json!(99_999_999), 201),
        with("price", json!(100_000_000), 400),
        with("price", json!(9_223_372_036_854_775_808_u64), 400),
        with("price", json!(12.5), 400),
        with("price", json!("2500"), 400),
        with("currency", json!("JPY"), 201),
        with("currency", json!("eur"), 400),
        with("currency", json!("EURO"), 400),
        with("currency", json!(""), 400),
        with("currency", json!("XAU"), 400),
        with("currency", json!("ZZZ"), 400),
        with("currency", json!("KPW"), 400),
        with("quantity", json!(0), 400),
        with("quantity", json!(-3), 400),
        with("quantity", json!(1000), 201),
        with("quantity", json!(1001), 400),
        with("quantity", json!(1.5), 400),
        with("quantity", json!("2"), 400),
        with("venue", json!(""), 400),
        with("venue", json!("x".repeat(200)), 201),
        with("venue", json!("x".repeat(201)), 400),
        with("city", json!("  "), 400),
        with("city", json!("x".repeat(100)), 201),
        with("city", json!("x".repeat(101)), 400),
        with("startsAt", json!("2030-03-01T12:00:01Z"), 201),
        with("startsAt", json!("2030-03-01T12:00:00Z"), 400),
        with("startsAt", json!("2020-01-01T00:00:00Z"), 400),
        with("startsAt", json!("2030-06-12"), 400),
        with("startsAt", json!("2030-02-30T00:00:00Z"), 400),
        with("startsAt", json!("tomorrow"), 400),
        with("startsAt", json!(1_900_000_000), 400),
        with("timeZone", json!("America/Argentina/Buenos_Aires"), 201),
        with("timeZone", json!("UTC"), 201),
        with("timeZone", json!("Europe/Basel"), 400),
        with("timeZone", json!(""), 400),
        with("description", json!("x".repeat(5000)), 201),
        with("description", json!("x".repeat(5001)), 400),
        with("description", json!("a\u{7}b"), 400),
        with("resaleCap", json!(-1), 400),
        with("resaleCap", json!(0), 201),
        with("resaleCap", json!(200), 201),
        with("resaleCap", json!(201), 400),
        with("resaleCap", json!(99.5), 400),
        with("transferLimit", json!(-1), 400),
        with("transferLimit", json!(0), 201),
        with("transferLimit", json!(100), 201),
        with("transferLimit", json!(101), 400),
        with("transferLimit", json!("2"), 400),
        with("asksNames", json!(true), 201),
        with("asksNames", json!("true"), 400),
        with("turningCodes", json!(false), 201),
        with("turningCodes", json!(1), 400),
        with("resaleOf", json!("01980f3c-0000-7000-8000-000000000000"), 400),
    ];
    check(&seller, rows).await;
}

#[tokio::test]
async fn everything_wrong_is_told_at_once() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let body = json!({
        "title": "", "price": -1, "currency": "BUCKS", "quantity": "many", "venue": "",
        "startsAt": "soon", "timeZone": "Mars/Base", "colour": "red", "status": "sold",
    });
    let all = row("nine things", post(TICKETS, body), 400);
    let all = all.fields([
        "title", "price", "currency", "quantity", "venue", "startsAt", "timeZone", "colour",
        "status",
    ]);
    let nothing = row("nothing", post(TICKETS, json!({})), 400).fields(["title", "price"]);
    check(&seller, [all, nothing]).await;
}

#[tokio::test]
async fn bodies_are_json_objects_of_bearable_length() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let good = || post(TICKETS, listing(json!({})));
    let typed = |content_type: &str, status| {
        row(content_type, good().header("content-type", content_type), status)
    };
    let raw = |body: &str| {
        let request = good().body(body);
        row(format!("body {body:?}"), request, 400).fields([])
    };
    // Blanks are no part of the listing, but they are of the body.
    let padded = |length: usize, status| {
        let body = listing(json!({})).to_string();
        let body = format!("{body}{}", " ".repeat(length - body.len()));
        row(format!("{length} bytes"), good().body(body), status)
    };
    let rows = [
        typed("application/json", 201),
        typed("application/json; charset=utf-8", 201),
        typed("Application/JSON", 201),
        typed("text/plain", 415),
        typed("application/x-www-form-urlencoded", 415),
        typed("multipart/form-data; boundary=x", 415),
        row("no type", good().untyped(), 415),
        raw(""),
        raw("{"),
        raw("[]"),
        raw("null"),
        raw("\"title\""),
        raw("{\"title\": \"A\", \"price\": 1,}"),
        raw("title=A&price=1"),
        raw("{\"title\": \"A\", \"price\": 1} {}"),
        row("not UTF-8", good().body(b"{\"title\": \"\xff\", \"price\": 1}".as_slice()), 400),
        padded(64 * 1024, 201),
        padded(64 * 1024 + 1, 413),
        padded(1024 * 1024, 413),
    ];
    check(&seller, rows).await;
    let answer = app.client().get("/api/tickets?limit=100").await;
    let listed = answer.body["items"].as_array().unwrap().len();
    assert_eq!(listed, 4, "only what was answered with 201 is listed");
}

#[tokio::test]
async fn only_those_who_are_signed_in_list_tickets() {
    let app = App::start().await;
    let good = post(TICKETS, listing(json!({})));
    check(&app.client(), [row("nobody", good.clone(), 401)]).await;
    let garbage = app.client().with_authorization("Bearer garbage");
    check(&garbage, [row("garbage", good, 401)]).await;
    let wrong = [row("nobody, who sends nonsense", post(TICKETS, json!({ "x": 1 })), 401)];
    check(&app.client(), wrong).await;
    app.client().get(TICKETS).await.shows(200, json!({ "items": [] }));
}

#[tokio::test]
async fn anyone_may_look_at_a_listing() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let ticket = seller.list(json!({})).await.expect(201);
    let path = |id: &str| get(format!("/api/tickets/{id}"));
    let rows = [
        row("there is one", path(id(&ticket)), 200).shows(ticket.clone()),
        row("nobody has this id", path("01980f3c-0000-7000-8000-000000000000"), 404),
        row("an order's id, say", path(seller.id()), 404),
        row("no UUID", path("1"), 404),
        row("no UUID, and odd", path("%27%20OR%201=1--"), 404),
        row("not UTF-8", path("%ff"), 404),
        row("deeper", path(&format!("{}/x", id(&ticket))), 404),
    ];
    check(&app.client(), rows).await;
}
