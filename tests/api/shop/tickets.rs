//! A ticket's code, handing it on, and doors, by forms alone.

use boxoffice_admission_code::qr::Qr;
use boxoffice_tests::{Answer, App, eventually, get};

use super::browser::{Browser, Form};

/// A seller and a buyer of so many kites: their browsers, the listing's id, and the order's path.
struct Sale {
    seller: Browser,
    buyer: Browser,
    listing: String,
    order: String,
}

impl Sale {
    async fn of(app: &App, quantity: &str) -> Self {
        Self::listed(app, quantity, |form| form).await
    }

    /// The same of a listing whose form was filled in further.
    async fn listed(app: &App, quantity: &str, fill: impl FnOnce(Form) -> Form) -> Self {
        let seller = Browser::signed_up(app, "seller@example.com").await;
        let form = seller.form("/tickets/new", "/tickets/new").await;
        let form = form
            .with("title", "Kites")
            .with("price", "45")
            .with("currency", "EUR")
            .with("quantity", "9")
            .with("startsAt", "2030-06-12T20:30")
            .with("timeZone", "Europe/Zurich");
        let page = seller.send(&fill(form)).await.header("location").to_owned();
        let buyer = Browser::signed_up(app, "buyer@example.com").await;
        let hold = buyer.form(&page, &format!("{page}/hold")).await.with("quantity", quantity);
        let checkout = buyer.send(&hold).await.header("location").to_owned();
        let order = checkout.trim_end_matches("/checkout").to_owned();
        let pay = buyer.form(&checkout, &format!("{order}/pay")).await;
        let paid = buyer.send(&pay.with("token", "pm_card_visa")).await;
        assert_eq!(paid.header("location"), order, "{paid}");
        let listing = page.trim_start_matches("/tickets/").to_owned();
        Self { seller, buyer, listing, order }
    }

    fn door(&self) -> String {
        format!("/door/{}", self.listing)
    }

    /// The paths of the tickets' pages, as the order's page leads to them.
    async fn tickets(&self) -> Vec<String> {
        tickets_on(&self.buyer.page(&self.order).await)
    }
}

/// The tickets that a page leads to.
fn tickets_on(page: &Answer) -> Vec<String> {
    let links = page.text.split("href=\"/admissions/").skip(1);
    links.map(|link| format!("/admissions/{}", link.split('"').next().unwrap())).collect()
}

/// The code of the ticket whose page is at `path`.
async fn code_of(holder: &Browser, path: &str) -> String {
    let shown = holder.exchange(get(format!("/api{path}").as_str())).await.expect(200);
    shown["code"].as_str().unwrap().to_owned()
}

