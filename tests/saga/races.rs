//! Many people, or both ends of a purchase, at once.

use std::time::Duration;

use boxoffice_tests::{App, Person, eventually, get, id, post};
use futures::future::{join, join_all};
use serde_json::{Value, json};

use crate::audit::audit;
use crate::bus;
use crate::{HOLD, PRICE, Stage, VISA, count, crowd};
use boxoffice_tests::provider::{Mood, Provider};

/// All of a crowd hold one ticket at once: the answers' statuses, and the orders made.
async fn rush(people: &[Person], ticket: &Value) -> (Vec<u16>, Vec<(Person, Value)>) {
    let answers = join_all(people.iter().map(|person| person.hold(ticket))).await;
    let statuses = answers.iter().map(|answer| answer.status).collect();
    let mut orders = Vec::new();
    for (person, answer) in people.iter().zip(answers) {
        match answer.status {
            201 => orders.push((person.clone(), answer.body)),
            _ => drop(answer.refuses(409, "reserved")),
        }
    }
    (statuses, orders)
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_want_one_and_fifty_want_ten() {
    let app = App::start().await;
    let (seller, people) = (app.sign_up().await, crowd(&app, 50).await);
    for quantity in [1, 10] {
        let wish = json!({ "price": PRICE, "quantity": quantity });
        let ticket = seller.list(wish).await.expect(201);
        let (statuses, orders) = rush(&people, &ticket).await;
        assert_eq!(count(&statuses, 201), quantity, "{statuses:?}");
        assert_eq!(count(&statuses, 409), 50 - quantity, "{statuses:?}");
        let state = json!({ "available": 0, "status": "held", "quantity": quantity });
        seller.sees_ticket(&ticket, state).await;
        let paying = orders.iter().map(|(person, order)| person.pay(order, VISA));
        for answer in join_all(paying).await {
            answer.expect(201);
        }
        for (person, order) in &orders {
            person.sees_order(order, json!({ "status": "complete" })).await;
        }
        seller.sees_ticket(&ticket, json!({ "available": 0, "status": "sold" })).await;
    }
    audit(&app).await;
    assert_eq!(app.sandbox_intents().await.len(), 11);
}

/// Twice as many tickets as a rush can get are held by people who want several.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_wants_several_each_never_gets_more_than_there_are() {
    let app = App::start().await;
    let (seller, people) = (app.sign_up().await, crowd(&app, 12).await);
    let ticket = seller.list(json!({ "quantity": 20 })).await.expect(201);
    let wishes: Vec<i64> = [2, 3, 4].into_iter().cycle().take(people.len()).collect();
    let holding = people.iter().zip(&wishes);
    let answers = join_all(holding.map(|(person, many)| person.hold_many(&ticket, *many))).await;
    let (mut left, mut refused) = (20, Vec::new());
    for (answer, wish) in answers.iter().zip(wishes) {
        match answer.status {
            201 => left -= wish,
            _ => {
                assert_eq!(answer.status, 409, "{answer}");
                refused.push(wish);
            }
        }
    }
    // Nobody was refused what is left: there have never been fewer left than now.
    assert!(
        left >= 0 && refused.iter().all(|wish| *wish > left),
        "{left} left, refused {refused:?}"
    );
    seller.sees_ticket(&ticket, json!({ "available": left })).await;
    audit(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_equal_sign_ups_make_one_account() {
    let app = App::start().await;
    let wish = json!({ "email": "the-same@example.com", "password": "correct horse battery" });
    let request = post("/api/users/signUp", wish.clone());
    let people: Vec<Person> = (0..20).map(|_| app.client()).collect();
    let answers = join_all(people.iter().map(|person| person.send(&request))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(count(&statuses, 201), 1, "{statuses:?}");
    for answer in answers {
        if answer.status != 201 {
            answer.refuses(409, "email_taken");
        }
    }
    app.client().send(&post("/api/users/signIn", wish)).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_payments_of_one_order_take_the_money_once() {
    let Stage { app, buyer, ticket, .. } = Stage::set(1).await;
    let order = buyer.hold(&ticket).await.expect(201);
    let answers = join_all((0..20).map(|_| buyer.pay(&order, VISA))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(count(&statuses, 201), 1, "{statuses:?}");
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        let code = answer.body["code"].as_str().unwrap_or_default();
        let known = ["payment_pending", "already_paid", "complete"];
        assert!(answer.status == 409 && known.contains(&code), "{answer}");
    }
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    audit(&app).await;
    assert_eq!(app.sandbox_intents().await.len(), 1);
}

/// The same request, sent again and again before the first is answered: a button pressed twice.
#[tokio::test(flavor = "multi_thread")]
async fn one_payment_sent_twenty_times_is_one_payment() {
    let Stage { app, buyer, ticket, .. } = Stage::set(1).await;
    let order = buyer.hold(&ticket).await.expect(201);
    let wish = json!({ "orderId": id(&order), "token": VISA });
    let request = post("/api/payments", wish).key("pressed-twice");
    let answers = join_all((0..20).map(|_| buyer.send(&request))).await;
    let mut payments: Vec<&Value> = Vec::new();
    for answer in &answers {
        match answer.status {
            201 => payments.push(&answer.body["payment"]["id"]),
            // Under way, or not known yet: nobody is told to pay again.
            409 | 503 => assert_eq!(answer.body["code"], "payment_pending", "{answer}"),
            _ => panic!("{answer}"),
        }
    }
    assert!(
        payments.first().is_some_and(|id| payments.iter().all(|other| other == id)),
        "{payments:?}"
    );
    buyer.send(&request).await.expect(201);
    audit(&app).await;
    assert_eq!(app.sandbox_intents().await.len(), 1);
}

/// The same hold, sent again and again before the first is answered.
#[tokio::test(flavor = "multi_thread")]
async fn one_hold_sent_twenty_times_is_one_hold() {
    let Stage { app, buyer, ticket, .. } = Stage::set(20).await;
    let request = post("/api/orders", json!({ "ticketId": id(&ticket) })).key("pressed-twice");
    let answers = join_all((0..20).map(|_| buyer.send(&request))).await;
    let first = answers[0].clone().expect(201);
    for answer in answers {
        assert_eq!(answer.expect(201), first);
    }
    buyer.sees_ticket(&ticket, json!({ "available": 19 })).await;
    audit(&app).await;
}

/// Twenty times "cancel" and once "pay": the order ends in one way only, and whoever was told that
/// it is cancelled is right.
#[tokio::test(flavor = "multi_thread")]
async fn cancels_against_a_payment() {
    let stage = Stage::set(1).await;
    let Stage { app, buyer, ticket, .. } = &stage;
    for round in 0..6 {
        let order = buyer.hold(ticket).await.expect(201);
        let cancels = async {
            // From all before the payment to all after it.
            tokio::time::sleep(Duration::from_millis(4 * round)).await;
            join_all((0..20).map(|_| buyer.cancel(&order))).await
        };
        let (cancels, pay) = join(cancels, buyer.pay(&order, VISA)).await;
        let ended = ended(buyer, &order).await;
        let statuses: Vec<u16> = cancels.iter().map(|answer| answer.status).collect();
        if ended["status"] == "complete" {
            assert_eq!(count(&statuses, 409), 20, "{ended:#} {statuses:?}");
            pay.expect(201);
            buyer.sees_ticket(ticket, json!({ "status": "sold" })).await;
            break;
        }
        assert_eq!(ended["cancelReason"], "buyer", "{ended:#}");
        assert_eq!(count(&statuses, 204), 20, "{ended:#} {statuses:?}");
        assert!(matches!(pay.status, 201 | 409), "{pay}");
        stage.shows(1, "open").await;
    }
    // A payment that met an order which had just ended never asked the provider. Nobody can tell
    // that from a request that is still on its way, so it is given up after a minute.
    app.advance(60);
    audit(app).await;
}

/// An order, once it has ended.
async fn ended(buyer: &Person, order: &Value) -> Value {
    let path = format!("/api/orders/{}", id(order));
    let look = async || buyer.send(&get(&path)).await.expect(200);
    let over = |order: &Value| matches!(order["status"].as_str(), Some("complete" | "cancelled"));
    eventually("the order has ended", look, over).await
}

/// Thirty rounds of a payment whose money comes in the second in which its hold ends: long before
/// the tick that ends it, long after, and in the others at about the same time.
#[tokio::test(flavor = "multi_thread")]
async fn payments_against_expiry() {
    const ROUNDS: u64 = 30;
    /// So many rounds at either end are no race.
    const CLEAR: u64 = 3;
    let (provider, app) = Provider::with_shop().await;
    let stage = Stage::set_in(app, ROUNDS as i64).await;
    let Stage { app, buyer, ticket, .. } = &stage;
    let (mut sold, mut freed) = (0, 0);
    for round in 0..ROUNDS {
        let order = buyer.hold(ticket).await.expect(201);
        bus::done(app, "order:created").await;
        app.advance(HOLD - 1);
        provider.be(Mood::Slow);
        let meet = async {
            let intents = async || app.intents_of(&order).await.len();
            eventually("the money is set aside", intents, |count| *count == 1).await;
            let answer = async |after: u64| {
                tokio::time::sleep(Duration::from_millis(after)).await;
                provider.be(Mood::Normal);
            };
            let expire = async |after: u64| {
                tokio::time::sleep(Duration::from_millis(after)).await;
                app.advance(1);
                app.tick().await;
            };
            if round < CLEAR {
                answer(0).await;
                ended(buyer, &order).await;
                expire(0).await;
            } else if round < ROUNDS - CLEAR {
                join(answer(3 * round), expire(20)).await;
            } else {
                expire(0).await;
                ended(buyer, &order).await;
                answer(0).await;
            }
        };
        let (pay, ()) = join(buyer.pay(&order, VISA), meet).await;
        let ended = ended(buyer, &order).await;
        if ended["status"] == "complete" {
            pay.expect(201);
            sold += 1;
        } else {
            assert_eq!(ended["cancelReason"], "expired", "{ended:#}");
            if pay.status != 201 {
                pay.refuses(409, "ended");
            }
            freed += 1;
        }
        buyer.sees_ticket(ticket, json!({ "available": ROUNDS - sold })).await;
    }
    println!("{sold} sold, {freed} freed");
    assert!(sold >= CLEAR && freed >= CLEAR, "{sold} sold, {freed} freed");
    audit(app).await;
    let intents = app.sandbox_intents().await;
    let taken = intents.iter().filter(|intent| intent["amount_received"] == PRICE).count();
    assert_eq!(taken as u64, sold, "whoever has a ticket has paid, and nobody else");
}
