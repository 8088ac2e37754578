//! Many letters behind a server that hangs, while the shop sells.

use std::time::{Duration, Instant};

use boxoffice_mailbox::Fault;
use serde_json::json;

use crate::post::{ORDER, Post};

/// How many letters wait.
const LETTERS: usize = 10_000;
/// How long a purchase may take while workers wait for the server now and then.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_goes_on_beside_a_backlog() {
    let post = Post::open().await;
    // A letter of this shop to copy.
    post.mailbox.fault(Fault::HangAtBanner).await;
    post.sell("Opera").await;
    post.app.tick().await;
    let rows = post
        .app
        .tamper(&format!(
            "INSERT INTO mail_letters (id, key, kind, subject, recipient, version, status, \
             attempts, next_at, created_at) \
             WITH RECURSIVE numbers (n) AS \
             (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {LETTERS}) \
             SELECT '00000000-0000-7000-8000-' || (100000000000 + n), 'copy ' || n, kind, subject, recipient, version, 'waiting', 0, \
             next_at, created_at FROM numbers, (SELECT * FROM mail_letters \
             WHERE kind = 'order_confirmed' LIMIT 1) AS model",
        ))
        .await;
    assert_eq!(rows, LETTERS);
    for round in 0..5 {
        // Each time the server may be tried again.
        post.app.advance(2_000);
        post.app.host().fire_cron().await.unwrap();
        let begun = Instant::now();
        let ticket = post.seller.list(json!({ "title": format!("Play {round}") })).await;
        post.buyer.buy(&ticket.expect(201), 1).await;
        let took = begun.elapsed();
        assert!(took < PATIENCE, "round {round} took {took:?}");
    }
    assert!(post.letters(&post.buyer, ORDER).is_empty());
}
