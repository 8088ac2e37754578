//! Tickets and doors where there is no network.

use std::rc::Rc;
use std::time::{Duration, Instant};

use boxoffice_tests::{Person, eventually, id};
use serde_json::{Value, json};

use crate::acts::{PASSWORD, Stage};
use crate::harness::{Shop, Window, Wire, in_shop};
use crate::tickets::{buy, code_of, is_fine, path_of, scans, sold};

/// What a page says that was saved.
pub(crate) const SAVED: &str = "You are offline. This page was saved at";
pub(crate) const OFFLINE: &str = "Offline. This door goes by its own list.";

/// Waits until the page at `path` is saved, and the worker there that shows it.
async fn saves(window: &Window, path: &str) {
    let script = format!(
        "const done = arguments[arguments.length - 1];
        const worker = navigator.serviceWorker.getRegistration('{path}');
        Promise.all([caches.has('saved {path}'), caches.open('saved {path}').then((cache) => \
            cache.match('{path}')), worker])
            .then(([is, page, worker]) => done(is && !!page && worker?.active?.state === 'activated'));"
    );
    eventually("the page is saved", async || window.run_async(&script).await, |is| *is == true)
        .await;
}

/// The names of the pages that are saved, and the listings whose lists are.
async fn kept(window: &Window) -> Value {
    let script = "const done = arguments[arguments.length - 1];
        const lists = new Promise((told) => {
            const opening = indexedDB.open('boxoffice-door');
            opening.onsuccess = () => {
                const database = opening.result;
                if (!database.objectStoreNames.contains('lists')) {
                    database.close();
                    indexedDB.deleteDatabase('boxoffice-door');
                    return told([]);
                }
                const asked = database.transaction('lists').objectStore('lists').getAllKeys();
                asked.onsuccess = () => { database.close(); told(asked.result); };
            };
        });
        const pages = caches.keys().then(async (names) => {
            const full = await Promise.all(names.map(async (name) =>
                (await (await caches.open(name)).keys()).length > 0));
            return names.filter((name, at) => name.startsWith('saved ') && full[at]);
        });
        Promise.all([pages, lists]).then(([pages, lists]) => done([...pages, ...lists]));";
    window.run_async(script).await
}

async fn keeps_nothing(window: &Window) {
    eventually("nothing is kept", async || kept(window).await, |kept| *kept == json!([])).await;
}

/// A window of somebody's who has opened the page at `path`, which is saved by now.
pub(crate) async fn saved(
    shop: &Shop,
    name: &str,
    person: &Person,
    path: &str,
) -> (Rc<Window>, Wire) {
    let (window, wire) = shop.window_by_wire(name, person).await;
    window.expects_failure("");
    window.go(path).await;
    saves(&window, path).await;
    (window, wire)
}

pub(crate) fn door_of(stage: &Stage) -> String {
    format!("/door/{}", id(&stage.ticket))
}

#[tokio::test]
async fn a_ticket_that_was_opened_once_opens_without_a_network() {
    in_shop(async |shop| {
        let (stage, tickets) = sold(shop, 1).await;
        let page = format!("/admissions/{}", tickets[0]);
        let (bob, wire) = saved(shop, "Bob", &stage.buyer, &page).await;
        let drawn = "return document.querySelector('.qr [stroke]').getAttribute('d')";
        let code = bob.run(drawn).await;
        wire.cut();
        bob.go(&page).await;
        bob.sees(SAVED).await;
        bob.sees("Valid").await;
        assert_eq!(bob.run(drawn).await, code);
        is_fine(&bob, "admission-offline").await;
        wire.mend();
        bob.go(&page).await;
        bob.sees("Valid").await;
        bob.sees_no(SAVED).await;

        bob.click("Account").await;
        bob.click("Sign out").await;
        bob.sees("Sign in").await;
        keeps_nothing(&bob).await;
        wire.cut();
        bob.run(&format!("location.assign('{page}')")).await;
        bob.sees("ERR_").await;
        bob.sees_no("Valid").await;
    })
    .await;
}

/// From a list, as people come to their tickets: no document of its own was loaded.
#[tokio::test]
async fn a_ticket_that_was_come_to_by_a_link_is_saved_too() {
    in_shop(async |shop| {
        let (stage, tickets) = sold(shop, 1).await;
        let page = format!("/admissions/{}", tickets[0]);
        let (bob, wire) = shop.window_by_wire("Bob", &stage.buyer).await;
        bob.expects_failure("");
        bob.go("/orders").await;
        bob.click("Show ticket for The Paper Kites").await;
        bob.arrives_at(&page).await;
        saves(&bob, &page).await;
        wire.cut();
        bob.go(&page).await;
        bob.sees(SAVED).await;
        assert_eq!(bob.run("return !!document.querySelector('.qr [stroke]')").await, true);
    })
    .await;
}

