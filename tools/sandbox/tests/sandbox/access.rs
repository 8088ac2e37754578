//! Keys, versions, headers, bodies that are not forms.

use boxoffice_sandbox::Sandbox;
use reqwest::Method;

use crate::bench::{Api, Bench};

const PATH: &str = "/v1/payment_intents";

#[tokio::test]
async fn only_the_right_key_opens() {
    let bench = Bench::new();
    let sandbox = Sandbox::start(bench.options(Some("sk_test_right"))).await.unwrap();
    let api = Api::new(&format!("http://{}", sandbox.address()));
    for (authorization, status) in [
        (None, 401),
        (Some(""), 401),
        (Some("Bearer"), 401),
        (Some("Bearer "), 401),
        (Some("sk_test_right"), 401),
        (Some("Digest sk_test_right"), 401),
        (Some("Bearer sk_test_wrong_key"), 401),
        (Some("Basic !!!"), 401),
        // sk_test_wrong: and sk_test_right:
        (Some("Basic c2tfdGVzdF93cm9uZzo="), 401),
        (Some("Basic c2tfdGVzdF9yaWdodDo="), 200),
        (Some("Bearer sk_test_right"), 200),
        (Some("bearer sk_test_right"), 200),
    ] {
        let headers: Vec<_> = authorization.iter().map(|value| ("authorization", *value)).collect();
        let reply = api.send(Method::GET, PATH, "", &headers).await;
        assert_eq!(reply.status, status, "{authorization:?}: {}", reply.text);
        assert!(reply.header("request-id").unwrap().starts_with("req_"));
        if status == 401 {
            assert_eq!(reply.at("/error/type"), "invalid_request_error");
            assert!(reply.header("www-authenticate").is_some());
            assert!(
                !reply.text.contains("sk_test_wrong_key"),
                "keys are not echoed: {}",
                reply.text
            );
        }
    }
}

#[tokio::test]
async fn without_a_set_key_any_will_do_but_none() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    let any = [("authorization", "Bearer whatever")];
    assert_eq!(api.send(Method::GET, PATH, "", &any).await.status, 200);
    assert_eq!(api.send(Method::GET, PATH, "", &[]).await.status, 401);
}

#[tokio::test]
async fn versions_are_echoed() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    let key = ("authorization", "Bearer sk_test_1");
    for (version, status) in [
        ("2026-09-30.endive", 200),
        ("2020-08-27", 200),
        ("latest", 400),
        ("2020/08/27", 400),
        ("", 400),
    ] {
        let reply = api.send(Method::GET, PATH, "", &[key, ("stripe-version", version)]).await;
        assert_eq!(reply.status, status, "{version}: {}", reply.text);
        if status == 200 {
            assert_eq!(reply.header("stripe-version"), Some(version));
        }
    }
    let unpinned = api.get(PATH).await;
    assert_eq!(unpinned.header("stripe-version"), Some("2026-09-30.endive"));
    assert_eq!(unpinned.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn bodies_must_be_forms() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    let json = api
        .http
        .post(format!("{}{PATH}", api.base))
        .bearer_auth("sk_test_1")
        .header("content-type", "application/json")
        .body("{\"amount\": 100}")
        .send()
        .await
        .unwrap();
    assert_eq!(json.status(), 400);
    let huge = api.post(PATH, &format!("description={}", "x".repeat(3 << 20))).await;
    assert_eq!(huge.status, 413);
    // Bytes that are no text do no harm.
    let odd = api.post(PATH, "amount=%ff%fe&currency=usd&%ff=1").await;
    assert_eq!(odd.status, 400, "{}", odd.text);
}

#[tokio::test]
async fn metadata_has_stripes_limits() {
    let bench = Bench::new();
    let (_sandbox, api) = bench.start().await;
    let many: String = (0..51).map(|n| format!("&metadata[k{n}]=v")).collect();
    let fifty: String = (0..50).map(|n| format!("&metadata[k{n}]=v")).collect();
    for (metadata, status) in [
        (format!("&metadata[{}]=v", "k".repeat(40)), 200),
        (format!("&metadata[{}]=v", "k".repeat(41)), 400),
        (format!("&metadata[k]={}", "v".repeat(500)), 200),
        (format!("&metadata[k]={}", "v".repeat(501)), 400),
        (fifty, 200),
        (many, 400),
    ] {
        let reply = api.post(PATH, &format!("amount=100&currency=usd{metadata}")).await;
        assert_eq!(reply.status, status, "{metadata}: {}", reply.text);
    }
}
