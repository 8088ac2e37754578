//! Cards that are tested, and tickets for nothing.

use boxoffice_tests::{Answer, App, Person, Request, id, post};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

const GOOD: &str = "pm_card_visa";
const DECLINED: &str = "pm_card_chargeDeclined";
const ASKS: &str = "pm_card_threeDSecure2Required";
/// After so many declines an order ends.
const PER_ORDER: usize = 5;
/// How many attempts of one account may fail within an hour, of one client, and for one listing beyond
/// its sales.
const PER_ACCOUNT: usize = 10;
const PER_CLIENT: usize = 60;
const PER_LISTING: usize = 50;
const HOUR: u64 = 60 * 60;
const BANNER: &str = "Test shop: nothing is charged, tickets are not real";

/// Someone with an account and a hold of `ticket`.
async fn holds(app: &App, ticket: &Value) -> (Person, Value) {
    let buyer = app.sign_up().await;
    let order = buyer.hold(ticket).await.expect(201);
    (buyer, order)
}

/// The home page as people see it.
async fn home(app: &App) -> String {
    let request = Request::new(Method::GET, "/").header("accept", "text/html");
    app.client().exchange(&request).await.text
}

/// Test keys that were left in a shop for the public sell nothing, unless somebody says that this is
/// meant; then every page does.
#[tokio::test(flavor = "multi_thread")]
async fn tickets_are_not_sold_for_nothing_by_mistake() {
    let public = ("public_url", "https://tickets.example");
    let app = App::start_with([public]).await;
    let seller = app.sign_up().await;
    let ticket = seller.list(json!({ "quantity": 3 })).await.expect(201);
    let (buyer, order) = holds(&app, &ticket).await;
    buyer.pay(&order, GOOD).await.refuses(503, "payments_off");
    assert_eq!(app.intents_of(&order).await, [] as [Value; 0], "the provider is not asked");
    let app = App::start_with([public, ("allow_test_payments", "true")]).await;
    let seller = app.sign_up().await;
    let ticket = seller.list(json!({ "quantity": 3 })).await.expect(201);
    let (buyer, order) = holds(&app, &ticket).await;
    buyer.pay(&order, GOOD).await.expect(201);
    assert!(home(&app).await.contains(BANNER));
}

/// A real shop says nothing of tests, and one on this machine that pays into a sandbox does.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_says_whether_money_is_real() {
    let app = App::start().await;
    assert!(home(&app).await.contains(BANNER));
    let real = [
        ("public_url", "https://tickets.example"),
        ("stripe_api_base", "https://api.stripe.com"),
        ("stripe_api_key", "sk_live_1"),
        ("stripe_publishable_key", "pk_live_1"),
    ];
    let app = App::start_with(real).await;
    assert!(!home(&app).await.contains(BANNER));
}

/// A listing with tickets for everybody.
async fn listing(app: &App) -> Value {
    app.sign_up().await.list(json!({ "quantity": 1_000 })).await.expect(201)
}

/// The request to pay for `order` from the address `client`.
fn pay(order: &Value, token: &str, client: &str) -> Request {
    let body = json!({ "orderId": id(order), "token": token });
    post("/api/payments", body).header("x-forwarded-for", client)
}

/// `count` cards of `buyer` are declined, from the address `client`, with new orders as old ones end.
async fn declines(buyer: &Person, ticket: &Value, client: &str, count: usize) {
    let mut order = Value::Null;
    for attempt in 0..count {
        if attempt % PER_ORDER == 0 {
            order = buyer.hold(ticket).await.expect(201);
        }
        buyer.send(&pay(&order, DECLINED, client)).await.refuses(402, "generic_decline");
    }
}

