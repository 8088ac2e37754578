//! Payments and the double entries of their ledger.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use boxoffice_contract::orders::OrderStatus;

use super::{Differences, Found, Rule};
use crate::books::{Adjustment, Books, Entry, OrderEnd, Payment, PaymentStatus};

pub(super) fn check(books: &Books, found: &mut Found) {
    let ends: HashMap<&str, &OrderEnd> =
        books.order_ends.iter().map(|end| (end.id.as_str(), end)).collect();
    let mut entries: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    let adjusted: Vec<Entry> = books.adjustments.iter().map(entry).collect();
    for entry in books.entries.iter().chain(&adjusted) {
        entries.entry(entry.payment_id.as_str()).or_default().push(entry);
    }
    for (payment, entries) in &entries {
        balance(payment, entries, found);
    }
    let mut taken: HashMap<&str, i64> = HashMap::new();
    for adjustment in &books.adjustments {
        *taken.entry(adjustment.payment_id.as_str()).or_default() += adjustment.taken();
    }
    for payment in &books.payments {
        let entries = entries.remove(payment.id.as_str()).unwrap_or_default();
        let end = ends.get(payment.order_id.as_str()).copied();
        let taken = taken.get(payment.id.as_str()).copied().unwrap_or_default();
        of_payment(payment, &entries, end, taken, found);
        of_fee(payment, &entries, found);
    }
    for payment in entries.into_keys() {
        let sentence = "the ledger has entries for this payment, but the payment does not exist";
        found.add(Rule::BookedPayment, [("payment", payment)], sentence);
    }
}

/// An adjustment as an entry like the others.
fn entry(adjustment: &Adjustment) -> Entry {
    let Adjustment { payment_id, movement, account, amount, currency, .. } = adjustment.clone();
    Entry { payment_id, movement, account, amount, currency }
}

/// What a movement puts into one account it takes out of another.
fn balance(payment: &str, entries: &[&Entry], found: &mut Found) {
    let movements: BTreeSet<&str> = entries.iter().map(|entry| entry.movement.as_str()).collect();
    for movement in movements {
        let left: i128 = entries
            .iter()
            .filter(|entry| entry.movement == movement)
            .map(|entry| i128::from(entry.amount))
            .sum();
        if left != 0 {
            let sentence = format!("the entries of its {movement} add up to {left}, not to 0");
            found.add(Rule::UnbalancedEntries, [("payment", payment)], sentence);
        }
    }
}

/// The accounts hold of a payment what its status says, but for what the provider has `adjusted`.
fn of_payment(
    payment: &Payment,
    entries: &[&Entry],
    end: Option<&OrderEnd>,
    adjusted: i64,
    found: &mut Found,
) {
    let holds = |account: &str| -> i64 {
        entries.iter().filter(|entry| entry.account == account).map(|entry| entry.amount).sum()
    };
    let is_captured = payment.status == PaymentStatus::Captured;
    let is_sale = end.is_some_and(|end| {
        end.status == OrderStatus::Complete && end.payment_id.as_deref() == Some(&payment.id)
    });
    let taken = if is_captured { payment.amount - adjusted } else { 0 };
    let fee = if is_sale && is_captured { payment.fee } else { 0 };
    let (buyers, sellers) = if is_sale { (0, fee - taken) } else { (-taken, 0) };
    let differences = Differences::default()
        .of("account provider", &holds("provider"), &taken)
        .of("account buyers", &holds("buyers"), &buyers)
        .of("account sellers", &holds("sellers"), &sellers)
        .of("account shop", &holds("shop"), &-fee);
    if let Some(differences) = differences.all() {
        let status = payment.status.name();
        let sentence = format!("it is {status}; in the ledger, {differences}");
        found.add(Rule::BookedPayment, [("payment", &payment.id)], sentence);
    }
    let foreign = |entry: &&&Entry| entry.currency != payment.currency;
    if let Some(entry) = entries.iter().find(foreign) {
        let sentence = format!(
            "its currency is {}, but the ledger has it in {}",
            payment.currency, entry.currency
        );
        found.add(Rule::BookedPayment, [("payment", &payment.id)], sentence);
    }
}

/// The fee that was decided is booked with the sale, once, and goes back with its refund.
fn of_fee(payment: &Payment, entries: &[&Entry], found: &mut Found) {
    let is_booked = |movement: &str| entries.iter().any(|entry| entry.movement == movement);
    let kept = |movement: &str| -> i64 {
        let booked = entries.iter().filter(|entry| entry.movement == movement);
        -booked.filter(|entry| entry.account == "shop").map(|entry| entry.amount).sum::<i64>()
    };
    let fee = if is_booked("sale") { payment.fee } else { 0 };
    let returned = if is_booked("refund") { fee } else { 0 };
    let differences = Differences::default().of("its fee", &kept("fee"), &fee).of(
        "the fee that went back",
        &-kept("fee_return"),
        &returned,
    );
    if let Some(differences) = differences.all() {
        let sentence = format!("in the ledger, {differences}");
        found.add(Rule::ResaleFee, [("payment", &payment.id)], sentence);
    }
}
