//! Buyers whose bank has questions, and their hold.

use boxoffice_tests::{App, Provider, Surroundings, check, post, row};
use serde_json::{Value, json};

use crate::stage::{Card, HOLD, Stage, confirm_path};

/// How long the bank's questions may take, in seconds, as `spin.toml` says.
const ACTION_HOLD: u64 = 600;

async fn order(stage: &Stage, order: &Value) -> Value {
    let path = format!("/api/orders/{}", boxoffice_tests::id(order));
    stage.buyer.get(&path).await.expect(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_lasts_longer_once_while_the_bank_asks() {
    let stage = Stage::with_sandbox().await;
    let held = stage.hold().await;
    stage.app.advance(HOLD - 60);
    let payment = stage.pay_asked(&held, Card::Asks).await;
    let until = stage.app.time(i64::try_from(ACTION_HOLD).unwrap());
    assert_eq!(order(&stage, &held).await["expiresAt"], until.as_str());
    // Not once more, however often it is asked.
    stage.app.advance(300);
    stage.confirm(&payment).await.expect(202);
    assert_eq!(order(&stage, &held).await["expiresAt"], until.as_str());
    // The first end of the hold has gone by.
    stage.app.tick().await;
    stage.is_right().await;
    assert_eq!(order(&stage, &held).await["status"], "awaiting:payment");
    stage.authenticate(&payment, true).await;
    stage.confirm(&payment).await.expect(201);
    stage.is_bought(&held).await;
    stage.is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longer_hold_ends_as_well() {
    let stage = Stage::with_sandbox().await;
    let held = stage.hold().await;
    stage.app.advance(HOLD - 1);
    let payment = stage.pay_asked(&held, Card::Asks).await;
    stage.passes(ACTION_HOLD - 1).await;
    assert_eq!(order(&stage, &held).await["status"], "awaiting:payment");
    stage.passes(1).await;
    let ended = json!({ "status": "cancelled", "cancelReason": "expired" });
    stage.buyer.sees_order(&held, ended).await;
    stage.has_intents(&held, &["canceled"]).await;
    stage.confirm(&payment).await.refuses(409, "ended");
    stage.is_right().await;
}

/// A hold that lasts longer than the bank's questions may take stays as it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_never_gets_shorter() {
    let stage = Stage::with_sandbox().await;
    let held = stage.hold().await;
    stage.pay_asked(&held, Card::Asks).await;
    assert_eq!(order(&stage, &held).await["expiresAt"], held["expiresAt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_goes_on_with_a_payment() {
    let stage = Stage::with_sandbox().await;
    let held = stage.hold().await;
    let payment = stage.pay_asked(&held, Card::Asks).await;
    let confirm = || post(confirm_path(&payment), json!({}));
    check(&stage.app.client(), [row("nobody", confirm(), 401)]).await;
    check(&stage.app.sign_up().await, [row("somebody else", confirm(), 403)]).await;
    let unknown = post("/api/payments/01980f3c-0000-7000-8000-000000000000/confirm", json!({}));
    let none = post("/api/payments/none/confirm", json!({}));
    check(&stage.buyer, [row("unknown", unknown, 404), row("no id", none, 404)]).await;
}

/// The client secret is the browser's alone: it is in no table.
#[tokio::test(flavor = "multi_thread")]
async fn the_client_secret_is_not_kept() {
    let stage = Stage::with_sandbox().await;
    stage.hear_webhooks().await;
    let held = stage.hold().await;
    let payment = stage.pay_asked(&held, Card::Asks).await;
    stage.passes(6).await;
    stage.is_right().await;
    let secret = payment["clientSecret"].as_str().unwrap();
    for (table, column) in [
        ("payments_payments", "intent_id"),
        ("payments_idempotency", "body"),
        ("payments_webhooks", "body"),
    ] {
        let found = format!("SELECT COUNT(*) FROM {table} WHERE {column} LIKE '%{secret}%'");
        assert_eq!(stage.number(&found), 0, "{table}");
    }
}

/// The hold is extended by a variable's seconds.
#[tokio::test(flavor = "multi_thread")]
async fn how_much_longer_is_for_operators_to_say() {
    let mut around = Surroundings::prepare().await;
    around.variables.insert("action_hold_seconds".into(), "1200".into());
    let provider = Provider::before(&mut around).await;
    let app = App::start_in(around).await;
    let (seller, buyer) = (app.sign_up().await, app.sign_up().await);
    let ticket = seller.list(json!({})).await.expect(201);
    let held = buyer.hold(&ticket).await.expect(201);
    buyer.pay(&held, "pm_card_threeDSecure2Required").await.expect(202);
    buyer.sees_order(&held, json!({ "expiresAt": app.time(1200) })).await;
    drop(provider);
}
