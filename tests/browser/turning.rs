//! Codes that turn, in the hand and at the door.

use boxoffice_admission_code::qr::Qr;
use boxoffice_admission_code::{Slot, Turning};
use boxoffice_contract::Timestamp;
use boxoffice_tests::{Person, eventually};
use serde_json::json;

use crate::acts::Stage;
use crate::harness::{Shop, Window, in_shop};
use crate::offline::{OFFLINE, SAVED, door_of, has_list, saved};
use crate::tickets::{buy, is_fine, scans};

/// What is below a code that turns.
const TURNS: &str = "A new code every 30 seconds: a picture of it lets nobody in.";
/// What is on the page.
const DRAWN: &str = "return document.querySelector('.qr [stroke]').getAttribute('d')";

/// A buyer with a ticket whose code turns, for an event that begins in so many seconds.
async fn sold(shop: &Shop, starts_in: i64) -> (Stage, String) {
    let wish = json!({
        "quantity": 9, "startsAt": shop.time(starts_in), "turningCodes": true,
    });
    let stage = Stage::set(shop, wish).await;
    let ticket = buy(&stage.buyer, &stage.ticket, 1).await.remove(0);
    (stage, ticket)
}

/// What `holder`'s device makes codes of.
async fn turning_of(holder: &Person, ticket: &str) -> Turning {
    let shown = holder.get(&format!("/api/admissions/{ticket}")).await.expect(200);
    let part = |name: &str| shown["turning"][name].as_str().unwrap();
    Turning::from_parts(part("token"), part("seed")).unwrap()
}

/// The code of so many seconds from now, by the shop's clock.
fn code(shop: &Shop, turning: &Turning, seconds: i64) -> String {
    turning.code(Slot::at(Timestamp::parse(&shop.time(seconds)).unwrap())).unwrap()
}

fn picture(code: &str) -> String {
    Qr::encode(code).unwrap().path()
}

async fn shows(window: &Window, code: &str) {
    let path = picture(code);
    eventually("the code is drawn", async || window.run(DRAWN).await, |drawn| *drawn == path).await;
}

#[tokio::test]
async fn a_code_turns_in_the_hand_and_lets_in() {
    in_shop(async |shop| {
        let (stage, ticket) = sold(shop, 3600).await;
        let turning = turning_of(&stage.buyer, &ticket).await;
        // The shop's clock stands still, six seconds before the next code; the page's goes on.
        shop.advance(24);
        let bob = &stage.window;
        bob.go(&format!("/admissions/{ticket}")).await;
        bob.sees(TURNS).await;
        let (now, next) = (code(shop, &turning, 0), code(shop, &turning, 30));
        shows(bob, &now).await;
        assert!(!bob.has("Download as PDF").await);
        shows(bob, &next).await;
        is_fine(bob, "admission-turning").await;

        let ann = shop.window_of("Ann", &stage.seller).await;
        ann.go(&door_of(&stage)).await;
        has_list(&ann, &stage.ticket).await;
        scans(&ann, &code(shop, &turning, -90)).await;
        ann.sees("Old code: ask for the ticket's page").await;
        is_fine(&ann, "door-old-code").await;
        scans(&ann, &next).await;
        ann.sees("Come in").await;
        bob.refresh().await;
        bob.sees("Used at").await;
        is_fine(bob, "admission-turning-used").await;
    })
    .await;
}

/// The device's clock is wrong by years here, and the page remembers by how much.
#[tokio::test]
async fn a_code_turns_where_neither_phone_nor_door_has_a_network() {
    in_shop(async |shop| {
        let (stage, ticket) = sold(shop, 3600).await;
        let turning = turning_of(&stage.buyer, &ticket).await;
        let page = format!("/admissions/{ticket}");
        let (bob, phone) = saved(shop, "Bob", &stage.buyer, &page).await;
        let (ann, scanner) = saved(shop, "Ann", &stage.seller, &door_of(&stage)).await;
        has_list(&ann, &stage.ticket).await;
        ann.fill("This door's name", "North").await;
        ann.fill("Ticket code", "").await;
        phone.cut();
        scanner.cut();
        ann.sees(OFFLINE).await;
        // Both are opened again without a network, and still know by how much their clocks are wrong.
        ann.go(&door_of(&stage)).await;
        ann.sees(SAVED).await;
        ann.sees("0 of 1 are in").await;
        bob.go(&page).await;
        bob.sees(SAVED).await;
        bob.sees(TURNS).await;
        // The page's clock goes on, the shop's does not: the code is of this half minute or a later one.
        let at_hand: Vec<String> = (0..8).map(|slots| code(shop, &turning, 30 * slots)).collect();
        let drawn = bob.run(DRAWN).await;
        let found = at_hand.iter().find(|code| drawn == picture(code));
        let shown = found.expect("one of the chain's codes");
        is_fine(&bob, "admission-turning-offline").await;
        scans(&ann, &code(shop, &turning, -120)).await;
        ann.sees("Old code: ask for the ticket's page").await;
        scans(&ann, shown).await;
        ann.sees("Come in").await;
        ann.sees("1 scan waits to be sent").await;
        scanner.mend();
        ann.sees_no("to be sent").await;
        ann.sees("1 of 1 are in").await;
        shop.audit().await;
    })
    .await;
}

#[tokio::test]
async fn before_the_first_code_the_page_says_when_it_comes() {
    in_shop(async |shop| {
        let (stage, ticket) = sold(shop, 86_400).await;
        let bob = &stage.window;
        bob.go(&format!("/admissions/{ticket}")).await;
        bob.sees("Your code shows here from").await;
        bob.sees_no(TURNS).await;
        is_fine(bob, "admission-early").await;
    })
    .await;
}

#[tokio::test]
async fn without_scripts_the_page_is_loaded_again_for_the_next_code() {
    in_shop(async |shop| {
        let (stage, ticket) = sold(shop, 3600).await;
        let turning = turning_of(&stage.buyer, &ticket).await;
        let bob = &stage.window;
        bob.without_scripts().await;
        for _ in 0..2 {
            bob.go(&format!("/admissions/{ticket}")).await;
            bob.sees("Load the page again for the next code.").await;
            assert_eq!(bob.run(DRAWN).await, picture(&code(shop, &turning, 0)));
            shop.advance(30);
        }
        let ann = shop.window_of("Ann", &stage.seller).await;
        ann.without_scripts().await;
        ann.go(&door_of(&stage)).await;
        ann.fill("Ticket code", &code(shop, &turning, -90)).await;
        ann.click("Check").await;
        ann.sees("Old code: ask for the ticket's page").await;
        ann.fill("Ticket code", &code(shop, &turning, 0)).await;
        ann.click("Check").await;
        ann.sees("Come in").await;
    })
    .await;
}
