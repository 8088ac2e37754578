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
//! | refund | `provider` | `sellers`, or `buyers` if there was no sale | it was given back: the rest, if a part was before |
//! | part refund | `provider` | the same | a part was given back at the provider, by hand |
//! | dispute | `provider` | the same | the buyer's bank took it, after a dispute that was lost |
//! | fee return | `sellers` | `shop` | with the refund of a sale that had a fee |
//!
//! `provider` is what Stripe holds; the others are what is owed, and so are negative. `shop` is what
//! the shop owes itself: its fees. A seller's balance is the price without the fee after a sale, and
//! 0 again after its refund.
//!
//! What the provider moves by itself, an [`Adjustment`], stands in a table of its own: a payment may
//! have several of a kind.

use boxoffice_contract::{PaymentId, UserId};
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

/// A movement that the provider made without the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Adjustment {
    /// A part was given back by hand; negative where that failed later.
    PartRefund,
    /// A dispute was lost.
    Dispute,
}

impl Adjustment {
    const fn name(self) -> &'static str {
        match self {
            Self::PartRefund => "part_refund",
            Self::Dispute => "dispute",
        }
    }
}

/// What the provider took out of a payment without the shop, in the currency's minor unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Adjusted {
    /// What was given back in parts.
    pub(crate) parts: i64,
    /// The same, and what disputes took.
    pub(crate) in_all: i64,
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
    let (amount, from, to) = match movement {
        Movement::Charge => (payment.amount, Account::Buyers, Account::Provider),
        Movement::Sale => (payment.amount, Account::Sellers, Account::Buyers),
        Movement::Fee if payment.fee == 0 => return Ok(()),
        Movement::Fee => (payment.fee, Account::Shop, Account::Sellers),
        Movement::Refund => {
            let rest = payment.amount - adjusted(unit, payment).await?.in_all;
            (rest, Account::Provider, holder(unit, payment).await?)
        }
        Movement::FeeReturn if payment.fee == 0 => return Ok(()),
        Movement::FeeReturn if is_booked(unit, payment, Movement::Fee).await? => {
            (payment.fee, Account::Sellers, Account::Shop)
        }
        Movement::FeeReturn => return Ok(()),
    };
    unit.insert(posting(payment, movement, amount, from, to));
    Ok(())
}

/// Queues the entries of an adjustment by `amount`, which the provider knows by `reference`. Each is
/// booked once.
pub(crate) async fn adjust(
    unit: &mut Unit<'_>,
    payment: &Payment,
    adjustment: Adjustment,
    reference: &str,
    amount: i64,
) -> db::Result<()> {
    let to = holder(unit, payment).await?;
    unit.insert(adjusting(payment, adjustment, reference, amount, to));
    Ok(())
}

/// Returns whose the payment's money is, as far as it was booked before the unit.
async fn holder(unit: &mut Unit<'_>, payment: &Payment) -> db::Result<Account> {
    let is_sale = is_booked(unit, payment, Movement::Sale).await?;
    Ok(if is_sale { Account::Sellers } else { Account::Buyers })
}

/// Returns what was adjusted before the unit.
pub(crate) async fn adjusted(unit: &mut Unit<'_>, payment: &Payment) -> db::Result<Adjusted> {
    let sums: Option<(i64, i64)> = unit.read(adding_up(payment.id)).await?;
    Ok(sums.map_or_else(Adjusted::default, |(parts, in_all)| Adjusted { parts, in_all }))
}

pub(crate) fn adding_up(id: PaymentId) -> Query {
    query!(
        "SELECT CAST(COALESCE(SUM(CASE WHEN movement = 'part_refund' THEN -amount ELSE 0 END), 0) \
         AS BIGINT) AS parts, CAST(COALESCE(SUM(-amount), 0) AS BIGINT) AS in_all \
         FROM payments_adjustments WHERE payment_id = ?1 AND account = 'provider'",
        id
    )
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

/// Makes both entries of a movement of `amount`; one that is there already stays.
pub(crate) fn posting(
    payment: &Payment,
    movement: Movement,
    amount: i64,
    from: Account,
    to: Account,
) -> Query {
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

/// Makes both entries of an adjustment; one that is there already stays.
pub(crate) fn adjusting(
    payment: &Payment,
    adjustment: Adjustment,
    reference: &str,
    amount: i64,
    to: Account,
) -> Query {
    let from = Account::Provider;
    query!(
        "INSERT INTO payments_adjustments \
         (id, payment_id, movement, reference, account, owner_id, amount, currency, at) \
         VALUES (?1, ?3, ?4, ?5, ?6, ?7, ?13, ?11, ?12), (?2, ?3, ?4, ?5, ?8, ?9, ?10, ?11, ?12) \
         ON CONFLICT (payment_id, movement, reference, account) DO NOTHING",
        Uuid::now_v7(),
        Uuid::now_v7(),
        payment.id,
        adjustment.name(),
        reference,
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
