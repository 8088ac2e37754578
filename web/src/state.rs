//! What a page shows: all that the server knows of it and the browser needs.
//!
//! The server renders a [`State`] and embeds it as JSON; the browser begins with it and asks for
//! the next one at the next page's address (`Accept: application/json`, answered by an [`Answer`]).
//! Whatever depends on the visitor's language, on a currency or on a time zone comes as finished
//! text, so that both sides show the very same.

use std::collections::BTreeMap;

pub use boxoffice_contract::FieldError;
pub use boxoffice_contract::admissions::AdmissionStatus;
pub use boxoffice_contract::tickets::TicketStatus;
use boxoffice_contract::{AdmissionId, OrderId, TicketId};
use serde::{Deserialize, Serialize};

/// What the shop answers to a page's script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    /// Show this.
    Show(Box<State>),
    /// Go to this address of the shop.
    Go(String),
}

/// A page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// The page's own address: path and query.
    pub here: String,
    /// The title of the document, without the shop's name.
    pub title: String,
    /// What search engines and link previews say of the page.
    pub description: String,
    /// Who is looking.
    pub visitor: Option<Visitor>,
    /// Something that has just happened, to be said once.
    pub notice: Option<Notice>,
    /// What they hold, and have to pay for soon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
    /// When the server made this, in milliseconds since 1970: what countdowns go by.
    pub now: i64,
    /// What is on it.
    pub page: Page,
}

/// Someone who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visitor {
    /// Their address.
    pub email: String,
    /// The Idempotency-Key of their next sign-out.
    pub key: String,
}

/// Tickets that wait to be paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The order that holds them.
    pub order: OrderId,
    /// How many there are.
    pub quantity: i64,
    /// Until when they are held, in milliseconds since 1970.
    pub until: i64,
}

/// Something that has just happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Whether it is good news.
    pub tone: Tone,
    /// What to say.
    pub text: String,
}

/// How something is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Tone {
    /// It went well.
    Good,
    /// It did not, and here is why.
    Bad,
}

/// What is on a page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Page {
    /// `/`: what is for sale.
    Browse(Browse),
    /// `/tickets/{id}`: one listing.
    Ticket(Detail),
    /// `/sign-in`.
    SignIn(Entrance),
    /// `/sign-up`.
    SignUp(Entrance),
    /// `/tickets/new` and `/tickets/{id}/edit`.
    Sell(Sell),
    /// `/orders/{id}/checkout`.
    Checkout(Checkout),
    /// `/orders/{id}`: what has become of an order.
    Order(Outcome),
    /// `/orders`: all that one has ordered.
    Orders(Orders),
    /// `/listings`: all that one sells.
    Listings(Listings),
    /// `/sales`, a ticket or a door, which the browser need not know how to draw.
    Drawn(Drawn),
    /// There is nothing at this address.
    Missing(Missing),
    /// The shop could not do what was asked.
    Failed(Failed),
}

/// A form: what is in it, and what is wrong with that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Form {
    /// The Idempotency-Key of its next submission; kept where the last one may have been acted on.
    pub key: String,
    /// What each field holds, by its name; passwords and card data never come back.
    pub values: BTreeMap<String, String>,
    /// Everything that is wrong, at once.
    pub errors: Vec<FieldError>,
}

impl Form {
    /// What the field `name` holds; nothing if it was not filled in.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// What is wrong with the field `name`.
    #[must_use]
    pub fn error(&self, name: &str) -> Option<&str> {
        let error = self.errors.iter().find(|error| error.field.as_deref() == Some(name))?;
        Some(&error.message)
    }
}

/// A moment as people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// For programs: RFC 3339.
    pub iso: String,
    /// The day, such as "Sat, 12 June 2027".
    pub date: String,
    /// The time of day, such as "20:30".
    pub time: String,
    /// The time zone that both are in, such as "CEST, Zurich".
    pub zone: String,
}

/// A listing at a glance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Card {
    /// The listing.
    pub id: TicketId,
    /// Its version: news of an older one is stale.
    pub version: i64,
    /// The listing's title.
    pub title: String,
    /// What one ticket costs, all in.
    pub price: String,
    /// The venue's name.
    pub venue: Option<String>,
    /// The venue's city.
    pub city: Option<String>,
    /// When the event begins.
    pub when: Option<Moment>,
    /// Where its sale stands.
    pub sale: TicketStatus,
    /// How many tickets can be had right now.
    pub available: i64,
    /// How many tickets it has in all.
    pub quantity: i64,
    /// Whether the visitor sells it.
    pub mine: bool,
}

