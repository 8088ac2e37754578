//! What the provider says of an intent, written down.
//!
//! Answers, look-ups and webhooks all come here, in any order and as often as they like.

use anyhow::Result;
use boxoffice_kernel::{Cx, Unit, unit};

use crate::SERVICE;
use crate::moves::{self, News};
use crate::payment::Payment;
use crate::stripe::{Intent, IntentState};

/// Writes down how the provider says that `intent`, which is `payment`'s, stands. Returns the payment
/// as it is then.
pub(crate) async fn observe(cx: &Cx, payment: &Payment, intent: &Intent) -> Result<Payment> {
    if let IntentState::Odd(status) = intent.state() {
        let cause = format!("{} is {status}, a state that Boxoffice does not use", intent.id);
        payment.call_attention(cx, &cause).await?;
    }
    let work = async |unit: &mut Unit<'_>| {
        let known = moves::latest(unit, payment).await?;
        move_or_look_again(unit, known, intent).await
    };
    let (payment, has_moved) = unit::run(cx, &SERVICE, work).await?;
    if has_moved {
        moves::warn_if_owed(cx, &payment).await?;
    }
    Ok(payment)
}

/// Moves the payment as the intent wants it, or tells as it is by now that it stays. Where somebody
/// else has changed it meanwhile, not knowing of the intent, what that means for it as it is now is
/// still to be seen. It changes a few times at most.
async fn move_or_look_again(
    unit: &mut Unit<'_>,
    known: Payment,
    intent: &Intent,
) -> Result<(Payment, bool)> {
    if let Some(moved) = moves::step(unit, &known, News::Intent(intent)).await? {
        return Ok((moved, true));
    }
    let now = known.reload_in(unit).await?;
    if (now.version, now.state) == (known.version, known.state) {
        return Ok((now, false));
    }
    Err(unit.overtaken("another move of the payment").into())
}
