//! Addresses, history, signing in on the way.

use serde_json::json;

use crate::acts::{PASSWORD, Stage, a_concert, page_of};
use crate::harness::in_shop;

#[tokio::test]
async fn signing_in_leads_back_to_where_one_came_from() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let page = page_of(&stage.ticket);
        let visitor = shop.window("visitor").await;
        let email = stage.buyer.account["email"].as_str().unwrap();
        visitor.go(&page).await;
        visitor.click("Buy").await;
        visitor.sees("Sign in to buy 1 × The Paper Kites.").await;
        visitor.signs_in(email, PASSWORD).await;
        visitor.sees_timer("1").await;
        visitor.click("Account").await;
        visitor.click("Sign out").await;
        visitor.go("/?q=kites").await;
        visitor.click_in("header", "Sign in").await;
        visitor.click_in("main", "Sign up").await;
        visitor.signs_up("zoe@example.com").await;
        visitor.arrives_at("/?q=kites").await;
        visitor.sees("The Paper Kites").await;
    })
    .await;
}

#[tokio::test]
async fn pages_of_ones_own_ask_who_one_is() {
    in_shop(async |shop| {
        let visitor = shop.window("visitor").await;
        for page in ["/orders", "/listings", "/tickets/new"] {
            visitor.go(page).await;
            let next: String = form_urlencoded::byte_serialize(page.as_bytes()).collect();
            visitor.arrives_at(&format!("/sign-in?next={next}")).await;
        }
        visitor.click_in("main", "Sign up").await;
        visitor.signs_up("zoe@example.com").await;
        visitor.arrives_at("/tickets/new").await;
    })
    .await;
}

#[tokio::test]
async fn signing_in_leads_to_no_other_site() {
    in_shop(async |shop| {
        let visitor = shop.window("visitor").await;
        let person = shop.sign_up().await;
        let email = person.account["email"].as_str().unwrap();
        let elsewhere =
            ["https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)"];
        for next in elsewhere {
            visitor.go(&format!("/sign-in?next={next}")).await;
            visitor.signs_in(email, PASSWORD).await;
            visitor.sees("Account").await;
            visitor.arrives_at("/").await;
            visitor.click("Account").await;
            visitor.click("Sign out").await;
            visitor.sees("Sign in").await;
        }
    })
    .await;
}

#[tokio::test]
async fn search_filters_and_order_are_in_the_address() {
    in_shop(async |shop| {
        let seller = shop.sign_up().await;
        for (title, city, price) in [
            ("Kites in the north", "Oslo", 9000),
            ("Kites by the lake", "Basel", 2000),
            ("A cello", "Basel", 4000),
        ] {
            let listing = a_concert(json!({ "title": title, "city": city, "price": price }));
            seller.list(listing).await.expect(201);
        }
        let visitor = shop.window("visitor").await;
        visitor.go("/").await;
        visitor.run("window.isMarked = true").await;
        // At once: what is typed is searched for in each pause, in place of the page that one is on.
        let pastes = async |field: &str, text: &str| {
            let field = format!("document.querySelector('#filters [name={field}]')");
            visitor.run(&format!("{field}.value = '{text}'")).await;
        };
        pastes("q", "kites").await;
        visitor.click_in("main", "Search").await;
        visitor.sees_no("A cello").await;
        let found = visitor.path().await;
        assert!(found.contains("q=kites"), "{found}");
        pastes("city", "Basel").await;
        visitor.click_in("main", "Search").await;
        visitor.sees_no("Kites in the north").await;
        visitor.sees("Kites by the lake").await;
        let narrowed = visitor.path().await;
        assert!(narrowed.contains("q=kites") && narrowed.contains("city=Basel"), "{narrowed}");
        assert_eq!(visitor.run("return window.isMarked").await, true, "no page was loaded anew");

        visitor.back().await;
        visitor.arrives_at(&found).await;
        visitor.sees("Kites in the north").await;
        assert_eq!(visitor.value("City").await, "");
        visitor.back().await;
        visitor.arrives_at("/").await;
        visitor.sees("A cello").await;
        assert_eq!(visitor.value("Search").await, "");
        visitor.forward().await;
        visitor.sees_no("A cello").await;
        assert_eq!(visitor.value("Search").await, "kites");

        visitor.go(&narrowed).await;
        assert_eq!(visitor.value("City").await, "Basel");
        visitor.go("/?maxPrice=30").await;
        visitor.sees("Kites by the lake").await;
        visitor.sees_no("A cello").await;
        visitor.go("/?sort=price").await;
        assert_eq!(visitor.titles().await, ["Kites by the lake", "A cello", "Kites in the north"]);
    })
    .await;
}

