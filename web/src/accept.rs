//! `/admissions/{id}/accept`: a ticket that somebody hands on, for the person who gets it. The server
//! alone draws it.

use boxoffice_contract::AdmissionId;
use sycamore::prelude::*;

use crate::app::encoded;
use crate::drawn::draw;
use crate::parts::{self, fact, hidden, key, moment, place, submit, summary, way};
use crate::shop::Shop;
use crate::state::{Form, Moment, State};

/// A ticket that somebody hands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The admission.
    pub id: AdmissionId,
    /// What the link says besides, which proves that one was sent it.
    pub token: String,
    /// The listing's title.
    pub title: String,
    /// The venue's name.
    pub venue: Option<String>,
    /// The venue's city.
    pub city: Option<String>,
    /// When the event begins.
    pub when: Option<Moment>,
    /// The address of the account that may accept it.
    pub email: String,
    /// When it can no longer be accepted.
    pub until: Moment,
    /// The form that accepts it.
    pub form: Form,
}

/// Returns `state` with the page of this offer on it.
#[must_use]
pub fn drawn(state: State, offer: Offer) -> State {
    let key = offer.form.key.clone();
    draw(state, key, move |shop| page(shop, offer))
}

/// Returns `state` with a page on it that says why there is nothing to accept.
#[must_use]
pub fn ended(state: State, key: String, why: String) -> State {
    draw(state, key, move |_| {
        let ways = way("button", "/orders", "My tickets");
        view! {
            div(class="narrow") {
                h1(tabindex="-1") { "There is no ticket to accept" }
                p(class="notice") { (why) }
                p(class="actions") { (ways) }
            }
        }
    })
}

fn page(shop: Shop, offer: Offer) -> View {
    let Offer { id, token, title, venue, city, when, email, until, form } = offer;
    let visitor = shop.state.with_untracked(|state| state.visitor.clone());
    let here = shop.state.with_untracked(|state| state.here.clone());
    let form = *create_signal(form);
    let errors = summary(form);
    let next = match visitor {
        Some(visitor) => accept(shop, id, token, form, visitor.email),
        None => entrances(&here),
    };
    let when = parts::when(when);
    let place = parts::line("where", place(venue.as_deref(), city.as_deref()));
    let to = fact("For", email);
    let until = moment(until);
    view! {
        div(class="narrow") {
            div(class="top") {
                h1(tabindex="-1") { "Somebody gives you a ticket" }
                p { "Once you accept it, it is yours, and nobody else gets in with it." }
            }
            (errors)
            section(class="sheet", aria-labelledby="event") {
                h2(id="event") { (title) }
                (when)
                (place)
                dl(class="facts") {
                    (to)
                    div(class="fact") { dt { "Accept by" } dd { (until) } }
                }
                (next)
            }
        }
    }
}

fn accept(
    shop: Shop,
    id: AdmissionId,
    token: String,
    form: ReadSignal<Form>,
    visitor: String,
) -> View {
    let action = format!("/admissions/{id}/accept");
    let (key, token) = (key(form), hidden("token", token));
    let button = submit(shop, &action, "Accept this ticket".to_owned(), "Accepting…");
    view! {
        p { "You are signed in as " strong { (visitor) } "." }
        form(method="post", action=action) { (key) (token) (button) }
    }
}

/// The ways to an account, which lead back to `here`.
fn entrances(here: &str) -> View {
    let next = encoded(here);
    let sign_in = way("button", format!("/sign-in?next={next}"), "Sign in to accept");
    let sign_up = way("button quiet", format!("/sign-up?next={next}"), "Sign up to accept");
    view! {
        p { "Sign in first, with the account of the address above." }
        p(class="actions") { (sign_in) (sign_up) }
    }
}
