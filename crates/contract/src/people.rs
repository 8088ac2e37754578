//! What the shop knows of a person: its export, and its end.
//!
//! `auth` asks the other services by sibling calls. Only services can make one.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{ExportId, Timestamp, UserId};

/// A service that knows of people, and the path where it answers [`AskPerson`] with a [`PersonPage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Knower {
    /// The service's name.
    pub service: &'static str,
    /// The path.
    pub path: &'static str,
}

/// The services that `auth` asks for an export, in this order. Stored exports count by it: append only.
pub const KNOWERS: [Knower; 5] = [
    Knower { service: "tickets", path: "/api/tickets/person" },
    Knower { service: "orders", path: "/api/orders/person" },
    Knower { service: "payments", path: "/api/payments/person" },
    Knower { service: "admissions", path: "/api/admissions/person" },
    Knower { service: "mail", path: "/api/mail/person" },
];

/// The path at `orders` that answers [`AskStanding`] with a [`Standing`].
pub const ORDERS_STANDING: &str = "/api/orders/standing";
/// The path at `payments` that answers the same.
pub const PAYMENTS_STANDING: &str = "/api/payments/standing";
/// The path at `admissions` that answers the same.
pub const ADMISSIONS_STANDING: &str = "/api/admissions/standing";

/// The most records of one page of a person's data.
pub const RECORDS_PER_PAGE: usize = 500;
/// The version of the file's shape, as `docs/privacy.md` describes it.
pub const EXPORT_FORMAT: i64 = 1;

/// The problem's code if an account cannot be deleted yet (409).
pub const ACCOUNT_IN_USE: &str = "account_in_use";
/// The problem's code if the account holds tickets for events to come, and that was not accepted (409).
pub const TICKETS_TO_COME: &str = "tickets_to_come";
/// The problem's code if the export is not made yet, or was given up (409).
pub const EXPORT_NOT_READY: &str = "export_not_ready";
/// The problem's code if the last export is less than a day old (429).
pub const TOO_MANY_EXPORTS: &str = "too_many_exports";

/// Asks a service for what it knows of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AskPerson {
    /// The account.
    pub user_id: UserId,
    /// The `next` of the page before; left out for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// A page of what a service knows of an account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PersonPage {
    /// The records, each with its `kind`.
    pub records: Vec<serde_json::Map<String, serde_json::Value>>,
    /// What the next page comes after; left out on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Asks a service what an account would leave behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AskStanding {
    /// The account.
    pub user_id: UserId,
}

names! {
    /// Why an account cannot be deleted yet.
    pub enum ObstacleKind {
        /// A listing of theirs has buyers who wait for the event, or somebody at the checkout.
        ListingSold = "listing_sold",
        /// They are at the checkout.
        OrderPaying = "order_paying",
        /// Money is on its way: an authorization, or a refund.
        PaymentPending = "payment_pending",
        /// A payment is disputed, or waits for an operator.
        PaymentDisputed = "payment_disputed",
    }
}

/// Something that must end before an account can be deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Obstacle {
    /// What it is.
    pub kind: ObstacleKind,
    /// The listing, or the order.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub id: Uuid,
    /// Its title; left out if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// A ticket that nobody could reach any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Loss {
    /// The admission.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub id: Uuid,
    /// The event's title.
    pub title: String,
}

/// What an account would leave behind: at most 20 of each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Standing {
    /// What must end before.
    pub obstacles: Vec<Obstacle>,
    /// Tickets for events to come, which would be lost.
    pub tickets: Vec<Loss>,
}

// Without `Debug`: a log must not have the password.
/// The end of an account.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Deletion {
    /// The account's password, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = "password", min_length = 8, max_length = 128))]
    pub password: Option<String>,
    /// Whether the owner accepts that their tickets for events to come are lost.
    pub lose_tickets: bool,
}

names! {
    /// How far an export is.
    pub enum ExportStatus {
        /// The services are being asked.
        Making = "making",
        /// The file can be downloaded.
        Ready = "ready",
        /// A service did not answer for too long: it was given up.
        Failed = "failed",
    }
}

/// A file with everything that the shop knows of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Export {
    /// The export's id.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub id: ExportId,
    /// How far it is.
    pub status: ExportStatus,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it is removed.
    pub expires_at: Timestamp,
}

/// Everything that the shop knows of an account, as `docs/privacy.md` describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PersonFile {
    /// The version of the file's shape.
    pub version: i64,
    /// The export's id.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub id: ExportId,
    /// The account.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub account_id: UserId,
    /// When the file was asked for.
    pub made_at: Timestamp,
    /// What each service knows; of much, it has several.
    pub parts: Vec<PersonPart>,
}

/// A part of what one service knows of an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonPart {
    /// The service.
    pub service: String,
    /// The records, each with its `kind`.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub records: Vec<serde_json::Map<String, serde_json::Value>>,
}

/// The newest export of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewestExport {
    /// The export; `null` if there is none.
    pub export: Option<Export>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn each_service_answers_under_its_own_path() {
        for Knower { service, path } in KNOWERS {
            assert_eq!(path, format!("/api/{service}/person"));
        }
    }

    #[test]
    fn what_an_older_service_does_not_say_is_left_out() {
        assert_eq!(serde_json::from_str::<Standing>("{}").unwrap(), Standing::default());
        let last: PersonPage = serde_json::from_str(r#"{"records":[]}"#).unwrap();
        assert_eq!(last, PersonPage::default());
        let ask = AskPerson { user_id: UserId::nil(), after: None };
        let json = serde_json::to_value(&ask).unwrap();
        assert_eq!(json, serde_json::json!({ "userId": UserId::nil() }));
    }
}
