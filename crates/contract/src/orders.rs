//! `orders`: holds and orders.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::events::TicketState;
use crate::{OrderId, TicketId, Timestamp, UserId, Word};

names! {
    /// The status of an order.
    pub enum OrderStatus {
        /// The tickets are held; nobody has paid yet.
        Created = "created",
        /// The tickets are held; a payment has begun.
        AwaitingPayment = "awaiting:payment",
        /// Paid for: the tickets are the buyer's.
        Complete = "complete",
        /// The hold ended without a sale.
        Cancelled = "cancelled",
        /// The buyer got the money back and no longer owns the tickets.
        Refunded = "refunded",
    }

    /// Why an order ended without a sale.
    pub enum CancelReason {
        /// The hold's time was up.
        Expired = "expired",
        /// The buyer gave it up.
        Buyer = "buyer",
        /// Its payments were declined too often.
        Declined = "declined",
    }
}

/// Letters and digits that nobody takes for one another (Crockford's Base32).
const ALPHABET: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J',
    'K', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
];

/// Returns what people call an order: the last 40 bits of its id, which are random, in eight letters.
#[must_use]
pub fn number(id: OrderId) -> String {
    let bits = id.0.as_u128();
    let letter = |place: u32| ALPHABET[usize::try_from((bits >> (5 * place)) & 31).unwrap_or(0)];
    let letters: String = (0..8).rev().map(letter).collect();
    format!("{}-{}", &letters[..4], &letters[4..])
}

/// The header in which a buyer says what price they saw: an [`ExpectedPrice`].
///
/// A header, as a body's unknown field is refused by those services that are older than it.
pub const EXPECTED_PRICE: &str = "x-expected-price";

/// What a buyer saw that one ticket costs, such as `9900-GBP`. At another price, nothing is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedPrice {
    /// The price of one ticket, in the currency's minor unit.
    pub price: i64,
    /// The currency's code in capital letters (ISO 4217).
    currency: [u8; 3],
}

impl ExpectedPrice {
    /// Returns what says that one ticket costs `price` in `currency`. None if that is not such a code.
    #[must_use]
    pub fn new(price: i64, currency: &str) -> Option<Self> {
        let currency: [u8; 3] = currency.as_bytes().try_into().ok()?;
        let is_code = currency.iter().all(u8::is_ascii_uppercase);
        (is_code && price >= 0).then_some(Self { price, currency })
    }

    /// The currency's code (ISO 4217).
    #[must_use]
    pub fn currency(&self) -> &str {
        std::str::from_utf8(&self.currency).unwrap_or_default()
    }
}

impl fmt::Display for ExpectedPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.price, self.currency())
    }
}

impl FromStr for ExpectedPrice {
    type Err = NotAPrice;

    fn from_str(text: &str) -> Result<Self, NotAPrice> {
        let (price, currency) = text.split_once('-').ok_or(NotAPrice)?;
        let is_number = price.bytes().all(|byte| byte.is_ascii_digit());
        let price = price.parse().ok().filter(|_| is_number).ok_or(NotAPrice)?;
        Self::new(price, currency).ok_or(NotAPrice)
    }
}

/// A text that is not an [`ExpectedPrice`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPrice;

impl fmt::Display for NotAPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a price is a number of minor units and a currency, such as 9900-GBP")
    }
}

impl std::error::Error for NotAPrice {}

/// The tickets to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct NewOrder {
    /// The listing.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub ticket_id: TicketId,
    /// How many tickets.
    #[cfg_attr(feature = "openapi", schema(default = 1, minimum = 1, maximum = 1000))]
    pub quantity: i64,
}

impl Default for NewOrder {
    fn default() -> Self {
        Self { ticket_id: TicketId::nil(), quantity: 1 }
    }
}

/// What was ordered, as it was when the order was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderedTicket {
    /// The listing.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub id: TicketId,
    /// The listing's title.
    pub title: String,
    /// Price of one ticket in the currency's minor unit.
    pub price: i64,
    /// The venue's name.
    pub venue: Option<String>,
    /// The venue's city.
    pub city: Option<String>,
    /// When the event begins.
    pub starts_at: Option<Timestamp>,
    /// IANA name of the venue's time zone.
    pub time_zone: Option<String>,
    /// The listing of the event, where a fan sells the ticket on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Uuid>))]
    pub resale_of: Option<TicketId>,
    /// Grows when the seller changes the listing; left out until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
}

/// An event as it was when tickets for it were ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrderedEvent {
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
}

/// What a seller has made of an event since tickets for it were ordered: another title, place or time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct EventChange {
    /// When the seller last changed it; left out if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// What it was.
    pub was: OrderedEvent,
    /// Until when the buyer may ask for the money back; left out if they may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refundable_until: Option<Timestamp>,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// The order's id.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub id: OrderId,
    /// Its status.
    #[cfg_attr(feature = "openapi", schema(value_type = OrderStatus))]
    pub status: Word<OrderStatus>,
    /// Why it ended without a sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<CancelReason>))]
    pub cancel_reason: Option<Word<CancelReason>>,
    /// How many tickets.
    pub quantity: i64,
    /// What they cost together, in the currency's minor unit.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// What was ordered, at its price, and its event as the seller describes it now.
    pub ticket: OrderedTicket,
    /// What the seller has changed of the event since; left out if nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<EventChange>,
    /// When the hold ends.
    pub expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// Grows with every change.
    pub version: i64,
    /// The account that sells the tickets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Uuid>))]
    pub seller_id: Option<UserId>,
    /// Whether the order is refunded and its tickets are for sale again; left out if not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", schema(default = false))]
    pub restocked: bool,
    /// Whether its buyer asked for an e-mail before the hold ends.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", schema(default = false))]
    pub reminder: bool,
}

/// The listing that `tickets` asks `orders` to freeze before its seller changes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Freeze {
    /// The listing as it is.
    #[serde(flatten)]
    pub ticket: TicketState,
    /// Whether the change leaves what is held as it is. An older `tickets` does not say so, and its
    /// change is refused while anything is held.
    #[serde(default)]
    pub while_held: bool,
}

/// What `orders` promises `tickets` while a seller changes a listing: nothing more of it is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Frozen {
    /// How many tickets are held. An older `orders` does not say so, and freezes only if there are none.
    #[serde(default)]
    pub held: i64,
    /// How many tickets are sold.
    pub sold: i64,
    /// When the change must be on its way to be committed.
    pub frozen_until: Timestamp,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_orders_number_is_short_and_its_own() {
        assert_eq!(number(OrderId(Uuid::from_u128(0))), "0000-0000");
        assert_eq!(number(OrderId(Uuid::from_u128(u128::MAX))), "ZZZZ-ZZZZ");
        assert_eq!(number(OrderId(Uuid::from_u128(1))), "0000-0001");
    }

    #[test]
    fn an_expected_price_is_read_as_it_is_written() {
        let price = ExpectedPrice::new(9_900, "GBP").unwrap();
        assert_eq!((price.price, price.currency()), (9_900, "GBP"));
        assert_eq!("9900-GBP".parse(), Ok(price));
        assert_eq!(price.to_string(), "9900-GBP");
        for text in
            ["", "9900", "-GBP", "9900-", "9900-gbp", "9900-GB", "+9900-GBP", "-1-GBP", "1-€"]
        {
            assert_eq!(text.parse::<ExpectedPrice>(), Err(NotAPrice), "{text}");
        }
        assert_eq!(ExpectedPrice::new(-1, "GBP"), None);
    }
}
