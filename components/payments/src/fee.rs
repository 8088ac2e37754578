//! What the shop keeps of a ticket that a fan sells on.

use anyhow::{Result, ensure};
use boxoffice_contract::orders::Order;
use boxoffice_kernel::config;

/// The variable that says how much, in percent of what the buyer pays.
const VARIABLE: &str = "resale_fee_percent";
/// The highest fee, in percent.
const MAX_PERCENT: i64 = 50;

/// Returns the fee for `order`, in the currency's minor unit: 0 unless a fan sells its ticket on. It
/// is decided once, when a payment begins: a change of the variable changes no sale that has begun.
///
/// # Errors
/// When the variable is not a whole number from 0 to [`MAX_PERCENT`].
pub(crate) async fn decide(order: &Order) -> Result<i64> {
    if order.ticket.resale_of.is_none() {
        return Ok(0);
    }
    share(order.amount, config::number(VARIABLE).await?)
}

/// Returns `percent` of `amount`, rounded down.
fn share(amount: i64, percent: i64) -> Result<i64> {
    ensure!(
        (0..=MAX_PERCENT).contains(&percent),
        "the variable {VARIABLE} is {percent}, not a number from 0 to {MAX_PERCENT}"
    );
    // The hundreds apart from the rest: the whole amount times the percentage could overflow.
    Ok(amount / 100 * percent + amount % 100 * percent / 100)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn the_fee_is_a_share_rounded_down() {
        let cases = [
            (4500, 5, 225),
            (4501, 5, 225),
            (4519, 5, 225),
            (4520, 5, 226),
            (19, 5, 0),
            (20, 5, 1),
            (999, 50, 499),
            (4500, 0, 0),
            (i64::MAX, 50, i64::MAX / 2),
        ];
        for (amount, percent, fee) in cases {
            assert_eq!(share(amount, percent).unwrap(), fee, "{percent} % of {amount}");
        }
    }

    #[test]
    fn a_fee_that_is_out_of_bounds_is_refused() {
        for percent in [-1, 51, 100, i64::MAX] {
            let refused = share(4500, percent).unwrap_err().to_string();
            assert!(refused.contains(VARIABLE) && refused.contains("0 to 50"), "{refused}");
        }
    }
}