/// The listing's title.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Browse {
    /// The filters, as in the address: `q`, `city`, `from`, `to` (days), `maxPrice`, `sort`.
    pub filters: Form,
    /// Whether any filter is set.
    pub filtered: bool,
    /// The listings.
    pub cards: Vec<Card>,
    /// Where there are more.
    pub next: Option<String>,
    /// Where the first page is, if this is not it.
    pub first: Option<String>,
}

/// One listing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Detail {
    /// The listing.
    pub card: Card,
    /// Whatever else buyers should know; its line ends are kept.
    pub description: Option<String>,
    /// The form that holds tickets: `quantity`.
    pub hold: Form,
    /// What one ticket costs, as the form sends it: the visitor agrees to this price alone.
    #[serde(default)]
    pub seen: String,
    /// How many the visitor may hold at once; what they cost together, for 1, 2, ….
    pub totals: Vec<String>,
    /// An order of the visitor's for this listing that waits to be paid.
    pub unpaid: Option<OrderId>,
    /// Other listings to have instead, where this one cannot be had.
    pub others: Vec<Card>,
    /// What fans sell on of this event's tickets, cheapest first.
    pub fans: Vec<Card>,
    /// The event's listing, where a fan sells the ticket on.
    pub event: Option<TicketId>,
    /// The form that takes the visitor's own offer off sale, where it can be.
    pub withdraw: Option<Form>,
}

/// Signing in or up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entrance {
    /// Where to go on afterwards: an address of the shop.
    pub next: String,
    /// What is to be bought there, such as `2 × The Paper Kites`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wish: Option<String>,
    /// `email`, `password`.
    pub form: Form,
    /// What the provider is called that people may sign in by, if there is one.
    #[serde(default)]
    pub provider: Option<String>,
}

/// The hidden fields of the form that edits a listing: its start and its time zone as the form was
/// filled with them.
pub const BEFORE: [&str; 2] = ["startsAtBefore", "timeZoneBefore"];
/// The hidden field of the same form that tells what its seller had written then.
pub const SEEN: &str = "seen";

/// Listing tickets, or editing a listing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sell {
    /// The listing that is edited; `None` for a new one.
    pub ticket: Option<TicketId>,
    /// The version that the form was filled from, for `If-Match`.
    pub version: Option<i64>,
    /// Why it cannot be edited: it is withdrawn, or a ticket that its seller sells on.
    pub locked: Option<String>,
    /// `title`, `price` (in units, such as 45.00), `currency`, `quantity`, `venue`, `city`,
    /// `startsAt` (local time at the venue), `timeZone`, `description`, `resaleCap` (percent),
    /// `transferLimit`, `maxPerBuyer`, `asksNames` and `turningCodes` (`true` if ticked). Where a listing is edited,
    /// [`BEFORE`] and [`SEEN`] besides.
    pub form: Form,
    /// The currencies to choose from: code, sign, name, digits after the point.
    pub currencies: Vec<Currency>,
    /// The time zones to choose from, by their IANA names.
    pub time_zones: Vec<String>,
    /// The form that takes the listing off sale.
    pub withdraw: Option<Form>,
    /// What stands before decimals in the visitor's language: a point or a comma.
    pub point: char,
}

/// A currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Currency {
    /// ISO 4217 code.
    pub code: String,
    /// Its sign, such as "€".
    pub sign: String,
    /// Its name.
    pub name: String,
    /// How many digits its amounts have after the point.
    pub digits: u8,
    /// The least that a ticket may cost, in minor units.
    pub least: i64,
    /// The most that it may.
    pub most: i64,
}

/// The status of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// Held, to be paid.
    Unpaid,
    /// Held, and the buyer's bank wants to know that it is really they who pay.
    Asked,
    /// Held, and the payment's answer is on its way.
    Paying,
    /// Held, and the buyer's bank takes its time for the answer.
    Processing,
    /// Paid, and owned.
    Paid,
    /// The hold's time was up.
    Expired,
    /// Given up by the buyer.
    Cancelled,
    /// Ended after too many declined payments.
    Declined,
    /// Paid, and paid back.
    Refunded,
    /// The shop's pages have no word for it: the service that says so is newer than they are.
    Unclear,
}

impl Standing {
    /// Whether it is the buyer's turn, for as long as the hold lasts.
    #[must_use]
    pub const fn is_unpaid(self) -> bool {
        matches!(self, Self::Unpaid | Self::Asked)
    }

    /// Whether the answer to a payment is awaited.
    #[must_use]
    pub const fn is_paying(self) -> bool {
        matches!(self, Self::Paying | Self::Processing)
    }
}

