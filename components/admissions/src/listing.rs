//! What is known of the events: a replica of what their organizers write.

use boxoffice_contract::admissions::AdmittedEvent;
use boxoffice_contract::events::TicketState;
use boxoffice_contract::{TicketId, UserId};
use boxoffice_kernel::db::{self, Query, Read, Reader};
use boxoffice_kernel::peer::{Call, Peer};
use boxoffice_kernel::{Cx, Timestamp, params, query, row, unit};
use boxoffice_rules::money;
use http::Method;

use crate::SERVICE;
use crate::refusal::{Refusal, Result};

pub(crate) const TICKETS: Peer = Peer { name: "tickets", base_url: "tickets_base_url" };

row! {
    /// A listing, which is the event.
    #[derive(Clone, Debug)]
    pub(crate) struct Listing {
        pub(crate) ticket_id: TicketId,
        pub(crate) seller_id: UserId,
        pub(crate) title: String,
        pub(crate) venue: Option<String>,
        pub(crate) city: Option<String>,
        pub(crate) starts_at: Option<Timestamp>,
        pub(crate) time_zone: Option<String>,
        /// The highest price of a resale, in percent of what the ticket cost.
        pub(crate) resale_cap: i64,
        /// How often each ticket may be handed on.
        pub(crate) transfer_limit: Option<i64>,
        /// Whether each holder is asked for the name of the guest.
        pub(crate) asks_names: bool,
        /// Whether codes turn every 30 seconds.
        pub(crate) turning_codes: bool,
        /// Grows with every change by its organizer.
        pub(crate) version: i64,
    }
}

const COLUMNS: &str = Listing::COLUMNS;

impl Listing {
    /// Returns the listing `ticket_id`. What is not known here `tickets` is asked for: its event may
    /// be older than this service, or an older program may have taken it over without the newer columns.
    pub(crate) async fn get(cx: &Cx, ticket_id: TicketId) -> Result<Self> {
        if let Some(listing) = Reader::new(&SERVICE).read(Self::find(ticket_id)).await? {
            return Ok(listing);
        }
        let path = format!("/internal/tickets/{ticket_id}");
        let call = Call::by_nobody(cx, Method::GET, &path);
        let state = TICKETS.ask::<TicketState>(call, None::<&()>).await?;
        let state = state.ok_or(Refusal::NoSuchListing)?;
        unit::change::<()>(cx, &SERVICE, Self::replicating(&[&state])).await?;
        Ok(Self::from(state))
    }

    pub(crate) fn find(ticket_id: TicketId) -> Query {
        query!(
            "SELECT {COLUMNS} FROM admissions_listings \
             WHERE ticket_id = ?1 AND whole_version = version",
            ticket_id
        )
    }

    /// Takes over the organizers' states of listings, each of another one, unless newer ones are known.
    /// Answers with the ids of those that changed.
    pub(crate) fn replicating(tickets: &[&TicketState]) -> Query {
        let rows = db::places(tickets.len(), 13);
        let values = tickets.iter().flat_map(|ticket| {
            params![
                ticket.id,
                ticket.seller_id,
                &ticket.title,
                ticket.venue.as_deref(),
                ticket.city.as_deref(),
                ticket.starts_at,
                ticket.time_zone.as_deref(),
                ticket.resale_cap,
                ticket.transfer_limit,
                ticket.asks_names,
                ticket.turning_codes,
                ticket.version,
                ticket.version
            ]
            .to_vec()
        });
        query!(
            "INSERT INTO admissions_listings \
            (ticket_id, seller_id, title, venue, city, starts_at, time_zone, resale_cap, \
             transfer_limit, asks_names, turning_codes, version, whole_version) VALUES {rows} \
            ON CONFLICT (ticket_id) DO UPDATE SET title = excluded.title, venue = excluded.venue, \
             city = excluded.city, starts_at = excluded.starts_at, \
             time_zone = excluded.time_zone, resale_cap = excluded.resale_cap, \
             transfer_limit = excluded.transfer_limit, asks_names = excluded.asks_names, \
             turning_codes = excluded.turning_codes, version = excluded.version, \
             whole_version = excluded.whole_version \
            WHERE excluded.version >= admissions_listings.version \
             AND excluded.version > admissions_listings.whole_version RETURNING ticket_id"
        )
        .bind_all(values)
    }

    /// Tells whether the codes of its tickets turn.
    pub(crate) fn turns(&self) -> bool {
        self.turning_from().is_some()
    }

    /// Returns when the event begins, around which its tickets' codes turn, if they do.
    pub(crate) fn turning_from(&self) -> Option<Timestamp> {
        self.starts_at.filter(|_| self.turning_codes)
    }

    /// What its holders are told of the event.
    pub(crate) fn event(&self) -> AdmittedEvent {
        let Self { title, venue, city, starts_at, time_zone, version, .. } = self.clone();
        // A listing that nobody has changed is at version 1.
        let revision = Some(version).filter(|version| *version > 1);
        AdmittedEvent { title, venue, city, starts_at, time_zone, revision }
    }
}

/// Returns the highest price of a resale, in minor units: `cap` percent of `face_price`, and a price
/// that can be charged in `currency`. `None` if there is no such price.
pub(crate) fn highest_price(face_price: i64, cap: i64, currency: &str) -> Option<i64> {
    let most = face_price.saturating_mul(cap) / 100;
    let most = most.min(money::most(currency));
    let most = most - most % money::step(currency);
    (most >= money::least(currency)).then_some(most)
}

impl From<TicketState> for Listing {
    fn from(ticket: TicketState) -> Self {
        Self {
            ticket_id: ticket.id,
            seller_id: ticket.seller_id,
            title: ticket.title,
            venue: ticket.venue,
            city: ticket.city,
            starts_at: ticket.starts_at,
            time_zone: ticket.time_zone,
            resale_cap: ticket.resale_cap,
            transfer_limit: ticket.transfer_limit,
            asks_names: ticket.asks_names,
            turning_codes: ticket.turning_codes,
            version: ticket.version,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_price_can_be_charged() {
        for (face_price, cap, currency, most) in [
            (4500, 100, "EUR", Some(4500)),
            (4500, 120, "EUR", Some(5400)),
            (4999, 50, "EUR", Some(2499)),
            (4500, 0, "EUR", None),
            (60, 50, "EUR", None),
            (5_120, 150, "KWD", Some(7_680)),
            (5_130, 50, "KWD", Some(2_560)),
            (99_999_999, 200, "EUR", Some(99_999_999)),
        ] {
            let found = highest_price(face_price, cap, currency);
            assert_eq!(found, most, "{cap} % of {face_price} {currency}");
        }
    }
}
