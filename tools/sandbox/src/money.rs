//! Currencies: which there are, their smallest and largest charge, how an amount reads.
//!
//! Limits as listed at <https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts>.

use iso_currency::Currency;

use crate::errors::{Error, Refusal};

/// Smallest charge in minor units. For a currency that is not listed, Stripe asks for the equivalent of
/// 0.50 USD; the sandbox knows no rates and takes any positive amount.
const MINIMUM: &[(&str, i64)] = &[
    ("aed", 200),
    ("ars", 50),
    ("aud", 50),
    ("bgn", 100),
    ("brl", 50),
    ("cad", 50),
    ("chf", 50),
    ("cop", 50),
    ("czk", 1500),
    ("dkk", 250),
    ("eur", 50),
    ("gbp", 30),
    ("hkd", 400),
    ("huf", 17500),
    ("idr", 50),
    ("ils", 50),
    ("inr", 50),
    ("jpy", 50),
    ("krw", 50),
    ("mxn", 1000),
    ("myr", 200),
    ("nok", 300),
    ("nzd", 50),
    ("php", 50),
    ("pln", 200),
    ("ron", 200),
    ("sek", 300),
    ("sgd", 50),
    ("thb", 1000),
    ("usd", 50),
    ("zar", 50),
];

/// Largest charge: eight digits, and twelve for the rupiah.
const MAXIMUM: i64 = 99_999_999;
const MAXIMUM_IDR: i64 = 999_999_999_999;

/// The currency that `code` names, in lower case as the API writes it. `None` if no such money exists;
/// funds codes and metals are not money that a card could pay in.
pub(crate) fn currency(code: &str) -> Option<String> {
    let known = Currency::from_code(&code.to_ascii_uppercase())?;
    let payable =
        code.len() == 3 && known.exponent().is_some() && !known.is_special() && !known.is_fund();
    payable.then(|| code.to_ascii_lowercase())
}

/// Refuses an amount that is not a positive number of minor units within the currency's limits.
pub(crate) fn check_amount(amount: i64, currency: &str) -> Result<(), Error> {
    if amount <= 0 {
        return Err(Refusal::invalid("This value must be greater than or equal to 1.")
            .code("parameter_invalid_integer")
            .param("amount")
            .into());
    }
    let minimum = MINIMUM.iter().find(|(code, _)| *code == currency).map_or(1, |(_, least)| *least);
    if amount < minimum {
        let least = with_symbol(minimum, currency);
        return Err(Refusal::invalid(format!("Amount must be at least {least} {currency}"))
            .code("amount_too_small")
            .param("amount")
            .into());
    }
    let maximum = if currency == "idr" { MAXIMUM_IDR } else { MAXIMUM };
    if amount > maximum {
        let most = with_symbol(maximum, currency);
        return Err(Refusal::invalid(format!("Amount must be no more than {most}"))
            .code("amount_too_large")
            .param("amount")
            .into());
    }
    Ok(())
}

/// An amount as error messages write it: `$0.50`, `¥50`, `د.إ2.00`.
pub(crate) fn with_symbol(amount: i64, currency: &str) -> String {
    let symbol = Currency::from_code(&currency.to_ascii_uppercase())
        .map_or_else(String::new, |known| known.symbol().symbol);
    format!("{symbol}{}", digits(amount, currency))
}

/// An amount for people: `49.00 EUR`.
pub(crate) fn with_code(amount: i64, currency: &str) -> String {
    format!("{} {}", digits(amount, currency), currency.to_ascii_uppercase())
}

/// The amount in major units, thousands grouped, with as many decimals as the currency has.
fn digits(amount: i64, currency: &str) -> String {
    let decimals = Currency::from_code(&currency.to_ascii_uppercase())
        .and_then(Currency::exponent)
        .map_or(2, usize::from);
    let text = format!("{:0>width$}", amount.unsigned_abs(), width = decimals + 1);
    let (whole, fraction) = text.split_at(text.len() - decimals);
    let sign = if amount < 0 { "-" } else { "" };
    let point = if decimals > 0 { "." } else { "" };
    format!("{sign}{}{point}{fraction}", grouped(whole))
}

fn grouped(whole: &str) -> String {
    let mut grouped = String::with_capacity(whole.len() + whole.len() / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_their_currency_is_written() {
        for (amount, currency, text) in [
            (50, "usd", "$0.50"),
            (99_999_999, "usd", "$999,999.99"),
            (50, "jpy", "¥50"),
            (5, "eur", "€0.05"),
            (-1234, "gbp", "£-12.34"),
        ] {
            assert_eq!(with_symbol(amount, currency), text);
        }
        assert_eq!(with_code(1_234_567, "kwd"), "1,234.567 KWD");
    }

    #[test]
    fn limits_are_each_currencys_own() {
        for (amount, code, fine) in [
            (50, "usd", true),
            (49, "usd", false),
            (30, "gbp", true),
            (29, "gbp", false),
            (50, "jpy", true),
            (1499, "czk", false),
            (99_999_999, "usd", true),
            (100_000_000, "usd", false),
            (100_000_000, "idr", true),
            (1, "kwd", true),
            (0, "kwd", false),
            (-1, "usd", false),
        ] {
            assert_eq!(check_amount(amount, code).is_ok(), fine, "{amount} {code}");
        }
    }

    #[test]
    fn only_money_is_a_currency() {
        assert_eq!(currency("USD").as_deref(), Some("usd"));
        for code in ["xau", "xxx", "", "us", "dollars", "zzz", "é"] {
            assert_eq!(currency(code), None, "{code}");
        }
    }
}
