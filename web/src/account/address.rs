//! `/account/address` and `/account/undo`: another address for one's account, and the way back.

use sycamore::prelude::*;

use super::entrance::{Proof, unmailed};
use super::secret;
use crate::drawn::draw;
use crate::parts::{Control, Field, Need, fact, field, hidden, key, submit, summary};
use crate::shop::Shop;
use crate::state::{Form, State};

/// What is shown of the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address that the account has.
    pub email: String,
    /// Whether it has a password.
    pub has_password: bool,
    /// Whether the shop sends letters.
    pub is_mailed: bool,
    /// The form for another address.
    pub wanted: Form,
    /// The form for the code in the letter to it.
    pub code: Form,
}

/// Returns `state` with the page on it where one changes the address.
#[must_use]
pub fn address(state: State, page: Address) -> State {
    let Address { email, has_password, is_mailed, wanted, code } = page;
    draw(state, wanted.key.clone(), move |shop| {
        let now = fact("Address", email);
        let inside = match is_mailed {
            true => forms(shop, has_password, wanted, code),
            false => unmailed(),
        };
        view! {
            div(class="narrow") {
                h1(tabindex="-1") { "E-mail address" }
                dl(class="facts") { (now) }
                (inside)
                p(class="aside") { a(href="/account") { "Back to my account" } }
            }
        }
    })
}

fn forms(shop: Shop, has_password: bool, wanted: Form, code: Form) -> View {
    let (ask, confirm) = ("/account/address", "/account/address/code");
    let (wanted, code) = (*create_signal(wanted), *create_signal(code));
    let (wrong_wanted, wrong_code) = (summary(wanted), summary(code));
    let control = Control::Line { kind: "email", complete: "email", mode: "email" };
    let (name, label) = ("email", "New e-mail address");
    let email = field(shop, wanted, Field { name, label, hint: "", need: Need::Must, control });
    let password = match has_password {
        true => field(shop, wanted, secret("password", "Your password", false)),
        false => View::new(),
    };
    let send = submit(shop, ask, "Send the e-mail".to_owned(), "Sending…");
    let control = Control::Line { kind: "text", complete: "one-time-code", mode: "numeric" };
    let digits = Field { name: "code", label: "Code", hint: "", need: Need::Must, control };
    let digits = field(shop, code, digits);
    let button = submit(shop, confirm, "Change the address".to_owned(), "Changing…");
    let (ask_key, code_key) = (key(wanted), key(code));
    view! {
        (wrong_wanted)
        (wrong_code)
        section(class="sheet", aria-labelledby="wanted") {
            h2(id="wanted") { "Another address" }
            p { "We send it an e-mail with a code and a link. Until you use one of them, nothing changes." }
            form(method="post", action=ask, novalidate=true) { (ask_key) (email) (password) (send) }
        }
        section(class="sheet", aria-labelledby="proof") {
            h2(id="proof") { "The code in the e-mail" }
            form(method="post", action=confirm, novalidate=true) { (code_key) (digits) (button) }
            p(class="small") {
                "Only the newest e-mail works, for an hour. Your old address is told, and can undo the \
                 change for a week."
            }
        }
    }
}

/// Returns `state` with the page on it that the link of the letter to a new address leads to.
#[must_use]
pub fn confirm_address(state: State, proof: Proof) -> State {
    let text = "Your account gets the address that the e-mail went to. You stay signed in.";
    let button = ("Change the address", "Changing…");
    pressed(state, proof, "Confirm your new address", text, "/account/address/confirm", button)
}

/// Returns `state` with the page on it that gives an account its old address back.
#[must_use]
pub fn undo_address(state: State, proof: Proof) -> State {
    let text = "The account has this address again, everybody is signed out of it, and its password no \
                longer works. You choose a new one next.";
    let button = ("Take the address back", "One moment…");
    pressed(state, proof, "Take your address back", text, "/account/undo", button)
}

/// A page with a button: mail scanners follow links, but press none.
fn pressed(
    state: State,
    Proof { token, form }: Proof,
    title: &'static str,
    text: &'static str,
    action: &'static str,
    (label, doing): (&'static str, &'static str),
) -> State {
    draw(state, form.key.clone(), move |shop| {
        let form = *create_signal(form);
        let (errors, key, token) = (summary(form), key(form), hidden("token", token));
        let button = submit(shop, action, label.to_owned(), doing);
        view! {
            div(class="narrow") {
                h1(tabindex="-1") { (title) }
                p { (text) }
                (errors)
                form(class="sheet", method="post", action=action) { (key) (token) (button) }
                p(class="small") { "If you do not want that, close this page. Nothing happens then." }
            }
        }
    })
}
