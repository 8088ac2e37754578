//! What changes on an open page while others buy, give up and edit.

use std::time::{Duration, Instant};

use boxoffice_tests::{id, put};
use fantoccini::wd::WindowHandle;
use serde_json::{Value, json};

use crate::acts::{Stage, a_concert, page_of};
use crate::harness::{Window, in_shop};

/// How long news may take: a second, and what a busy machine adds. Polling would take five.
const SOON: Duration = Duration::from_millis(2500);

/// Waits for the listing to be shown with this status, which must be soon.
async fn soon_sees(window: &Window, ticket: &Value, status: &str, word: &str) {
    let start = Instant::now();
    window.sees_ticket(ticket, status).await;
    window.sees(word).await;
    let took = start.elapsed();
    println!("{status}: shown after {took:?}");
    assert!(took < SOON, "{status} was shown only after {took:?}");
}

/// Leaves a mark that only a page which is never loaded anew keeps.
async fn marked(window: &Window) {
    window.run("window.isMarked = true").await;
}

async fn is_still_marked(window: &Window) {
    assert_eq!(window.run("return window.isMarked").await, true, "the page was loaded anew");
}

#[tokio::test]
async fn held_freed_and_sold_tickets_change_on_the_list_and_on_their_page() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let other = shop.sign_up().await;
        let (list, page) = (shop.window("list").await, &stage.window);
        list.go("/").await;
        page.go(&page_of(&stage.ticket)).await;
        for window in [&list, page] {
            window.sees_ticket(&stage.ticket, "open").await;
            window.listens().await;
            marked(window).await;
        }

        let order = other.hold(&stage.ticket).await.expect(201);
        for window in [&list, page] {
            soon_sees(window, &stage.ticket, "held", "In someone's checkout").await;
        }
        assert!(!page.has("Buy").await, "what cannot be had cannot be bought");

        other.cancel(&order).await;
        for window in [&list, page] {
            soon_sees(window, &stage.ticket, "open", "The Paper Kites").await;
        }
        assert!(page.has("Buy").await);

        let order = other.hold(&stage.ticket).await.expect(201);
        other.pay(&order, "pm_card_visa").await.expect(201);
        for window in [&list, page] {
            soon_sees(window, &stage.ticket, "sold", "Sold").await;
            is_still_marked(window).await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_edit_shows_on_open_pages() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let (list, page) = (shop.window("list").await, &stage.window);
        list.go("/").await;
        page.go(&page_of(&stage.ticket)).await;
        for window in [&list, page] {
            window.listens().await;
            marked(window).await;
        }
        let edited = a_concert(json!({ "title": "The Tin Kites", "price": 3900 }));
        stage
            .seller
            .send(&put(format!("/api/tickets/{}", id(&stage.ticket)), edited))
            .await
            .expect(200);
        for window in [&list, page] {
            soon_sees(window, &stage.ticket, "open", "The Tin Kites").await;
            window.sees("€39.00").await;
            is_still_marked(window).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_withdrawn_listing_goes_off_sale_on_open_pages() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let bob = &stage.window;
        bob.go(&page_of(&stage.ticket)).await;
        bob.listens().await;
        // What is withdrawn is for its seller and its buyers alone.
        bob.expects_status(&page_of(&stage.ticket), 404);
        stage.seller.delete(&format!("/api/tickets/{}", id(&stage.ticket))).await.expect(204);
        bob.sees("no longer for sale").await;
        assert!(!bob.has("Buy").await);
    })
    .await;
}

#[tokio::test]
async fn news_keep_coming_when_the_stream_is_renewed() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let (bob, wire) = shop.window_by_wire("Bob", &stage.buyer).await;
        bob.expects_failure("/live");
        // Without a stream it asks for the page itself, by the same wire.
        bob.expects_failure("/tickets/");
        bob.go(&page_of(&stage.ticket)).await;
        bob.listens().await;
        wire.cut();
        let other = shop.sign_up().await;
        other.hold(&stage.ticket).await.expect(201);
        wire.mend();
        bob.sees_ticket(&stage.ticket, "held").await;
    })
    .await;
}

/// Has a page think that somebody sees it, or nobody does.
async fn is_seen(window: &Window, state: &str) {
    let script = "Object.defineProperty(document, 'visibilityState', \
                  { value: 'STATE', configurable: true });\
                  document.dispatchEvent(new Event('visibilitychange'))";
    window.run(&script.replace("STATE", state)).await;
}

#[tokio::test]
async fn a_page_that_nobody_sees_has_no_stream_and_is_right_when_it_is_shown() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let bob = &stage.window;
        bob.go(&page_of(&stage.ticket)).await;
        bob.listens().await;
        is_seen(bob, "hidden").await;
        bob.waits_for("it has hung up", "window.streams.every((one) => one.readyState === 2)")
            .await;
        let other = shop.sign_up().await;
        other.hold(&stage.ticket).await.expect(201);
        tokio::time::sleep(SOON).await;
        bob.sees_ticket(&stage.ticket, "open").await;
        is_seen(bob, "visible").await;
        bob.sees_ticket(&stage.ticket, "held").await;
        bob.waits_for("it hears news again", "window.streams.some((one) => one.readyState === 1)")
            .await;
    })
    .await;
}

/// How many streams the pages in `windows` have, each in turn.
async fn streams(bob: &Window, windows: &[WindowHandle]) -> Vec<u64> {
    let mut streams = Vec::new();
    for window in windows {
        bob.turns_to(window).await;
        assert_eq!(bob.run("return document.visibilityState").await, "visible");
        let open = "return window.streams.filter((one) => one.readyState !== 2).length";
        streams.push(bob.run(open).await.as_u64().unwrap());
    }
    streams
}

/// Browsers open six connections to a host that speaks HTTP/1.1.
#[tokio::test]
async fn eight_windows_of_a_browser_share_one_stream() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let more = a_concert(json!({ "title": "The Tin Kites" }));
        let more = stage.seller.list(more).await.expect(201);
        let (bob, other) = (&stage.window, shop.sign_up().await);
        let pages = [page_of(&stage.ticket), page_of(&more), "/".to_owned()];
        bob.go(&pages[0]).await;
        bob.listens().await;
        let mut windows = vec![bob.turned_to().await];
        for page in pages.iter().cycle().skip(1).take(7) {
            windows.push(bob.opens_beside(page).await);
        }
        let sees = async |windows: &[WindowHandle], status: &str| {
            for (window, page) in windows.iter().zip(pages.iter().cycle()) {
                bob.turns_to(window).await;
                if *page != pages[1] {
                    soon_sees(bob, &stage.ticket, status, "Kites").await;
                }
            }
        };
        let order = other.hold(&stage.ticket).await.expect(201);
        sees(&windows, "held").await;
        assert_eq!(streams(bob, &windows).await, [1, 0, 0, 0, 0, 0, 0, 0]);

        // Another window goes on when the one with the stream is closed.
        bob.turns_to(&windows[0]).await;
        bob.closes_it().await;
        let rest: Vec<WindowHandle> = windows[3..].to_vec();
        bob.turns_to(&rest[0]).await;
        other.cancel(&order).await;
        sees(&rest, "open").await;
        assert_eq!(streams(bob, &windows[1..]).await.iter().sum::<u64>(), 1);
    })
    .await;
}
