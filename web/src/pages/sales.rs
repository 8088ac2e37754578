//! `/sales`: what one has sold and given back.

use sycamore::prelude::*;

use crate::parts::{
    Control, Ending, Field, Need, art, ending, field, hidden, moment, older, summary, tickets,
};
use crate::shop::{Shop, dynamic};
use crate::state::{Balance, Deal, DealKind, Form, Page, Sales};

/// Why a sale is refunded: what the form says, and what people read.
const REASONS: [(&str, &str); 3] = [
    ("requested_by_customer", "The buyer asked for it, or the event is off"),
    ("duplicate", "They bought the same twice by mistake"),
    ("fraudulent", "The card was not the buyer's"),
];

pub(crate) fn page(shop: Shop, first: Sales) -> View {
    let form = shop.part(first.filters.clone(), |page| sales(page).map(|it| &it.filters));
    let whole = shop.part(first, sales);
    let errors = summary(form);
    let filters = filters(shop, form);
    let list = dynamic(move || list(shop, whole.get_clone()));
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

fn sales(page: &Page) -> Option<&Sales> {
    match page {
        Page::Sales(sales) => Some(sales),
        _ => None,
    }
}

/// From which day until which. Drawn anew with what the address says: one may come to another
/// range through the history.
fn filters(shop: Shop, form: ReadSignal<Form>) -> View {
    let day = move |name, label| {
        let control = Control::Line { kind: "date", complete: "off", mode: "text" };
        field(shop, form, Field { name, label, hint: "", need: Need::Free, control })
    };
    dynamic(move || {
        form.track();
        let (from, to) = (day("from", "From"), day("to", "Until"));
        view! {
            form(class="range", method="get", action="/sales", novalidate=true) {
                (from)
                (to)
                button(class="button quiet", r#type="submit") { "Show" }
            }
        }
    })
}

fn list(shop: Shop, Sales { filters, balances, deals, file, next }: Sales) -> View {
    if deals.is_empty() && balances.is_empty() {
        return nothing(!filters.values.is_empty());
    }
    let balances: Vec<View> = balances.into_iter().map(balance).collect();
    let rows: Vec<View> = deals.into_iter().map(|deal| row(shop, deal)).collect();
    let next = older(next, "Older sales");
    view! {
        dl(class="facts") { (balances) }
        p(class="actions") { a(class="button quiet", href=file, download="") { "Download as CSV" } }
        ul(class="rows") { (rows) }
        (next)
    }
}

fn nothing(filtered: bool) -> View {
    if filtered {
        return view! {
            div(class="empty") {
                h2 { "Nothing was sold in this time." }
                p { a(class="button", href="/sales") { "Show all sales" } }
            }
        };
    }
    view! {
        div(class="empty") {
            h2 { "You have sold nothing yet." }
            p { "What people buy of you is shown here, with what it comes to." }
        }
    }
}

fn balance(Balance { currency, before, after }: Balance) -> View {
    let before = before.map(|before| view! { dd(class="small") { "Before: " (before) } });
    let before = before.unwrap_or_default();
    view! {
        div(class="fact") {
            dt { "Balance in " (currency) }
            dd { (after) }
            (before)
        }
    }
}

fn called(kind: DealKind) -> (&'static str, &'static str) {
    match kind {
        DealKind::Sale => ("Sold", "status good"),
        DealKind::Refunding => ("Refund on its way", "status due"),
        DealKind::Undone => ("Sold, then refunded", "status"),
        DealKind::Refund => ("Refund", "status due"),
    }
}

fn row(shop: Shop, deal: Deal) -> View {
    let Deal { kind, payment, ticket, title, quantity, amount, at, refund } = deal;
    let tools = refund.map(|form| refund_form(shop, &payment, &title, form)).unwrap_or_default();
    let picture = art(&ticket);
    let href = format!("/tickets/{ticket}");
    let (standing, class) = called(kind);
    let when = moment(at);
    let count = tickets(quantity);
    view! {
        li(class="row") {
            (picture)
            div(class="body") {
                h2 { a(href=href) { (title) } }
                p(class="where") { (count) }
                p(class="when") { (when) }
            }
            div(class="end") {
                p(class=class) { (standing) }
                p(class="total") { (amount) }
            }
            (tools)
        }
    }
}

/// The form that refunds the sale paid by `payment`. Its fields' ids hold the payment's: the page
/// has a form for each sale.
fn refund_form(shop: Shop, payment: &str, title: &str, form: Form) -> View {
    let name = format!("Refund {title}");
    let (reason, restock) = (format!("reason-{payment}"), format!("restock-{payment}"));
    let (why, again) = (reason.clone(), restock.clone());
    let key = hidden("key", form.key);
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
        details(class="resume undo", data-closes="") {
            summary(class="button quiet", aria-label=name) { "Refund" }
            (form)
        }
    }
}
