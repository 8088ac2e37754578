//! The contract of the events: CloudEvents 1.0 in JSON, each with its aggregate's whole state.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Timestamp, Trace};

/// The type of an event: also the name of its stream and of its doorbell's channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventType {
    /// A listing was made.
    #[serde(rename = "ticket:created")]
    TicketCreated,
    /// A listing was edited or withdrawn by its seller.
    #[serde(rename = "ticket:updated")]
    TicketUpdated,
    /// Tickets are held for a buyer.
    #[serde(rename = "order:created")]
    OrderCreated,
    /// A hold lasts longer: its buyer's bank had questions.
    #[serde(rename = "order:extended")]
    OrderExtended,
    /// A hold ended without a sale.
    #[serde(rename = "order:cancelled")]
    OrderCancelled,
    /// An order is paid for; its tickets are the buyer's.
    #[serde(rename = "order:completed")]
    OrderCompleted,
    /// A sale was undone: its buyer has the money back.
    #[serde(rename = "order:refunded")]
    OrderRefunded,
    /// Money was authorized.
    #[serde(rename = "payment:created")]
    PaymentCreated,
    /// An order's payments were declined once too often: it will not be paid.
    #[serde(rename = "payment:declined")]
    PaymentDeclined,
    /// Authorized money was taken.
    #[serde(rename = "payment:captured")]
    PaymentCaptured,
    /// An authorization was given up.
    #[serde(rename = "payment:voided")]
    PaymentVoided,
    /// Taken money was given back.
    #[serde(rename = "payment:refunded")]
    PaymentRefunded,
    /// A hold's time is up.
    #[serde(rename = "expiration:complete")]
    ExpirationComplete,
}

impl EventType {
    /// Every type there is.
    pub const ALL: [Self; 13] = [
        Self::TicketCreated,
        Self::TicketUpdated,
        Self::OrderCreated,
        Self::OrderExtended,
        Self::OrderCancelled,
        Self::OrderCompleted,
        Self::OrderRefunded,
        Self::PaymentCreated,
        Self::PaymentDeclined,
        Self::PaymentCaptured,
        Self::PaymentVoided,
        Self::PaymentRefunded,
        Self::ExpirationComplete,
    ];

    /// The name in `type`, of the stream and of the channel.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TicketCreated => "ticket:created",
            Self::TicketUpdated => "ticket:updated",
            Self::OrderCreated => "order:created",
            Self::OrderExtended => "order:extended",
            Self::OrderCancelled => "order:cancelled",
            Self::OrderCompleted => "order:completed",
            Self::OrderRefunded => "order:refunded",
            Self::PaymentCreated => "payment:created",
            Self::PaymentDeclined => "payment:declined",
            Self::PaymentCaptured => "payment:captured",
            Self::PaymentVoided => "payment:voided",
            Self::PaymentRefunded => "payment:refunded",
            Self::ExpirationComplete => "expiration:complete",
        }
    }

    /// The services whose groups must have had an event of this type before it may be trimmed.
    #[must_use]
    pub const fn groups(self) -> &'static [&'static str] {
        match self {
            Self::TicketCreated | Self::TicketUpdated => &["orders"],
            Self::OrderCreated => &["tickets", "expiration"],
            Self::OrderExtended => &["expiration"],
            Self::OrderCancelled | Self::OrderCompleted => &["tickets", "payments", "expiration"],
            Self::OrderRefunded => &["tickets"],
            Self::PaymentCreated
            | Self::PaymentDeclined
            | Self::PaymentRefunded
            | Self::ExpirationComplete => &["orders"],
            Self::PaymentCaptured | Self::PaymentVoided => &[],
        }
    }

    /// The service that alone emits events of this type, and trims their stream.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::TicketCreated | Self::TicketUpdated => "tickets",
            Self::OrderCreated
            | Self::OrderExtended
            | Self::OrderCancelled
            | Self::OrderCompleted
            | Self::OrderRefunded => "orders",
            Self::PaymentCreated
            | Self::PaymentDeclined
            | Self::PaymentCaptured
            | Self::PaymentVoided
            | Self::PaymentRefunded => "payments",
            Self::ExpirationComplete => "expiration",
        }
    }
}

/// An event as it travels: CloudEvents 1.0, JSON format.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    specversion: String,
    /// Unique to this event; a repeat carries the same.
    pub id: Uuid,
    source: String,
    /// What happened.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// The aggregate's id.
    pub subject: Uuid,
    /// When it happened.
    pub time: Timestamp,
    datacontenttype: String,
    // Attributes that older versions do not know are ignored by them, as CloudEvents has it.
    #[serde(default, skip_serializing_if = "Trace::is_none")]
    traceparent: Trace,
    data: serde_json::Value,
}

