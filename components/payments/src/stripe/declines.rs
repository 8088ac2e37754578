//! Declines, and sentences for the buyers whose payment was declined.
//!
//! Codes and what to tell a buyer are from <https://docs.stripe.com/declines/codes>. Where that
//! says so, as for cards that were reported stolen, a buyer learns no more than that the card was
//! declined.

/// A decline, in Stripe's words.
#[derive(Clone, Debug)]
pub(crate) struct Decline {
    /// `decline_code`, or `code` where there is none.
    pub(crate) code: String,
    /// A sentence for the buyer.
    pub(crate) message: String,
}

/// What to tell a buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Advice {
    /// What happened. `None`: Stripe's own sentence says it best.
    pub(crate) what: Option<&'static str>,
    /// What they can do, while their hold stays.
    pub(crate) next: &'static str,
}

const ANOTHER_CARD: &str = "try another card";
const CHECK: &str = "check what you entered and try again, or try another card";
const LATER: &str = "try again in a moment, or try another card";
const CALL: &str = "ask your bank, or try another card";

const fn advice(what: &'static str, next: &'static str) -> Advice {
    Advice { what: Some(what), next }
}

/// What to tell the buyer whose payment was declined with Stripe's `decline_code`, or `code` where
/// there is none.
pub(crate) fn advice_on(code: &str) -> Advice {
    match code {
        "insufficient_funds" => advice("The card has insufficient funds.", ANOTHER_CARD),
        "card_velocity_exceeded" | "withdrawal_count_limit_exceeded" => {
            advice("The card is at its limit.", ANOTHER_CARD)
        }
        "expired_card" => advice("The card has expired.", ANOTHER_CARD),
        "incorrect_cvc" | "invalid_cvc" => advice("The card's security code is incorrect.", CHECK),
        "incorrect_number" | "invalid_number" => advice("The card's number is incorrect.", CHECK),
        "invalid_expiry_month" | "invalid_expiry_year" => {
            advice("The card's expiry date is incorrect.", CHECK)
        }
        "incorrect_zip" | "incorrect_address" => {
            advice("The card's billing address is incorrect.", CHECK)
        }
        "authentication_required" | "authentication_not_handled" => advice(
            "Your bank needs you to confirm this payment.",
            "try again and follow your bank's steps, or try another card",
        ),
        "payment_intent_authentication_failure" => {
            advice("Your bank could not confirm that it is you.", "try again, or try another card")
        }
        "authentication_abandoned" => advice("You chose another way to pay.", ANOTHER_CARD),
        "card_not_supported" | "currency_not_supported" => {
            advice("The card cannot be used for this purchase.", ANOTHER_CARD)
        }
        "processing_error"
        | "issuer_not_available"
        | "reenter_transaction"
        | "try_again_later"
        | "approve_with_id" => advice("The card could not be charged just now.", LATER),
        "call_issuer"
        | "do_not_honor"
        | "no_action_taken"
        | "not_permitted"
        | "restricted_card"
        | "revocation_of_all_authorizations"
        | "security_violation"
        | "service_not_allowed"
        | "stop_payment_order"
        | "transaction_not_allowed" => advice("Your bank declined the card.", CALL),
        "fraudulent" | "lost_card" | "stolen_card" | "pickup_card" | "merchant_blacklist"
        | "generic_decline" | "card_declined" => advice("The card was declined.", ANOTHER_CARD),
        "invalid_payment_method" => {
            advice("This payment method cannot be used.", "try another one")
        }
        "amount_too_small" => advice(
            "This amount is too small to charge.",
            "give the tickets up, and ask the seller for another price",
        ),
        "amount_too_large" => {
            advice("This amount is too large to charge at once.", "order fewer tickets")
        }
        "payment_canceled" => advice("The payment was cancelled.", "try again"),
        _ => Advice { what: None, next: ANOTHER_CARD },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stolen_card_is_declined_like_any_other() {
        for code in ["stolen_card", "lost_card", "fraudulent", "pickup_card"] {
            assert_eq!(advice_on(code), advice_on("generic_decline"), "{code}");
        }
    }

    #[test]
    fn buyers_can_act_on_it() {
        assert!(advice_on("incorrect_cvc").next.contains("check"));
        assert!(advice_on("processing_error").next.contains("in a moment"));
        assert_eq!(advice_on("a_code_of_next_year").what, None);
    }
}
