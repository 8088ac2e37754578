//! An event as it travels: CloudEvents 1.0 in JSON.

use std::fmt;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{EventType, Payload};
use crate::{EventId, Timestamp, Trace};

/// A type of event together with the type of its payload, so that none is sent with another's.
pub struct Kind<P> {
    event_type: EventType,
    payload: PhantomData<fn(&P)>,
}

impl<P> Kind<P> {
    /// Only the table of events says which payload belongs to which type.
    pub(super) const fn new(event_type: EventType) -> Self {
        Self { event_type, payload: PhantomData }
    }

    /// Returns the type of event.
    #[must_use]
    pub const fn event_type(self) -> EventType {
        self.event_type
    }
}

impl<P> Clone for Kind<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Kind<P> {}

impl<P> PartialEq for Kind<P> {
    fn eq(&self, other: &Self) -> bool {
        self.event_type == other.event_type
    }
}

impl<P> Eq for Kind<P> {}

impl<P> fmt::Debug for Kind<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.event_type.fmt(f)
    }
}

/// An event as it travels: CloudEvents 1.0, JSON format.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    specversion: String,
    /// Unique to this event; a repeat carries the same.
    pub id: EventId,
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
    /// Returns a new event of this `kind`, which tells `payload`.
    ///
    /// # Errors
    /// When `payload` cannot be written as JSON.
    #[cfg(not(target_os = "unknown"))]
    pub fn new<P: Payload>(kind: Kind<P>, payload: &P) -> serde_json::Result<Self> {
        let event_type = kind.event_type();
        Ok(Self {
            specversion: "1.0".to_owned(),
            id: EventId::new(),
            source: format!("/boxoffice/{}", event_type.source()),
            event_type,
            subject: payload.subject(),
            time: Timestamp::now(),
            datacontenttype: "application/json".to_owned(),
            traceparent: Trace::NONE,
            data: serde_json::to_value(payload)?,
        })
    }

    /// The event, caused by what `trace` is of.
    #[must_use]
    pub fn caused_by(self, trace: Trace) -> Self {
        Self { traceparent: trace, ..self }
    }

    /// The trace that has caused the event, for whatever follows from it.
    #[must_use]
    pub const fn trace(&self) -> Trace {
        self.traceparent
    }

    /// Reads the data as the payload that belongs to [`Event::event_type`].
    ///
    /// # Errors
    /// When the sender broke the contract.
    pub fn data<P: Payload>(&self) -> serde_json::Result<P> {
        P::deserialize(&self.data)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::OrderId;
    use crate::events::{Expiration, OrderState, kind};

    #[test]
    fn an_event_travels_as_cloudevents() {
        let order_id = OrderId::new();
        let data = Expiration { order_id, expires_at: Timestamp::from_millis(1_000) };
        let event = Event::new(kind::ExpirationComplete, &data).unwrap();
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
        let (order_id, expires_at) = (OrderId::new(), Timestamp::from_millis(1_000));
        let data = Expiration { order_id, expires_at };
        let event = Event::new(kind::ExpirationComplete, &data).unwrap();
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
}
