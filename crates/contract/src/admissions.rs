//! `admissions`: each person's right to enter an event, as its holder sees it.

use serde::{Deserialize, Serialize};

use crate::{AdmissionId, OrderId, TicketId, Timestamp, UserId, Word};

names! {
    /// The status of an admission.
    pub enum AdmissionStatus {
        /// Its code lets one person in.
        Valid = "valid",
        /// Somebody has entered with it.
        Used = "used",
        /// Its holder offers it for sale: it lets nobody in until it is sold or taken off sale.
        Offered = "offered",
        /// It lets nobody in: its order was refunded, or its holder has sold it on.
        Void = "void",
    }
}

names! {
    /// A wallet on a phone that tickets go into.
    pub enum Wallet {
        /// Apple Wallet: the file of the ticket that ends in `.pkpass`.
        Apple = "apple",
        /// Google Wallet: the address of the ticket that ends in `.google`.
        Google = "google",
    }
}

/// The event that an admission is for, as its organizer describes it now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AdmittedEvent {
    /// The listing's title.
    pub title: String,
    /// The venue's name.
    pub venue: Option<String>,
    /// The venue's city.
    pub city: Option<String>,
    /// When the event begins.
    pub starts_at: Option<Timestamp>,
    /// IANA name of the venue's time zone.
    pub time_zone: Option<String>,
    /// Grows when the organizer changes the listing; left out until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
}

/// A transfer that nobody has accepted yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Transfer {
    /// The address of the account that may accept it.
    pub email: String,
    /// When it can no longer be accepted.
    pub expires_at: Timestamp,
    /// The address of the page where it is accepted. The holder sends it to the receiver.
    pub link: String,
}

/// The offer by which a holder sells an admission on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// The listing of the offer: buyers hold and pay for it as for any other.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub ticket_id: TicketId,
    /// What it costs, in the currency's minor unit.
    pub price: i64,
    /// ISO 4217 code.
    pub currency: String,
}

/// A transfer, as its link shows it to the receiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TransferOffer {
    /// What the ticket is for.
    pub event: AdmittedEvent,
    /// The address of the account that may accept it.
    pub email: String,
    /// When it can no longer be accepted.
    pub expires_at: Timestamp,
}

/// An admission: one person's right to enter one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Admission {
    /// The admission's id.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub id: AdmissionId,
    /// The order that it was bought with.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub order_id: OrderId,
    /// The listing, which is the event.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub ticket_id: TicketId,
    /// Its status.
    #[cfg_attr(feature = "openapi", schema(value_type = AdmissionStatus))]
    pub status: Word<AdmissionStatus>,
    /// Which of the order's admissions it is, from 1.
    pub number: i64,
    /// How many admissions the order has.
    pub of: i64,
    /// Who may enter with it.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub holder_id: UserId,
    /// Grows when it changes hands; a code of an older generation lets nobody in.
    pub generation: i64,
    /// The name of the guest, as its holder gave it; left out until then, and if the organizer does
    /// not ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether its holder has to give the guest's name, before which there is no code.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_name: bool,
    /// The text of its code, for a QR code; left out if it lets nobody in, needs a name, or turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What its codes are made of, if they turn. `GET /api/admissions/{id}` alone answers with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turning: Option<Turning>,
    /// The wallets that this shop makes passes for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Wallet>))]
    pub wallets: Vec<Word<Wallet>>,
    /// What it is for.
    pub event: AdmittedEvent,
    /// When somebody entered with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Timestamp>,
    /// The transfer that waits to be accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<Transfer>,
    /// The offer by which its holder sells it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<Offer>,
    /// The highest price that it may be offered at, in the minor unit of `currency`; left out if it
    /// may not be offered now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_price: Option<i64>,
    /// ISO 4217 code of the currency that it was sold in.
    pub currency: String,
    /// How often it may still be handed on; any number of times if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfers_left: Option<i64>,
    /// When it was issued.
    pub created_at: Timestamp,
    /// Grows with every change.
    pub version: i64,
}

/// What a holder's device makes the codes of that turn: one for each 30 seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Turning {
    /// The part of each code that is the same all the time, in base64url.
    pub token: String,
    /// What the part is made of that turns, in base64url. Who has both can make each code.
    pub seed: String,
    /// From when on there is a code.
    pub opens_at: Timestamp,
    /// When the last code ends. The holder then asks again, and gets others.
    pub closes_at: Timestamp,
}

/// Whom to transfer an admission to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct NewTransfer {
    /// The address of the receiver's account, which may be made later.
    pub email: String,
}

/// Who comes with an admission.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct NewName {
    /// The guest's name, 1 to 80 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 80))]
    pub name: String,
}

/// A receiver's word for a transfer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Acceptance {
    /// The `token` in the transfer's link.
    pub token: String,
}

/// The price of an offer to make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct NewOffer {
    /// What the ticket is to cost, in the minor unit of the currency that it was sold in.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 99999999))]
    pub price: i64,
}