#[tokio::test]
async fn nobody_sees_the_saved_page_of_the_one_before() {
    in_shop(async |shop| {
        let (stage, tickets) = sold(shop, 1).await;
        let page = format!("/admissions/{}", tickets[0]);
        let (window, _wire) = saved(shop, "Bob", &stage.buyer, &page).await;
        // Bob's session ends by itself, and somebody else signs in.
        window.is_nobody().await;
        window.go("/sign-in").await;
        keeps_nothing(&window).await;
        window.is_signed_in(&stage.buyer).await;
        window.go(&page).await;
        saves(&window, &page).await;
        let carl = shop.sign_up().await;
        window.is_signed_in(&carl).await;
        window.go("/orders").await;
        keeps_nothing(&window).await;
    })
    .await;
}

#[tokio::test]
async fn a_ticket_that_was_given_away_is_not_kept() {
    in_shop(async |shop| {
        let (stage, tickets) = sold(shop, 1).await;
        let page = format!("/admissions/{}", tickets[0]);
        let (bob, _wire) = saved(shop, "Bob", &stage.buyer, &page).await;
        let carl = shop.sign_up().await;
        let path = format!("/api{page}");
        let body = json!({ "email": carl.account["email"] });
        let begun = stage.buyer.post(&format!("{path}/transfer"), body).await.expect(200);
        let link = begun["transfer"]["link"].as_str().unwrap();
        let (_, token) = link.split_once("?token=").unwrap();
        carl.post(&format!("{path}/accept"), json!({ "token": token })).await.expect(200);
        bob.expects_status(&page, 403);
        bob.go(&page).await;
        bob.sees("This is somebody else's ticket.").await;
        keeps_nothing(&bob).await;
    })
    .await;
}

/// Waits until the door has read its list, and stored it.
pub(crate) async fn has_list(window: &Window, ticket: &Value) {
    let id = id(ticket);
    let has = |kept: &Value| kept.as_array().unwrap().iter().any(|name| name == id);
    eventually("the list is stored", async || kept(window).await, has).await;
    window.sees("Online").await;
}

#[tokio::test]
async fn a_door_goes_on_without_a_network_and_tells_afterwards() {
    in_shop(async |shop| {
        let (stage, tickets) = sold(shop, 2).await;
        let code = code_of(&stage.buyer, &tickets[0]).await;
        let other = code_of(&stage.buyer, &tickets[1]).await;
        let door = door_of(&stage);
        let (ann, wire) = saved(shop, "Ann", &stage.seller, &door).await;
        has_list(&ann, &stage.ticket).await;
        ann.sees("0 of 2 are in").await;
        ann.fill("This door's name", "North").await;
        ann.fill("Ticket code", "").await;
        wire.cut();
        ann.sees(OFFLINE).await;

        let begin = Instant::now();
        scans(&ann, &code).await;
        ann.sees("Come in").await;
        println!("typed, decided and seen in {:?}", begin.elapsed());
        ann.sees("1 of 2 are in").await;
        ann.sees("1 scan waits to be sent").await;
        is_fine(&ann, "door-offline-come-in").await;
        scans(&ann, &code).await;
        ann.sees("Already in").await;
        ann.sees("North").await;
        is_fine(&ann, "door-offline-already-in").await;
        scans(&ann, "not a ticket").await;
        ann.sees("Not a ticket").await;

        ann.go(&door).await;
        ann.sees(SAVED).await;
        ann.sees(OFFLINE).await;
        ann.sees("1 of 2 are in").await;
        ann.sees("1 scan waits to be sent").await;
        assert_eq!(ann.value("This door's name").await, "North");
        scans(&ann, &code).await;
        ann.sees("Already in").await;
        is_fine(&ann, "door-offline-reloaded").await;
        // An entry by mistake is taken back without a network too.
        scans(&ann, &other).await;
        ann.sees("Come in").await;
        ann.sees("2 scans wait to be sent").await;
        ann.click("Undo the last entry").await;
        ann.sees("The entry is undone.").await;
        ann.sees("1 scan waits to be sent").await;
        ann.sees("1 of 2 are in").await;

        wire.mend();
        ann.sees("Online").await;
        ann.sees_no("to be sent").await;
        let guests = stage.seller.get(&format!("/api{door}/guests")).await.expect(200);
        let found = guests["items"].as_array().unwrap();
        let found = |ticket: &str| found.iter().find(|guest| id(guest) == ticket).unwrap();
        let used = found(&tickets[0]);
        assert_eq!((&used["status"], &used["entry"]["door"]), (&json!("used"), &json!("North")));
        assert_eq!(found(&tickets[1])["status"], "valid");
        scans(&ann, &other).await;
        ann.sees("Come in").await;
        ann.sees("2 of 2 are in").await;
        shop.audit().await;
    })
    .await;
}

