//! What passes with time: a hold on a card lapses after a week.

use std::time::Duration;

use crate::bench::{Bench, HOLD};

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

#[tokio::test]
async fn a_hold_lapses_after_a_week() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    let body = format!("amount=4900&{HOLD}&payment_method=pm_card_visa");
    let in_time = api.post("/v1/payment_intents", &body).await.ok().at("/id");
    let too_late = api.post("/v1/payment_intents", &body).await.ok().at("/id");

    bench.advance(WEEK);
    api.post(&format!("/v1/payment_intents/{in_time}/capture"), "").await.ok();
    bench.advance(Duration::from_secs(1));
    let capture = format!("/v1/payment_intents/{too_late}/capture");
    let refused = api.post(&capture, "").await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.at("/error/code"), "charge_expired_for_capture");
    assert_eq!(refused.at("/error/payment_intent/status"), "canceled");
    assert_eq!(api.post(&capture, "").await.at("/error/code"), "payment_intent_unexpected_state");
    assert_eq!(api.movements(&too_late).await, ["authorize 4900", "void 4900"]);
}
