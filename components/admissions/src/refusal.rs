//! Why an admission, or a door, does not do what somebody wants of it.

use boxoffice_kernel::{Problem, db, peer};

/// Why nothing was changed.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// No admission has this id.
    NoSuchAdmission,
    /// The admission is somebody else's.
    NotHolder,
    /// Somebody has entered with it.
    Used,
    /// Its order was refunded.
    Void,
    /// It changed between two looks at it.
    Changed,
    /// One cannot transfer to oneself.
    ToOneself,
    /// The link is not of a transfer that waits: it was taken back, accepted, or is too old.
    NoSuchTransfer,
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
            Refusal::ToOneself => {
                return Self::invalid_field("email", "Enter somebody else's address");
            }
            Refusal::Peer(error) => return error.into(),
            Refusal::Failed(error) => return error.into(),
            Refusal::Used => ("Somebody has entered with this ticket", "used"),
            Refusal::Void => ("This ticket was refunded and lets nobody in", "void"),
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