#[tokio::test]
async fn two_doors_without_a_network_let_in_twice_and_the_organizer_sees_both() {
    in_shop(async |shop| {
        let (stage, tickets) = sold(shop, 1).await;
        let code = code_of(&stage.buyer, &tickets[0]).await;
        let door = door_of(&stage);
        let (ann, north) = saved(shop, "Ann", &stage.seller, &door).await;
        let (zoe, south) = saved(shop, "Zoe", &stage.seller, &door).await;
        for (window, wire, name) in [(&ann, &north, "North"), (&zoe, &south, "South")] {
            has_list(window, &stage.ticket).await;
            window.fill("This door's name", name).await;
            window.fill("Ticket code", "").await;
            wire.cut();
            window.sees(OFFLINE).await;
            scans(window, &code).await;
            window.sees("Come in").await;
        }
        north.mend();
        ann.sees_no("to be sent").await;
        south.mend();
        zoe.sees_no("to be sent").await;
        for window in [&ann, &zoe] {
            window.sees("Let in twice while doors had no network").await;
            window.sees("ticket 1 of 1").await;
            for door in ["North", "South"] {
                let told = async || window.text_of("#doubles").await;
                eventually("both are told", told, |text| text.contains(door)).await;
            }
            window.sees("1 of 1 are in").await;
        }
        is_fine(&ann, "door-twice").await;
        // The server draws the same.
        ann.without_scripts().await;
        ann.go(&door).await;
        ann.sees("Let in twice while doors had no network").await;
        let told = ann.text_of("#doubles").await;
        assert!(told.contains("North") && told.contains("South"), "{told}");
        shop.audit().await;
    })
    .await;
}

