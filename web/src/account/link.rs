//! `/sign-in/link`: where one signs in by a letter.

use sycamore::prelude::*;

use super::entrance::unmailed;
use crate::app::encoded;
use crate::drawn::draw;
use crate::parts::{Control, Field, Need, field, hidden, key, submit, summary, way};
use crate::shop::Shop;
use crate::state::{Form, State};

/// Where one asks for a letter that signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskLink {
    /// Whether the shop sends letters.
    pub is_mailed: bool,
    /// Where to go on afterwards: an address of the shop.
    pub next: String,
    /// What is to be bought, such as `2 × The Paper Kites`.
    pub wish: Option<String>,
    /// The form for the address.
    pub form: Form,
}

/// Where one types the code in the letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Where to go on afterwards.
    pub next: String,
    /// The form for address and code.
    pub form: Form,
}

/// What the letter's link leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The token that proves that one has the letter.
    pub token: String,
    /// Where to go on afterwards.
    pub next: String,
    /// The form.
    pub form: Form,
}

/// Returns `state` with the page on it where one asks for a letter that signs in.
#[must_use]
pub fn ask_link(state: State, page: AskLink) -> State {
    let AskLink { is_mailed, next, wish, form } = page;
    draw(state, form.key.clone(), move |shop| {
        let onward = encoded(&next);
        let (sign_in, code) =
            (format!("/sign-in?next={onward}"), format!("/sign-in/link/code?next={onward}"));
        let inside = if is_mailed { ask(shop, next, wish, form) } else { unmailed() };
        view! {
            div(class="narrow") {
                h1(tabindex="-1") { "Sign in by e-mail" }
                (inside)
                p(class="aside") {
                    a(href=code, rel="nofollow") { "I have a code" } " · "
                    a(href=sign_in) { "Sign in with a password" }
                }
            }
        }
    })
}

fn ask(shop: Shop, next: String, wish: Option<String>, form: Form) -> View {
    let action = "/sign-in/link";
    let form = *create_signal(form);
    let (errors, key, next) = (summary(form), key(form), hidden("next", next));
    let email = field(shop, form, address());
    let button = submit(shop, action, "Send the e-mail".to_owned(), "Sending…");
    let on = wish.map(|wish| format!(" It goes on to {wish}.")).unwrap_or_default();
    view! {
        p { "We send you a link and a code. Either signs you in, without a password." (on) }
        (errors)
        form(class="sheet", method="post", action=action, novalidate=true) {
            (key)
            (next)
            (email)
            (button)
        }
    }
}

/// Returns `state` with the page on it where one types the code: it does not tell whether there is an
/// account.
#[must_use]
pub fn type_code(state: State, Code { next, form }: Code) -> State {
    draw(state, form.key.clone(), move |shop| {
        let action = "/sign-in/link/code";
        let again = format!("/sign-in/link?next={}", encoded(&next));
        let form = *create_signal(form);
        let (errors, key, next) = (summary(form), key(form), hidden("next", next));
        let email = field(shop, form, address());
        let control = Control::Line { kind: "text", complete: "one-time-code", mode: "numeric" };
        let code = Field { name: "code", label: "Code", hint: "", need: Need::Must, control };
        let code = field(shop, form, code);
        let button = submit(shop, action, "Sign in".to_owned(), "Signing in…");
        view! {
            div(class="narrow") {
                h1(tabindex="-1") { "Check your e-mail" }
                p {
                    "If there is an account, an e-mail is on its way. Follow its link on any device, or \
                     type its code here. Both work for 15 minutes."
                }
                (errors)
                form(class="sheet", method="post", action=action, novalidate=true) {
                    (key)
                    (next)
                    (email)
                    (code)
                    (button)
                }
                p(class="small") {
                    "Nothing there after a few minutes? Look in your spam folder, and check the address."
                }
                p(class="aside") { a(href=again, rel="nofollow") { "Send another e-mail" } }
            }
        }
    })
}

/// Returns `state` with the page on it that the letter's link leads to. Mail scanners follow links, but
/// press no button.
#[must_use]
pub fn arrive(state: State, Arrival { token, next, form }: Arrival) -> State {
    draw(state, form.key.clone(), move |shop| {
        let action = "/sign-in/link/use";
        let form = *create_signal(form);
        let (errors, key) = (summary(form), key(form));
        let (token, next) = (hidden("token", token), hidden("next", next));
        let button = submit(shop, action, "Sign in".to_owned(), "Signing in…");
        view! {
            div(class="narrow") {
                h1(tabindex="-1") { "Sign in" }
                p { "You come from an e-mail. One press, and you are signed in on this device." }
                (errors)
                form(class="sheet", method="post", action=action) { (key) (token) (next) (button) }
                p(class="small") { "Did you not ask for it? Then close this page, and nothing happens." }
            }
        }
    })
}

/// Returns `state` with a page on it that says `why` a letter no longer works. `href` leads on.
#[must_use]
pub fn void(state: State, why: String, href: String, label: &'static str) -> State {
    draw(state, why.clone(), move |_| {
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

fn address() -> Field {
    let control = Control::Line { kind: "email", complete: "username", mode: "email" };
    Field { name: "email", label: "E-mail address", hint: "", need: Need::Must, control }
}
