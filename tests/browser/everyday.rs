//! What people meet on every visit: further pages, menus, small and large windows, paper.

use boxoffice_tests::id;
use serde_json::json;

use crate::acts::{Stage, a_concert, checkout_of, page_of};
use crate::harness::in_shop;

/// Whether a window shows all that an input or a menu has to show.
const IS_WHOLE: &str = "(field => field.scrollWidth <= field.clientWidth)";

#[tokio::test]
async fn the_next_page_of_a_list_begins_at_its_top() {
    in_shop(async |shop| {
        let seller = shop.sign_up().await;
        for number in 1..=30 {
            let title = format!("Evening {number:02}");
            seller.list(a_concert(json!({ "title": title }))).await.expect(201);
        }
        let visitor = shop.window_of("seller", &seller).await;
        visitor.is(375, 700).await;
        for (page, more) in [("/", "More tickets"), ("/listings", "Older listings")] {
            visitor.go(page).await;
            let before = visitor.path().await;
            visitor.click(more).await;
            visitor.leaves(&before).await;
            let top = "document.getElementById('list').getBoundingClientRect().top";
            let begins = format!("{top} >= 0 && {top} < 200");
            visitor.waits_for("the list is at the top of the window", &begins).await;
            let has_focus = "document.activeElement.id === 'list'";
            visitor.waits_for("the focus is on the list", has_focus).await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_word_about_a_lost_race_stays_until_it_is_read() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({})).await;
        let bob = &stage.window;
        // He must not hear of it before he clicks.
        bob.cannot_reach(&["*/live*"]).await;
        bob.expects_failure("/live");
        bob.expects_status("/hold", 409);
        bob.go(&page_of(&stage.ticket)).await;
        let winner = shop.sign_up().await;
        let order = winner.hold(&stage.ticket).await.expect(201);
        bob.click("Buy").await;
        bob.sees("You haven't been charged.").await;
        bob.sees_ticket(&stage.ticket, "held").await;
        winner.cancel(&order).await.expect(204);
        // As after a sleep: the page asks for itself, unasked.
        let is_told = async || {
            bob.run("document.dispatchEvent(new Event('visibilitychange'))").await;
        };
        is_told().await;
        bob.sees_ticket(&stage.ticket, "open").await;
        bob.sees("You haven't been charged.").await;
    })
    .await;
}

#[tokio::test]
async fn the_menu_closes_when_the_focus_leaves_it() {
    in_shop(async |shop| {
        let person = shop.sign_up().await;
        let window = shop.window_of("Ann", &person).await;
        window.go("/").await;
        window.enters("Account").await;
        window.waits_for("the menu is open", "!!document.querySelector('.menu[open]')").await;
        window.tabs_to("Sign out").await;
        window.waits_for("it is open still", "!!document.querySelector('.menu[open]')").await;
        window.tabs_to_in("main", "Search").await;
        window.waits_for("the menu is closed", "!document.querySelector('.menu[open]')").await;
    })
    .await;
}

#[tokio::test]
async fn dates_and_amounts_are_read_whole() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({ "quantity": 5, "price": 999_900 })).await;
        let bob = &stage.window;
        for width in [1024, 1280] {
            bob.is(width, 800).await;
            bob.go("/?from=2030-06-12&to=2030-06-13").await;
            for name in ["from", "to"] {
                let field = format!("document.querySelector('#filters [name={name}]')");
                let is_whole = format!("{field}.clientWidth >= 150 && {IS_WHOLE}({field})");
                bob.waits_for("the date is read whole", &is_whole).await;
            }
        }
        for width in [320, 1280] {
            bob.is(width, 800).await;
            bob.go(&page_of(&stage.ticket)).await;
            bob.sees("How many").await;
            // The menu takes the whole row, whatever stands beside it.
            let takes_row = "(menu => menu.clientWidth + 4 >= menu.closest('form').clientWidth)\
                             (document.getElementById('quantity'))";
            bob.waits_for("the menu has the row for itself", takes_row).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_price_is_told_back_as_it_is_understood() {
    in_shop(async |shop| {
        let seller = shop.sign_up().await;
        let ann = shop.window_of("Ann", &seller).await;
        ann.go("/tickets/new").await;
        ann.choose("Currency", "EUR").await;
        for (typed, understood) in [
            ("€1,250.00", "Buyers pay €1,250.00."),
            ("1.250,00", "Buyers pay €1,250.00."),
            ("45,-", "Buyers pay €45.00."),
            ("４５", "Buyers pay €45.00."),
        ] {
            ann.fill("Price of one ticket", typed).await;
            ann.click_field("How many tickets").await;
            ann.sees(understood).await;
            ann.is_content_with("Price of one ticket").await;
        }
        ann.fill("Price of one ticket", "much").await;
        ann.click_field("How many tickets").await;
        ann.sees("Give the price as a number such as 45.00").await;
        ann.sees_no("Buyers pay").await;
        ann.sells("An evening", "€1'250.00").await;
        ann.sees("€1,250.00").await;
    })
    .await;
}

#[tokio::test]
async fn a_listing_is_made_like_another() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({ "title": "Kites again", "quantity": 3 })).await;
        let ann = shop.window_of("Ann", &stage.seller).await;
        ann.go("/listings").await;
        ann.click("Duplicate Kites again").await;
        ann.sees_heading("Sell your tickets").await;
        assert_eq!(ann.value("Title").await, "Kites again");
        assert_eq!(ann.value("City").await, "Basel");
        ann.fill("Title", "Kites, the second night").await;
        ann.click("List for sale").await;
        ann.sees_heading("Kites, the second night").await;
        stage.seller.delete(&format!("/api/tickets/{}", id(&stage.ticket))).await.expect(204);
        ann.go("/listings").await;
        ann.click("Relist Kites again").await;
        assert_eq!(ann.value("How many tickets").await, "3");
        ann.click("List for sale").await;
        ann.sees_heading("Kites again").await;

        // Another's listing, or none, is nothing to begin with.
        let bob = &stage.window;
        bob.go(&format!("/tickets/new?like={}", id(&stage.ticket))).await;
        bob.sees_heading("Sell your tickets").await;
        assert_eq!(bob.value("Title").await, "");
    })
    .await;
}

