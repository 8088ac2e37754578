//! The overview at `/`.

use boxoffice_sandbox::{Options, Sandbox};
use reqwest::Method;

use crate::bench::{Api, Bench, HOLD};

#[tokio::test]
async fn the_overview_shows_payments_and_cards() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    let empty = api.send(Method::GET, "/", "", &[]).await.ok();
    assert!(empty.text.contains("Payment sandbox — no real money"));
    assert!(empty.text.contains("None yet"));

    let body = format!(
        "amount=4900&{HOLD}&payment_method=pm_card_visa&description=%3Cscript%3Ealert(1)%3C/script%3E"
    );
    let intent = api.post("/v1/payment_intents", &body).await.ok();
    let page = api.send(Method::GET, "/", "", &[]).await.ok();
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
    for text in [
        &intent.at("/id"),
        "49.00 USD",
        "requires_capture",
        "2026-03-01 12:00:00",
        "pm_card_visa",
        "pm_card_chargeDeclinedInsufficientFunds",
        "&lt;script&gt;",
        "color-scheme:light dark",
    ] {
        assert!(page.text.contains(text), "{text} is not in {}", page.text);
    }
    assert!(!page.text.contains("<script"), "no script, ours or anybody's");
    assert!(!page.text.contains("_secret_"), "no client secrets on a page that anyone can open");
}

/// The page needs no key: others than this machine must not read of payments on it.
#[tokio::test]
async fn the_overview_shows_payments_to_this_machine_alone() {
    let bench = Bench::new();
    let options = Options { listen: "0.0.0.0:0".parse().unwrap(), ..bench.options(None) };
    let sandbox = Sandbox::start(options).await.unwrap();
    let api = Api::new(&format!("http://127.0.0.1:{}", sandbox.address().port()));
    let body = format!("amount=4900&{HOLD}&payment_method=pm_card_visa");
    let intent = api.post("/v1/payment_intents", &body).await.ok();
    let page = api.send(Method::GET, "/", "", &[]).await.ok();
    for text in [&intent.at("/id"), "49.00 USD", "Money moved"] {
        assert!(!page.text.contains(text), "{text} is in {}", page.text);
    }
    assert!(page.text.contains("this machine alone") && page.text.contains("pm_card_visa"));
}
