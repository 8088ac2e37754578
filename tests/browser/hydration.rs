//! The page before and after its scripts have taken it over.

use boxoffice_tests::id;
use serde_json::json;

use crate::acts::{Stage, checkout_of, page_of};
use crate::harness::in_shop;
use crate::tickets::tickets_of;

/// Keeps what the server sent, before any script of the page's own runs.
const BEFORE: &str = concat!(
    include_str!("dom.js"),
    "
    document.addEventListener('readystatechange', () => {
        if (document.readyState !== 'interactive') return;
        window.asServed = picture(document.body);
        window.served = [...document.body.querySelectorAll('*')];
    });
"
);
const AFTER: &str =
    concat!(include_str!("dom.js"), "return [window.asServed, picture(document.body)]");
const REPLACED: &str = "return window.served.filter((element) => !element.isConnected).map((element) => element.outerHTML)";

#[tokio::test]
async fn scripts_take_over_what_the_server_drew_as_it_is() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({ "quantity": 3 })).await;
        let order = stage.buyer.hold(&stage.ticket).await.expect(201);
        let paid = stage.buyer.hold(&stage.ticket).await.expect(201);
        stage.buyer.pay(&paid, "pm_card_visa").await.expect(201);
        stage.buyer.sees_order(&paid, json!({ "status": "complete" })).await;
        // Otherwise the news of the hold may come between the two pictures.
        stage.seller.sees_ticket(&stage.ticket, json!({ "available": 1 })).await;
        let bob = &stage.window;
        bob.on_every_page(BEFORE).await;
        let pages = [
            "/".to_owned(),
            "/?q=nothing+like+it".to_owned(),
            "/?q=kites&sort=price".to_owned(),
            page_of(&stage.ticket),
            "/tickets/new".to_owned(),
            "/sign-in".to_owned(),
            "/sign-up".to_owned(),
            "/orders".to_owned(),
            checkout_of(&order),
            "/listings".to_owned(),
            "/sales".to_owned(),
            "/sessions".to_owned(),
            "/account".to_owned(),
            "/forgotten".to_owned(),
            "/forgotten/sent".to_owned(),
            "/reset?token=none".to_owned(),
            "/verify?token=none".to_owned(),
            format!("/orders/{}", id(&paid)),
            format!("/admissions/{}", tickets_of(&stage.buyer, &paid).await[0]),
            "/nothing/here".to_owned(),
        ];
        bob.expects_status("/nothing/here", 404);
        for page in &pages {
            bob.go(page).await;
            let pictures = bob.run(AFTER).await;
            let (served, alive) = (pictures[0].as_str().unwrap(), pictures[1].as_str().unwrap());
            assert!(!served.is_empty(), "{page} was there before its scripts");
            similar_lines(page, served, alive);
            assert_eq!(bob.run(REPLACED).await, json!([]), "{page}: parts were drawn anew");
        }
    })
    .await;
}

/// Checks that two pictures of a page are the same, and tells the first line that is not.
fn similar_lines(page: &str, served: &str, alive: &str) {
    let mut lines = served.lines().zip(alive.lines()).enumerate();
    if let Some((number, (served, alive))) = lines.find(|(_, (served, alive))| served != alive) {
        panic!("{page}, line {number}: served as\n{served}\nand alive as\n{alive}");
    }
    assert_eq!(served.lines().count(), alive.lines().count(), "{page}:\n{served}\n---\n{alive}");
}

#[tokio::test]
async fn a_page_that_came_alive_asks_for_nothing_again() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let bob = &stage.window;
        for page in ["/".to_owned(), page_of(&stage.ticket)] {
            bob.go(&page).await;
            bob.sees("The Paper Kites").await;
            let asked = bob
                .run("return performance.getEntriesByType('resource').map((entry) => new URL(entry.name).pathname)")
                .await;
            let asked: Vec<&str> = asked.as_array().unwrap().iter().filter_map(|path| path.as_str()).collect();
            assert!(!asked.is_empty(), "{page} has scripts and styles");
            for path in asked {
                assert!(path.starts_with("/assets/") || path == "/live", "{page} asks for {path}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_seen_before_costs_no_asset_again() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let bob = &stage.window;
        bob.go("/").await;
        bob.go(&page_of(&stage.ticket)).await;
        let sizes = "return performance.getEntriesByType('resource')
            .filter((entry) => new URL(entry.name).pathname.startsWith('/assets/'))
            .map((entry) => entry.transferSize)";
        let sizes = bob.run(sizes).await;
        let sizes = sizes.as_array().unwrap();
        assert!(!sizes.is_empty() && sizes.iter().all(|size| *size == 0), "{sizes:?}");
    })
    .await;
}
