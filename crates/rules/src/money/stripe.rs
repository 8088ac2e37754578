//! What Stripe takes: in which currencies, how it counts them, and how little is enough.
//!
//! Source: <https://docs.stripe.com/currencies>. The shop counts as ISO 4217 does everywhere else;
//! [`stripe_amount`] and [`from_stripe_amount`] stand between the two.

use super::{MAX_AMOUNT, digits};

/// The currencies of "Supported presentment currencies" and "Three-decimal currencies", by their
/// codes, sorted; without those that ISO 4217 has replaced since.
const TAKEN: [&str; 136] = [
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BHD",
    "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP",
    "CNY", "COP", "CRC", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ETB", "EUR", "FJD",
    "FKP", "GBP", "GEL", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR",
    "ILS", "INR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KRW", "KWD", "KYD",
    "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP",
    "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR",
    "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR",
    "SBD", "SCR", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SZL", "THB", "TJS", "TND", "TOP",
    "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VND", "VUV", "WST", "XAF",
    "XCD", "XOF", "XPF", "YER", "ZAR", "ZMW",
];

/// "Zero-decimal currencies": Stripe counts whole ones. Of them ISO 4217 divides the ariary.
const ZERO_DECIMAL: [&str; 15] = [
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF",
    "XOF", "XPF",
];

/// "Three-decimal currencies": Stripe counts thousandths, of which the last digit must be 0.
const THREE_DECIMAL: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];

/// "Minimum charge amount by currency", in minor units as the shop counts them. For the others
/// it is what one of these is worth, by the day's rate, in the currency of the account at Stripe.
const LEAST: [(&str, i64); 31] = [
    ("AED", 200),
    ("ARS", 50),
    ("AUD", 50),
    ("BRL", 50),
    ("CAD", 50),
    ("CHF", 50),
    ("COP", 50),
    ("CZK", 1_500),
    ("DKK", 250),
    ("EUR", 50),
    ("GBP", 30),
    ("HKD", 400),
    ("HUF", 17_500),
    ("IDR", 50),
    ("ILS", 50),
    ("INR", 50),
    ("JPY", 50),
    ("KRW", 50),
    ("MXN", 1_000),
    ("MYR", 200),
    ("NOK", 300),
    ("NZD", 50),
    ("PHP", 50),
    ("PLN", 200),
    ("RON", 200),
    ("RUB", 50),
    ("SEK", 300),
    ("SGD", 50),
    ("THB", 1_000),
    ("USD", 50),
    ("ZAR", 50),
];

/// Whether Stripe charges cards in this currency.
pub(super) fn takes(code: &str) -> bool {
    TAKEN.binary_search(&code).is_ok()
}

/// How many digits after the point Stripe's amounts have. The króna and the Ugandan shilling have
/// two there, always zeros, since they once had.
fn stripe_digits(code: &str) -> u8 {
    if ZERO_DECIMAL.contains(&code) {
        0
    } else if THREE_DECIMAL.contains(&code) {
        3
    } else {
        2
    }
}

/// How many of Stripe's units one minor unit is, and how many minor units one of Stripe's; one of
/// the two is 1.
fn scales(code: &str) -> (i64, i64) {
    let (ours, theirs) = (u32::from(digits(code)), u32::from(stripe_digits(code)));
    (10_i64.pow(theirs.saturating_sub(ours)), 10_i64.pow(ours.saturating_sub(theirs)))
}

/// The minor units by which amounts may differ that Stripe takes: every amount is a multiple of it.
///
/// ```
/// # use boxoffice_rules::money::step;
/// assert_eq!((step("EUR"), step("KWD"), step("MGA")), (1, 10, 100));
/// ```
#[must_use]
pub fn step(code: &str) -> i64 {
    if THREE_DECIMAL.contains(&code) { 10 } else { scales(code).1 }
}

