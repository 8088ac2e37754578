//! The ledger: who owns the money that the provider holds for the shop.
//!
//! Double entry, append-only. Each movement takes as much out of one account as it puts into
//! another, and is written in the very transaction that moves the payment: the books cannot say
//! something else than the payments do.
//!
//! | movement | from | to | when |
//! |---|---|---|---|
//! | charge | `buyers` | `provider` | money was captured |
//! | sale | `sellers` | `buyers` | the order is complete: it is the seller's now |
//! | fee | `shop` | `sellers` | with the sale of a ticket that a fan has sold on |
//! | refund | `provider` | `sellers`, or `buyers` if there was no sale | it was given back |
//! | fee return | `sellers` | `shop` | with the refund of a sale that had a fee |
//!
//! `provider` is what Stripe holds; the others are what is owed, and so are negative. `shop` is what
//! the shop owes itself: its fees. A seller's balance is the price without the fee after a sale, and
//! 0 again after its refund.

use boxoffice_contract::UserId;
use boxoffice_kernel::db::{self, Query, Read};
use boxoffice_kernel::{Timestamp, Unit, query};
use uuid::Uuid;

use crate::machine::Movement;
use crate::payment::Payment;

impl Movement {
    const fn name(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Sale => "sale",
            Self::Fee => "fee",
            Self::Refund => "refund",
            Self::FeeReturn => "fee_return",
        }
    }
}

/// Whose money it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    Provider,
    Buyers,
    Sellers,
    Shop,
}

impl Account {
    const fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Buyers => "buyers",
            Self::Sellers => "sellers",
            Self::Shop => "shop",
        }
    }

    fn owner(self, payment: &Payment) -> Option<UserId> {
        match self {
            Self::Provider | Self::Shop => None,
            Self::Buyers => Some(payment.buyer_id),
            Self::Sellers => payment.seller_id,
        }
    }
}

/// Queues the entries of `movement`: it is booked when the unit commits, unless it is booked already.
/// A fee is booked only if the payment has one. It goes back only if it was booked before the unit.
pub(crate) async fn book(
    unit: &mut Unit<'_>,
    payment: &Payment,
    movement: Movement,
) -> db::Result<()> {
    let (from, to) = match movement {
        Movement::Charge => (Account::Buyers, Account::Provider),
        Movement::Sale => (Account::Sellers, Account::Buyers),
        Movement::Fee if payment.fee == 0 => return Ok(()),
        Movement::Fee => (Account::Shop, Account::Sellers),
        Movement::Refund if is_booked(unit, payment, Movement::Sale).await? => {
            (Account::Provider, Account::Sellers)
        }
        Movement::Refund => (Account::Provider, Account::Buyers),
        Movement::FeeReturn if payment.fee == 0 => return Ok(()),
        Movement::FeeReturn if is_booked(unit, payment, Movement::Fee).await? => {
            (Account::Sellers, Account::Shop)
        }
        Movement::FeeReturn => return Ok(()),
    };
    unit.insert(posting(payment, movement, from, to));
    Ok(())
}

/// Whether `movement` was booked before the unit.
async fn is_booked(unit: &mut Unit<'_>, payment: &Payment, movement: Movement) -> db::Result<bool> {
    Ok(unit.read::<()>(finding(payment, movement)).await?.is_some())
}

pub(crate) fn finding(payment: &Payment, movement: Movement) -> Query {
    query!(
        "SELECT id FROM payments_ledger WHERE payment_id = ?1 AND movement = ?2 LIMIT 1",
        payment.id,
        movement.name()
    )
}

/// Makes both entries of a movement of the payment's amount, or of its fee; one that is there already
/// stays.
pub(crate) fn posting(payment: &Payment, movement: Movement, from: Account, to: Account) -> Query {
    let amount = match movement {
        Movement::Charge | Movement::Sale | Movement::Refund => payment.amount,
        Movement::Fee | Movement::FeeReturn => payment.fee,
    };
    query!(
        "INSERT INTO payments_ledger \
         (id, payment_id, movement, account, owner_id, amount, currency, at) \
         VALUES (?1, ?3, ?4, ?5, ?6, ?12, ?10, ?11), (?2, ?3, ?4, ?7, ?8, ?9, ?10, ?11) \
         ON CONFLICT (payment_id, movement, account) DO NOTHING",
        Uuid::now_v7(),
        Uuid::now_v7(),
        payment.id,
        movement.name(),
        from.name(),
        from.owner(payment),
        to.name(),
        to.owner(payment),
        amount,
        &payment.currency,
        Timestamp::now(),
        -amount
    )
}
