//! Orders and payments: nobody is charged without a ticket, and nobody gets one without a charge.

use std::collections::HashMap;

use boxoffice_contract::orders::OrderStatus;

use super::{Differences, Found, Rule};
use crate::books::{Books, Order, Payment, PaymentStatus};

pub(super) fn check(books: &Books, found: &mut Found) {
    let orders: HashMap<&str, &Order> =
        books.orders.iter().map(|order| (order.id.as_str(), order)).collect();
    let mut payments: HashMap<&str, Vec<&Payment>> = HashMap::new();
    for payment in &books.payments {
        payments.entry(payment.order_id.as_str()).or_default().push(payment);
        of_payment(payment, orders.get(payment.order_id.as_str()).copied(), found);
    }
    for order in books.orders.iter().filter(|order| order.status == OrderStatus::Complete) {
        let payments = payments.get(order.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        of_complete(order, payments, found);
    }
    for (order, payments) in &payments {
        // Of several that are live, the one that the order names is not the second.
        let named = orders.get(order).and_then(|order| order.payment_id.as_deref());
        let mut live: Vec<_> = payments.iter().filter(|payment| is_live(payment)).collect();
        live.sort_by_key(|payment| (named != Some(payment.id.as_str()), payment.id.as_str()));
        for second in live.iter().skip(1) {
            let sentence = format!("the order has another live payment, {}", live[0].id);
            found.add(Rule::SecondPayment, [("order", order), ("payment", &second.id)], sentence);
        }
    }
}

fn is_live(payment: &Payment) -> bool {
    use PaymentStatus::{Authorized, Captured, Pending};
    matches!(payment.status, Pending | Authorized | Captured)
}

fn of_complete(order: &Order, payments: &[&Payment], found: &mut Found) {
    let id = order.payment_id.as_deref().unwrap_or_default();
    let ids = [("order", order.id.as_str()), ("payment", id)];
    let Some(payment) = payments.iter().find(|payment| payment.id == id) else {
        found.add(Rule::UnpaidOrder, ids, "the order is complete, but this payment does not exist");
        return;
    };
    let terms = Differences::default().of("amount", &payment.amount, &order.amount).of(
        "currency",
        &payment.currency,
        &order.currency,
    );
    if let Some(differences) = terms.all() {
        let sentence = format!("the order is complete; in its payment, {differences}");
        found.add(Rule::UnpaidOrder, ids, sentence);
    }
    match payment.status {
        PaymentStatus::Refunded if order.refunded_at.is_some() => {}
        status if order.refunded_at.is_some() => {
            let sentence = format!("the order is refunded, but its payment is {}", status.name());
            found.add(Rule::RefundedOrder, ids, sentence);
        }
        PaymentStatus::Captured => {}
        PaymentStatus::Authorized => found.add(
            Rule::UncapturedPayment,
            ids,
            "the order is complete, but its money is not taken yet, only set aside",
        ),
        status => {
            let sentence = format!("the order is complete, but its payment is {}", status.name());
            found.add(Rule::UnpaidOrder, ids, sentence);
        }
    }
}

fn of_payment(payment: &Payment, order: Option<&Order>, found: &mut Found) {
    let ids = [("payment", payment.id.as_str()), ("order", &payment.order_id)];
    let status = payment.status.name();
    if let Some(cause) = &payment.attention {
        found.add(
            Rule::PaymentAttention,
            ids,
            format!("it is {status} and needs an operator: {cause}"),
        );
    }
    if payment.undone_at.is_some() && payment.status == PaymentStatus::Captured {
        let sentence = "the sale is undone, but its money is not given back yet";
        found.add(Rule::UndoneSale, ids, sentence);
    }
    let Some(order) = order else {
        found.add(Rule::PaymentOrder, ids, format!("it is {status}, but its order does not exist"));
        return;
    };
    let is_named = order.payment_id.as_deref() == Some(payment.id.as_str());
    let ended = order.status.name();
    match payment.status {
        PaymentStatus::Captured if !(order.status == OrderStatus::Complete && is_named) => {
            let sentence = format!("money is taken, but the order is {ended} without this payment");
            found.add(Rule::ChargedInVain, ids, sentence);
        }
        PaymentStatus::Pending | PaymentStatus::Authorized
            if order.status == OrderStatus::Cancelled
                || (order.status == OrderStatus::Complete && !is_named) =>
        {
            let sentence =
                format!("it is still {status}, but its order is {ended} without this payment");
            found.add(Rule::UnreleasedPayment, ids, sentence);
        }
        _ => {}
    }
}
