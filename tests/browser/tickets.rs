//! A ticket's code, handing it on, and letting people in.

use boxoffice_admission_code::qr::Qr;
use boxoffice_tests::database::is_on_postgres;
use boxoffice_tests::{Person, id};
use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::acts::{GOOD_CARD, PASSWORD, PRICE, Stage, page_of};
use crate::harness::{Shop, USUAL, Window, in_shop};
use crate::looks::{INSPECT, axe};

/// Buys so many tickets for `buyer`. Returns their ids, in their order.
pub(crate) async fn buy(buyer: &Person, ticket: &Value, quantity: i64) -> Vec<String> {
    let order = buyer.hold_many(ticket, quantity).await.expect(201);
    buyer.pay(&order, "pm_card_visa").await.expect(201);
    buyer.sees_order(&order, json!({ "status": "complete" })).await;
    tickets_of(buyer, &order).await
}

/// The ids of the tickets of an order that is complete, or was.
pub(crate) async fn tickets_of(buyer: &Person, order: &Value) -> Vec<String> {
    let path = format!("/api/admissions?orderId={}", id(order));
    let list = buyer.get(&path).await.expect(200);
    let tickets = list["items"].as_array().unwrap().iter();
    tickets.map(|ticket| id(ticket).to_owned()).collect()
}

/// The path of a link that people are sent, in whatever shop the test runs.
pub(crate) fn path_of(link: &str) -> String {
    let (_, rest) = link.split_once("://").unwrap();
    let (_, path) = rest.split_once('/').unwrap();
    format!("/{path}")
}

/// The code of a ticket.
pub(crate) async fn code_of(holder: &Person, ticket: &str) -> String {
    let shown = holder.get(&format!("/api/admissions/{ticket}")).await.expect(200);
    shown["code"].as_str().unwrap().to_owned()
}

/// Waits until the offer of a ticket is listed. Returns its listing.
async fn offer_of(holder: &Person, ticket: &str) -> Value {
    let shown = holder.get(&format!("/api/admissions/{ticket}")).await.expect(200);
    let listing = json!({ "id": shown["offer"]["ticketId"] });
    holder.sees_ticket(&listing, json!({ "status": "open" })).await
}

/// A buyer who has bought so many, with the ids of their tickets.
pub(crate) async fn sold(shop: &Shop, quantity: i64) -> (Stage, Vec<String>) {
    let stage = Stage::set(shop, json!({ "quantity": 9 })).await;
    let tickets = buy(&stage.buyer, &stage.ticket, quantity).await;
    (stage, tickets)
}

/// Checks the page that is open as it is in both colours, on a phone and on a desk.
///
/// A page looks the same whatever its database, and to look takes a fifth of the suite's time: on Postgres
/// nobody looks.
pub(crate) async fn is_fine(window: &Window, name: &str) {
    if is_on_postgres() {
        return;
    }
    window.run(&axe()).await;
    for width in [375, 1280] {
        window.is(width, 800).await;
        for scheme in ["light", "dark"] {
            window.prefers(scheme, "reduce").await;
            let found = window.run_async(INSPECT).await;
            assert_eq!(found, json!([]), "{name} at {width}, {scheme}");
            window.photograph(&format!("{name}-{width}-{scheme}")).await;
        }
    }
    window.is(USUAL.0, USUAL.1).await;
}

/// Reads a code as a hand-held scanner does, which types it and presses Enter.
pub(crate) async fn scans(window: &Window, code: &str) {
    window.has_focus_on("Ticket code").await;
    window.types_blindly(code).await;
    window.press(&Key::Enter).await;
}

