//! Orders and letters: each sale is told to its buyer and its seller, and to nobody twice.

use std::collections::BTreeMap;

use boxoffice_contract::orders::OrderStatus;

use super::{Found, Rule};
use crate::books::{Books, Letter, Order};

/// The letters that a sale brings about, and the one that its refund does.
const SALE: [&str; 2] = ["order_confirmed", "ticket_sold"];
const REFUND: &str = "order_refunded";

pub(super) fn check(books: &Books, found: &mut Found) {
    let mut letters: BTreeMap<(&str, &str), Vec<&Letter>> = BTreeMap::new();
    for letter in books.letters.iter().filter(|letter| is_of_order(&letter.kind)) {
        letters.entry((&letter.subject, &letter.kind)).or_default().push(letter);
    }
    for ((order, kind), letters) in &letters {
        for second in letters.iter().skip(1) {
            let sentence = format!("the order has another {kind}, {}", letters[0].id);
            found.add(Rule::SecondLetter, [("letter", &second.id), ("order", order)], sentence);
        }
    }
    // Sales of before there was mail have no letters, nor do those whose letters were deleted.
    let Some(first) = books.letters.iter().map(|letter| letter.created_at).min() else { return };
    for order in books.orders.iter().filter(|order| order.created_at > first) {
        let missing = due(order).filter(|kind| !letters.contains_key(&(order.id.as_str(), *kind)));
        let missing: Vec<&str> = missing.collect();
        if !missing.is_empty() {
            let sentence = format!("the order has no letter {}", missing.join(", nor "));
            found.add(Rule::MissingLetter, [("order", &order.id)], sentence);
        }
    }
}

fn is_of_order(kind: &str) -> bool {
    kind == REFUND || SALE.contains(&kind)
}

/// The letters that the order must have by now. A refunded order was complete before.
fn due(order: &Order) -> impl Iterator<Item = &'static str> {
    let sale = (order.status == OrderStatus::Complete).then_some(SALE);
    let refund = order.refunded_at.map(|_| REFUND);
    sale.into_iter().flatten().chain(refund)
}
