//! The section of `/account` about the provider that may sign its owner in.

use boxoffice_contract::IdentityId;
use sycamore::prelude::*;

use crate::parts::{Ending, ending, hidden, moment};
use crate::shop::Shop;
use crate::state::Moment;

/// Who may sign the owner in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Providers {
    /// What the shop calls its provider, if it has one.
    pub name: Option<String>,
    /// Those that have signed the owner in.
    pub linked: Vec<Linked>,
}

/// A provider that has signed the owner in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// The link to it.
    pub id: IdentityId,
    /// What it is called.
    pub name: String,
    /// Since when.
    pub since: Moment,
    /// The key of the form that unlinks it; `None` if it is the only way into the account.
    pub key: Option<String>,
}

/// Draws the section, if there is anything to say.
pub(super) fn section(shop: Shop, Providers { name, linked }: Providers) -> View {
    let is_linked = !linked.is_empty();
    if name.is_none() && !is_linked {
        return View::new();
    }
    let rows: Vec<View> = linked.into_iter().map(|linked| row(shop, linked)).collect();
    let inside = match (is_linked, name) {
        (false, Some(name)) => {
            let words = format!(
                "Sign out, then choose “Sign in with {name}”. It is linked if your address is the \
                 same there."
            );
            view! { p { (words) } }
        }
        _ => view! { ul(class="rows") { (rows) } },
    };
    view! {
        section(class="sheet", aria-labelledby="providers") {
            h2(id="providers") { "Sign in by another service" }
            (inside)
        }
    }
}

fn row(shop: Shop, Linked { id, name, since, key }: Linked) -> View {
    let form = |key| Ending {
        action: format!("/account/providers/{id}/unlink"),
        inside: hidden("key", key),
        button: ("Unlink", "Unlinking…"),
        question: ["Unlink it?", "It can no longer sign you in.", "Unlink it"],
    };
    let form = match key {
        Some(key) => ending(shop, form(key)),
        None => {
            view! { p(class="small") { "It is your only way in. Choose a password to unlink it." } }
        }
    };
    let since = moment(since);
    let label = format!("Link to {name}");
    view! {
        li(class="row bare") {
            div(class="body") {
                h3 { (name) }
                p(class="small") { "Since " (since) }
            }
            div(class="end") { div(role="group", aria-label=label) { (form) } }
        }
    }
}
