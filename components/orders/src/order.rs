//! An order: in the database, in JSON, in events.

use boxoffice_kernel::db::{self, Query, Read, Record, Row, Value};
use boxoffice_kernel::events::contract::{OrderState, OrderStatus};
use boxoffice_kernel::events::{Event, EventType};
use boxoffice_kernel::{Timestamp, query, row};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::listing::Listing;

/// Why an order ended without a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CancelReason {
    /// The hold's time was up.
    Expired,
    /// The buyer gave it up.
    Buyer,
    /// Its payments were declined too often.
    Declined,
}

impl CancelReason {
    const fn name(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Buyer => "buyer",
            Self::Declined => "declined",
        }
    }
}

impl From<CancelReason> for Value {
    fn from(reason: CancelReason) -> Self {
        reason.name().into()
    }
}

impl db::FromValue for CancelReason {
    fn from_value(value: &Value) -> Result<Self, String> {
        let name = String::from_value(value)?;
        [Self::Expired, Self::Buyer, Self::Declined]
            .into_iter()
            .find(|reason| reason.name() == name)
            .ok_or_else(|| format!("{name:?} is not a reason for cancelling an order"))
    }
}

/// What was ordered, as it was when the order was made.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderedTicket {
    /// The listing.
    pub(crate) id: Uuid,
    /// The listing's title.
    pub(crate) title: String,
    /// Price of one ticket in the currency's minor unit.
    pub(crate) price: i64,
    /// The venue's name.
    pub(crate) venue: Option<String>,
    /// The venue's city.
    pub(crate) city: Option<String>,
    /// When the event begins.
    pub(crate) starts_at: Option<Timestamp>,
    /// IANA name of the venue's time zone.
    pub(crate) time_zone: Option<String>,
}

row! {
    /// An order's row.
    #[derive(Clone, Debug)]
    pub(crate) struct OrderRow in "orders_orders" {
        id: Uuid,
        buyer_id: Uuid,
        ticket_id: Uuid,
        quantity: i64,
        price: i64,
        amount: i64,
        currency: String,
        /// That of a refunded order is that of a sale.
        status: OrderStatus,
        cancel_reason: Option<CancelReason> = unset,
        payment_id: Option<Uuid> = unset,
        title: String,
        venue: Option<String>,
        city: Option<String>,
        starts_at: Option<Timestamp>,
        time_zone: Option<String>,
        expires_at: Timestamp,
        created_at: Timestamp,
        version: i64,
        seller_id: Option<Uuid>,
        refunded_at: Option<Timestamp> = unset,
        restocked: bool = unset,
    }
}

/// An order.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    /// The order's id.
    pub(crate) id: Uuid,
    /// Its status.
    pub(crate) status: OrderStatus,
    /// Why it ended without a sale.
    #[serde(skip_serializing_if = "Option::is_none")]
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seller_id: Option<Uuid>,
    /// Whether the order is refunded and its tickets are for sale again; left out if not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub(crate) restocked: bool,
    #[serde(skip)]
    pub(crate) buyer_id: Uuid,
    #[serde(skip)]
    pub(crate) payment_id: Option<Uuid>,
}

/// The columns of an order.
pub(crate) const COLUMNS: &str = OrderRow::COLUMNS;

impl OrderRow {
    /// Makes a new order of `buyer` for `quantity` of what `listing` offers, which costs `amount`.
    pub(crate) fn new(
        listing: Listing,
        buyer_id: Uuid,
        quantity: i64,
        amount: i64,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Self {
        Self {
            id: Uuid::now_v7(),
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
    pub(crate) async fn find_in(read: &mut impl Read, id: Uuid) -> db::Result<Option<Self>> {
        read.read(Self::find(id)).await
    }

    pub(crate) fn find(id: Uuid) -> Query {
        query!("SELECT {COLUMNS} FROM orders_orders WHERE id = ?1", id)
    }

    /// The event that tells of the order's state.
    pub(crate) fn event(&self, event_type: EventType) -> anyhow::Result<Event> {
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
        Event::new(event_type, self.id, &state)
    }
}
