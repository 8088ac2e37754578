//! Every page in every size and colour: accessible, nothing cut off, nothing jumps. Their pictures
//! are in `target/screenshots`.

use boxoffice_tests::{App, Person, eventually, id};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::acts::{a_concert, checkout_of, page_of};
use crate::harness::{Shop, USUAL, Window, in_shop, package, within};
use crate::tickets::{buy, path_of, tickets_of};

/// All widths that must do, in CSS pixels.
const WIDTHS: [u32; 4] = [320, 375, 768, 1280];
/// Those that are photographed, in both colours.
const CLOSELY: [u32; 2] = [375, 1280];
/// What is inspected. Neither colours nor names depend on the width, and axe takes half a second.
const INSPECTED: [(u32, &str); 2] = [(375, "dark"), (1280, "light")];

/// What is checked of a page in one width and colour.
pub(crate) const INSPECT: &str = include_str!("inspect.js");

/// What sticks out of the page, if it can be scrolled sideways.
const TOO_WIDE: &str = include_str!("too_wide.js");

/// How far the parts of a page may move while it loads, by
/// <https://web.dev/articles/cls>: nothing that anybody would notice.
const SHIFT: f64 = 0.01;

/// A page as somebody sees it.
struct Place {
    name: &'static str,
    who: Option<Person>,
    path: String,
    /// What is clicked there first.
    then: Option<String>,
    /// The status of the page, if it is not 200.
    status: Option<u16>,
}

fn place(name: &'static str, path: impl Into<String>) -> Place {
    Place { name, who: None, path: path.into(), then: None, status: None }
}

impl Place {
    fn of(mut self, person: &Person) -> Self {
        self.who = Some(person.clone());
        self
    }

    fn then(mut self, button: &str) -> Self {
        self.then = Some(button.to_owned());
        self
    }

    fn answered(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }
}

