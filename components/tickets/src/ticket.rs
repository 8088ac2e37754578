//! A listing: in the database, in JSON, in events.

use boxoffice_contract::admissions::Offer;
use boxoffice_contract::events::{Kind, TicketState, kind};
use boxoffice_contract::news::TicketNews;
pub(crate) use boxoffice_contract::tickets::TicketStatus as Status;
use boxoffice_contract::tickets::{self as api, Draft};
use boxoffice_contract::{TicketId, UserId};
use boxoffice_kernel::db::{self, Query, Read, Value};
use boxoffice_kernel::events::Event;
use boxoffice_kernel::{Timestamp, query, row};
use serde::Serialize;

row! {
    /// A listing. In JSON it is its content: what only its seller changes.
    #[derive(Clone, Debug, Serialize)]
    #[serde(rename_all = "camelCase")]
    pub(crate) struct Ticket {
        pub(crate) id: TicketId,
        pub(crate) title: String,
        pub(crate) price: i64,
        pub(crate) currency: String,
        pub(crate) quantity: i64,
        pub(crate) seller_id: UserId,
        pub(crate) venue: Option<String>,
        pub(crate) city: Option<String>,
        pub(crate) starts_at: Option<Timestamp>,
        pub(crate) time_zone: Option<String>,
        pub(crate) description: Option<String>,
        pub(crate) resale_cap: i64,
        pub(crate) transfer_limit: Option<i64>,
        pub(crate) max_per_buyer: i64,
        pub(crate) asks_names: bool,
        pub(crate) turning_codes: bool,
        /// The event's listing, where a fan sells on a ticket that was bought of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub(crate) resale_of: Option<TicketId>,
        pub(crate) created_at: Timestamp,
        #[serde(skip)]
        pub(crate) held: i64,
        #[serde(skip)]
        pub(crate) sold: i64,
        #[serde(skip)]
        pub(crate) withdrawn: bool,
        #[serde(skip)]
        pub(crate) version: i64,
    }
}

/// The columns of a listing.
pub(crate) const COLUMNS: &str = Ticket::COLUMNS;

/// Returns what searches look through.
fn words<'a>(texts: impl IntoIterator<Item = Option<&'a String>>) -> String {
    let words: Vec<String> = texts.into_iter().flatten().map(|text| text.to_lowercase()).collect();
    words.join("\n")
}

/// Where a listing stands, and how many of its tickets can be had.
pub(crate) fn standing(withdrawn: bool, quantity: i64, held: i64, sold: i64) -> (Status, i64) {
    if withdrawn {
        return (Status::Withdrawn, 0);
    }
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
        let (status, available) = standing(withdrawn, quantity, held, sold);
        TicketNews { id, version, status, available, edited: false }
    }
}

impl Ticket {
    /// A new listing of `seller`.
    pub(crate) fn new(seller_id: UserId, draft: Draft) -> Self {
        Self::written(TicketId::new(), seller_id, Timestamp::now(), 1, draft)
    }

    /// Makes the listing by which `seller` sells on a ticket of `event`, as `offer` says. It is described
    /// as the event is; what the organizer wrote of seats or entrances need not hold for this ticket.
    /// What an organizer asks of tickets stays with the event's listing, to which admissions belong.
    pub(crate) fn offered(seller_id: UserId, offer: &Offer, event: &Self) -> Self {
        let draft = Draft {
            title: event.title.clone(),
            price: offer.price,
            currency: offer.currency.clone(),
            venue: event.venue.clone(),
            city: event.city.clone(),
            starts_at: event.starts_at,
            time_zone: event.time_zone.clone(),
            ..Draft::default()
        };
        let written = Self::written(offer.ticket_id, seller_id, Timestamp::now(), 1, draft);
        Self { resale_of: Some(event.id), ..written }
    }

    /// Whether both tell of the same event: what fans' listings copy of it.
    pub(crate) fn is_of_event(&self, other: &Self) -> bool {
        let event =
            |it: &Self| (it.title.clone(), it.venue.clone(), it.city.clone(), it.time_zone.clone());
        event(self) == event(other) && self.starts_at == other.starts_at
    }

    /// Tells whether the event takes place elsewhere or at another time than `before`.
    fn is_moved_from(&self, before: &Self) -> bool {
        let place = |it: &Self| (it.venue.clone(), it.city.clone(), it.time_zone.clone());
        place(self) != place(before) || self.starts_at != before.starts_at
    }

