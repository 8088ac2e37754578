//! Cards that are tested, and tickets for nothing.

use boxoffice_tests::App;
use reqwest::Method;
use serde_json::{Value, json};

use boxoffice_tests::{Person, Request};

const GOOD: &str = "pm_card_visa";
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
