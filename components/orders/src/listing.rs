//! The inventory: a replica of each listing, and how much of it is held and sold.

use boxoffice_contract::events::TicketState;
use boxoffice_contract::{TicketId, UserId};
use boxoffice_kernel::db::{self, Read, Row, Transaction, Value};
use boxoffice_kernel::{Timestamp, params};

/// What a hold needs to know of a listing.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    pub(crate) ticket_id: TicketId,
    pub(crate) seller_id: UserId,
    pub(crate) title: String,
    pub(crate) price: i64,
    pub(crate) currency: String,
    pub(crate) quantity: i64,
    pub(crate) withdrawn: bool,
    pub(crate) venue: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) starts_at: Option<Timestamp>,
    pub(crate) time_zone: Option<String>,
    pub(crate) held: i64,
    pub(crate) sold: i64,
    /// Whether its seller is changing it, or was when last heard of: see [`Listing::freeze`].
    pub(crate) frozen: bool,
    /// Grows with every change by its seller.
    pub(crate) version: i64,
}

const COLUMNS: &str = "ticket_id, seller_id, title, price, currency, quantity, withdrawn, venue, \
    city, starts_at, time_zone, held, sold, frozen_until, version";

impl Listing {
    fn read(row: &Row) -> db::Result<Self> {
        Ok(Self {
            ticket_id: row.get("ticket_id")?,
            seller_id: row.get("seller_id")?,
            title: row.get("title")?,
            price: row.get("price")?,
            currency: row.get("currency")?,
            quantity: row.get("quantity")?,
            withdrawn: row.get::<i64>("withdrawn")? != 0,
            venue: row.get("venue")?,
            city: row.get("city")?,
            starts_at: row.get("starts_at")?,
            time_zone: row.get("time_zone")?,
            held: row.get("held")?,
            sold: row.get("sold")?,
            frozen: row.get::<i64>("frozen_until")? != 0,
            version: row.get("version")?,
        })
    }

    /// The listing `ticket_id`, if it is known here.
    pub(crate) async fn find(read: &impl Read, ticket_id: TicketId) -> db::Result<Option<Self>> {
        let sql = format!("SELECT {COLUMNS} FROM orders_listings WHERE ticket_id = ?1");
        read.first(&sql, params![ticket_id]).await?.as_ref().map(Self::read).transpose()
    }

    /// Has `quantity` tickets taken off sale when `transaction` commits, if they are to be had then, of the
    /// listing as it is here. This decides who gets them: that there were enough when one looked is only
    /// good for explaining a refusal.
    pub(crate) fn hold(&self, transaction: &mut Transaction, quantity: i64) {
        let sql = "UPDATE orders_listings SET held = held + ?2 \
                   WHERE ticket_id = ?1 AND version = ?3 AND frozen_until = 0 \
                   AND held + sold + ?2 <= quantity";
        transaction.guard(sql, params![self.ticket_id, quantity, self.version]);
    }

    /// Has `quantity` held tickets put back on sale when `transaction` commits.
    pub(crate) fn free(transaction: &mut Transaction, ticket_id: TicketId, quantity: i64) {
        let sql = "UPDATE orders_listings SET held = held - ?2 WHERE ticket_id = ?1";
        transaction.guard(sql, params![ticket_id, quantity]);
    }

    /// Has `quantity` held tickets turned into sold ones when `transaction` commits.
    pub(crate) fn sell(transaction: &mut Transaction, ticket_id: TicketId, quantity: i64) {
        let sql = "UPDATE orders_listings SET held = held - ?2, sold = sold + ?2 \
                   WHERE ticket_id = ?1";
        transaction.guard(sql, params![ticket_id, quantity]);
    }

    /// Has `quantity` sold tickets put back on sale when `transaction` commits.
    pub(crate) fn take_back(transaction: &mut Transaction, ticket_id: TicketId, quantity: i64) {
        let sql = "UPDATE orders_listings SET sold = sold - ?2 WHERE ticket_id = ?1";
        transaction.guard(sql, params![ticket_id, quantity]);
    }

    /// Takes over the sellers' states of listings, each another one, unless newer ones are known; answers
    /// with those of which it did. A listing that changed is not frozen any more.
    pub(crate) async fn replicate(
        database: &impl Read,
        tickets: &[&TicketState],
    ) -> db::Result<Vec<TicketId>> {
        let sql = format!(
            "INSERT INTO orders_listings \
            (ticket_id, seller_id, title, price, currency, quantity, withdrawn, venue, city, \
             starts_at, time_zone, version) VALUES {} \
            ON CONFLICT (ticket_id) DO UPDATE SET title = excluded.title, price = excluded.price, \
             currency = excluded.currency, quantity = excluded.quantity, \
             withdrawn = excluded.withdrawn, venue = excluded.venue, city = excluded.city, \
             starts_at = excluded.starts_at, time_zone = excluded.time_zone, \
             version = excluded.version, frozen_until = 0 \
            WHERE excluded.version > orders_listings.version RETURNING ticket_id",
            db::places(tickets.len(), 12)
        );
        let mut params: Vec<Value> = Vec::with_capacity(tickets.len() * 12);
        for ticket in tickets {
            params.extend_from_slice(params![
                ticket.id,
                ticket.seller_id,
                &ticket.title,
                ticket.price,
                &ticket.currency,
                ticket.quantity,
                i64::from(ticket.withdrawn),
                ticket.venue.as_deref(),
                ticket.city.as_deref(),
                ticket.starts_at,
                ticket.time_zone.as_deref(),
                ticket.version
            ]);
        }
        let rows = database.query(&sql, &params).await?;
        rows.iter().map(|row| row.get("ticket_id")).collect()
    }

    /// Lets nothing of the listing be held, if nothing is held now. Answers with how many are sold.
    ///
    /// The seller's change is committed before `until`, or never. Only what the seller's side says after
    /// that tells whether it was, so time alone does not end a freeze: [`Listing::replicate`] does
    /// when there is something newer, [`Listing::thaw`] when there is not.
    pub(crate) async fn freeze(
        transaction: &Transaction,
        ticket_id: TicketId,
        seller: UserId,
        until: Timestamp,
    ) -> db::Result<Option<i64>> {
        let sql = "UPDATE orders_listings SET frozen_until = ?3 \
                   WHERE ticket_id = ?1 AND seller_id = ?2 AND held = 0 RETURNING sold";
        let row = transaction.first(sql, params![ticket_id, seller, until]).await?;
        row.map(|row| row.get("sold")).transpose()
    }

    /// Ends a freeze that nothing came of, given that the seller's side was asked at `asked` and had
    /// nothing newer to say.
    pub(crate) async fn thaw(
        transaction: &Transaction,
        ticket_id: TicketId,
        asked: Timestamp,
    ) -> db::Result<()> {
        let sql = "UPDATE orders_listings SET frozen_until = 0 \
                   WHERE ticket_id = ?1 AND frozen_until <= ?2";
        transaction.execute(sql, params![ticket_id, asked]).await
    }
}
