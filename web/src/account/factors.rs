//! The part of `/account` about second factors, and the pages that its forms lead to.

use boxoffice_contract::PasskeyId;
use sycamore::prelude::*;

use crate::drawn::draw;
use crate::parts::{
    Control, Ending, Field, Need, ending, fact, field, hidden, key, line, submit, summary, way,
};
use crate::shop::Shop;
use crate::state::{Form, Moment, State};

/// Where a browser gets what it needs to make a passkey.
const OPTIONS: &str = "/api/users/factors/passkeys/options";

/// The second factors of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factors {
    /// The passkeys, oldest first.
    pub passkeys: Vec<Passkey>,
    /// Since when an authenticator app is set up.
    pub app_since: Option<Moment>,
    /// How many recovery codes are left.
    pub recovery_codes: i64,
    /// The form for a new passkey.
    pub passkey: Form,
    /// The key of the other forms.
    pub key: String,
}

/// A passkey of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// Its id.
    pub id: PasskeyId,
    /// What its owner calls it.
    pub name: String,
    /// When it was added.
    pub since: Moment,
}

/// Draws the part of the page.
pub(super) fn sections(shop: Shop, factors: Factors) -> View {
    let Factors { passkeys, app_since, recovery_codes, passkey, key } = factors;
    let has_factor = !passkeys.is_empty() || app_since.is_some();
    let rows: Vec<View> = passkeys.into_iter().map(|one| row(shop, one, &key)).collect();
    let rows = if rows.is_empty() {
        View::new()
    } else {
        view! { ul(class="plain") { (rows) } }
    };
    let passkey = add(shop, passkey);
    let app = app(shop, app_since, &key);
    let codes = if has_factor { codes(shop, recovery_codes, &key) } else { View::new() };
    view! {
        section(class="sheet", aria-labelledby="passkeys") {
            h2(id="passkeys") { "Passkeys" }
            p { "Sign in with your fingerprint, your face or a security key. Nobody can steal that by a fake page." }
            (rows)
            (passkey)
        }
        section(class="sheet", aria-labelledby="authenticator") {
            h2(id="authenticator") { "Authenticator app" }
            (app)
        }
        (codes)
    }
}