#[tokio::test]
async fn a_code_is_one_tap_from_the_purchase_and_fills_the_screen() {
    in_shop(async |shop| {
        let (stage, order) = Stage::at_checkout(shop).await;
        let bob = &stage.window;
        bob.pays(GOOD_CARD, PRICE).await;
        bob.sees_confirmation().await;
        bob.click("Ticket 1 of 1").await;
        let ticket = tickets_of(&stage.buyer, &order).await.remove(0);
        bob.arrives_at(&format!("/admissions/{ticket}")).await;
        bob.sees_heading("The Paper Kites").await;
        for shown in ["Ticket 1 of 1", "Valid", "Turn your screen's brightness up."] {
            bob.sees(shown).await;
        }
        let code = code_of(&stage.buyer, &ticket).await;
        let drawn =
            bob.run("return document.querySelector('.qr [stroke]').getAttribute('d')").await;
        assert_eq!(drawn, Qr::encode(&code).unwrap().path());
        for width in [320, 375] {
            bob.is(width, 700).await;
            let side = bob.run("return document.querySelector('.qr svg').clientWidth").await;
            let least = if width == 320 { 240.0 } else { 280.0 };
            assert!(side.as_f64().is_some_and(|side| side >= least), "{side} at {width}");
        }
        // The code stays dark on light where the page is light on dark.
        bob.prefers("dark", "reduce").await;
        let colours = "const of = (name) => getComputedStyle(document.querySelector(name));
            return [of('.qr').backgroundColor, of('.qr [stroke]').stroke]";
        assert_eq!(bob.run(colours).await, json!(["rgb(255, 255, 255)", "rgb(0, 0, 0)"]));
        assert_eq!(bob.target_of("Download as PDF").await, format!("/api/admissions/{ticket}.pdf"));

        bob.go("/orders").await;
        bob.sees("You're going").await;
        bob.click("Show ticket for The Paper Kites").await;
        bob.arrives_at(&format!("/admissions/{ticket}")).await;
        bob.click("Order").await;
        bob.arrives_at(&format!("/orders/{}", id(&order))).await;
    })
    .await;
}

#[tokio::test]
async fn one_goes_from_ticket_to_ticket_of_an_order() {
    in_shop(async |shop| {
        let (stage, tickets) = sold(shop, 3).await;
        let bob = &stage.window;
        bob.go(&format!("/admissions/{}", tickets[0])).await;
        assert!(!bob.has("Previous: Ticket 0 of 3").await);
        bob.click("Next: Ticket 2 of 3").await;
        bob.arrives_at(&format!("/admissions/{}", tickets[1])).await;
        bob.sees("Ticket 2 of 3").await;
        bob.click("Next: Ticket 3 of 3").await;
        bob.arrives_at(&format!("/admissions/{}", tickets[2])).await;
        bob.click("Previous: Ticket 2 of 3").await;
        bob.arrives_at(&format!("/admissions/{}", tickets[1])).await;
    })
    .await;
}

#[tokio::test]
async fn a_ticket_is_given_to_somebody_who_has_no_account_yet() {
    in_shop(async |shop| {
        let (stage, tickets) = sold(shop, 1).await;
        let (bob, page) = (&stage.window, format!("/admissions/{}", tickets[0]));
        bob.go(&page).await;
        bob.expects_status("/transfer", 400);
        bob.click("Make the link").await;
        bob.sees("One thing to mend").await;
        bob.fill("Their e-mail address", "carl@example.com").await;
        bob.click("Make the link").await;
        bob.sees("Waiting for carl@example.com to accept until").await;
        let old = code_of(&stage.buyer, &tickets[0]).await;
        let link = path_of(&bob.value("Link for carl@example.com").await);
        is_fine(bob, "admission-given").await;

        let carl = shop.window("Carl").await;
        carl.go(&link).await;
        carl.sees_heading("Somebody gives you a ticket").await;
        carl.sees("The Paper Kites").await;
        carl.click("Sign up to accept").await;
        carl.signs_up("carl@example.com").await;
        carl.arrives_at(&link).await;
        is_fine(&carl, "accept-signed-in").await;
        carl.click("Accept this ticket").await;
        carl.arrives_at(&page).await;
        carl.sees("The ticket is yours. Show its code at the door.").await;
        carl.go("/orders").await;
        carl.sees("You're going").await;

        bob.expects_status(&page, 403);
        bob.go(&page).await;
        bob.sees("This is somebody else's ticket.").await;
        bob.go("/orders").await;
        bob.sees_no("Show ticket").await;

        // The code that Bob had lets nobody in.
        let ann = shop.window_of("Ann", &stage.seller).await;
        ann.go(&format!("/door/{}", id(&stage.ticket))).await;
        scans(&ann, &old).await;
        ann.sees("Refunded or handed on").await;
        shop.audit().await;
    })
    .await;
}

