//! Proving the second factor: the second step of a sign-in, and `/confirm`.

use sycamore::prelude::*;

use super::factors::one_time;
use super::secret;
use crate::drawn::draw;
use crate::parts::{Control, Field, Need, field, hidden, key, submit, summary};
use crate::shop::Shop;
use crate::state::{Form, State};

/// Where somebody proves the second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proving {
    /// Where one goes on to.
    pub next: String,
    /// The token of the first step; empty for a confirmation.
    pub token: String,
    /// Whether a passkey is among the ways.
    pub passkey: bool,
    /// Whether an authenticator app is.
    pub app: bool,
    /// Whether recovery codes are.
    pub recovery: bool,
    /// Whether the password is.
    pub password: bool,
    /// The form that is sent on after a confirmation, if one waits.
    pub waiting: Option<Waiting>,
    /// The form, which is the same for each of the ways.
    pub form: Form,
}

/// A form that waits until its sender has confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Where it is sent.
    pub action: String,
    /// What was typed into it, as forms are sent. It has no secrets.
    pub fields: String,
}

/// What the two pages differ in.
struct Kind {
    title: &'static str,
    text: &'static str,
    action: &'static str,
    options: &'static str,
    button: &'static str,
}

const SECOND_STEP: Kind = Kind {
    title: "One more step",
    text: "Your account is protected by a second step.",
    action: "/sign-in/factor",
    options: "/api/users/signIn/factor/options",
    button: "Sign in",
};

const CONFIRM: Kind = Kind {
    title: "Confirm that it is you",
    text: "What you are about to do cannot be undone, so we ask again. Then you go on where you were.",
    action: "/confirm",
    options: "/api/users/confirm/options",
    button: "Confirm",
};

/// What is said of a form that waits.
const SENT_ON: &str = "What you are about to do cannot be undone, so we ask again. Then it goes on as you \
                       have sent it. Only passwords have to be typed again.";

/// Returns `state` with the second step of a sign-in on it.
#[must_use]
pub fn second_step(state: State, proving: Proving) -> State {
    page(state, &SECOND_STEP, proving)
}

/// Returns `state` with the page on it where one confirms that it is oneself.
#[must_use]
pub fn confirm(state: State, proving: Proving) -> State {
    page(state, &CONFIRM, proving)
}

fn page(state: State, kind: &'static Kind, proving: Proving) -> State {
    draw(state, proving.form.key.clone(), move |shop| {
        let Kind { title, text, .. } = *kind;
        let text = if proving.waiting.is_some() { SENT_ON } else { text };
        let form = *create_signal(proving.form.clone());
        let errors = summary(form);
        let ways = ways(shop, kind, &proving, form);
        view! {
            div(class="narrow") {
                h1(tabindex="-1") { (title) }
                p { (text) }
                (errors)
                (ways)
            }
        }
    })
}

/// The ways that there are, best first.
fn ways(shop: Shop, kind: &Kind, proving: &Proving, form: ReadSignal<Form>) -> View {
    let mut ways = Vec::new();
    if proving.passkey {
        ways.push(by_passkey(shop, kind, proving, form));
    }
    if proving.app {
        let code = field(shop, form, one_time("code", "Code of your authenticator app"));
        ways.push(by_field(shop, kind, proving, form, code));
    }
    if proving.password {
        let password = field(shop, form, secret("password", "Password", false));
        ways.push(by_field(shop, kind, proving, form, password));
    }
    if proving.recovery {
        let control = Control::Line { kind: "text", complete: "off", mode: "text" };
        let (name, label) = ("recoveryCode", "Recovery code");
        let code = Field { name, label, hint: "", need: Need::Must, control };
        let inside = by_field(shop, kind, proving, form, field(shop, form, code));
        let is_open = form.with_untracked(|form| form.error("recoveryCode").is_some());
        ways.push(view! {
            details(class="more", open=is_open) { summary { "Use a recovery code" } (inside) }
        });
    }
    if ways.is_empty() {
        return view! {
            p(class="notice") { "There is no way to confirm it here. Sign out, and sign in again." }
        };
    }
    ways.into()
}

fn by_passkey(shop: Shop, kind: &Kind, proving: &Proving, form: ReadSignal<Form>) -> View {
    let (action, options) = (kind.action, kind.options);
    let inside = common(proving, form);
    let credential = hidden("credential", String::new());
    let button = submit(shop, action, "Use a passkey".to_owned(), "Checking…");
    view! {
        form(class="sheet scripts", method="post", action=action, data-passkey="get", data-options=options) {
            (inside)
            (credential)
            (button)
        }
        noscript { p(class="small") { "Passkeys need JavaScript." } }
    }
}

fn by_field(
    shop: Shop,
    kind: &Kind,
    proving: &Proving,
    form: ReadSignal<Form>,
    field: View,
) -> View {
    let action = kind.action;
    let inside = common(proving, form);
    let button = submit(shop, action, kind.button.to_owned(), "Checking…");
    view! {
        form(class="sheet", method="post", action=action, novalidate=true) { (inside) (field) (button) }
    }
}

/// What each of the forms brings along.
fn common(proving: &Proving, form: ReadSignal<Form>) -> View {
    let key = key(form);
    let (next, token) = (hidden("next", proving.next.clone()), proving.token.clone());
    let token = if token.is_empty() { View::new() } else { hidden("token", token) };
    let ways = [("passkey", proving.passkey), ("app", proving.app), ("recovery", proving.recovery)];
    let ways = ways.into_iter().filter_map(|(name, is_there)| is_there.then_some(name));
    let ways = hidden("ways", ways.collect::<Vec<_>>().join(" "));
    let waiting = proving.waiting.clone().map_or_else(View::new, |Waiting { action, fields }| {
        let (form, fields) = (hidden("form", action), hidden("fields", fields));
        view! { (form) (fields) }
    });
    view! { (key) (next) (token) (ways) (waiting) }
}
