//! `/sales`: what one has sold and given back. The server alone draws it, so that shoppers do not
//! download what only sellers see: nothing on it changes by itself.

use boxoffice_contract::{PaymentId, TicketId};
use sycamore::prelude::*;

use crate::drawn::draw;
use crate::parts::{
    Control, Ending, Field, Need, Row, empty, ending, fact, field, heading, hidden, older, row,
    summary, tickets, way, zones as grouped,
};
use crate::shop::Shop;
use crate::state::{Form, Moment, State};

/// Why a sale is refunded: what the form says, and what people read. Only operators, who have no page
/// for it, may say that a card was not its buyer's.
const REASONS: [(&str, &str); 2] = [
    ("requested_by_customer", "The buyer asked for it"),
    ("duplicate", "They bought it twice by mistake"),
];

/// What one has sold and given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sales {
    /// The filters, as in the address: `from` and `to` (days), `timeZone` (theirs; empty for UTC). Its
    /// key is this page's own.
    pub filters: Form,
    /// The time zones to choose from, besides UTC.
    pub zones: Vec<String>,
    /// What it comes to, for each currency.
    pub balances: Vec<Balance>,
    /// Sales and refunds, newest first.
    pub deals: Vec<Deal>,
    /// Where all of them can be had in a file.
    pub file: String,
    /// Where there are more.
    pub next: Option<String>,
}

/// What a seller's sales come to, in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// What they came to before the first day that is asked for; `None` if none is.
    pub before: Option<String>,
    /// What they come to at the end.
    pub after: String,
}

/// A sale or a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deal {
    /// What it was.
    pub kind: DealKind,
    /// The payment.
    pub payment: PaymentId,
    /// What buyer and seller call the order.
    pub number: String,
    /// The listing.
    pub ticket: TicketId,
    /// Its title.
    pub title: String,
    /// How many tickets.
    pub quantity: i64,
    /// How much it was; with a minus where it was given back.
    pub amount: String,
    /// When it was, in the time zone that was chosen.
    pub at: Moment,
    /// The key of the form that refunds a sale; `None` where there is nothing to refund.
    pub refund: Option<String>,
}

/// What a seller's deal was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DealKind {
    /// A sale that stands.
    Sale,
    /// A sale whose money is on its way back.
    Refunding,
    /// A sale that was refunded since.
    Undone,
    /// A sale that its buyer disputes.
    Disputed,
    /// The refund of a sale.
    Refund,
    /// The refund of a part of a sale.
    PartRefund,
    /// What a dispute took that the buyer won.
    Dispute,
    /// The shop's fee for a ticket that was sold on.
    Fee,
    /// The fee of a sale that was refunded.
    FeeReturned,
}

/// `state` with the page of these sales on it.
#[must_use]
pub fn drawn(state: State, sales: Sales) -> State {
    let key = sales.filters.key.clone();
    draw(state, key, move |shop| page(shop, sales))
}

fn page(shop: Shop, sales: Sales) -> View {
    let Sales { filters, zones, balances, deals, file, next } = sales;
    let list = if deals.is_empty() && balances.is_empty() {
        nothing(!filters.values.is_empty())
    } else {
        list(shop, balances, deals, file, next)
    };
    let form = *create_signal(filters);
    let errors = summary(form);
    let filters = range(shop, form, &zones);
    view! {
        div(class="column") {
            div(class="headline") {
                h1(tabindex="-1") { "Sales" }
                a(class="button quiet", href="/listings") { "My listings" }
            }
            (errors)
            (filters)
            (list)
        }
    }
}

