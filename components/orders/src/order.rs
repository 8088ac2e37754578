//! An order: in the database, in JSON, in events.

use boxoffice_contract::events::{Kind, OrderState};
use boxoffice_contract::mail::OrderFacts;
use boxoffice_contract::orders::{
    self as api, CancelReason, EventChange, OrderStatus, OrderedEvent, OrderedTicket,
};
use boxoffice_contract::{OrderId, PaymentId, TicketId, UserId};
use boxoffice_kernel::db::{self, Query, Read, Record, Row};
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
        /// When its buyer asked for a letter before the hold ends.
        reminder_at: Option<Timestamp> = unset,
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
            reminder_at: None,
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
                revision: None,
            },
            changed: None,
            expires_at: self.expires_at,
            created_at: self.created_at,
            version: self.version,
            seller_id: self.seller_id,
            restocked: self.restocked,
            reminder: self.reminder_at.is_some(),
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

/// How long buyers may ask for their money back after an event has changed, in seconds.
const CHANGE_OF_MIND_SECONDS: i64 = 14 * 24 * 60 * 60;

row! {
    /// The event of an order as its seller describes it now. Of a fan's ticket, it is the organizer's.
    #[derive(Clone, Debug, Default)]
    struct EventNow {
        now_version: Option<i64>,
        now_title: Option<String>,
        now_venue: Option<String>,
        now_city: Option<String>,
        now_starts_at: Option<Timestamp>,
        now_time_zone: Option<String>,
        now_changed_at: Option<Timestamp>,
    }
}

/// Selects orders, each with its event as it is now.
const SHOWN: &str = "LEFT JOIN (SELECT ticket_id AS now_id, version AS now_version, title AS now_title, \
    venue AS now_venue, city AS now_city, starts_at AS now_starts_at, time_zone AS now_time_zone, \
    changed_at AS now_changed_at FROM orders_listings) AS event \
    ON now_id = COALESCE(resale_of, ticket_id)";

/// An order as its buyer sees it: what was bought, and what its seller has made of the event since.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) order: Order,
    event: EventNow,
}

impl Row for Shown {
    fn read(record: &Record) -> db::Result<Self> {
        Ok(Self { order: Order::read(record)?, event: EventNow::read(record)? })
    }
}

impl Shown {
    /// Finds the order `id`.
    pub(crate) fn find(id: OrderId) -> Query {
        const EVENT: &str = EventNow::COLUMNS;
        query!("SELECT {COLUMNS}, {EVENT} FROM orders_orders {SHOWN} WHERE id = ?1", id)
    }

    /// Finds the newest `most` orders of `buyer`, of those that are older than `last` if it is given.
    pub(crate) fn of_buyer(buyer: UserId, last: Option<OrderId>, most: i64) -> Query {
        const EVENT: &str = EventNow::COLUMNS;
        let after = last.map_or("", |_| "AND id < ?3");
        // Ids are UUIDv7: they sort by time.
        query!(
            "SELECT {COLUMNS}, {EVENT} FROM orders_orders {SHOWN} \
             WHERE buyer_id = ?1 {after} ORDER BY id DESC LIMIT ?2",
            buyer,
            most
        )
        .bind_all(last)
    }

    /// Returns the version of what is shown, for an entity tag: that of the order, and of its listing if
    /// that has changed.
    pub(crate) fn tag(&self) -> String {
        let version = self.order.version;
        self.revision().map_or(version.to_string(), |revision| format!("{version}.{revision}"))
    }

    /// Returns the version of the listing if its seller has changed it: a new one is at version 1.
    fn revision(&self) -> Option<i64> {
        self.event.now_version.filter(|version| *version > 1)
    }

    /// What the API answers of the order.
    pub(crate) fn body(&self) -> api::Order {
        let mut body = self.order.body();
        let EventNow { now_title, now_venue, now_city, now_starts_at, now_time_zone, .. } =
            self.event.clone();
        let Some(title) = now_title else { return body };
        body.changed = self.was().map(|was| EventChange {
            at: self.event.now_changed_at,
            was,
            refundable_until: self.refundable_until(),
        });
        body.ticket = OrderedTicket {
            title,
            venue: now_venue,
            city: now_city,
            starts_at: now_starts_at,
            time_zone: now_time_zone,
            revision: self.revision(),
            ..body.ticket
        };
        body
    }

    /// What a letter says of the order.
    pub(crate) fn facts(&self) -> OrderFacts {
        let api::Order { id, status, quantity, amount, currency, ticket, seller_id, .. } =
            self.body();
        let refunded = if status == OrderStatus::Refunded { amount } else { 0 };
        OrderFacts {
            id,
            ticket_id: ticket.id,
            status,
            buyer_id: self.order.buyer_id,
            seller_id,
            quantity,
            amount,
            refunded,
            currency,
            title: ticket.title,
            venue: ticket.venue,
            city: ticket.city,
            starts_at: ticket.starts_at,
            time_zone: ticket.time_zone,
            revision: ticket.revision,
            expires_at: Some(self.order.expires_at),
        }
    }

