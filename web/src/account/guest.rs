//! `/guest`: where one buys with an address alone.

use sycamore::prelude::*;

use crate::app::encoded;
use crate::drawn::draw;
use crate::parts::{Control, Field, Need, field, hidden, key, submit, summary};
use crate::shop::Shop;
use crate::state::{Form, State};

/// What is shown to somebody who has no account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// Whether the shop sends letters: without them a guest has no way back.
    pub is_mailed: bool,
    /// Where to go on afterwards: an address of the shop.
    pub next: String,
    /// What is to be bought, such as `2 × The Paper Kites`.
    pub wish: Option<String>,
    /// The form for the address.
    pub form: Form,
}

/// Returns `state` with the page on it where one goes on with an address alone.
#[must_use]
pub fn guest(state: State, Guest { is_mailed, next, wish, form }: Guest) -> State {
    draw(state, form.key.clone(), move |shop| {
        let onward = encoded(&next);
        let [sign_in, sign_up, link] =
            ["/sign-in", "/sign-up", "/sign-in/link"].map(|path| format!("{path}?next={onward}"));
        let inside = match is_mailed {
            true => ask(shop, next, wish, form),
            false => unmailed(sign_up),
        };
        view! {
            div(class="narrow") {
                h1(tabindex="-1") { "Continue as a guest" }
                (inside)
                p(class="aside") {
                    "You have an account? " a(href=sign_in) { "Sign in" } ", or "
                    a(href=link, rel="nofollow") { "have a link sent" } "."
                }
            }
        }
    })
}

fn ask(shop: Shop, next: String, wish: Option<String>, form: Form) -> View {
    let action = "/guest";
    let form = *create_signal(form);
    let (errors, key, next) = (summary(form), key(form), hidden("next", next));
    let control = Control::Line { kind: "email", complete: "email", mode: "email" };
    let (name, label) = ("email", "E-mail address");
    let hint = "Your tickets go there. Check it for typing errors.";
    let email = field(shop, form, Field { name, label, hint, need: Need::Must, control });
    let button = submit(shop, action, "Continue".to_owned(), "One moment…");
    let lead = match wish {
        Some(wish) => format!("You buy {wish}. No password is needed."),
        None => "You buy tickets without a password.".to_owned(),
    };
    view! {
        p { (lead) }
        (errors)
        form(class="sheet", method="post", action=action, novalidate=true) {
            (key)
            (next)
            (email)
            (button)
        }
    }
}

fn unmailed(sign_up: String) -> View {
    view! {
        p(class="notice") {
            "This shop sends no mail, so a guest has no way back to the tickets. "
            a(href=sign_up) { "Sign up" } " instead."
        }
    }
}