#[tokio::test]
async fn a_ticket_is_given_and_taken_back_without_scripts() {
    in_shop(async |shop| {
        let (stage, tickets) = sold(shop, 1).await;
        let (bob, page) = (&stage.window, format!("/admissions/{}", tickets[0]));
        let other = shop.sign_up().await;
        let email = other.account["email"].as_str().unwrap().to_owned();
        bob.without_scripts().await;
        bob.go(&page).await;
        bob.fill("Their e-mail address", &email).await;
        bob.click("Make the link").await;
        bob.sees(&format!("Waiting for {email} to accept until")).await;
        let first = path_of(&bob.value(&format!("Link for {email}")).await);
        bob.click("Take it back").await;
        bob.sees("The ticket is yours alone again.").await;

        let carl = shop.window("Carl").await;
        carl.without_scripts().await;
        carl.expects_status("/accept", 409);
        carl.go(&first).await;
        carl.sees("This link no longer works").await;

        bob.fill("Their e-mail address", &email).await;
        bob.click("Make the link").await;
        let second = path_of(&bob.value(&format!("Link for {email}")).await);
        carl.go(&second).await;
        carl.click("Sign in to accept").await;
        carl.signs_in(&email, PASSWORD).await;
        carl.click("Accept this ticket").await;
        carl.arrives_at(&page).await;
        carl.sees("The ticket is yours.").await;
        bob.expects_status(&page, 403);
        bob.go(&page).await;
        bob.sees("This is somebody else's ticket.").await;
    })
    .await;
}

/// A buyer's ticket of an event whose organizer asks for names.
async fn asking(shop: &Shop) -> (Stage, String) {
    let stage = Stage::set(shop, json!({ "quantity": 9, "asksNames": true })).await;
    let ticket = buy(&stage.buyer, &stage.ticket, 1).await.remove(0);
    (stage, ticket)
}

/// Checks that the page shows the name of a guest who may come in.
async fn is_named(window: &Window, name: &str) {
    window.sees("Come in").await;
    let verdict = window.text_of("#verdict").await;
    assert!(verdict.contains(name), "{verdict}");
}

#[tokio::test]
async fn a_guest_is_named_before_there_is_a_code() {
    in_shop(async |shop| {
        let (stage, ticket) = asking(shop).await;
        let bob = &stage.window;
        bob.go(&format!("/admissions/{ticket}")).await;
        bob.sees("Who comes with this ticket?").await;
        assert!(!has_code(bob).await);
        assert!(!bob.has("Download as PDF").await);
        is_fine(bob, "admission-nameless").await;
        bob.expects_status("/name", 400);
        bob.click("Save the name").await;
        bob.sees("One thing to mend").await;
        assert_eq!(
            bob.complaint("Name").await,
            "Enter the name in 1 to 80 characters, on one line."
        );
        bob.fill("Name", "Zoë Ångström").await;
        bob.click("Save the name").await;
        bob.sees("The name is saved.").await;
        bob.sees("Zoë Ångström").await;
        assert!(has_code(bob).await);
        assert!(!bob.has("Save the name").await, "it is folded");
        bob.click("Change the name").await;
        assert_eq!(bob.value("Name").await, "Zoë Ångström");
        is_fine(bob, "admission-named").await;
        bob.fill("Name", "Ann Lee").await;
        bob.click("Save the name").await;
        bob.sees("Ann Lee").await;
        bob.sees_no("Zoë Ångström").await;

        let code = code_of(&stage.buyer, &ticket).await;
        let ann = shop.window_of("Ann", &stage.seller).await;
        ann.go(&format!("/door/{}", id(&stage.ticket))).await;
        scans(&ann, &code).await;
        is_named(&ann, "Ann Lee").await;
        is_fine(&ann, "door-named").await;
        shop.audit().await;
    })
    .await;
}

