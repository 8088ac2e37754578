//! What buyers send.

use crate::listing::MAX_QUANTITY;
use crate::{Verdict, unless};

/// The longest token that is passed on to the payment provider.
const MAX_TOKEN: usize = 255;

/// How long before a hold ends its buyer gets a letter, if they ask for one, in seconds.
pub const REMINDED_BEFORE: i64 = 3 * 60;

/// Checks how many tickets are ordered at once.
///
/// # Errors
/// The sentence for the buyer, as of all rules here.
pub fn quantity(quantity: i64) -> Verdict {
    unless((1..=MAX_QUANTITY).contains(&quantity), "Order from 1 to 1000 tickets")
}

/// Checks a payment method of Stripe's.
///
/// # Errors
/// The sentence for the buyer.
pub fn token(token: &str) -> Verdict {
    let known = token.starts_with("pm_") || token.starts_with("tok_");
    let plain = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    unless(
        known && plain && token.len() <= MAX_TOKEN,
        "Give a Stripe payment method (pm_…) or a Stripe token (tok_…)",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_name_the_bounds_that_hold() {
        assert_eq!((quantity(1), quantity(MAX_QUANTITY)), (Ok(()), Ok(())));
        let said = quantity(MAX_QUANTITY + 1).err().unwrap_or_default();
        assert!(said.contains(&format!("1 to {MAX_QUANTITY} ")), "{said}");
    }

    #[test]
    fn tokens_are_stripes() {
        for (text, good) in [
            ("pm_card_visa", true),
            ("tok_visa", true),
            ("", false),
            ("visa", false),
            ("pm_card/../refunds", false),
        ] {
            assert_eq!(token(text).is_ok(), good, "{text}");
        }
        token(&format!("pm_{}", "x".repeat(MAX_TOKEN))).expect_err("too long");
    }
}
