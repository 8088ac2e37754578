//! Tickets in the hand: what follows from a sale, from its end, and from several people at once.

use boxoffice_host::{Faults, MessageFate};
use boxoffice_tests::{App, Person, Surroundings, eventually, id, post};
use futures::future::{join, join_all};
use serde_json::{Value, json};

use crate::audit::{audit, everything};
use crate::{Stage, bus, crowd};

fn path(admission: &Value) -> String {
    format!("/api/admissions/{}", id(admission))
}

/// Tickets that `stage`'s buyer has bought.
async fn bought(stage: &Stage, quantity: i64) -> (Value, Vec<Value>) {
    let order = stage.buyer.buy(&stage.ticket, quantity).await;
    let count = usize::try_from(quantity).unwrap();
    let admissions = stage.buyer.admissions(&order, count).await;
    (order, admissions)
}

/// The token of a transfer of `admission` to `receiver`.
async fn hand_on(holder: &Person, admission: &Value, receiver: &Person) -> String {
    let body = json!({ "email": receiver.account["email"] });
    let begun = holder.post(&format!("{}/transfer", path(admission)), body).await.expect(200);
    let link = begun["transfer"]["link"].as_str().unwrap().to_owned();
    link.split_once("?token=").unwrap().1.to_owned()
}

/// Waits until the money of `buyer`'s last payment is taken, and has the organizer give it back.
async fn refund(stage: &Stage, buyer: &Person) {
    let path = buyer.refund_path().await;
    let answer = stage.seller.post(&path, json!({ "restock": false })).await;
    assert!(matches!(answer.status, 200 | 202), "{answer}");
}

