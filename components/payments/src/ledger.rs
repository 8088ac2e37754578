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

use boxoffice_kernel::db::{self};
use boxoffice_kernel::old::{Read, Transaction};
use boxoffice_kernel::{Timestamp, params};
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
enum Account {
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

    fn owner(self, payment: &Payment) -> Option<Uuid> {
        match self {
            Self::Provider => None,
            Self::Buyers => Some(payment.buyer_id),
            Self::Sellers => payment.seller_id,
        }
    }
}

/// Queues the entries of `movement`: it is booked when `transaction` commits, unless it is booked
/// already.
pub(crate) async fn book(
    transaction: &mut Transaction,
    payment: &Payment,
    movement: Movement,
) -> db::Result<()> {
    let (from, to) = match movement {
        Movement::Charge => (Account::Buyers, Account::Provider),
        Movement::Sale => (Account::Sellers, Account::Buyers),
        Movement::Refund => (Account::Provider, holder(transaction, payment).await?),
    };
    post(transaction, payment, movement, from, to);
    Ok(())
}

/// The account that has had the payment's money since before `transaction`.
async fn holder(transaction: &Transaction, payment: &Payment) -> db::Result<Account> {
    let sql = "SELECT id FROM payments_ledger WHERE payment_id = ?1 AND movement = 'sale' LIMIT 1";
    let was_sold = transaction.first(sql, params![payment.id]).await?.is_some();
    Ok(if was_sold { Account::Sellers } else { Account::Buyers })
}

/// Queues both entries of a movement of the payment's amount; one that is there already stays.
fn post(
    transaction: &mut Transaction,
    payment: &Payment,
    movement: Movement,
    from: Account,
    to: Account,
) {
    let sql = "INSERT INTO payments_ledger \
               (id, payment_id, movement, account, owner_id, amount, currency, at) \
               VALUES (?1, ?3, ?4, ?5, ?6, ?12, ?10, ?11), (?2, ?3, ?4, ?7, ?8, ?9, ?10, ?11) \
               ON CONFLICT (payment_id, movement, account) DO NOTHING";
    let rows = params![
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
    ];
    transaction.insert(sql, rows);
}
