//! One's address and password, and a forgotten one, by pages and forms.

use boxoffice_tests::person::PASSWORD;
use boxoffice_tests::{App, eventually};

use super::browser::{Browser, Form};

const ADDRESS: &str = "kites@example.com";
const OTHER: &str = "twelve paper kites";
/// What a shop has that sends mail.
const MAILED: (&str, &str) = ("mail_from", "Boxoffice <tickets@shop.example>");

#[tokio::test]
async fn a_forgotten_password_is_replaced() {
    let app = App::start_with([MAILED]).await;
    let before = Browser::signed_up(&app, ADDRESS).await;
    let browser = Browser::at(&app);
    let page = browser.page("/sign-in").await;
    assert!(page.text.contains("href=\"/forgotten\""), "{page}");
    let form = browser.form("/forgotten", "/forgotten").await;
    let wrong = browser.send(&form.clone().with("email", "kites")).await;
    assert_eq!(wrong.status, 400, "{wrong}");
    assert!(wrong.text.contains("Enter an e-mail address"), "{wrong}");
    let mut said = Vec::new();
    for address in [ADDRESS, "nobody@example.com"] {
        let asked = browser.send(&form.clone().with("email", address)).await;
        said.push(browser.follow(&asked).await.text);
    }
    assert!(said[0].contains("an e-mail is on its way"), "{}", said[0]);
    assert!(!said[0].contains(ADDRESS), "the page does not tell whether there is an account");
    let token = app.token("reset", ADDRESS).await;
    let path = format!("/reset?token={token}");
    let page = browser.page(&path).await;
    assert_eq!(page.header("referrer-policy"), "strict-origin", "no address with a token goes on");
    assert_eq!(page.header("cache-control"), "no-store");
    let form = Form::on(&page, "/reset");
    let weak = browser.send(&form.clone().with("password", "password1")).await;
    assert_eq!(weak.status, 400, "{weak}");
    assert!(!weak.text.contains("password1"), "a password does not come back");
    let form = Form::on(&weak, "/reset").with("password", OTHER);
    let done = browser.send(&form).await;
    assert_eq!(done.header("location"), "/", "{done}");
    let page = browser.follow(&done).await;
    assert!(page.text.contains("You are signed in here, and nowhere else."), "{page}");
    assert!(page.text.contains(ADDRESS), "{page}");
    let look = async || before.open("/orders").await;
    eventually("the other browser is signed out", look, |page| page.status == 303).await;
    let again = Form::on(&weak, "/reset").with("password", OTHER).with("key", "another");
    let again = browser.send(&again).await;
    assert_eq!(again.status, 409, "{again}");
    assert!(again.text.contains("Ask for another e-mail"), "{again}");
}

#[tokio::test]
async fn an_address_is_verified_by_code_or_link() {
    let app = App::start_with([MAILED]).await;
    let browser = Browser::signed_up(&app, ADDRESS).await;
    let page = browser.page("/account").await;
    assert!(page.text.contains("Not verified") && page.text.contains(ADDRESS), "{page}");
    let wrong = browser.send(&Form::on(&page, "/account/code").with("code", "12")).await;
    assert_eq!(wrong.status, 400, "{wrong}");
    assert!(wrong.text.contains("Enter the six digits in the e-mail."), "{wrong}");
    let asked = browser.send(&Form::on(&page, "/account/letter")).await;
    let page = browser.follow(&asked).await;
    assert!(page.text.contains("Another e-mail is on its way."), "{page}");
    let letter = app.letter("verify", ADDRESS).await.expect(200);
    let code = letter["proof"]["code"].as_str().unwrap();
    let proven = browser.send(&Form::on(&page, "/account/code").with("code", code)).await;
    let page = browser.follow(&proven).await;
    assert!(page.text.contains("Your e-mail address is verified."), "{page}");
    assert!(!page.text.contains("/account/code"), "{page}");

    let other = Browser::signed_up(&app, "other@example.com").await;
    let token = app.token("verify", "other@example.com").await;
    let stranger = Browser::at(&app);
    let page = stranger.page(&format!("/verify?token={token}")).await;
    assert_eq!(page.header("referrer-policy"), "strict-origin");
    assert!(other.page("/account").await.text.contains("Not verified"), "a look proves nothing");
    assert!(page.text.contains("sign in here first"), "{page}");
    let proven = stranger.send(&Form::on(&page, "/verify")).await;
    assert_eq!(proven.header("location"), "/sign-in/link", "{proven}");
    assert!(stranger.follow(&proven).await.text.contains("Your address is verified."));
    // Whoever signed up need not be who reads the mail.
    let look = async || other.open("/account").await;
    eventually("the other browser is signed out", look, |page| page.status == 303).await;
    let void = Form::on(&page, "/verify").with("token", "x");
    let void = stranger.send(&void).await;
    assert_eq!(void.status, 409, "{void}");
    assert!(void.text.contains("This e-mail no longer works"), "{void}");
}

#[tokio::test]
async fn a_password_is_changed_on_the_page_of_the_account() {
    let app = App::start_with([MAILED]).await;
    let browser = Browser::signed_up(&app, ADDRESS).await;
    let page = browser.page("/account").await;
    let form = Form::on(&page, "/account/password").with("password", OTHER);
    let wrong = browser.send(&form.clone().with("current", "not this one")).await;
    assert_eq!(wrong.status, 400, "{wrong}");
    assert!(wrong.text.contains("This is not the password that you have now."), "{wrong}");
    assert!(!wrong.text.contains(OTHER), "a password does not come back");
    let form = Form::on(&wrong, "/account/password").with("password", OTHER);
    let changed = browser.send(&form.with("current", PASSWORD)).await;
    assert_eq!(changed.header("location"), "/account", "{changed}");
    let page = browser.follow(&changed).await;
    assert!(page.text.contains("Your password is changed."), "{page}");
    let stranger = Browser::at(&app);
    let sent = stranger.open("/account").await;
    assert!(sent.header("location").starts_with("/sign-in"), "{sent}");
}

#[tokio::test]
async fn a_shop_without_mail_says_what_to_do_instead() {
    let app = App::start().await;
    let browser = Browser::signed_up(&app, ADDRESS).await;
    let page = Browser::at(&app).page("/forgotten").await;
    assert!(
        page.text.contains("This shop sends no mail.") && !page.text.contains("name=\"email\""),
        "{page}"
    );
    let page = browser.page("/account").await;
    assert!(page.text.contains("This shop sends no mail."), "{page}");
    assert!(!page.text.contains("/account/letter"), "{page}");
}

#[tokio::test]
async fn who_may_not_sell_yet_is_told_why() {
    let app = App::start_with([MAILED, ("verified_sellers", "true")]).await;
    let browser = Browser::signed_up(&app, ADDRESS).await;
    let form = browser.form("/tickets/new", "/tickets/new").await;
    let form = form.with("title", "Kites").with("price", "25").with("currency", "EUR");
    let refused = browser.send(&form).await;
    assert_eq!(refused.status, 403, "{refused}");
    assert!(refused.text.contains("Verify your e-mail address first"), "{refused}");
}
