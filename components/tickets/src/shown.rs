//! A listing as the API shows it: JSON that is put together from what is stored as JSON already.

use std::fmt::Write as _;

use boxoffice_contract::{TicketId, UserId};
use boxoffice_kernel::Timestamp;
use boxoffice_kernel::db::{self, Connection, Read, Row};
use boxoffice_kernel::{log, params};
use send_wrapper::SendWrapper;
use serde::Serialize;

use crate::SERVICE;
use crate::ticket::{Status, Ticket, standing};

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

/// What only its seller changes of `ticket`, in JSON.
///
/// # Errors
/// Never: a listing can be written as JSON.
pub(crate) fn content(ticket: &Ticket) -> anyhow::Result<String> {
    let content = Content {
        id: ticket.id,
        title: &ticket.title,
        price: ticket.price,
        currency: &ticket.currency,
        quantity: ticket.quantity,
        seller_id: ticket.seller_id,
        venue: ticket.venue.as_deref(),
        city: ticket.city.as_deref(),
        starts_at: ticket.starts_at,
        time_zone: ticket.time_zone.as_deref(),
        description: ticket.description.as_deref(),
        created_at: ticket.created_at,
    };
    Ok(serde_json::to_string(&content)?)
}

/// A listing in JSON, and its version.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) json: String,
    pub(crate) version: i64,
}

impl Shown {
    /// The columns that [`Shown::read`] needs.
    pub(crate) const COLUMNS: &str =
        "content, content_at, quantity, held, sold, withdrawn, version";

    /// Reads a row of [`Shown::COLUMNS`]; None if its content is behind.
    pub(crate) fn read(row: &Row) -> db::Result<Option<Self>> {
        let version: i64 = row.get("version")?;
        if row.get::<i64>("content_at")? != version {
            return Ok(None);
        }
        let content: Option<String> = row.get("content")?;
        let Some(content) = content else { return Ok(None) };
        let (status, available) = match row.get::<i64>("withdrawn")? {
            0 => standing(row.get("quantity")?, row.get("held")?, row.get("sold")?),
            _ => (Status::Withdrawn, 0),
        };
        Ok(Some(Self::new(content, status, available, version)))
    }

    fn new(content: String, status: Status, available: i64, version: i64) -> Self {
        let mut json = content;
        let closing = json.pop();
        debug_assert_eq!(closing, Some('}'), "the content is an object");
        // Writing into a String cannot fail.
        let _ = write!(
            json,
            r#","available":{available},"status":"{}","version":{version}}}"#,
            status.name()
        );
        Self { json, version }
    }

    /// The same of a listing whose content is behind, and has it brought up to date meanwhile.
    ///
    /// # Errors
    /// Never: a listing can be written as JSON.
    pub(crate) fn renewed(ticket: &Ticket) -> anyhow::Result<Self> {
        let content = content(ticket)?;
        spin_sdk::wasip3::spawn(renew(ticket.id, ticket.version, content.clone()));
        Ok(Self::new(content, ticket.status, ticket.available, ticket.version))
    }

    /// The listing `id`, if there is one.
    pub(crate) async fn find(id: TicketId) -> anyhow::Result<Option<Self>> {
        let sql = format!("SELECT {} FROM tickets_tickets WHERE id = ?1", Self::COLUMNS);
        let row = {
            let connection = Connection::open(&SERVICE).await?;
            connection.first(&sql, params![id]).await?
        };
        let Some(row) = row else { return Ok(None) };
        if let Some(shown) = Self::read(&row)? {
            return Ok(Some(shown));
        }
        Ticket::find(id).await?.as_ref().map(Self::renewed).transpose()
    }
}

/// Stores `content` if the listing is still at `version`. If it is not, or this fails, the next
/// reader does it.
async fn renew(id: TicketId, version: i64, content: String) {
    let sql = "UPDATE tickets_tickets SET content = ?3, content_at = ?2 \
               WHERE id = ?1 AND version = ?2 AND content_at <> ?2";
    let renewing = async {
        let connection = Connection::open(&SERVICE).await?;
        connection.query(sql, params![id, version, content]).await.map(drop)
    };
    if let Err(error) = SendWrapper::new(renewing).await {
        log::failed("bringing a listing's content up to date", &error.into());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use boxoffice_contract::tickets::Draft;

    use super::*;

    #[test]
    fn what_is_put_together_says_what_the_listing_says() {
        let draft = Draft {
            title: "Quotes \" and {braces}".to_owned(),
            price: 4550,
            quantity: 3,
            description: Some("two\nlines".to_owned()),
            ..Draft::default()
        };
        for (held, sold) in [(0, 0), (3, 0), (1, 2), (0, 3)] {
            let ticket = Ticket::new(UserId::new(), draft.clone()).counted(held, sold);
            let content = content(&ticket).unwrap();
            let shown = Shown::new(content, ticket.status, ticket.available, ticket.version);
            let shown: serde_json::Value = serde_json::from_str(&shown.json).unwrap();
            assert_eq!(shown, serde_json::to_value(ticket.body()).unwrap());
        }
    }
}
