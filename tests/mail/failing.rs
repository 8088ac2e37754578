//! Servers that fail, each in its way: nothing is lost, and what comes twice is the same.

use boxoffice_mailbox::Fault;
use boxoffice_tests::Person;

use crate::post::{ORDER, Post, SOLD, address};

/// Buys while the server has `fault`; when it has recovered, both sides get their letters.
async fn recovers(fault: Fault) -> Post {
    let post = Post::open().await;
    post.mailbox.fault(fault).await;
    post.sell("Opera").await;
    for _ in 0..3 {
        post.app.advance(2);
        post.app.tick().await;
    }
    post.mailbox.fault(Fault::None).await;
    post.receives(&post.buyer, ORDER, 1).await;
    post.receives(&post.seller, SOLD, 1).await;
    post
}

fn count(post: &Post, person: &Person, subject: &str) -> usize {
    post.letters(person, subject).len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_connections() {
    let post = recovers(Fault::Refuse).await;
    assert_eq!((count(&post, &post.buyer, ORDER), count(&post, &post.seller, SOLD)), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs() {
    let post = recovers(Fault::HangAtBanner).await;
    assert_eq!((count(&post, &post.buyer, ORDER), count(&post, &post.seller, SOLD)), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_busy() {
    recovers(Fault::Unavailable).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_puts_off_strangers() {
    let post = recovers(Fault::Greylist { times: 3 }).await;
    assert_eq!((count(&post, &post.buyer, ORDER), count(&post, &post.seller, SOLD)), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_up_before_it_answers() {
    recovers(Fault::DisconnectBeforeAnswer { keeps: false }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_twice_has_one_id() {
    let post = recovers(Fault::DisconnectBeforeAnswer { keeps: true }).await;
    post.settled(&["sent"]).await;
    for (person, subject) in [(&post.buyer, ORDER), (&post.seller, SOLD)] {
        let mut ids: Vec<_> =
            post.letters(person, subject).into_iter().map(|letter| letter.message_id).collect();
        ids.dedup();
        assert_eq!(ids.len(), 1, "{subject}: {ids:?}");
    }
    let twice = count(&post, &post.buyer, ORDER) + count(&post, &post.seller, SOLD);
    assert!(twice > 2, "the server kept what it did not answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_up_after_it_answers() {
    let post = recovers(Fault::DisconnectAfterAnswer).await;
    assert_eq!((count(&post, &post.buyer, ORDER), count(&post, &post.seller, SOLD)), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_who_does_not_exist_holds_up_nobody() {
    let post = Post::open().await;
    let address = address(&post.buyer).to_owned();
    post.mailbox.fault(Fault::RejectRecipient { address }).await;
    post.sell("Opera").await;
    post.receives(&post.seller, SOLD, 1).await;
    let kept = post.settled(&["sent", "given_up"]).await;
    let of =
        |kind: &str| kept.iter().find(|(known, _)| known == kind).map(|(_, status)| status.clone());
    assert_eq!(of("order_confirmed").as_deref(), Some("given_up"), "{kept:#?}");
    assert_eq!(of("ticket_sold").as_deref(), Some("sent"), "{kept:#?}");
    assert_eq!(count(&post, &post.buyer, ORDER), 0);
}
