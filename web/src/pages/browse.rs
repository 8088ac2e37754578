//! `/`: what is for sale.

use sycamore::prelude::*;

use crate::parts::{Control, Field, Need, cards, empty, field, way};
use crate::shop::{Shop, dynamic, watch, words};
use crate::state::{Browse, Card, Form, Page};

/// The ways to sort: what the address says, and what people read.
const SORTS: [(&str, &str); 4] = [
    ("", "Newest first"),
    ("startsAt", "Soonest first"),
    ("price", "Cheapest first"),
    ("-price", "Dearest first"),
];

/// The filters that fold away.
const FOLDED: [&str; 4] = ["city", "from", "to", "maxPrice"];

pub(crate) fn page(shop: Shop, first: Browse) -> View {
    let form = shop.part(first.filters.clone(), |page| browse(page).map(|it| &it.filters));
    let list = shop.part(first.cards.clone(), |page| browse(page).map(|it| &it.cards));
    let whole = shop.part(first, browse);
    let filters = filters(shop, form);
    let results = results(list, whole);
    let more = more(whole);
    view! {
        div(class="hero") {
            h1(tabindex="-1") { "Tickets, from one fan to the next" }
            p { "The price you see is all you pay. What you pick is held for you while you pay." }
        }
        (filters)
        section(class="results", id="list", tabindex="-1", aria-label="Tickets for sale") { (results) }
        (more)
    }
}

fn browse(page: &Page) -> Option<&Browse> {
    match page {
        Page::Browse(browse) => Some(browse),
        _ => None,
    }
}

fn filters(shop: Shop, form: ReadSignal<Form>) -> View {
    let search = field(shop, form, line("q", "Search", "search"));
    let city = field(shop, form, line("city", "City", "text"));
    let from = field(shop, form, line("from", "From", "date"));
    let to = field(shop, form, line("to", "Until", "date"));
    let price = Field { control: Control::AMOUNT, ..line("maxPrice", "Highest price", "text") };
    let price = field(shop, form, price);
    let sort = field(shop, form, sort());
    let count = watch(move || {
        form.with(|form| FOLDED.iter().filter(|name| !form.value(name).is_empty()).count())
    });
    let title = words(move || match count.get() {
        0 => "Filters".to_owned(),
        count => format!("Filters ({count})"),
    });
    let wrong =
        watch(move || form.with(|form| FOLDED.iter().any(|name| form.error(name).is_some())));
    view! {
        form(class="filters", id="filters", role="search", method="get", action="/", novalidate=true) {
            (search)
            (sort)
            button(class="button", r#type="submit") { "Search" }
            details(class="more", data-closes="", open=move || wrong.get()) {
                summary(class="button quiet") { (title) }
                div(class="fold") { (city) (from) (to) (price) }
            }
        }
    }
}

fn line(name: &'static str, label: &'static str, kind: &'static str) -> Field {
    let mode = if kind == "search" { "search" } else { "text" };
    let control = Control::Line { kind, complete: "off", mode };
    Field { name, label, hint: "", need: Need::Free, control }
}

fn sort() -> Field {
    let choices = SORTS.map(|(value, label)| (value.to_owned(), label.to_owned()));
    let control = Control::Choice(choices.to_vec());
    Field { control, ..line("sort", "Sort by", "text") }
}

/// What is there, or what to do if nothing is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Some,
    NoMatch,
    Nothing,
}

fn results(list: ReadSignal<Vec<Card>>, whole: ReadSignal<Browse>) -> View {
    let found = watch(move || {
        whole.with(|browse| match (browse.cards.is_empty(), browse.filtered) {
            (false, _) => Found::Some,
            (true, true) => Found::NoMatch,
            (true, false) => Found::Nothing,
        })
    });
    dynamic(move || match found.get() {
        Found::Some => cards(list),
        Found::NoMatch => empty("No tickets match.", way("button", "/", "Clear filters")),
        Found::Nothing => {
            empty("Nothing is for sale yet.", way("button", "/tickets/new", "Be the first to sell"))
        }
    })
}

fn more(whole: ReadSignal<Browse>) -> View {
    let ends = watch(move || whole.with(|browse| (browse.first.clone(), browse.next.clone())));
    dynamic(move || {
        let (first, next) = ends.get_clone();
        let first = first.map(|href| {
            view! { a(class="button quiet", href=href, rel="prev") { "Back to the start" } }
        });
        let next = next.map(
            |href| view! { a(class="button quiet", href=href, rel="next") { "More tickets" } },
        );
        if first.is_none() && next.is_none() {
            return View::new();
        }
        let (first, next) = (first.unwrap_or_default(), next.unwrap_or_default());
        view! { nav(class="pages", aria-label="Pages") { (first) (next) } }
    })
}
