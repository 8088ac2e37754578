//! A listing: in the database, in JSON, in events.

use boxoffice_contract::events::{Kind, TicketState};
use boxoffice_contract::news::TicketNews;
pub(crate) use boxoffice_contract::tickets::TicketStatus as Status;
use boxoffice_contract::tickets::{self as api, Draft};
use boxoffice_contract::{TicketId, UserId};
use boxoffice_kernel::db::{self, Query, Read, Record, Row, Value};
use boxoffice_kernel::events::Event;
use boxoffice_kernel::{Timestamp, query, row};
use serde::Serialize;

/// A listing.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    /// The listing's id.
    pub(crate) id: TicketId,
    /// The listing's title.
    pub(crate) title: String,
    /// Price of one ticket in the currency's minor unit.
    pub(crate) price: i64,
    /// ISO 4217 code.
    pub(crate) currency: String,
    /// How many tickets the listing has in all.
    pub(crate) quantity: i64,
    /// How many tickets are available right now.
    pub(crate) available: i64,
    /// Its status.
    pub(crate) status: Status,
    /// The account that sells the tickets.
    pub(crate) seller_id: UserId,
    /// The venue's name.
    pub(crate) venue: Option<String>,
    /// The venue's city.
    pub(crate) city: Option<String>,
    /// When the event begins.
    pub(crate) starts_at: Option<Timestamp>,
    /// IANA name of the venue's time zone.
    pub(crate) time_zone: Option<String>,
    /// Anything else that buyers should know.
    pub(crate) description: Option<String>,
    /// When it was listed.
    pub(crate) created_at: Timestamp,
    /// Grows with every change; also in the `ETag`.
    pub(crate) version: i64,
}

/// What only its seller changes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Content<'t> {
    id: TicketId,
    title: &'t str,
    price: i64,
    currency: &'t str,
    quantity: i64,
    seller_id: UserId,
    venue: Option<&'t str>,
    city: Option<&'t str>,
    starts_at: Option<Timestamp>,
    time_zone: Option<&'t str>,
    description: Option<&'t str>,
    created_at: Timestamp,
}

/// Returns the draft without blanks around its texts.
pub(crate) fn tidied(mut draft: Draft) -> Draft {
    draft.title = trimmed(draft.title);
    draft.venue = draft.venue.map(trimmed);
    draft.city = draft.city.map(trimmed);
    draft.description = draft.description.map(trimmed);
    draft
}

fn trimmed(text: String) -> String {
    text.trim().to_owned()
}

/// Where a listing stands that is on sale, and how many of its tickets can be had.
pub(crate) fn standing(quantity: i64, held: i64, sold: i64) -> (Status, i64) {
    let available = quantity - held - sold;
    let status = match (available, held) {
        (1.., _) => Status::Open,
        (_, 1..) => Status::Held,
        _ => Status::Sold,
    };
    (status, available.max(0))
}

/// Counts a change that leaves what its seller wrote as it is: content that was right stays right.
pub(crate) const NEXT_VERSION: &str = "version = version + 1, \
    content_at = content_at + CASE WHEN content_at = version THEN 1 ELSE 0 END";

row! {
    /// What changes of a listing with its orders.
    pub(crate) struct Counts {
        id: TicketId,
        version: i64,
        quantity: i64,
        held: i64,
        sold: i64,
        withdrawn: bool,
    }
}

impl Counts {
    /// Returns what pages learn of a listing whose held and sold have changed.
    pub(crate) fn news(&self) -> TicketNews {
        let Self { id, version, quantity, held, sold, withdrawn } = *self;
        let (status, available) = match withdrawn {
            true => (Status::Withdrawn, 0),
            false => standing(quantity, held, sold),
        };
        TicketNews { id, version, status, available, edited: false }
    }
}

