//! `payments`: paying for orders.

use serde::{Deserialize, Serialize};

use crate::{OrderId, PaymentId, Timestamp, Word};

names! {
    /// The status of a payment.
    pub enum PaymentStatus {
        /// The provider's answer is not known yet.
        Pending = "pending",
        /// The buyer must act: see `nextAction`.
        RequiresAction = "requires_action",
        /// The provider will answer later; nobody needs to act.
        Processing = "processing",
        /// The money is set aside.
        Authorized = "authorized",
        /// The money is taken.
        Captured = "captured",
        /// No money is taken; the money that was set aside is released.
        Voided = "voided",
        /// The money that was taken is being given back.
        Refunding = "refunding",
        /// The money cannot be given back: the buyer disputes the charge at their bank.
        Disputed = "disputed",
        /// The money that was taken is given back.
        Refunded = "refunded",
        /// The provider declined the payment.
        Declined = "declined",
    }

    /// Why money is given back (<https://docs.stripe.com/api/refunds/create>, `reason`).
    #[cfg_attr(feature = "openapi", schema(as = Reason))]
    #[derive(Default)]
    pub enum RefundReason {
        /// The buyer asked for it, or the event does not take place.
        #[default]
        RequestedByCustomer = "requested_by_customer",
        /// The buyer paid twice for the same tickets.
        Duplicate = "duplicate",
        /// The card was not the buyer's. Only operators may say so.
        Fraudulent = "fraudulent",
    }
}

/// A payment for an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", schema(example = json!({
    "orderId": "01980f3c-0000-7000-8000-000000000000", "token": "pm_card_visa"
})))]
pub struct NewPayment {
    /// The order.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub order_id: OrderId,
    /// A Stripe payment method (`pm_…`), or an older Stripe token (`tok_…`).
    pub token: String,
}

impl Default for NewPayment {
    fn default() -> Self {
        Self { order_id: OrderId::nil(), token: String::new() }
    }
}

/// The refund of a sale.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", schema(
    example = json!({ "reason": "requested_by_customer", "restock": true })
))]
pub struct NewRefund {
    /// The reason.
    pub reason: RefundReason,
    /// Whether the tickets go back on sale.
    pub restock: bool,
}

/// What the buyer must do (<https://docs.stripe.com/api/payment_intents/object>, `next_action`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct NextAction {
    /// `use_stripe_sdk`: hand `clientSecret` to Stripe.js (`handleNextAction`). `redirect_to_url`:
    /// show `redirectUrl`. Pass any other value to Stripe.js, too.
    #[serde(rename = "type")]
    pub kind: String,
    /// The page to show to the buyer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_url: Option<String>,
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// The payment's id.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub id: PaymentId,
    /// The order that it pays for.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub order_id: OrderId,
    /// Its status.
    #[cfg_attr(feature = "openapi", schema(value_type = PaymentStatus))]
    pub status: Word<PaymentStatus>,
    /// The amount in the currency's minor unit.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// When the buyer pressed "Pay".
    pub created_at: Timestamp,
    /// Grows with every change.
    pub version: i64,
    /// Whether the tickets go back on sale; only for a sale that is refunded or being refunded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restock: Option<bool>,
    /// The value that Stripe.js needs to finish the payment; only while the buyer must act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// What the buyer must do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_action: Option<NextAction>,
}

/// The answer to a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Paid {
    #[expect(missing_docs, reason = "the API's description says no more than the type does")]
    pub payment: Payment,
}
