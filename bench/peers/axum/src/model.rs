//! What is sent and kept.

use garde::Validate;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// A moment, in milliseconds since 1970; RFC 3339 in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(pub(crate) i64);

impl Time {
    pub(crate) fn now() -> Self {
        let millis = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
        Self(i64::try_from(millis).unwrap_or(i64::MAX))
    }

    pub(crate) const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0 + seconds * 1_000)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let nanos = i128::from(self.0) * 1_000_000;
        let time =
            OffsetDateTime::from_unix_timestamp_nanos(nanos).map_err(serde::ser::Error::custom)?;
        let text = time.format(&Rfc3339).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let time = OffsetDateTime::parse(&text, &Rfc3339).map_err(serde::de::Error::custom)?;
        let millis = time.unix_timestamp_nanos() / 1_000_000;
        i64::try_from(millis).map(Self).map_err(serde::de::Error::custom)
    }
}

/// An account, as its owner sees it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Account {
    pub(crate) id: Uuid,
    pub(crate) email: String,
}

#[derive(Deserialize, Validate)]
pub(crate) struct Credentials {
    #[garde(email, length(max = 254))]
    pub(crate) email: String,
    #[garde(length(chars, min = 8, max = 128))]
    pub(crate) password: String,
}

/// A listing as its seller writes it.
#[derive(Debug, Deserialize, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Draft {
    #[garde(length(chars, min = 1, max = 200))]
    pub(crate) title: String,
    #[garde(range(min = 1, max = 99_999_999))]
    pub(crate) price: i64,
    #[garde(length(equal = 3), ascii)]
    #[serde(default = "usd")]
    pub(crate) currency: String,
    #[garde(range(min = 1, max = 1_000))]
    #[serde(default = "one")]
    pub(crate) quantity: i64,
    #[garde(inner(length(chars, min = 1, max = 200)))]
    pub(crate) venue: Option<String>,
    #[garde(inner(length(chars, min = 1, max = 100)))]
    pub(crate) city: Option<String>,
    #[garde(inner(custom(is_future)))]
    pub(crate) starts_at: Option<Time>,
    #[garde(inner(length(chars, min = 1, max = 100)))]
    pub(crate) time_zone: Option<String>,
    #[garde(inner(length(chars, min = 1, max = 5_000)))]
    pub(crate) description: Option<String>,
}

fn usd() -> String {
    "USD".to_owned()
}

const fn one() -> i64 {
    1
}

fn is_future(time: &Time, _: &()) -> garde::Result {
    if *time > Time::now() {
        return Ok(());
    }
    Err(garde::Error::new("The event must begin in the future"))
}

/// A listing.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ticket {
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) price: i64,
    pub(crate) currency: String,
    pub(crate) quantity: i64,
    pub(crate) available: i64,
    pub(crate) status: &'static str,
    pub(crate) seller_id: Uuid,
    pub(crate) venue: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) starts_at: Option<Time>,
    pub(crate) time_zone: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) created_at: Time,
    pub(crate) version: i64,
}

impl Ticket {
    pub(crate) fn new(seller_id: Uuid, draft: Draft) -> Self {
        Self {
            id: Uuid::now_v7(),
            title: draft.title,
            price: draft.price,
            currency: draft.currency,
            quantity: draft.quantity,
            available: draft.quantity,
            status: "open",
            seller_id,
            venue: draft.venue,
            city: draft.city,
            starts_at: draft.starts_at,
            time_zone: draft.time_zone,
            description: draft.description,
            created_at: Time::now(),
            version: 1,
        }
    }

    /// What searches look through.
    pub(crate) fn words(&self) -> String {
        let texts =
            [Some(&self.title), self.venue.as_ref(), self.city.as_ref(), self.description.as_ref()];
        let words: Vec<String> = texts.into_iter().flatten().map(|t| t.to_lowercase()).collect();
        words.join("\n")
    }

    /// The same with so many held and sold.
    pub(crate) fn counted(mut self, held: i64, sold: i64) -> Self {
        self.available = self.quantity - held - sold;
        self.status = match (self.available, held) {
            (1.., _) => "open",
            (_, 1..) => "held",
            _ => "sold",
        };
        self
    }
}

/// What a buyer wants.
#[derive(Debug, Deserialize, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewOrder {
    #[garde(skip)]
    pub(crate) ticket_id: Uuid,
    #[garde(range(min = 1, max = 1_000))]
    #[serde(default = "one")]
    pub(crate) quantity: i64,
}

/// What was ordered, as it was then.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderedTicket {
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) price: i64,
    pub(crate) venue: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) starts_at: Option<Time>,
    pub(crate) time_zone: Option<String>,
}

/// An order.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    pub(crate) id: Uuid,
    pub(crate) status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cancel_reason: Option<String>,
    pub(crate) quantity: i64,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) ticket: OrderedTicket,
    pub(crate) expires_at: Time,
    pub(crate) created_at: Time,
    pub(crate) version: i64,
    pub(crate) seller_id: Uuid,
    #[serde(skip)]
    pub(crate) buyer_id: Uuid,
}

/// How an order is paid.
#[derive(Debug, Deserialize, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewPayment {
    #[garde(skip)]
    pub(crate) order_id: Uuid,
    #[garde(length(min = 4, max = 255), ascii)]
    pub(crate) token: String,
}

/// Money that was taken.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payment {
    pub(crate) id: Uuid,
    pub(crate) order_id: Uuid,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) status: &'static str,
    pub(crate) intent_id: String,
    pub(crate) created_at: Time,
}
