//! A listing in a row of a list, with what is to be told of it.

use boxoffice_contract::TicketId;
use sycamore::prelude::*;

use super::listing::{art, line, status, when};
use crate::state::{Moment, TicketStatus};

/// A row.
pub(crate) struct Row {
    /// The listing.
    pub(crate) ticket: TicketId,
    /// How its sale stands, where the row is about the listing itself.
    pub(crate) sale: Option<TicketStatus>,
    /// Its title, as a heading that leads on.
    pub(crate) heading: View,
    /// When it is, or was.
    pub(crate) when: Option<Moment>,
    /// The venue's name.
    pub(crate) place: Option<String>,
    /// What else there is to say.
    pub(crate) aside: Option<String>,
    /// How things stand: words, and the class of the style sheet's.
    pub(crate) standing: (&'static str, &'static str),
    /// How much it is.
    pub(crate) total: String,
    /// How many tickets.
    pub(crate) count: String,
    /// What can be done.
    pub(crate) tools: View,
}

/// The row.
pub(crate) fn row(row: Row) -> View {
    let Row { ticket, sale, heading, place, aside, standing, total, count, tools, .. } = row;
    let picture = art(ticket);
    let when = when(row.when);
    let place = line("where", place);
    let aside = line("small", aside);
    let (standing, class) = standing;
    let (id, sale) = (sale.map(|_| ticket.to_string()), sale.map(status));
    view! {
        li(class="row", data-ticket=id, data-status=sale) {
            (picture)
            div(class="body") { (heading) (when) (place) (aside) }
            div(class="end") {
                p(class=class) { (standing) }
                p(class="total") { (total) }
                p(class="small") { (count) }
            }
            (tools)
        }
    }
}

/// What a page says that has no rows to show: a title, and what to do.
pub(crate) fn empty(title: &'static str, inside: View) -> View {
    view! {
        div(class="empty") {
            h2 { (title) }
            p { (inside) }
        }
    }
}

/// A link to `href` that looks like a button; `class` is the style sheet's.
pub(crate) fn way(class: &'static str, href: impl Into<String>, label: &'static str) -> View {
    let href = href.into();
    view! { a(class=class, href=href) { (label) } }
}

/// A heading of the second level that leads to `href`.
pub(crate) fn heading(href: String, title: String) -> View {
    view! { h2 { a(href=href) { (title) } } }
}
