//! A listing: in the database, in JSON, in events.

use boxoffice_contract::events::Kind;
use boxoffice_contract::events::TicketState;
use boxoffice_contract::news::TicketNews;
pub(crate) use boxoffice_contract::tickets::TicketStatus as Status;
use boxoffice_contract::tickets::{self as api, Draft};
use boxoffice_contract::{TicketId, UserId};
use boxoffice_kernel::Timestamp;
use boxoffice_kernel::db::{self, Connection, Read, Row, Transaction, Value};
use boxoffice_kernel::events::Event;
use boxoffice_kernel::params;

use crate::{SERVICE, shown};

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

/// The columns that [`recounted`] needs.
pub(crate) const COUNTS: &str = "id, version, quantity, held, sold, withdrawn";

/// What pages learn of a listing whose held and sold have changed; reads a row of [`COUNTS`].
pub(crate) fn recounted(row: &Row) -> db::Result<TicketNews> {
    let (status, available) = match row.get::<i64>("withdrawn")? {
        0 => standing(row.get("quantity")?, row.get("held")?, row.get("sold")?),
        _ => (Status::Withdrawn, 0),
    };
    let (id, version) = (row.get("id")?, row.get("version")?);
    Ok(TicketNews { id, version, status, available, edited: false })
}

/// The columns that [`Ticket::read`] needs.
pub(crate) const COLUMNS: &str = "id, title, price, currency, quantity, held, sold, withdrawn, \
    seller_id, venue, city, starts_at, time_zone, description, created_at, version";

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

    /// Reads a row of [`COLUMNS`].
    pub(crate) fn read(row: &Row) -> db::Result<Self> {
        let ticket = Self {
            id: row.get("id")?,
            title: row.get("title")?,
            price: row.get("price")?,
            currency: row.get("currency")?,
            quantity: row.get("quantity")?,
            available: 0,
            status: match row.get::<i64>("withdrawn")? {
                0 => Status::Open,
                _ => Status::Withdrawn,
            },
            seller_id: row.get("seller_id")?,
            venue: row.get("venue")?,
            city: row.get("city")?,
            starts_at: row.get("starts_at")?,
            time_zone: row.get("time_zone")?,
            description: row.get("description")?,
            created_at: row.get("created_at")?,
            version: row.get("version")?,
        };
        Ok(ticket.counted(row.get("held")?, row.get("sold")?))
    }

    /// The same with so many held and sold.
    pub(crate) fn counted(mut self, held: i64, sold: i64) -> Self {
        if self.status == Status::Withdrawn {
            return self;
        }
        (self.status, self.available) = standing(self.quantity, held, sold);
        self
    }

    /// The listing `id`, if there is one.
    pub(crate) async fn find(id: TicketId) -> db::Result<Option<Self>> {
        let connection = Connection::open(&SERVICE).await?;
        let sql = format!("SELECT {COLUMNS} FROM tickets_tickets WHERE id = ?1");
        connection.first(&sql, params![id]).await?.as_ref().map(Self::read).transpose()
    }

    /// Has a new listing stored when `transaction` commits.
    ///
    /// # Errors
    /// Never: a listing can be written as JSON.
    pub(crate) fn insert(&self, transaction: &mut Transaction) -> anyhow::Result<()> {
        let sql = "INSERT INTO tickets_tickets \
            (id, seller_id, title, price, currency, quantity, venue, city, starts_at, time_zone, \
             description, words, city_key, content, created_at, version, content_at) \
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?16)";
        let mut row = vec![Value::from(self.id), Value::from(self.seller_id)];
        row.extend(self.content()?);
        row.extend([Value::from(self.created_at), Value::from(self.version)]);
        transaction.insert(sql, &row);
        Ok(())
    }

    /// Replaces what its seller writes, if the listing is still as it is here. What is held and sold
    /// stays as events have told it: the edit must not count what they have yet to tell.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn update(
        &self,
        transaction: &Transaction,
        draft: Draft,
    ) -> anyhow::Result<Option<Self>> {
        let sql = format!(
            "UPDATE tickets_tickets SET title = ?3, price = ?4, currency = ?5, quantity = ?6, \
             venue = ?7, city = ?8, starts_at = ?9, time_zone = ?10, description = ?11, \
             words = ?12, city_key = ?13, content = ?14, content_at = version + 1, \
             version = version + 1 \
             WHERE id = ?1 AND version = ?2 AND withdrawn = 0 RETURNING {COLUMNS}"
        );
        let mut row = vec![Value::from(self.id), Value::from(self.version)];
        row.extend(self.rewritten(draft).content()?);
        Ok(transaction.first(&sql, &row).await?.as_ref().map(Self::read).transpose()?)
    }

    /// Takes the listing off sale, if it is still at `version`.
    pub(crate) async fn withdraw(
        transaction: &Transaction,
        id: TicketId,
        version: i64,
    ) -> db::Result<Option<Self>> {
        let sql = format!(
            "UPDATE tickets_tickets SET withdrawn = 1, {NEXT_VERSION} \
             WHERE id = ?1 AND version = ?2 AND withdrawn = 0 RETURNING {COLUMNS}"
        );
        let row = transaction.first(&sql, params![id, version]).await?;
        row.as_ref().map(Self::read).transpose()
    }

    /// What a seller writes, from the title on, what searches compare with, and all of it in JSON.
    fn content(&self) -> anyhow::Result<[Value; 12]> {
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
            shown::content(self)?.into(),
        ])
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
