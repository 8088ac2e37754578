//! An admission: in the database, in JSON, in events.

use boxoffice_admission_code::{Code, Signer};
use boxoffice_contract::admissions::{self as api, AdmissionStatus};
use boxoffice_contract::door::{Entry, Guest};
use boxoffice_contract::events::{AdmissionState, Kind, OrderState, TransferState, kind};
use boxoffice_contract::orders::number;
use boxoffice_contract::{AdmissionId, OrderId, ScanId, TicketId, TransferId, UserId};
use boxoffice_kernel::db::{self, Query, Read};
use boxoffice_kernel::events::Event;
use boxoffice_kernel::{Timestamp, query, row};

use crate::issuer::Issuer;
use crate::key;
use crate::listing::{self, Listing};
use crate::transition::Transfer;
use crate::turning;

row! {
    /// An admission.
    #[derive(Clone, Debug)]
    pub(crate) struct Admission in "admissions_admissions" {
        pub(crate) id: AdmissionId,
        pub(crate) order_id: OrderId,
        pub(crate) number: i64,
        pub(crate) total: i64,
        pub(crate) ticket_id: TicketId,
        /// The admission of the unit's first sale.
        pub(crate) unit_id: AdmissionId,
        /// What its first buyer paid.
        pub(crate) face_price: i64,
        pub(crate) currency: String,
        pub(crate) holder_id: UserId,
        pub(crate) status: AdmissionStatus,
        pub(crate) generation: i64,
        /// Who comes with it, as its holder gave it.
        pub(crate) guest_name: Option<String> = unset,
        /// How often the unit was handed on.
        pub(crate) transfers: i64,
        pub(crate) transfer_email: Option<String> = unset,
        pub(crate) transfer_until: Option<Timestamp> = unset,
        pub(crate) transfer_id: Option<TransferId> = unset,
        pub(crate) used_scan: Option<ScanId> = unset,
        pub(crate) used_at: Option<Timestamp> = unset,
        pub(crate) used_door: Option<String> = unset,
        /// The listing by which its holder sells it on. That of a void admission must end.
        pub(crate) offer_id: Option<TicketId> = unset,
        pub(crate) offer_price: Option<i64> = unset,
        /// Its order was refunded, or will be, because the sale before it was.
        pub(crate) undone: bool,
        pub(crate) created_at: Timestamp,
        pub(crate) version: i64,
        /// When its status, generation or name changed last. Doors ask for what has changed since they read it.
        pub(crate) changed_at: Timestamp,
    }
}

/// The columns of an admission.
pub(crate) const COLUMNS: &str = Admission::COLUMNS;

impl Admission {
    /// Makes the admission `number` of a sold order.
    pub(crate) fn new(order: &OrderState, number: i64, now: Timestamp) -> Self {
        let id = AdmissionId::new();
        Self {
            id,
            order_id: order.id,
            number,
            total: order.quantity,
            ticket_id: order.ticket_id,
            unit_id: id,
            // An order's amount is that of one ticket, times their number.
            face_price: order.amount / order.quantity.max(1),
            currency: order.currency.clone(),
            holder_id: order.buyer_id,
            status: AdmissionStatus::Valid,
            generation: 1,
            guest_name: None,
            transfers: 0,
            transfer_email: None,
            transfer_until: None,
            transfer_id: None,
            used_scan: None,
            used_at: None,
            used_door: None,
            offer_id: None,
            offer_price: None,
            undone: false,
            created_at: now,
            version: 1,
            changed_at: now,
        }
    }

    /// Makes the buyer's admission of this one, which is sold on by `order`.
    pub(crate) fn resold(&self, order: &OrderState, now: Timestamp) -> Self {
        Self {
            ticket_id: self.ticket_id,
            unit_id: self.unit_id,
            face_price: self.face_price,
            currency: self.currency.clone(),
            generation: self.generation + 1,
            transfers: self.transfers,
            ..Self::new(order, 1, now)
        }
    }

