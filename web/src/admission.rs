//! `/admissions/{id}`: a ticket in the hand, with the code that a door reads. The server alone draws
//! it: a browser needs nothing but the picture.

use boxoffice_contract::admissions::Wallet;
use boxoffice_contract::{AdmissionId, OrderId};
use sycamore::prelude::*;

use crate::drawn::{Shape, copied, draw, shape};
use crate::parts::{
    self, Control, Field, Need, field, hidden, key, moment, numbered, place, submit, summary, way,
};
use crate::shop::Shop;
use crate::state::{Form, Moment, State};

/// A ticket in the hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The admission.
    pub id: AdmissionId,
    /// The order that it was bought with, if the visitor bought it.
    pub order: Option<OrderId>,
    /// The listing's title.
    pub title: String,
    /// The venue's name.
    pub venue: Option<String>,
    /// The venue's city.
    pub city: Option<String>,
    /// When the event begins.
    pub when: Option<Moment>,
    /// Which of its order's tickets it is, from 1.
    pub number: i64,
    /// How many tickets its order has.
    pub of: i64,
    /// The wallets that this shop makes passes for.
    pub wallets: Vec<Wallet>,
    /// What it is good for.
    pub standing: Standing,
    /// The visitor's tickets of the same order before and after it: their numbers and ids.
    pub neighbours: [Option<(i64, AdmissionId)>; 2],
    /// The key of this page.
    pub key: String,
}

/// What a ticket is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It lets one person in.
    Valid {
        /// Its code.
        code: Code,
        /// Whether it is handed on, and to whom.
        transfer: Transfer,
    },
    /// Somebody has entered with it.
    Used {
        /// Its code, for a door that wants to see it again.
        code: Code,
        /// When somebody entered.
        at: Option<Moment>,
    },
    /// It lets nobody in.
    Void,
}

/// A QR code as SVG.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The attribute `viewBox`, which includes the quiet zone.
    pub view_box: String,
    /// The attribute `d` of a path whose stroke draws the dark modules.
    pub path: String,
}

/// How a ticket is handed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// Nobody has been offered it. The form: `email`.
    Nobody(Form),
    /// Somebody has yet to accept it.
    Waiting {
        /// Their address.
        email: String,
        /// When they can no longer accept it.
        until: Moment,
        /// The link that they are sent.
        link: String,
        /// The key of the form that takes it back.
        key: String,
    },
}

/// Returns `state` with the page of this ticket on it.
#[must_use]
pub fn drawn(state: State, admission: Admission) -> State {
    let key = admission.key.clone();
    draw(state, key, move |shop| page(shop, admission))
}

fn page(shop: Shop, admission: Admission) -> View {
    let Admission { id, number, of, neighbours, .. } = admission;
    let name = numbered(number, of);
    let ways = ways(&admission);
    let pages = pages(neighbours, of);
    let (status, code, transfer) = match admission.standing {
        Standing::Valid { code, transfer } => {
            let code = picture(code, "qr");
            let code = view! { (code) p(class="small") { "Turn your screen's brightness up." } };
            (valid(), code, hand_on(shop, id, transfer))
        }
        Standing::Used { code, at } => (used(at), picture(code, "qr dimmed"), View::new()),
        Standing::Void => (void(), View::new(), View::new()),
    };
    let title = admission.title;
    let when = parts::when(admission.when);
    let place = place(admission.venue.as_deref(), admission.city.as_deref());
    let place = parts::line("where", place);
    view! {
        div(class="narrow") {
            article(class="sheet pass") {
                h1(tabindex="-1") { (title) }
                div { (when) (place) }
                div(class="headline") {
                    p(class="number") { (name) }
                    (status)
                }
                (code)
            }
            (pages)
            (ways)
            (transfer)
        }
    }
}

fn valid() -> View {
    let mark = shape(Shape::Good);
    view! { p(class="status good") { (mark) "Valid" } }
}

fn used(at: Option<Moment>) -> View {
    let mark = shape(Shape::Due);
    let (time, date) = at.map(|at| (format!("Used at {}", at.time), at.date)).unzip();
    let time = time.unwrap_or_else(|| "Used".to_owned());
    let date = date.map(|date| view! { span(class="small") { (date) } }).unwrap_or_default();
    view! { p(class="status due") { (mark) (time) } (date) }
}

fn void() -> View {
    let mark = shape(Shape::Bad);
    view! { p(class="status bad") { (mark) "Refunded. This ticket lets nobody in" } }
}

