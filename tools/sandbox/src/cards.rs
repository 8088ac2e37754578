//! Stripe's documented test cards and what happens when they are charged.
//!
//! Names, numbers and outcomes from <https://docs.stripe.com/testing> (tab "PaymentMethods") and
//! <https://docs.stripe.com/declines/codes>. A card goes by `pm_card_<name>` as a PaymentMethod and by
//! `tok_<name>` as a legacy token. Two bank accounts, `pm_usBankAccount_<name>`, are among them
//! (<https://docs.stripe.com/payments/ach-direct-debit/accept-a-payment#test-integration>).

/// A test card.
#[derive(Debug)]
pub(crate) struct Card {
    /// Its names, without `pm_card_` or `tok_`; the first one is what the ledger keeps.
    pub(crate) names: &'static [&'static str],
    /// The network: `visa`, `mastercard`, …
    pub(crate) brand: &'static str,
    /// The last four digits.
    pub(crate) last4: &'static str,
    /// `credit`, `debit` or `prepaid`.
    pub(crate) funding: &'static str,
    /// The issuing country.
    pub(crate) country: &'static str,
    /// Whether it is a bank account (ACH Direct Debit) rather than a card: what came of a debit is
    /// known days later.
    pub(crate) account: bool,
    /// Whether the cardholder must first pass 3-D Secure.
    pub(crate) authenticate: bool,
    /// Why its charges fail; `None` if they succeed.
    pub(crate) decline: Option<&'static Decline>,
}

/// Why a charge was declined.
#[derive(Debug)]
pub(crate) struct Decline {
    /// The error's `code`.
    pub(crate) code: &'static str,
    /// The error's `decline_code`.
    pub(crate) decline_code: &'static str,
    /// What the buyer may be told.
    pub(crate) message: &'static str,
    /// The card's detail at fault, if one is.
    pub(crate) param: Option<&'static str>,
    /// What to do next: <https://docs.stripe.com/declines/card#retrying-issuer-declines>.
    pub(crate) advice: Option<&'static str>,
    /// Stopped by fraud prevention before the bank was asked.
    pub(crate) blocked: bool,
}

const DECLINED: &str = "Your card was declined.";

const fn issuer(
    code: &'static str,
    decline_code: &'static str,
    message: &'static str,
    advice: &'static str,
) -> Decline {
    Decline { code, decline_code, message, param: None, advice: Some(advice), blocked: false }
}

static GENERIC: Decline = issuer("card_declined", "generic_decline", DECLINED, "try_again_later");
static FUNDS: Decline = issuer(
    "card_declined",
    "insufficient_funds",
    "Your card has insufficient funds.",
    "try_again_later",
);
static EMPTY_ACCOUNT: Decline = Decline {
    advice: None,
    ..issuer(
        "insufficient_funds",
        "insufficient_funds",
        "The customer's account has insufficient funds to cover this payment.",
        "",
    )
};
static LOST: Decline = issuer("card_declined", "lost_card", DECLINED, "do_not_try_again");
static STOLEN: Decline = issuer("card_declined", "stolen_card", DECLINED, "do_not_try_again");
static EXPIRED: Decline = Decline {
    param: Some("exp_month"),
    ..issuer("expired_card", "expired_card", "Your card has expired.", "confirm_card_data")
};
static CVC: Decline = Decline {
    param: Some("cvc"),
    ..issuer(
        "incorrect_cvc",
        "incorrect_cvc",
        "Your card's security code is incorrect.",
        "confirm_card_data",
    )
};
static PROCESSING: Decline = issuer(
    "processing_error",
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
    "try_again_later",
);
static VELOCITY: Decline = issuer(
    "card_declined",
    "card_velocity_exceeded",
    "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
    "try_again_later",
);
static FRAUD: Decline = Decline {
    code: "card_declined",
    decline_code: "fraudulent",
    message: DECLINED,
    param: None,
    advice: None,
    blocked: true,
};
/// The bank wants the cardholder, who is not there.
pub(crate) static AUTHENTICATION_REQUIRED: Decline = Decline {
    code: "authentication_required",
    decline_code: "authentication_required",
    message: "Your card was declined. This transaction requires authentication.",
    param: None,
    advice: None,
    blocked: false,
};
/// The cardholder is needed, and the client said that it cannot ask.
pub(crate) static AUTHENTICATION_NOT_HANDLED: Decline = Decline {
    code: "authentication_required",
    decline_code: "authentication_not_handled",
    message: "This payment required an authentication action to complete, but \
              `error_on_requires_action` was set.",
    param: None,
    advice: None,
    blocked: false,
};

const fn card(names: &'static [&'static str], brand: &'static str, last4: &'static str) -> Card {
    Card {
        names,
        brand,
        last4,
        funding: "credit",
        country: "US",
        account: false,
        authenticate: false,
        decline: None,
    }
}

const fn funded(card: Card, funding: &'static str) -> Card {
    Card { funding, ..card }
}

const fn foreign(
    names: &'static [&'static str],
    country: &'static str,
    last4: &'static str,
) -> Card {
    Card { country, ..card(names, "visa", last4) }
}

const fn declines(
    names: &'static [&'static str],
    last4: &'static str,
    decline: &'static Decline,
) -> Card {
    Card { decline: Some(decline), ..card(names, "visa", last4) }
}

const fn account(
    names: &'static [&'static str],
    last4: &'static str,
    decline: Option<&'static Decline>,
) -> Card {
    Card { account: true, funding: "debit", decline, ..card(names, "", last4) }
}

