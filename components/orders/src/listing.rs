//! The inventory: a replica of each listing, and how much of it is held and sold.
//!
//! What is needed of a listing, to read it or to change it, is a statement of [`Query`]: who runs it
//! says whether it is read, required or changed at once.

use boxoffice_contract::events::TicketState;
use boxoffice_contract::{TicketId, UserId};
use boxoffice_kernel::db::{self, Query, Read};
use boxoffice_kernel::{Timestamp, params, query, row};

row! {
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
        /// How many tickets one buyer may have.
        pub(crate) max_per_buyer: i64,
        /// The event's listing, where a fan sells on a ticket that was bought of it.
        pub(crate) resale_of: Option<TicketId>,
        pub(crate) held: i64,
        pub(crate) sold: i64,
        /// Not 0: its seller is changing it, or was when last heard of. See [`Listing::freeze`].
        pub(crate) frozen_until: i64,
        /// Grows with every change by its seller.
        pub(crate) version: i64,
    }
}

const COLUMNS: &str = Listing::COLUMNS;

impl Listing {
    /// Finds the listing `ticket_id`, if it is known here.
    pub(crate) async fn find_in(
        read: &mut impl Read,
        ticket_id: TicketId,
    ) -> db::Result<Option<Self>> {
        read.read(Self::find(ticket_id)).await
    }

    pub(crate) fn find(ticket_id: TicketId) -> Query {
        query!("SELECT {COLUMNS} FROM orders_listings WHERE ticket_id = ?1", ticket_id)
    }

    /// Whether nothing may be held of it.
    pub(crate) const fn is_frozen(&self) -> bool {
        self.frozen_until != 0
    }

    /// Holds `quantity` tickets of the listing as it is here. It changes nothing if the listing changed
    /// or too few are left, and so decides who gets them: that there were enough when one looked is
    /// only good for explaining a refusal.
    pub(crate) fn hold(&self, quantity: i64) -> Query {
        query!(
            "UPDATE orders_listings SET held = held + ?2 \
             WHERE ticket_id = ?1 AND version = ?3 AND frozen_until = 0 \
             AND held + sold + ?2 <= quantity",
            self.ticket_id,
            quantity,
            self.version
        )
    }

    /// Puts `quantity` held tickets back on sale.
    pub(crate) fn free(ticket_id: TicketId, quantity: i64) -> Query {
        query!(
            "UPDATE orders_listings SET held = held - ?2 WHERE ticket_id = ?1",
            ticket_id,
            quantity
        )
    }

    /// Turns `quantity` held tickets into sold ones.
    pub(crate) fn sell(ticket_id: TicketId, quantity: i64) -> Query {
        query!(
            "UPDATE orders_listings SET held = held - ?2, sold = sold + ?2 \
             WHERE ticket_id = ?1",
            ticket_id,
            quantity
        )
    }

    /// Puts `quantity` sold tickets back on sale.
    pub(crate) fn take_back(ticket_id: TicketId, quantity: i64) -> Query {
        query!(
            "UPDATE orders_listings SET sold = sold - ?2 WHERE ticket_id = ?1",
            ticket_id,
            quantity
        )
    }

    /// Takes over the sellers' states of listings, each of another one, unless newer ones are known.
    /// Answers with the ids of those that changed; they are not frozen any more. Where the event changed,
    /// it notes when.
    pub(crate) fn replicate(tickets: &[&TicketState]) -> Query {
        let now = Timestamp::now();
        let rows = db::places(tickets.len(), 15);
        let values = tickets.iter().flat_map(|ticket| {
            params![
                ticket.id,
                ticket.seller_id,
                &ticket.title,
                ticket.price,
                &ticket.currency,
                ticket.quantity,
                ticket.withdrawn,
                ticket.venue.as_deref(),
                ticket.city.as_deref(),
                ticket.starts_at,
                ticket.time_zone.as_deref(),
                ticket.resale_of,
                ticket.max_per_buyer,
                ticket.version,
                now
            ]
            .to_vec()
        });
        query!(
            "INSERT INTO orders_listings \
            (ticket_id, seller_id, title, price, currency, quantity, withdrawn, venue, city, \
             starts_at, time_zone, resale_of, max_per_buyer, version, changed_at) VALUES {rows} \
            ON CONFLICT (ticket_id) DO UPDATE SET title = excluded.title, price = excluded.price, \
             currency = excluded.currency, quantity = excluded.quantity, \
             withdrawn = excluded.withdrawn, venue = excluded.venue, city = excluded.city, \
             starts_at = excluded.starts_at, time_zone = excluded.time_zone, \
             resale_of = excluded.resale_of, max_per_buyer = excluded.max_per_buyer, \
             changed_at = CASE WHEN excluded.title = orders_listings.title \
              AND COALESCE(excluded.venue, '') = COALESCE(orders_listings.venue, '') \
              AND COALESCE(excluded.city, '') = COALESCE(orders_listings.city, '') \
              AND COALESCE(excluded.starts_at, 0) = COALESCE(orders_listings.starts_at, 0) \
              THEN orders_listings.changed_at ELSE excluded.changed_at END, \
             version = excluded.version, frozen_until = 0 \
            WHERE excluded.version > orders_listings.version RETURNING ticket_id"
        )
        .bind_all(values)
    }

    /// Lets nothing more of the listing be held. Answers with how many are held and how many are sold.
    /// Unless it may happen `while_held`, it changes nothing if any are held.
    ///
    /// The seller's change is committed before `until`, or never. Only what the seller's side says after
    /// that tells whether it was, so time alone does not end a freeze: [`Listing::replicate`] does
    /// when there is something newer, [`Listing::thaw`] when there is not.
    pub(crate) fn freeze(
        ticket_id: TicketId,
        seller: UserId,
        until: Timestamp,
        while_held: bool,
    ) -> Query {
        let guard = if while_held { "" } else { " AND held = 0" };
        query!(
            "UPDATE orders_listings SET frozen_until = ?3 \
             WHERE ticket_id = ?1 AND seller_id = ?2{guard} RETURNING held, sold",
            ticket_id,
            seller,
            until
        )
    }

    /// Ends a freeze that nothing came of, given that the seller's side was asked at `asked` and had
    /// nothing newer to say.
    pub(crate) fn thaw(ticket_id: TicketId, asked: Timestamp) -> Query {
        query!(
            "UPDATE orders_listings SET frozen_until = 0 \
             WHERE ticket_id = ?1 AND frozen_until <= ?2",
            ticket_id,
            asked
        )
    }
}
