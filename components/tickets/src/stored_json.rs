//! A listing as the API shows it: JSON that is put together from what is stored as JSON already.

use std::fmt::Write as _;

use boxoffice_contract::TicketId;
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::{Cx, log, query, row, unit};

use crate::SERVICE;
use crate::ticket::{Status, Ticket, standing};

/// A listing in JSON, and its version.
#[derive(Debug)]
pub(crate) struct StoredJson {
    pub(crate) json: String,
    pub(crate) version: i64,
    pub(crate) status: Status,
}

row! {
    /// A listing as it is stored in JSON.
    pub(crate) struct Stored {
        content: Option<String>,
        content_at: i64,
        quantity: i64,
        held: i64,
        sold: i64,
        withdrawn: bool,
        version: i64,
    }
}

impl Stored {
    /// Returns the listing; None if its content is behind.
    pub(crate) fn shown(self) -> Option<StoredJson> {
        let Self { content_at, quantity, held, sold, withdrawn, version, .. } = self;
        let content = self.content.filter(|_| content_at == version)?;
        let (status, available) = standing(withdrawn, quantity, held, sold);
        Some(StoredJson::new(content, status, available, version))
    }
}

impl StoredJson {
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
        Self { json, version, status }
    }

    /// The same of a listing whose content is behind, and has it brought up to date meanwhile.
    ///
    /// # Errors
    /// Never: a listing can be written as JSON.
    pub(crate) fn renewed(ticket: &Ticket) -> anyhow::Result<Self> {
        let content = ticket.content()?;
        spin_sdk::wasip3::spawn(renew(ticket.id, ticket.version, content.clone()));
        Ok(Self::new(content, ticket.status(), ticket.available(), ticket.version))
    }

    /// Finds the listing `id`, if there is one.
    pub(crate) async fn find(id: TicketId) -> anyhow::Result<Option<Self>> {
        let stored: Option<Stored> = Reader::new(&SERVICE).read(stored(id)).await?;
        let Some(stored) = stored else { return Ok(None) };
        if let Some(shown) = stored.shown() {
            return Ok(Some(shown));
        }
        let ticket = Ticket::find_in(&mut Reader::new(&SERVICE), id).await?;
        ticket.as_ref().map(Self::renewed).transpose()
    }
}

pub(crate) fn stored(id: TicketId) -> Query {
    const COLUMNS: &str = Stored::COLUMNS;
    query!("SELECT {COLUMNS} FROM tickets_tickets WHERE id = ?1", id)
}

/// Stores `content` if the listing is still at `version`. If it is not, or this fails, the next
/// reader does it.
async fn renew(id: TicketId, version: i64, content: String) {
    let cx = Cx::NONE.with("ticket", id);
    if let Err(error) = unit::change::<()>(&cx, &SERVICE, renewing(id, version, content)).await {
        log::failed(&cx, "bringing a listing's content up to date", &error.into());
    }
}

pub(crate) fn renewing(id: TicketId, version: i64, content: String) -> Query {
    query!(
        "UPDATE tickets_tickets SET content = ?3, content_at = ?2 \
         WHERE id = ?1 AND version = ?2 AND content_at <> ?2",
        id,
        version,
        content
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use boxoffice_contract::UserId;
    use boxoffice_contract::tickets::Draft;

    use super::*;

    #[test]
    fn what_is_put_together_says_what_the_listing_says() {
        let draft = Draft {
            title: "Quotes \" and {braces}".to_owned(),
            price: 4550,
            quantity: 3,
            description: Some("two\nlines".to_owned()),
            transfer_limit: Some(2),
            max_per_buyer: 4,
            asks_names: true,
            ..Draft::default()
        };
        for (held, sold) in [(0, 0), (3, 0), (1, 2), (0, 3)] {
            let ticket = Ticket::new(UserId::new(), draft.clone()).counted(held, sold);
            let offer = Ticket { resale_of: Some(TicketId::new()), ..ticket.clone() };
            for ticket in [ticket, offer] {
                let content = ticket.content().unwrap();
                let shown =
                    StoredJson::new(content, ticket.status(), ticket.available(), ticket.version);
                let shown: serde_json::Value = serde_json::from_str(&shown.json).unwrap();
                assert_eq!(shown, serde_json::to_value(ticket.body()).unwrap());
            }
        }
    }
}
