//! What is wrong with what people fill in: the services' rules, said in their own sentences.
//!
//! The browser asks as soon as a field is left, the server before it calls a service. The service
//! has the last word: what passes here may still be refused there.

use crate::state::{Currency, Page, Sell};

/// The most tickets that one listing may have, as the tickets service has it.
const MAX_QUANTITY: i64 = 1_000;

/// Form fields as they stand.
pub trait Filled {
    /// What the field `name` holds; nothing if there is no such field.
    fn value(&self, name: &str) -> String;

    /// Whether the field `name` holds something that is no value yet, such as a date without a time.
    /// Its value is empty then, as if nothing had been written.
    fn is_half_filled(&self, _name: &str) -> bool {
        false
    }
}

impl Filled for crate::state::Form {
    fn value(&self, name: &str) -> String {
        Self::value(self, name).to_owned()
    }
}

/// What is wrong with the field `name` of the form that `page` is about, if anything is.
///
/// `clock` is what the clocks at the venue show now, as `2027-06-12T20:30`; without it, it is not
/// checked that an event is still to come.
#[must_use]
pub fn complaint(
    page: &Page,
    name: &str,
    fields: &impl Filled,
    clock: Option<&str>,
) -> Option<String> {
    let value = fields.value(name);
    match page {
        Page::SignIn(_) | Page::SignUp(_) => credential(name, &value),
        Page::Sell(sell) => match name {
            "price" => price(&value, currency(sell, &fields.value("currency"))),
            "startsAt" if fields.is_half_filled(name) => {
                Some("Give both the date and the time of the start, or leave both out".to_owned())
            }
            _ => offered(name, &value, clock),
        },
        _ => None,
    }
}

/// The fields of the form that `page` is about which have rules, in their order on the page.
#[must_use]
pub fn checked(page: &Page) -> &'static [&'static str] {
    match page {
        Page::SignIn(_) | Page::SignUp(_) => &["email", "password"],
        Page::Sell(_) => &[
            "title",
            "venue",
            "city",
            "startsAt",
            "timeZone",
            "price",
            "currency",
            "quantity",
            "description",
        ],
        _ => &[],
    }
}

fn currency<'a>(sell: &'a Sell, code: &str) -> Option<&'a Currency> {
    sell.currencies.iter().find(|currency| currency.code == code)
}

fn unless(good: bool, complaint: &str) -> Option<String> {
    (!good).then(|| complaint.to_owned())
}

fn credential(name: &str, value: &str) -> Option<String> {
    match name {
        "email" => {
            unless(is_address(value.trim()), "Enter an e-mail address such as ada@example.com")
        }
        "password" => unless(
            (8..=128).contains(&value.chars().count()),
            "Enter a password of 8 to 128 characters",
        ),
        _ => None,
    }
}

/// Whether `text` has the form of an address: as much of it as can be said without a parser.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let odd = |letter: char| letter.is_whitespace() || letter.is_control() || letter == '@';
    let label = |label: &str| {
        let plain =
            |letter: char| !letter.is_ascii() || letter.is_ascii_alphanumeric() || letter == '-';
        !label.is_empty()
            && label.chars().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 254
        && !local.is_empty()
        && local.len() <= 64
        && !local.contains(odd)
        && domain.split('.').all(label)
}

fn offered(name: &str, value: &str, clock: Option<&str>) -> Option<String> {
    let text = value.trim();
    match name {
        "title" => unless(is_text(text, 1, 200), "Give the listing a title of 1 to 200 characters"),
        "venue" => unless(is_text(text, 0, 200), "Give the venue in 1 to 200 characters"),
        "city" => unless(is_text(text, 0, 100), "Give the city in 1 to 100 characters"),
        "description" => unless(
            is_text(text, 0, 5_000),
            "Keep the description to 5000 characters, or leave it out",
        ),
        "quantity" => unless(
            text.parse().is_ok_and(|quantity: i64| (1..=MAX_QUANTITY).contains(&quantity)),
            "List from 1 to 1000 tickets",
        ),
        "startsAt" => {
            let past = !text.is_empty() && clock.is_some_and(|clock| text <= clock);
            unless(!past, "The event must begin in the future")
        }
        _ => None,
    }
}

fn is_text(text: &str, min: usize, max: usize) -> bool {
    let unreadable = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    !text.contains(unreadable) && (min..=max).contains(&text.chars().count())
}

/// Of a currency that the page does not know, only that there must be a price.
fn price(text: &str, of: Option<&Currency>) -> Option<String> {
    let Some(&Currency { digits, least, most, .. }) = of else {
        return unless(!text.trim().is_empty(), "Give a price");
    };
    let good = minor_units(text, digits).is_some_and(|price| (least..=most).contains(&price));
    (!good).then(|| {
        let [least, most, such] = [least, most, least * 90].map(|amount| units(amount, digits));
        format!("Give a price from {least} to {most}, such as {such}")
    })
}

/// An amount in minor units, written in units: 4500 with two digits is `45.00`.
///
/// ```
/// # use boxoffice_web::check::units;
/// assert_eq!(units(4500, 2), "45.00");
/// assert_eq!(units(4500, 0), "4500");
/// ```
#[must_use]
pub fn units(amount: i64, digits: u8) -> String {
    if digits == 0 {
        return amount.to_string();
    }
    let digits = usize::from(digits);
    let text = format!("{amount:0width$}", width = digits + 1);
    let (whole, part) = text.split_at(text.len() - digits);
    format!("{whole}.{part}")
}