fn row(shop: Shop, Passkey { id, name, since }: Passkey, form_key: &str) -> View {
    let added = line("small", Some(format!("Added {}", since.date)));
    let rename = format!("/account/passkeys/{id}/name");
    let (key, value, field) =
        (hidden("key", form_key.to_owned()), name.clone(), format!("name-{id}"));
    let (labelled, button) = (field.clone(), submit(shop, &rename, "Save".to_owned(), "Saving…"));
    let remove = Ending {
        action: format!("/account/passkeys/{id}/remove"),
        inside: hidden("key", form_key.to_owned()),
        button: ("Remove", "Removing…"),
        question: ["Remove this passkey?", "It no longer signs you in.", "Remove it"],
    };
    let remove = ending(shop, remove);
    let group = format!("Passkey {name}");
    view! {
        li(role="group", aria-label=group) {
            p { strong { (name) } }
            (added)
            details {
                summary { "Rename or remove" }
                form(method="post", action=rename, novalidate=true) {
                    (key)
                    div(class="field") {
                        label(r#for=labelled) { "Name" }
                        input(id=field, name="name", r#type="text", maxlength="60", autocomplete="off", value=value)
                    }
                    (button)
                }
                (remove)
            }
        }
    }
}

/// The form that makes a passkey. The browser fills its hidden field in, by a script.
fn add(shop: Shop, form: Form) -> View {
    let action = "/account/passkeys";
    let form = *create_signal(form);
    let key = key(form);
    let name = Field {
        name: "name",
        label: "Name of the new passkey",
        hint: "So that you know it again, such as My phone.",
        need: Need::Must,
        control: Control::LINE,
    };
    let name = field(shop, form, name);
    let credential = hidden("credential", String::new());
    let button = submit(shop, action, "Add a passkey".to_owned(), "Adding…");
    view! {
        form(method="post", action=action, novalidate=true, data-passkey="create", data-options=OPTIONS) {
            (key)
            (credential)
            (name)
            (button)
        }
        noscript { p(class="small") { "Passkeys need JavaScript. An authenticator app works without it." } }
    }
}

fn app(shop: Shop, since: Option<Moment>, form_key: &str) -> View {
    let key = hidden("key", form_key.to_owned());
    let Some(since) = since else {
        let action = "/account/authenticator";
        let button = submit(shop, action, "Set up an app".to_owned(), "Setting up…");
        return view! {
            p { "An app on your phone shows a code, which you type after your password." }
            form(method="post", action=action) { (key) (button) }
        };
    };
    let since = line("small", Some(format!("Set up {}", since.date)));
    let remove = Ending {
        action: "/account/authenticator/remove".to_owned(),
        inside: key,
        button: ("Remove", "Removing…"),
        question: ["Remove the app?", "Its codes no longer sign you in.", "Remove it"],
    };
    let remove = ending(shop, remove);
    view! {
        p(class="status good") { "In use" }
        (since)
        (remove)
    }
}

fn codes(shop: Shop, left: i64, form_key: &str) -> View {
    let action = "/account/recovery-codes";
    let left = fact("Codes left", left.to_string());
    let form = Ending {
        action: action.to_owned(),
        inside: hidden("key", form_key.to_owned()),
        button: ("Make new codes", "Making…"),
        question: ["Make new codes?", "The codes before no longer work.", "Make new ones"],
    };
    let form = ending(shop, form);
    view! {
        section(class="sheet", aria-labelledby="recovery") {
            h2(id="recovery") { "Recovery codes" }
            p { "Each of these lets you in once, if your phone or your key is lost." }
            dl(class="facts") { (left) }
            (form)
        }
    }
}

/// An authenticator app that is being set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApp {
    /// The QR code that apps read: its `viewBox` and its path.
    pub picture: crate::admission::Picture,
    /// The secret, to type.
    pub secret: String,
    /// The address that opens an app on this device.
    pub uri: String,
    /// The form for the first code.
    pub form: Form,
}

/// Returns `state` with the page on it where an authenticator app is set up.
#[must_use]
pub fn new_app(state: State, app: NewApp) -> State {
    draw(state, app.form.key.clone(), move |shop| {
        let NewApp { picture, secret, uri, form } = app;
        let action = "/account/authenticator/confirm";
        let form = *create_signal(form);
        let (errors, key) = (summary(form), key(form));
        let kept = [hidden("secret", secret.clone()), hidden("uri", uri.clone())];
        let kept: Vec<View> = kept.into_iter().collect();
        let svg = format!(
            "<svg viewBox=\"{}\" shape-rendering=\"crispEdges\" focusable=\"false\">\
             <path fill=\"#fff\" d=\"M0 0h999v999H0z\"/><path stroke=\"#000\" d=\"{}\"/></svg>",
            picture.view_box, picture.path
        );
        let code = field(shop, form, one_time("code", "Code that the app shows"));
        let button = submit(shop, action, "Use this app".to_owned(), "Checking…");
        let grouped = in_groups(&secret);
        view! {
            div(class="narrow") {
                h1(tabindex="-1") { "Set up an authenticator app" }
                (errors)
                ol(class="steps") {
                    li { "Scan this code with the app, or type the secret below it." }
                    li { "Type the six digits that the app shows." }
                }
                div(class="sheet") {
                    div(class="code", role="img", aria-label="QR code for the app", dangerously_set_inner_html=svg) {}
                    p { "Secret: " code(class="secret") { (grouped) } }
                    p { a(href=uri, rel="external nofollow") { "Open an app on this device" } }
                    form(method="post", action=action, novalidate=true) {
                        (key)
                        (kept)
                        (code)
                        (button)
                    }
                }
            }
        }
    })
}

/// Returns `state` with the page on it that shows recovery codes, this once.
#[must_use]
pub fn recovery_codes(state: State, codes: Vec<String>) -> State {
    let key = codes.first().map_or(String::new(), |_| "recovery-codes".to_owned());
    draw(state, key, move |_| {
        let codes: Vec<View> =
            codes.into_iter().map(|code| view! { li { code { (code) } } }).collect();
        let on = way("button", "/account", "I have kept them");
        view! {
            div(class="narrow") {
                h1(tabindex="-1") { "Keep your recovery codes" }
                p {
                    "Each lets you in once, if your phone or your key is lost. They are shown only now: \
                     print them, or keep them in a password manager."
                }
                ul(class="sheet codes") { (codes) }
                p(class="actions") { (on) }
            }
        }
    })
}

/// A field for a code that works once.
pub(super) fn one_time(name: &'static str, label: &'static str) -> Field {
    let control = Control::Line { kind: "text", complete: "one-time-code", mode: "numeric" };
    Field { name, label, hint: "", need: Need::Must, control }
}

/// Writes a secret in groups of four, which people can copy by hand.
fn in_groups(secret: &str) -> String {
    let groups = secret.as_bytes().chunks(4).map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(" ")
}