/// The least that can be charged, in minor units. Where Stripe publishes no minimum, the smallest
/// amount that it can be asked for; it may want more then, and says so when it is asked.
///
/// ```
/// # use boxoffice_rules::money::least;
/// assert_eq!((least("EUR"), least("CZK"), least("JPY")), (50, 1500, 50));
/// assert_eq!((least("KES"), least("KWD")), (1, 10));
/// ```
#[must_use]
pub fn least(code: &str) -> i64 {
    let known = LEAST.binary_search_by_key(&code, |(known, _)| known);
    known.map_or(step(code), |at| LEAST[at].1)
}

/// The most that can be charged at once, in minor units: eight digits, as Stripe writes it.
///
/// ```
/// # use boxoffice_rules::money::most;
/// assert_eq!((most("EUR"), most("JPY")), (99_999_999, 99_999_999));
/// assert_eq!(most("ISK"), 999_999);
/// ```
#[must_use]
pub fn most(code: &str) -> i64 {
    MAX_AMOUNT / scales(code).0
}

/// `minor` units as Stripe writes the amount; `None` if it has no word for it: a fraction that
/// is not divided so far there, or more than an `i64` holds. The code is in capitals.
///
/// ```
/// # use boxoffice_rules::money::stripe_amount;
/// assert_eq!(stripe_amount("EUR", 4550), Some(4550));
/// assert_eq!(stripe_amount("JPY", 500), Some(500));
/// assert_eq!(stripe_amount("ISK", 500), Some(50_000), "hundredths, that must be zeros");
/// assert_eq!(stripe_amount("KWD", 5120), Some(5120));
/// assert_eq!(stripe_amount("KWD", 5124), None, "the last digit must be 0");
/// ```
#[must_use]
pub fn stripe_amount(code: &str, minor: i64) -> Option<i64> {
    let (up, down) = scales(code);
    let amount = minor.checked_mul(up)? / down;
    (minor % step(code) == 0).then_some(amount)
}

/// What Stripe writes as `amount`, in minor units; `None` if the shop has no word for it. The code is
/// in capitals.
///
/// ```
/// # use boxoffice_rules::money::from_stripe_amount;
/// assert_eq!(from_stripe_amount("EUR", 4550), Some(4550));
/// assert_eq!(from_stripe_amount("UGX", 50_000), Some(500));
/// assert_eq!(from_stripe_amount("UGX", 50_001), None, "there are no hundredths");
/// ```
#[must_use]
pub fn from_stripe_amount(code: &str, amount: i64) -> Option<i64> {
    let (up, down) = scales(code);
    (amount % up == 0).then(|| (amount / up).checked_mul(down)).flatten()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn the_tables_are_sorted_and_are_of_money() {
        assert!(TAKEN.is_sorted());
        assert!(LEAST.is_sorted());
        for code in TAKEN {
            let currency = iso_currency::Currency::from_code(code);
            assert!(currency.is_some_and(|c| c.is_superseded().is_none()), "{code}");
        }
        for (code, _) in LEAST {
            assert!(takes(code), "{code}");
        }
        for code in ZERO_DECIMAL.iter().chain(&THREE_DECIMAL) {
            assert!(takes(code), "{code}");
        }
    }

    #[test]
    fn stripe_counts_as_iso_does_but_for_three() {
        let others = TAKEN.into_iter().filter(|code| digits(code) != stripe_digits(code));
        assert_eq!(others.collect::<Vec<_>>(), ["ISK", "MGA", "UGX"]);
    }

    #[test]
    fn amounts_go_to_stripe_and_come_back() {
        for code in TAKEN {
            for minor in [least(code), 7 * step(code), most(code) / step(code) * step(code)] {
                let amount = stripe_amount(code, minor).unwrap();
                assert!(amount <= MAX_AMOUNT, "{code} {minor}");
                assert_eq!(from_stripe_amount(code, amount), Some(minor), "{code} {minor}");
            }
            assert_eq!(least(code) % step(code), 0, "{code}");
        }
    }

    #[test]
    fn what_stripe_cannot_write_is_none() {
        assert_eq!(stripe_amount("MGA", 150), None);
        assert_eq!(stripe_amount("MGA", 15_000), Some(150));
        assert_eq!(stripe_amount("ISK", i64::MAX), None);
        assert_eq!(from_stripe_amount("MGA", i64::MAX), None);
    }
}