row! {
    /// A listing's row, without what searches compare with.
    pub(crate) struct TicketRow {
        id: TicketId,
        title: String,
        price: i64,
        currency: String,
        quantity: i64,
        held: i64,
        sold: i64,
        withdrawn: bool,
        seller_id: UserId,
        venue: Option<String>,
        city: Option<String>,
        starts_at: Option<Timestamp>,
        time_zone: Option<String>,
        description: Option<String>,
        created_at: Timestamp,
        version: i64,
    }
}

/// The columns of a listing.
pub(crate) const COLUMNS: &str = TicketRow::COLUMNS;

impl From<TicketRow> for Ticket {
    fn from(row: TicketRow) -> Self {
        let ticket = Self {
            id: row.id,
            title: row.title,
            price: row.price,
            currency: row.currency,
            quantity: row.quantity,
            available: 0,
            status: if row.withdrawn { Status::Withdrawn } else { Status::Open },
            seller_id: row.seller_id,
            venue: row.venue,
            city: row.city,
            starts_at: row.starts_at,
            time_zone: row.time_zone,
            description: row.description,
            created_at: row.created_at,
            version: row.version,
        };
        ticket.counted(row.held, row.sold)
    }
}

impl Row for Ticket {
    fn read(record: &Record) -> db::Result<Self> {
        TicketRow::read(record).map(Self::from)
    }
}

impl Ticket {
    /// A new listing of `seller`.
    pub(crate) fn new(seller_id: UserId, draft: Draft) -> Self {
        Self::written(TicketId::new(), seller_id, Timestamp::now(), 1, draft)
    }

    /// What the seller has made of this listing by `draft`, with nothing held or sold.
    fn rewritten(&self, draft: Draft) -> Self {
        Self::written(self.id, self.seller_id, self.created_at, self.version + 1, draft)
    }

    fn written(
        id: TicketId,
        seller_id: UserId,
        created_at: Timestamp,
        version: i64,
        draft: Draft,
    ) -> Self {
        Self {
            id,
            available: draft.quantity,
            title: draft.title,
            price: draft.price,
            currency: draft.currency,
            quantity: draft.quantity,
            status: Status::Open,
            seller_id,
            venue: draft.venue,
            city: draft.city,
            starts_at: draft.starts_at,
            time_zone: draft.time_zone,
            description: draft.description,
            created_at,
            version,
        }
    }

    /// The same with so many held and sold.
    pub(crate) fn counted(mut self, held: i64, sold: i64) -> Self {
        if self.status == Status::Withdrawn {
            return self;
        }
        (self.status, self.available) = standing(self.quantity, held, sold);
        self
    }

    /// Finds the listing `id`, if there is one.
    pub(crate) async fn find_in(read: &mut impl Read, id: TicketId) -> db::Result<Option<Self>> {
        read.read(Self::find(id)).await
    }

    pub(crate) fn find(id: TicketId) -> Query {
        query!("SELECT {COLUMNS} FROM tickets_tickets WHERE id = ?1", id)
    }

    /// Stores a new listing.
    ///
    /// # Errors
    /// Never: a listing can be written as JSON.
    pub(crate) fn insert(&self) -> anyhow::Result<Query> {
        let insert = query!(
            "INSERT INTO tickets_tickets \
            (id, seller_id, title, price, currency, quantity, venue, city, starts_at, time_zone, \
             description, words, city_key, content, created_at, version, content_at) \
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?16)",
            self.id,
            self.seller_id
        );
        let dated = [Value::from(self.created_at), Value::from(self.version)];
        Ok(insert.bind_all(self.written_by_seller()?).bind_all(dated))
    }

