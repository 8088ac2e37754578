//! Amounts as people type them.

use std::str::FromStr;

use boxoffice_rules::amount::{self, Misread, Writing};
use boxoffice_rules::money as rules;
use boxoffice_rules::money::{digits, is_currency, least, step};
use boxoffice_shown::money;
use boxoffice_shown::money::decimal;
use boxoffice_web::state;
use fixed_decimal::Decimal;
use icu_decimal::DecimalFormatter;
use icu_decimal::options::{DecimalFormatterOptions, GroupingStrategy};
use iso_currency::{Country, Currency};

use super::Language;

/// `minor` units of `currency` as one types them into a field: digits, and the language's point.
pub(crate) fn amount_field(minor: i64, currency: &str, language: &Language) -> String {
    decimal(minor, currency).to_string().replace('.', &point(language).to_string())
}

/// What stands before decimals. Other scripts' points are not on all keyboards.
pub(crate) fn point(language: &Language) -> char {
    let options = DecimalFormatterOptions::from(GroupingStrategy::Never);
    let half = Decimal::from_str("0.5").unwrap_or_default();
    let text = DecimalFormatter::try_new(language.locale().into(), options)
        .map(|formatter| formatter.format(&half).to_string())
        .unwrap_or_default();
    if text.contains(',') { ',' } else { '.' }
}

/// Names what parts the cells of a file, as spreadsheets in `language` expect it: a comma cannot where
/// it stands in amounts.
pub(crate) fn list_separator(language: &Language) -> &'static str {
    if point(language) == ',' { "semicolon" } else { "comma" }
}

/// Says for people which prices there are, up to `most` minor units of `currency`.
pub(crate) fn price_range(most: i64, currency: &str, language: &Language) -> String {
    let shown = |amount| money(amount, currency, language);
    let steps = match step(currency) {
        1 => String::new(),
        step => format!(", in steps of {}", shown(step)),
    };
    format!("Give a price from {} to {}{steps}.", shown(least(currency)), shown(most))
}

/// Returns what stands beside amounts of `currency` in the visitor's language, such as "€" or "CHF".
pub(crate) fn sign(currency: &str, language: &Language) -> String {
    let is_of_number = |letter: char| letter.is_numeric() || letter.is_whitespace();
    let is_mark = |letter: char| matches!(letter, '.' | ',' | '\'' | '’' | '\u{200e}' | '\u{200f}');
    let shown = money(0, currency, language);
    shown.chars().filter(|letter| !is_of_number(*letter) && !is_mark(*letter)).collect()
}

/// Reads an amount of `currency` that somebody typed, in minor units.
///
/// # Errors
/// A sentence for the person who typed it.
pub(crate) fn read_amount(text: &str, currency: &str, language: &Language) -> Result<i64, String> {
    let digits = digits(currency);
    let sign = Currency::from_code(currency).map(|currency| currency.symbol().symbol);
    let marks = [sign.as_deref().unwrap_or_default(), currency];
    amount::read(text, &Writing { digits, marks, point: point(language) }).map_err(|misread| {
        let example = amount_field(45 * 10_i64.pow(u32::from(digits)), currency, language);
        match misread {
            Misread::NotANumber => format!("Give the price as a number such as {example}"),
            Misread::TooManyDecimals if digits == 0 => {
                format!("{currency} has no decimals: give a whole number such as {example}")
            }
            Misread::TooManyDecimals => {
                format!("{currency} has {digits} decimals: give a price such as {example}")
            }
            Misread::TooHigh => "This price is too high".to_owned(),
        }
    })
}

/// Reads a number that somebody typed, of any currency: its digits, with a point if needed.
///
/// # Errors
/// A sentence for the person who typed it.
pub(crate) fn read_units(text: &str, language: &Language) -> Result<String, String> {
    let point = point(language);
    amount::number(text, point)
        .ok_or_else(|| format!("Give the highest price as a number such as 45 or 45{point}50"))
}

