//! `/account`, and the pages that letters about it lead to. The server alone draws them: nothing on them
//! changes by itself.

mod address;
mod data;
mod entrance;
mod factors;
mod guest;
mod leaving;
mod letters;
mod link;
mod providers;
mod second_step;

pub use address::{Address, address, confirm_address, undo_address};
pub use data::{Data, DataFile};
pub use entrance::{Forgotten, Proof, ended, forgotten, reset, sent, verify};
pub use factors::{Factors, NewApp, Passkey, new_app, recovery_codes};
pub use guest::{Guest, guest};
pub use leaving::{Leaving, leaving};
pub use letters::{Letters, Trouble, unsubscribe, unsubscribed};
pub use link::{Arrival, AskLink, Code, arrive, ask_link, type_code, void};
pub use providers::{Linked, Providers};
pub use second_step::{Proving, Waiting, confirm, second_step};

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
    /// Whether it has a password. A guest's has none.
    pub has_password: bool,
    /// Whether the shop sends letters.
    pub is_mailed: bool,
    /// The form for a letter's code.
    pub code: Form,
    /// The key of the form that asks for a letter.
    pub letter_key: String,
    /// The form for another password.
    pub password: Form,
    /// One's data.
    pub data: Data,
    /// Who may sign its owner in.
    pub providers: Providers,
    /// Which letters come, if the shop sends any.
    pub letters: Option<Letters>,
    /// The second factors, if they are known.
    pub factors: Option<Factors>,
}

/// Returns `state` with the page of this account on it.
#[must_use]
pub fn drawn(state: State, account: Account) -> State {
    let key = account.letter_key.clone();
    draw(state, key, move |shop| page(shop, account))
}

fn page(shop: Shop, account: Account) -> View {
    let Account {
        email,
        is_verified,
        has_password,
        is_mailed,
        code,
        letter_key,
        password,
        providers,
        factors,
        data,
        letters,
    } = account;
    let (code, password) = (*create_signal(code), *create_signal(password));
    let (wrong_code, wrong_password) = (summary(code), summary(password));
    let address = fact("Address", email);
    let other = way("button quiet", "/account/address", "Change the address");
    let standing = match (is_verified, is_mailed) {
        (true, _) => view! { p(class="status good") { "Verified" } },
        (false, true) => proofs(shop, code, letter_key),
        (false, false) => view! {
            p(class="status") { "Not verified" }
            p { "This shop sends no mail. Ask its operator if you need a verified address." }
        },
    };
    let password = match (has_password, is_mailed) {
        (true, _) => change(shop, password),
        (false, true) => choose(shop, password),
        (false, false) => unchosen(),
    };
    let providers = providers::section(shop, providers);
    let letters = letters.map_or_else(View::new, |letters| letters::section(shop, letters));
    let passkey_form = factors.as_ref().map(|factors| factors.passkey.clone()).unwrap_or_default();
    let wrong_passkey = summary(*create_signal(passkey_form));
    let factors = factors.map_or_else(View::new, |known| factors::sections(shop, known));
    let devices = way("button quiet", "/sessions", "Signed-in devices");
    let data = data::section(shop, data);
    view! {
        div(class="narrow") {
            h1(tabindex="-1") { "My account" }
            (wrong_code)
            (wrong_password)
            (wrong_passkey)
            section(class="sheet", aria-labelledby="address") {
                h2(id="address") { "E-mail address" }
                dl(class="facts") { (address) }
                (standing)
                p(class="actions") { (other) }
            }
            section(class="sheet", aria-labelledby="change") {
                h2(id="change") { "Password" }
                (password)
            }
            (providers)
            (letters)
            (factors)
            section(class="sheet", aria-labelledby="devices") {
                h2(id="devices") { "Devices" }
                p { "See where you are signed in, and sign out there." }
                p(class="actions") { (devices) }
            }
            (data)
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
        p { "Follow the link in an e-mail of ours, or type the code in it." }
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

/// The way to a password for an account without one.
fn choose(shop: Shop, form: ReadSignal<Form>) -> View {
    let action = "/account/choose";
    let key = key(form);
    let button = submit(shop, action, "Send the e-mail".to_owned(), "Sending…");
    view! {
        p { "You have none yet. We send you a link by which you choose one." }
        form(method="post", action=action) { (key) (button) }
    }
}

fn unchosen() -> View {
    view! { p { "You have none. This shop sends no mail: ask its operator for a link." } }
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
