//! The auditor itself: it sees what is wrong in a real shop, names it, and is not led astray by a
//! shop at work.

use std::time::Duration;

use boxoffice_ops::{Rule, Unreadable, Violation, audit};
use boxoffice_tests::{App, Person, id};
use serde_json::{Value, json};

use crate::audit::audit as settle;
use crate::{Stage, VISA, bus};

/// A shop in which one ticket is sold, one held, and one was given up; all is at rest.
struct Shop {
    stage: Stage,
    sold: Value,
    held: Value,
    given_up: Value,
    payment: Value,
    admission: Value,
}

impl Shop {
    async fn open() -> Self {
        let stage = Stage::set(5).await;
        let Stage { app, buyer, other, ticket, .. } = &stage;
        let sold = buyer.hold(ticket).await.expect(201);
        let payment = buyer.pay(&sold, VISA).await.expect(201)["payment"].clone();
        let held = other.hold(ticket).await.expect(201);
        let given_up = other.hold(ticket).await.expect(201);
        other.cancel(&given_up).await.expect(204);
        settle(app).await;
        let admission = buyer.admissions(&sold, 1).await.remove(0);
        Self { stage, sold, held, given_up, payment, admission }
    }

    /// What stands for the ids of this shop in the tables below.
    fn fill(&self, text: &str) -> String {
        let names = [
            ("$listing", &self.stage.ticket),
            ("$sold", &self.sold),
            ("$held", &self.held),
            ("$given_up", &self.given_up),
            ("$payment", &self.payment),
            ("$admission", &self.admission),
        ];
        names.iter().fold(text.to_owned(), |text, (name, thing)| text.replace(name, id(thing)))
    }
}

async fn pass(app: &App) -> Vec<Violation> {
    audit::pass(&app.sources()).await.unwrap()
}

/// Rules and ids, as people see them.
fn about(violations: &[Violation]) -> Vec<String> {
    let about = |violation: &Violation| {
        let line = violation.to_string();
        line.split_once(": ").map_or(line.clone(), |(about, _)| about.to_owned())
    };
    violations.iter().map(about).collect()
}