/// An order at a glance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// The order.
    pub id: OrderId,
    /// What people call it: short, and said over a phone.
    pub number: String,
    /// Its status.
    pub standing: Standing,
    /// What was ordered.
    pub ticket: TicketId,
    /// Its title.
    pub title: String,
    /// The venue's name.
    pub venue: Option<String>,
    /// The venue's city.
    pub city: Option<String>,
    /// When the event begins.
    pub when: Option<Moment>,
    /// How many tickets.
    pub quantity: i64,
    /// What one costs.
    pub price: String,
    /// What they cost together.
    pub total: String,
    /// Until when they are held, in milliseconds since 1970.
    pub expires_at: i64,
    /// When it was made.
    pub made: Moment,
    /// The first of its tickets whose code can be shown, where a list leads to it.
    pub admission: Option<AdmissionId>,
    /// What its seller has changed of the event since, in sentences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<String>,
}

/// A ticket that one holds: one person's way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admission {
    /// The admission.
    pub id: AdmissionId,
    /// Which of its order's tickets it is, from 1.
    pub number: i64,
    /// How many tickets its order has.
    pub of: i64,
    /// Its status.
    pub status: AdmissionStatus,
}

/// Paying for an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checkout {
    /// The order, which is held.
    pub order: Order,
    /// How it is paid.
    pub method: Method,
    /// `token`: a payment method's id.
    pub pay: Form,
    /// The form that gives the hold up.
    pub cancel: Form,
    /// Where the tickets can be found again once the hold has ended.
    pub again: String,
    /// Whether a letter comes before the hold ends.
    #[serde(default)]
    pub reminder: Reminder,
}

/// Whether a letter comes before a hold ends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reminder {
    /// None can: the shop sends no mail, or too little time is left.
    #[default]
    None,
    /// One comes if the buyer asks for it by this form.
    Offered(Form),
    /// One comes.
    Asked,
}

/// How an order is paid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Method {
    /// With Stripe's Payment Element.
    Stripe {
        /// The key that Stripe's script takes.
        publishable_key: String,
        /// The order's amount in the currency's minor unit.
        amount: i64,
        /// ISO 4217 code, in small letters.
        currency: String,
    },
    /// With one of the sandbox's test cards; no real money moves.
    Sandbox {
        /// The cards.
        cards: Vec<TestCard>,
    },
    /// Not at all: whoever runs the shop has not set payments up.
    Unavailable,
}

/// A card of the sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestCard {
    /// The payment method's id.
    pub token: String,
    /// What it is called.
    pub name: String,
    /// What it does.
    pub effect: String,
}

/// What has become of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The order.
    pub order: Order,
    /// Where the tickets can be found again if the order ended without a sale.
    pub again: String,
    /// The tickets of a paid order that the visitor holds; `None` where that is not known yet.
    pub admissions: Option<Vec<Admission>>,
    /// The form that gives the tickets back, where its seller has changed the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub give_back: Option<Form>,
}

/// An event that one has tickets for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Going {
    /// The listing.
    pub ticket: TicketId,
    /// Its title.
    pub title: String,
    /// The venue's name.
    pub venue: Option<String>,
    /// The venue's city.
    pub city: Option<String>,
    /// When the event begins.
    pub when: Option<Moment>,
    /// The tickets, of which there is one at least.
    pub admissions: Vec<Admission>,
}

/// All that one has ordered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Orders {
    /// What waits to be paid; on the first page only.
    pub unpaid: Vec<Order>,
    /// What the visitor has tickets for, the next event first; on the first page only.
    pub going: Vec<Going>,
    /// The rest, newest first.
    pub orders: Vec<Order>,
    /// Where there are more.
    pub next: Option<String>,
}

/// All that one sells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listings {
    /// The listings, newest first.
    pub listings: Vec<Listing>,
    /// Where there are more.
    pub next: Option<String>,
}

/// A listing as its seller sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listing {
    /// The listing.
    pub card: Card,
    /// The form that takes it off sale.
    pub withdraw: Form,
    /// Whether it is a ticket that its seller bought here, and sells on.
    pub resale: bool,
}

/// A page that the server draws, and that stays as it is until another takes its place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawn {
    /// Tells one such page from another.
    pub key: String,
    /// What is on it.
    pub html: String,
    /// The address of the script that it needs besides the shop's.
    ///
    /// Such a page is always a document of its own: its headers may allow what others' do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
}

/// There is nothing at this address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// What is not there, in a sentence.
    pub what: String,
}

/// The shop could not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failed {
    /// The status code of the answer: 500, 503 or 403.
    pub status: u16,
    /// What happened, in a sentence for people.
    pub what: String,
    /// What to tell whoever is asked for help.
    pub request_id: String,
}