#[tokio::test]
async fn doors_see_each_others_scans_within_a_moment() {
    in_shop(async |shop| {
        let (stage, tickets) = sold(shop, 2).await;
        let codes =
            [code_of(&stage.buyer, &tickets[0]).await, code_of(&stage.buyer, &tickets[1]).await];
        let ann = shop.window_of("Ann", &stage.seller).await;
        let zoe = shop.window_of("Zoe", &stage.seller).await;
        for window in [&ann, &zoe] {
            window.go(&door_of(&stage)).await;
            has_list(window, &stage.ticket).await;
        }
        for (number, code, [from, to]) in
            [(1, &codes[0], [&ann, &zoe]), (2, &codes[1], [&zoe, &ann])]
        {
            scans(from, code).await;
            from.sees("Come in").await;
            let begin = Instant::now();
            to.sees(&format!("{number} of 2 are in")).await;
            let took = begin.elapsed();
            println!("seen at the other door after {took:?}");
            assert!(took < Duration::from_secs(4), "{took:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_guest_without_a_phone_is_found_by_the_order() {
    in_shop(async |shop| {
        let (stage, tickets) = sold(shop, 2).await;
        let order: Value =
            stage.buyer.get(&format!("/api/admissions/{}", tickets[0])).await.expect(200);
        let order = order["orderId"].as_str().unwrap().parse().unwrap();
        let number = boxoffice_contract::orders::number(order);
        let (ann, wire) = saved(shop, "Ann", &stage.seller, &door_of(&stage)).await;
        has_list(&ann, &stage.ticket).await;
        ann.fill("Order number", &number[5..].to_lowercase()).await;
        ann.sees(&format!("Order {number}, ticket 2 of 2")).await;
        is_fine(&ann, "door-found").await;
        ann.click(&format!("Let in: Order {number}, ticket 2 of 2")).await;
        ann.sees("Come in").await;
        ann.sees("1 of 2 are in").await;
        wire.cut();
        ann.sees(OFFLINE).await;
        ann.click(&format!("Let in: Order {number}, ticket 1 of 2")).await;
        ann.sees("2 of 2 are in").await;
        wire.mend();
        ann.sees_no("to be sent").await;
        let counts = json!({ "counts": { "valid": 0, "used": 2 } });
        stage.seller.get(&format!("/api{}", door_of(&stage))).await.shows(200, counts);
    })
    .await;
}

#[tokio::test]
async fn a_guest_without_a_phone_is_found_by_the_name() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({ "quantity": 9, "asksNames": true })).await;
        let tickets = buy(&stage.buyer, &stage.ticket, 2).await;
        let name = async |ticket: &str, name: &str| {
            let path = format!("/api/admissions/{ticket}/name");
            stage.buyer.put(&path, json!({ "name": name })).await.expect(200)
        };
        let first = name(&tickets[0], "Zoë Ångström").await;
        let order = first["orderId"].as_str().unwrap().parse().unwrap();
        let number = boxoffice_contract::orders::number(order);
        let (ann, wire) = saved(shop, "Ann", &stage.seller, &door_of(&stage)).await;
        has_list(&ann, &stage.ticket).await;
        let zoe = format!("Zoë Ångström, order {number}, ticket 1 of 2");
        for typed in ["zoe", "ANGSTROM", "ë å", "oë Ång"] {
            ann.fill("Name or order number", typed).await;
            ann.sees(&zoe).await;
        }
        ann.fill("Name or order number", "nobody").await;
        ann.sees("No guest has such a name, and no order ends so.").await;
        ann.sees_no("Zoë").await;
        // The door hears of a name that is given after it read its list.
        name(&tickets[1], "Jürgen Strauß").await;
        ann.fill("Name or order number", "STRAUSS").await;
        let other = format!("Jürgen Strauß, order {number}, ticket 2 of 2");
        ann.sees(&other).await;
        is_fine(&ann, "door-found-by-name").await;
        ann.click(&format!("Let in: {other}")).await;
        ann.sees("Come in").await;
        ann.sees("1 of 2 are in").await;
        let verdict = ann.text_of("#verdict").await;
        assert!(verdict.contains("Jürgen Strauß"), "{verdict}");

        wire.cut();
        ann.sees(OFFLINE).await;
        ann.go(&door_of(&stage)).await;
        ann.sees(OFFLINE).await;
        ann.fill("Name or order number", "zoe ang").await;
        ann.sees(&zoe).await;
        ann.click(&format!("Let in: {zoe}")).await;
        ann.sees("2 of 2 are in").await;
        let verdict = ann.text_of("#verdict").await;
        assert!(verdict.contains("Come in") && verdict.contains("Zoë Ångström"), "{verdict}");
        is_fine(&ann, "door-offline-named").await;
        wire.mend();
        ann.sees_no("to be sent").await;
        let counts = json!({ "counts": { "valid": 0, "used": 2 } });
        stage.seller.get(&format!("/api{}", door_of(&stage))).await.shows(200, counts);
    })
    .await;
}

#[tokio::test]
async fn an_ended_link_takes_the_list_with_it() {
    in_shop(async |shop| {
        let (stage, tickets) = sold(shop, 1).await;
        let code = code_of(&stage.buyer, &tickets[0]).await;
        let door = door_of(&stage);
        let path = format!("/api{door}/staff");
        let staff = stage.seller.post(&path, json!({ "name": "North" })).await.expect(201);
        let nobody = shop.sign_up().await;
        let (carl, wire) = shop.window_by_wire("Carl", &nobody).await;
        carl.is_nobody().await;
        carl.expects_failure("");
        carl.go(&path_of(staff["link"].as_str().unwrap())).await;
        carl.arrives_at(&door).await;
        saves(&carl, &door).await;
        has_list(&carl, &stage.ticket).await;
        wire.cut();
        carl.sees(OFFLINE).await;
        scans(&carl, &code).await;
        carl.sees("Come in").await;
        stage.seller.delete(&format!("{path}/{}", id(&staff))).await.expect(204);
        carl.expects_status("/api/door/", 403);
        wire.mend();
        carl.sees("This door is closed to this device.").await;
        carl.sees("1 scan waits to be sent").await;
        keeps_nothing(&carl).await;
        is_fine(&carl, "door-closed").await;

        // Another link, and what waited is told.
        let staff = stage.seller.post(&path, json!({ "name": "North" })).await.expect(201);
        carl.go(&path_of(staff["link"].as_str().unwrap())).await;
        carl.arrives_at(&door).await;
        carl.sees("1 of 1 are in").await;
        carl.sees_no("to be sent").await;
    })
    .await;
}

