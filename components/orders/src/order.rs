//! An order: in the database, in JSON, in events.

use boxoffice_kernel::Timestamp;
use boxoffice_kernel::db::{self, Connection, Read, Row, Transaction, Value};
use boxoffice_kernel::events::contract::{OrderState, OrderStatus};
use boxoffice_kernel::events::{Event, EventType};
use boxoffice_kernel::params;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::SERVICE;
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
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Buyer => "buyer",
            Self::Declined => "declined",
        }
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

/// The columns that [`Order::read`] needs.
pub(crate) const COLUMNS: &str = "id, buyer_id, ticket_id, quantity, price, amount, currency, \
    status, cancel_reason, payment_id, title, venue, city, starts_at, time_zone, expires_at, \
    created_at, version, seller_id, refunded_at, restocked";

impl Order {
    /// A new order of `buyer` for `quantity` of what `listing` offers, which costs `amount`.
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
            status: OrderStatus::Created,
            cancel_reason: None,
            quantity,
            amount,
            currency: listing.currency,
            ticket: OrderedTicket {
                id: listing.ticket_id,
                title: listing.title,
                price: listing.price,
                venue: listing.venue,
                city: listing.city,
                starts_at: listing.starts_at,
                time_zone: listing.time_zone,
            },
            expires_at,
            created_at: now,
            version: 1,
            seller_id: Some(listing.seller_id),
            restocked: false,
            buyer_id,
            payment_id: None,
        }
    }

    /// Reads a row of [`COLUMNS`].
    pub(crate) fn read(row: &Row) -> db::Result<Self> {
        let refunded_at: Option<Timestamp> = row.get("refunded_at")?;
        Ok(Self {
            id: row.get("id")?,
            status: match refunded_at {
                Some(_) => OrderStatus::Refunded,
                None => row.get("status")?,
            },
            cancel_reason: row.get("cancel_reason")?,
            quantity: row.get("quantity")?,
            amount: row.get("amount")?,
            currency: row.get("currency")?,
            ticket: OrderedTicket {
                id: row.get("ticket_id")?,
                title: row.get("title")?,
                price: row.get("price")?,
                venue: row.get("venue")?,
                city: row.get("city")?,
                starts_at: row.get("starts_at")?,
                time_zone: row.get("time_zone")?,
            },
            expires_at: row.get("expires_at")?,
            created_at: row.get("created_at")?,
            version: row.get("version")?,
            seller_id: row.get("seller_id")?,
            restocked: row.get::<i64>("restocked")? != 0,
            buyer_id: row.get("buyer_id")?,
            payment_id: row.get("payment_id")?,
        })
    }

    /// The order `id`, if there is one.
    pub(crate) async fn find(id: Uuid) -> db::Result<Option<Self>> {
        Self::find_by(&Connection::open(&SERVICE).await?, id).await
    }

    /// The same, read by a connection that is there already.
    pub(crate) async fn find_by(read: &impl Read, id: Uuid) -> db::Result<Option<Self>> {
        let sql = format!("SELECT {COLUMNS} FROM orders_orders WHERE id = ?1");
        read.first(&sql, params![id]).await?.as_ref().map(Self::read).transpose()
    }

    /// Has a new order stored when `transaction` commits.
    pub(crate) fn insert(&self, transaction: &mut Transaction) {
        let sql = "INSERT INTO orders_orders \
            (id, buyer_id, ticket_id, quantity, price, amount, currency, status, title, venue, \
             city, starts_at, time_zone, expires_at, created_at, version, seller_id) \
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
        let ticket = &self.ticket;
        let row = params![
            self.id,
            self.buyer_id,
            ticket.id,
            self.quantity,
            ticket.price,
            self.amount,
            &self.currency,
            self.status.name(),
            &ticket.title,
            ticket.venue.as_deref(),
            ticket.city.as_deref(),
            ticket.starts_at,
            ticket.time_zone.as_deref(),
            self.expires_at,
            self.created_at,
            self.version,
            self.seller_id
        ];
        transaction.insert(sql, row);
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