const fn asks(names: &'static [&'static str], last4: &'static str) -> Card {
    Card { authenticate: true, ..card(names, "visa", last4) }
}

/// All test cards, in the order in which the overview page shows them.
pub(crate) static CARDS: &[Card] = &[
    card(&["visa", "us"], "visa", "4242"),
    funded(card(&["visa_debit"], "visa", "5556"), "debit"),
    card(&["mastercard"], "mastercard", "4444"),
    funded(card(&["mastercard_debit"], "mastercard", "8210"), "debit"),
    funded(card(&["mastercard_prepaid"], "mastercard", "5100"), "prepaid"),
    card(&["amex", "amex_threeDSecureNotSupported"], "amex", "8431"),
    card(&["discover"], "discover", "1117"),
    card(&["diners"], "diners", "0004"),
    card(&["jcb"], "jcb", "0505"),
    card(&["unionpay"], "unionpay", "0005"),
    foreign(&["ca"], "CA", "0000"),
    foreign(&["br"], "BR", "0002"),
    foreign(&["gb"], "GB", "0000"),
    foreign(&["de"], "DE", "0016"),
    foreign(&["fr"], "FR", "0003"),
    foreign(&["au"], "AU", "0006"),
    foreign(&["jp"], "JP", "0003"),
    card(&["threeDSecureOptional"], "visa", "3055"),
    asks(&["threeDSecure2Required"], "3220"),
    asks(&["threeDSecureRequired"], "3063"),
    asks(&["authenticationRequired"], "3184"),
    asks(&["authenticationRequiredOnSetup"], "3155"),
    Card {
        decline: Some(&FUNDS),
        ..asks(&["authenticationRequiredChargeDeclinedInsufficientFunds"], "3178")
    },
    Card { decline: Some(&GENERIC), ..asks(&["threeDSecureRequiredChargeDeclined"], "1629") },
    declines(&["chargeDeclined", "visa_chargeDeclined"], "0002", &GENERIC),
    declines(
        &["chargeDeclinedInsufficientFunds", "visa_chargeDeclinedInsufficientFunds"],
        "9995",
        &FUNDS,
    ),
    declines(&["visa_chargeDeclinedLostCard", "chargeDeclinedLostCard"], "9987", &LOST),
    declines(&["visa_chargeDeclinedStolenCard", "chargeDeclinedStolenCard"], "9979", &STOLEN),
    declines(&["chargeDeclinedExpiredCard", "visa_chargeDeclinedExpiredCard"], "0069", &EXPIRED),
    declines(&["chargeDeclinedIncorrectCvc", "visa_chargeDeclinedIncorrectCvc"], "0127", &CVC),
    declines(
        &["chargeDeclinedProcessingError", "visa_chargeDeclinedProcessingError"],
        "0119",
        &PROCESSING,
    ),
    declines(
        &["visa_chargeDeclinedVelocityLimitExceeded", "chargeDeclinedVelocityLimitExceeded"],
        "6975",
        &VELOCITY,
    ),
    declines(
        &["chargeDeclinedFraudulent", "visa_chargeDeclinedFraudulent", "radarBlock"],
        "0019",
        &FRAUD,
    ),
    declines(&["chargeCustomerFail"], "0341", &GENERIC),
    account(&["usBankAccount_success"], "6789", None),
    account(&["usBankAccount_insufficientFunds"], "2227", Some(&EMPTY_ACCOUNT)),
];

impl Card {
    /// The card with this name, without `pm_card_` or `tok_`.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        CARDS.iter().find(|card| card.names.contains(&name))
    }

    /// The card that a test PaymentMethod's id stands for.
    pub(crate) fn of_method(id: &str) -> Option<&'static Self> {
        let card = id.strip_prefix("pm_card_").and_then(Self::named).filter(|card| !card.account);
        card.or_else(|| Self::named(id.strip_prefix("pm_")?).filter(|card| card.account))
    }

    /// The id of the test PaymentMethod that stands for it.
    pub(crate) fn method(&self) -> String {
        let prefix = if self.account { "pm_" } else { "pm_card_" };
        format!("{prefix}{}", self.names[0])
    }

    /// The card that a legacy token stands for.
    pub(crate) fn of_token(token: &str) -> Option<&'static Self> {
        Self::named(token.strip_prefix("tok_")?).filter(|card| !card.account)
    }

    /// What it is for, in a few words.
    pub(crate) fn about(&self) -> String {
        let outcome = match self.decline {
            None => "succeeds".to_owned(),
            Some(decline) => format!("is declined: {}", decline.decline_code),
        };
        if self.account {
            return format!("takes four days, then {outcome}");
        }
        if self.authenticate { format!("asks for 3-D Secure, then {outcome}") } else { outcome }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_means_one_card() {
        let mut names: Vec<_> = CARDS.iter().flat_map(|card| card.names).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn methods_and_tokens_are_told_apart() {
        assert!(Card::of_method("pm_card_visa").is_some());
        assert!(Card::of_token("tok_visa").is_some());
        assert!(Card::of_method("tok_visa").is_none());
        assert!(Card::of_token("pm_card_visa").is_none());
        assert!(Card::of_method("pm_usBankAccount_success").is_some_and(|card| card.account));
        assert!(Card::of_method("pm_card_usBankAccount_success").is_none());
        assert!(Card::of_method("pm_visa").is_none());
        assert!(Card::of_token("tok_usBankAccount_success").is_none());
    }
}
