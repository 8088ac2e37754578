//! What is wrong with what people filled in: said in a summary that has the focus and leads to the
//! fields, and beside each field; what was written stays. All of it with scripts and without.

use boxoffice_tests::id;
use serde_json::json;

use crate::acts::{PASSWORD, a_concert};
use crate::harness::{Shop, Window, in_shop};

/// A form that is filled in wrongly.
struct Mistake {
    /// Where the form is.
    page: String,
    /// What is written: labels and texts.
    written: Vec<(&'static str, &'static str)>,
    /// What sends it.
    button: &'static str,
    /// The fields that something is wrong with.
    wrong: Vec<&'static str>,
    /// The answer's status.
    status: u16,
}

async fn is_told(window: &Window, mistake: &Mistake, has_scripts: bool) {
    window.expects_status(&mistake.page, mistake.status);
    window.go(&mistake.page).await;
    for (label, text) in &mistake.written {
        window.fill(label, text).await;
    }
    window.click_in("main", mistake.button).await;
    let count = mistake.wrong.len();
    window.waits_for("there is a summary of errors", SUMMARY).await;
    if has_scripts {
        window.waits_for("the summary has the focus", SUMMARY_HAS_FOCUS).await;
    }
    for label in &mistake.wrong {
        let complaint = window.complaint(label).await;
        // The summary's link says the same and leads there. It may lie beneath the page's head by now.
        window.run("scrollTo({ top: 0, behavior: 'instant' })").await;
        window.click_in("main [role=alert]", &complaint).await;
        window.has_focus_on(label).await;
    }
    let links = window.run("return document.querySelectorAll('main [role=alert] a').length").await;
    assert_eq!(links, json!(count), "as many links as wrong fields on {}", mistake.page);
    for (label, text) in &mistake.written {
        // The server sends no password back; a page that found the mistake itself has it still.
        let kept = if *label == "Password" && !has_scripts { "" } else { *text };
        assert_eq!(window.value(label).await, kept, "what was written as {label}");
    }
}

const SUMMARY: &str = "document.querySelector('main [role=alert]')";
const SUMMARY_HAS_FOCUS: &str =
    "document.querySelector('main [role=alert]') === document.activeElement";

/// Makes every mistake, as a visitor and as a seller.
async fn all_are_told(shop: &Shop, has_scripts: bool) {
    let seller = shop.sign_up().await;
    let ticket = seller.list(a_concert(json!({}))).await.expect(201);
    let (visitor, ann) = (shop.window("visitor").await, shop.window_of("Ann", &seller).await);
    if !has_scripts {
        visitor.without_scripts().await;
        ann.without_scripts().await;
    }
    is_told(&visitor, &a_visitors_mistake(), has_scripts).await;
    for mistake in &a_sellers_mistakes(id(&ticket)) {
        is_told(&ann, mistake, has_scripts).await;
    }
}

fn a_visitors_mistake() -> Mistake {
    Mistake {
        page: "/sign-up".to_owned(),
        written: vec![("E-mail address", "nobody"), ("Password", "short")],
        button: "Sign up",
        wrong: vec!["E-mail address", "Password"],
        status: 400,
    }
}

fn a_sellers_mistakes(ticket: &str) -> [Mistake; 2] {
    [
        Mistake {
            page: "/tickets/new".to_owned(),
            written: vec![("Title", ""), ("Price of one ticket", "a lot"), ("City", "Basel")],
            button: "List for sale",
            wrong: vec!["Title", "Price of one ticket"],
            status: 400,
        },
        Mistake {
            page: format!("/tickets/{ticket}/edit"),
            written: vec![
                ("Title", "The Tin Kites"),
                ("Price of one ticket", "-1"),
                ("How many tickets", "0"),
            ],
            button: "Save",
            wrong: vec!["Price of one ticket", "How many tickets"],
            status: 400,
        },
    ]
}

#[tokio::test]
async fn mistakes_are_told_and_can_be_mended() {
    in_shop(async |shop| all_are_told(shop, true).await).await;
}

#[tokio::test]
async fn mistakes_are_told_without_scripts() {
    in_shop(async |shop| all_are_told(shop, false).await).await;
}

