//! Whoever can write to Redis.

use boxoffice_contract::EventType;
use boxoffice_tests::{App, Audit, eventually, id};
use serde_json::{Value, json};

/// The JSON of an event of `kind` with `data`, as a service would write it.
fn event(app: &App, kind: &str, source: &str, subject: &Value, data: &Value) -> String {
    json!({
        "specversion": "1.0",
        "id": "01980f3c-0000-7000-8000-000000000001",
        "source": format!("/boxoffice/{source}"),
        "type": kind,
        "subject": subject,
        "time": app.time(0),
        "datacontenttype": "application/json",
        "data": data,
    })
    .to_string()
}

/// Puts `event` into the stream `kind` and rings its doorbell.
async fn send(app: &App, kind: &str, event: &str) {
    let mut redis = app.redis().await;
    let _: String =
        redis::cmd("XADD").arg(&[kind, "*", "event", event]).query_async(&mut redis).await.unwrap();
    let _: i64 = redis::cmd("PUBLISH").arg(&[kind, event]).query_async(&mut redis).await.unwrap();
}

/// How many events were refused.
async fn refused(app: &App) -> usize {
    let mut redis = app.redis().await;
    let counts: Vec<usize> =
        redis::cmd("HVALS").arg("boxoffice:forged").query_async(&mut redis).await.unwrap();
    counts.iter().sum()
}

async fn is_refused(app: &App, count: usize) {
    let what = format!("{count} events are refused");
    eventually(&what, async || refused(app).await, |refused| *refused == count).await;
}

fn payment(order: &Value) -> Value {
    json!({
        "id": "01980f3c-0000-7000-8000-000000000002",
        "version": 1,
        "orderId": id(order),
        "amount": order["amount"],
        "currency": order["currency"],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_payment_completes_nothing() {
    let app = App::start().await;
    let ticket = app.sign_up().await.list(json!({ "quantity": 5 })).await.expect(201);
    let buyer = app.sign_up().await;
    let order = buyer.hold(&ticket).await.expect(201);
    let kind = "payment:created";
    let plain = event(&app, kind, "payments", &payment(&order)["id"], &payment(&order));
    send(&app, kind, &plain).await;
    is_refused(&app, 1).await;
    // With the code of another event.
    let other = app.sealed("{\"id\":\"1\"}");
    let code = other.split(",\"mac\"").nth(1).unwrap();
    let stolen = format!("{},\"mac\"{code}", plain.strip_suffix('}').unwrap());
    send(&app, kind, &stolen).await;
    is_refused(&app, 2).await;
    buyer.sees_order(&order, json!({ "status": "created" })).await;
    app.tick().await;
    assert_eq!(refused(&app).await, 2, "none is tried again");
    Audit { dead_letters: 2, ..Audit::default() }.check(&app).await;
    // The same event with a code is believed: the test forges well.
    send(&app, kind, &app.sealed(&plain)).await;
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_listing_changes_no_price() {
    let app = App::start().await;
    let seller = app.sign_up().await;
    let ticket = seller.list(json!({ "quantity": 5, "price": 4_500 })).await.expect(201);
    let cheap = json!({
        "id": id(&ticket), "version": 99, "sellerId": seller.id(), "title": "Kites", "price": 1,
        "currency": "EUR", "quantity": 5, "withdrawn": false,
    });
    let kind = "ticket:updated";
    send(&app, kind, &event(&app, kind, "tickets", &ticket["id"], &cheap)).await;
    // All groups that read it refuse it.
    is_refused(&app, EventType::TicketUpdated.groups().len()).await;
    let order = app.sign_up().await.hold(&ticket).await.expect(201);
    assert_eq!(order["amount"], 4_500);
}

#[tokio::test(flavor = "multi_thread")]
async fn older_programs_are_believed_while_they_run() {
    let app = App::start_with([("event_macs", "optional")]).await;
    let ticket = app.sign_up().await.list(json!({ "quantity": 5 })).await.expect(201);
    let buyer = app.sign_up().await;
    let order = buyer.hold(&ticket).await.expect(201);
    let kind = "payment:created";
    let plain = event(&app, kind, "payments", &payment(&order)["id"], &payment(&order));
    send(&app, kind, &plain).await;
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    assert_eq!(refused(&app).await, 0);
}
