//! Passkeys in Chromium's virtual authenticator; an authenticator app, with scripts and without.

use boxoffice_tests::App;
use boxoffice_tests::CodeApp;
use serde_json::json;

use crate::acts::PASSWORD;
use crate::harness::within;

/// As long as a confirmation lasts, and a second more, in seconds.
const LATER: u64 = 15 * 60 + 1;
/// A password that nobody has yet.
const OTHER: &str = "twelve paper kites";

#[tokio::test]
async fn a_passkey_is_added_and_signs_in() {
    within(App::start().await, async |shop| {
        let ada = shop.sign_up().await;
        let window = shop.window_with_passkeys("Ada", &ada).await;
        window.go("/account").await;
        window.is_alive().await;
        window.fill("Name of the new passkey", "This laptop").await;
        window.click("Add a passkey").await;
        window.sees_heading("Keep your recovery codes").await;
        window.click_in("main", "I have kept them").await;
        window.sees("This laptop").await;
        window.is_nobody().await;
        window.go("/sign-in?next=/orders").await;
        window.is_alive().await;
        window.click("Sign in with a passkey").await;
        window.arrives_at("/orders").await;
        // By the password, the passkey is the second step.
        window.is_nobody().await;
        window.go("/sign-in?next=/orders").await;
        window.is_alive().await;
        window.expects_status("/sign-in", 401);
        window.signs_in(ada.account["email"].as_str().unwrap(), PASSWORD).await;
        window.sees_heading("One more step").await;
        window.click("Use a passkey").await;
        window.arrives_at("/orders").await;
        // The name of another one waits while its owner confirms.
        shop.advance(LATER);
        window.go("/account").await;
        window.fill("Name of the new passkey", "My key").await;
        window.expects_status("/api/users/factors/passkeys/options", 403);
        window.expects_status("/account/passkeys", 403);
        window.click("Add a passkey").await;
        window.sees_heading("Confirm that it is you").await;
        window.expects_status("/confirm", 400);
        window.click("Use a passkey").await;
        window.sees("Your browser has made no passkey yet").await;
        assert_eq!(window.value("Name of the new passkey").await, "My key");
    })
    .await;
}

#[tokio::test]
async fn a_passkey_is_offered_among_what_the_browser_fills_in() {
    within(App::start().await, async |shop| {
        let ada = shop.sign_up().await;
        let window = shop.window_with_passkeys("Ada", &ada).await;
        let challenges = || {
            let sql = "SELECT COUNT(*) FROM auth_challenges";
            shop.database().query_row(sql, [], |row| row.get::<i64>(0)).unwrap()
        };
        window.is_nobody().await;
        window.go("/sign-in").await;
        assert_eq!(challenges(), 0, "a browser that knows no passkey asks for nothing");
        window.is_signed_in(&ada).await;
        window.go("/account").await;
        window.fill("Name of the new passkey", "This laptop").await;
        window.click("Add a passkey").await;
        window.sees_heading("Keep your recovery codes").await;
        window.is_nobody().await;
        window.go("/sign-in?next=/orders").await;
        window.waits_for("it offers passkeys", "window.choose").await;
        window.run("window.choose()").await;
        window.arrives_at("/orders").await;
        // The password takes the offer back, or the second step could not ask for a passkey.
        window.is_nobody().await;
        window.go("/sign-in?next=/orders").await;
        window.waits_for("it offers passkeys", "window.choose").await;
        window.expects_status("/sign-in", 401);
        window.signs_in(ada.account["email"].as_str().unwrap(), PASSWORD).await;
        window.sees_heading("One more step").await;
        window.waits_for("the offer is taken back", "!window.choose").await;
        window.click("Use a passkey").await;
        window.arrives_at("/orders").await;
    })
    .await;
}

async fn an_app_is_set_up_and_asked_for(with_scripts: bool) {
    let mailed = [("mail_from", "Boxoffice <tickets@shop.example>")];
    within(App::start_with(mailed).await, async |shop| {
        let ada = shop.sign_up().await;
        let email = ada.account["email"].as_str().unwrap();
        let window = shop.window_of("Ada", &ada).await;
        if !with_scripts {
            window.without_scripts().await;
        }
        window.go("/account").await;
        window.click("Set up an app").await;
        window.sees_heading("Set up an authenticator app").await;
        let secret = window.text_of(".secret").await.replace(' ', "");
        let codes = CodeApp::of(&json!({ "secret": secret }));
        window.expects_status("/account/authenticator/confirm", 400);
        window.fill("Code that the app shows", "000000").await;
        window.click("Use this app").await;
        window.sees("This code is wrong or was used.").await;
        window.fill("Code that the app shows", &codes.code(shop, 0)).await;
        window.click("Use this app").await;
        window.sees_heading("Keep your recovery codes").await;
        window.click_in("main", "I have kept them").await;
        window.is_nobody().await;
        window.go("/sign-in?next=/orders").await;
        window.expects_status("/sign-in", 401);
        window.signs_in(email, PASSWORD).await;
        window.sees_heading("One more step").await;
        window.fill("Code of your authenticator app", &codes.code(shop, 30)).await;
        window.click_in("main", "Sign in").await;
        window.arrives_at("/orders").await;
        // What cannot be undone asks again, and leads back.
        shop.advance(LATER);
        window.go("/account").await;
        window.fill("Current password", PASSWORD).await;
        window.fill("New password", OTHER).await;
        window.expects_status("/account/password", 403);
        window.click("Change the password").await;
        window.sees_heading("Confirm that it is you").await;
        window.expects_status("/confirm", 400);
        window.fill("Code of your authenticator app", &codes.code(shop, 0)).await;
        window.click("Confirm").await;
        window.sees_heading("My account").await;
        window.fill("Current password", PASSWORD).await;
        window.fill("New password", OTHER).await;
        window.click("Change the password").await;
        window.sees("Your password is changed.").await;
        // What was typed is still there, but for passwords.
        shop.advance(LATER);
        window.go("/account/address").await;
        window.fill("New e-mail address", "new@example.org").await;
        window.fill("Your password", OTHER).await;
        window.expects_status("/account/address", 403);
        window.click("Send the e-mail").await;
        window.sees_heading("Confirm that it is you").await;
        window.fill("Code of your authenticator app", &codes.code(shop, 0)).await;
        window.click("Confirm").await;
        window.sees_heading("Another address").await;
        assert_eq!(window.value("New e-mail address").await, "new@example.org");
        window.fill("Your password", OTHER).await;
        window.click("Send the e-mail").await;
        window.sees("An e-mail is on its way to the new address.").await;
    })
    .await;
}

#[tokio::test]
async fn an_app_is_set_up_and_asked_for_with_scripts() {
    an_app_is_set_up_and_asked_for(true).await;
}

#[tokio::test]
async fn an_app_is_set_up_and_asked_for_without_scripts() {
    an_app_is_set_up_and_asked_for(false).await;
}
