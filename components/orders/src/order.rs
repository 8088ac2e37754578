//! An order: in the database, in JSON, in events.

use boxoffice_contract::events::{Kind, OrderState};
use boxoffice_contract::orders::{self as api, CancelReason, OrderStatus, OrderedTicket};
use boxoffice_contract::{OrderId, PaymentId, TicketId, UserId};
use boxoffice_kernel::db::{self, Query, Read};
use boxoffice_kernel::events::Event;
use boxoffice_kernel::{Timestamp, query, row};

use crate::listing::Listing;

row! {
    /// An order, with its listing as it was when the order was made.
    #[derive(Clone, Debug)]
    pub(crate) struct Order in "orders_orders" {
        pub(crate) id: OrderId,
        pub(crate) buyer_id: UserId,
        pub(crate) ticket_id: TicketId,
        pub(crate) quantity: i64,
        price: i64,
        amount: i64,
        currency: String,
        /// How it is stored: that of a refunded order is that of a sale. See [`Order::status`].
        status: OrderStatus,
        cancel_reason: Option<CancelReason> = unset,
        payment_id: Option<PaymentId> = unset,
        title: String,
        venue: Option<String>,
        city: Option<String>,
        starts_at: Option<Timestamp>,
        time_zone: Option<String>,
        pub(crate) expires_at: Timestamp,
        created_at: Timestamp,
        pub(crate) version: i64,
        seller_id: Option<UserId>,
        refunded_at: Option<Timestamp> = unset,
        /// Refunded, and its tickets are for sale again.
        pub(crate) restocked: bool = unset,
        /// The event's listing, where a fan sells the ticket on.
        resale_of: Option<TicketId>,
    }
}

/// The columns of an order.
pub(crate) const COLUMNS: &str = Order::COLUMNS;

impl Order {
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
            resale_of: listing.resale_of,
        }
    }

    /// Where the order stands.
    pub(crate) fn status(&self) -> OrderStatus {
        self.refunded_at.map_or(self.status, |_| OrderStatus::Refunded)
    }

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
            status: self.status().into(),
            cancel_reason: self.cancel_reason.map(Into::into),
            quantity: self.quantity,
            amount: self.amount,
            currency: self.currency.clone(),
            ticket: OrderedTicket {
                id: self.ticket_id,
                title: self.title.clone(),
                price: self.price,
                venue: self.venue.clone(),
                city: self.city.clone(),
                starts_at: self.starts_at,
                time_zone: self.time_zone.clone(),
                resale_of: self.resale_of,
            },
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
            status: self.status(),
            buyer_id: self.buyer_id,
            ticket_id: self.ticket_id,
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
