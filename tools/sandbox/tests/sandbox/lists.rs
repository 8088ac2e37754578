//! Pagination.

use std::time::Duration;

use serde_json::Value;

use crate::bench::{Api, Bench};

const PATH: &str = "/v1/payment_intents";

/// The amounts on a page, and whether there are more.
async fn page(api: &Api, query: &str) -> (Vec<i64>, bool) {
    let list = api.get(&format!("{PATH}?{query}")).await.ok().json();
    assert_eq!(list["object"], "list");
    assert_eq!(list["url"], PATH);
    let amounts = list["data"].as_array().unwrap().iter().map(|intent| intent["amount"].as_i64());
    (amounts.map(Option::unwrap).collect(), list["has_more"] == Value::Bool(true))
}

#[tokio::test]
async fn lists_are_newest_first_and_walked_by_cursor() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    let mut ids = Vec::new();
    for amount in 100..112 {
        ids.push(api.post(PATH, &format!("amount={amount}&currency=usd")).await.ok().at("/id"));
    }
    assert_eq!(page(&api, "").await, ((102..112).rev().collect(), true));
    assert_eq!(page(&api, "limit=3").await, (vec![111, 110, 109], true));
    let after = format!("limit=3&starting_after={}", ids[9]);
    assert_eq!(page(&api, &after).await, (vec![108, 107, 106], true));
    let last = format!("limit=6&starting_after={}", ids[6]);
    assert_eq!(page(&api, &last).await, (vec![105, 104, 103, 102, 101, 100], false));
    assert_eq!(page(&api, &format!("starting_after={}", ids[0])).await, (vec![], false));
    let before = format!("limit=3&ending_before={}", ids[6]);
    assert_eq!(page(&api, &before).await, (vec![109, 108, 107], true));
    assert_eq!(page(&api, &format!("ending_before={}", ids[9])).await, (vec![111, 110], false));
    assert_eq!(page(&api, "limit=100").await.0.len(), 12);
}

#[tokio::test]
async fn lists_can_be_narrowed_to_a_time() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    let mut times = Vec::new();
    for amount in [100, 200, 300] {
        let intent = api.post(PATH, &format!("amount={amount}&currency=usd")).await.ok();
        times.push(intent.at("/created"));
        bench.advance(Duration::from_secs(60));
    }
    assert_eq!(page(&api, &format!("created[gte]={}", times[1])).await.0, [300, 200]);
    assert_eq!(page(&api, &format!("created[lt]={}", times[1])).await.0, [100]);
    let between = format!("created[gt]={}&created[lte]={}", times[0], times[1]);
    assert_eq!(page(&api, &between).await.0, [200]);
}

#[tokio::test]
async fn bad_pages_are_refused() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    for (query, code, param) in [
        ("limit=0", Some("parameter_invalid_integer"), Some("limit")),
        ("limit=101", Some("parameter_invalid_integer"), Some("limit")),
        ("limit=x", Some("parameter_invalid_integer"), Some("limit")),
        ("starting_after=pi_nope", Some("resource_missing"), Some("starting_after")),
        ("ending_before=pi_nope", Some("resource_missing"), Some("ending_before")),
        ("starting_after=a&ending_before=b", None, None),
        ("colour=red", Some("parameter_unknown"), Some("colour")),
        ("created[around]=1", Some("parameter_unknown"), Some("created[around]")),
        ("customer=cus_1", Some("resource_missing"), Some("customer")),
    ] {
        let reply = api.get(&format!("{PATH}?{query}")).await;
        assert_eq!(reply.status, 400, "{query}: {}", reply.text);
        let error = &reply.json()["error"];
        assert_eq!(error.get("code").and_then(Value::as_str), code, "{query}");
        assert_eq!(error.get("param").and_then(Value::as_str), param, "{query}");
    }
}
