//! What the provider did with a payment's money without the shop: it is booked, and put before an
//! operator, in one commit.

use anyhow::{Context, Result};
use boxoffice_kernel::{Cx, Unit, log, unit};
use boxoffice_rules::money;

use crate::ledger::{self, Adjusted, Adjustment};
use crate::machine::Status;
use crate::payment::{NEEDS_OPERATOR, Payment};
use crate::{SERVICE, moves};

/// Books a refund of a part. `given_back` is what was given back in all, as the provider counts it:
/// what is told late or twice books nothing. `event` tells of it.
pub(crate) async fn part_refunded(
    cx: &Cx,
    payment: &Payment,
    event: &str,
    given_back: i64,
) -> Result<()> {
    let given_back = minor(payment, given_back)?;
    let cause = format!(
        "{} of {} {} was given back at the provider; the sale stands, and its tickets let in",
        money::decimal(given_back, &payment.currency),
        money::decimal(payment.amount, &payment.currency),
        payment.currency
    );
    let due = |adjusted: Adjusted| (given_back - adjusted.parts).max(0);
    adjust(cx, payment, Adjustment::PartRefund, event, &cause, due).await.map(drop)
}

/// Takes back what was booked of a refund of a part that failed. Returns whether it was booked.
pub(crate) async fn part_refund_failed(
    cx: &Cx,
    payment: &Payment,
    refund: &str,
    amount: i64,
    cause: &str,
) -> Result<bool> {
    let amount = minor(payment, amount)?;
    let due = |adjusted: Adjusted| if adjusted.parts >= amount { -amount } else { 0 };
    adjust(cx, payment, Adjustment::PartRefund, refund, cause, due).await
}

/// Books what a lost dispute took, at most what was left. Returns whether anything was.
pub(crate) async fn lost(
    cx: &Cx,
    payment: &Payment,
    dispute: &str,
    amount: i64,
    cause: &str,
) -> Result<bool> {
    let amount = minor(payment, amount)?;
    let due = |adjusted: Adjusted| amount.min(payment.amount - adjusted.in_all);
    adjust(cx, payment, Adjustment::Dispute, dispute, cause, due).await
}

/// Returns in the shop's minor units what the provider writes as `amount`.
fn minor(payment: &Payment, amount: i64) -> Result<i64> {
    money::from_stripe_amount(&payment.currency, amount)
        .with_context(|| format!("{amount} is not an amount of {}", payment.currency))
}

/// Books what `due` makes of the adjustments so far, unless that is nothing, and puts `cause` before an
/// operator. Returns whether it was booked.
async fn adjust(
    cx: &Cx,
    payment: &Payment,
    adjustment: Adjustment,
    reference: &str,
    cause: &str,
    due: impl Fn(Adjusted) -> i64,
) -> Result<bool> {
    let work = async |unit: &mut Unit<'_>| -> Result<bool> {
        // Locked, so that what is added up stays so until it is booked.
        let locked = unit.read_locked::<Payment>(moves::locking(payment.id)).await?;
        let Some(payment) = locked.into_iter().next() else { return Ok(false) };
        let amount = due(ledger::adjusted(unit, &payment).await?);
        if payment.state.status() != Status::Captured || amount == 0 {
            return Ok(false);
        }
        unit.change::<()>(payment.calling_attention(cause)).await?;
        ledger::adjust(unit, &payment, adjustment, reference, amount).await?;
        Ok(true)
    };
    let is_booked = unit::run(cx, &SERVICE, work).await?;
    if is_booked {
        log::noted(cx, NEEDS_OPERATOR, format!("{}: {cause}", payment.id));
    }
    Ok(is_booked)
}