/// The path of the link to hand on that the page shows.
fn link_on(page: &Answer, below: &str) -> String {
    let mut values =
        page.text.split("value=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let link = values.find_map(|value| value.split_once(below).map(|(_, rest)| rest));
    format!("{below}{}", link.unwrap_or_else(|| panic!("no link: {page}")))
}

/// Waits until the listing whose page a ticket's page leads to is there. Returns its path.
async fn offer_on(holder: &Browser, page: &Answer) -> String {
    let links = page.text.split("href=\"/tickets/").skip(1);
    let mut ids = links.map(|link| link.split('"').next().unwrap()).filter(|id| *id != "new");
    let offer = format!("/tickets/{}", ids.next().unwrap_or_else(|| panic!("no offer: {page}")));
    let open = async || holder.open(&offer).await;
    eventually("the offer is listed", open, |page| page.status == 200).await;
    offer
}

/// Reads a code at a door. Returns the page that follows.
async fn scan(door: &Browser, path: &str, code: &str) -> Answer {
    let form = door.form(path, path).await.with("code", code).with("door", "North");
    door.send(&form).await
}

#[tokio::test]
async fn a_paid_order_leads_to_its_tickets_and_their_codes() {
    let app = App::start().await;
    let sale = Sale::of(&app, "3").await;
    let page = sale.buyer.page(&sale.order).await;
    let tickets = tickets_on(&page);
    assert_eq!(tickets.len(), 3, "{page}");
    for text in ["Ticket 1 of 3", "Ticket 2 of 3", "Ticket 3 of 3"] {
        assert!(page.text.contains(text), "{text}: {page}");
    }
    let (codes, calendar) = (page.text.find("Ticket 1 of 3"), page.text.find("event.ics"));
    assert!(codes < calendar, "the codes come before the calendar: {page}");

    let ticket = sale.buyer.page(&tickets[1]).await;
    assert_eq!(ticket.header("cache-control"), "no-store");
    let drawn = Qr::encode(&code_of(&sale.buyer, &tickets[1]).await).unwrap().path();
    for text in [
        "Kites",
        "12 Jun 2030",
        "Ticket 2 of 3",
        "role=\"img\"",
        "aria-label=\"Ticket code\"",
        &format!("d=\"{drawn}\""),
        &format!("href=\"{}\"", tickets[0]),
        &format!("href=\"{}\"", tickets[2]),
        &format!("href=\"{}\"", sale.order),
        &format!("href=\"/api{}.pdf\"", tickets[1]),
    ] {
        assert!(ticket.text.contains(text), "{text}: {ticket}");
    }
    let calendar = sale.buyer.open(&format!("{}/event.ics", tickets[1])).await;
    assert!(calendar.text.contains("DESCRIPTION:Ticket 2 of 3"), "{calendar}");

    let orders = sale.buyer.page("/orders").await;
    assert!(orders.text.contains("aria-label=\"Show tickets for Kites\""), "{orders}");
    assert_eq!(tickets_on(&orders).len(), 5, "each ticket, the event, and the order: {orders}");

    assert_eq!(sale.seller.open(&tickets[0]).await.status, 403);
    let nobody = Browser::at(&app).open(&tickets[0]).await;
    assert!(nobody.header("location").starts_with("/sign-in?next=%2Fadmissions%2F"), "{nobody}");
    let missing = "/admissions/01980f3c-0000-7000-8000-000000000000";
    assert_eq!(sale.buyer.open(missing).await.status, 404);
}

/// Order, ticket and calendar follow an event that its seller moves, and its buyer can give it back.
#[tokio::test]
async fn buyers_hear_of_a_moved_event_and_have_a_way_out() {
    let app = App::start().await;
    let sale = Sale::of(&app, "1").await;
    let ticket = sale.tickets().await.remove(0);
    let calendar = format!("{}/event.ics", sale.order);
    let sequence = |file: &Answer| -> i64 {
        let (_, rest) = file.text.split_once("SEQUENCE:").unwrap_or_else(|| panic!("{file}"));
        rest.lines().next().unwrap().trim().parse().unwrap()
    };
    let before = sale.buyer.open(&calendar).await;
    let give_back = format!("{}/give-back", sale.order);
    let page = sale.buyer.page(&sale.order).await;
    assert!(!page.text.contains(&give_back), "nothing has changed: {page}");

    let edit = format!("/tickets/{}/edit", sale.listing);
    let form = sale.seller.form(&edit, &edit).await.with("currency", "EUR");
    let form = form.with("timeZone", "Europe/Zurich").with("startsAt", "2030-06-13T20:30");
    let saved = sale.seller.send(&form).await;
    assert_eq!(saved.status, 303, "{saved}");
    let open = async || sale.buyer.open(&sale.order).await;
    let is_told = |page: &Answer| page.text.contains("The seller changed this event on");
    let page = eventually("the order tells of the change", open, is_told).await;
    let was = "It was: Wed, 12 Jun 2030, 20:30 (CEST, Zurich).";
    assert!(page.text.contains(was) && page.text.contains("13 Jun 2030"), "{page}");
    assert!(sale.buyer.page("/orders").await.text.contains(was));
    let after = sale.buyer.open(&calendar).await;
    assert!(after.text.contains("DTSTART:20300613T183000Z"), "{after}");
    assert!(sequence(&after) > sequence(&before), "{after}");
    let uid = format!("UID:{}@boxoffice", sale.order.trim_start_matches("/orders/"));
    assert!(before.text.contains(&uid) && after.text.contains(&uid), "{after}");
    let open = async || sale.buyer.open(&ticket).await;
    let is_moved = |page: &Answer| page.text.contains("13 Jun 2030");
    eventually("the ticket is for the new day", open, is_moved).await;
    let own = sale.buyer.open(&format!("{ticket}/event.ics")).await;
    assert!(own.text.contains("DTSTART:20300613T183000Z") && sequence(&own) > 0, "{own}");

    // The money may not have been taken yet.
    let form = Form::on(&page, &give_back);
    let send = async || sale.buyer.send(&form).await;
    let given_back = eventually("it is given back", send, |answer| answer.status == 303).await;
    assert_eq!(given_back.header("location"), sale.order, "{given_back}");
    let page = sale.buyer.follow(&given_back).await;
    assert!(page.text.contains("Your money is on its way back."), "{page}");
    let open = async || sale.buyer.open(&sale.order).await;
    let is_refunded = |page: &Answer| !page.text.contains(&give_back);
    let page = eventually("the order is refunded", open, is_refunded).await;
    assert!(page.text.contains("Refunded"), "{page}");
}

#[tokio::test]
async fn an_order_is_shown_while_its_tickets_cannot_be() {
    // Nobody listens on port 9.
    let app = App::start_with([("admissions_base_url", "http://127.0.0.1:9")]).await;
    let sale = Sale::of(&app, "1").await;
    let page = sale.buyer.page(&sale.order).await;
    assert!(page.text.contains("Your tickets are being made ready. Reload this page in a moment."));
    assert!(sale.buyer.page("/orders").await.text.contains("Paid"));
    assert_eq!(sale.buyer.open(&sale.door()).await.status, 503);
}

#[tokio::test]
async fn a_ticket_is_handed_on_and_accepted() {
    let app = App::start().await;
    let sale = Sale::of(&app, "1").await;
    let ticket = sale.tickets().await.remove(0);
    let old = code_of(&sale.buyer, &ticket).await;
    let give = format!("{ticket}/transfer");
    for wrong in ["", "nobody", "buyer@example.com"] {
        let form = sale.buyer.form(&ticket, &give).await.with("email", wrong);
        let refused = sale.buyer.send(&form).await;
        assert_eq!(refused.status, 400, "{wrong}: {refused}");
        assert!(refused.text.contains("href=\"#email\""), "the summary: {refused}");
    }
    let form = sale.buyer.form(&ticket, &give).await.with("email", "Carl@Example.com");
    let given = sale.buyer.send(&form).await;
    assert_eq!(given.header("location"), ticket, "{given}");
    let page = sale.buyer.follow(&given).await;
    assert!(page.text.contains("carl@example.com") && page.text.contains("Take it back"), "{page}");
    assert!(page.text.contains(&Qr::encode(&old).unwrap().path()), "it lets in until then");
    let link = link_on(&page, "/admissions/");

    let carl = Browser::at(&app);
    let offer = carl.page(&link).await;
    assert_eq!(offer.header("cache-control"), "no-store");
    assert_eq!(offer.header("referrer-policy"), "same-origin");
    for text in ["Kites", "carl@example.com", "Sign in to accept", "Sign up to accept"] {
        assert!(offer.text.contains(text), "{text}: {offer}");
    }
    let (_, next) = offer.text.split_once("href=\"/sign-up?next=").unwrap();
    let sign_up = format!("/sign-up?next={}", next.split('"').next().unwrap());
    let form = carl.form(&sign_up, "/sign-up").await.with("email", "carl@example.com");
    let back = carl.send(&form.with("password", "correct horse battery")).await;
    assert_eq!(back.header("location"), link, "with the token: {back}");

    let accept = format!("{ticket}/accept");
    let other = Browser::signed_up(&app, "other@example.com").await;
    let form = other.form(&link, &accept).await;
    let refused = other.send(&form).await;
    assert_eq!(refused.status, 403, "{refused}");
    assert!(refused.text.contains("This ticket is for another address."), "{refused}");
    assert!(refused.text.contains("You are signed in as"), "with the form again: {refused}");

    let form = carl.form(&link, &accept).await;
    let accepted = carl.send(&form).await;
    assert_eq!(accepted.header("location"), ticket, "{accepted}");
    let page = carl.follow(&accepted).await;
    assert!(page.text.contains("The ticket is yours."), "{page}");
    assert!(!page.text.contains(&Qr::encode(&old).unwrap().path()), "it has another code: {page}");
    assert!(!page.text.contains(&sale.order), "the order is not theirs: {page}");
    assert_eq!(tickets_on(&carl.page("/orders").await).len(), 2);
    assert_eq!(carl.send(&form).await.header("location"), ticket, "as good as once");
    assert_eq!(carl.open(&link).await.header("location"), ticket, "they have it already");

    assert_eq!(sale.buyer.open(&ticket).await.status, 403);
    let order = sale.buyer.page(&sale.order).await;
    assert!(order.text.contains("Others hold the tickets of this order now."), "{order}");
    let ended = other.open(&link).await;
    assert_eq!(ended.status, 409, "{ended}");
    assert!(ended.text.contains("This link no longer works"), "{ended}");
    let seen = scan(&sale.seller, &sale.door(), &old).await;
    assert!(seen.text.contains("Refunded or handed on"), "{seen}");
}

#[tokio::test]
async fn a_guest_is_named_before_there_is_a_code() {
    let app = App::start().await;
    let sale = Sale::listed(&app, "1", |form| form.with("asksNames", "true")).await;
    let ticket = sale.tickets().await.remove(0);
    let action = format!("{ticket}/name");
    let page = sale.buyer.page(&ticket).await;
    assert!(page.text.contains("Who comes with this ticket?"), "{page}");
    for hidden in ["Ticket code", ".pdf\"", "Change the name"] {
        assert!(!page.text.contains(hidden), "{hidden}: {page}");
    }
    for wrong in ["", &"x".repeat(81)] {
        let refused = sale.buyer.send(&Form::on(&page, &action).with("name", wrong)).await;
        assert_eq!(refused.status, 400, "{wrong}: {refused}");
        for shown in ["href=\"#name\"", "Enter the name in 1 to 80 characters, on one line."] {
            assert!(refused.text.contains(shown), "{wrong}, {shown}: {refused}");
        }
    }
    let form = Form::on(&page, &action).with("name", " Zoë Ångström ");
    assert_eq!(sale.seller.send(&form).await.status, 403, "it is not theirs");
    let nobody = Browser::at(&app).send(&form).await;
    assert!(nobody.header("location").starts_with("/sign-in?next="), "{nobody}");
    let named = sale.buyer.send(&form).await;
    assert_eq!(named.header("location"), ticket, "{named}");
    let page = sale.buyer.follow(&named).await;
    let code = code_of(&sale.buyer, &ticket).await;
    let drawn = Qr::encode(&code).unwrap().path();
    for shown in ["The name is saved.", "Zoë Ångström", "Change the name", &drawn, ".pdf\""] {
        assert!(page.text.contains(shown), "{shown}: {page}");
    }
    assert_eq!(sale.buyer.send(&form).await.header("location"), ticket, "as good as once");
    let form = Form::on(&page, &action);
    assert_eq!(form.value("name"), "Zoë Ångström");
    let changed = sale.buyer.follow(&sale.buyer.send(&form.with("name", "Ann")).await).await;
    assert!(changed.text.contains("Ann") && changed.text.contains(&drawn), "{changed}");

    let door = sale.seller.page(&sale.door()).await;
    assert!(door.text.contains("Name or order number"), "{door}");
    let seen = scan(&sale.seller, &sale.door(), &code).await;
    let (_, verdict) = seen.text.split_once("id=\"verdict\"").unwrap_or_else(|| panic!("{seen}"));
    let (verdict, _) = verdict.split_once("Ticket 1 of 1").unwrap_or_else(|| panic!("{seen}"));
    assert!(verdict.contains("Come in") && verdict.contains("Ann"), "{verdict}");
    let late = sale.buyer.send(&Form::on(&changed, &action).with("name", "Bob")).await;
    assert_eq!(late.status, 409, "{late}");
    assert!(late.text.contains("Somebody has entered with this ticket."), "{late}");
}

#[tokio::test]
async fn a_ticket_is_taken_back_before_it_is_accepted() {
    let app = App::start().await;
    let sale = Sale::of(&app, "1").await;
    let ticket = sale.tickets().await.remove(0);
    let form = sale.buyer.form(&ticket, &format!("{ticket}/transfer")).await;
    let given = sale.buyer.send(&form.with("email", "carl@example.com")).await;
    let page = sale.buyer.follow(&given).await;
    let link = link_on(&page, "/admissions/");
    let carl = Browser::signed_up(&app, "carl@example.com").await;
    let accept = carl.form(&link, &format!("{ticket}/accept")).await;
    let back = Form::on(&page, &format!("{ticket}/take-back"));
    assert_eq!(sale.buyer.send(&back).await.header("location"), ticket);
    let late = carl.send(&accept).await;
    assert_eq!(late.status, 409, "{late}");
    assert!(late.text.contains("This link no longer works"), "{late}");
    let page = sale.buyer.page(&ticket).await;
    assert!(page.text.contains("Make the link") && !page.text.contains("Take it back"), "{page}");
}

#[tokio::test]
async fn a_ticket_is_put_on_sale_for_a_price_that_is_allowed() {
    let app = App::start().await;
    let sale = Sale::of(&app, "1").await;
    let ticket = sale.tickets().await.remove(0);
    let code = code_of(&sale.buyer, &ticket).await;
    let (drawn, sell) = (Qr::encode(&code).unwrap().path(), format!("{ticket}/offer"));
    let page = sale.buyer.page(&ticket).await;
    assert_eq!(Form::on(&page, &sell).value("price"), "45.00");
    assert!(page.text.contains("At most €45.00."), "{page}");
    let range = "Give a price from €0.50 to €45.00.";
    for (price, complaint) in [
        ("", "Give the price as a number such as 45.00."),
        ("45.001", "EUR has 2 decimals: give a price such as 45.00."),
        ("45.01", range),
        ("0.49", range),
        ("0", range),
    ] {
        let form = sale.buyer.form(&ticket, &sell).await.with("price", price);
        let refused = sale.buyer.send(&form).await;
        assert_eq!(refused.status, 400, "{price}: {refused}");
        for shown in ["href=\"#price\"", complaint, &format!("value=\"{price}\"")] {
            assert!(refused.text.contains(shown), "{price}, {shown}: {refused}");
        }
        assert!(refused.text.contains(&drawn), "it still lets in: {refused}");
    }

    let form = sale.buyer.form(&ticket, &sell).await.with("price", "€40");
    assert_eq!(sale.seller.send(&form).await.status, 403, "it is not theirs");
    let nobody = Browser::at(&app).send(&form).await;
    assert!(nobody.header("location").starts_with("/sign-in?next="), "{nobody}");
    let offered = sale.buyer.send(&form).await;
    assert_eq!(offered.header("location"), ticket, "{offered}");
    let page = sale.buyer.follow(&offered).await;
    assert!(page.text.contains("Your ticket is on sale."), "{page}");
    let said = "On sale for €40.00. Its code lets nobody in until you take it off sale.";
    assert!(page.text.contains(said) && !page.text.contains(&drawn), "{page}");
    for gone in [".pdf\"", "Make the link", "Put it on sale"] {
        assert!(!page.text.contains(gone), "{gone}: {page}");
    }
    assert_eq!(sale.buyer.send(&form).await.header("location"), ticket, "as good as once");
    let late = sale.buyer.send(&form.with("key", "another")).await;
    assert_eq!(late.status, 409, "{late}");
    assert!(late.text.contains("This ticket is on sale. Take it off sale first."), "{late}");
    assert!(sale.buyer.page("/orders").await.text.contains("On sale"));
    let seen = scan(&sale.seller, &sale.door(), &code).await;
    assert!(seen.text.contains("On sale: its holder takes it off sale first"), "{seen}");
}

#[tokio::test]
async fn a_ticket_is_taken_off_sale_while_nobody_buys_it() {
    let app = App::start().await;
    let sale = Sale::of(&app, "1").await;
    let ticket = sale.tickets().await.remove(0);
    let form = sale.buyer.form(&ticket, &format!("{ticket}/offer")).await;
    let page = sale.buyer.follow(&sale.buyer.send(&form).await).await;
    let offer = offer_on(&sale.buyer, &page).await;
    let end = Form::on(&page, &format!("{ticket}/offer/end"));

    let carl = Browser::signed_up(&app, "carl@example.com").await;
    let hold = carl.form(&offer, &format!("{offer}/hold")).await;
    let checkout = carl.send(&hold).await.header("location").to_owned();
    let refused = sale.buyer.send(&end).await;
    assert_eq!(refused.status, 409, "{refused}");
    let held = "Someone is checking out. You can take it off sale if their hold ends.";
    assert!(refused.text.contains(held), "{refused}");
    let order = checkout.trim_end_matches("/checkout");
    let cancel = carl.form(&checkout, &format!("{order}/cancel")).await;
    assert_eq!(carl.send(&cancel).await.status, 303);

    let ended = sale.buyer.send(&end.with("key", "another")).await;
    assert_eq!(ended.header("location"), ticket, "{ended}");
    let page = sale.buyer.follow(&ended).await;
    for shown in ["Your ticket is off sale.", "Put it on sale", "Make the link"] {
        assert!(page.text.contains(shown), "{shown}: {page}");
    }
    let code = code_of(&sale.buyer, &ticket).await;
    assert!(page.text.contains(&Qr::encode(&code).unwrap().path()), "it lets in again: {page}");
}

#[tokio::test]
async fn a_ticket_that_is_sold_on_is_its_buyers() {
    let app = App::start().await;
    let sale = Sale::of(&app, "1").await;
    let ticket = sale.tickets().await.remove(0);
    let old = code_of(&sale.buyer, &ticket).await;
    let form = sale.buyer.form(&ticket, &format!("{ticket}/offer")).await.with("price", "40");
    let page = sale.buyer.follow(&sale.buyer.send(&form).await).await;
    let offer = offer_on(&sale.buyer, &page).await;

    let carl = Browser::signed_up(&app, "carl@example.com").await;
    let shown = carl.page(&offer).await;
    assert!(shown.text.contains("Kites") && shown.text.contains("€40.00"), "{shown}");
    let hold = Form::on(&shown, &format!("{offer}/hold"));
    let checkout = carl.send(&hold).await.header("location").to_owned();
    let order = checkout.trim_end_matches("/checkout").to_owned();
    let pay = carl.form(&checkout, &format!("{order}/pay")).await;
    let paid = carl.send(&pay.with("token", "pm_card_visa")).await;
    assert_eq!(paid.header("location"), order, "{paid}");
    let theirs = tickets_on(&carl.page(&order).await).remove(0);
    let new = code_of(&carl, &theirs).await;
    assert_ne!(new, old);
    let page = carl.page(&theirs).await;
    assert!(page.text.contains(&Qr::encode(&new).unwrap().path()), "{page}");
    assert!(page.text.contains(&format!("href=\"{order}\"")), "they bought it: {page}");

    let page = sale.buyer.page(&ticket).await;
    assert!(page.text.contains("This ticket was refunded or sold on"), "{page}");
    assert!(!page.text.contains("Ticket code") && !page.text.contains("Sell it on"), "{page}");
    assert!(sale.buyer.page(&sale.order).await.text.contains("Refunded or sold on"));
    assert_eq!(tickets_on(&sale.buyer.page("/orders").await).len(), 0);
    let seen = scan(&sale.seller, &sale.door(), &old).await;
    assert!(seen.text.contains("Refunded or handed on"), "{seen}");
    let seen = scan(&sale.seller, &sale.door(), &new).await;
    assert!(seen.text.contains("Come in"), "{seen}");
}

#[tokio::test]
async fn a_door_says_what_each_code_is() {
    let app = App::start().await;
    let sale = Sale::of(&app, "2").await;
    let (door, tickets) = (sale.door(), sale.tickets().await);
    let code = code_of(&sale.buyer, &tickets[0]).await;
    let own = sale.seller.page("/listings").await;
    assert!(own.text.contains(&format!("href=\"{door}\"")), "{own}");
    let page = sale.seller.page(&door).await;
    assert_eq!(page.header("cache-control"), "no-store");
    for text in ["0 of 2 are in", "autocomplete=\"off\"", "autofocus", "Links for your staff"] {
        assert!(page.text.contains(text), "{text}: {page}");
    }

    let form = Form::on(&page, &door).with("code", &code).with("door", "South gate");
    let seen = sale.seller.send(&form).await;
    assert_eq!(seen.status, 200, "{seen}");
    for text in ["Come in", "Ticket 1 of 2", "1 of 2 are in", "role=\"status\"", "Undo"] {
        assert!(seen.text.contains(text), "{text}: {seen}");
    }
    let again = sale.seller.send(&form).await;
    assert!(again.text.contains("Come in"), "a form sent twice is one scan: {again}");
    assert_eq!(Form::on(&seen, &door).value("door"), "South gate");

    let used = scan(&sale.seller, &door, &code).await;
    assert!(used.text.contains("Already in") && used.text.contains("South gate"), "{used}");
    let lower = scan(&sale.seller, &door, &format!(" {} ", code.to_lowercase())).await;
    assert!(lower.text.contains("Already in"), "scanners differ: {lower}");
    let garbage = scan(&sale.seller, &door, "<b>none</b>").await;
    assert!(garbage.text.contains("Not a ticket"), "{garbage}");
    let empty = scan(&sale.seller, &door, " ").await;
    assert_eq!(empty.status, 400, "{empty}");
    let unnamed = sale.seller.form(&door, &door).await.with("code", &code).with("door", " ");
    let unnamed = sale.seller.send(&unnamed).await;
    assert_eq!(unnamed.status, 400, "{unnamed}");
    assert!(unnamed.text.contains("Enter a name of 1 to 60 characters"), "{unnamed}");

    let undo = Form::on(&seen, &format!("{door}/undo"));
    let undone = sale.seller.send(&undo).await;
    assert_eq!(undone.header("location"), door, "{undone}");
    let page = sale.seller.follow(&undone).await;
    assert!(page.text.contains("The entry is undone.") && page.text.contains("0 of 2"), "{page}");
    let twice = sale.seller.send(&undo.with("key", "another")).await;
    assert_eq!(twice.status, 404, "{twice}");
    assert!(twice.text.contains("was undone already"), "{twice}");
    let entered = scan(&sale.seller, &door, &code).await;
    assert!(entered.text.contains("Come in"), "{entered}");
    let ticket = sale.buyer.page(&tickets[0]).await;
    assert!(ticket.text.contains("Used at") && !ticket.text.contains("Make the link"), "{ticket}");

    let form = sale.seller.form("/tickets/new", "/tickets/new").await;
    let form = form.with("title", "Cello").with("price", "45").with("currency", "EUR");
    let other = sale.seller.send(&form).await.header("location").replace("/tickets/", "/door/");
    let seen = scan(&sale.seller, &other, &code).await;
    assert!(seen.text.contains("Another event") && seen.text.contains("0 of 0"), "{seen}");
}

#[tokio::test]
async fn staff_use_a_door_by_a_link_until_it_is_ended() {
    let app = App::start().await;
    let sale = Sale::of(&app, "1").await;
    let door = sale.door();
    let code = code_of(&sale.buyer, &sale.tickets().await[0]).await;
    let page = sale.seller.page(&door).await;
    let unnamed = sale.seller.send(&Form::on(&page, &format!("{door}/staff"))).await;
    assert_eq!(unnamed.status, 400, "{unnamed}");
    assert!(unnamed.text.contains("href=\"#name\""), "{unnamed}");
    let form = sale.seller.form(&door, &format!("{door}/staff")).await.with("name", "North");
    let made = sale.seller.send(&form).await;
    assert_eq!(made.header("location"), door, "{made}");
    let page = sale.seller.follow(&made).await;
    let link = link_on(&page, &door);

    for outsider in [&Browser::at(&app), &sale.buyer] {
        let closed = outsider.open(&door).await;
        assert_eq!(closed.status, 403, "{closed}");
        assert!(closed.text.contains("Only the organizer, and staff with a link"), "{closed}");
    }
    assert!(Browser::at(&app).open(&door).await.text.contains("href=\"/sign-in?next="));

    let staff = Browser::at(&app);
    let came = staff.open(&link).await;
    assert_eq!((came.status, came.header("location")), (303, door.as_str()), "{came}");
    let cookie = came.header("set-cookie");
    assert!(cookie.starts_with("door_key=") && cookie.contains("Path=/door/"), "{cookie}");
    let page = staff.follow(&came).await;
    assert!(page.text.contains("0 of 1 are in"), "{page}");
    let (_, key) = link.split_once("?key=").unwrap();
    assert!(!page.text.contains(key), "no page has the key: {page}");
    assert!(!page.text.contains("Links for your staff"), "{page}");
    let seen = scan(&staff, &door, &code).await;
    assert!(seen.text.contains("Come in") && seen.text.contains("1 of 1 are in"), "{seen}");
    let form = form.with("key", "theirs");
    assert_eq!(staff.send(&form).await.status, 403, "staff make no links");

    let page = sale.seller.page(&door).await;
    let (_, end) = page.text.split_once(&format!("action=\"{door}/staff/")).unwrap();
    let end = format!("{door}/staff/{}", end.split('"').next().unwrap());
    let ended = sale.seller.send(&Form::on(&page, &end)).await;
    assert_eq!(ended.header("location"), door, "{ended}");
    assert_eq!(staff.open(&door).await.status, 403);
    let late = staff.send(&Form::on(&seen, &door).with("code", &code)).await;
    assert_eq!(late.status, 403, "{late}");
}

#[tokio::test]
async fn an_invalid_key_is_not_kept() {
    let app = App::start().await;
    let sale = Sale::of(&app, "1").await;
    for key in ["a;b", "%0d%0aset-cookie:x=y", &"x".repeat(300)] {
        let came = Browser::at(&app).open(&format!("{}?key={key}", sale.door())).await;
        assert_eq!(came.header("location"), sale.door(), "{came}");
        assert_eq!(came.header("set-cookie"), "", "{came}");
    }
}
