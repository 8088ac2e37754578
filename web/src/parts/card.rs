//! A listing at a glance: a ticket with its stub.

use boxoffice_contract::TicketId;
use sycamore::prelude::*;

use super::listing::{art, badge, line, place, status, when};
use crate::shop::{dynamic, watch, words};
use crate::state::{Card, TicketStatus};

/// Cards in columns, which change in place with `list`.
pub(crate) fn cards(list: ReadSignal<Vec<Card>>) -> View {
    view! {
        ul(class="cards") {
            Keyed(list=list, key=facts, view=move |first| card(first, list))
        }
    }
}

/// What is printed on a card: where it changes, the card is drawn anew. All else of it is alive.
fn facts(card: &Card) -> String {
    let Card { id, title, price, venue, city, when, mine, .. } = card;
    let iso = when.as_ref().map_or("", |when| &when.iso);
    let place = place(venue.as_deref(), city.as_deref()).unwrap_or_default();
    format!("{id}\n{title}\n{price}\n{place}\n{iso}\n{mine}")
}

/// The card that is `first` now, and changes with its like in `list`.
fn card(first: Card, list: ReadSignal<Vec<Card>>) -> View {
    let Card { id, title, price, venue, city, when, quantity, mine, .. } = first;
    let now = standing(id, (first.sale, first.available), list);
    let picture = art(id);
    let href = format!("/tickets/{id}");
    let place = line("where", place(venue.as_deref(), city.as_deref()));
    let when = self::when(when);
    let left = words(move || remaining(now.get().1, quantity).unwrap_or_default());
    let flag = flag(now, mine);
    view! {
        li(class="ticket", data-ticket=id.to_string(), data-status=move || status(now.get().0)) {
            (picture)
            (flag)
            div(class="body") {
                h2 { a(href=href) { (title) } }
                (when)
                (place)
            }
            div(class="tear") {
                p(class="price") { (price) }
                p(class="left") { (left) }
            }
        }
    }
}

/// Where the sale of the listing `id` stands in `list`, and how many tickets it has; as `first`
/// where the list no longer has it.
fn standing(
    id: TicketId,
    first: (TicketStatus, i64),
    list: ReadSignal<Vec<Card>>,
) -> ReadSignal<(TicketStatus, i64)> {
    watch(move || {
        list.with(|cards| {
            let card = cards.iter().find(|card| card.id == id);
            card.map_or(first, |card| (card.sale, card.available))
        })
    })
}

fn flag(now: ReadSignal<(TicketStatus, i64)>, mine: bool) -> View {
    let text = watch(move || badge(now.get().0).or(mine.then_some("Yours")));
    dynamic(move || match text.get() {
        Some(text) => view! { p(class="badge") { (text) } },
        None => View::new(),
    })
}

/// How many tickets there are still, where there is more than one to know about.
pub(crate) fn remaining(available: i64, quantity: i64) -> Option<String> {
    match (available, quantity) {
        (0, _) | (_, 1) => None,
        (1, _) => Some("Last one".to_owned()),
        (available, _) => Some(format!("{available} left")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_shown_only_where_it_says_something() {
        assert_eq!(remaining(1, 1), None);
        assert_eq!(remaining(0, 4), None);
        assert_eq!(remaining(1, 4).as_deref(), Some("Last one"));
        assert_eq!(remaining(3, 4).as_deref(), Some("3 left"));
    }
}
