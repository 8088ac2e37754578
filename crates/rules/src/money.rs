//! Money: whole minor units of an ISO 4217 currency, never a float.

mod stripe;

pub use stripe::{from_stripe_amount, least, most, step, stripe_amount};

use iso_currency::{Currency, IntoEnumIterator};

use crate::amount;

/// The largest amount in any currency, in minor units: Stripe takes amounts of up to eight digits.
/// See [`most`] for one currency's.
pub const MAX_AMOUNT: i64 = 99_999_999;

/// Whether `code` is a currency of ISO 4217, in capitals, that tickets can be sold for: Stripe takes
/// it.
///
/// ```
/// # use boxoffice_rules::money::is_currency;
/// assert!(is_currency("EUR") && is_currency("JPY"));
/// assert!(!is_currency("eur") && !is_currency("XTS") && !is_currency("BUCKS"));
/// assert!(!is_currency("KPW"), "money, but none that Stripe takes");
/// ```
#[must_use]
pub fn is_currency(code: &str) -> bool {
    stripe::takes(code)
}

/// What `quantity` tickets cost at `price` each, in the same minor units of the currency `code`;
/// `None` if that is more than can be charged at once.
///
/// ```
/// # use boxoffice_rules::money::total;
/// assert_eq!(total(2550, 3, "EUR"), Some(7650));
/// assert_eq!(total(99_999_999, 2, "EUR"), None, "more than can be charged at once");
/// ```
#[must_use]
pub fn total(price: i64, quantity: i64, code: &str) -> Option<i64> {
    price.checked_mul(quantity).filter(|amount| (0..=most(code)).contains(amount))
}

/// How many digits the amounts of a currency have after the point (ISO 4217).
///
/// ```
/// # use boxoffice_rules::money::digits;
/// assert_eq!((digits("EUR"), digits("JPY"), digits("KWD")), (2, 0, 3));
/// ```
#[must_use]
pub fn digits(code: &str) -> u8 {
    let exponent = Currency::from_code(code).and_then(Currency::exponent);
    exponent.and_then(|digits| u8::try_from(digits).ok()).unwrap_or(2)
}

/// `minor` units as a decimal number of the currency, for programs to read.
///
/// ```
/// # use boxoffice_rules::money::decimal;
/// assert_eq!(decimal(-4505, "EUR"), "-45.05");
/// assert_eq!((decimal(7, "JPY"), decimal(7, "KWD")), ("7".to_owned(), "0.007".to_owned()));
/// ```
#[must_use]
pub fn decimal(minor: i64, code: &str) -> String {
    amount::units(minor, digits(code))
}

/// All currencies that tickets can be sold for: see [`is_currency`].
pub fn currencies() -> impl Iterator<Item = Currency> {
    Currency::iter().filter(|currency| is_currency(currency.code()))
}