#[tokio::test]
async fn a_guest_is_named_without_scripts() {
    in_shop(async |shop| {
        let (stage, ticket) = asking(shop).await;
        let bob = &stage.window;
        bob.without_scripts().await;
        bob.go(&format!("/admissions/{ticket}")).await;
        bob.expects_status("/name", 400);
        bob.click("Save the name").await;
        bob.sees("One thing to mend").await;
        bob.fill("Name", "Zoë Ångström").await;
        bob.click("Save the name").await;
        bob.sees("The name is saved.").await;
        bob.sees("Zoë Ångström").await;
        assert!(has_code(bob).await);
        bob.click("Change the name").await;
        bob.fill("Name", "Ann Lee").await;
        bob.click("Save the name").await;
        bob.sees("Ann Lee").await;

        let code = code_of(&stage.buyer, &ticket).await;
        let ann = shop.window_of("Ann", &stage.seller).await;
        ann.without_scripts().await;
        ann.go(&format!("/door/{}", id(&stage.ticket))).await;
        ann.fill("Ticket code", &code).await;
        ann.click("Check").await;
        is_named(&ann, "Ann Lee").await;
    })
    .await;
}

#[tokio::test]
async fn a_door_lets_each_ticket_in_once() {
    in_shop(async |shop| {
        let (stage, tickets) = sold(shop, 2).await;
        let code = code_of(&stage.buyer, &tickets[0]).await;
        let ann = shop.window_of("Ann", &stage.seller).await;
        ann.go("/listings").await;
        ann.click("Door The Paper Kites").await;
        ann.arrives_at(&format!("/door/{}", id(&stage.ticket))).await;
        ann.sees("0 of 2 are in").await;
        ann.fill("This door's name", "North").await;
        ann.fill("Ticket code", &code).await;
        ann.press(&Key::Enter).await;
        ann.sees("Come in").await;
        ann.sees("1 of 2 are in").await;
        is_fine(&ann, "door-come-in").await;
        scans(&ann, &code).await;
        ann.sees("Already in").await;
        ann.sees("North").await;
        is_fine(&ann, "door-already-in").await;
        scans(&ann, "not a ticket").await;
        ann.sees("Not a ticket").await;
        is_fine(&ann, "door-not-a-ticket").await;

        let bob = &stage.window;
        bob.go(&format!("/admissions/{}", tickets[0])).await;
        bob.sees("Used at").await;

        ann.click("Undo the last entry").await;
        ann.sees("The entry is undone.").await;
        ann.sees("0 of 2 are in").await;
        scans(&ann, &code).await;
        ann.sees("Come in").await;
        assert_eq!(ann.value("This door's name").await, "North");
        bob.refresh().await;
        bob.sees("Used at").await;
    })
    .await;
}

#[tokio::test]
async fn a_code_of_another_event_is_told_apart() {
    in_shop(async |shop| {
        let (stage, tickets) = sold(shop, 1).await;
        let other = stage.seller.list(json!({ "title": "A cello" })).await.expect(201);
        let ann = shop.window_of("Ann", &stage.seller).await;
        ann.go(&format!("/door/{}", id(&other))).await;
        scans(&ann, &code_of(&stage.buyer, &tickets[0]).await).await;
        ann.sees("Another event").await;
        ann.sees("0 of 0 are in").await;
    })
    .await;
}

