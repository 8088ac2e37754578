//! What the provider says of an intent, written down.
//!
//! Answers, look-ups and webhooks all come here, in any order and as often as they like.

use anyhow::Result;
use boxoffice_kernel::Trace;

use crate::moves::{self, News};
use crate::payment::Payment;
use crate::stripe::{Intent, IntentState};

/// Writes down how the provider says that `intent`, which is `payment`'s, stands. Returns the payment
/// as it is then.
pub(crate) async fn observe(payment: &Payment, intent: &Intent, trace: Trace) -> Result<Payment> {
    let mut payment = payment.clone();
    loop {
        if let IntentState::Odd(status) = intent.state() {
            let cause = format!("{} is {status}, a state that Boxoffice does not use", intent.id);
            payment.call_attention(&cause).await?;
        }
        if let Some(moved) = moves::write(&payment, News::Intent(intent), trace).await? {
            return Ok(moved);
        }
        let Some(now) = Payment::find(payment.id).await? else { return Ok(payment) };
        if (now.version, now.state) == (payment.version, payment.state) {
            return Ok(now);
        }
        // Somebody else has changed it meanwhile, not knowing of the intent: what that means for it as
        // it is now is still to be seen. It changes a few times at most.
        payment = now;
    }
}
