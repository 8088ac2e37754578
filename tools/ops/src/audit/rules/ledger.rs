//! Payments and the provider's ledger, to the cent.

use std::collections::{BTreeMap, HashMap};

use super::{Differences, Found, Rule};
use crate::audit::Facts;
use crate::books::{Adjustment, DISPUTE, PART_REFUND, Payment, PaymentStatus};
use crate::provider::{Dispute, Intent};

pub(super) fn check(facts: &Facts, found: &mut Found) {
    let payments: HashMap<&str, &Payment> =
        facts.books.payments.iter().map(|payment| (payment.id.as_str(), payment)).collect();
    let intents: HashMap<&str, &Intent> =
        facts.intents.iter().map(|intent| (intent.id.as_str(), intent)).collect();
    let parts = parts(facts);
    for payment in &facts.books.payments {
        if let Some(id) = payment.intent_id.as_deref() {
            let part = parts.get(payment.id.as_str()).copied().unwrap_or_default();
            of_payment(payment, id, intents.get(id).copied(), part, found);
        }
    }
    disputes(facts, found);
    let mut charges: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for intent in facts.intents.iter().filter(|intent| intent.has_moved_money()) {
        // Others may use the account; what carries our metadata is ours.
        let Some(payment_id) = intent.payment_id() else { continue };
        charges.entry(payment_id).or_default().push(&intent.id);
        of_intent(intent, payment_id, payments.get(payment_id).copied(), found);
    }
    for (payment, intents) in charges.into_iter().filter(|(_, intents)| intents.len() > 1) {
        let sentence =
            format!("several intents set money aside for this payment: {}", intents.join(" and "));
        found.add(Rule::DoubleCharge, [("payment", payment)], sentence);
    }
    totals(facts, found);
}

/// What was booked of each payment as given back in parts.
fn parts(facts: &Facts) -> HashMap<&str, i64> {
    let mut parts = HashMap::new();
    let booked = facts.books.adjustments.iter();
    for part in booked.filter(|adjustment| adjustment.movement == PART_REFUND) {
        *parts.entry(part.payment_id.as_str()).or_default() += part.taken();
    }
    parts
}

/// Every lost dispute is booked as far as there was money, once.
fn disputes(facts: &Facts, found: &mut Found) {
    let is_lost = |adjustment: &&Adjustment| adjustment.movement == DISPUTE;
    let booked: Vec<&Adjustment> = facts.books.adjustments.iter().filter(is_lost).collect();
    let by_intent: HashMap<&str, &Payment> = facts
        .books
        .payments
        .iter()
        .filter_map(|payment| Some((payment.intent_id.as_deref()?, payment)))
        .collect();
    let lost = facts.disputes.iter().filter(|dispute| dispute.status == "lost");
    let lost: HashMap<&str, &Dispute> =
        lost.map(|dispute| (dispute.id.as_str(), dispute)).collect();
    for dispute in lost.values() {
        let intent = dispute.payment_intent.as_deref().unwrap_or_default();
        // Others may use the account; and what is refunded already is nobody's any more.
        let Some(payment) = by_intent.get(intent) else { continue };
        let is_booked = booked.iter().any(|one| one.reference == dispute.id);
        if payment.status == PaymentStatus::Captured && !is_booked {
            let Dispute { amount, currency, .. } = dispute;
            let sentence = format!("the buyer's bank took {amount} {currency}, but no book has it");
            let ids = [("payment", payment.id.as_str()), ("dispute", dispute.id.as_str())];
            found.add(Rule::LostDispute, ids, sentence);
        }
    }
    for one in booked.iter().filter(|one| one.account == "provider") {
        if !lost.contains_key(one.reference.as_str()) {
            let ids = [("payment", one.payment_id.as_str()), ("dispute", one.reference.as_str())];
            let sentence = "it is booked as lost, but the provider does not say so";
            found.add(Rule::LostDispute, ids, sentence);
        }
    }
}

