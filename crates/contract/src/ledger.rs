//! `payments`: what a seller has sold and given back.

use serde::{Deserialize, Serialize};

use crate::payments::PaymentStatus;
use crate::{OrderId, Page, PaymentId, TicketId, Timestamp, Word};

names! {
    /// The kind of entry.
    pub enum Movement {
        /// Tickets were sold.
        Sale = "sale",
        /// The money of a sale was given back.
        Refund = "refund",
        /// A part of the money was given back at the provider; positive if that failed later.
        PartRefund = "part_refund",
        /// The buyer's bank took the money, after a dispute that was lost.
        Dispute = "dispute",
        /// The shop's fee for a ticket that a fan has sold on.
        Fee = "fee",
        /// The fee of a sale that was refunded was given back.
        FeeReturn = "fee_return",
    }
}

/// A line of a seller's ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The entry's id.
    pub id: String,
    /// The payment.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub payment_id: PaymentId,
    /// The order that it paid for.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub order_id: OrderId,
    /// The listing.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub ticket_id: TicketId,
    /// The listing's title at the time of the sale.
    pub title: String,
    /// How many tickets.
    pub quantity: i64,
    /// The kind of entry.
    #[cfg_attr(feature = "openapi", schema(value_type = Movement))]
    pub movement: Word<Movement>,
    /// The amount in the currency's minor unit; negative for refunds, disputes and fees.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// When it happened.
    pub at: Timestamp,
    /// The payment's current status.
    #[cfg_attr(feature = "openapi", schema(value_type = PaymentStatus))]
    pub payment_status: Word<PaymentStatus>,
}

/// A seller's balances in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Balance {
    /// ISO 4217 code.
    pub currency: String,
    /// The balance before `from`, in the currency's minor unit.
    pub opening: i64,
    /// The balance at `to`.
    pub closing: i64,
}

/// A page of a seller's ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Statement {
    /// The balances by currency; the same on every page.
    pub balances: Vec<Balance>,
    #[expect(missing_docs, reason = "the API's description says no more than the type does")]
    #[serde(flatten)]
    pub page: Page<Entry>,
}
