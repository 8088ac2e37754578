//! Why a listing does not become what its seller wants it to be.

use axum::response::Response;
use boxoffice_contract::users::ACCOUNT_SUSPENDED;
use boxoffice_kernel::{Problem, command, db, peer};

/// Why nothing was changed.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// No listing has this id.
    NoSuchListing,
    /// Only its seller may change a listing.
    NotSeller,
    /// The listing is not any more what the client read.
    ReadBefore,
    /// All tickets are sold.
    SoldOut,
    /// The listing is off sale for good.
    Withdrawn,
    /// A fan sells the ticket on: only its price could change, and a new offer does that.
    Resale,
    /// Fewer tickets would be listed than are held or sold.
    FewerThanTaken {
        /// How many are held or sold.
        taken: i64,
    },
    /// What is held or sold has a price in another currency.
    OtherCurrency,
    /// The seller's account is suspended.
    Suspended,
    /// Somebody changed the listing between reading and changing it.
    Changed,
    /// The change took longer than the listing was frozen.
    TooSlow,
    /// `orders` refused, or did not answer.
    Peer(peer::Error),
    /// Something failed that should not.
    Failed(anyhow::Error),
}

/// What a call refuses.
pub(crate) type Result<T> = std::result::Result<T, Refusal>;
/// What came of a command.
pub(crate) type Outcome = std::result::Result<Response, command::Error<Refusal>>;

impl From<db::Error> for Refusal {
    /// What a change is based on may well have changed between freezing and committing, by a hold
    /// that ended just before.
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Overtaken(_) => Self::Changed,
            error => Self::Failed(error.into()),
        }
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
            Refusal::NoSuchListing => return Self::not_found("This listing does not exist"),
            Refusal::NotSeller => return Self::forbidden("Only its seller may change a listing"),
            Refusal::Suspended => {
                return Self::forbidden("This account is suspended").with_code(ACCOUNT_SUSPENDED);
            }
            Refusal::ReadBefore => {
                return Self::precondition_failed(
                    "This has changed since you read it. Read it again, then repeat your change",
                );
            }
            Refusal::FewerThanTaken { taken } => {
                let detail =
                    format!("{taken} of these tickets are held or sold; list at least as many");
                return Self::invalid_field("quantity", detail);
            }
            Refusal::OtherCurrency => {
                let detail = "Keep the currency: some of these tickets are held or sold";
                return Self::invalid_field("currency", detail);
            }
            Refusal::TooSlow => {
                let cause = anyhow::anyhow!("a change took longer than the freeze of its listing");
                return Self::unavailable("That took too long; try again", 1, cause);
            }
            Refusal::Peer(error) => return error.into(),
            Refusal::Failed(error) => return error.into(),
            Refusal::SoldOut => {
                ("All of these tickets are sold; the listing stays as it is", "sold")
            }
            Refusal::Withdrawn => {
                ("This listing is withdrawn; list the tickets again", "withdrawn")
            }
            Refusal::Resale => ("Take it off sale and offer it again", "resale"),
            Refusal::Changed => ("This listing changed just now; read it again", "changed"),
        };
        Self::conflict(detail, code)
    }
}
