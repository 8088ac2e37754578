//! `/sign-in` and `/sign-up`.

use sycamore::prelude::*;

use crate::app::encoded;
use crate::parts::{Control, Field, Need, field, hidden, key, submit, summary, way};
use crate::shop::Shop;
use crate::state::{Entrance, Form, Page};

/// What the two entrances differ in.
struct Kind {
    title: &'static str,
    path: &'static str,
    button: &'static str,
    doing: &'static str,
    /// Of the password: its `autocomplete`, and its hint.
    password: (&'static str, &'static str),
    /// Whether it leads to those who have forgotten their password.
    is_for_known: bool,
    /// The way to the other one: question, link, path.
    other: (&'static str, &'static str, &'static str),
}

const SIGN_IN: Kind = Kind {
    title: "Sign in",
    path: "/sign-in",
    button: "Sign in",
    doing: "Signing in…",
    password: ("current-password", ""),
    is_for_known: true,
    other: ("New here?", "Sign up", "/sign-up"),
};

const SIGN_UP: Kind = Kind {
    title: "Sign up",
    path: "/sign-up",
    button: "Sign up",
    doing: "Signing up…",
    password: ("new-password", "8 to 128 characters. A long password is safer than an odd one."),
    is_for_known: false,
    other: ("Been here before?", "Sign in", "/sign-in"),
};

pub(crate) fn sign_in(shop: Shop, first: Entrance) -> View {
    let form = shop.part(first.form, |page| match page {
        Page::SignIn(entrance) => Some(&entrance.form),
        _ => None,
    });
    let around = (first.next, first.wish, first.provider);
    entrance(shop, &SIGN_IN, around, form)
}

pub(crate) fn sign_up(shop: Shop, first: Entrance) -> View {
    let form = shop.part(first.form, |page| match page {
        Page::SignUp(entrance) => Some(&entrance.form),
        _ => None,
    });
    let around = (first.next, first.wish, first.provider);
    entrance(shop, &SIGN_UP, around, form)
}

/// Draws the page with what is around its form: where to go on to, what is to be bought, and the provider.
fn entrance(
    shop: Shop,
    kind: &'static Kind,
    (next, wish, provider): (String, Option<String>, Option<String>),
    form: ReadSignal<Form>,
) -> View {
    let Kind { title, path, button, doing, password, is_for_known, other } = *kind;
    let encoded_next = encoded(&next);
    let action = format!("{path}?next={encoded_next}");
    let errors = summary(form);
    let key = key(form);
    let email = field(shop, form, email(is_for_known));
    let password = field(shop, form, secret(password));
    let button = submit(shop, &action, button.to_owned(), doing);
    let elsewhere = provider.map(|name| elsewhere(&encoded_next, &name)).unwrap_or_default();
    let onward = next.clone();
    let next = hidden("next", next);
    let (question, link, path) = other;
    let there = format!("{path}?next={encoded_next}");
    let forgotten = if is_for_known { ways_back(&encoded_next) } else { View::new() };
    let buying = wish.map(|wish| buying(title, wish, &encoded_next)).unwrap_or_default();
    let passkey = if is_for_known { by_passkey(shop, onward, form) } else { View::new() };
    view! {
        div(class="narrow") {
            h1(tabindex="-1") { (title) }
            (buying)
            (errors)
            form(class="sheet", method="post", action=action, novalidate=true, data-checked="") {
                (key)
                (next)
                (email)
                (password)
                (button)
            }
            (passkey)
            (elsewhere)
            (forgotten)
            p(class="aside") { (question) " " a(href=there) { (link) } }
        }
    }
}

/// The way to sign in by a provider. It leaves the shop, so no script follows it.
fn elsewhere(onward: &str, name: &str) -> View {
    let href = format!("/api/users/oidc/start?next={onward}");
    let label = format!("Sign in with {name}");
    view! { p(class="actions") { a(class="button quiet", href=href, rel="nofollow") { (label) } } }
}

/// The ways in without the password.
fn ways_back(onward: &str) -> View {
    let link = format!("/sign-in/link?next={onward}");
    let forgotten = format!("/forgotten?next={onward}");
    view! {
        p(class="aside") {
            a(href=forgotten, rel="nofollow") { "Forgot your password?" } " · "
            a(href=link, rel="nofollow") { "Sign in by e-mail" }
        }
    }
}

/// Why one is asked to come in, and the way without an account.
fn buying(title: &'static str, wish: String, onward: &str) -> View {
    let why = format!("{title} to buy {wish}.");
    let guest = way("button quiet", format!("/guest?next={onward}"), "Continue as a guest");
    view! {
        p { (why) }
        p(class="actions") { (guest) }
    }
}

/// The form for a passkey, which a script fills in.
fn by_passkey(shop: Shop, next: String, form: ReadSignal<Form>) -> View {
    let (action, options) = ("/sign-in/passkey", "/api/users/passkeySignIn/options");
    let (key, next) = (key(form), hidden("next", next));
    let credential = hidden("credential", String::new());
    let button = submit(shop, action, "Sign in with a passkey".to_owned(), "Signing in…");
    view! {
        form(
            class="scripts",
            method="post",
            action=action,
            data-passkey="get",
            data-options=options,
        ) { (key) (next) (credential) (button) }
    }
}

/// The field for the address. Browsers offer passkeys in it to those who are known.
fn email(is_for_known: bool) -> Field {
    let complete = if is_for_known { "username webauthn" } else { "username" };
    let control = Control::Line { kind: "email", complete, mode: "email" };
    Field { name: "email", label: "E-mail address", hint: "", need: Need::Must, control }
}

fn secret((complete, hint): (&'static str, &'static str)) -> Field {
    let control = Control::Line { kind: "password", complete, mode: "text" };
    Field { name: "password", label: "Password", hint, need: Need::Must, control }
}
