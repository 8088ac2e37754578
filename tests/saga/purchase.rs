//! A purchase, and what the rest of the world hears of it.

use std::collections::BTreeMap;
use std::future::ready;

use boxoffice_tests::{App, eventually, id};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::audit::audit;
use crate::bus;
use crate::{PRICE, Stage, VISA};

/// What anyone hears who just subscribes to all doorbells.
async fn eavesdrop(app: &App) -> redis::aio::PubSub {
    let client = redis::Client::open(app.variables["redis_url"].as_str()).unwrap();
    let mut ear = client.get_async_pubsub().await.unwrap();
    ear.subscribe(bus::streams().collect::<Vec<_>>()).await.unwrap();
    ear
}

/// The next `count` messages of a purchase, by channel. Signing up rings, too: for its letter.
async fn heard(ear: &mut redis::aio::PubSub, count: usize) -> BTreeMap<String, Value> {
    let messages = ear.on_message().map(|message| {
        let event = serde_json::from_slice(message.get_payload_bytes()).unwrap();
        (message.get_channel_name().to_owned(), event)
    });
    let is_of_purchase = |(channel, _): &(String, Value)| ready(channel != "letter:asked");
    let messages = messages.filter(is_of_purchase).take(count);
    let all = messages.collect::<BTreeMap<_, _>>();
    tokio::time::timeout(std::time::Duration::from_secs(10), all).await.expect("doorbells ring")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_bought() {
    let Stage { app, buyer, ticket, .. } = Stage::set(1).await;
    let order = buyer.hold(&ticket).await.shows(
        201,
        json!({
            "status": "created", "quantity": 1, "amount": PRICE, "currency": "EUR",
            "ticket": { "id": ticket["id"], "title": ticket["title"], "price": PRICE },
            "expiresAt": app.time(900), "createdAt": app.time(0), "version": 1,
        }),
    );
    let order = order.body;
    buyer.sees_ticket(&ticket, json!({ "status": "held", "available": 0 })).await;
    let payment = buyer.pay(&order, VISA).await.shows(
        201,
        json!({ "payment": { "orderId": order["id"], "amount": PRICE, "currency": "EUR" } }),
    );
    let status = payment.body["payment"]["status"].as_str().unwrap();
    assert!(matches!(status, "authorized" | "captured"), "{payment}");
    buyer.sees_order(&order, json!({ "status": "complete", "amount": PRICE })).await;
    buyer.sees_ticket(&ticket, json!({ "status": "sold", "available": 0 })).await;
    let intents = async || app.intents_of(&order).await;
    let captured = |intents: &Vec<Value>| intents.iter().all(|i| i["status"] == "succeeded");
    let intents = eventually("the money is taken", intents, captured).await;
    let [intent] = &intents[..] else { panic!("one purchase, one intent: {intents:#?}") };
    assert_eq!(intent["amount_received"], PRICE, "{intent:#}");
    assert_eq!(intent["currency"], "eur", "{intent:#}");
    assert_eq!(intent["metadata"]["payment_id"], payment.body["payment"]["id"], "{intent:#}");
    audit(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_hears_of_a_purchase() {
    let app = App::start().await;
    let mut ear = eavesdrop(&app).await;
    let (seller, buyer) = tokio::join!(app.sign_up(), app.sign_up());
    let ticket = seller.list(json!({ "price": PRICE })).await.expect(201);
    let order = buyer.hold(&ticket).await.expect(201);
    let payment = buyer.pay(&order, VISA).await.expect(201)["payment"].clone();
    let heard = heard(&mut ear, 6).await;
    let admission = buyer.admissions(&order, 1).await.remove(0);
    let due = [
        (
            "ticket:created",
            "tickets",
            &ticket,
            json!({
                "id": ticket["id"], "sellerId": seller.account["id"], "price": PRICE,
                "currency": "EUR", "quantity": 1, "title": ticket["title"], "withdrawn": false,
            }),
        ),
        (
            "order:created",
            "orders",
            &order,
            json!({
                "id": order["id"], "status": "created", "buyerId": buyer.account["id"],
                "ticketId": ticket["id"], "quantity": 1, "amount": PRICE, "currency": "EUR",
                "expiresAt": order["expiresAt"], "paymentId": null,
            }),
        ),
        (
            "payment:created",
            "payments",
            &payment,
            json!({
                "id": payment["id"], "orderId": order["id"], "amount": PRICE, "currency": "EUR",
            }),
        ),
        (
            "order:completed",
            "orders",
            &order,
            json!({
                "id": order["id"], "status": "complete", "paymentId": payment["id"],
            }),
        ),
        (
            "payment:captured",
            "payments",
            &payment,
            json!({
                "id": payment["id"], "orderId": order["id"], "amount": PRICE, "currency": "EUR",
            }),
        ),
        (
            "admission:issued",
            "admissions",
            &admission,
            json!({
                "id": admission["id"], "status": "valid", "orderId": order["id"],
                "ticketId": ticket["id"], "holderId": buyer.account["id"], "generation": 1,
            }),
        ),
    ];
    assert_eq!(heard.len(), due.len(), "{heard:#?}");
    let mut ids = Vec::new();
    for (name, source, subject, data) in due {
        let event = bus::event_of(&app, name, subject).await;
        assert_eq!(heard[name], event, "the doorbell of {name} and its stream tell the same");
        assert_eq!(event["specversion"], "1.0", "{event:#}");
        assert_eq!(event["type"], name, "{event:#}");
        assert_eq!(event["source"], format!("/boxoffice/{source}"), "{event:#}");
        assert_eq!(event["datacontenttype"], "application/json", "{event:#}");
        assert_eq!(event["time"], app.time(0), "{event:#}");
        assert!(event["data"]["version"].as_i64().is_some_and(|v| v >= 1), "{event:#}");
        for (member, value) in data.as_object().unwrap() {
            assert_eq!(&event["data"][member], value, "{member} of {event:#}");
        }
        ids.push(id(&event).to_owned());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), heard.len(), "every event has an id of its own");
    audit(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_tickets_are_bought_at_once() {
    let stage = Stage::set(5).await;
    let Stage { app, buyer, other, ticket, .. } = &stage;
    let three = buyer
        .hold_many(ticket, 3)
        .await
        .shows(201, json!({ "quantity": 3, "amount": 3 * PRICE, "ticket": { "price": PRICE } }));
    stage.shows(2, "open").await;
    other.hold_many(ticket, 3).await.refuses(409, "not_enough");
    let two = other.hold_many(ticket, 2).await.expect(201);
    stage.shows(0, "held").await;
    buyer.hold(ticket).await.refuses(409, "reserved");
    buyer.pay(&three.body, VISA).await.expect(201);
    buyer.sees_order(&three.body, json!({ "status": "complete" })).await;
    stage.shows(0, "held").await;
    other.pay(&two, "pm_card_mastercard").await.expect(201);
    other.sees_order(&two, json!({ "status": "complete", "amount": 2 * PRICE })).await;
    stage.shows(0, "sold").await;
    buyer.hold(ticket).await.refuses(409, "sold");
    audit(app).await;
    let mut taken: Vec<_> =
        app.sandbox_intents().await.iter().map(|i| i["amount_received"].as_i64()).collect();
    taken.sort();
    assert_eq!(taken, [Some(2 * PRICE), Some(3 * PRICE)]);
}
