//! One's address and password, and a forgotten one, by pages and forms.

use boxoffice_tests::person::PASSWORD;
use boxoffice_tests::{Answer, App, eventually, id};
use serde_json::json;

use super::browser::{Browser, Form};

const ADDRESS: &str = "kites@example.com";
const OTHER: &str = "twelve paper kites";
/// As long as a confirmation lasts, and a second more, in seconds.
const LATER: u64 = 15 * 60 + 1;
/// What a shop has that sends mail.
const MAILED: (&str, &str) = ("mail_from", "Boxoffice <tickets@shop.example>");

#[tokio::test]
async fn a_forgotten_password_is_replaced() {
    let app = App::start_with([MAILED]).await;
    let before = Browser::signed_up(&app, ADDRESS).await;
    let browser = Browser::at(&app);
    let page = browser.page("/sign-in").await;
    assert!(page.text.contains("href=\"/forgotten?next=/\""), "{page}");
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
    let proven = stranger.send(&Form::on(&page, "/verify")).await;
    assert_eq!(proven.header("location"), "/", "{proven}");
    assert!(!other.page("/account").await.text.contains("Not verified"));
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

#[tokio::test]
async fn what_was_chosen_survives_each_way_in() {
    let app = App::start_with([MAILED]).await;
    let seller = app.sign_up().await;
    let ticket = seller.list(json!({ "quantity": 20 })).await.expect(201);
    let path = format!("/tickets/{}", id(&ticket));
    Browser::signed_up(&app, ADDRESS).await;
    let wants = async |browser: &Browser| {
        let form = browser.form(&path, &format!("{path}/hold")).await.with("quantity", "2");
        let sent = browser.send(&form).await.header("location").to_owned();
        let (way, next) = sent.split_once('?').unwrap();
        assert_eq!(way, "/sign-in");
        next.to_owned()
    };
    let is_held = |answer: &Answer| {
        let to = answer.header("location");
        assert!(to.starts_with("/orders/") && to.ends_with("/checkout"), "{answer}");
    };
    let browser = Browser::at(&app);
    let next = wants(&browser).await;
    let form = browser.form(&format!("/sign-in?{next}"), "/sign-in").await;
    let form = form.with("email", ADDRESS).with("password", PASSWORD);
    is_held(&browser.send(&form).await);

    let browser = Browser::at(&app);
    let next = wants(&browser).await;
    let page = browser.page(&format!("/guest?{next}")).await;
    assert!(page.text.contains("You buy 2 × "), "{page}");
    let form = Form::on(&page, "/guest");
    let known = browser.send(&form.clone().with("email", ADDRESS)).await;
    assert_eq!(known.status, 409, "{known}");
    assert!(known.text.contains("You already have an account."), "{known}");
    is_held(&browser.send(&Form::on(&known, "/guest").with("email", "guest@example.com")).await);

    let browser = Browser::at(&app);
    let next = wants(&browser).await;
    let form = browser.form(&format!("/sign-in/link?{next}"), "/sign-in/link").await;
    let asked = browser.send(&form.with("email", "guest@example.com")).await;
    let page = browser.follow(&asked).await;
    let letter = app.letter("sign_in", "guest@example.com").await.expect(200);
    assert_eq!(letter["proof"]["next"], format!("{path}/hold?quantity=2&price=2500-EUR"));
    let code = letter["proof"]["code"].as_str().unwrap();
    let form = Form::on(&page, "/sign-in/link/code");
    assert_eq!(form.value("email"), "guest@example.com", "it need not be typed again");
    is_held(&browser.send(&form.with("code", code)).await);

    let browser = Browser::at(&app);
    let next = wants(&browser).await;
    let page = browser.page(&format!("/sign-in?{next}")).await;
    let wish = format!("{path}/hold%3fquantity%3d2%26price%3d2500-EUR");
    assert!(page.text.contains(&format!("href=\"/forgotten?next={wish}\"")), "{page}");
    let form = browser.form(&format!("/forgotten?{next}"), "/forgotten").await;
    let asked = browser.send(&form.with("email", ADDRESS)).await;
    assert_eq!(asked.header("location"), format!("/forgotten/sent?{next}"));
    let letter = app.letter("reset", ADDRESS).await.expect(200);
    assert_eq!(letter["proof"]["next"], format!("{path}/hold?quantity=2&price=2500-EUR"));
    let token = letter["proof"]["token"].as_str().unwrap();
    // On another device too.
    let browser = Browser::at(&app);
    let form = browser.form(&format!("/reset?token={token}&{next}"), "/reset").await;
    is_held(&browser.send(&form.with("password", OTHER)).await);

    // Who has signed in already sees the listing, with the number chosen.
    let page = browser.page(&format!("{path}/hold?quantity=2&price=2500-EUR")).await;
    assert!(page.text.contains("value=\"2\" selected"), "{page}");
    // A hold that cannot be had leaves one signed in, on the listing's page.
    let browser = Browser::at(&app);
    let next = wants(&browser).await.replace("%3D2", "%3D99");
    let form = browser.form(&format!("/sign-in?{next}"), "/sign-in").await;
    let refused = browser.send(&form.with("email", ADDRESS).with("password", OTHER)).await;
    assert!(refused.status == 409 || refused.status == 400, "{refused}");
    assert!(browser.page("/account").await.text.contains(ADDRESS));
}

#[tokio::test]
async fn a_look_at_a_letters_page_signs_nobody_in() {
    let app = App::start_with([MAILED]).await;
    Browser::signed_up(&app, ADDRESS).await;
    let browser = Browser::at(&app);
    let form = browser.form("/sign-in/link", "/sign-in/link").await;
    browser.send(&form.with("email", ADDRESS)).await;
    let token = app.token("sign_in", ADDRESS).await;
    let path = format!("/sign-in/link?token={token}&next=%2F%2Fevil.example");
    for _ in 0..3 {
        let page = browser.page(&path).await;
        assert_eq!(page.header("referrer-policy"), "strict-origin");
        assert!(!page.text.contains("evil.example"), "{page}");
    }
    assert_eq!(browser.open("/account").await.status, 303);
    let form = Form::on(&browser.page(&path).await, "/sign-in/link/use");
    let entered = browser.send(&form).await;
    assert_eq!(entered.header("location"), "/", "{entered}");
    let page = browser.page("/account").await;
    assert!(page.text.contains("Verified") && page.text.contains("You have none yet."), "{page}");
    let again = Browser::at(&app).send(&form.with("key", "another")).await;
    assert_eq!(again.status, 409, "{again}");
    assert!(again.text.contains("Ask for another e-mail"), "{again}");
}

#[tokio::test]
async fn an_address_is_changed_on_its_page_and_taken_back_by_a_letter() {
    let app = App::start_with([MAILED]).await;
    let browser = Browser::signed_up(&app, ADDRESS).await;
    let token = app.token("verify", ADDRESS).await;
    let form = browser.form(&format!("/verify?token={token}"), "/verify").await;
    browser.send(&form).await;
    let page = browser.page("/account/address").await;
    let form = Form::on(&page, "/account/address").with("email", "new@example.org");
    let wrong = browser.send(&form.clone().with("password", "not this one")).await;
    assert_eq!(wrong.status, 400, "{wrong}");
    assert!(wrong.text.contains("This is not the password that you have now."), "{wrong}");
    let form = Form::on(&wrong, "/account/address").with("password", PASSWORD);
    let page = browser.follow(&browser.send(&form).await).await;
    assert!(page.text.contains("An e-mail is on its way to the new address."), "{page}");
    let token = app.token("address", "new@example.org").await;
    let path = format!("/account/address?token={token}");
    assert!(Browser::at(&app).open(&path).await.header("location").starts_with("/sign-in?next="));
    let form = browser.form(&path, "/account/address/confirm").await;
    let page = browser.follow(&browser.send(&form).await).await;
    assert!(page.text.contains("Your e-mail address is changed."), "{page}");
    assert!(page.text.contains("new@example.org"), "{page}");
    let told = app.farewell(ADDRESS).await.expect(200);
    let path = format!("/account/undo?token={}", told["proof"]["token"].as_str().unwrap());
    let reader = Browser::at(&app);
    let form = reader.form(&path, "/account/undo").await;
    let back = reader.follow(&reader.send(&form).await).await;
    assert!(back.text.contains("Your address is back"), "{back}");
    let look = async || browser.open("/account").await;
    eventually("the other browser is signed out", look, |page| page.status == 303).await;
}

#[tokio::test]
async fn one_chooses_which_letters_come() {
    let app = App::start_with([MAILED]).await;
    let browser = Browser::signed_up(&app, ADDRESS).await;
    let page = browser.page("/account").await;
    let form = Form::on(&page, "/account/letters");
    assert_eq!((form.value("sales"), form.value("reminders")), ("true", "true"));
    // A box that is not ticked is not sent.
    let form = form.with("sales", "");
    let chosen = browser.send(&form).await;
    assert_eq!(chosen.header("location"), "/account", "{chosen}");
    let page = browser.follow(&chosen).await;
    assert!(page.text.contains("Your choice of e-mails is saved."), "{page}");
    let form = Form::on(&page, "/account/letters");
    assert_eq!(form.value("reminders"), "true");
    assert!(!format!("{form:?}").contains("sales"), "{form:?}");
    let stranger = Browser::at(&app).send(&form).await;
    assert!(stranger.header("location").starts_with("/sign-in"), "{stranger}");
}

#[tokio::test]
async fn a_link_that_is_not_ours_unsubscribes_nobody() {
    let app = App::start_with([MAILED]).await;
    let browser = Browser::at(&app);
    let page = browser.page("/mail/unsubscribe?token=x").await;
    assert_eq!(page.header("referrer-policy"), "strict-origin");
    assert_eq!(page.header("cache-control"), "no-store");
    let pressed = browser.send(&Form::on(&page, "/mail/unsubscribe")).await;
    assert_eq!(pressed.status, 400, "{pressed}");
    assert!(pressed.text.contains("This link no longer works"), "{pressed}");
    let done = browser.page("/mail/unsubscribed").await;
    assert!(done.text.contains("You are unsubscribed"), "{done}");
}

#[tokio::test]
async fn what_was_typed_waits_while_one_confirms() {
    let app = App::start_with([MAILED]).await;
    let browser = Browser::signed_up(&app, ADDRESS).await;
    let codes = browser.sets_up_an_app(&app).await;
    app.advance(LATER);
    let form = browser.form("/account/address", "/account/address").await;
    let form = form.with("email", "new@example.org").with("password", PASSWORD);
    let asked = browser.send(&form).await;
    assert!(!asked.text.contains(PASSWORD), "no page holds a password");
    assert!(Form::on(&asked, "/confirm").value("fields").contains("new%40example.org"));
    let wrong = browser.confirms(&asked, "000000").await;
    assert_eq!(wrong.status, 400, "{wrong}");
    let form = Form::on(&wrong, "/confirm").with("code", &codes.code(&app, 0));
    let page = browser.send(&form).await;
    assert_eq!(page.status, 400, "{page}");
    assert!(page.text.contains("Enter the password that you have now."), "{page}");
    let form = Form::on(&page, "/account/address");
    assert_eq!(form.value("email"), "new@example.org", "it need not be typed again");
    let page = browser.follow(&browser.send(&form.with("password", PASSWORD)).await).await;
    assert!(page.text.contains("An e-mail is on its way to the new address."), "{page}");
}

#[tokio::test]
async fn a_form_without_secrets_goes_on_once_one_has_confirmed() {
    let app = App::start().await;
    let browser = Browser::signed_up(&app, ADDRESS).await;
    let codes = browser.sets_up_an_app(&app).await;
    app.advance(LATER);
    let form = browser.form("/account", "/account/recovery-codes").await;
    let asked = browser.send_by_script(&form).await;
    let html = asked.body["show"]["page"]["drawn"]["html"].as_str().unwrap();
    assert!(html.contains("value=\"/account/recovery-codes\""), "{html}");
    let page = browser.confirms(&browser.send(&form).await, &codes.code(&app, 0)).await;
    assert_eq!(page.status, 200, "{page}");
    assert!(page.text.contains("Keep your recovery codes"), "{page}");
    // What the browser keeps of both answers is the newer session: it knows of no second factor any more.
    app.advance(LATER);
    let form = browser.form("/account", "/account/authenticator/remove").await;
    let removed = browser.confirms(&browser.send(&form).await, &codes.code(&app, 0)).await;
    let page = browser.follow(&removed).await;
    assert!(page.text.contains("Set up an app"), "{page}");
    // Only forms of the shop are sent on, and only by who has confirmed.
    let codes = browser.sets_up_an_app(&app).await;
    app.advance(LATER);
    let form = browser.form("/account", "/account/recovery-codes").await;
    let asked = browser.send(&form).await;
    let elsewhere = Form::on(&asked, "/confirm").with("form", "//evil.example/");
    let sent = browser.send(&elsewhere.with("code", &codes.code(&app, 0))).await;
    assert_eq!((sent.status, sent.header("location")), (303, "/account"), "{sent}");
    app.advance(LATER);
    let asked = browser.send(&form.with("key", "another")).await;
    let stranger = Browser::at(&app);
    let refused = stranger.confirms(&asked, &codes.code(&app, 0)).await;
    assert!(refused.header("location").starts_with("/sign-in"), "{refused}");
}

#[tokio::test]
async fn an_account_is_deleted_once_its_owner_has_confirmed() {
    let app = App::start().await;
    let browser = Browser::signed_up(&app, ADDRESS).await;
    let codes = browser.sets_up_an_app(&app).await;
    app.advance(LATER);
    let form = browser.form("/account/delete", "/account/delete").await;
    let asked = browser.send(&form.with("password", PASSWORD)).await;
    let page = browser.confirms(&asked, &codes.code(&app, 0)).await;
    assert_eq!(page.status, 400, "{page}");
    assert!(page.text.contains("Enter the password that you have now."), "{page}");
    let form = Form::on(&page, "/account/delete").with("password", PASSWORD);
    let deleted = browser.send(&form).await;
    assert_eq!((deleted.status, deleted.header("location")), (303, "/"), "{deleted}");
    assert_eq!(browser.open("/account").await.status, 303);
}
