//! Money: whole minor units of an ISO 4217 currency, never a float.

use iso_currency::{Currency, IntoEnumIterator};

/// The largest price of one ticket, in minor units: Stripe takes amounts of up to eight digits.
pub const MAX_AMOUNT: i64 = 99_999_999;

/// Whether `code` is a currency of ISO 4217 that people pay with, in capitals.
///
/// ```
/// # use boxoffice_common::money::is_currency;
/// assert!(is_currency("EUR") && is_currency("JPY"));
/// assert!(!is_currency("eur") && !is_currency("XTS") && !is_currency("BUCKS"));
/// ```
#[must_use]
pub fn is_currency(code: &str) -> bool {
    // Codes that start with X are metals, tests and funds, but for four regional currencies.
    let payable = !code.starts_with('X') || matches!(code, "XAF" | "XCD" | "XOF" | "XPF");
    payable && Currency::from_code(code).is_some()
}

/// What `quantity` tickets cost at `price` each, in the same minor units.
///
/// ```
/// # use boxoffice_common::money::total;
/// assert_eq!(total(2550, 3), Some(7650));
/// assert_eq!(total(99_999_999, 2), None, "more than can be charged at once");
/// ```
#[must_use]
pub fn total(price: i64, quantity: i64) -> Option<i64> {
    price.checked_mul(quantity).filter(|amount| (0..=MAX_AMOUNT).contains(amount))
}

/// How many digits the amounts of a currency have after the point (ISO 4217).
///
/// ```
/// # use boxoffice_common::money::digits;
/// assert_eq!((digits("EUR"), digits("JPY"), digits("KWD")), (2, 0, 3));
/// ```
#[must_use]
pub fn digits(code: &str) -> u8 {
    let exponent = Currency::from_code(code).and_then(Currency::exponent);
    exponent.and_then(|digits| u8::try_from(digits).ok()).unwrap_or(2)
}

/// All currencies that people pay with: see [`is_currency`].
pub fn currencies() -> impl Iterator<Item = Currency> {
    Currency::iter().filter(|currency| is_currency(currency.code()))
}