/// An amount in minor units from what people write in units, in a currency with so many `digits`
/// after the point: point or comma, and spaces between thousands, are understood.
///
/// ```
/// # use boxoffice_web::check::minor_units;
/// assert_eq!(minor_units("45", 2), Some(4500));
/// assert_eq!(minor_units("1 250,5", 2), Some(125_050));
/// assert_eq!(minor_units("45.00", 0), None, "yen have no decimals");
/// ```
#[must_use]
pub fn minor_units(text: &str, digits: u8) -> Option<i64> {
    let text: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let (whole, part) = text.split_once(['.', ',']).unwrap_or((&text, ""));
    let figures = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let digits = usize::from(digits);
    if whole.is_empty() || !figures(whole) || !figures(part) || part.len() > digits {
        return None;
    }
    if text.ends_with(['.', ',']) {
        return None;
    }
    format!("{whole}{part:0<digits$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::state::{Currency, Entrance, Form};

    fn form(fields: &[(&str, &str)]) -> Form {
        let values = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Form { values: values.collect::<BTreeMap<_, _>>(), ..Form::default() }
    }

    /// A form in which a date without a time stands.
    struct HalfFilled;

    impl Filled for HalfFilled {
        fn value(&self, _: &str) -> String {
            String::new()
        }

        fn is_half_filled(&self, name: &str) -> bool {
            name == "startsAt"
        }
    }

    #[test]
    fn half_a_date_is_not_taken_for_none() {
        let told = complaint(&sell(), "startsAt", &HalfFilled, None);
        assert!(told.is_some_and(|told| told.contains("both the date and the time")));
        assert_eq!(complaint(&sell(), "startsAt", &form(&[]), None), None);
    }

    fn entrance() -> Page {
        Page::SignUp(Entrance { next: "/".to_owned(), form: Form::default() })
    }

    fn sell() -> Page {
        let currency = |code: &str, digits| Currency {
            code: code.to_owned(),
            sign: code.to_owned(),
            name: code.to_owned(),
            digits,
            least: 50,
            most: 99_999_999,
        };
        Page::Sell(Sell {
            ticket: None,
            version: None,
            locked: None,
            form: Form::default(),
            currencies: vec![currency("EUR", 2), currency("JPY", 0)],
            time_zones: Vec::new(),
            withdraw: None,
        })
    }

    #[test]
    fn addresses_have_a_name_and_a_domain() {
        for (email, good) in [
            ("ada@example.com", true),
            (" ada@example.com ", true),
            ("ada@localhost", true),
            ("ada", false),
            ("@example.com", false),
            ("ada@", false),
            ("a b@example.com", false),
            ("ada@exam ple.com", false),
            ("ada@-example.com", false),
            ("ada@example..com", false),
        ] {
            let complaint = complaint(&entrance(), "email", &form(&[("email", email)]), None);
            assert_eq!(complaint.is_none(), good, "{email}");
        }
    }

    #[test]
    fn passwords_are_counted_in_characters() {
        for (password, good) in [("1234567", false), ("12345678", true), ("пароль12", true)] {
            let fields = form(&[("password", password)]);
            assert_eq!(complaint(&entrance(), "password", &fields, None).is_none(), good);
        }
    }

    #[test]
    fn prices_follow_their_currency() {
        for (price, currency, good) in [
            ("45.00", "EUR", true),
            ("45", "EUR", true),
            ("0", "EUR", false),
            ("-3", "EUR", false),
            ("45.001", "EUR", false),
            ("0.50", "EUR", true),
            ("0.49", "EUR", false),
            ("999999.99", "EUR", true),
            ("1000000", "EUR", false),
            ("4500", "JPY", true),
            ("45.5", "JPY", false),
            ("forty", "EUR", false),
            ("", "EUR", false),
            ("45.", "EUR", false),
        ] {
            let fields = form(&[("price", price), ("currency", currency)]);
            let complaint = complaint(&sell(), "price", &fields, None);
            assert_eq!(complaint.is_none(), good, "{price} {currency}: {complaint:?}");
        }
        for (code, range) in [
            ("EUR", "from 0.50 to 999999.99, such as 45.00"),
            ("JPY", "from 50 to 99999999, such as 4500"),
        ] {
            let fields = form(&[("price", "0"), ("currency", code)]);
            let said = complaint(&sell(), "price", &fields, None).unwrap_or_default();
            assert_eq!(said, format!("Give a price {range}"));
        }
        let fields = form(&[("price", "0"), ("currency", "XXX")]);
        assert_eq!(complaint(&sell(), "price", &fields, None), None, "the service knows");
    }

    #[test]
    fn events_are_still_to_come() {
        let fields = form(&[("startsAt", "2027-06-12T20:30")]);
        let at = |clock| complaint(&sell(), "startsAt", &fields, clock);
        assert_eq!(at(Some("2027-06-12T20:29")), None);
        assert!(at(Some("2027-06-12T20:30")).is_some());
        assert_eq!(at(None), None);
    }

    #[test]
    fn what_may_be_left_out_may_be_empty() {
        let nothing = form(&[]);
        let complaints = checked(&sell())
            .iter()
            .filter(|name| complaint(&sell(), name, &nothing, Some("2027-06-12T20:30")).is_some());
        assert_eq!(complaints.collect::<Vec<_>>(), [&"title", &"price", &"quantity"]);
    }

    #[test]
    fn amounts_go_both_ways() {
        for (amount, digits) in [(1, 2), (4_500, 2), (99_999_999, 3), (7, 0)] {
            assert_eq!(minor_units(&units(amount, digits), digits), Some(amount));
        }
    }
}