#[tokio::test]
async fn staff_let_people_in_by_a_link_until_it_is_ended() {
    in_shop(async |shop| {
        let (stage, tickets) = sold(shop, 1).await;
        let code = code_of(&stage.buyer, &tickets[0]).await;
        let door = format!("/door/{}", id(&stage.ticket));
        let ann = shop.window_of("Ann", &stage.seller).await;
        ann.go(&door).await;
        ann.fill("Whom it is for", "North").await;
        ann.click("Make a link").await;
        ann.sees("The link is ready. Send it to your staff.").await;
        let link = path_of(&ann.value("Link for North").await);

        let carl = shop.window("Carl").await;
        carl.without_scripts().await;
        carl.expects_status(&door, 403);
        carl.go(&door).await;
        carl.sees_heading("This door is not yours").await;
        carl.go(&link).await;
        carl.arrives_at(&door).await;
        carl.sees("0 of 1 are in").await;
        assert!(!carl.has("Make a link").await, "staff make no links");
        carl.fill("Ticket code", &code).await;
        carl.click("Check").await;
        carl.sees("Come in").await;
        carl.fill("Ticket code", &code).await;
        carl.press(&Key::Enter).await;
        carl.sees("Already in").await;
        carl.click("Undo the last entry").await;
        carl.sees("0 of 1 are in").await;

        ann.click("End this link").await;
        ann.sees("The link is ended.").await;
        carl.go(&door).await;
        carl.sees_heading("This door is not yours").await;
        carl.click_in("main", "Sign in").await;
        carl.arrives_at(&format!("/sign-in?next={door}")).await;
    })
    .await;
}

/// What the page of a ticket says that its holder has sold on.
const SOLD_ON: &str = "This ticket was refunded or sold on, and lets nobody in";

/// Whether the page shows a code.
/// What a ticket's page says below its code. Orders say "Valid" too, so that does not tell where one is.
const HOLD_IT_UP: &str = "Turn your screen's brightness up.";

async fn has_code(window: &Window) -> bool {
    window.run("return document.querySelector('.qr') !== null").await == true
}

#[tokio::test]
async fn a_ticket_is_sold_on_and_its_code_is_the_buyers() {
    in_shop(async |shop| {
        let (stage, tickets) = sold(shop, 1).await;
        let (bob, page) = (&stage.window, format!("/admissions/{}", tickets[0]));
        let old = code_of(&stage.buyer, &tickets[0]).await;
        bob.go(&page).await;
        assert!(!bob.has("Put it on sale").await, "it is folded");
        bob.click("Sell it on").await;
        bob.sees("At most €45.00. When it is sold you get the price less the shop's fee.").await;
        assert_eq!(bob.value("Price").await, "45.00");
        is_fine(bob, "admission-sell-on").await;
        bob.expects_status("/offer", 400);
        for (price, complaint) in [
            ("45.01", "Give a price from €0.50 to €45.00."),
            ("cheap", "Give the price as a number such as 45.00."),
        ] {
            bob.fill("Price", price).await;
            bob.click("Put it on sale").await;
            bob.sees(complaint).await;
            assert_eq!(bob.complaint("Price").await, complaint);
            assert_eq!(bob.value("Price").await, price);
        }
        bob.fill("Price", "40").await;
        bob.click("Put it on sale").await;
        bob.sees("On sale for €40.00. Its code lets nobody in until you take it off sale.").await;
        assert!(!has_code(bob).await);
        is_fine(bob, "admission-on-sale").await;
        let offer = offer_of(&stage.buyer, &tickets[0]).await;
        assert_eq!(bob.target_of("See it as buyers do").await, page_of(&offer));
        bob.go("/orders").await;
        bob.sees("On sale").await;

        let ann = shop.window_of("Ann", &stage.seller).await;
        let door = format!("/door/{}", id(&stage.ticket));
        ann.go(&door).await;
        scans(&ann, &old).await;
        ann.sees("On sale: its holder takes it off sale first").await;
        is_fine(&ann, "door-on-sale").await;

        let other = shop.sign_up().await;
        let carl = shop.window_of("Carl", &other).await;
        carl.go(&page_of(&offer)).await;
        carl.sees_heading("The Paper Kites").await;
        carl.sees("€40.00").await;
        carl.click("Buy").await;
        carl.pays(GOOD_CARD, "€40.00").await;
        let order = carl.sees_confirmation().await;
        carl.refresh().await;
        carl.click("Ticket 1 of 1").await;
        carl.sees(HOLD_IT_UP).await;
        assert!(has_code(&carl).await);
        assert_eq!(carl.target_of("Order").await, order);
        let theirs = carl.path().await.replace("/admissions/", "");
        let new = code_of(&other, &theirs).await;
        assert_ne!(new, old);

        bob.go(&page).await;
        bob.sees(SOLD_ON).await;
        assert!(!has_code(bob).await);
        bob.click("Order").await;
        bob.sees("Refunded or sold on").await;
        bob.go("/orders").await;
        bob.sees("Paid").await;
        bob.sees_no("You're going").await;
        bob.sees_no("Show ticket").await;

        ann.go(&door).await;
        scans(&ann, &old).await;
        ann.sees("Refunded or handed on").await;
        scans(&ann, &new).await;
        ann.sees("Come in").await;
        shop.audit().await;
    })
    .await;
}

