//! Letters that are sent: none is lost, and one that comes twice is the same letter.

use std::time::Duration;

use boxoffice_mailbox::{Fault, Mailbox, Message};
use boxoffice_tests::eventually;
use serde_json::Value;

use crate::operation::{Operation, every_point};
use crate::payments::{VISA, pay};
use crate::shop::Shop;

/// After so long the server is tried again, however often it has failed, in seconds.
const LONGEST_PAUSE: u64 = 601;
/// How far time moves on with each tick until the letters have come, in seconds.
const STEP: u64 = 6;

struct Send;

impl Operation for Send {
    /// The title that the letters name.
    type Scene = String;
    const NAME: &'static str = "a tick that sends letters";
    const CONCERNS: &'static [&'static str] = &["mail-worker"];

    async fn open() -> Shop {
        Shop::with_mailbox().await
    }

    async fn prepare(shop: &Shop) -> Self::Scene {
        mailbox(shop).fault(Fault::Refuse).await;
        let (ticket, order) = shop.held().await;
        shop.buyer.send(&pay(shop, &order, VISA)).await.expect(201);
        shop.settled().await;
        mailbox(shop).fault(Fault::None).await;
        shop.app.advance(LONGEST_PAUSE);
        title(&ticket)
    }

    async fn verify(shop: &Shop, title: &Self::Scene) {
        for subject in [format!("Your order: {title}"), format!("Sold: {title}")] {
            let look = async || {
                let letters = letters(shop, &subject);
                if letters.is_empty() {
                    shop.app.advance(STEP);
                    shop.app.tick().await;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                letters
            };
            let come = eventually("the letter comes", look, |letters| !letters.is_empty()).await;
            let is_same = |letter: &Message| letter.message_id == come[0].message_id;
            assert!(come.iter().all(is_same), "{subject} came as two letters");
        }
    }
}

fn mailbox(shop: &Shop) -> &Mailbox {
    shop.mailbox.as_ref().expect("the shop has a mailbox")
}

fn letters(shop: &Shop, subject: &str) -> Vec<Message> {
    let mut letters = mailbox(shop).messages();
    letters.retain(|letter| letter.subject == subject);
    letters
}

fn title(ticket: &Value) -> String {
    ticket["title"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn that_sends_letters() {
    every_point::<Send>().await;
}
