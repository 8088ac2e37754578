//! Each test card and its outcome.

use serde_json::Value;

use crate::bench::{Bench, HOLD};

/// Card name, `code`, `decline_code`, `param`, `advice_code`.
type Declined =
    (&'static str, &'static str, &'static str, Option<&'static str>, Option<&'static str>);

/// As seen in Stripe's test mode.
const DECLINED: &[Declined] = &[
    ("chargeDeclined", "card_declined", "generic_decline", None, Some("try_again_later")),
    ("visa_chargeDeclined", "card_declined", "generic_decline", None, Some("try_again_later")),
    (
        "chargeDeclinedInsufficientFunds",
        "card_declined",
        "insufficient_funds",
        None,
        Some("try_again_later"),
    ),
    (
        "visa_chargeDeclinedInsufficientFunds",
        "card_declined",
        "insufficient_funds",
        None,
        Some("try_again_later"),
    ),
    ("visa_chargeDeclinedLostCard", "card_declined", "lost_card", None, Some("do_not_try_again")),
    (
        "visa_chargeDeclinedStolenCard",
        "card_declined",
        "stolen_card",
        None,
        Some("do_not_try_again"),
    ),
    (
        "chargeDeclinedExpiredCard",
        "expired_card",
        "expired_card",
        Some("exp_month"),
        Some("confirm_card_data"),
    ),
    (
        "chargeDeclinedIncorrectCvc",
        "incorrect_cvc",
        "incorrect_cvc",
        Some("cvc"),
        Some("confirm_card_data"),
    ),
    (
        "chargeDeclinedProcessingError",
        "processing_error",
        "processing_error",
        None,
        Some("try_again_later"),
    ),
    (
        "visa_chargeDeclinedVelocityLimitExceeded",
        "card_declined",
        "card_velocity_exceeded",
        None,
        Some("try_again_later"),
    ),
    ("chargeDeclinedFraudulent", "card_declined", "fraudulent", None, None),
];

const APPROVED: &[(&str, &str, &str)] = &[
    ("visa", "visa", "credit"),
    ("visa_debit", "visa", "debit"),
    ("mastercard", "mastercard", "credit"),
    ("mastercard_prepaid", "mastercard", "prepaid"),
    ("amex", "amex", "credit"),
    ("discover", "discover", "credit"),
    ("jcb", "jcb", "credit"),
];

#[tokio::test]
async fn declines_say_why_and_leave_the_intent_open() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    for (name, code, decline_code, param, advice) in DECLINED {
        for method in [
            format!("payment_method=pm_card_{name}"),
            format!("payment_method_data[type]=card&payment_method_data[card][token]=tok_{name}"),
        ] {
            let body = format!("amount=4900&{HOLD}&{method}");
            let reply = api.post("/v1/payment_intents", &body).await;
            assert_eq!(reply.status, 402, "{method}: {}", reply.text);
            let error = &reply.json()["error"];
            assert_eq!(error["type"], "card_error", "{method}");
            assert_eq!(error["code"], *code, "{method}");
            assert_eq!(error["decline_code"], *decline_code, "{method}");
            assert_eq!(error.get("param").and_then(Value::as_str), *param, "{method}");
            assert_eq!(error.get("advice_code").and_then(Value::as_str), *advice, "{method}");
            assert!(error["message"].is_string() && error["doc_url"].is_string(), "{method}");
            assert_eq!(error["payment_method"]["object"], "payment_method", "{method}");

            let intent = &error["payment_intent"];
            let path = format!("/v1/payment_intents/{}", intent["id"].as_str().unwrap());
            let read = api.get(&path).await.ok().json();
            assert_eq!(read, *intent, "{method}: the error carries the intent as it now is");
            assert_eq!(read["status"], "requires_payment_method", "{method}");
            assert_eq!(read["payment_method"], Value::Null, "{method}");
            assert_eq!(read["last_payment_error"]["decline_code"], *decline_code, "{method}");
            assert_eq!(read["latest_charge"], error["charge"], "{method}");
            assert!(api.movements(intent["id"].as_str().unwrap()).await.is_empty(), "{method}");
        }
    }
}

#[tokio::test]
async fn good_cards_are_charged() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    for (name, brand, funding) in APPROVED {
        let body =
            format!("amount=4900&{HOLD}&payment_method=pm_card_{name}&expand[]=payment_method");
        let intent = api.post("/v1/payment_intents", &body).await.ok().json();
        assert_eq!(intent["status"], "requires_capture", "{name}");
        assert_eq!(intent["payment_method"]["card"]["brand"], *brand, "{name}");
        assert_eq!(intent["payment_method"]["card"]["funding"], *funding, "{name}");
    }
}