/// How many people may enter with tickets of `order`.
fn live(app: &App, order: &Value) -> i64 {
    let sql = "SELECT COUNT(*) FROM admissions_admissions WHERE order_id = ?1 AND status = 'valid'";
    app.database().query_row(sql, [id(order)], |row| row.get(0)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tickets_life_is_told() {
    let stage = Stage::set(2).await;
    let Stage { app, seller, buyer, other, ticket } = &stage;
    let order = buyer.buy(ticket, 1).await;
    // Who looks at their tickets before the event has come has them issued, as part of that look.
    let of_order = |event: &Value| event["data"]["orderId"] == order["id"];
    let issued = bus::event_where(app, "admission:issued", of_order).await;
    let admissions = buyer.admissions(&order, 1).await;
    let [admission] = &admissions[..] else { panic!("one ticket") };
    let data = json!({
        "id": admission["id"], "version": 1, "status": "valid", "orderId": order["id"],
        "ticketId": ticket["id"], "number": 1, "holderId": buyer.id(), "generation": 1,
    });
    assert_eq!(issued["data"], data, "{issued:#}");
    let completed = bus::event_of(app, "order:completed", &order).await;
    assert_eq!(issued["traceparent"], completed["traceparent"], "it is part of the purchase");
    let token = hand_on(buyer, admission, other).await;
    let accept = format!("{}/accept", path(admission));
    let accepted = other.post(&accept, json!({ "token": token })).await.expect(200);
    let told = bus::event_of(app, "admission:transferred", admission).await;
    assert_eq!(told["data"]["holderId"], other.id(), "{told:#}");
    assert_eq!((&told["data"]["generation"], &told["data"]["version"]), (&json!(2), &json!(3)));
    assert_eq!(seller.scans(ticket, "North", &accepted["code"]).await["verdict"], "admitted");
    let told = bus::event_of(app, "admission:used", admission).await;
    assert_eq!(told["data"]["status"], "used", "{told:#}");
    refund(&stage, buyer).await;
    let told = bus::event_of(app, "admission:voided", admission).await;
    assert_eq!((&told["data"]["status"], &told["data"]["version"]), (&json!("void"), &json!(5)));
    audit(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_may_be_heard_before_the_sale() {
    let stage = Stage::set(2).await;
    let Stage { app, buyer, .. } = &stage;
    let (order, admissions) = bought(&stage, 2).await;
    refund(&stage, buyer).await;
    for admission in &admissions {
        buyer.sees(&path(admission), json!({ "status": "void" })).await;
    }
    let (sale, end) = join(
        bus::event_of(app, "order:completed", &order),
        bus::event_of(app, "order:refunded", &order),
    )
    .await;
    audit(app).await;
    // Another order, of which both are heard in the wrong order.
    let another = uuid::Uuid::now_v7();
    for (event, name) in [(end, "order:refunded"), (sale, "order:completed")] {
        let mut data = event["data"].clone();
        data["id"] = json!(another);
        let forged = bus::forged(app, name, &json!(another), data);
        bus::send(app, &forged).await;
        bus::done(app, name).await;
    }
    assert_eq!(live(app, &json!({ "id": another })), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_is_told_again_changes_nothing() {
    let stage = Stage::set(2).await;
    let Stage { app, buyer, .. } = &stage;
    let (order, _) = bought(&stage, 2).await;
    audit(app).await;
    let before = everything(app);
    let sale = bus::event_of(app, "order:completed", &order).await;
    for _ in 0..3 {
        bus::send(app, &sale).await;
    }
    bus::done(app, "order:completed").await;
    assert_eq!(everything(app), before);
    buyer.admissions(&order, 2).await;
}

/// Old programs did not tell `admissions`, and there were sales before it.
#[tokio::test(flavor = "multi_thread")]
async fn sales_from_before_get_their_tickets_by_a_tick() {
    let stage = Stage::set(5).await;
    let Stage { app, buyer, other, ticket, .. } = &stage;
    let (order, _) = bought(&stage, 2).await;
    let refunded = other.buy(ticket, 1).await;
    refund(&stage, other).await;
    other.sees_order(&refunded, json!({ "status": "refunded" })).await;
    audit(app).await;
    let as_before = "UPDATE orders_orders SET told_version = 0";
    for sql in ["DELETE FROM admissions_admissions", "DELETE FROM admissions_orders", as_before] {
        app.database().execute(sql).unwrap();
    }
    app.tick().await;
    let issued = async || live(app, &order);
    eventually("the tickets are issued", issued, |live| *live == 2).await;
    let orders = "SELECT COUNT(*) FROM admissions_orders";
    let known = async || -> i64 { app.database().query_row(orders, [], |row| row.get(0)).unwrap() };
    eventually("the refund is known", known, |known| *known == 2).await;
    assert_eq!(live(app, &refunded), 0);
    buyer.admissions(&order, 2).await;
    let untold = "SELECT COUNT(*) FROM orders_orders WHERE told_version < version";
    let untold: i64 = app.database().query_row(untold, [], |row| row.get(0)).unwrap();
    assert_eq!(untold, 0);
}

/// A buyer is faster than the event, and `admissions` asks.
#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_who_is_faster_than_the_event_has_their_tickets() {
    let mut around = Surroundings::prepare().await;
    let deaf = std::sync::Arc::new(Deaf);
    around.faults = Some(deaf);
    let stage = Stage::set_in(App::start_in(around).await, 2).await;
    let Stage { app, buyer, other, ticket, .. } = &stage;
    let order = buyer.hold_many(ticket, 2).await.expect(201);
    buyer.pay(&order, crate::VISA).await.expect(201);
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    let of_order = format!("/api/admissions?orderId={}", id(&order));
    other.get(&of_order).await.shows(200, json!({ "items": [] }));
    let answers = join_all((0..8).map(|_| buyer.get(&of_order))).await;
    for answer in answers {
        assert_eq!(answer.expect(200)["items"].as_array().map(Vec::len), Some(2));
    }
    assert_eq!(live(app, &order), 2);
    // The event comes after all.
    audit(app).await;
    assert_eq!(live(app, &order), 2);
}

/// Nobody hears a doorbell of `order:completed` but by a tick.
struct Deaf;

impl Faults for Deaf {
    fn of_message(&self, component: &str, channel: &str) -> MessageFate {
        match (component, channel) {
            ("admissions-worker", "order:completed") => MessageFate::Dropped,
            _ => MessageFate::Delivered,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_doors_one_lets_in() {
    let stage = Stage::set(1).await;
    let Stage { app, seller, ticket, .. } = &stage;
    let (_, admissions) = bought(&stage, 1).await;
    let code = &admissions[0]["code"];
    let doors: Vec<String> = (0..12).map(|number| format!("Door {number}")).collect();
    let scans = join_all(doors.iter().map(|door| seller.scans(ticket, door, code))).await;
    let admitted: Vec<_> =
        scans.iter().zip(&doors).filter(|(scan, _)| scan["verdict"] == "admitted").collect();
    let [(_, first)] = &admitted[..] else { panic!("one is let in: {scans:#?}") };
    for scan in scans.iter().filter(|scan| scan["verdict"] != "admitted") {
        assert_eq!((&scan["verdict"], &scan["first"]["door"]), (&json!("used"), &json!(first)));
    }
    audit(app).await;
}

/// Two doors tell of the same evening at once, in opposite orders.
#[tokio::test(flavor = "multi_thread")]
async fn two_doors_tell_of_the_same_people() {
    let stage = Stage::set(20).await;
    let Stage { app, seller, ticket, .. } = &stage;
    let (_, admissions) = bought(&stage, 20).await;
    let tell = |door: &'static str, admissions: Vec<&Value>| {
        let scans: Vec<Value> = admissions
            .iter()
            .map(|admission| json!({ "id": uuid::Uuid::now_v7(), "code": admission["code"] }))
            .collect();
        let path = format!("/api/door/{}/scans", id(ticket));
        let request = post(path, json!({ "door": door, "scans": scans }));
        async move { seller.send(&request).await.expect(200) }
    };
    let north = tell("North", admissions.iter().collect());
    let south = tell("South", admissions.iter().rev().collect());
    let (north, south) = join(north, south).await;
    let admitted = |told: &Value| {
        let results = told["results"].as_array().unwrap().iter();
        results.filter(|result| result["verdict"] == "admitted").count()
    };
    assert_eq!(admitted(&north) + admitted(&south), 20, "{north:#}\n{south:#}");
    audit(app).await;
}

/// A transfer, a scan of the old code, taking back and a refund, all at once: whatever comes first,
/// nobody enters who should not, and there is one code that works, or none.
#[tokio::test(flavor = "multi_thread")]
async fn everything_at_once_comes_to_one_end() {
    for round in 0..10 {
        let stage = Stage::set(1).await;
        let Stage { app, seller, buyer, other, ticket } = &stage;
        let (order, admissions) = bought(&stage, 1).await;
        let [admission] = &admissions[..] else { panic!("one ticket") };
        let token = hand_on(buyer, admission, other).await;
        let accept = format!("{}/accept", path(admission));
        let transfer = format!("{}/transfer", path(admission));
        let accepting = other.post(&accept, json!({ "token": token }));
        let scanning = seller.scans(ticket, "North", &admission["code"]);
        let taking_back = async {
            if round % 3 == 1 {
                buyer.delete(&transfer).await;
            }
        };
        let refunding = async {
            if round % 3 == 2 {
                refund(&stage, buyer).await;
            }
        };
        let (accepted, scanned, (), ()) =
            futures::join!(accepting, scanning, taking_back, refunding);
        let entered = scanned["verdict"] == "admitted";
        assert!(!(entered && accepted.status == 200), "{accepted}\n{scanned:#}");
        assert!(matches!(accepted.status, 200 | 409), "{accepted}");
        audit(app).await;
        let refunded = round % 3 == 2;
        let valid = i64::from(!entered && !refunded);
        assert_eq!(live(app, &order), valid, "{accepted}\n{scanned:#}");
        if accepted.status == 200 && !refunded {
            let old = seller.scans(ticket, "South", &admission["code"]).await;
            assert_eq!(old["verdict"], "void", "{old:#}");
            let new = seller.scans(ticket, "South", &accepted.body["code"]).await;
            assert_eq!(new["verdict"], "admitted", "{new:#}");
        }
    }
}

/// One link, many who have it: it is for one address, and works once.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_many_have_works_for_one() {
    let stage = Stage::set(1).await;
    let Stage { app, buyer, other, .. } = &stage;
    let (_, admissions) = bought(&stage, 1).await;
    let token = hand_on(buyer, &admissions[0], other).await;
    let accept = format!("{}/accept", path(&admissions[0]));
    let people = crowd(app, 6).await;
    let strangers = people.iter().map(|person| person.post(&accept, json!({ "token": token })));
    let friends = (0..4).map(|_| other.post(&accept, json!({ "token": token })));
    let (strangers, friends) = join(join_all(strangers), join_all(friends)).await;
    for answer in strangers {
        // Afterwards the link is no longer one.
        assert!(matches!(answer.status, 403 | 409), "{answer}");
    }
    for answer in friends {
        answer.shows(200, json!({ "generation": 2, "holderId": other.id() }));
    }
    audit(app).await;
}
