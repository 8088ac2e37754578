//! Many letters: behind a server that hangs, while the shop sells; and through one worker.

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
    copy(&post, LETTERS).await;
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

/// How many letters one worker sends at once, to be timed.
const TIMED: usize = 300;
/// How many a minute it must send, with their tickets: far fewer than it does, for a busy machine.
const LEAST: f64 = 60.0;

#[tokio::test(flavor = "multi_thread")]
async fn one_worker_sends_many_letters_a_minute() {
    let post = Post::open().await;
    post.sell("Opera").await;
    post.receives(&post.buyer, ORDER, 1).await;
    copy(&post, TIMED).await;
    post.app.advance(120);
    let begun = Instant::now();
    // Each tick sends for a few seconds.
    while post.letters(&post.buyer, ORDER).len() <= TIMED {
        post.app.host().fire_cron().await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(begun.elapsed() < Duration::from_secs(600), "the letters do not come");
    }
    let minutes = begun.elapsed().as_secs_f64() / 60.0;
    let rate = f64::from(u32::try_from(TIMED).unwrap()) / minutes;
    println!("{TIMED} letters with tickets, {rate:.0} a minute through one worker");
    assert!(rate > LEAST, "{rate:.0} letters a minute");
}

/// Copies the shop's first confirmation of an order, `count` times, as letters that wait.
async fn copy(post: &Post, count: usize) {
    let rows = post
        .app
        .tamper(&format!(
            "INSERT INTO mail_letters (id, key, kind, subject, recipient, version, status, \
             attempts, next_at, created_at) \
             WITH RECURSIVE numbers (n) AS \
             (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) \
             SELECT '00000000-0000-7000-8000-' || (100000000000 + n), 'copy ' || n, kind, subject, recipient, version, 'waiting', 0, \
             next_at, created_at FROM numbers, (SELECT * FROM mail_letters \
             WHERE kind = 'order_confirmed' LIMIT 1) AS model",
        ))
        .await;
    assert_eq!(rows, count);
}