    /// Returns the event as it was, if its seller has changed its title, place or time since.
    fn was(&self) -> Option<OrderedEvent> {
        let (was, now) = (&self.order, &self.event);
        let is_same = was.title == *now.now_title.as_ref()?
            && (&was.venue, &was.city) == (&now.now_venue, &now.now_city)
            && was.starts_at == now.now_starts_at;
        let Order { title, venue, city, starts_at, time_zone, .. } = was.clone();
        (!is_same).then_some(OrderedEvent { title, venue, city, starts_at, time_zone })
    }

    /// Until when the buyer may ask for the money back: for two weeks after the change, and before the
    /// event begins. A fan's sale ends with the first sale only.
    fn refundable_until(&self) -> Option<Timestamp> {
        let is_sale = self.order.status() == OrderStatus::Complete;
        let changed_at = self.event.now_changed_at.filter(|_| is_sale)?;
        let until = changed_at.plus_seconds(CHANGE_OF_MIND_SECONDS);
        let until = self.event.now_starts_at.map_or(until, |start| start.min(until));
        self.order.resale_of.is_none().then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TITLE: &str = "Kites";
    const DAY: i64 = 24 * 60 * 60;

    fn at(days: i64) -> Timestamp {
        Timestamp::from_millis(0).plus_seconds(days * DAY)
    }

    /// An order of the event, and what is known of it now.
    fn shown(event: EventNow) -> Shown {
        let listing = Listing {
            ticket_id: TicketId::new(),
            seller_id: UserId::new(),
            title: TITLE.to_owned(),
            price: 100,
            currency: "EUR".to_owned(),
            quantity: 1,
            withdrawn: false,
            venue: None,
            city: Some("Basel".to_owned()),
            starts_at: Some(at(60)),
            time_zone: None,
            max_per_buyer: 10,
            resale_of: None,
            held: 0,
            sold: 0,
            frozen_until: 0,
            version: 1,
        };
        let order = Order::new(listing, UserId::new(), 1, 100, at(0), at(1));
        Shown { order: Order { status: OrderStatus::Complete, ..order }, event }
    }

    fn unchanged() -> EventNow {
        EventNow {
            now_version: Some(1),
            now_title: Some(TITLE.to_owned()),
            now_city: Some("Basel".to_owned()),
            now_starts_at: Some(at(60)),
            now_changed_at: Some(at(0)),
            ..EventNow::default()
        }
    }

    #[test]
    fn an_order_shows_its_event_as_it_is_and_as_it_was() {
        let same = shown(unchanged());
        assert_eq!((same.body(), same.tag().as_str()), (same.order.body(), "1"));
        let unknown = shown(EventNow::default());
        assert_eq!(unknown.body(), unknown.order.body());
        let text = |text: &str| Some(text.to_owned());
        for event in [
            EventNow { now_title: text("Gulls"), ..unchanged() },
            EventNow { now_venue: text("Mill"), ..unchanged() },
            EventNow { now_city: None, ..unchanged() },
            EventNow { now_starts_at: Some(at(61)), ..unchanged() },
        ] {
            let event = EventNow { now_version: Some(7), now_changed_at: Some(at(3)), ..event };
            let shown = shown(event.clone());
            let body = shown.body();
            assert_eq!(shown.tag(), "1.7");
            assert_eq!(Some(&body.ticket.title), event.now_title.as_ref());
            assert_eq!(body.ticket.starts_at, event.now_starts_at);
            assert_eq!((body.ticket.price, body.ticket.revision), (100, Some(7)));
            let changed = body.changed.unwrap_or_else(|| panic!("{event:?}"));
            assert_eq!((changed.at, changed.was.title.as_str()), (Some(at(3)), TITLE));
            assert_eq!(changed.refundable_until, Some(at(17)));
        }
    }

    #[test]
    fn money_goes_back_before_the_event_and_not_for_ever() {
        let moved = |to: Option<Timestamp>, changed: Option<Timestamp>| {
            shown(EventNow { now_starts_at: to, now_changed_at: changed, ..unchanged() })
        };
        for (to, changed, until) in [
            (Some(at(61)), Some(at(3)), Some(at(17))),
            (Some(at(10)), Some(at(3)), Some(at(10))),
            (None, Some(at(3)), Some(at(17))),
            (Some(at(61)), None, None),
        ] {
            assert_eq!(moved(to, changed).refundable_until(), until, "{to:?} {changed:?}");
        }
        let moved = moved(Some(at(61)), Some(at(3)));
        for order in [
            Order { status: OrderStatus::Created, ..moved.order.clone() },
            Order { refunded_at: Some(at(4)), ..moved.order.clone() },
            Order { resale_of: Some(TicketId::new()), ..moved.order.clone() },
        ] {
            let shown = Shown { order, ..moved.clone() };
            assert!(shown.body().changed.is_some_and(|changed| changed.refundable_until.is_none()));
        }
    }
}