#[tokio::test]
async fn the_head_breaks_no_word() {
    in_shop(async |shop| {
        let person = shop.sign_up().await;
        let window = shop.window_of("Ann", &person).await;
        window.is(320, 640).await;
        window.go("/").await;
        let lines = "[...document.querySelectorAll('.head .link, .head .brand')].every(word => \
                     word.getBoundingClientRect().height < 50)";
        window.waits_for("each word of the head is on one line", lines).await;
        let fits = "document.documentElement.scrollWidth <= 320";
        window.waits_for("nothing is cut off", fits).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_bought_comes_before_the_way_to_pay() {
    in_shop(async |shop| {
        let (stage, _) = Stage::at_checkout(shop).await;
        let bob = &stage.window;
        let top = |what: &str| format!("document.querySelector('{what}').getBoundingClientRect()");
        bob.is(375, 760).await;
        bob.sees("TOTAL").await;
        let is_first = format!("{}.bottom <= {}.top", top(".stub"), top("#pay"));
        bob.waits_for("the total is above the cards", &is_first).await;
        bob.is(1280, 800).await;
        let is_beside = format!(
            "{}.left >= {}.right && {}.top < {}.bottom",
            top(".stub"),
            top("#pay"),
            top(".stub"),
            top("#pay")
        );
        bob.waits_for("the total is beside the cards", &is_beside).await;
    })
    .await;
}

#[tokio::test]
async fn nothing_sticks_in_a_window_that_is_very_low() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({ "quantity": 5 })).await;
        let bob = &stage.window;
        bob.is(320, 256).await;
        let stays = |what: &str| {
            format!("(getComputedStyle(document.querySelector('{what}')).position === 'static')")
        };
        bob.go(&page_of(&stage.ticket)).await;
        bob.waits_for("the head scrolls away", &stays(".head")).await;
        bob.waits_for("the panel scrolls away", &stays(".buy")).await;
        let order = stage.buyer.hold(&stage.ticket).await.expect(201);
        bob.go(&checkout_of(&order)).await;
        bob.waits_for("the countdown scrolls away", &stays(".hold-bar")).await;
    })
    .await;
}

#[tokio::test]
async fn holding_more_is_less_loud_than_paying() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({ "quantity": 5 })).await;
        stage.buyer.hold(&stage.ticket).await.expect(201);
        let bob = &stage.window;
        bob.go(&page_of(&stage.ticket)).await;
        bob.sees("Resume payment").await;
        assert!(!bob.has("Buy").await, "only one way is loud");
        let colour = |what: &str| {
            format!("getComputedStyle(document.querySelector('{what}')).backgroundColor")
        };
        let is_quiet = format!("{} !== {}", colour(".hold .button"), colour(".buy > .button"));
        bob.waits_for("the second way is quiet", &is_quiet).await;
        bob.click("Hold more").await;
        bob.sees_heading("Checkout").await;
    })
    .await;
}

/// Edits the price of the stage's listing by the interface.
async fn reprice(stage: &Stage, title: &str, price: i64) {
    let edited = a_concert(json!({ "title": title, "quantity": 5, "price": price }));
    let path = format!("/api{}", page_of(&stage.ticket));
    stage.seller.put(&path, edited).await.expect(200);
}