#[tokio::test]
async fn a_ticket_is_taken_off_sale_and_sold_on_without_scripts() {
    in_shop(async |shop| {
        let (stage, tickets) = sold(shop, 1).await;
        let (bob, page) = (&stage.window, format!("/admissions/{}", tickets[0]));
        bob.without_scripts().await;
        bob.go(&page).await;
        bob.click("Sell it on").await;
        bob.click("Put it on sale").await;
        bob.sees("On sale for €45.00.").await;
        let first = offer_of(&stage.buyer, &tickets[0]).await;
        bob.click("Take it off sale").await;
        bob.sees("Your ticket is off sale. Its code lets you in again.").await;
        assert!(has_code(bob).await);
        stage.buyer.sees_ticket(&first, json!({ "status": "withdrawn" })).await;

        bob.click("Sell it on").await;
        bob.expects_status("/offer", 400);
        bob.fill("Price", "0").await;
        bob.click("Put it on sale").await;
        bob.sees("Give a price from €0.50 to €45.00.").await;
        bob.fill("Price", "40").await;
        bob.click("Put it on sale").await;
        bob.sees("On sale for €40.00.").await;
        let second = offer_of(&stage.buyer, &tickets[0]).await;

        let other = shop.sign_up().await;
        let carl = shop.window_of("Carl", &other).await;
        carl.without_scripts().await;
        carl.go(&page_of(&second)).await;
        carl.click("Buy").await;
        carl.sees_timer("15:00").await;
        bob.expects_status("/offer/end", 409);
        bob.click("Take it off sale").await;
        bob.sees("Someone is checking out. You can take it off sale if their hold ends.").await;
        carl.pays(GOOD_CARD, "€40.00").await;
        carl.sees_confirmation().await;
        carl.go("/orders").await;
        carl.click("Show ticket for The Paper Kites").await;
        carl.sees(HOLD_IT_UP).await;
        assert!(has_code(&carl).await);
        bob.go(&page).await;
        bob.sees(SOLD_ON).await;
        assert!(!has_code(bob).await);
        shop.audit().await;
    })
    .await;
}

#[tokio::test]
async fn what_the_organizer_does_not_allow_is_said_in_place_of_the_forms() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({ "resaleCap": 0, "transferLimit": 0 })).await;
        let ticket = buy(&stage.buyer, &stage.ticket, 1).await.remove(0);
        let bob = &stage.window;
        bob.go(&format!("/admissions/{ticket}")).await;
        bob.sees("The organizer does not let you hand this ticket on.").await;
        assert!(!bob.has("Make the link").await);
        bob.click("Sell it on").await;
        bob.sees("The organizer does not let you sell this ticket on.").await;
        assert!(!bob.has("Put it on sale").await);
        is_fine(bob, "admission-tied").await;

        let (stage, tickets) = sold(shop, 1).await;
        let bob = &stage.window;
        bob.go(&format!("/admissions/{}", tickets[0])).await;
        bob.fill("Their e-mail address", "carl@example.com").await;
        bob.click("Make the link").await;
        bob.sees("Waiting for carl@example.com to accept until").await;
        bob.click("Sell it on").await;
        bob.sees("You are handing this ticket on. Take it back first to sell it.").await;
    })
    .await;
}