    /// Finds the admission that is, or was, offered as the listing `offer`.
    pub(crate) async fn find_offered(
        read: &mut impl Read,
        offer: TicketId,
    ) -> db::Result<Option<Self>> {
        read.read(Self::offered(offer)).await
    }

    pub(crate) fn offered(offer: TicketId) -> Query {
        query!("SELECT {COLUMNS} FROM admissions_admissions WHERE offer_id = ?1", offer)
    }

    /// Finds the admission `id`, if there is one.
    pub(crate) async fn find_in(read: &mut impl Read, id: AdmissionId) -> db::Result<Option<Self>> {
        read.read(Self::find(id)).await
    }

    pub(crate) fn find(id: AdmissionId) -> Query {
        query!("SELECT {COLUMNS} FROM admissions_admissions WHERE id = ?1", id)
    }

    /// Whether it lets somebody in, or has.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.status, AdmissionStatus::Valid | AdmissionStatus::Used)
    }

    /// Returns the name of the guest, if the organizer of `listing` asks for it.
    pub(crate) fn name(&self, listing: &Listing) -> Option<String> {
        self.guest_name.clone().filter(|_| listing.asks_names)
    }

    /// Tells whether its holder has to give the name of the guest before there is a code. A door lets in
    /// a code without one: it may have been saved before the organizer asked.
    pub(crate) fn needs_name(&self, listing: &Listing) -> bool {
        let has_none = self.guest_name.is_none();
        listing.asks_names && has_none && self.status == AdmissionStatus::Valid
    }

    /// Tells whether there is a code for it, one that turns or one that stays as it is.
    fn has_code(&self, listing: &Listing) -> bool {
        self.is_live() && !self.needs_name(listing)
    }

    /// The offer by which its holder sells it on, or by which they did until it became void.
    pub(crate) fn offer(&self) -> Option<api::Offer> {
        let (ticket_id, price) = self.offer_id.zip(self.offer_price)?;
        Some(api::Offer { ticket_id, price, currency: self.currency.clone() })
    }

    /// The highest price that it may be offered at, as the organizer of `listing` allows, in minor
    /// units. `None` if it may not be offered at all now.
    pub(crate) fn max_price(&self, listing: &Listing, now: Timestamp) -> Option<i64> {
        let is_valid = self.status == AdmissionStatus::Valid && self.transfer_id.is_none();
        let has_begun = listing.starts_at.is_some_and(|start| start <= now);
        let most = listing::highest_price(self.face_price, listing.resale_cap, &self.currency);
        most.filter(|_| is_valid && !has_begun)
    }

    /// How often it may still be handed on; any number of times if `listing` does not limit it.
    pub(crate) fn transfers_left(&self, listing: &Listing) -> Option<i64> {
        listing.transfer_limit.map(|limit| (limit - self.transfers).max(0))
    }

    /// Which of its order's it is, and how many these are, as files say it.
    pub(crate) fn position(&self) -> (u32, u32) {
        // An order has at most a thousand.
        let small = |number| u32::try_from(number).unwrap_or(u32::MAX);
        (small(self.number), small(self.total))
    }

    /// When and where somebody entered with it, if somebody has.
    pub(crate) fn entry(&self) -> Option<Entry> {
        let (at, door) = self.used_at.zip(self.used_door.clone())?;
        (self.status == AdmissionStatus::Used).then_some(Entry { at, door })
    }

    /// What a door of the event `listing` is told of it.
    pub(crate) fn guest(&self, listing: &Listing) -> Guest {
        Guest {
            id: self.id,
            generation: self.generation,
            status: self.status.into(),
            order: number(self.order_id),
            number: self.number,
            of: self.total,
            name: self.name(listing),
            entry: self.entry(),
        }
    }

    /// The text of its code, signed by `signer`.
    pub(crate) fn code(&self, signer: &Signer) -> String {
        signer.sign(&self.claims())
    }

    /// What its device makes codes of, if those of the event `listing` turn and it has one.
    pub(crate) fn turning(&self, listing: &Listing, signer: &Signer) -> Option<api::Turning> {
        let starts_at = listing.turning_from().filter(|_| self.has_code(listing))?;
        Some(turning::turning(signer, &self.claims(), starts_at, Timestamp::now()))
    }

    /// What its code says.
    fn claims(&self) -> Code {
        Code {
            ticket_id: self.ticket_id,
            admission_id: self.id,
            generation: generation(self.generation),
        }
    }

    /// What the API answers of the admission, which is for the event `listing`, in a list. Alone, it
    /// also has what codes are made of that turn: that takes some milliseconds.
    pub(crate) fn body(&self, listing: &Listing, issuer: &Issuer) -> api::Admission {
        let turns = listing.turns();
        let is_still = self.has_code(listing) && !turns;
        let wallets = if turns { &[] } else { issuer.wallets.as_slice() };
        api::Admission {
            id: self.id,
            order_id: self.order_id,
            ticket_id: self.ticket_id,
            status: self.status.into(),
            number: self.number,
            of: self.total,
            holder_id: self.holder_id,
            generation: self.generation,
            name: self.name(listing),
            needs_name: self.needs_name(listing),
            code: is_still.then(|| self.code(&issuer.keys.signer)),
            turning: None,
            wallets: wallets.iter().copied().map(Into::into).collect(),
            event: listing.event(),
            used_at: self.entry().map(|entry| entry.at),
            transfer: self.transfer(issuer),
            offer: self.offer().filter(|_| self.status == AdmissionStatus::Offered),
            max_price: self.max_price(listing, Timestamp::now()),
            currency: self.currency.clone(),
            transfers_left: self.transfers_left(listing),
            created_at: self.created_at,
            version: self.version,
        }
    }

    fn transfer(&self, issuer: &Issuer) -> Option<api::Transfer> {
        let (email, expires_at) = self.transfer_email.clone().zip(self.transfer_until)?;
        let link = format!("{}{}", issuer.shop, self.transfer_path(&issuer.keys.signer)?);
        Some(api::Transfer { email, expires_at, link })
    }

    /// The path of the page where its transfer is accepted, if one waits.
    pub(crate) fn transfer_path(&self, signer: &Signer) -> Option<String> {
        let token = transfer_token(signer, self.id, self.transfer_id?);
        Some(format!("/admissions/{}/accept?token={token}", self.id))
    }

    /// The event that tells that `transfer` of it has begun.
    pub(crate) fn transfer_event(&self, transfer: &Transfer<'_>) -> anyhow::Result<Event> {
        let state = TransferState {
            id: transfer.id,
            version: self.version,
            admission_id: self.id,
            expires_at: transfer.until,
        };
        Ok(Event::new(kind::TransferCreated, &state)?)
    }

    /// The event that tells of the admission's state.
    pub(crate) fn event(&self, kind: Kind<AdmissionState>) -> anyhow::Result<Event> {
        let state = AdmissionState {
            id: self.id,
            version: self.version,
            status: self.status,
            order_id: self.order_id,
            ticket_id: self.ticket_id,
            number: self.number,
            holder_id: self.holder_id,
            generation: self.generation,
            offer: self.offer(),
            undone: self.undone,
        };
        Ok(Event::new(kind, &state)?)
    }
}

/// A generation as a code carries it. It grows by one a transfer: four bytes hold more than there
/// will be.
fn generation(generation: i64) -> u32 {
    u32::try_from(generation).unwrap_or(u32::MAX)
}

/// The secret in the link of the transfer `transfer` of the admission `id`. It is not stored: it can
/// be made again for the holder, and by nobody who reads the tables.
pub(crate) fn transfer_token(signer: &Signer, id: AdmissionId, transfer: TransferId) -> String {
    key::text(signer.secret("transfer", &[id.0.as_bytes(), transfer.0.as_bytes()]))
}
