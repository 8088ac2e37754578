//! Why a payment does not become what somebody wants it to be.

use boxoffice_kernel::command::REPLAYED;
use boxoffice_kernel::{Problem, db, peer};

use crate::abuse::Met;

/// The code of what is refused since its payment is under way.
const PAYMENT_PENDING: &str = "payment_pending";

/// Why nobody paid, or got anything back.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// No payment has this id.
    NoSuchPayment,
    /// No order has this id.
    NoSuchOrder,
    /// The payment is somebody else's.
    NotBuyer,
    /// The order is paid for.
    AlreadyPaid,
    /// The order, or the very payment, is being paid.
    InProgress,
    /// The order's payments were declined too often.
    DeclinedTooOften,
    /// The order ended, and nobody was charged.
    Ended,
    /// The order ended while the provider's answer is not known.
    EndedUnknown,
    /// The provider's answer is not known.
    Unknown(anyhow::Error),
    /// No payments are taken, since tickets would be sold for nothing.
    TestPayments(anyhow::Error),
    /// The provider declined the payment.
    Declined {
        /// What happened and what to do, in sentences.
        detail: String,
        /// Stripe's decline code.
        code: String,
        /// Whether it was said before.
        is_repeat: bool,
    },
    /// Too many attempts failed lately: somebody may be testing cards.
    TooManyDeclines(Met),
    /// The key was used for another payment.
    KeyReusedDifferently,
    /// Only the tickets' seller may refund them.
    NotSeller,
    /// A fan sold a ticket on: only its first sale, or an operator, undoes that.
    Resale,
    /// Only an operator may say that a card was not its buyer's.
    OperatorsReason,
    /// The money is not taken yet.
    NotCaptured,
    /// No tickets were sold by the payment.
    NotSold,
    /// The buyer disputes the charge, and so its money cannot be given back.
    Disputed,
    /// Only operators may do this.
    NotOperator,
    /// The user must first prove again who they are.
    Unconfirmed(Problem),
    /// `orders` refused, or did not answer.
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
            Refusal::NoSuchPayment => return Self::not_found("This payment does not exist"),
            Refusal::NoSuchOrder => return Self::not_found("This order does not exist"),
            Refusal::NotBuyer => return Self::forbidden("This is somebody else's payment"),
            Refusal::NotSeller => {
                return Self::forbidden("Only the seller of these tickets may refund them");
            }
            Refusal::NotOperator => {
                return Self::forbidden("Only operators of this shop may do that");
            }
            Refusal::OperatorsReason => {
                return Self::forbidden(
                    "Only an operator may refund a sale as fraudulent. Choose another reason, or \
                     tell an operator of this shop",
                );
            }
            Refusal::Unknown(cause) => {
                let detail = "We're checking your payment. Don't pay again";
                return Self::unavailable(detail, 5, cause).with_code(PAYMENT_PENDING);
            }
            Refusal::TestPayments(cause) => {
                let detail = "This shop does not take payments yet. You were not charged";
                return Self::unavailable(detail, 3_600, cause).with_code("payments_off");
            }
            Refusal::Declined { detail, code, is_repeat } => {
                let problem = Self::declined(detail, code);
                return if is_repeat { problem.with_header(REPLAYED, "true") } else { problem };
            }
            Refusal::TooManyDeclines(met) => {
                return Self::too_many(met.sentence(), met.seconds).with_code("too_many_declines");
            }
            Refusal::Unconfirmed(problem) => return problem,
            Refusal::Peer(error) => return error.into(),
            Refusal::Failed(error) => return error.into(),
            Refusal::AlreadyPaid => ("This order is already paid for", "already_paid"),
            Refusal::InProgress => {
                ("A payment for this order is under way. Don't pay again", PAYMENT_PENDING)
            }
            Refusal::DeclinedTooOften => (
                "This order is cancelled: its payments were declined. You were not charged",
                "cancelled",
            ),
            Refusal::Ended => ("Your hold ended. You were not charged", "ended"),
            Refusal::EndedUnknown => {
                ("Your hold ended. If anything was charged, it is given back", "ended")
            }
            Refusal::KeyReusedDifferently => (
                "This Idempotency-Key was used for another payment; use a new one for each",
                "idempotency_key_reused",
            ),
            Refusal::Resale => (
                "A ticket that was sold on is refunded only with its first sale. Ask the organizer",
                "resale",
            ),
            Refusal::NotCaptured => {
                ("The money is still being taken; try again in a moment", "not_captured")
            }
            Refusal::Disputed => (
                "The buyer disputes this charge at their bank, which decides: it cannot be refunded \
                 meanwhile. The shop's operators are told",
                "disputed",
            ),
            Refusal::NotSold => {
                ("This payment did not buy any tickets, so there is nothing to refund", "not_sold")
            }
        };
        Self::conflict(detail, code)
    }
}