    /// What the seller has made of this listing by `draft`, with its counts left out.
    fn rewritten(&self, draft: Draft) -> Self {
        let written =
            Self::written(self.id, self.seller_id, self.created_at, self.version + 1, draft);
        Self { resale_of: self.resale_of, ..written }
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
            title: draft.title,
            price: draft.price,
            currency: draft.currency,
            quantity: draft.quantity,
            seller_id,
            venue: draft.venue,
            city: draft.city,
            starts_at: draft.starts_at,
            time_zone: draft.time_zone,
            description: draft.description,
            resale_cap: draft.resale_cap,
            transfer_limit: draft.transfer_limit,
            max_per_buyer: draft.max_per_buyer,
            asks_names: draft.asks_names,
            turning_codes: draft.turning_codes,
            resale_of: None,
            created_at,
            held: 0,
            sold: 0,
            withdrawn: false,
            version,
        }
    }

    /// The same with so many held and sold.
    pub(crate) fn counted(self, held: i64, sold: i64) -> Self {
        Self { held, sold, ..self }
    }

    /// Where the listing stands.
    pub(crate) fn status(&self) -> Status {
        self.standing().0
    }

    /// How many tickets are available right now.
    pub(crate) fn available(&self) -> i64 {
        self.standing().1
    }

    fn standing(&self) -> (Status, i64) {
        standing(self.withdrawn, self.quantity, self.held, self.sold)
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
        let written = self.written_by_seller()?;
        let columns = written.iter().map(|(column, _)| *column).collect::<Vec<_>>().join(", ");
        let list = db::list(5, written.len());
        let insert = query!(
            "INSERT INTO tickets_tickets \
            (id, seller_id, created_at, version, resale_of, {columns}, content_at) \
            VALUES (?1, ?2, ?3, ?4, ?5, {list}, ?4)",
            self.id,
            self.seller_id,
            self.created_at,
            self.version,
            self.resale_of
        );
        Ok(insert.bind_all(written.map(|(_, value)| value)))
    }

    /// Replaces what its seller writes, if the listing is still as it is here. What is held and sold
    /// stays as events have told it: the edit must not count what they have yet to tell.
    ///
    /// # Errors
    /// Never: a listing can be written as JSON.
    pub(crate) fn update(&self, draft: Draft) -> anyhow::Result<Query> {
        let written = self.rewritten(draft).written_by_seller()?;
        let changes: Vec<String> =
            written.iter().zip(3..).map(|((column, _), at)| format!("{column} = ?{at}")).collect();
        let changes = changes.join(", ");
        let update = query!(
            "UPDATE tickets_tickets SET {changes}, content_at = version + 1, \
             version = version + 1 \
             WHERE id = ?1 AND version = ?2 AND withdrawn = 0 RETURNING {COLUMNS}",
            self.id,
            self.version
        );
        Ok(update.bind_all(written.map(|(_, value)| value)))
    }

    /// Describes the event in all listings by which fans sell its tickets on as it is described here.
    /// Their content is left behind: the next reader writes it.
    pub(crate) fn update_offers(&self) -> Query {
        query!(
            "UPDATE tickets_tickets SET title = ?2, venue = ?3, city = ?4, starts_at = ?5, \
             time_zone = ?6, words = ?7, city_key = ?8, content_at = 0, version = version + 1 \
             WHERE resale_of = ?1 AND withdrawn = 0 RETURNING {COLUMNS}",
            self.id,
            &self.title,
            self.venue.as_ref(),
            self.city.as_ref(),
            self.starts_at,
            self.time_zone.as_ref(),
            // Fans' listings have no description.
            words([Some(&self.title), self.venue.as_ref(), self.city.as_ref()]),
            self.city_key()
        )
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

    /// What a seller writes, what searches compare with, and all of it in JSON: by the columns.
    fn written_by_seller(&self) -> anyhow::Result<[(&'static str, Value); 17]> {
        let texts =
            [Some(&self.title), self.venue.as_ref(), self.city.as_ref(), self.description.as_ref()];
        Ok([
            ("title", (&self.title).into()),
            ("price", self.price.into()),
            ("currency", (&self.currency).into()),
            ("quantity", self.quantity.into()),
            ("venue", self.venue.as_ref().into()),
            ("city", self.city.as_ref().into()),
            ("starts_at", self.starts_at.into()),
            ("time_zone", self.time_zone.as_ref().into()),
            ("description", self.description.as_ref().into()),
            ("resale_cap", self.resale_cap.into()),
            ("transfer_limit", self.transfer_limit.into()),
            ("max_per_buyer", self.max_per_buyer.into()),
            ("asks_names", self.asks_names.into()),
            ("turning_codes", self.turning_codes.into()),
            ("words", words(texts).into()),
            ("city_key", self.city_key().into()),
            ("content", self.content()?.into()),
        ])
    }

    /// The city as filters compare it.
    fn city_key(&self) -> Option<String> {
        self.city.as_ref().map(|city| city.to_lowercase())
    }

    /// What only its seller changes, in JSON.
    ///
    /// # Errors
    /// Never: a listing can be written as JSON.
    pub(crate) fn content(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string(self)?)
    }

    /// What the API answers of the listing.
    pub(crate) fn body(&self) -> api::Ticket {
        api::Ticket {
            id: self.id,
            title: self.title.clone(),
            price: self.price,
            currency: self.currency.clone(),
            quantity: self.quantity,
            available: self.available(),
            status: self.status().into(),
            seller_id: self.seller_id,
            venue: self.venue.clone(),
            city: self.city.clone(),
            starts_at: self.starts_at,
            time_zone: self.time_zone.clone(),
            description: self.description.clone(),
            resale_cap: self.resale_cap,
            transfer_limit: self.transfer_limit,
            max_per_buyer: self.max_per_buyer,
            asks_names: self.asks_names,
            turning_codes: self.turning_codes,
            resale_of: self.resale_of,
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
            withdrawn: self.withdrawn,
            venue: self.venue.clone(),
            city: self.city.clone(),
            starts_at: self.starts_at,
            time_zone: self.time_zone.clone(),
            resale_cap: self.resale_cap,
            transfer_limit: self.transfer_limit,
            max_per_buyer: self.max_per_buyer,
            asks_names: self.asks_names,
            turning_codes: self.turning_codes,
            resale_of: self.resale_of,
            moved: false,
        }
    }

    /// What pages that show the listing learn of it; `edited` if more has changed than its counts.
    pub(crate) fn news(&self, edited: bool) -> TicketNews {
        let (status, available) = self.standing();
        TicketNews { id: self.id, version: self.version, status, available, edited }
    }

    /// The event that tells of the listing's state after its seller changed it from `before`.
    pub(crate) fn event_after(&self, before: &Self) -> anyhow::Result<Event> {
        let state = TicketState { moved: self.is_moved_from(before), ..self.state() };
        Ok(Event::new(kind::TicketUpdated, &state)?)
    }

    /// The event that tells of the listing's state.
    pub(crate) fn event(&self, kind: Kind<TicketState>) -> anyhow::Result<Event> {
        Ok(Event::new(kind, &self.state())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Ticket {
        let text = |text: &str| Some(text.to_owned());
        let draft = Draft {
            title: "Kites".to_owned(),
            price: 4500,
            quantity: 9,
            venue: text("Old Mill"),
            city: text("Basel"),
            starts_at: Some(Timestamp::from_millis(1)),
            time_zone: text("Europe/Zurich"),
            description: text("Row 7"),
            transfer_limit: Some(0),
            asks_names: true,
            turning_codes: true,
            ..Draft::default()
        };
        Ticket::new(UserId::new(), draft)
    }

    #[test]
    fn an_offer_is_one_ticket_of_its_event_at_its_sellers_price() {
        let (event, seller) = (event(), UserId::new());
        let offer = Offer { ticket_id: TicketId::new(), price: 4000, currency: "EUR".to_owned() };
        let ticket = Ticket::offered(seller, &offer, &event);
        assert_eq!((ticket.id, ticket.seller_id), (offer.ticket_id, seller));
        assert_eq!((ticket.price, ticket.currency.as_str()), (4000, "EUR"));
        assert_eq!((ticket.quantity, ticket.version), (1, 1));
        assert_eq!((ticket.resale_of, ticket.description.as_ref()), (Some(event.id), None));
        assert!(!ticket.asks_names && !ticket.turning_codes, "its admissions are the event's");
        assert!(ticket.is_of_event(&event));
        assert_eq!(ticket.state().resale_of, Some(event.id));
        assert_eq!(ticket.body().resale_of, Some(event.id));
    }

    #[test]
    fn another_time_or_place_moves_an_event_and_nothing_else_does() {
        let event = event();
        let told = |after: &Ticket| {
            let told = after.event_after(&event).and_then(|told| Ok(told.data::<TicketState>()?));
            told.unwrap_or_else(|error| panic!("{error:#}"))
        };
        for moved in [
            Ticket { venue: None, ..event.clone() },
            Ticket { city: None, ..event.clone() },
            Ticket { starts_at: None, ..event.clone() },
            Ticket { time_zone: None, ..event.clone() },
        ] {
            assert!(told(&moved).moved, "{moved:?}");
        }
        let dearer = Ticket { price: 9, quantity: 1, description: None, ..event.clone() };
        let renamed = Ticket { title: "Gulls".to_owned(), ..event.clone() };
        for stayed in [event.clone(), dearer, renamed] {
            assert!(!told(&stayed).moved, "{stayed:?}");
        }
        let state = serde_json::to_value(event.state()).unwrap_or_default();
        assert!(state.get("moved").is_none(), "{state}");
    }

    #[test]
    fn offers_follow_what_they_copy_of_their_event_and_nothing_else() {
        let event = event();
        let dearer = Ticket { price: 9, quantity: 1, description: None, ..event.clone() };
        assert!(dearer.is_of_event(&event));
        for other in [
            Ticket { title: "Gulls".to_owned(), ..event.clone() },
            Ticket { venue: None, ..event.clone() },
            Ticket { city: None, ..event.clone() },
            Ticket { starts_at: None, ..event.clone() },
            Ticket { time_zone: None, ..event.clone() },
        ] {
            assert!(!other.is_of_event(&event), "{other:?}");
        }
    }
}