/// Every page there is, in a shop in which everything has happened.
async fn places(shop: &Shop) -> Vec<Place> {
    let (ann, bob, new) = tokio::join!(shop.sign_up(), shop.sign_up(), shop.sign_up());
    let list = async |wish: Value| ann.list(a_concert(wish)).await.expect(201);
    let open = list(json!({ "title": "A cello, a cellar", "quantity": 4 })).await;
    let held = list(json!({ "title": "The Paper Kites" })).await;
    let sold = list(json!({ "title": "Dances for nobody in particular" })).await;
    list(json!({ "title": "Donaudampfschifffahrtsgesellschaftskapitänsgala ".repeat(4) })).await;
    ann.post("/api/tickets", json!({ "title": "Bare", "price": 100 })).await.expect(201);
    let unpaid = bob.hold(&held).await.expect(201);
    let paid = bob.hold(&sold).await.expect(201);
    bob.pay(&paid, "pm_card_visa").await.expect(201);
    bob.sees_order(&paid, json!({ "status": "complete" })).await;
    let ended = bob.hold(&open).await.expect(201);
    bob.cancel(&ended).await;
    let asked = bob.hold(&open).await.expect(201);
    bob.pay(&asked, "pm_card_threeDSecure2Required").await.expect(202);
    let undone = bob.hold(&open).await.expect(201);
    let payment = bob.pay(&undone, "pm_card_visa").await.expect(201)["payment"].clone();
    bob.sees_order(&undone, json!({ "status": "complete" })).await;
    let refund = format!("/api/payments/{}/refund", id(&payment));
    let refunded = async || ann.post(&refund, json!({ "restock": true })).await.status;
    eventually("the sale is refunded", refunded, |status| *status == 200).await;
    bob.sees_order(&undone, json!({ "status": "refunded" })).await;
    ann.sees_ticket(&held, json!({ "status": "held" })).await;
    ann.sees_ticket(&sold, json!({ "status": "sold" })).await;
    ann.sees_ticket(&open, json!({ "available": 3 })).await;
    let going = list(json!({ "title": "Improvised Shakespeare", "quantity": 4 })).await;
    let tickets = buy(&bob, &going, 3).await;
    let at = |number: usize| format!("/admissions/{}", tickets[number]);
    let offer = json!({ "email": new.account["email"] });
    let offered = bob.post(&format!("/api{}/transfer", at(1)), offer).await.expect(200);
    let accept = path_of(offered["transfer"]["link"].as_str().unwrap());
    let code = bob.get(&format!("/api{}", at(2))).await.expect(200)["code"].clone();
    let scans = json!([{ "id": Uuid::now_v7(), "code": code }]);
    let door = format!("/door/{}", id(&going));
    let scans = json!({ "door": "North", "scans": scans });
    ann.post(&format!("/api{door}/scans"), scans).await.expect(200);
    ann.post(&format!("/api{door}/staff"), json!({ "name": "North" })).await.expect(201);
    let void = tickets_of(&bob, &undone).await[0].clone();
    bob.sees(&format!("/api/admissions/{void}"), json!({ "status": "void" })).await;
    let wish = json!({ "email": "guest@example.com" });
    let guest = shop.client().post("/api/users/guest", wish).await;
    let guest = shop.client().signed_in_by(guest, 201);
    for person in [&bob, &guest] {
        is_linked(shop, person);
    }
    let order = |order: &Value| format!("/orders/{}", id(order));
    let edit = |ticket: &Value| format!("{}/edit", page_of(ticket));
    vec![
        place("browse", "/"),
        place("browse-signed-in", "/").of(&bob),
        place("browse-nothing-found", "/?q=nothing+like+it"),
        place("ticket", page_of(&open)),
        place("ticket-to-buy", page_of(&open)).of(&bob),
        place("ticket-held", page_of(&held)),
        place("ticket-sold", page_of(&sold)),
        place("ticket-own", page_of(&open)).of(&ann),
        place("sign-in", "/sign-in"),
        place("sign-up", "/sign-up"),
        place("sign-up-mistakes", "/sign-up").then("Sign up").answered(400),
        place("sell", "/tickets/new").of(&ann),
        place("sell-mistakes", "/tickets/new").of(&ann).then("List for sale").answered(400),
        place("edit", edit(&open)).of(&ann),
        place("edit-held", edit(&held)).of(&ann),
        place("withdraw", edit(&open)).of(&ann).then("Withdraw"),
        place("checkout", checkout_of(&unpaid)).of(&bob),
        place("checkout-asked", checkout_of(&asked)).of(&bob),
        place("confirmation", order(&paid)).of(&bob),
        place("refunded", order(&undone)).of(&bob),
        place("cancelled", order(&ended)).of(&bob),
        place("admission", at(0)).of(&bob),
        place("admission-waiting", at(1)).of(&bob),
        place("admission-used", at(2)).of(&bob),
        place("admission-void", format!("/admissions/{void}")).of(&bob),
        place("admission-mistakes", at(0)).of(&bob).then("Make the link").answered(400),
        place("admission-not-ones-own", at(0)).of(&new).answered(403),
        place("accept", accept.clone()).of(&new),
        place("accept-signed-out", accept),
        place("accept-ended", format!("{}/accept?token=none", at(0))).answered(409),
        place("door", door.clone()).of(&ann),
        place("door-closed", door).answered(403),
        place("orders", "/orders").of(&bob),
        place("orders-none", "/orders").of(&new),
        place("listings", "/listings").of(&ann),
        place("listings-none", "/listings").of(&new),
        place("sales", "/sales").of(&ann),
        place("sales-refund", "/sales").of(&ann).then("Refund Dances for nobody in particular"),
        place("sales-some-days", "/sales?from=2030-03-01&to=2030-03-02").of(&ann),
        place("sales-none", "/sales").of(&new),
        place("account", "/account").of(&ann),
        place("account-mistakes", "/account").of(&ann).then("Change the password").answered(400),
        place("account-linked", "/account").of(&bob),
        place("account-unlink", "/account").of(&bob).then("Unlink"),
        place("account-only-way", "/account").of(&guest),
        place("account-delete", "/account/delete").of(&new),
        place("account-delete-mistakes", "/account/delete")
            .of(&new)
            .then("Delete my account for good")
            .answered(400),
        place("account-delete-tickets", "/account/delete").of(&bob),
        place("account-delete-not-yet", "/account/delete").of(&ann),
        place("unsubscribe", "/mail/unsubscribe?token=none"),
        place("unsubscribe-ended", "/mail/unsubscribe?token=none")
            .then("Unsubscribe")
            .answered(400),
        place("unsubscribed", "/mail/unsubscribed"),
        place("new-app", "/account").of(&new).then("Set up an app"),
        place("confirm", "/confirm?next=/account").of(&ann),
        place("sessions", "/sessions").of(&ann),
        place("sign-in-buying", format!("/sign-in?next={}%2Fhold%3Fquantity%3D1", page_of(&open))),
        place("guest", "/guest"),
        place("guest-mistakes", "/guest").then("Continue").answered(400),
        place("link", "/sign-in/link"),
        place("link-mistakes", "/sign-in/link").then("Send the e-mail").answered(400),
        place("link-code", "/sign-in/link/code"),
        place("link-code-mistakes", "/sign-in/link/code").then("Sign in").answered(400),
        place("link-arrived", "/sign-in/link?token=none"),
        place("link-ended", "/sign-in/link?token=none").then("Sign in").answered(409),
        place("address", "/account/address").of(&ann),
        place("address-mistakes", "/account/address")
            .of(&ann)
            .then("Send the e-mail")
            .answered(400),
        place("address-confirm", "/account/address?token=none").of(&ann),
        place("address-undo", "/account/undo?token=none"),
        place("forgotten", "/forgotten"),
        place("forgotten-mistakes", "/forgotten").then("Send the e-mail").answered(400),
        place("forgotten-sent", "/forgotten/sent"),
        place("reset", "/reset?token=none"),
        place("reset-ended", "/verify?token=none").then("This is my address").answered(409),
        place("verify", "/verify?token=none"),
        place("missing", "/nothing/here").answered(404),
    ]
}