impl Event {
    /// The event that `subject` now is as `data` says.
    ///
    /// # Errors
    /// When `data` cannot be written as JSON.
    pub fn new(
        event_type: EventType,
        subject: Uuid,
        data: &impl Serialize,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            specversion: "1.0".to_owned(),
            id: Uuid::now_v7(),
            source: format!("/boxoffice/{}", event_type.source()),
            event_type,
            subject,
            time: Timestamp::now(),
            datacontenttype: "application/json".to_owned(),
            traceparent: Trace::NONE,
            data: serde_json::to_value(data)?,
        })
    }

    /// The event, caused by what `trace` is of.
    #[must_use]
    pub(crate) fn caused_by(self, trace: Trace) -> Self {
        Self { traceparent: trace, ..self }
    }

    /// The trace that has caused the event, for whatever follows from it.
    #[must_use]
    pub const fn trace(&self) -> Trace {
        self.traceparent
    }

    /// The data, read as the type that belongs to [`Event::event_type`].
    ///
    /// # Errors
    /// When the sender broke the contract.
    pub fn data<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        Ok(T::deserialize(&self.data)?)
    }
}

/// A listing's state, as its seller last wrote it: `ticket:created`, `ticket:updated`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TicketState {
    /// The listing.
    pub id: Uuid,
    /// Grows with every change; the newer version wins.
    pub version: i64,
    /// Whose listing it is.
    pub seller_id: Uuid,
    /// What is for sale.
    pub title: String,
    /// Price of one, in minor units.
    pub price: i64,
    /// ISO 4217.
    pub currency: String,
    /// How many the listing has in all, sold ones included.
    pub quantity: i64,
    /// Taken off sale for good by its seller.
    pub withdrawn: bool,
    /// Where it takes place.
    pub venue: Option<String>,
    /// In which city.
    pub city: Option<String>,
    /// When it begins.
    pub starts_at: Option<Timestamp>,
    /// IANA name of the venue's time zone.
    pub time_zone: Option<String>,
}

/// The status of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Status)]
pub enum TicketStatus {
    /// Tickets are available.
    Open,
    /// The last tickets are in someone's checkout.
    Held,
    /// All tickets are sold.
    Sold,
    /// Its seller has taken it off sale.
    Withdrawn,
}

impl TicketStatus {
    /// Its name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Held => "held",
            Self::Sold => "sold",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// The status of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub enum OrderStatus {
    /// The tickets are held; nobody has paid yet.
    #[serde(rename = "created")]
    Created,
    /// The tickets are held; a payment has begun.
    #[serde(rename = "awaiting:payment")]
    AwaitingPayment,
    /// Paid for: the tickets are the buyer's.
    #[serde(rename = "complete")]
    Complete,
    /// The hold ended without a sale.
    #[serde(rename = "cancelled")]
    Cancelled,
    /// The buyer got the money back and no longer owns the tickets.
    #[serde(rename = "refunded")]
    Refunded,
}

impl OrderStatus {
    /// The name in JSON and in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::AwaitingPayment => "awaiting:payment",
            Self::Complete => "complete",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
        }
    }
}

impl From<OrderStatus> for crate::db::Value {
    fn from(status: OrderStatus) -> Self {
        status.name().into()
    }
}

impl crate::db::FromValue for OrderStatus {
    fn from_value(value: &crate::db::Value) -> Result<Self, String> {
        let name = String::from_value(value)?;
        [Self::Created, Self::AwaitingPayment, Self::Complete, Self::Cancelled, Self::Refunded]
            .into_iter()
            .find(|status| status.name() == name)
            .ok_or_else(|| format!("{name:?} is not a status of an order"))
    }
}

/// An order's state: all `order:…` events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderState {
    /// The order.
    pub id: Uuid,
    /// Grows with every change; the newer version wins.
    pub version: i64,
    /// Where it stands.
    pub status: OrderStatus,
    /// Who holds or bought.
    pub buyer_id: Uuid,
    /// The listing.
    pub ticket_id: Uuid,
    /// How many tickets.
    pub quantity: i64,
    /// What they cost together, in minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// When the hold ends.
    pub expires_at: Timestamp,
    /// The payment that completed it.
    pub payment_id: Option<Uuid>,
    /// Refunded, and its tickets are for sale again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restocked: bool,
}

/// A payment's state: all `payment:…` events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentState {
    /// The payment.
    pub id: Uuid,
    /// Grows with every change; the newer version wins.
    pub version: i64,
    /// The order that it pays for.
    pub order_id: Uuid,
    /// In minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Refunded by its seller, who wants the tickets to be for sale again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restock: bool,
}

