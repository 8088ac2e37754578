//! A forgotten password, an address that is proven or changed, and the ways in without a password: with
//! scripts and without.

use boxoffice_tests::{App, eventually};
use serde_json::json;

use crate::acts::{GOOD_CARD, PASSWORD, Stage, page_of};
use crate::harness::within;

const ADDRESS: &str = "ann@example.com";
const OTHER: &str = "twelve paper kites";

/// A shop that sends mail.
async fn mailed() -> App {
    App::start_with([("mail_from", "Boxoffice <tickets@shop.example>")]).await
}

async fn a_forgotten_password_is_replaced(with_scripts: bool) {
    within(mailed().await, async |shop| {
        let (ann, eve) = (shop.window("Ann").await, shop.window("Eve").await);
        if !with_scripts {
            ann.without_scripts().await;
        }
        eve.go("/sign-up").await;
        eve.signs_up(ADDRESS).await;
        ann.go("/sign-in").await;
        ann.click_in("main", "Forgot your password?").await;
        ann.sees_heading("Forgot your password?").await;
        ann.fill("E-mail address", ADDRESS).await;
        ann.click("Send the e-mail").await;
        ann.sees("If there is an account, an e-mail is on its way.").await;
        let token = shop.token("reset", ADDRESS).await;
        ann.go(&format!("/reset?token={token}")).await;
        ann.fill("New password", "password1").await;
        ann.expects_status("/reset", 400);
        ann.click("Change the password").await;
        ann.sees("Many people use this password").await;
        ann.fill("New password", OTHER).await;
        ann.click("Change the password").await;
        ann.sees("You are signed in here, and nowhere else.").await;
        // Pages believe in a session for up to two seconds.
        let where_she_is = async || {
            eve.go("/orders").await;
            eve.path().await
        };
        let is_out = |path: &String| path.starts_with("/sign-in");
        eventually("Eve is signed out", where_she_is, is_out).await;
        eve.expects_status("/sign-in", 401);
        eve.signs_in(ADDRESS, PASSWORD).await;
        eve.sees("Address and password do not match.").await;
    })
    .await;
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_with_scripts() {
    a_forgotten_password_is_replaced(true).await;
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_without_scripts() {
    a_forgotten_password_is_replaced(false).await;
}

/// What was chosen is held as soon as another password is.
async fn a_reset_keeps_the_choice(with_scripts: bool) {
    within(mailed().await, async |shop| {
        let stage = Stage::set(shop, json!({ "quantity": 5 })).await;
        let (bob, phone) = (shop.window("Bob at home").await, shop.window("Bob's phone").await);
        if !with_scripts {
            bob.without_scripts().await;
            phone.without_scripts().await;
        }
        let email = stage.buyer.account["email"].as_str().unwrap();
        bob.go(&page_of(&stage.ticket)).await;
        bob.choose("How many", "3").await;
        bob.click("Buy").await;
        bob.click_in("main", "Forgot your password?").await;
        bob.sees_heading("Forgot your password?").await;
        bob.fill("E-mail address", email).await;
        bob.click("Send the e-mail").await;
        bob.sees_heading("Check your e-mail").await;
        let letter = shop.letter("reset", email).await.expect(200);
        let (token, next) = (&letter["proof"]["token"], &letter["proof"]["next"]);
        let next = next.as_str().unwrap();
        assert!(next.ends_with("/hold?quantity=3&price=4500-EUR"), "{next}");
        let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let link = format!("/reset?token={}&next={next}", token.as_str().unwrap());
        phone.go(&link).await;
        phone.fill("New password", "password1").await;
        phone.expects_status("/reset", 400);
        phone.click("Change the password").await;
        phone.sees("Many people use this password").await;
        phone.fill("New password", OTHER).await;
        phone.click("Change the password").await;
        phone.sees_timer("1").await;
        phone.sees("€135.00").await;
        // A letter that was used leads to another one, with the choice.
        bob.go(&link).await;
        bob.fill("New password", PASSWORD).await;
        bob.expects_status("/reset", 409);
        bob.click("Change the password").await;
        bob.click("Ask for another e-mail").await;
        bob.sees_heading("Forgot your password?").await;
        assert!(bob.path().await.ends_with(&next), "{}", bob.path().await);
    })
    .await;
}

#[tokio::test]
async fn a_reset_keeps_the_choice_with_scripts() {
    a_reset_keeps_the_choice(true).await;
}

#[tokio::test]
async fn a_reset_keeps_the_choice_without_scripts() {
    a_reset_keeps_the_choice(false).await;
}

#[tokio::test]
async fn an_address_is_proven_and_a_password_changed() {
    within(mailed().await, async |shop| {
        let ann = shop.window("Ann").await;
        ann.go("/sign-up").await;
        ann.signs_up(ADDRESS).await;
        ann.click("Account").await;
        ann.click("My account").await;
        ann.sees("Not verified").await;
        let letter = shop.letter("verify", ADDRESS).await.expect(200);
        ann.fill("Code", letter["proof"]["code"].as_str().unwrap()).await;
        ann.click("Verify").await;
        ann.sees("Your e-mail address is verified.").await;
        ann.fill("Current password", PASSWORD).await;
        ann.fill("New password", OTHER).await;
        ann.click("Change the password").await;
        ann.sees("Your password is changed. Other devices are signed out.").await;
    })
    .await;
}

/// Buys two of a concert's tickets with an address alone, and opens the order from its letter elsewhere.
async fn a_guest_buys(with_scripts: bool) {
    within(mailed().await, async |shop| {
        let stage = Stage::set(shop, json!({ "quantity": 3 })).await;
        let (ann, elsewhere) = (shop.window("Ann").await, shop.window("Ann's phone").await);
        if !with_scripts {
            ann.without_scripts().await;
            elsewhere.without_scripts().await;
        }
        ann.go(&page_of(&stage.ticket)).await;
        ann.choose("How many", "2").await;
        ann.click("Buy").await;
        ann.sees("Sign in to buy 2 × The Paper Kites.").await;
        ann.click("Continue as a guest").await;
        ann.sees_heading("Continue as a guest").await;
        let known = stage.seller.account["email"].as_str().unwrap();
        ann.fill("E-mail address", known).await;
        ann.expects_status("/guest", 409);
        ann.click("Continue").await;
        ann.sees("You already have an account. Sign in, or have a link sent.").await;
        ann.fill("E-mail address", ADDRESS).await;
        ann.click("Continue").await;
        ann.sees_timer("15:00").await;
        ann.pays(GOOD_CARD, "€90.00").await;
        let order = ann.sees_confirmation().await;

        let id: String = shop
            .database()
            .query_row("SELECT id FROM auth_users WHERE email = ?1", [ADDRESS], |row| row.get(0))
            .unwrap();
        let token = shop.opening(&id).await.unwrap();
        let next = order.replace('/', "%2F");
        elsewhere.go(&format!("/sign-in/link?token={token}&next={next}")).await;
        elsewhere.sees("You come from an e-mail.").await;
        elsewhere.click_in("main", "Sign in").await;
        elsewhere.arrives_at(&order).await;
        elsewhere.sees("The Paper Kites").await;
        elsewhere.go("/account").await;
        elsewhere.sees("Verified").await;
        elsewhere.sees("You have none yet.").await;
        elsewhere.click("Send the e-mail").await;
        elsewhere.sees("By its link you choose a password").await;
        let token = shop.token("reset", ADDRESS).await;
        elsewhere.go(&format!("/reset?token={token}")).await;
        elsewhere.fill("New password", OTHER).await;
        elsewhere.click("Change the password").await;
        elsewhere.sees("You are signed in here, and nowhere else.").await;
    })
    .await;
}

#[tokio::test]
async fn a_guest_buys_with_scripts() {
    a_guest_buys(true).await;
}

#[tokio::test]
async fn a_guest_buys_without_scripts() {
    a_guest_buys(false).await;
}

/// What was chosen is held as soon as the link, or the code on another device, has signed one in.
async fn a_link_keeps_the_choice(with_scripts: bool) {
    within(mailed().await, async |shop| {
        let stage = Stage::set(shop, json!({ "quantity": 5 })).await;
        let (bob, other) = (shop.window("Bob at home").await, shop.window("Bob's phone").await);
        if !with_scripts {
            bob.without_scripts().await;
            other.without_scripts().await;
        }
        let email = stage.buyer.account["email"].as_str().unwrap();
        bob.go(&page_of(&stage.ticket)).await;
        bob.choose("How many", "3").await;
        bob.click("Buy").await;
        bob.click("Sign in by e-mail").await;
        bob.sees_heading("Sign in by e-mail").await;
        bob.fill("E-mail address", email).await;
        bob.click("Send the e-mail").await;
        bob.sees_heading("Check your e-mail").await;
        let letter = shop.letter("sign_in", email).await.expect(200);
        let next = letter["proof"]["next"].as_str().unwrap();
        assert!(next.ends_with("/hold?quantity=3&price=4500-EUR"), "{next}");
        let code = letter["proof"]["code"].as_str().unwrap();
        let wrong = if code == "123456" { "654321" } else { "123456" };
        // The address is filled in where it was asked for, and typed elsewhere.
        bob.fill("Code", wrong).await;
        bob.expects_status("/sign-in/link/code", 400);
        bob.click_in("main", "Sign in").await;
        bob.sees("you have 9 more tries").await;
        other.go("/sign-in/link/code").await;
        other.fill("E-mail address", email).await;
        other.fill("Code", code).await;
        other.click_in("main", "Sign in").await;
        other.arrives_at("/").await;
        other.sees("Account").await;

        bob.click("Send another e-mail").await;
        bob.fill("E-mail address", email).await;
        bob.click("Send the e-mail").await;
        bob.sees_heading("Check your e-mail").await;
        let token = shop.token("sign_in", email).await;
        let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        bob.go(&format!("/sign-in/link?token={token}&next={next}")).await;
        bob.click_in("main", "Sign in").await;
        bob.sees_timer("1").await;
        bob.sees("€135.00").await;
        bob.go(&format!("/sign-in/link?token={token}")).await;
        bob.expects_status("/sign-in/link/use", 409);
        bob.click_in("main", "Sign in").await;
        bob.sees_heading("This e-mail no longer works").await;
    })
    .await;
}

#[tokio::test]
async fn a_link_keeps_the_choice_with_scripts() {
    a_link_keeps_the_choice(true).await;
}

#[tokio::test]
async fn a_link_keeps_the_choice_without_scripts() {
    a_link_keeps_the_choice(false).await;
}

#[tokio::test]
async fn an_address_is_changed_and_taken_back() {
    within(mailed().await, async |shop| {
        let (ann, reader) = (shop.window("Ann").await, shop.window("who reads the mail").await);
        ann.go("/sign-up").await;
        ann.signs_up(ADDRESS).await;
        ann.sees("Account").await;
        let token = shop.token("verify", ADDRESS).await;
        ann.go(&format!("/verify?token={token}")).await;
        ann.click("This is my address").await;
        ann.sees("Your e-mail address is verified.").await;
        ann.click("Change the address").await;
        ann.fill("New e-mail address", "ann@example.org").await;
        ann.fill("Your password", "not this one").await;
        ann.expects_status("/account/address", 400);
        ann.click("Send the e-mail").await;
        ann.sees("This is not the password that you have now.").await;
        ann.fill("Your password", PASSWORD).await;
        ann.click("Send the e-mail").await;
        ann.sees("An e-mail is on its way to the new address.").await;
        let token = shop.token("address", "ann@example.org").await;
        ann.go(&format!("/account/address?token={token}")).await;
        ann.click("Change the address").await;
        ann.sees("Your e-mail address is changed.").await;
        ann.sees("ann@example.org").await;
        let told = shop.farewell(ADDRESS).await.expect(200);
        let token = told["proof"]["token"].as_str().unwrap();
        reader.go(&format!("/account/undo?token={token}")).await;
        reader.click("Take the address back").await;
        reader.sees("Your address is back, and everybody is signed out.").await;
        reader.sees_heading("Forgot your password?").await;
    })
    .await;
}

async fn one_gets_ones_data_and_goes(scripts: bool) {
    within(mailed().await, async |shop| {
        let ann = shop.window("Ann").await;
        if !scripts {
            ann.without_scripts().await;
        }
        ann.go("/sign-up").await;
        ann.signs_up(ADDRESS).await;
        ann.sees("Account").await;
        ann.go("/account").await;
        ann.click("Ask for my data").await;
        ann.sees("We are making the file. You get an e-mail when it is ready.").await;
        ann.sees("Being made").await;
        shop.tick().await;
        ann.go("/account").await;
        ann.sees("Your file is ready").await;
        ann.click("Delete my account").await;
        ann.sees_heading("Delete my account").await;
        ann.expects_status("/account/delete", 400);
        ann.fill("Password", OTHER).await;
        ann.click("Delete my account for good").await;
        ann.sees("This is not the password of your account").await;
        ann.fill("Password", PASSWORD).await;
        ann.click("Delete my account for good").await;
        ann.sees("Your account is deleted. Goodbye.").await;
        ann.go("/sign-in").await;
        ann.sees_heading("Sign in").await;
    })
    .await;
}

#[tokio::test]
async fn one_gets_ones_data_and_goes_with_scripts() {
    one_gets_ones_data_and_goes(true).await;
}

#[tokio::test]
async fn one_gets_ones_data_and_goes_without_scripts() {
    one_gets_ones_data_and_goes(false).await;
}
