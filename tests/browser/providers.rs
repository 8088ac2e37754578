//! Signing in by a provider of OpenID Connect that nobody here wrote, on its own pages.

use std::time::SystemTime;

use boxoffice_tests::identity::NAME;
use boxoffice_tests::{App, IdentityProvider, Surroundings};
use serde_json::json;

use crate::acts::{PASSWORD, Stage, page_of};
use crate::harness::{Window, within};

/// The address of whom the provider calls `ada`.
const ADDRESS: &str = "ada@example.com";

/// A shop that sends mail, and has a provider. The provider has a clock of its own, so the shop's begins
/// with the day.
async fn shop() -> (App, IdentityProvider) {
    let mut around = Surroundings::prepare_at(SystemTime::now()).await;
    let sender = "Boxoffice <tickets@shop.example>".to_owned();
    around.variables.insert("mail_from".to_owned(), sender);
    let provider = IdentityProvider::start(&mut around);
    (App::start_in(around).await, provider)
}

/// Signs in on the provider's pages as `name`, and lets the shop know of it.
async fn signs_in_there(window: &Window, name: &str) {
    let login = "document.querySelector('[name=login]')";
    window.waits_for("the provider asks who it is", login).await;
    window
        .run(&format!(
            "const field = {login}; field.value = '{name}'; \
             field.form.elements.password.value = 'any'; field.form.submit();"
        ))
        .await;
    let consent = "document.querySelector('[name=prompt][value=consent]')";
    window.waits_for("the provider asks whether the shop may know", consent).await;
    window.run(&format!("{consent}.form.submit()")).await;
}

async fn a_provider_signs_in(with_scripts: bool) {
    let (app, _provider) = shop().await;
    within(app, async |shop| {
        let stage = Stage::set(shop, json!({ "quantity": 5 })).await;
        let ada = shop.window("Ada").await;
        // The provider's pages want a font from elsewhere, and have no icon.
        ada.cannot_reach(&["*://fonts.googleapis.com/*"]).await;
        ada.expects_failure("fonts.googleapis.com");
        ada.expects_status("/favicon.ico", 404);
        if !with_scripts {
            ada.without_scripts().await;
        }
        ada.go(&page_of(&stage.ticket)).await;
        ada.choose("How many", "2").await;
        ada.click("Buy").await;
        ada.sees("Sign in to buy 2 × The Paper Kites.").await;
        ada.click(&format!("Sign in with {NAME}")).await;
        signs_in_there(&ada, "ada").await;
        // What was chosen is still there.
        ada.sees("Two seats in row 7.").await;
        ada.is_alive().await;
        assert_eq!(ada.value("How many").await, "2");
        ada.go("/account").await;
        ada.sees(ADDRESS).await;
        ada.sees("It is your only way in.").await;
        assert!(!ada.has("Unlink").await, "the only way in stays");
        shop.client().post("/api/users/reset", json!({ "email": ADDRESS })).await.expect(202);
        let token = shop.token("reset", ADDRESS).await;
        ada.go(&format!("/reset?token={token}")).await;
        ada.fill("New password", PASSWORD).await;
        ada.click("Change the password").await;
        ada.sees("You are signed in here, and nowhere else.").await;
        ada.go("/account").await;
        ada.sees(NAME).await;
        ada.click("Unlink").await;
        if with_scripts {
            ada.click("Unlink it").await;
        }
        ada.sees("It can no longer sign you in.").await;
        ada.sees(&format!("Sign out, then choose “Sign in with {NAME}”.")).await;
    })
    .await;
}

#[tokio::test]
async fn a_provider_signs_in_with_scripts() {
    a_provider_signs_in(true).await;
}

#[tokio::test]
async fn a_provider_signs_in_without_scripts() {
    a_provider_signs_in(false).await;
}
