//! One's data on the page of one's account: the file with all of it, and the way to delete the account.

use sycamore::prelude::*;

use crate::parts::{fact, hidden, moment, submit, way};
use crate::shop::Shop;
use crate::state::Moment;

/// The file with everything that the shop knows of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataFile {
    /// Nobody has asked for one.
    Unasked,
    /// It is being made.
    Making,
    /// It can be downloaded.
    Ready {
        /// Where.
        href: String,
        /// When it is removed.
        until: Moment,
    },
    /// It was given up.
    Failed,
}

/// What is shown of one's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// The file that was asked for last.
    pub file: DataFile,
    /// The key of the form that asks for one.
    pub key: String,
}

/// Draws the section.
pub(super) fn section(shop: Shop, Data { file, key }: Data) -> View {
    let file = match file {
        DataFile::Unasked => ask(shop, key),
        DataFile::Making => view! {
            p(class="status due") { "Being made" }
            p { "This takes a few minutes. You get an e-mail when it is done." }
        },
        DataFile::Ready { href, until } => ready(href, until),
        DataFile::Failed => {
            let again = ask(shop, key);
            view! {
                p(class="status due") { "The file could not be made. Ask again." }
                (again)
            }
        }
    };
    let leave = way("button quiet", "/account/delete", "Delete my account");
    view! {
        section(class="sheet", aria-labelledby="data") {
            h2(id="data") { "Your data" }
            (file)
            p { "You can delete your account, with everything that we need not keep." }
            p(class="actions") { (leave) }
        }
    }
}

fn ask(shop: Shop, key: String) -> View {
    let action = "/account/export";
    let key = hidden("key", key);
    let button = submit(shop, action, "Ask for my data".to_owned(), "Asking…");
    view! {
        p { "Get everything that we know of you in one file. You can ask once a day." }
        form(class="ending", method="post", action=action) { (key) (button) }
    }
}

fn ready(href: String, until: Moment) -> View {
    let until = moment(until);
    view! {
        p(class="status good") { "Your file is ready" }
        p(class="small") { "It is removed on " (until) "." }
        p(class="actions") { a(class="button quiet", href=href, download="boxoffice-data.json") { "Download the file" } }
    }
}

/// Draws what an account is deleted with.
pub(super) fn address(email: String) -> View {
    let email = fact("Account", email);
    view! { dl(class="facts") { (email) } }
}