fn of_payment(payment: &Payment, id: &str, intent: Option<&Intent>, part: i64, found: &mut Found) {
    use PaymentStatus::{Authorized, Captured, Declined, Pending, Refunded, Voided};
    let ids = [("payment", payment.id.as_str()), ("intent", id)];
    let Some(intent) = intent else {
        let sentence =
            format!("it is {}, but the provider does not know it", payment.status.name());
        found.add(Rule::LedgerPayment, ids, sentence);
        return;
    };
    let (status, received, refunded) = match payment.status {
        Authorized => ("requires_capture", 0, 0),
        Captured => ("succeeded", payment.amount, part),
        Voided => ("canceled", 0, 0),
        Refunded => ("succeeded", payment.amount, payment.amount),
        // What the provider will say of it is still to be seen.
        Pending => return,
        Declined => {
            let kept = intent.amount_received - intent.amount_refunded();
            if intent.status == "requires_capture" || kept != 0 {
                let sentence =
                    format!("it is declined, but at the provider it is {}", intent.status);
                found.add(Rule::LedgerPayment, ids, sentence);
            }
            return;
        }
    };
    let differences = Differences::default()
        .of("status", &intent.status.as_str(), &status)
        .of("amount", &intent.amount, &payment.amount)
        .of("currency", &intent.currency, &payment.currency.to_lowercase())
        .of("the amount captured", &intent.amount_received, &received)
        .of("the amount refunded", &intent.amount_refunded(), &refunded)
        .of("order_id", &intent.order_id(), &Some(payment.order_id.as_str()))
        .of("payment_id", &intent.payment_id(), &Some(payment.id.as_str()));
    if let Some(differences) = differences.all() {
        let status = payment.status.name();
        let sentence = format!("it is {status}; at the provider, {differences}");
        found.add(Rule::LedgerPayment, ids, sentence);
    }
}

/// `intent` has moved money for our payment `id`.
fn of_intent(intent: &Intent, id: &str, payment: Option<&Payment>, found: &mut Found) {
    let order = intent.order_id().unwrap_or_default();
    let ids = [("intent", intent.id.as_str()), ("payment", id), ("order", order)];
    let Intent { status, amount, currency, .. } = intent;
    match payment {
        Some(payment) if payment.intent_id.as_deref() == Some(&intent.id) => {}
        Some(payment) if payment.status == PaymentStatus::Pending => {
            let sentence = format!(
                "the provider has set {amount} {currency} aside ({status}), but its answer is not \
                 stored yet"
            );
            found.add(Rule::UnrecordedIntent, ids, sentence);
        }
        Some(payment) => {
            let sentence = format!(
                "the provider has moved {amount} {currency} ({status}), but the payment is {} \
                 with another intent, or without one",
                payment.status.name()
            );
            found.add(Rule::UnknownIntent, ids, sentence);
        }
        None => {
            let sentence = format!(
                "the provider has moved {amount} {currency} ({status}) for a payment that the \
                 shop does not know"
            );
            found.add(Rule::UnknownIntent, ids, sentence);
        }
    }
}

fn totals(facts: &Facts, found: &mut Found) {
    let mut totals: BTreeMap<String, (i128, i128)> = BTreeMap::new();
    let parts = parts(facts);
    let captured = |payment: &&Payment| payment.status == PaymentStatus::Captured;
    for payment in facts.books.payments.iter().filter(captured) {
        let part = parts.get(payment.id.as_str()).copied().unwrap_or_default();
        let kept = i128::from(payment.amount) - i128::from(part);
        totals.entry(payment.currency.to_lowercase()).or_default().0 += kept;
    }
    for intent in facts.intents.iter().filter(|intent| intent.payment_id().is_some()) {
        let kept = i128::from(intent.amount_received) - i128::from(intent.amount_refunded());
        totals.entry(intent.currency.clone()).or_default().1 += kept;
    }
    for (currency, (ours, theirs)) in totals {
        if ours != theirs {
            let sentence = format!(
                "the money taken and not given back is {ours} in our books, but {theirs} at the \
                 provider"
            );
            found.add(Rule::LedgerTotal, [("currency", &currency)], sentence);
        }
    }
}
