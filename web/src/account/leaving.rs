//! `/account/delete`: what goes with an account, what stays, and its end.

use sycamore::prelude::*;

use super::data::address;
use super::secret;
use crate::drawn::draw;
use crate::parts::{field, key, submit, summary, tick, way};
use crate::shop::Shop;
use crate::state::{Form, State};

/// The page where one deletes one's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// The account's address.
    pub email: String,
    /// Whether the account has a password.
    pub has_password: bool,
    /// What must end before: a sentence, and where to go.
    pub obstacles: Vec<(String, String)>,
    /// The tickets that would be lost: the event's title, and the ticket's page.
    pub tickets: Vec<(String, String)>,
    /// The form.
    pub form: Form,
}

/// Returns `state` with this page on it.
#[must_use]
pub fn leaving(state: State, page: Leaving) -> State {
    let key = page.form.key.clone();
    draw(state, key, move |shop| drawn(shop, page))
}

fn drawn(shop: Shop, page: Leaving) -> View {
    let Leaving { email, has_password, obstacles, tickets, form } = page;
    let form = *create_signal(form);
    let errors = summary(form);
    let email = address(email);
    let end = match obstacles.is_empty() {
        true => end(shop, form, has_password, tickets),
        false => wait(obstacles),
    };
    let back = way("button quiet", "/account", "Keep my account");
    view! {
        div(class="narrow") {
            h1(tabindex="-1") { "Delete my account" }
            (errors)
            (email)
            section(class="sheet", aria-labelledby="goes") {
                h2(id="goes") { "What goes" }
                ul {
                    li { "Your address, your password, and all your sessions." }
                    li { "Your listings and their descriptions. They are off sale at once." }
                    li { "Your holds, your tickets that wait to be handed on, and your guests' names." }
                    li { "How you paid, and from where." }
                }
            }
            section(class="sheet", aria-labelledby="stays") {
                h2(id="stays") { "What stays" }
                ul {
                    li { "What was bought and sold, when, and for how much. The law asks us to keep it." }
                    li { "It stays without your address and your name." }
                }
            }
            (end)
            p(class="actions") { (back) }
        }
    }
}

/// Says what must end before the account can.
fn wait(obstacles: Vec<(String, String)>) -> View {
    let lines = links(obstacles);
    view! {
        section(class="sheet", aria-labelledby="first") {
            h2(id="first") { "First, these must end" }
            ul { (lines) }
        }
    }
}

fn end(
    shop: Shop,
    form: ReadSignal<Form>,
    has_password: bool,
    tickets: Vec<(String, String)>,
) -> View {
    let action = "/account/delete";
    let key = key(form);
    let lost = match tickets.is_empty() {
        true => View::new(),
        false => lose(shop, form, tickets),
    };
    let password = match has_password {
        true => field(shop, form, secret("password", "Password", false)),
        false => View::new(),
    };
    let button = submit(shop, action, "Delete my account for good".to_owned(), "Deleting…");
    view! {
        section(class="sheet", aria-labelledby="end") {
            h2(id="end") { "Delete it" }
            p { "Nobody can undo this. You get a last e-mail, and you can open an account again." }
            form(method="post", action=action, novalidate=true) { (key) (lost) (password) (button) }
        }
    }
}

/// Asks whether the tickets may be lost.
fn lose(shop: Shop, form: ReadSignal<Form>, tickets: Vec<(String, String)>) -> View {
    let lines = links(tickets);
    let label = "These tickets may be lost";
    let hint = "Nobody can get in with them any more, and there is no money back.";
    let accept = tick(shop, form, "loseTickets", label, hint);
    view! {
        p { "You have tickets for events to come. Hand them on or sell them first." }
        ul { (lines) }
        (accept)
    }
}

fn links(all: Vec<(String, String)>) -> Vec<View> {
    let line = |(text, href): (String, String)| {
        view! { li { a(href=href) { (text) } } }
    };
    all.into_iter().map(line).collect()
}