#[tokio::test]
async fn signing_out_takes_the_list_with_it_in_all_windows() {
    in_shop(async |shop| {
        let (stage, _) = sold(shop, 1).await;
        let email = stage.seller.account["email"].as_str().unwrap();
        let door = door_of(&stage);
        let (ann, _wire) = saved(shop, "Ann", &stage.seller, &door).await;
        has_list(&ann, &stage.ticket).await;
        // The door may just be asking for changes.
        ann.expects_status("/api/door/", 403);
        ann.click("Account").await;
        ann.click("Sign out").await;
        ann.sees("Sign in").await;
        keeps_nothing(&ann).await;
        ann.go("/sign-in").await;
        ann.signs_in(email, PASSWORD).await;
        ann.sees("Account").await;
        ann.go(&door).await;
        has_list(&ann, &stage.ticket).await;
    })
    .await;
}

/// How many come to a festival.
const MANY: usize = 20_000;

/// Gives the listing as many admissions as a festival has, two to an order.
fn fill(shop: &Shop, ticket: &str, holder: &str) {
    let database = shop.database();
    for start in (0..MANY).step_by(500) {
        let row = |n: usize| {
            // As random as ids are: nothing in a list of them repeats.
            let random = (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let (low, high) = (random & 0xffff_ffff_ffff, random >> 52);
            let id = format!("01980f3c-{:04x}-7{:03x}-8{high:03x}-{low:012x}", n >> 12, n & 0xfff);
            let order = (n as u64 / 2).wrapping_mul(0xd134_2543_de82_ef95) & 0xffff_ffff_ffff;
            let order = format!("01980f3c-0000-7000-8000-{order:012x}");
            let number = n % 2 + 1;
            format!(
                "('{id}', '{order}', {number}, 2, '{ticket}', '{id}', 4500, 'EUR', '{holder}', \
                 'valid', 1, 0, 0, 1)"
            )
        };
        let rows: Vec<String> = (start..start + 500).map(row).collect();
        let columns = "id, order_id, number, total, ticket_id, unit_id, face_price, currency, \
                       holder_id, status, generation, transfers, created_at, version";
        let rows = rows.join(", ");
        database
            .execute(&format!("INSERT INTO admissions_admissions ({columns}) VALUES {rows}"))
            .unwrap();
    }
}

/// From the code to the verdict, with all that is stored in between, in milliseconds.
const DECIDES: &str = "
    const done = arguments[arguments.length - 1];
    const begin = performance.now();
    const watch = new MutationObserver(() => { watch.disconnect(); done(performance.now() - begin); });
    watch.observe(document.getElementById('seen'), { childList: true });
    const field = document.getElementById('code');
    field.value = CODE;
    field.form.requestSubmit();";

#[tokio::test]
async fn a_festival_is_decided_on_at_once() {
    in_shop(async |shop| {
        let (stage, tickets) = sold(shop, 2).await;
        let codes =
            [code_of(&stage.buyer, &tickets[0]).await, code_of(&stage.buyer, &tickets[1]).await];
        let door = door_of(&stage);
        fill(shop, id(&stage.ticket), stage.buyer.account["id"].as_str().unwrap());
        let page = stage.seller.get(&format!("/api{door}/guests")).await;
        println!("a page of 1000 guests has {} bytes", page.text.len());
        let begin = Instant::now();
        let (ann, wire) = saved(shop, "Ann", &stage.seller, &door).await;
        has_list(&ann, &stage.ticket).await;
        ann.sees(&format!("0 of {} are in", MANY + 2)).await;
        println!("the list is there and stored after {:?}", begin.elapsed());
        wire.cut();
        ann.sees(OFFLINE).await;
        ann.go(&door).await;
        ann.sees(&format!("0 of {} are in", MANY + 2)).await;
        for (code, word) in
            [(&codes[0], "Come in"), (&codes[0], "Already in"), (&codes[1], "Come in")]
        {
            let script = DECIDES.replace("CODE", &json!(code).to_string());
            let took = ann.run_async(&script).await.as_f64().unwrap();
            ann.sees(word).await;
            println!("{word} after {took} ms");
            assert!(took < 500.0, "{word} after {took} ms");
        }
    })
    .await;
}
