//! Ids: a type for each kind, so that nobody hands over one in place of another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        ///
        /// In JSON, in tables and in paths it is a UUID.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Returns a new id. Ids are UUIDv7: they sort by the time when they were made.
            #[cfg(not(target_os = "unknown"))]
            #[must_use]
            #[expect(clippy::new_without_default, reason = "no two are equal, so none is a default")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// Returns the id that names nothing: what a body without the field reads as.
            #[must_use]
            pub const fn nil() -> Self {
                Self(Uuid::nil())
            }

            /// Tells whether this is [`Self::nil`].
            #[must_use]
            pub const fn is_nil(&self) -> bool {
                self.0.is_nil()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )+};
}

ids! {
    /// The id of an admission: one person's right to enter one event.
    AdmissionId;
    /// The id of a listing.
    TicketId;
    /// The id of an order.
    OrderId;
    /// The id of a passkey in an account.
    PasskeyId;
    /// The id of a payment.
    PaymentId;
    /// The id of an account: a buyer, a seller or an operator.
    UserId;
    /// The id of a scan at a door, which the door makes.
    ScanId;
    /// The id of a session: one sign-in of an account.
    SessionId;
    /// The id of a link for a door's staff.
    StaffId;
    /// The id of a transfer of an admission: one link for one receiver.
    TransferId;
    /// The id of a letter that `auth` asks for.
    LetterId;
    /// The id of a link from an account to a sign-in provider.
    IdentityId;
    /// The id of what an operator did with an account.
    OperationId;
    /// The id of a file with everything that the shop knows of an account.
    ExportId;
    /// The id of an event; a repeat of the event carries the same.
    EventId;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn an_id_is_written_as_its_uuid() {
        let text = "01980f3c-0000-7000-8000-000000000001";
        let id: OrderId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("{text:?}"));
        assert_eq!(serde_json::from_str::<OrderId>(&format!("{text:?}")).unwrap(), id);
        "nonsense".parse::<OrderId>().unwrap_err();
        assert!(OrderId::nil().is_nil() && !OrderId::new().is_nil());
    }

    #[test]
    fn ids_sort_by_the_time_when_they_were_made() {
        let ids: Vec<EventId> = (0..100).map(|_| EventId::new()).collect();
        assert!(ids.is_sorted());
    }
}
