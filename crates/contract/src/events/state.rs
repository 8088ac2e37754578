//! The payloads: each event tells its aggregate's whole state.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::admissions::{AdmissionStatus, Offer};
use crate::mail::AccountLetter;
use crate::orders::OrderStatus;
use crate::tickets::resale_cap;
use crate::{AdmissionId, LetterId, OrderId, PaymentId, TicketId, Timestamp, TransferId, UserId};

/// What an event tells.
pub trait Payload: Serialize + DeserializeOwned {
    /// The id of the aggregate that it is about: `subject` of the event.
    fn subject(&self) -> Uuid;
}

impl Payload for TicketState {
    fn subject(&self) -> Uuid {
        self.id.0
    }
}

impl Payload for OrderState {
    fn subject(&self) -> Uuid {
        self.id.0
    }
}

impl Payload for PaymentState {
    fn subject(&self) -> Uuid {
        self.id.0
    }
}

impl Payload for AdmissionState {
    fn subject(&self) -> Uuid {
        self.id.0
    }
}

impl Payload for TransferState {
    fn subject(&self) -> Uuid {
        self.id.0
    }
}

impl Payload for LetterAsked {
    fn subject(&self) -> Uuid {
        self.id.0
    }
}

impl Payload for UserState {
    fn subject(&self) -> Uuid {
        self.id.0
    }
}

impl Payload for UserDeleted {
    fn subject(&self) -> Uuid {
        self.id.0
    }
}

impl Payload for Expiration {
    fn subject(&self) -> Uuid {
        self.order_id.0
    }
}

/// A listing's state, as its seller last wrote it: `ticket:created`, `ticket:updated`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TicketState {
    /// The listing.
    pub id: TicketId,
    /// Grows with every change; the newer version wins.
    pub version: i64,
    /// The account that sells the tickets.
    pub seller_id: UserId,
    /// The listing's title.
    pub title: String,
    /// Price of one, in minor units.
    pub price: i64,
    /// ISO 4217.
    pub currency: String,
    /// How many the listing has in all, sold ones included.
    pub quantity: i64,
    /// Taken off sale for good by its seller.
    pub withdrawn: bool,
    /// The venue's name.
    pub venue: Option<String>,
    /// The venue's city.
    pub city: Option<String>,
    /// When the event begins.
    pub starts_at: Option<Timestamp>,
    /// IANA name of the venue's time zone.
    pub time_zone: Option<String>,
    /// The highest price at which buyers may sell a ticket on, in percent of what it cost.
    #[serde(default = "resale_cap")]
    pub resale_cap: i64,
    /// How often each ticket may be handed on; any number of times if left out.
    #[serde(default)]
    pub transfer_limit: Option<i64>,
    /// How many tickets one buyer may have, held ones included.
    #[serde(default = "crate::tickets::max_per_buyer")]
    pub max_per_buyer: i64,
    /// Whether each holder is asked for the name of the guest.
    #[serde(default)]
    pub asks_names: bool,
    /// Whether codes turn every 30 seconds.
    #[serde(default)]
    pub turning_codes: bool,
    /// The listing of the event, where a fan sells on a ticket that was bought of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resale_of: Option<TicketId>,
    /// Whether this change moved the event to another time or place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moved: bool,
}

/// An order's state: all `order:…` events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderState {
    /// The order.
    pub id: OrderId,
    /// Grows with every change; the newer version wins.
    pub version: i64,
    /// Its status.
    pub status: OrderStatus,
    /// Who holds or bought.
    pub buyer_id: UserId,
    /// The listing.
    pub ticket_id: TicketId,
    /// How many tickets.
    pub quantity: i64,
    /// What they cost together, in minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// When the hold ends.
    pub expires_at: Timestamp,
    /// The payment that completed it.
    pub payment_id: Option<PaymentId>,
    /// Refunded, and its tickets are for sale again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restocked: bool,
}

/// A payment's state: all `payment:…` events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentState {
    /// The payment.
    pub id: PaymentId,
    /// Grows with every change; the newer version wins.
    pub version: i64,
    /// The order that it pays for.
    pub order_id: OrderId,
    /// In minor units.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// Refunded by its seller, who wants the tickets to be for sale again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restock: bool,
}

/// An admission's state: all `admission:…` events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionState {
    /// The admission.
    pub id: AdmissionId,
    /// Grows with every change; the newer version wins.
    pub version: i64,
    /// Its status.
    pub status: AdmissionStatus,
    /// The order that it was bought with.
    pub order_id: OrderId,
    /// The listing, which is the event.
    pub ticket_id: TicketId,
    /// Which of the order's admissions it is, from 1.
    pub number: i64,
    /// Who may enter with it.
    pub holder_id: UserId,
    /// Grows when it changes hands; a code of an older generation lets nobody in.
    pub generation: i64,
    /// The offer by which its holder sells it on. A void admission has one if its offer must end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<Offer>,
    /// Its sale is undone: it was refunded, or will be, because the sale before it was.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undone: bool,
}

/// A transfer that begins: `transfer:created`. It names no address; `admissions` tells that to siblings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransferState {
    /// The transfer. One in place of an earlier one has an id of its own.
    pub id: TransferId,
    /// The version of the admission that the transfer made.
    pub version: i64,
    /// The admission.
    pub admission_id: AdmissionId,
    /// When it can no longer be accepted.
    pub expires_at: Timestamp,
}

/// A letter that an account's owner is to have: `letter:asked`. It holds no address and no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LetterAsked {
    /// The letter.
    pub id: LetterId,
    /// Always 1: a letter does not change.
    pub version: i64,
    /// Whose letter it is.
    pub user_id: UserId,
    /// What it is about.
    pub kind: AccountLetter,
    /// When it must not be sent any more; left out if it always may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// Whether an account may be used: `user:suspended`, `user:restored`. It tells nothing of its owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserState {
    /// The account.
    pub id: UserId,
    /// Grows whenever the account is suspended or restored; the newer version wins.
    pub version: i64,
    /// Whether it is suspended.
    pub suspended: bool,
}

/// An account that is deleted: `user:deleted`. It holds the id alone, which stands for nobody any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserDeleted {
    /// The account.
    pub id: UserId,
    /// Always 1: an account is deleted once.
    pub version: i64,
    /// When that was.
    pub deleted_at: Timestamp,
}

/// What `expiration:complete` says: this order's time is up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Expiration {
    /// The order.
    pub order_id: OrderId,
    /// When its hold ended.
    pub expires_at: Timestamp,
}
