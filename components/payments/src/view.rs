//! A payment as its buyer sees it.

use boxoffice_kernel::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::machine::State;
use crate::payment::Payment;
use crate::stripe::{self, Intent};

/// The status of a payment.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PaymentStatus {
    /// The provider's answer is not known yet.
    Pending,
    /// The buyer must act: see `nextAction`.
    RequiresAction,
    /// The provider will answer later; nobody needs to act.
    Processing,
    /// The money is set aside.
    Authorized,
    /// The money is taken.
    Captured,
    /// No money is taken; the money that was set aside is released.
    Voided,
    /// The money that was taken is being given back.
    Refunding,
    /// The money that was taken is given back.
    Refunded,
    /// The provider declined the payment.
    Declined,
}

/// What the buyer must do (<https://docs.stripe.com/api/payment_intents/object>, `next_action`).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NextAction {
    /// `use_stripe_sdk`: hand `clientSecret` to Stripe.js (`handleNextAction`). `redirect_to_url`:
    /// show `redirectUrl`. Pass any other value to Stripe.js, too.
    #[serde(rename = "type")]
    kind: String,
    /// The page to show to the buyer.
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_url: Option<String>,
}

impl NextAction {
    fn of(action: stripe::NextAction) -> Self {
        let redirect_url = action.redirect_to_url.and_then(|redirect| redirect.url);
        Self { kind: action.kind, redirect_url }
    }
}

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Payment)]
pub(crate) struct View {
    /// The payment's id.
    id: Uuid,
    /// The order that it pays for.
    order_id: Uuid,
    /// Its status.
    status: PaymentStatus,
    /// The amount in the currency's minor unit.
    amount: i64,
    /// ISO 4217 code.
    currency: String,
    /// When the buyer pressed "Pay".
    created_at: Timestamp,
    /// Grows with every change.
    version: i64,
    /// Whether the tickets go back on sale; only for a sale that is refunded or being refunded.
    #[serde(skip_serializing_if = "Option::is_none")]
    restock: Option<bool>,
    /// The value that Stripe.js needs to finish the payment; only while the buyer must act.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    /// What the buyer must do.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_action: Option<NextAction>,
}

impl View {
    /// What is known here of `payment`.
    pub(crate) fn of(payment: &Payment) -> Self {
        Self {
            id: payment.id,
            order_id: payment.order_id,
            status: status(payment.state),
            amount: payment.amount,
            currency: payment.currency.clone(),
            created_at: payment.created_at,
            version: payment.version,
            restock: payment.refund_reason.as_ref().map(|_| payment.restock),
            client_secret: None,
            next_action: None,
        }
    }
}

/// The answer to a payment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Paid {
    payment: View,
}

impl Paid {
    /// With what the buyer has to do, if `intent` says so.
    pub(crate) fn new(payment: &Payment, intent: Option<Intent>) -> Self {
        let mut payment = View::of(payment);
        if let Some(intent) = intent {
            payment.client_secret = intent.client_secret;
            payment.next_action = intent.next_action.map(NextAction::of);
        }
        Self { payment }
    }
}

const fn status(state: State) -> PaymentStatus {
    match state {
        State::Pending => PaymentStatus::Pending,
        State::Action => PaymentStatus::RequiresAction,
        State::Processing => PaymentStatus::Processing,
        State::Authorized => PaymentStatus::Authorized,
        State::Captured | State::Settled => PaymentStatus::Captured,
        State::Refunding => PaymentStatus::Refunding,
        State::Voided => PaymentStatus::Voided,
        State::Refunded => PaymentStatus::Refunded,
        State::Declined | State::Open => PaymentStatus::Declined,
    }
}