/// `answer` says that too much was declined, and `whose` it was.
#[track_caller]
fn is_stopped(answer: Answer, whose: &str) {
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=HOUR).contains(&wait), "{answer}");
    let answer = answer.refuses(429, "too_many_declines");
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(detail.contains(whose) && detail.contains("You were not charged"), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_tests_few_cards() {
    let app = App::start().await;
    let ticket = listing(&app).await;
    let thief = app.sign_up().await;
    declines(&thief, &ticket, "", PER_ACCOUNT).await;
    let order = thief.hold(&ticket).await.expect(201);
    for card in [DECLINED, GOOD] {
        is_stopped(thief.pay(&order, card).await, "your payments");
    }
    assert_eq!(app.sandbox_intents().await.len(), PER_ACCOUNT, "the provider is not asked");
    app.sign_up().await.buy(&ticket, 1).await;

    app.advance(HOUR);
    app.tick().await;
    thief.buy(&ticket, 1).await;
    app.audit().await;
}

/// An attempt that waits for its buyer's bank counts as well, as long as it has brought nothing.
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_is_given_up_counts() {
    let app = App::start().await;
    let ticket = listing(&app).await;
    let thief = app.sign_up().await;
    let order = thief.hold(&ticket).await.expect(201);
    for _ in 0..PER_ACCOUNT {
        thief.pay(&order, ASKS).await.expect(202);
    }
    is_stopped(thief.pay(&order, ASKS).await, "your payments");
    assert_eq!(app.intents_of(&order).await.len(), PER_ACCOUNT);
}

/// Who pays counts for nothing, however often.
#[tokio::test(flavor = "multi_thread")]
async fn a_good_buyer_meets_no_limit() {
    let app = App::start().await;
    let buyer = app.sign_up().await;
    for _ in 0..=PER_ACCOUNT {
        buyer.buy(&listing(&app).await, 1).await;
    }
    let counted = "SELECT CAST(COALESCE(SUM(used), 0) AS BIGINT) FROM payments_limits";
    let counted: i64 = app.database().query_row(counted, [], |row| row.get(0)).unwrap();
    assert_eq!(counted, 0);
    let known = "SELECT COUNT(*) FROM payments_payments WHERE client IS NOT NULL";
    let known: i64 = app.database().query_row(known, [], |row| row.get(0)).unwrap();
    assert_eq!(known, 0, "nobody's address is kept");
}

/// Of those who come at once no more pass than there is room for.
#[tokio::test(flavor = "multi_thread")]
async fn cards_that_are_tested_at_once_are_counted_one_by_one() {
    let app = App::start().await;
    let ticket = listing(&app).await;
    let thief = app.sign_up().await;
    declines(&thief, &ticket, "", PER_ACCOUNT - 2).await;
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(thief.hold(&ticket).await.expect(201));
    }
    let answers = join_all(orders.iter().map(|order| thief.pay(order, DECLINED))).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(402), count(429)), (2, 3), "{answers:#?}");
}

/// Accounts are for nothing: an address tests no more cards with many of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_tests_few_cards_with_many_accounts() {
    let app = App::start_with([("trusted_proxies", "127.0.0.1")]).await;
    let (thief, neighbour) = ("198.51.100.7", "198.51.100.8");
    for _ in 0..PER_CLIENT / PER_ACCOUNT {
        // A listing of its own for each: its limit is another.
        declines(&app.sign_up().await, &listing(&app).await, thief, PER_ACCOUNT).await;
    }
    let ticket = listing(&app).await;
    let buyer = app.sign_up().await;
    let order = buyer.hold(&ticket).await.expect(201);
    is_stopped(buyer.send(&pay(&order, GOOD, thief)).await, "your network");
    buyer.send(&pay(&order, GOOD, neighbour)).await.expect(201);
}

/// The seller may be the accomplice: a listing that has more failures than sales is stopped.
#[tokio::test(flavor = "multi_thread")]
async fn cards_are_not_tested_with_many_accounts_at_one_listing() {
    let app = App::start().await;
    let ticket = listing(&app).await;
    for _ in 0..PER_LISTING / PER_ACCOUNT {
        declines(&app.sign_up().await, &ticket, "", PER_ACCOUNT).await;
    }
    let (buyer, order) = holds(&app, &ticket).await;
    is_stopped(buyer.pay(&order, GOOD).await, "these tickets");
    app.sign_up().await.buy(&listing(&app).await, 1).await;
    app.advance(HOUR);
    app.tick().await;
    app.sign_up().await.buy(&ticket, 1).await;
}

/// A sale takes a failure of its listing back, so that one which sells is not stopped.
#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_sells_is_not_stopped() {
    let app = App::start().await;
    let ticket = listing(&app).await;
    for _ in 0..=PER_LISTING / PER_ACCOUNT {
        let people = [app.sign_up().await, app.sign_up().await];
        declines(&people[0], &ticket, "", PER_ACCOUNT - 1).await;
        for _ in 0..PER_ACCOUNT - 1 {
            people[1].buy(&ticket, 1).await;
        }
    }
    app.sign_up().await.buy(&ticket, 1).await;
}
