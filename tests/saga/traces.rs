//! The trace of a request, in all events that follow from it.

use boxoffice_contract::Trace;
use boxoffice_tests::{Answer, App, Person, Request, delete, id, post};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::audit::audit;
use crate::{Stage, VISA, bus, crowd};

/// The trace of the request `n`.
fn trace_id(n: usize) -> String {
    format!("0af7651916cd43dd8448eb21{n:08x}")
}

/// A stage in a shop that takes up the traces of requests: strangers' it does not.
async fn traced(quantity: i64) -> Stage {
    Stage::set_in(App::start_with([("trusted_proxies", "127.0.0.1")]).await, quantity).await
}

/// `request`, as part of trace `n`.
fn part_of(n: usize, request: Request) -> Request {
    request.header("traceparent", format!("00-{}-b7ad6b7169203331-01", trace_id(n)))
}

/// Holds a ticket by a request that is part of trace `n`.
async fn hold(buyer: &Person, ticket: &Value, n: usize) -> Answer {
    buyer.send(&part_of(n, post("/api/orders", json!({ "ticketId": ticket["id"] })))).await
}

/// Pays by a request that is part of trace `n`; the payment.
async fn pay(buyer: &Person, order: &Value, n: usize) -> Value {
    let body = json!({ "orderId": order["id"], "token": VISA });
    buyer.send(&part_of(n, post("/api/payments", body))).await.expect(201)["payment"].clone()
}

/// The trace that the event of `stream` about `thing` carries.
async fn carried(app: &App, stream: &str, thing: &Value) -> Option<String> {
    let event = bus::event_of(app, stream, thing).await;
    let traceparent = event.get("traceparent")?;
    let trace = Trace::parse(traceparent.as_str().unwrap_or_default());
    assert!(!trace.is_none(), "{traceparent} is a traceparent, in {event:#}");
    trace.id()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_from_a_request_carries_its_trace() {
    let Stage { app, seller, buyer, ticket, .. } = traced(2).await;
    let order = hold(&buyer, &ticket, 1).await.expect(201);
    let payment = pay(&buyer, &order, 2).await;
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    // Whoever takes the money, the buyer's request or a worker, does it for that request.
    bus::event_of(&app, "payment:captured", &payment).await;
    let refund = post(format!("/api/payments/{}/refund", id(&payment)), json!({ "restock": true }));
    seller.send(&part_of(3, refund)).await.expect(200);

    let told = [
        ("order:created", &order, 1),
        ("payment:created", &payment, 2),
        ("order:completed", &order, 2),
        ("payment:captured", &payment, 2),
        ("payment:refunded", &payment, 3),
        ("order:refunded", &order, 3),
    ];
    for (stream, thing, n) in told {
        assert_eq!(carried(&app, stream, thing).await, Some(trace_id(n)), "{stream}");
    }
    audit(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_by_one_trace_is_one_trace() {
    let Stage { app, buyer, ticket, .. } = traced(1).await;
    let order = hold(&buyer, &ticket, 1).await.expect(201);
    let payment = pay(&buyer, &order, 1).await;
    buyer.sees_ticket(&ticket, json!({ "status": "sold" })).await;
    let told = [
        ("order:created", &order),
        ("payment:created", &payment),
        ("order:completed", &order),
        ("payment:captured", &payment),
    ];
    for (stream, thing) in told {
        assert_eq!(carried(&app, stream, thing).await, Some(trace_id(1)), "{stream}");
    }
    audit(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_at_once_keep_their_traces_apart() {
    const BUYERS: usize = 24;
    let Stage { app, ticket, .. } = traced(24).await;
    let buyers = crowd(&app, BUYERS).await;
    let buy = async |n: usize, buyer: &Person| {
        let order = hold(buyer, &ticket, n).await.expect(201);
        let payment = pay(buyer, &order, BUYERS + n).await;
        (order, payment)
    };
    let bought = join_all(buyers.iter().enumerate().map(|(n, buyer)| buy(n, buyer))).await;
    for (n, (order, payment)) in bought.iter().enumerate() {
        assert_eq!(carried(&app, "order:created", order).await, Some(trace_id(n)));
        let told = [
            ("payment:created", payment),
            ("order:completed", order),
            ("payment:captured", payment),
        ];
        for (stream, thing) in told {
            let due = trace_id(BUYERS + n);
            assert_eq!(carried(&app, stream, thing).await, Some(due), "{stream}");
        }
    }
    audit(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tick_finds_in_the_streams_goes_on_with_its_own_trace() {
    let Stage { app, buyer, ticket, .. } = traced(1).await;
    let order = hold(&buyer, &ticket, 1).await.expect(201);
    bus::forbid(&app, "publish").await;
    let payment = pay(&buyer, &order, 2).await;
    bus::allow(&app, "publish").await;
    // No doorbell has told of the payment: a tick finds it.
    app.advance(3);
    app.tick().await;
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    assert_eq!(carried(&app, "order:completed", &order).await, Some(trace_id(2)));
    assert_eq!(carried(&app, "payment:captured", &payment).await, Some(trace_id(2)));
    audit(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_asked_for_is_part_of_no_trace() {
    let stage = traced(2).await;
    let Stage { app, buyer, other, ticket, .. } = &stage;
    let given_up = hold(other, ticket, 1).await.expect(201);
    let path = format!("/api/orders/{}", id(&given_up));
    other.send(&part_of(2, delete(path))).await.expect(204);
    assert_eq!(carried(app, "order:cancelled", &given_up).await, Some(trace_id(2)));

    let run_out = hold(buyer, ticket, 3).await.expect(201);
    assert_eq!(carried(app, "order:created", &run_out).await, Some(trace_id(3)));
    bus::done(app, "order:created").await;
    app.advance(crate::HOLD);
    app.tick().await;
    buyer.sees_order(&run_out, json!({ "status": "cancelled" })).await;
    // It was time that ended this one, and nobody's request.
    assert_eq!(carried(app, "expiration:complete", &run_out).await, None);
    assert_eq!(carried(app, "order:cancelled", &run_out).await, None);
    audit(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_names_no_trace_begins_one() {
    let Stage { app, buyer, ticket, .. } = traced(1).await;
    let request = post("/api/orders", json!({ "ticketId": ticket["id"] }));
    let order = buyer.send(&request.header("traceparent", "nonsense")).await.expect(201);
    let begun = carried(&app, "order:created", &order).await;
    assert!(begun.is_some(), "the host begins a trace where none comes in");
    audit(&app).await;
}