/// The currencies to choose from, by their names.
pub(crate) fn currencies() -> Vec<state::Currency> {
    let in_use = |currency: &Currency| !currency.is_fund() && currency.is_superseded().is_none();
    let payable = rules::currencies().filter(in_use);
    let mut all: Vec<_> = payable
        .map(|currency| state::Currency {
            code: currency.code().to_owned(),
            sign: currency.symbol().symbol,
            name: currency.name().to_owned(),
            digits: digits(currency.code()),
            least: rules::least(currency.code()),
            most: rules::most(currency.code()),
        })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// The currency of the region that the visitor's language names, else the API's own default.
pub(crate) fn local_currency(language: &Language) -> &'static str {
    let country = language.region().and_then(|region| Country::from_str(region.as_str()).ok());
    let used = country.map(Currency::from_country).unwrap_or_default();
    let money = used.iter().find(|currency| !currency.is_fund() && is_currency(currency.code()));
    money.map_or("USD", |currency| currency.code())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn plainly(text: &str) -> String {
        text.replace(['\u{a0}', '\u{202f}'], " ")
    }

    fn shown(minor: i64, currency: &str, language: &str) -> String {
        plainly(&money(minor, currency, &Language::of(language)))
    }

    fn read(text: &str, currency: &str, language: &str) -> Result<i64, String> {
        read_amount(text, currency, &Language::of(language))
    }

    #[test]
    fn every_currency_keeps_its_own_digits() {
        assert_eq!(shown(4500, "JPY", "en"), "¥4,500");
        assert!(shown(12_345, "KWD", "en").contains("12.345"));
        assert!(shown(5, "EUR", "en").contains("0.05"));
        for currency in currencies() {
            let text = shown(1_234_567, &currency.code, "en");
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            assert_eq!(digits, "1234567", "{text}: no digit is rounded away");
        }
    }

    #[test]
    fn what_is_typed_is_read_by_the_language() {
        for (text, currency, language, minor) in [
            ("45", "EUR", "en", 4500),
            ("45.5", "EUR", "de", 4550),
            ("€1,250.00", "EUR", "en", 125_000),
            ("1.500", "EUR", "de", 150_000),
            ("1'500.50", "CHF", "de-CH", 150_050),
            ("1 500,00", "EUR", "fr", 150_000),
            ("1.500", "KWD", "en", 1_500),
            ("¥4500", "JPY", "ja", 4_500),
        ] {
            assert_eq!(read(text, currency, language), Ok(minor), "{text} {currency} {language}");
        }
    }

    #[test]
    fn prices_have_a_range_and_steps() {
        for (most, currency, said) in [
            (4500, "EUR", "Give a price from €0.50 to €45.00."),
            (4500, "JPY", "Give a price from ¥50 to ¥4,500."),
        ] {
            assert_eq!(plainly(&price_range(most, currency, &Language::of("en"))), said);
        }
        let dinars = price_range(5_120, "KWD", &Language::of("en"));
        assert!(dinars.contains("5.120") && dinars.contains("in steps of"), "{dinars}");
        for (currency, shown) in [("EUR", "€"), ("CHF", "CHF"), ("JPY", "¥")] {
            assert_eq!(sign(currency, &Language::of("en")), shown);
        }
    }

    #[test]
    fn what_is_no_amount_is_explained() {
        assert!(read("cheap", "EUR", "en").unwrap_err().contains("such as 45.00"));
        assert!(read("45.123", "EUR", "en").unwrap_err().contains("2 decimals"));
        assert!(read("45.5", "JPY", "en").unwrap_err().contains("no decimals"));
        assert!(read("99999999999999999999", "EUR", "en").unwrap_err().contains("too high"));
    }

    #[test]
    fn a_field_holds_what_is_read_back() {
        for currency in currencies() {
            for language in ["en", "de", "fr-CH", "ar-EG", "hi"] {
                let language = Language::of(language);
                let field = amount_field(123_450, &currency.code, &language);
                assert_eq!(read_amount(&field, &currency.code, &language), Ok(123_450), "{field}");
            }
        }
    }

    #[test]
    fn the_region_has_its_currency() {
        let local = |language| local_currency(&Language::of(language));
        assert_eq!(local("de-CH"), "CHF");
        assert_eq!(local("en-GB"), "GBP");
        assert_eq!(local("ja-JP"), "JPY");
        assert_eq!(local("de-DE"), "EUR");
        assert_eq!(local("en"), "USD");
    }
}