/// From which day until which, and where.
fn range(shop: Shop, form: ReadSignal<Form>, zones: &[String]) -> View {
    let draw = |name, label, control| {
        field(shop, form, Field { name, label, hint: "", need: Need::Free, control })
    };
    let day = || Control::Line { kind: "date", complete: "off", mode: "text" };
    let (from, to) = (draw("from", "From", day()), draw("to", "Until", day()));
    let zones = Control::Groups(grouped(zones, ("Everywhere the same", "UTC")));
    let zone = draw("timeZone", "Time zone", zones);
    view! {
        form(class="range", method="get", action="/sales", novalidate=true) {
            (from)
            (to)
            (zone)
            button(class="button quiet", r#type="submit") { "Show" }
        }
    }
}

fn list(
    shop: Shop,
    balances: Vec<Balance>,
    deals: Vec<Deal>,
    file: String,
    next: Option<String>,
) -> View {
    let balances: Vec<View> = balances.into_iter().map(balance).collect();
    let rows: Vec<View> = deals.into_iter().map(|deal| row_of(shop, deal)).collect();
    let next = older(next, "Older sales");
    view! {
        dl(class="facts") { (balances) }
        p(class="actions") { a(class="button quiet", href=file, download="") { "Download as CSV" } }
        ul(class="rows", id="list", tabindex="-1") { (rows) }
        (next)
    }
}

fn nothing(filtered: bool) -> View {
    if filtered {
        return empty("Nothing was sold in this time.", way("button", "/sales", "Show all sales"));
    }
    let text = view! { "Your sales appear here, with the total that you have earned." };
    empty("You have sold nothing yet.", text)
}

fn balance(Balance { before, after }: Balance) -> View {
    let text = match before {
        Some(before) => format!("{after}; before this period, {before}"),
        None => after,
    };
    fact("Balance", text)
}

fn called(kind: DealKind) -> (&'static str, &'static str) {
    match kind {
        DealKind::Sale => ("Sold", "status good"),
        DealKind::Refunding => ("Refund on its way", "status due"),
        DealKind::Undone => ("Sold, then refunded", "status"),
        DealKind::Disputed => ("Disputed by the buyer", "status due"),
        DealKind::Refund => ("Refund", "status due"),
        DealKind::PartRefund => ("Refund of a part", "status due"),
        DealKind::Dispute => ("Taken back by the buyer's bank", "status due"),
        DealKind::Fee => ("Fee", "status"),
        DealKind::FeeReturned => ("Fee returned", "status"),
    }
}

fn row_of(shop: Shop, deal: Deal) -> View {
    let Deal { kind, payment, number, ticket, title, quantity, amount, at, refund } = deal;
    let tools = refund.map(|key| refund_form(shop, payment, &title, key)).unwrap_or_default();
    row(Row {
        heading: heading(format!("/tickets/{ticket}"), title),
        ticket,
        sale: None,
        when: Some(at),
        place: None,
        aside: Some(format!("Order {number}")),
        standing: called(kind),
        total: amount,
        count: tickets(quantity),
        tools,
    })
}

/// The form that refunds the sale paid by `payment`. Its fields' ids hold the payment's: the page
/// has a form for each sale.
fn refund_form(shop: Shop, payment: PaymentId, title: &str, key: String) -> View {
    let name = format!("Refund {title}");
    let (reason, restock) = (format!("reason-{payment}"), format!("restock-{payment}"));
    let (why, again) = (reason.clone(), restock.clone());
    let key = hidden("key", key);
    let reasons = REASONS.map(|(value, label)| view! { option(value=value) { (label) } });
    let reasons = Vec::from(reasons);
    let inside = view! {
        (key)
        div(class="field") {
            label(r#for=why) { "Why" }
            select(id=reason, name="reason") { (reasons) }
        }
        div(class="choice") {
            input(r#type="checkbox", id=restock, name="restock", value="true")
            label(r#for=again) { "Put the tickets back on sale" }
        }
    };
    let form = Ending {
        action: format!("/sales/{payment}/refund"),
        inside,
        button: ("Refund all of it", "Refunding…"),
        question: [
            "Refund this sale?",
            "The buyer gets all of the money back, and the tickets are not theirs any more. This cannot be undone.",
            "Refund",
        ],
    };
    let form = ending(shop, form);
    view! {
        details(class="resume undo") {
            summary(class="button quiet", aria-label=name) { "Refund" }
            (form)
        }
    }
}
