//! Why an admission, or a door, does not do what somebody wants of it.

use boxoffice_contract::admissions::AdmissionStatus;
use boxoffice_contract::mail::LETTER_VOID;
use boxoffice_kernel::{Problem, db, peer};
use boxoffice_rules::money;

/// Why nothing was changed.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// No admission has this id.
    NoSuchAdmission,
    /// The admission is somebody else's.
    NotHolder,
    /// Somebody has entered with it.
    Used,
    /// Its order was refunded, or it was sold on.
    Void,
    /// It is offered for sale.
    Offered,
    /// It has no code until its holder gives the name of the guest.
    NeedsName,
    /// The organizer asks for no names.
    NoNames,
    /// The organizer lets nobody sell it on, or no longer.
    NoResale,
    /// It is offered for more than the organizer allows, which is this much in minor units.
    TooDear { most: i64, currency: String },
    /// Its offer costs less than a card can be charged, or is no price of its currency.
    NoPrice(String),
    /// Its code turns, so no file can hold it.
    Turns,
    /// A transfer of it waits.
    TransferWaits,
    /// The organizer lets nobody hand it on again.
    NoMoreTransfers,
    /// Its offer is not listed yet.
    NotListed,
    /// Its holder has handed too many tickets on lately.
    TooManyTransfers {
        /// How long to wait.
        seconds: i64,
    },
    /// It changed between two looks at it.
    Changed,
    /// One cannot transfer to oneself.
    ToOneself,
    /// The link is not of a transfer that waits: it was taken back, accepted, or is too old.
    NoSuchTransfer,
    /// The letter of a transfer must not be sent: the transfer has ended, or another is in its place.
    TransferOver,
    /// The transfer is for another address.
    ForSomebodyElse,
    /// No listing has this id.
    NoSuchListing,
    /// The door is another organizer's, or the staff's link has ended.
    NotAtDoor,
    /// Staff let people in; the organizer alone decides who is staff.
    NotOrganizer,
    /// No scan that let somebody in has this id.
    NoSuchScan,
    /// The door has as many links as it may have.
    TooManyStaff,
    /// A sibling refused, or did not answer.
    Peer(peer::Error),
    /// Something failed that should not.
    Failed(anyhow::Error),
}

/// Says why an admission of this `status` does not change as one that is valid does.
pub(crate) const fn of_status(status: AdmissionStatus) -> Refusal {
    match status {
        AdmissionStatus::Used => Refusal::Used,
        AdmissionStatus::Void => Refusal::Void,
        AdmissionStatus::Offered => Refusal::Offered,
        AdmissionStatus::Valid => Refusal::Changed,
    }
}

/// What a call refuses.
pub(crate) type Result<T> = std::result::Result<T, Refusal>;

impl From<db::Error> for Refusal {
    fn from(error: db::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<peer::Error> for Refusal {
    fn from(error: peer::Error) -> Self {
        Self::Peer(error)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (detail, code) = match refusal {
            Refusal::NoSuchAdmission => return Self::not_found("This ticket does not exist"),
            Refusal::NoSuchListing => return Self::not_found("This event does not exist"),
            Refusal::NoSuchScan => {
                return Self::not_found("This scan let nobody in, or was undone already");
            }
            Refusal::NotHolder => return Self::forbidden("This is somebody else's ticket"),
            Refusal::NotAtDoor => {
                let detail =
                    "Only the organizer, and staff with a link that works, may use this door";
                return Self::forbidden(detail);
            }
            Refusal::NotOrganizer => {
                return Self::forbidden("Only the organizer may give and end staff's links");
            }
            Refusal::ForSomebodyElse => {
                let detail = "This ticket is for another address. Sign in with the account that the \
                              link was made for";
                return Self::forbidden(detail);
            }
            Refusal::TransferOver => {
                let detail = "This transfer was accepted, taken back or replaced, or is too old";
                return Self::gone(detail, LETTER_VOID);
            }
            Refusal::TooManyTransfers { seconds } => {
                let detail = "You have handed many tickets on today; go on tomorrow";
                return Self::too_many(detail, seconds).with_code("too_many_transfers");
            }
            Refusal::ToOneself => {
                return Self::invalid_field("email", "Enter somebody else's address");
            }
            Refusal::Peer(error) => return error.into(),
            Refusal::Failed(error) => return error.into(),
            Refusal::Used => ("Somebody has entered with this ticket", "used"),
            Refusal::NoPrice(sentence) => return Self::invalid_field("price", sentence),
            Refusal::TooDear { most, currency } => {
                let most = money::decimal(most, &currency);
                return Self::invalid_field("price", format!("Ask for {most} {currency} at most"));
            }
            Refusal::Void => ("This ticket was refunded or sold on, and lets nobody in", "void"),
            Refusal::Offered => ("This ticket is on sale. Take it off sale first", "offered"),
            Refusal::NeedsName => {
                ("This ticket has no code yet. Give the name of its guest first", "needs_name")
            }
            Refusal::NoNames => ("The organizer asks for no names on these tickets", "no_names"),
            Refusal::NoResale => ("This ticket cannot be sold on", "no_resale"),
            Refusal::Turns => {
                ("This ticket's code turns. It is shown on the ticket's page alone", "turns")
            }
            Refusal::TransferWaits => {
                ("This ticket is being handed on. Take it back first", "transfer_waits")
            }
            Refusal::NoMoreTransfers => {
                ("The organizer does not let this ticket be handed on again", "transfer_limit")
            }
            Refusal::NotListed => {
                ("This ticket is just being put on sale. Try again in a moment", "not_listed")
            }
            Refusal::Changed => ("This ticket changed just now; read it again", "changed"),
            Refusal::NoSuchTransfer => (
                "This link no longer works: the ticket was accepted or taken back, or the link is \
                 too old. Ask its holder for a new one",
                "ended",
            ),
            Refusal::TooManyStaff => {
                ("This door has 50 links already; end one of them first", "too_many")
            }
        };
        Self::conflict(detail, code)
    }
}