#[tokio::test]
async fn a_price_that_changed_meanwhile_asks_first() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({ "title": "Slow lines", "quantity": 5 })).await;
        let bob = &stage.window;
        bob.cannot_reach(&["*/live*"]).await;
        bob.expects_failure("/live");
        bob.expects_status("/hold", 409);
        bob.go(&page_of(&stage.ticket)).await;
        bob.choose("How many", "3").await;
        reprice(&stage, "Slow lines", 19_900).await;
        bob.click("Buy").await;
        bob.sees("The seller changed the price from").await;
        bob.sees("You hold nothing yet.").await;
        assert_eq!(bob.value("How many").await, "3");
        bob.click("Buy").await;
        bob.sees_heading("Checkout").await;
        bob.sees("597.00").await;
    })
    .await;
}

#[tokio::test]
async fn a_price_that_changed_meanwhile_asks_first_without_scripts() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({ "title": "Paper", "quantity": 5 })).await;
        let bob = &stage.window;
        bob.without_scripts().await;
        bob.expects_status("/hold", 409);
        bob.go(&page_of(&stage.ticket)).await;
        reprice(&stage, "Paper", 19_900).await;
        bob.click("Buy").await;
        bob.sees("You hold nothing yet.").await;
        bob.click("Buy").await;
        bob.sees_heading("Checkout").await;
        bob.sees("199.00").await;
    })
    .await;
}

#[tokio::test]
async fn a_new_price_is_told_and_the_number_chosen_stays() {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({ "title": "Live lines", "quantity": 5 })).await;
        let bob = &stage.window;
        bob.go(&page_of(&stage.ticket)).await;
        bob.listens().await;
        bob.choose("How many", "3").await;
        reprice(&stage, "Live lines", 19_900).await;
        bob.sees("The seller changed the price from").await;
        assert_eq!(bob.value("How many").await, "3");
    })
    .await;
}

/// The way back to what one holds.
async fn a_hold_is_in_sight(scripts: bool) {
    in_shop(async |shop| {
        let stage = Stage::set(shop, json!({ "title": "In sight", "quantity": 5 })).await;
        let bob = &stage.window;
        if !scripts {
            bob.without_scripts().await;
        }
        bob.go(&page_of(&stage.ticket)).await;
        bob.choose("How many", "2").await;
        bob.click("Buy").await;
        bob.sees_heading("Checkout").await;
        assert!(!bob.text().await.contains("tickets held"), "the page is the way to pay itself");
        for page in ["/", "/orders", "/account"] {
            bob.go(page).await;
            bob.sees("2 tickets held").await;
        }
        bob.photograph(if scripts { "held-bar" } else { "held-bar-plain" }).await;
        bob.click_in(".held", "Pay").await;
        bob.sees_heading("Checkout").await;
        // Given up elsewhere: the order's page knows, and then all pages do.
        let order = bob.path().await.trim_end_matches("/checkout").to_owned();
        stage.buyer.delete(&format!("/api{order}")).await.expect(204);
        bob.go(&order).await;
        bob.go("/").await;
        bob.sees_no("tickets held").await;
        let order = stage.buyer.hold(&stage.ticket).await.expect(201);
        bob.go(&checkout_of(&order)).await;
        bob.go("/").await;
        bob.sees("1 ticket held").await;
    })
    .await;
}

#[tokio::test]
async fn a_hold_is_in_sight_on_every_page() {
    a_hold_is_in_sight(true).await;
}

#[tokio::test]
async fn a_hold_is_in_sight_on_every_page_without_scripts() {
    a_hold_is_in_sight(false).await;
}

#[tokio::test]
async fn a_total_that_cannot_be_charged_is_not_offered() {
    in_shop(async |shop| {
        let wish = json!({ "quantity": 5, "maxPerBuyer": 5, "price": 40_000_000 });
        let stage = Stage::set(shop, wish).await;
        let bob = &stage.window;
        bob.go(&page_of(&stage.ticket)).await;
        bob.sees("How many").await;
        let offers = bob.run("return document.getElementById('quantity').options.length").await;
        assert_eq!(offers, 2, "three cost €1,200,000.00");
    })
    .await;
}

#[tokio::test]
async fn paper_is_white_where_the_screen_is_dark() {
    in_shop(async |shop| {
        let (stage, order) = Stage::at_checkout(shop).await;
        let bob = &stage.window;
        bob.go(&format!("/orders/{}", id(&order))).await;
        bob.sees("Your tickets are held").await;
        bob.prints_from_the_dark().await;
        let colour = |what: &str, kind: &str| {
            format!("getComputedStyle(document.querySelector('{what}')).{kind}")
        };
        let is_white = format!("{} === 'rgb(255, 255, 255)'", colour("html", "backgroundColor"));
        bob.waits_for("the paper is white", &is_white).await;
        for text in [".stub h2", ".stub .date", ".stub dt", ".brand"] {
            let is_dark =
                format!("/^rgb\\(([0-6]?\\d, ){{2}}[0-6]?\\d\\)$/.test({})", colour(text, "color"));
            bob.waits_for(&format!("{text} is dark"), &is_dark).await;
        }
    })
    .await;
}