#[tokio::test]
async fn filters_fold_away_where_there_is_little_room() {
    in_shop(async |shop| {
        shop.sign_up().await.list(a_concert(json!({}))).await.expect(201);
        let visitor = shop.window("visitor").await;
        visitor.is(375, 812).await;
        visitor.go("/").await;
        visitor.sees("The Paper Kites").await;
        assert!(!visitor.text().await.contains("Highest price"));
        visitor.click_in("main", "Filters").await;
        visitor.fill("City", "Oslo").await;
        visitor.click_in("main", "Search").await;
        visitor.arrives_at("/?city=Oslo").await;
        visitor.sees("No tickets match").await;
    })
    .await;
}

#[tokio::test]
async fn pages_are_swapped_with_their_title_place_and_focus() {
    in_shop(async |shop| {
        let seller = shop.sign_up().await;
        for number in 1..=15 {
            seller
                .list(a_concert(json!({ "title": format!("Evening {number}") })))
                .await
                .expect(201);
        }
        let visitor = shop.window("visitor").await;
        visitor.go("/").await;
        // In the middle, or the click would scroll the window itself.
        let scrolls = "window.isMarked = true; [...document.querySelectorAll('.cards a')]\
                       .find(link => link.textContent.includes('Evening 7'))\
                       .scrollIntoView({ block: 'center' })";
        visitor.run(scrolls).await;
        let place = visitor.run("return scrollY").await;
        visitor.click("Evening 7").await;
        visitor.sees_heading("Evening 7").await;
        visitor
            .waits_for("the title is the page's", "document.title.startsWith('Evening 7')")
            .await;
        visitor.waits_for("it begins at its top", "scrollY === 0").await;
        let is_inside = "document.getElementById('main').contains(document.activeElement)";
        visitor.waits_for("the focus is on the new page", is_inside).await;
        visitor.back().await;
        visitor.sees("Evening 8").await;
        let is_back = format!("Math.abs(scrollY - {place}) < 80");
        visitor.waits_for("it is where it was", &is_back).await;
        assert_eq!(visitor.run("return window.isMarked").await, true, "no page was loaded anew");
    })
    .await;
}

#[tokio::test]
async fn more_listings_are_on_further_pages() {
    in_shop(async |shop| {
        let seller = shop.sign_up().await;
        for number in 1..=30 {
            seller
                .list(a_concert(json!({ "title": format!("Evening {number:02}") })))
                .await
                .expect(201);
        }
        let visitor = shop.window("visitor").await;
        visitor.go("/").await;
        let mut seen = visitor.titles().await;
        while visitor.has("More tickets").await {
            let path = visitor.path().await;
            visitor.click("More tickets").await;
            visitor.leaves(&path).await;
            seen.extend(visitor.titles().await);
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 30, "{seen:?}");
    })
    .await;
}

#[tokio::test]
async fn who_signs_out_is_a_visitor_again() {
    in_shop(async |shop| {
        let visitor = shop.window("visitor").await;
        visitor.go("/sign-up").await;
        visitor.signs_up("zoe@example.com").await;
        visitor.click("Account").await;
        visitor.sees("zoe@example.com").await;
        visitor.click("Sign out").await;
        visitor.sees("Sign in").await;
        visitor.go("/orders").await;
        visitor.signs_in("zoe@example.com", PASSWORD).await;
        visitor.arrives_at("/orders").await;
    })
    .await;
}
