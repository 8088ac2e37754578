//! `tickets`: listings.

use serde::{Deserialize, Serialize};

use crate::{TicketId, Timestamp, UserId, Word};

names! {
    /// The status of a listing.
    #[cfg_attr(feature = "openapi", schema(as = Status))]
    pub enum TicketStatus {
        /// Tickets are available.
        Open = "open",
        /// The last tickets are in someone's checkout.
        Held = "held",
        /// All tickets are sold.
        Sold = "sold",
        /// Its seller has taken it off sale.
        Withdrawn = "withdrawn",
    }
}

/// A listing as its seller writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", schema(as = Draft, example = json!({
    "title": "The Paper Kites at the Old Mill", "price": 4500, "currency": "EUR", "quantity": 2,
    "venue": "Old Mill", "city": "Basel", "startsAt": "2027-06-12T18:30:00Z",
    "timeZone": "Europe/Zurich", "description": "Two seats in row 7."
})))]
pub struct Draft {
    /// The listing's title, 1 to 200 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub title: String,
    /// Price of one ticket in the currency's minor unit: 4500 is 45.00 euros, or 4500 yen. At least
    /// the smallest amount that Stripe charges: 0.50 euros, or 50 yen. In currencies with three
    /// decimals, such as dinars, the last digit must be 0.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 99999999))]
    pub price: i64,
    /// ISO 4217 code of a currency that Stripe takes.
    #[cfg_attr(feature = "openapi", schema(default = "USD", min_length = 3, max_length = 3))]
    pub currency: String,
    /// How many tickets there are.
    #[cfg_attr(feature = "openapi", schema(default = 1, minimum = 1, maximum = 1000))]
    pub quantity: i64,
    /// The venue's name.
    #[cfg_attr(feature = "openapi", schema(max_length = 200))]
    pub venue: Option<String>,
    /// The venue's city.
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub city: Option<String>,
    /// When the event begins; in the future.
    pub starts_at: Option<Timestamp>,
    /// The venue's time zone, by its IANA name.
    #[cfg_attr(feature = "openapi", schema(example = "Europe/Zurich"))]
    pub time_zone: Option<String>,
    /// Anything else that buyers should know.
    #[cfg_attr(feature = "openapi", schema(max_length = 5000))]
    pub description: Option<String>,
    /// The highest price at which buyers may sell a ticket on, in percent of what it cost here; 0
    /// forbids it.
    #[cfg_attr(feature = "openapi", schema(default = 100, minimum = 0, maximum = 200))]
    pub resale_cap: i64,
    /// How often each ticket may be handed on to somebody else; any number of times if left out.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 100))]
    pub transfer_limit: Option<i64>,
    /// How many tickets one buyer may have, held ones included.
    #[cfg_attr(feature = "openapi", schema(default = 10, minimum = 1, maximum = 1000))]
    pub max_per_buyer: i64,
    /// Whether each holder is asked for the name of the guest, which doors see.
    #[cfg_attr(feature = "openapi", schema(default = false))]
    pub asks_names: bool,
    /// Whether codes turn every 30 seconds. Then there is neither a PDF nor a wallet pass, and
    /// `startsAt` must be given.
    #[cfg_attr(feature = "openapi", schema(default = false))]
    pub turning_codes: bool,
}

impl Default for Draft {
    /// What fields hold that are not given: what has no default is invalid until it is.
    fn default() -> Self {
        Self {
            title: String::new(),
            price: 0,
            currency: "USD".to_owned(),
            quantity: 1,
            venue: None,
            city: None,
            starts_at: None,
            time_zone: None,
            description: None,
            resale_cap: RESALE_CAP,
            transfer_limit: None,
            max_per_buyer: MAX_PER_BUYER,
            asks_names: false,
            turning_codes: false,
        }
    }
}

/// How many tickets of a listing one buyer may have unless its seller says otherwise.
pub const MAX_PER_BUYER: i64 = 10;

/// Returns [`MAX_PER_BUYER`]: what listings of programs have that do not know of it.
#[must_use]
pub const fn max_per_buyer() -> i64 {
    MAX_PER_BUYER
}

/// The cap on resales that listings have unless their seller says otherwise: nobody pays more than
/// the first buyer.
pub const RESALE_CAP: i64 = 100;

/// Returns [`RESALE_CAP`], for listings that were written before there was a cap.
pub(crate) const fn resale_cap() -> i64 {
    RESALE_CAP
}

/// A listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// The listing's id.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub id: TicketId,
    /// The listing's title.
    pub title: String,
    /// Price of one ticket in the currency's minor unit.
    pub price: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// How many tickets the listing has in all.
    pub quantity: i64,
    /// How many tickets are available right now.
    pub available: i64,
    /// Its status.
    #[cfg_attr(feature = "openapi", schema(value_type = TicketStatus))]
    pub status: Word<TicketStatus>,
    /// The account that sells the tickets.
    #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
    pub seller_id: UserId,
    /// The venue's name.
    pub venue: Option<String>,
    /// The venue's city.
    pub city: Option<String>,
    /// When the event begins.
    pub starts_at: Option<Timestamp>,
    /// IANA name of the venue's time zone.
    pub time_zone: Option<String>,
    /// Anything else that buyers should know.
    pub description: Option<String>,
    /// The highest price at which buyers may sell a ticket on, in percent of what it cost here.
    #[serde(default = "resale_cap")]
    pub resale_cap: i64,
    /// How often each ticket may be handed on; any number of times if left out.
    #[serde(default)]
    pub transfer_limit: Option<i64>,
    /// How many tickets one buyer may have, held ones included.
    #[serde(default = "max_per_buyer")]
    pub max_per_buyer: i64,
    /// Whether each holder is asked for the name of the guest.
    #[serde(default)]
    pub asks_names: bool,
    /// Whether codes turn every 30 seconds.
    #[serde(default)]
    pub turning_codes: bool,
    /// The listing of the event, where a fan sells on a ticket that was bought of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Uuid>))]
    pub resale_of: Option<TicketId>,
    /// When it was listed.
    pub created_at: Timestamp,
    /// Grows with every change; also in the `ETag`.
    pub version: i64,
}