    /// Replaces what its seller writes, if the listing is still as it is here. What is held and sold
    /// stays as events have told it: the edit must not count what they have yet to tell.
    ///
    /// # Errors
    /// Never: a listing can be written as JSON.
    pub(crate) fn update(&self, draft: Draft) -> anyhow::Result<Query> {
        let update = query!(
            "UPDATE tickets_tickets SET title = ?3, price = ?4, currency = ?5, quantity = ?6, \
             venue = ?7, city = ?8, starts_at = ?9, time_zone = ?10, description = ?11, \
             words = ?12, city_key = ?13, content = ?14, content_at = version + 1, \
             version = version + 1 \
             WHERE id = ?1 AND version = ?2 AND withdrawn = 0 RETURNING {COLUMNS}",
            self.id,
            self.version
        );
        Ok(update.bind_all(self.rewritten(draft).written_by_seller()?))
    }

    /// Takes the listing off sale, if it is still at `version`.
    pub(crate) fn withdraw(id: TicketId, version: i64) -> Query {
        query!(
            "UPDATE tickets_tickets SET withdrawn = 1, {NEXT_VERSION} \
             WHERE id = ?1 AND version = ?2 AND withdrawn = 0 RETURNING {COLUMNS}",
            id,
            version
        )
    }

    /// What a seller writes, from the title on, what searches compare with, and all of it in JSON.
    fn written_by_seller(&self) -> anyhow::Result<[Value; 12]> {
        let texts =
            [Some(&self.title), self.venue.as_ref(), self.city.as_ref(), self.description.as_ref()];
        let words: Vec<String> =
            texts.into_iter().flatten().map(|text| text.to_lowercase()).collect();
        Ok([
            (&self.title).into(),
            self.price.into(),
            (&self.currency).into(),
            self.quantity.into(),
            self.venue.as_ref().into(),
            self.city.as_ref().into(),
            self.starts_at.into(),
            self.time_zone.as_ref().into(),
            self.description.as_ref().into(),
            words.join("\n").into(),
            self.city.as_ref().map(|city| city.to_lowercase()).into(),
            self.content()?.into(),
        ])
    }

    /// What only its seller changes, in JSON.
    ///
    /// # Errors
    /// Never: a listing can be written as JSON.
    pub(crate) fn content(&self) -> anyhow::Result<String> {
        let content = Content {
            id: self.id,
            title: &self.title,
            price: self.price,
            currency: &self.currency,
            quantity: self.quantity,
            seller_id: self.seller_id,
            venue: self.venue.as_deref(),
            city: self.city.as_deref(),
            starts_at: self.starts_at,
            time_zone: self.time_zone.as_deref(),
            description: self.description.as_deref(),
            created_at: self.created_at,
        };
        Ok(serde_json::to_string(&content)?)
    }

    /// What the API answers of the listing.
    pub(crate) fn body(&self) -> api::Ticket {
        let Self { id, price, quantity, available, status, seller_id, .. } = *self;
        api::Ticket {
            id,
            title: self.title.clone(),
            price,
            currency: self.currency.clone(),
            quantity,
            available,
            status: status.into(),
            seller_id,
            venue: self.venue.clone(),
            city: self.city.clone(),
            starts_at: self.starts_at,
            time_zone: self.time_zone.clone(),
            description: self.description.clone(),
            created_at: self.created_at,
            version: self.version,
        }
    }

    /// What other services learn of the listing.
    pub(crate) fn state(&self) -> TicketState {
        TicketState {
            id: self.id,
            version: self.version,
            seller_id: self.seller_id,
            title: self.title.clone(),
            price: self.price,
            currency: self.currency.clone(),
            quantity: self.quantity,
            withdrawn: self.status == Status::Withdrawn,
            venue: self.venue.clone(),
            city: self.city.clone(),
            starts_at: self.starts_at,
            time_zone: self.time_zone.clone(),
        }
    }

    /// What pages that show the listing learn of it; `edited` if more has changed than its counts.
    pub(crate) fn news(&self, edited: bool) -> TicketNews {
        let Self { id, version, status, available, .. } = *self;
        TicketNews { id, version, status, available, edited }
    }

    /// The event that tells of the listing's state.
    pub(crate) fn event(&self, kind: Kind<TicketState>) -> anyhow::Result<Event> {
        Ok(Event::new(kind, &self.state())?)
    }
}