#[tokio::test]
async fn a_field_is_checked_when_it_is_left_and_again_when_it_is_mended() {
    in_shop(async |shop| {
        let window = shop.window("Ann").await;
        window.go("/sign-up").await;
        window.fill("E-mail address", "nobody").await;
        window.fill("Password", PASSWORD).await;
        assert!(!window.complaint("E-mail address").await.is_empty());
        window.fill("E-mail address", "ann@example.com").await;
        window.fill("Password", PASSWORD).await;
        window.is_content_with("E-mail address").await;
    })
    .await;
}

#[tokio::test]
async fn half_a_date_is_told_and_not_taken_for_none() {
    in_shop(async |shop| {
        let window = shop.window_of("Ann", &shop.sign_up().await).await;
        window.go("/tickets/new").await;
        window.fill_date("Begins", "07012030", "").await;
        window.fill("Title", "The Paper Kites").await;
        assert!(window.complaint("Begins").await.contains("both the date and the time"));
        window.fill("Price of one ticket", "45.00").await;
        window.click_in("main", "List for sale").await;
        window.waits_for("the summary has the focus", SUMMARY_HAS_FOCUS).await;
        assert_eq!(window.path().await, "/tickets/new");
        window.fill_date("Begins", "07012030", "0830PM").await;
        window.is_content_with("Begins").await;
    })
    .await;
}

const NAMES: &str = "Ask for the name of each guest";
const TURNING: &str = "Codes that turn every 30 seconds";

#[tokio::test]
async fn codes_turn_only_around_a_date() {
    in_shop(async |shop| {
        let window = shop.window_of("Ann", &shop.sign_up().await).await;
        window.go("/tickets/new").await;
        window.fill("Title", "The Paper Kites").await;
        window.fill("Price of one ticket", "45.00").await;
        window.click("Names and codes").await;
        for label in [NAMES, TURNING] {
            window.click_field(label).await;
        }
        window.click_in("main", "List for sale").await;
        window.waits_for("the summary has the focus", SUMMARY_HAS_FOCUS).await;
        assert!(window.complaint(TURNING).await.contains("Give the event a date first"));
        window.fill_date("Begins", "07012030", "0830PM").await;
        window.is_content_with(TURNING).await;
        window.click_in("main", "List for sale").await;
        window.sees("Your tickets are on sale.").await;
        window.go(&format!("{}/edit", window.path().await)).await;
        let ticked = "return ['asksNames', 'turningCodes'].map((id) => \
                      document.getElementById(id).checked)";
        assert_eq!(window.run(ticked).await, json!([true, true]));
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password_is_told_without_saying_which_part_is_wrong() {
    in_shop(async |shop| {
        let window = shop.window("Ann").await;
        let ann = shop.sign_up().await;
        let email = ann.account["email"].as_str().unwrap();
        window.expects_status("/sign-in", 401);
        window.go("/sign-in").await;
        for (email, password) in [(email, "not the password"), ("nobody@example.com", PASSWORD)] {
            window.signs_in(email, password).await;
            window.waits_for("there is a summary of errors", SUMMARY).await;
            window.waits_for("the summary has the focus", SUMMARY_HAS_FOCUS).await;
            assert_eq!(window.value("E-mail address").await, email);
        }
    })
    .await;
}

#[tokio::test]
async fn an_address_that_has_an_account_is_told_beside_the_field() {
    in_shop(async |shop| {
        let window = shop.window("Ann").await;
        let ann = shop.sign_up().await;
        window.expects_status("/sign-up", 409);
        window.go("/sign-up").await;
        window.signs_up(ann.account["email"].as_str().unwrap()).await;
        assert!(!window.complaint("E-mail address").await.is_empty());
    })
    .await;
}

/// Keeps a page's module from beginning until it is told to, as a slow line does.
const LATE: &str = "
    const mayBegin = new Promise((resolve) => (window.comeAlive = resolve));
    const begin = WebAssembly.instantiateStreaming;
    WebAssembly.instantiateStreaming = async (...all) => {
        await mayBegin;
        return begin(...all);
    };
";

#[tokio::test]
async fn what_was_written_before_the_page_came_alive_is_kept() {
    in_shop(async |shop| {
        let window = shop.window("Ann").await;
        window.on_every_page(LATE).await;
        window.arrives_early_at("/sign-up").await;
        window.fill("E-mail address", "ann@example.com").await;
        let is_alive = window.run("return !!document.documentElement.dataset.hydrated").await;
        assert_eq!(is_alive, false, "the field was filled before the page came alive");
        window.run("window.comeAlive()").await;
        window.is_alive().await;
        assert_eq!(window.value("E-mail address").await, "ann@example.com");
    })
    .await;
}