/// What `expiration:complete` says: this order's time is up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Expiration {
    /// The order.
    pub order_id: Uuid,
    /// When its hold ended.
    pub expires_at: Timestamp,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn an_event_travels_as_cloudevents() {
        let order_id = Uuid::now_v7();
        let data = Expiration { order_id, expires_at: Timestamp::from_millis(1_000) };
        let event = Event::new(EventType::ExpirationComplete, order_id, &data).unwrap();
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(json["specversion"], "1.0");
        assert_eq!(json["type"], "expiration:complete");
        assert_eq!(json["source"], "/boxoffice/expiration");
        assert_eq!(json["subject"], order_id.to_string());
        assert_eq!(json["data"]["expiresAt"], "1970-01-01T00:00:01Z");
        let back: Event = serde_json::from_value(json).unwrap();
        assert_eq!(back.data::<Expiration>().unwrap(), data);
        back.data::<OrderState>().unwrap_err();
    }

    #[test]
    fn an_event_carries_the_trace_that_caused_it_if_there_is_one() {
        const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let (order_id, expires_at) = (Uuid::now_v7(), Timestamp::from_millis(1_000));
        let data = Expiration { order_id, expires_at };
        let event = Event::new(EventType::ExpirationComplete, order_id, &data).unwrap();
        let mut json = serde_json::to_value(&event).unwrap();
        assert!(!json.as_object().unwrap().contains_key("traceparent"), "{json}");
        // As older versions wrote them.
        let old: Event = serde_json::from_value(json.clone()).unwrap();
        assert!(old.trace().is_none());

        let event = event.caused_by(Trace::parse(TRACEPARENT));
        json["traceparent"] = TRACEPARENT.into();
        assert_eq!(serde_json::to_value(&event).unwrap(), json);
        let back: Event = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(back.trace(), Trace::parse(TRACEPARENT));

        // What others wrote there is no reason not to apply the event.
        for wrong in [serde_json::Value::Null, 7.into(), "nonsense".into()] {
            json["traceparent"] = wrong;
            let back: Event = serde_json::from_value(json.clone()).unwrap();
            assert!(back.trace().is_none());
            assert_eq!(back.data::<Expiration>().unwrap(), data);
        }
    }

    #[test]
    fn attributes_that_this_version_does_not_know_are_ignored() {
        let json = r#"{
            "specversion": "1.0", "id": "01980f3c-0000-7000-8000-000000000001",
            "source": "/boxoffice/expiration", "type": "expiration:complete",
            "subject": "01980f3c-0000-7000-8000-000000000002",
            "time": "2026-11-23T13:28:25.03Z", "datacontenttype": "application/json",
            "tracestate": "a=1", "newer": { "than": "this" }, "data": {}
        }"#;
        serde_json::from_str::<Event>(json).unwrap();
    }

    /// What people read about the contract.
    const PAGE: &str = include_str!("../../../../docs/events.md");

    /// The section of `event_type` in [`PAGE`].
    fn section(event_type: EventType) -> &'static str {
        let heading = format!("\n### `{}`\n", event_type.name());
        let (_, rest) =
            PAGE.split_once(&heading).unwrap_or_else(|| panic!("docs/events.md lacks{heading}"));
        rest.find("\n#").map_or(rest, |end| &rest[..end])
    }

    /// `data` as `T` understands it.
    fn understood<T: Serialize + DeserializeOwned>(event: &Event) -> serde_json::Value {
        serde_json::to_value(event.data::<T>().unwrap()).unwrap()
    }

    #[test]
    fn the_page_shows_each_event_as_it_is() {
        for event_type in EventType::ALL {
            let section = section(event_type);
            let name = event_type.name();
            let groups = match event_type.groups() {
                [] => "nobody".to_owned(),
                groups => {
                    groups.iter().map(|group| format!("`{group}`")).collect::<Vec<_>>().join(", ")
                }
            };
            let ways = format!("From `{}`, to {groups}. ", event_type.source());
            assert!(section.trim_start().starts_with(&ways), "{name} goes:\n{ways}\n{section}");

            let (_, example) = section.split_once("```json\n").expect(name);
            let (example, _) = example.split_once("```").expect(name);
            let json: serde_json::Value = serde_json::from_str(example).expect(name);
            let event: Event = serde_json::from_value(json.clone()).expect(name);
            assert_eq!(event.event_type, event_type);
            assert_eq!(serde_json::to_value(&event).unwrap(), json, "{name} has no other members");
            assert_eq!(event.source, format!("/boxoffice/{}", event_type.source()));
            let (data, id) = match event_type.source() {
                "tickets" => (understood::<TicketState>(&event), "id"),
                "orders" => (understood::<OrderState>(&event), "id"),
                "payments" => (understood::<PaymentState>(&event), "id"),
                "expiration" => (understood::<Expiration>(&event), "orderId"),
                other => panic!("{other} emits {name}: say here what its data is"),
            };
            assert_eq!(data, json["data"], "{name} has no other data");
            assert_eq!(data[id], json["subject"], "{name} is about its subject");
        }
    }

    #[test]
    fn names_and_serde_agree() {
        for event_type in EventType::ALL {
            assert_eq!(serde_json::to_value(event_type).unwrap(), event_type.name());
        }
    }
}
