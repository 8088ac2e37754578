//! An order: in the database, in JSON, in events.

use boxoffice_contract::events::{Kind, OrderState};
use boxoffice_contract::orders::{self as api, CancelReason, OrderStatus, OrderedTicket};
use boxoffice_contract::{OrderId, PaymentId, TicketId, UserId};
use boxoffice_kernel::db::{self, Query, Read, Record, Row};
use boxoffice_kernel::events::Event;
use boxoffice_kernel::{Timestamp, query, row};

use crate::listing::Listing;

row! {
    /// An order's row.
    #[derive(Clone, Debug)]
    pub(crate) struct OrderRow in "orders_orders" {
        id: OrderId,
        buyer_id: UserId,
        ticket_id: TicketId,
        quantity: i64,
        price: i64,
        amount: i64,
        currency: String,
        /// That of a refunded order is that of a sale.
        status: OrderStatus,
        cancel_reason: Option<CancelReason> = unset,
        payment_id: Option<PaymentId> = unset,
        title: String,
        venue: Option<String>,
        city: Option<String>,
        starts_at: Option<Timestamp>,
        time_zone: Option<String>,
        expires_at: Timestamp,
        created_at: Timestamp,
        version: i64,
        seller_id: Option<UserId>,
        refunded_at: Option<Timestamp> = unset,
        restocked: bool = unset,
    }
}

/// An order.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// The order's id.
    pub(crate) id: OrderId,
    /// Its status.
    pub(crate) status: OrderStatus,
    /// Why it ended without a sale.
    pub(crate) cancel_reason: Option<CancelReason>,
    /// How many tickets.
    pub(crate) quantity: i64,
    /// What they cost together, in the currency's minor unit.
    pub(crate) amount: i64,
    /// ISO 4217 code.
    pub(crate) currency: String,
    /// What was ordered.
    pub(crate) ticket: OrderedTicket,
    /// When the hold ends.
    pub(crate) expires_at: Timestamp,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// Grows with every change.
    pub(crate) version: i64,
    /// The account that sells the tickets.
    pub(crate) seller_id: Option<UserId>,
    /// Refunded, and its tickets are for sale again.
    pub(crate) restocked: bool,
    pub(crate) buyer_id: UserId,
    pub(crate) payment_id: Option<PaymentId>,
}

/// The columns of an order.
pub(crate) const COLUMNS: &str = OrderRow::COLUMNS;

impl OrderRow {
    /// Makes a new order of `buyer` for `quantity` of what `listing` offers, which costs `amount`.
    pub(crate) fn new(
        listing: Listing,
        buyer_id: UserId,
        quantity: i64,
        amount: i64,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Self {
        Self {
            id: OrderId::new(),
            buyer_id,
            ticket_id: listing.ticket_id,
            quantity,
            price: listing.price,
            amount,
            currency: listing.currency,
            status: OrderStatus::Created,
            cancel_reason: None,
            payment_id: None,
            title: listing.title,
            venue: listing.venue,
            city: listing.city,
            starts_at: listing.starts_at,
            time_zone: listing.time_zone,
            expires_at,
            created_at: now,
            version: 1,
            seller_id: Some(listing.seller_id),
            refunded_at: None,
            restocked: false,
        }
    }
}

impl From<OrderRow> for Order {
    fn from(row: OrderRow) -> Self {
        Self {
            id: row.id,
            status: row.refunded_at.map_or(row.status, |_| OrderStatus::Refunded),
            cancel_reason: row.cancel_reason,
            quantity: row.quantity,
            amount: row.amount,
            currency: row.currency,
            ticket: OrderedTicket {
                id: row.ticket_id,
                title: row.title,
                price: row.price,
                venue: row.venue,
                city: row.city,
                starts_at: row.starts_at,
                time_zone: row.time_zone,
            },
            expires_at: row.expires_at,
            created_at: row.created_at,
            version: row.version,
            seller_id: row.seller_id,
            restocked: row.restocked,
            buyer_id: row.buyer_id,
            payment_id: row.payment_id,
        }
    }
}

impl Row for Order {
    fn read(record: &Record) -> db::Result<Self> {
        OrderRow::read(record).map(Self::from)
    }
}

impl Order {
    /// Finds the order `id`, if there is one.
    pub(crate) async fn find_in(read: &mut impl Read, id: OrderId) -> db::Result<Option<Self>> {
        read.read(Self::find(id)).await
    }

    pub(crate) fn find(id: OrderId) -> Query {
        query!("SELECT {COLUMNS} FROM orders_orders WHERE id = ?1", id)
    }

    /// What the API answers of the order.
    pub(crate) fn body(&self) -> api::Order {
        api::Order {
            id: self.id,
            status: self.status.into(),
            cancel_reason: self.cancel_reason.map(Into::into),
            quantity: self.quantity,
            amount: self.amount,
            currency: self.currency.clone(),
            ticket: self.ticket.clone(),
            expires_at: self.expires_at,
            created_at: self.created_at,
            version: self.version,
            seller_id: self.seller_id,
            restocked: self.restocked,
        }
    }

    /// The event that tells of the order's state.
    pub(crate) fn event(&self, kind: Kind<OrderState>) -> anyhow::Result<Event> {
        let state = OrderState {
            id: self.id,
            version: self.version,
            status: self.status,
            buyer_id: self.buyer_id,
            ticket_id: self.ticket.id,
            quantity: self.quantity,
            amount: self.amount,
            currency: self.currency.clone(),
            expires_at: self.expires_at,
            payment_id: self.payment_id,
            restocked: self.restocked,
        };
        Ok(Event::new(kind, &state)?)
    }
}