/// The code, dark on light whatever the colours of the page: scanners expect it so.
fn picture(Code { view_box, path }: Code, class: &'static str) -> View {
    let svg = format!(
        "<svg viewBox=\"{view_box}\" shape-rendering=\"crispEdges\" focusable=\"false\">\
         <path fill=\"#fff\" d=\"M0 0h999v999H0z\"/><path stroke=\"#000\" d=\"{path}\"/></svg>"
    );
    view! {
        div(class=class, role="img", aria-label="Ticket code", dangerously_set_inner_html=svg) {}
    }
}

/// The ways to the other tickets of the same order.
fn pages(neighbours: [Option<(i64, AdmissionId)>; 2], of: i64) -> View {
    if neighbours.iter().all(Option::is_none) {
        return View::new();
    }
    let [before, after] = neighbours.map(|one| one.map(|(number, id)| (numbered(number, of), id)));
    let link = |other: Option<(String, AdmissionId)>, rel: &'static str, label: &'static str| {
        let link = |(name, id): (String, AdmissionId)| {
            let (href, name) = (format!("/admissions/{id}"), format!("{label}: {name}"));
            view! { a(class="button quiet", href=href, rel=rel, aria-label=name) { (label) } }
        };
        other.map(link).unwrap_or_default()
    };
    let (before, after) = (link(before, "prev", "Previous"), link(after, "next", "Next"));
    view! { nav(class="pages", aria-label="Tickets of this order") { (before) (after) } }
}

/// Where to go from here.
fn ways(admission: &Admission) -> View {
    let Admission { id, order, when, wallets, standing, .. } = admission;
    let is_good = *standing != Standing::Void;
    let file = |address: String, label: &'static str| {
        view! { a(class="button quiet", href=address, download="") { (label) } }
    };
    let calendar = match is_good && when.is_some() {
        true => file(format!("/admissions/{id}/event.ics"), "Add to calendar"),
        false => View::new(),
    };
    let paper = match is_good {
        true => file(format!("/api/admissions/{id}.pdf"), "Download as PDF"),
        false => View::new(),
    };
    let pass = |wallet: &Wallet| match wallet {
        Wallet::Apple => file(format!("/api/admissions/{id}.pkpass"), "Add to Apple Wallet"),
        Wallet::Google => {
            way("button quiet", format!("/api/admissions/{id}.google"), "Add to Google Wallet")
        }
    };
    let passes: Vec<View> = wallets.iter().filter(|_| is_good).map(pass).collect();
    let order = match order {
        Some(order) => way("button quiet", format!("/orders/{order}"), "Order"),
        None => way("button quiet", "/orders", "My orders"),
    };
    view! { p(class="actions") { (calendar) (paper) (passes) (order) } }
}

fn hand_on(shop: Shop, id: AdmissionId, transfer: Transfer) -> View {
    let inside = match transfer {
        Transfer::Nobody(form) => offer(shop, id, form),
        Transfer::Waiting { email, until, link, key } => {
            let action = format!("/admissions/{id}/take-back");
            let until = moment(until);
            let link = copied("link".to_owned(), format!("Link for {email}"), link);
            let button = submit(shop, &action, "Take it back".to_owned(), "Taking it back…");
            let key = hidden("key", key);
            view! {
                p { "Waiting for " strong { (email) } " to accept until " (until) "." }
                p(class="small") { "Send them this link. Until they accept, the ticket stays yours." }
                (link)
                form(method="post", action=action, class="quietly") { (key) (button) }
            }
        }
    };
    view! {
        section(class="sheet unprinted", aria-labelledby="give") {
            h2(id="give") { "Give this ticket to somebody" }
            (inside)
        }
    }
}

fn offer(shop: Shop, id: AdmissionId, form: Form) -> View {
    let action = format!("/admissions/{id}/transfer");
    let form = *create_signal(form);
    let errors = summary(form);
    let key = key(form);
    let control = Control::Line { kind: "email", complete: "off", mode: "email" };
    let email = Field {
        name: "email",
        label: "Their e-mail address",
        hint: "You get a link to send them. They need an account with this address to accept.",
        need: Need::Must,
        control,
    };
    let email = field(shop, form, email);
    let button = submit(shop, &action, "Make the link".to_owned(), "Making the link…");
    view! {
        (errors)
        form(method="post", action=action, class="sheet-form", novalidate=true) {
            (key)
            (email)
            (button)
        }
    }
}
