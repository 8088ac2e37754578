//! An order: in the database, in JSON, in events.

use boxoffice_contract::events::{Kind, OrderState};
use boxoffice_contract::orders::{self as api, CancelReason, OrderStatus, OrderedTicket};
use boxoffice_contract::{OrderId, PaymentId, UserId};
use boxoffice_kernel::Timestamp;
use boxoffice_kernel::db::{self, Connection, Read, Row, Transaction};
use boxoffice_kernel::events::Event;
use boxoffice_kernel::params;

use crate::SERVICE;
use crate::listing::Listing;

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

/// The columns that [`Order::read`] needs.
pub(crate) const COLUMNS: &str = "id, buyer_id, ticket_id, quantity, price, amount, currency, \
    status, cancel_reason, payment_id, title, venue, city, starts_at, time_zone, expires_at, \
    created_at, version, seller_id, refunded_at, restocked";

impl Order {
    /// A new order of `buyer` for `quantity` of what `listing` offers, which costs `amount`.
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
    pub(crate) async fn find(id: OrderId) -> db::Result<Option<Self>> {
        Self::find_by(&Connection::open(&SERVICE).await?, id).await
    }

    /// The same, read by a connection that is there already.
    pub(crate) async fn find_by(read: &impl Read, id: OrderId) -> db::Result<Option<Self>> {
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
