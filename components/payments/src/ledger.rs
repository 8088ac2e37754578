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
//! | refund | `provider` | `sellers`, or `buyers` if there was no sale | it was given back |
//!
//! `provider` is what Stripe holds; the other two are what is owed, and so are negative.

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
            Self::Refund => "refund",
        }
    }
}

/// Whose money it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    Provider,
    Buyers,
    Sellers,
}

impl Account {
    const fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Buyers => "buyers",
            Self::Sellers => "sellers",
        }
    }

    fn owner(self, payment: &Payment) -> Option<UserId> {
        match self {
            Self::Provider => None,
            Self::Buyers => Some(payment.buyer_id),
            Self::Sellers => payment.seller_id,
        }
    }
}

/// Queues the entries of `movement`: it is booked when the unit commits, unless it is booked already.
pub(crate) async fn book(
    unit: &mut Unit<'_>,
    payment: &Payment,
    movement: Movement,
) -> db::Result<()> {
    let (from, to) = match movement {
        Movement::Charge => (Account::Buyers, Account::Provider),
        Movement::Sale => (Account::Sellers, Account::Buyers),
        Movement::Refund => (Account::Provider, holder(unit, payment).await?),
    };
    unit.insert(posting(payment, movement, from, to));
    Ok(())
}

/// The account that has had the payment's money since before the unit.
async fn holder(unit: &mut Unit<'_>, payment: &Payment) -> db::Result<Account> {
    let was_sold = unit.read::<()>(sale_of(payment)).await?.is_some();
    Ok(if was_sold { Account::Sellers } else { Account::Buyers })
}

pub(crate) fn sale_of(payment: &Payment) -> Query {
    query!(
        "SELECT id FROM payments_ledger WHERE payment_id = ?1 AND movement = 'sale' LIMIT 1",
        payment.id
    )
}

/// Makes both entries of a movement of the payment's amount; one that is there already stays.
pub(crate) fn posting(payment: &Payment, movement: Movement, from: Account, to: Account) -> Query {
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
        payment.amount,
        &payment.currency,
        Timestamp::now(),
        -payment.amount
    )
}
