//! The pages by which one gets in again: `/forgotten`, `/reset` and `/verify`.

use sycamore::prelude::*;

use super::{Arrival, secret};
use crate::app::encoded;
use crate::drawn::draw;
use crate::parts::{Control, Field, Need, field, hidden, key, submit, summary, way};
use crate::shop::Shop;
use crate::state::{Form, State};

/// Where one asks for a new password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// Whether the shop sends letters.
    pub is_mailed: bool,
    /// Where to go on afterwards: an address of the shop.
    pub next: String,
    /// The form for the address.
    pub form: Form,
}

/// What a letter's link leads to: a form, and the token that proves that one has the letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The token.
    pub token: String,
    /// The form.
    pub form: Form,
}

/// Returns `state` with the page on it where one asks for a new password.
#[must_use]
pub fn forgotten(state: State, page: Forgotten) -> State {
    let Forgotten { is_mailed, next, form } = page;
    draw(state, form.key.clone(), move |shop| {
        let onward = encoded(&next);
        let (sign_in, link) =
            (format!("/sign-in?next={onward}"), format!("/sign-in/link?next={onward}"));
        let inside = if is_mailed { ask(shop, next, form) } else { unmailed() };
        view! {
            div(class="narrow") {
                h1(tabindex="-1") { "Forgot your password?" }
                (inside)
                p(class="aside") {
                    "You remember it? " a(href=sign_in) { "Sign in" } ". Or "
                    a(href=link, rel="nofollow") { "sign in by e-mail" } "."
                }
            }
        }
    })
}

fn ask(shop: Shop, next: String, form: Form) -> View {
    let action = "/forgotten";
    let form = *create_signal(form);
    let (errors, key, next) = (summary(form), key(form), hidden("next", next));
    let control = Control::Line { kind: "email", complete: "username", mode: "email" };
    let (name, label) = ("email", "E-mail address");
    let email = field(shop, form, Field { name, label, hint: "", need: Need::Must, control });
    let button = submit(shop, action, "Send the e-mail".to_owned(), "Sending…");
    view! {
        p { "We send you a link by which you choose a new one." }
        (errors)
        form(class="sheet", method="post", action=action, novalidate=true) {
            (key)
            (next)
            (email)
            (button)
        }
    }
}

pub(super) fn unmailed() -> View {
    view! {
        p(class="notice") {
            "This shop sends no mail. Ask its operator for a link by which you choose a new password."
        }
    }
}

/// Returns `state` with the page on it that follows: it does not tell whether there is an account.
#[must_use]
pub fn sent(state: State, next: &str) -> State {
    let again = format!("/forgotten?next={}", encoded(next));
    draw(state, "sent".to_owned(), move |_| {
        let again = way("button quiet", again, "Ask again");
        view! {
            div(class="narrow") {
                h1(tabindex="-1") { "Check your e-mail" }
                p { "If there is an account, an e-mail is on its way. Its link works for half an hour." }
                p(class="small") {
                    "Nothing there after a few minutes? Look in your spam folder, and check the address."
                }
                p(class="actions") { (again) }
            }
        }
    })
}

/// Returns `state` with the page on it where one chooses a new password.
#[must_use]
pub fn reset(state: State, Arrival { token, next, form }: Arrival) -> State {
    draw(state, form.key.clone(), move |shop| {
        let action = "/reset";
        let form = *create_signal(form);
        let (errors, key) = (summary(form), key(form));
        let (token, next) = (hidden("token", token), hidden("next", next));
        let password = field(shop, form, secret("password", "New password", true));
        let button = submit(shop, action, "Change the password".to_owned(), "Changing…");
        view! {
            div(class="narrow") {
                h1(tabindex="-1") { "Choose a new password" }
                p { "You are signed in here then, and signed out everywhere else." }
                (errors)
                form(class="sheet", method="post", action=action, novalidate=true) {
                    (key)
                    (token)
                    (next)
                    (password)
                    (button)
                }
            }
        }
    })
}

/// Returns `state` with the page on it where one says that an address is one's own. Mail scanners follow
/// links, but press no button.
#[must_use]
pub fn verify(state: State, Proof { token, form }: Proof) -> State {
    draw(state, form.key.clone(), move |shop| {
        let action = "/verify";
        let form = *create_signal(form);
        let (errors, key, token) = (summary(form), key(form), hidden("token", token));
        let button = submit(shop, action, "This is my address".to_owned(), "Verifying…");
        view! {
            div(class="narrow") {
                h1(tabindex="-1") { "Verify your e-mail address" }
                p { "You got an e-mail because somebody has signed up with your address." }
                (errors)
                form(class="sheet", method="post", action=action) { (key) (token) (button) }
                p(class="small") {
                    "Was it not you? Then do not press: whoever signed up knows the password. "
                    a(href="/sign-in/link", rel="nofollow") { "Sign in by e-mail" }
                    " instead, and the account is yours alone."
                }
            }
        }
    })
}

/// Returns `state` with a page on it that says `why` a letter no longer works. `on` is the way to a new
/// one: address and label.
#[must_use]
pub fn ended(state: State, why: String, on: (&'static str, &'static str)) -> State {
    draw(state, why.clone(), move |_| {
        let (href, label) = on;
        let on = way("button", href, label);
        view! {
            div(class="narrow") {
                h1(tabindex="-1") { "This e-mail no longer works" }
                p(class="notice", role="alert") { (why) }
                p(class="actions") { (on) }
            }
        }
    })
}