/// What is done to the books, how it is undone, and what an audit says meanwhile.
const TAMPERED: &[(&str, &str, &[&str])] = &[
    (
        "UPDATE orders_listings SET held = held + 1 WHERE ticket_id = '$listing'",
        "UPDATE orders_listings SET held = held - 1 WHERE ticket_id = '$listing'",
        &["inventory listing=$listing", "listing-counts listing=$listing"],
    ),
    (
        "UPDATE tickets_tickets SET quantity = 1 WHERE id = '$listing'",
        "UPDATE tickets_tickets SET quantity = 5 WHERE id = '$listing'",
        &["listing-replica listing=$listing"],
    ),
    (
        "UPDATE tickets_tickets SET venue = 'Elsewhere' WHERE id = '$listing'",
        "UPDATE tickets_tickets SET venue = NULL WHERE id = '$listing'",
        &[
            "listing-replica listing=$listing",
            "listing-replica listing=$listing service=admissions",
        ],
    ),
    (
        "UPDATE tickets_orders SET quantity = 2 WHERE id = '$held'",
        "UPDATE tickets_orders SET quantity = 1 WHERE id = '$held'",
        &["order-replica order=$held service=tickets"],
    ),
    (
        "UPDATE payments_orders SET version = version - 1 WHERE id = '$given_up'",
        "UPDATE payments_orders SET version = version + 1 WHERE id = '$given_up'",
        &["order-replica order=$given_up service=payments"],
    ),
    (
        "UPDATE expiration_timers SET running = 0 WHERE order_id = '$held'",
        "UPDATE expiration_timers SET running = 1 WHERE order_id = '$held'",
        &["timer-replica order=$held"],
    ),
    (
        "UPDATE orders_orders SET amount = 1 WHERE id = '$held'",
        "UPDATE orders_orders SET amount = 4500 WHERE id = '$held'",
        &["order-amount order=$held"],
    ),
    (
        "UPDATE orders_orders SET refunded_at = 1, version = version + 1 WHERE id = '$sold'",
        "UPDATE orders_orders SET refunded_at = NULL, version = version - 1 WHERE id = '$sold'",
        &[
            "order-replica order=$sold service=admissions",
            "order-replica order=$sold service=tickets",
            "refunded-order order=$sold payment=$payment",
            "undue-admission admission=$admission order=$sold",
        ],
    ),
    (
        "UPDATE admissions_admissions SET status = 'void' WHERE id = '$admission'",
        "UPDATE admissions_admissions SET status = 'valid' WHERE id = '$admission'",
        &["missing-admission order=$sold"],
    ),
    (
        "UPDATE admissions_admissions SET holder_id = seller_id FROM admissions_listings \
         WHERE admissions_admissions.id = '$admission'",
        "UPDATE admissions_admissions SET holder_id = buyer_id FROM orders_orders \
         WHERE orders_orders.id = '$sold' AND admissions_admissions.id = '$admission'",
        &["first-holder admission=$admission order=$sold"],
    ),
    (
        "UPDATE payments_payments SET amount = 4501",
        "UPDATE payments_payments SET amount = 4500",
        &[
            "unpaid-order order=$sold payment=$payment",
            "booked-payment payment=$payment",
            "ledger-payment payment=$payment intent=$intent",
            "ledger-total currency=eur",
        ],
    ),
    (
        "UPDATE payments_payments SET status = 'authorized'",
        "UPDATE payments_payments SET status = 'captured'",
        &[
            "uncaptured-payment order=$sold payment=$payment",
            "booked-payment payment=$payment",
            "ledger-payment payment=$payment intent=$intent",
            "ledger-total currency=eur",
        ],
    ),
    (
        "UPDATE payments_payments SET order_id = '$held'",
        "UPDATE payments_payments SET order_id = '$sold'",
        &[
            "unpaid-order order=$sold payment=$payment",
            "booked-payment payment=$payment",
            "charged-in-vain payment=$payment order=$held",
            "ledger-payment payment=$payment intent=$intent",
        ],
    ),
    (
        "UPDATE orders_outbox SET published_at = NULL WHERE id = \
         (SELECT id FROM orders_outbox WHERE published_at IS NOT NULL ORDER BY id LIMIT 1)",
        "UPDATE orders_outbox SET published_at = 1 WHERE published_at IS NULL",
        &["unpublished-events service=orders event=$event"],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_names_what_was_tampered_with() {
    let shop = Shop::open().await;
    let app = &shop.stage.app;
    assert_eq!(about(&pass(app).await), Vec::<String>::new());
    let intent = app.sandbox_intents().await[0]["id"].as_str().unwrap().to_owned();
    // Events in outboxes may be forgotten soon after they were published.
    let event = "01980f3c-0000-7000-8000-00000000e000";
    let kept = format!(
        "INSERT INTO orders_outbox (id, type, body, created_at, published_at) \
         VALUES ('{event}', 'order:created', '{{}}', 0, 1)"
    );
    let others = app.tamper("DELETE FROM orders_outbox").await;
    assert!(others <= 8, "{others}");
    assert_eq!(app.tamper(&kept).await, 1);
    for (sql, undo, due) in TAMPERED {
        assert_eq!(app.tamper(&shop.fill(sql)).await, 1, "{sql}");
        let mut due: Vec<String> = due
            .iter()
            .map(|line| shop.fill(line).replace("$intent", &intent).replace("$event", event))
            .collect();
        let mut seen = about(&pass(app).await);
        seen.sort();
        due.sort();
        assert_eq!(seen, due, "{sql}");
        assert_eq!(app.tamper(&shop.fill(undo)).await, 1, "{undo}");
    }
    assert_eq!(about(&pass(app).await), Vec::<String>::new(), "all of it was undone");
}

/// A PaymentIntent that nobody made through the shop.
async fn intent(app: &App, metadata: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in [
        ("amount", "700"),
        ("currency", "eur"),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
        ("automatic_payment_methods[enabled]", "true"),
        ("automatic_payment_methods[allow_redirects]", "never"),
    ] {
        form.append_pair(name, value);
    }
    for (name, value) in metadata {
        form.append_pair(&format!("metadata[{name}]"), value);
    }
    let answer = reqwest::Client::new()
        .post(format!("{}/v1/payment_intents", app.sandbox_url()))
        .bearer_auth(&app.variables["stripe_api_key"])
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.finish())
        .send()
        .await
        .unwrap();
    let intent: Value = answer.json().await.unwrap();
    assert_eq!(intent["status"], "succeeded", "{intent:#}");
    id(&intent).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_only_the_provider_knows_of_is_found_if_it_is_ours() {
    let shop = Shop::open().await;
    let app = &shop.stage.app;
    for _ in 0..101 {
        intent(app, &[("order_id", "another shop's")]).await;
    }
    assert_eq!(pass(app).await, [], "others may use the account");
    let (order, payment) = (id(&shop.held), "01980f3c-0000-7000-8000-00000000dead");
    let stray = intent(app, &[("order_id", order), ("payment_id", payment)]).await;
    assert_eq!(
        about(&pass(app).await),
        [
            format!("unknown-intent intent={stray} payment={payment} order={order}"),
            "ledger-total currency=eur".to_owned(),
        ]
    );
    let twice = [("order_id", id(&shop.sold)), ("payment_id", id(&shop.payment))];
    intent(app, &twice).await;
    let found = pass(app).await;
    let double = found.iter().find(|violation| violation.rule == Rule::DoubleCharge).unwrap();
    assert_eq!(double.id("payment"), Some(id(&shop.payment)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_groups_have_not_done_is_named() {
    let shop = Shop::open().await;
    let app = &shop.stage.app;
    let event = bus::forged(app, "payment:declined", &shop.held["id"], json!({}));
    let entry = bus::append(app, &event).await;
    let unread = format!("unread-events stream=payment:declined group=orders entry={entry}");
    assert_eq!(about(&pass(app).await), [unread]);
    let mut redis = app.redis().await;
    let read = ["GROUP", "orders", "nobody", "STREAMS", "payment:declined", ">"];
    let _: redis::Value =
        redis::cmd("XREADGROUP").arg(&read).query_async(&mut redis).await.unwrap();
    let pending = format!("pending-events stream=payment:declined group=orders entry={entry}");
    assert_eq!(about(&pass(app).await), [pending]);
    let destroy = ["DESTROY", "payment:declined", "orders"];
    let _: i64 = redis::cmd("XGROUP").arg(&destroy).query_async(&mut redis).await.unwrap();
    assert_eq!(about(&pass(app).await), ["missing-group stream=payment:declined group=orders"]);
    let _: i64 = redis::cmd("DEL").arg("payment:declined").query_async(&mut redis).await.unwrap();
    let fields: [(&str, &[u8]); 4] = [
        ("stream", b"order:created"),
        ("group", b"tickets"),
        ("event", b"\xff nonsense"),
        ("error", b"no use"),
    ];
    let letter = bus::append_raw(app, "dead-letters", &fields).await;
    let dead = format!("dead-letter letter={letter} stream=order:created group=tickets event=none");
    assert_eq!(about(&pass(app).await), [dead]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_no_clean_audit() {
    let mut shop = Shop::open().await;
    let app = &mut shop.stage.app;
    let mut sources = app.sources();
    app.stop_redis();
    app.stop_sandbox().await;
    let error = audit::settled(&sources, Duration::ZERO).await.unwrap_err();
    let Unreadable { problems } = error.downcast_ref().unwrap();
    let whats: Vec<&str> = problems.iter().map(|problem| problem.what.as_str()).collect();
    assert_eq!(problems.len(), 2, "{whats:?}");
    assert!(whats[0].starts_with("the Redis at 127.0.0.1:"), "{whats:?}");
    assert!(whats[1].starts_with("the payment provider at http://127.0.0.1:"), "{whats:?}");
    app.start_redis();
    app.start_sandbox().await;
    let key = "sk_test_of_somebody_else";
    sources.provider = boxoffice_ops::provider::Provider::new(app.sandbox_url(), key);
    let error = audit::pass(&sources).await.unwrap_err().to_string();
    assert!(error.contains("refuses the key") && !error.contains(key), "{error}");
    sources.provider = app.sources().provider;
    assert_eq!(audit::pass(&sources).await.unwrap(), []);
}

/// Buys, gives up and edits until it is stopped.
async fn keep_busy(seller: &Person, buyer: &Person, ticket: &Value) {
    loop {
        let order = buyer.hold(ticket).await.expect(201);
        buyer.cancel(&order).await.expect(204);
        let order = buyer.hold(ticket).await.expect(201);
        buyer.pay(&order, VISA).await.expect(201);
        seller.list(json!({})).await.expect(201);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_at_work_is_told_from_one_that_is_wrong() {
    let stage = Stage::set(1_000).await;
    let Stage { app, seller, buyer, other, ticket } = &stage;
    let sources = app.sources();
    let patience = Duration::from_secs(20);
    let mut passes = 0;
    let audited = async {
        let clean = audit::settled(&sources, patience).await.unwrap();
        assert_eq!(about(&clean), Vec::<String>::new());
        // The shop is at work: moments are seen in which it disagrees with itself.
        while audit::pass(&sources).await.unwrap().is_empty() {
            passes += 1;
            assert!(passes < 500, "nothing ever was on its way");
        }
        let order = other.hold(ticket).await.expect(201);
        bus::event_of(app, "order:created", &order).await;
        let order = id(&order).to_owned();
        let heard =
            async || app.tamper(&format!("DELETE FROM tickets_orders WHERE id = '{order}'")).await;
        boxoffice_tests::eventually("tickets has heard of it", heard, |rows| *rows == 1).await;
        let wrong = audit::settled(&sources, Duration::from_secs(4)).await.unwrap();
        let missing = format!("order-replica order={order} service=tickets");
        assert!(about(&wrong).contains(&missing), "{wrong:?}");
        let about_traffic = |violation: &&Violation| violation.id("order") != Some(&order);
        let rest: Vec<_> = wrong.iter().filter(about_traffic).map(|v| v.rule).collect();
        // Since tickets counts one order less, its counts stay wrong as well.
        assert!(rest.iter().all(|rule| *rule == Rule::ListingCounts), "{wrong:?}");
    };
    tokio::select! {
        () = audited => {}
        () = keep_busy(seller, buyer, ticket) => {}
    }
}
