//! A payment as its buyer sees it.

use boxoffice_contract::payments::{self as api, NextAction, Paid, PaymentStatus};

use crate::machine::State;
use crate::payment::Payment;
use crate::stripe::{self, Intent};

/// What the API answers of `payment`, as far as it is known here.
pub(crate) fn body(payment: &Payment) -> api::Payment {
    api::Payment {
        id: payment.id,
        order_id: payment.order_id,
        status: status(payment.state).into(),
        amount: payment.amount,
        currency: payment.currency.clone(),
        created_at: payment.created_at,
        version: payment.version,
        restock: payment.refund_reason.as_ref().map(|_| payment.restock),
        client_secret: None,
        next_action: None,
    }
}

/// The same with what the buyer has to do, if `intent` says so.
pub(crate) fn paid(payment: &Payment, intent: Option<Intent>) -> Paid {
    let mut payment = body(payment);
    if let Some(intent) = intent {
        payment.client_secret = intent.client_secret;
        payment.next_action = intent.next_action.map(next_action);
    }
    Paid { payment }
}

fn next_action(action: stripe::NextAction) -> NextAction {
    let redirect_url = action.redirect_to_url.and_then(|redirect| redirect.url);
    NextAction { kind: action.kind, redirect_url }
}

const fn status(state: State) -> PaymentStatus {
    match state {
        State::Pending => PaymentStatus::Pending,
        State::Action => PaymentStatus::RequiresAction,
        State::Processing => PaymentStatus::Processing,
        State::Authorized => PaymentStatus::Authorized,
        State::Captured | State::Settled => PaymentStatus::Captured,
        State::Refunding => PaymentStatus::Refunding,
        State::Disputed => PaymentStatus::Disputed,
        State::Voided => PaymentStatus::Voided,
        State::Refunded => PaymentStatus::Refunded,
        State::Declined | State::Open => PaymentStatus::Declined,
    }
}
