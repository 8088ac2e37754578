//! Cards whose holder must authenticate.

use reqwest::Method;
use serde_json::Value;

use crate::bench::{Api, Bench, Reply};

const CARD: &str = "currency=usd&confirm=true&payment_method_types[]=card";

async fn press(api: &Api, url: &str, outcome: &str) -> Reply {
    let path = url.strip_prefix(&api.base).unwrap();
    api.send(Method::POST, path, &format!("outcome={outcome}"), &[]).await
}

/// An intent that waits for its cardholder: its id, and where the cardholder must go.
async fn waiting(api: &Api, parameters: &str) -> (String, String) {
    let body = format!("amount=4900&{CARD}&{parameters}");
    let reply = api.post("/v1/payment_intents", &body).await.ok();
    assert_eq!(reply.at("/status"), "requires_action");
    assert_eq!(reply.at("/next_action/type"), "redirect_to_url");
    assert_eq!(reply.json()["latest_charge"], Value::Null, "nothing is charged yet");
    (reply.at("/id"), reply.at("/next_action/redirect_to_url/url"))
}

#[tokio::test]
async fn authenticating_goes_on_with_the_payment() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    for card in ["authenticationRequired", "threeDSecure2Required", "authenticationRequiredOnSetup"]
    {
        let parameters = format!(
            "payment_method=pm_card_{card}&capture_method=manual&return_url=https://shop.example/back?a=1%23end"
        );
        let (id, url) = waiting(&api, &parameters).await;
        let page = api.send(Method::GET, url.strip_prefix(&api.base).unwrap(), "", &[]).await.ok();
        assert!(page.text.contains("49.00 USD"), "{}", page.text);
        assert!(page.text.contains("No real money moves"), "{}", page.text);

        let left = press(&api, &url, "complete").await;
        assert_eq!(left.status, 303, "{card}");
        let target = left.header("location").unwrap().to_owned();
        assert!(target.starts_with("https://shop.example/back?a=1&payment_intent="), "{target}");
        assert!(target.contains("redirect_status=succeeded"), "{target}");
        assert!(target.contains("payment_intent_client_secret=pi_"), "{target}");
        assert!(target.ends_with("#end"), "{target}");

        let path = format!("/v1/payment_intents/{id}?expand[]=latest_charge");
        let intent = api.get(&path).await.ok().json();
        assert_eq!(intent["status"], "requires_capture", "{card}");
        assert_eq!(intent["next_action"], Value::Null, "{card}");
        let details = &intent["latest_charge"]["payment_method_details"]["card"];
        assert_eq!(details["three_d_secure"]["result"], "authenticated", "{card}");

        // The button pressed again, or another one.
        for outcome in ["complete", "fail"] {
            assert_eq!(press(&api, &url, outcome).await.status, 303);
        }
        assert_eq!(api.movements(&id).await, ["authorize 4900"], "{card}");
    }
}

#[tokio::test]
async fn failing_leaves_the_intent_open() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    let (id, url) = waiting(&api, "payment_method=pm_card_threeDSecure2Required").await;
    assert_eq!(press(&api, &url, "shrug").await.status, 400);
    let page = press(&api, &url, "fail").await.ok();
    assert!(page.text.contains("requires_payment_method"), "{}", page.text);

    let intent = api.get(&format!("/v1/payment_intents/{id}")).await.ok().json();
    assert_eq!(intent["status"], "requires_payment_method");
    assert_eq!(intent["payment_method"], Value::Null);
    assert_eq!(intent["last_payment_error"]["code"], "payment_intent_authentication_failure");
    assert!(api.movements(&id).await.is_empty());

    let path = format!("/v1/payment_intents/{id}/confirm");
    let paid = api.post(&path, "payment_method=pm_card_visa").await.ok();
    assert_eq!(paid.at("/status"), "succeeded");
}

#[tokio::test]
async fn a_card_may_be_declined_after_all() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    let parameters = "payment_method=pm_card_authenticationRequiredChargeDeclinedInsufficientFunds\
                      &return_url=https://shop.example/back";
    let (id, url) = waiting(&api, parameters).await;
    let left = press(&api, &url, "complete").await;
    assert!(left.header("location").unwrap().contains("redirect_status=failed"));
    let intent = api.get(&format!("/v1/payment_intents/{id}")).await.ok().json();
    assert_eq!(intent["status"], "requires_payment_method");
    assert_eq!(intent["last_payment_error"]["decline_code"], "insufficient_funds");
}

#[tokio::test]
async fn nobody_to_ask_is_a_decline() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    for (terms, decline_code) in [
        ("off_session=true", "authentication_required"),
        ("error_on_requires_action=true", "authentication_not_handled"),
    ] {
        let body =
            format!("amount=4900&{CARD}&payment_method=pm_card_authenticationRequired&{terms}");
        let reply = api.post("/v1/payment_intents", &body).await;
        assert_eq!(reply.status, 402, "{}", reply.text);
        assert_eq!(reply.at("/error/code"), "authentication_required");
        assert_eq!(reply.at("/error/decline_code"), decline_code);
        assert_eq!(reply.at("/error/payment_intent/status"), "requires_payment_method");
        assert_eq!(reply.json()["error"]["payment_intent"]["latest_charge"], Value::Null);
    }
}

#[tokio::test]
async fn with_manual_confirmation_the_server_has_the_last_word() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    let (id, url) =
        waiting(&api, "payment_method=pm_card_authenticationRequired&confirmation_method=manual")
            .await;
    press(&api, &url, "complete").await.ok();
    let path = format!("/v1/payment_intents/{id}");
    assert_eq!(api.get(&path).await.ok().at("/status"), "requires_confirmation");
    assert!(api.movements(&id).await.is_empty());
    assert_eq!(api.post(&format!("{path}/confirm"), "").await.ok().at("/status"), "succeeded");

    // What the cardholder agreed to was another amount.
    let (id, url) =
        waiting(&api, "payment_method=pm_card_authenticationRequired&confirmation_method=manual")
            .await;
    press(&api, &url, "complete").await.ok();
    let path = format!("/v1/payment_intents/{id}");
    api.post(&path, "amount=9900").await.ok();
    assert_eq!(
        api.post(&format!("{path}/confirm"), "").await.ok().at("/status"),
        "requires_action"
    );
}

#[tokio::test]
async fn a_waiting_intent_can_be_cancelled() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    let (id, url) = waiting(&api, "payment_method=pm_card_authenticationRequired").await;
    api.post(&format!("/v1/payment_intents/{id}/cancel"), "").await.ok();
    press(&api, &url, "complete").await.ok();
    let intent = api.get(&format!("/v1/payment_intents/{id}")).await.ok();
    assert_eq!(intent.at("/status"), "canceled");
    assert!(api.movements(&id).await.is_empty());
}
