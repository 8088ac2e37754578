//! The inventory: a replica of each listing, and how much of it is held and sold.

use boxoffice_common::db::{self, Read, Row, Transaction};
use boxoffice_common::events::contract::TicketState;
use boxoffice_common::{Timestamp, params};
use uuid::Uuid;

/// What a hold needs to know of a listing.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    pub(crate) ticket_id: Uuid,
    pub(crate) seller_id: Uuid,
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
}

const COLUMNS: &str = "ticket_id, seller_id, title, price, currency, quantity, withdrawn, venue, \
    city, starts_at, time_zone, held, sold, frozen_until";

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
        })
    }

    /// The listing `ticket_id`, if it is known here.
    pub(crate) async fn find(read: &impl Read, ticket_id: Uuid) -> db::Result<Option<Self>> {
        let sql = format!("SELECT {COLUMNS} FROM orders_listings WHERE ticket_id = ?1");
        read.first(&sql, params![ticket_id]).await?.as_ref().map(Self::read).transpose()
    }

    /// Takes `quantity` tickets off sale for `buyer`, if they are to be had. This statement decides
    /// who gets them: whatever was read before it is only good for explaining a refusal.
    pub(crate) async fn hold(
        transaction: &Transaction,
        ticket_id: Uuid,
        buyer: Uuid,
        quantity: i64,
        now: Timestamp,
    ) -> db::Result<Option<Self>> {
        let sql = format!(
            "UPDATE orders_listings SET held = held + ?3 \
             WHERE ticket_id = ?1 AND seller_id <> ?2 AND withdrawn = 0 \
             AND held + sold + ?3 <= quantity AND frozen_until = 0 \
             AND (starts_at IS NULL OR starts_at > ?4) RETURNING {COLUMNS}"
        );
        let row = transaction.first(&sql, params![ticket_id, buyer, quantity, now]).await?;
        row.as_ref().map(Self::read).transpose()
    }

    /// Puts `quantity` held tickets back on sale.
    pub(crate) async fn free(
        transaction: &Transaction,
        ticket_id: Uuid,
        quantity: i64,
    ) -> db::Result<()> {
        let sql = "UPDATE orders_listings SET held = held - ?2 WHERE ticket_id = ?1";
        transaction.execute(sql, params![ticket_id, quantity]).await
    }

    /// Turns `quantity` held tickets into sold ones.
    pub(crate) async fn sell(
        transaction: &Transaction,
        ticket_id: Uuid,
        quantity: i64,
    ) -> db::Result<()> {
        let sql = "UPDATE orders_listings SET held = held - ?2, sold = sold + ?2 \
                   WHERE ticket_id = ?1";
        transaction.execute(sql, params![ticket_id, quantity]).await
    }

    /// Puts `quantity` sold tickets back on sale.
    pub(crate) async fn take_back(
        transaction: &Transaction,
        ticket_id: Uuid,
        quantity: i64,
    ) -> db::Result<()> {
        let sql = "UPDATE orders_listings SET sold = sold - ?2 WHERE ticket_id = ?1";
        transaction.execute(sql, params![ticket_id, quantity]).await
    }

    /// Takes over the seller's state of a listing, unless a newer one is known; tells whether it
    /// did. A listing that changed is not frozen any more.
    pub(crate) async fn replicate(
        transaction: &Transaction,
        ticket: &TicketState,
    ) -> db::Result<bool> {
        let sql = "INSERT INTO orders_listings \
            (ticket_id, seller_id, title, price, currency, quantity, withdrawn, venue, city, \
             starts_at, time_zone, version) \
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) \
            ON CONFLICT (ticket_id) DO UPDATE SET title = excluded.title, price = excluded.price, \
             currency = excluded.currency, quantity = excluded.quantity, \
             withdrawn = excluded.withdrawn, venue = excluded.venue, city = excluded.city, \
             starts_at = excluded.starts_at, time_zone = excluded.time_zone, \
             version = excluded.version, frozen_until = 0 \
            WHERE excluded.version > orders_listings.version RETURNING ticket_id";
        let row = params![
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
        ];
        Ok(transaction.first(sql, row).await?.is_some())
    }

    /// Lets nothing of the listing be held, if nothing is held now. Answers with how many are sold.
    ///
    /// The seller's change is committed before `until`, or never. Only what the seller's side says after
    /// that tells whether it was, so time alone does not end a freeze: [`Listing::replicate`] does
    /// when there is something newer, [`Listing::thaw`] when there is not.
    pub(crate) async fn freeze(
        transaction: &Transaction,
        ticket_id: Uuid,
        seller: Uuid,
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
        ticket_id: Uuid,
        asked: Timestamp,
    ) -> db::Result<()> {
        let sql = "UPDATE orders_listings SET frozen_until = 0 \
                   WHERE ticket_id = ?1 AND frozen_until <= ?2";
        transaction.execute(sql, params![ticket_id, asked]).await
    }
}