/// Lets a provider sign `person` in from now on.
fn is_linked(shop: &Shop, person: &Person) {
    let id = person.id();
    let link = format!(
        "INSERT INTO auth_identities (id, issuer, subject, account_id, created_at) \
         VALUES ('{id}', 'https://id.example', '{id}', '{id}', 1900000000000)"
    );
    shop.database().execute(&link).unwrap();
}

/// Goes to a place, in a window of nobody's.
async fn go(window: &Window, place: &Place) {
    window.is_nobody().await;
    if let Some(person) = &place.who {
        window.is_signed_in(person).await;
    }
    if let Some(status) = place.status {
        window.expects_status("", status);
    }
    window.go(&place.path).await;
    if let Some(button) = &place.then {
        let title = window.run("return document.querySelector('h1').textContent").await;
        window.click_in("main", button).await;
        let has_done = format!(
            "document.querySelector('main [role=alert], main details[open], dialog[open]') \
             || document.querySelector('h1').textContent !== {title}"
        );
        window.waits_for("it has done so", &has_done).await;
    }
}

/// Looks at a page in every size and colour; what is wrong with it.
async fn look(window: &Window, place: &Place, axe: &str) -> Vec<String> {
    let name = place.name;
    let mut faults = Vec::new();
    window.is(USUAL.0, USUAL.1).await;
    go(window, place).await;
    let shift = window.run("return window.shift").await.as_f64().unwrap();
    if shift > SHIFT {
        let parts = window.run("return window.shifted").await;
        faults.push(format!("{name}: parts of the page move by {shift} while it loads: {parts}"));
    }
    window.run(axe).await;
    for width in WIDTHS {
        window.is(width, 800).await;
        let cut = window.run(TOO_WIDE).await;
        if cut != json!([]) {
            faults.push(format!("{name} at {width}: scrolls sideways, for {cut}"));
        }
        if !CLOSELY.contains(&width) {
            continue;
        }
        for scheme in ["light", "dark"] {
            window.prefers(scheme, "reduce").await;
            window.photograph(&format!("{name}-{width}-{scheme}")).await;
            if !INSPECTED.contains(&(width, scheme)) {
                continue;
            }
            let found = window.run_async(INSPECT).await;
            let found: Vec<String> = serde_json::from_value(found).unwrap();
            faults
                .extend(found.iter().map(|fault| format!("{name} at {width}, {scheme}: {fault}")));
        }
    }
    faults
}

/// The script of axe-core.
pub(crate) fn axe() -> String {
    std::fs::read_to_string(package("axe-core").join("axe.min.js")).unwrap()
}

/// Looks at one half of all pages: the halves are tests of their own, to be run side by side.
async fn look_at_half(half: usize) {
    // It sends mail, or pages would say what to do instead, and has a provider to sign in by.
    let mailed = ("mail_from", "Boxoffice <tickets@shop.example>");
    let app = App::start_with([mailed, ("oidc_name", "Example ID")]).await;
    within(app, async |shop| {
        let axe = axe();
        let window = shop.window("everybody").await;
        let mut faults = Vec::new();
        for place in places(shop).await.iter().skip(half).step_by(2) {
            faults.extend(look(&window, place, &axe).await);
        }
        assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    })
    .await;
}

#[tokio::test]
async fn every_page_is_fine_in_every_size_and_colour() {
    look_at_half(0).await;
}

#[tokio::test]
async fn every_other_page_is_fine_in_every_size_and_colour() {
    look_at_half(1).await;
}

#[tokio::test]
async fn what_is_wrong_with_a_page_is_noticed() {
    in_shop(async |shop| {
        let window = shop.window("nobody").await;
        window
            .goes_elsewhere(
                "data:text/html,<!doctype html><title>A</title><style>\
                 @keyframes turn{to{rotate:1turn}} h1{animation:turn 1s infinite}</style>\
                 <h1>A</h1><button style=height:20px></button><input style=font-size:12px>",
            )
            .await;
        window.run(&axe()).await;
        let found = window.run_async(INSPECT).await.to_string();
        for due in [
            "axe html-has-lang",
            "axe button-name",
            "too small to touch",
            "smaller than 16",
            "moves",
        ] {
            assert!(found.contains(due), "{due} is not in {found}");
        }
    })
    .await;
}
