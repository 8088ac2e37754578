//! Amounts: whole minor units inside, decimals for people. No amount is ever a float.

use boxoffice_rules::money::digits;
use fixed_decimal::Decimal;
use icu_decimal::DecimalFormatter;
use icu_experimental::dimension::currency::CurrencyType;
use icu_experimental::dimension::currency::formatter::CurrencyFormatter;

use crate::Language;

/// What stands between an amount and a currency's code.
const NO_BREAK: char = '\u{a0}';
/// Longer than a hyphen, and read aloud as what it is.
const MINUS: char = '\u{2212}';

/// `minor` units of `currency` as a decimal with all its digits.
#[must_use]
pub fn decimal(minor: i64, currency: &str) -> Decimal {
    let mut amount = Decimal::from(minor);
    amount.multiply_pow10(-i16::from(digits(currency)));
    amount
}

/// `minor` units of `currency`, such as "€45.00" or "45,00 €".
#[must_use]
pub fn money(minor: i64, currency: &str, language: &Language) -> String {
    let amount = decimal(minor, currency);
    let Ok(formatter) = DecimalFormatter::try_new(language.locale().into(), Default::default())
    else {
        return format!("{currency}{NO_BREAK}{amount}");
    };
    let number = formatter.format(&amount).to_string();
    // Unicode's data round some currencies to what is used in cash: a price must not lose digits.
    with_sign(&amount, currency, language)
        .filter(|text| text.contains(&number))
        .unwrap_or_else(|| format!("{currency}{NO_BREAK}{number}"))
}

/// The same where less than nothing may have come together: with a minus in front of it all, where
/// Unicode's data would have it after some currencies' signs.
#[must_use]
pub fn balance(minor: i64, currency: &str, language: &Language) -> String {
    let text = money(minor.saturating_abs(), currency, language);
    if minor < 0 { format!("{MINUS}{text}") } else { text }
}

fn with_sign(amount: &Decimal, currency: &str, language: &Language) -> Option<String> {
    let code = CurrencyType::try_from_str(&currency.to_lowercase()).ok()?;
    let locale = language.locale();
    let formatter = CurrencyFormatter::<DecimalFormatter>::try_new_symbol(
        locale.into(),
        code,
        Default::default(),
    )
    .ok()?;
    Some(formatter.format_fixed_decimal(amount).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(minor: i64, currency: &str, language: &str) -> String {
        money(minor, currency, &Language::of(language)).replace(['\u{a0}', '\u{202f}'], " ")
    }

    #[test]
    fn amounts_are_written_as_the_language_has_it() {
        assert_eq!(shown(4500, "EUR", "en"), "€45.00");
        assert_eq!(shown(4500, "EUR", "de-DE"), "45,00 €");
        assert_eq!(shown(123_456, "CHF", "de-CH"), "CHF 1'234.56");
        assert_eq!(shown(123_456_789, "USD", "en-US"), "$1,234,567.89");
        assert_eq!(shown(4500, "EUR", "fr-FR"), "45,00 €");
    }

    #[test]
    fn less_than_nothing_has_its_minus_in_front() {
        let text = balance(-4500, "EUR", &Language::of("de-DE")).replace('\u{a0}', " ");
        assert_eq!(text, "\u{2212}45,00 €");
        assert_eq!(balance(4500, "EUR", &Language::of("en")), "€45.00");
    }
}
