//! Why an order, or a listing here, does not become what somebody wants it to be.

use boxoffice_kernel::{Problem, db, peer};
use boxoffice_rules::money;

/// Why nothing was changed.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// No listing has this id, as far as is known here.
    NoSuchListing,
    /// Sellers do not buy their own tickets.
    OwnListing,
    /// The seller has taken the listing off sale.
    Withdrawn,
    /// The seller may be changing the listing.
    Changing,
    /// The event has begun.
    Begun,
    /// All tickets are sold.
    SoldOut,
    /// The last tickets are held.
    Reserved,
    /// Fewer tickets are left than are wanted.
    NotEnough {
        /// How many are left.
        available: i64,
    },
    /// The seller has changed the price since the buyer saw it.
    Repriced {
        /// What one ticket costs now, in the currency's minor unit.
        price: i64,
        /// The currency's code (ISO 4217).
        currency: String,
    },
    /// The seller allows one buyer fewer tickets.
    TooManyForOne {
        /// How many one buyer may have.
        most: i64,
        /// How many more this one may have.
        left: i64,
    },
    /// Too many of the buyer's holds are open.
    TooManyHolds {
        /// How many may be.
        most: i64,
    },
    /// The buyer has made too many holds, or let too many run out.
    Pausing {
        /// How long to wait.
        seconds: i64,
    },
    /// More would be paid at once than can be.
    TooDear,
    /// Only its seller may change a listing.
    NotSeller,
    /// Some of the listing's tickets are held.
    Held,
    /// No order has this id.
    NoSuchOrder,
    /// The order is somebody else's.
    NotBuyer,
    /// The order is paid for, and so need not be paid for again.
    PaidFor,
    /// The order was cancelled, and so cannot be paid for.
    Cancelled,
    /// The order was paid for and refunded, and so cannot be paid for again.
    RefundedOnce,
    /// The hold's time is up.
    Expired,
    /// The order changed between two looks at it.
    Changed,
    /// The order is paid for, and so cannot be cancelled.
    Sold,
    /// The order was refunded, and so cannot be cancelled.
    Refunded,
    /// The order ended between two looks at it.
    Ended,
    /// The hold ends before a letter could come.
    EndsSoon,
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

impl Refusal {
    /// Returns the name of the limit that was met, if one was.
    pub(crate) const fn limit(&self) -> Option<&'static str> {
        match self {
            Self::TooManyForOne { .. } => Some("tickets_of_buyer"),
            Self::TooManyHolds { .. } => Some("open_holds_of_buyer"),
            Self::Pausing { .. } => Some("holds_of_buyer"),
            _ => None,
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (detail, code) = match refusal {
            Refusal::NoSuchListing => return Self::not_found("This listing does not exist"),
            Refusal::NoSuchOrder => return Self::not_found("This order does not exist"),
            Refusal::OwnListing => {
                let detail = "These are your own tickets; edit or withdraw the listing instead";
                return Self::forbidden(detail);
            }
            Refusal::NotSeller => {
                return Self::forbidden("Only its seller may change a listing");
            }
            Refusal::NotBuyer => return Self::forbidden("This is somebody else's order"),
            Refusal::TooDear => {
                let detail = "These tickets cost more than can be paid at once; order fewer";
                return Self::invalid_field("quantity", detail);
            }
            Refusal::NotEnough { available } => {
                let detail = format!("Only {available} of these tickets are left; order fewer");
                return Self::conflict(detail, "not_enough");
            }
            Refusal::Repriced { price, currency } => {
                let price = money::decimal(price, &currency);
                let detail =
                    format!("The price is {price} {currency} now; order again if you agree");
                return Self::conflict(detail, "price_changed");
            }
            Refusal::TooManyForOne { most, left } => {
                let detail = match left {
                    0 => format!("You have the {most} tickets that one buyer may have of these"),
                    left => format!("One buyer may have {most} of these; order {left} or fewer"),
                };
                return Self::conflict(detail, "too_many_for_one");
            }
            Refusal::TooManyHolds { most } => {
                let detail = format!(
                    "You hold tickets in {most} places; pay for some or give them up first"
                );
                return Self::conflict(detail, "too_many_holds");
            }
            Refusal::Pausing { seconds } => {
                let minutes = (seconds + 59) / 60;
                let detail = format!(
                    "You have held many tickets without paying; try again in {minutes} minutes"
                );
                return Self::too_many(detail, seconds).with_code("too_many_holds");
            }
            Refusal::Peer(error) => return error.into(),
            Refusal::Failed(error) => return error.into(),
            Refusal::Withdrawn => ("The seller has withdrawn these tickets", "withdrawn"),
            Refusal::Changing => {
                ("The seller is changing this listing; try again in a moment", "changing")
            }
            Refusal::Begun => ("The event has begun; its tickets are off sale", "begun"),
            Refusal::SoldOut => ("These tickets are sold", "sold"),
            Refusal::Reserved => {
                ("Someone else just reserved this ticket. You haven't been charged", "reserved")
            }
            Refusal::Held => {
                ("Someone is checking out. You can edit this if their hold ends", "held")
            }
            Refusal::PaidFor => ("This order is already paid for", "complete"),
            Refusal::Cancelled => ("This order is cancelled. You were not charged", "cancelled"),
            Refusal::RefundedOnce => {
                ("This order was refunded; order the tickets again", "refunded")
            }
            Refusal::Expired => ("Your hold ended. You were not charged", "expired"),
            Refusal::Changed => ("This order changed just now; read it again", "changed"),
            Refusal::Sold => (
                "This order is paid for; its tickets are yours and it cannot be cancelled",
                "complete",
            ),
            Refusal::Refunded => ("This order was already refunded", "refunded"),
            Refusal::EndsSoon => {
                ("Your hold ends within three minutes; an e-mail would come too late", "ends_soon")
            }
            Refusal::Ended => ("This order ended just now; read it again", "changed"),
        };
        Self::conflict(detail, code)
    }
}
