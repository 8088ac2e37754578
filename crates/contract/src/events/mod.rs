//! The events: CloudEvents 1.0 in JSON, each with its aggregate's whole state.
//!
//! To add one: a line of the table below, a section of `docs/events.md`, a trigger in `spin.toml`
//! for each group's worker, and that worker's scaling in `deploy/`. Tests compare all of them.

mod event;
mod state;

use serde::{Deserialize, Serialize};

pub use event::{Event, Kind};
pub use state::{
    AdmissionState, Expiration, LetterAsked, OrderState, Payload, PaymentState, TicketState,
    TransferState, UserDeleted, UserState,
};

/// Declares the events from a table: variant, payload, name, source, and the groups that read it.
macro_rules! events {
    ($(
        $(#[$doc:meta])*
        $variant:ident($payload:ty): $name:literal from $source:literal to [$($group:literal),*];
    )+) => {
        /// The type of an event: also the name of its stream and of its doorbell's channel.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum EventType {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)+
        }

        impl EventType {
            /// Every type there is.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The name in `type`, of the stream and of the channel.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// The services whose groups must have had an event of this type before it may be trimmed.
            #[must_use]
            pub const fn groups(self) -> &'static [&'static str] {
                match self {
                    $(Self::$variant => &[$($group),*],)+
                }
            }

            /// The service that alone emits events of this type, and trims their stream.
            #[must_use]
            pub const fn source(self) -> &'static str {
                match self {
                    $(Self::$variant => $source,)+
                }
            }
        }

        /// Each type of event with its payload: what [`Event::new`] takes.
        #[allow(non_upper_case_globals, reason = "each has the name of its type of event")]
        pub mod kind {
            use super::*;

            $($(#[$doc])* pub const $variant: Kind<$payload> = Kind::new(EventType::$variant);)+
        }

        /// Reads an event's payload and writes it again.
        #[cfg(test)]
        fn reread(event: &Event) -> serde_json::Result<serde_json::Value> {
            match event.event_type {
                $(EventType::$variant => serde_json::to_value(event.data::<$payload>()?),)+
            }
        }
    };
}

events! {
    /// A listing was made.
    TicketCreated(TicketState): "ticket:created" from "tickets" to ["orders", "admissions"];
    /// A listing was edited or withdrawn by its seller.
    TicketUpdated(TicketState): "ticket:updated" from "tickets" to ["orders", "admissions", "mail"];
    /// Tickets are held for a buyer.
    OrderCreated(OrderState): "order:created" from "orders" to ["tickets", "expiration"];
    /// A hold lasts longer: its buyer's bank had questions.
    OrderExtended(OrderState): "order:extended" from "orders" to ["expiration"];
    /// A hold ended without a sale.
    OrderCancelled(OrderState): "order:cancelled" from "orders" to ["tickets", "payments", "expiration"];
    /// An order is paid for; its tickets are the buyer's.
    OrderCompleted(OrderState): "order:completed" from "orders" to ["tickets", "payments", "expiration", "admissions", "mail"];
    /// A sale was undone: its buyer has the money back.
    OrderRefunded(OrderState): "order:refunded" from "orders" to ["tickets", "admissions", "mail"];
    /// A buyer is to have a letter before their hold ends.
    ReminderAsked(OrderState): "reminder:asked" from "orders" to ["mail"];
    /// Money was authorized.
    PaymentCreated(PaymentState): "payment:created" from "payments" to ["orders"];
    /// An order's payments were declined once too often: it will not be paid.
    PaymentDeclined(PaymentState): "payment:declined" from "payments" to ["orders"];
    /// Authorized money was taken.
    PaymentCaptured(PaymentState): "payment:captured" from "payments" to [];
    /// An authorization was given up.
    PaymentVoided(PaymentState): "payment:voided" from "payments" to [];
    /// Taken money was given back.
    PaymentRefunded(PaymentState): "payment:refunded" from "payments" to ["orders"];
    /// A hold's time is up.
    ExpirationComplete(Expiration): "expiration:complete" from "expiration" to ["orders"];
    /// Somebody who bought a ticket may enter with it.
    AdmissionIssued(AdmissionState): "admission:issued" from "admissions" to [];
    /// An admission is somebody else's now; its old code is void.
    AdmissionTransferred(AdmissionState): "admission:transferred" from "admissions" to [];
    /// Somebody has entered.
    AdmissionUsed(AdmissionState): "admission:used" from "admissions" to [];
    /// Its holder offers an admission for sale.
    AdmissionOffered(AdmissionState): "admission:offered" from "admissions" to ["tickets"];
    /// An admission is valid again: a door took back an entry, or its holder an offer.
    AdmissionRestored(AdmissionState): "admission:restored" from "admissions" to [];
    /// An admission lets nobody in any more: its order was refunded, or its holder has sold it on.
    AdmissionVoided(AdmissionState): "admission:voided" from "admissions" to ["tickets", "payments"];
    /// Its holder hands an admission on: a link waits for its receiver.
    TransferCreated(TransferState): "transfer:created" from "admissions" to ["mail"];
    /// An account's owner is to have a letter.
    LetterAsked(LetterAsked): "letter:asked" from "auth" to ["mail"];
    /// An account was suspended: its holds end, and its listings go off sale.
    UserSuspended(UserState): "user:suspended" from "auth" to ["orders", "tickets"];
    /// A suspended account may be used again.
    UserRestored(UserState): "user:restored" from "auth" to ["tickets"];
    /// An account is deleted: each service forgets the person.
    UserDeleted(UserDeleted): "user:deleted" from "auth" to ["tickets", "orders", "payments", "admissions", "mail"];
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    /// What people read about the contract.
    const PAGE: &str = include_str!("../../../../docs/events.md");

    /// The section of `event_type` in [`PAGE`].
    fn section(event_type: EventType) -> &'static str {
        let heading = format!("\n### `{}`\n", event_type.name());
        let (_, rest) =
            PAGE.split_once(&heading).unwrap_or_else(|| panic!("docs/events.md lacks{heading}"));
        rest.find("\n#").map_or(rest, |end| &rest[..end])
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
            assert_eq!(json["source"], format!("/boxoffice/{}", event_type.source()));
            assert_eq!(reread(&event).unwrap(), json["data"], "{name} has no other data");
            let id = if json["data"]["id"].is_null() { "orderId" } else { "id" };
            assert_eq!(json["data"][id], json["subject"], "{name} is about its subject");
        }
    }

    #[test]
    fn names_and_serde_agree() {
        for event_type in EventType::ALL {
            assert_eq!(serde_json::to_value(event_type).unwrap(), event_type.name());
        }
    }
}
