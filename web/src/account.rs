//! `/account`, and the pages that letters about it lead to. The server alone draws them: nothing on them
//! changes by itself.

mod entrance;

pub use entrance::{Forgotten, Proof, ended, forgotten, reset, sent, verify};

use sycamore::prelude::*;

use crate::drawn::draw;
use crate::parts::{Control, Field, Need, fact, field, hidden, key, submit, summary, way};
use crate::shop::Shop;
use crate::state::{Form, State};

/// What is shown of one's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its address.
    pub email: String,
    /// Whether its owner has proven the address.
    pub is_verified: bool,
    /// Whether the shop sends letters.
    pub is_mailed: bool,
    /// The form for a letter's code.
    pub code: Form,
    /// The key of the form that asks for a letter.
    pub letter_key: String,
    /// The form for another password.
    pub password: Form,
}

/// Returns `state` with the page of this account on it.
#[must_use]
pub fn drawn(state: State, account: Account) -> State {
    let key = account.letter_key.clone();
    draw(state, key, move |shop| page(shop, account))
}

fn page(shop: Shop, account: Account) -> View {
    let Account { email, is_verified, is_mailed, code, letter_key, password } = account;
    let (code, password) = (*create_signal(code), *create_signal(password));
    let (wrong_code, wrong_password) = (summary(code), summary(password));
    let address = fact("Address", email);
    let standing = match (is_verified, is_mailed) {
        (true, _) => view! { p(class="status good") { "Verified" } },
        (false, true) => proofs(shop, code, letter_key),
        (false, false) => view! {
            p(class="status") { "Not verified" }
            p { "This shop sends no mail. Ask its operator if you need a verified address." }
        },
    };
    let password = change(shop, password);
    let devices = way("button quiet", "/sessions", "Signed-in devices");
    view! {
        div(class="narrow") {
            h1(tabindex="-1") { "My account" }
            (wrong_code)
            (wrong_password)
            section(class="sheet", aria-labelledby="address") {
                h2(id="address") { "E-mail address" }
                dl(class="facts") { (address) }
                (standing)
            }
            section(class="sheet", aria-labelledby="change") {
                h2(id="change") { "Password" }
                (password)
            }
            section(class="sheet", aria-labelledby="devices") {
                h2(id="devices") { "Devices" }
                p { "See where you are signed in, and sign out there." }
                p(class="actions") { (devices) }
            }
        }
    }
}

/// The ways to prove the address: a letter's code, and another letter.
fn proofs(shop: Shop, form: ReadSignal<Form>, letter_key: String) -> View {
    let (check, ask) = ("/account/code", "/account/letter");
    let control = Control::Line { kind: "text", complete: "one-time-code", mode: "numeric" };
    let code = Field { name: "code", label: "Code", hint: "", need: Need::Must, control };
    let code = field(shop, form, code);
    let (key, letter_key) = (key(form), hidden("key", letter_key));
    let verify = submit(shop, check, "Verify".to_owned(), "Verifying…");
    let again = submit(shop, ask, "Send another e-mail".to_owned(), "Sending…");
    view! {
        p(class="status due") { "Not verified" }
        p { "We have sent you an e-mail with a code and a link. Follow the link, or type the code." }
        form(method="post", action=check, novalidate=true) { (key) (code) (verify) }
        form(class="ending", method="post", action=ask) { (letter_key) (again) }
        p(class="small") { "Only the newest e-mail works, for an hour." }
    }
}

fn change(shop: Shop, form: ReadSignal<Form>) -> View {
    let action = "/account/password";
    let key = key(form);
    let current = field(shop, form, secret("current", "Current password", false));
    let password = field(shop, form, secret("password", "New password", true));
    let button = submit(shop, action, "Change the password".to_owned(), "Changing…");
    view! {
        p { "All other devices are signed out." }
        form(method="post", action=action, novalidate=true) { (key) (current) (password) (button) }
    }
}

/// A field for a password, which is a new one or the one that the account has.
fn secret(name: &'static str, label: &'static str, is_new: bool) -> Field {
    let (complete, hint) = match is_new {
        true => ("new-password", "8 to 128 characters. A long password is safer than an odd one."),
        false => ("current-password", ""),
    };
    let control = Control::Line { kind: "password", complete, mode: "text" };
    Field { name, label, hint, need: Need::Must, control }
}
