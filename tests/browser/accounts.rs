//! A forgotten password, and an address that is proven: with scripts and without.

use boxoffice_tests::{App, eventually};

use crate::acts::PASSWORD;
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
