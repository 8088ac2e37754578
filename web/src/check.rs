//! What is wrong with what people fill in, by the services' own rules.
//!
//! The browser asks as soon as a field is left. The service has the last word: what passes here may
//! still be refused there.

use boxoffice_rules::amount::{self, Misread, Writing, units};
use boxoffice_rules::{Verdict, account, listing};

use crate::state::{Currency, Page, Sell};

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
        Page::SignIn(_) | Page::SignUp(_) => said(credential(name, &value)),
        Page::Sell(sell) => match name {
            "price" => price(&value, currency(sell, &fields.value("currency")), sell.point),
            "startsAt" if fields.is_half_filled(name) => {
                Some("Give both the date and the time of the start, or leave both out".to_owned())
            }
            "turningCodes" => {
                let is_dated = !fields.value("startsAt").trim().is_empty();
                said(listing::turning_codes(!value.is_empty(), is_dated))
            }
            _ => said(offered(name, &value, clock)),
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
            "maxPerBuyer",
            "description",
            "resaleCap",
            "transferLimit",
            "turningCodes",
        ],
        _ => &[],
    }
}

fn said(verdict: Verdict) -> Option<String> {
    verdict.err().map(str::to_owned)
}

fn currency<'a>(sell: &'a Sell, code: &str) -> Option<&'a Currency> {
    sell.currencies.iter().find(|currency| currency.code == code)
}

fn credential(name: &str, value: &str) -> Verdict {
    match name {
        "email" => account::email(value),
        "password" => account::password(value),
        _ => Ok(()),
    }
}

fn offered(name: &str, value: &str, clock: Option<&str>) -> Verdict {
    let text = value.trim();
    match name {
        "title" => listing::title(text),
        // The service reads the number. Text that is not a number is out of range.
        "quantity" => listing::quantity(text.parse().unwrap_or(0)),
        // The others may be left out.
        _ if text.is_empty() => Ok(()),
        "venue" => listing::venue(text),
        "city" => listing::city(text),
        "description" => listing::description(text),
        // As of the quantity.
        "resaleCap" => listing::resale_cap(text.parse().unwrap_or(-1)),
        "transferLimit" => listing::transfer_limit(text.parse().unwrap_or(-1)),
        "maxPerBuyer" => listing::max_per_buyer(text.parse().unwrap_or(0)),
        "startsAt" => clock.map_or(Ok(()), |clock| listing::starts_at(&text, &clock)),
        _ => Ok(()),
    }
}

/// What is wrong with a price. Of a currency that the page does not know, only that it is missing.
fn price(text: &str, of: Option<&Currency>, point: char) -> Option<String> {
    let Some(currency) = of else {
        return text.trim().is_empty().then(|| "Give a price".to_owned());
    };
    let &Currency { ref code, digits, least, most, .. } = currency;
    let shown = |amount| units(amount, digits).replace('.', &point.to_string());
    let such = shown(least * 90);
    match read(text, currency, point) {
        Ok(price) if (least..=most).contains(&price) => None,
        Ok(_) | Err(Misread::TooHigh) => {
            Some(format!("Give a price from {} to {}, such as {such}", shown(least), shown(most)))
        }
        Err(Misread::NotANumber) => Some(format!("Give the price as a number such as {such}")),
        Err(Misread::TooManyDecimals) if digits == 0 => {
            Some(format!("{code} has no decimals: give a whole number such as {such}"))
        }
        Err(Misread::TooManyDecimals) => {
            Some(format!("{code} has {digits} decimals: give a price such as {such}"))
        }
    }
}

fn read(text: &str, currency: &Currency, point: char) -> Result<i64, Misread> {
    let marks = [&*currency.sign, &*currency.code];
    amount::read(text, &Writing { digits: currency.digits, marks, point })
}

/// Returns the price that `fields` hold, in units with a point, and its currency's code; `None` if it is
/// no price.
#[must_use]
pub fn understood(sell: &Sell, fields: &impl Filled) -> Option<(String, String)> {
    let currency = currency(sell, &fields.value("currency"))?;
    let price = read(&fields.value("price"), currency, sell.point).ok()?;
    let is_good = (currency.least..=currency.most).contains(&price);
    is_good.then(|| (units(price, currency.digits), currency.code.clone()))
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
        let (next, form) = ("/".to_owned(), Form::default());
        Page::SignUp(Entrance { next, wish: None, form, provider: None })
    }

    fn sell() -> Page {
        let currency = |code: &str, digits| Currency {
            code: code.to_owned(),
            sign: if code == "EUR" { "€" } else { code }.to_owned(),
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
            point: '.',
        })
    }

    #[test]
    fn credentials_have_the_services_rules() {
        for (name, value, good) in [
            ("email", " ada@example.com ", true),
            ("email", "ada", false),
            ("password", "12345678", true),
            ("password", "1234567", false),
        ] {
            let complaint = complaint(&entrance(), name, &form(&[(name, value)]), None);
            assert_eq!(complaint.is_none(), good, "{name} {value}");
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
            ("€1,250.00", "EUR", true),
            ("1.250,00", "EUR", true),
            ("45,-", "EUR", true),
            ("４５", "EUR", true),
            ("$45", "EUR", false),
            ("4500.00", "JPY", true),
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
        let fields = form(&[("price", "much"), ("currency", "EUR")]);
        let said = complaint(&sell(), "price", &fields, None).unwrap_or_default();
        assert_eq!(said, "Give the price as a number such as 45.00");
        let fields = form(&[("price", "0"), ("currency", "XXX")]);
        assert_eq!(complaint(&sell(), "price", &fields, None), None, "the service knows");
    }

    #[test]
    fn what_is_understood_is_told_back() {
        let Page::Sell(sell) = sell() else { unreachable!("it is the form of a listing") };
        let of = |price| understood(&sell, &form(&[("price", price), ("currency", "EUR")]));
        assert_eq!(of("€1,250"), Some(("1250.00".to_owned(), "EUR".to_owned())));
        assert_eq!(of("0.01"), None);
        assert_eq!(of("much"), None);
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
    fn what_buyers_may_do_is_a_number_in_its_bounds() {
        for (name, value, good) in [
            ("resaleCap", "0", true),
            ("resaleCap", " 200 ", true),
            ("resaleCap", "201", false),
            ("resaleCap", "50%", false),
            ("transferLimit", "100", true),
            ("transferLimit", "-1", false),
            ("transferLimit", "often", false),
            ("maxPerBuyer", "", true),
            ("maxPerBuyer", "1000", true),
            ("maxPerBuyer", "0", false),
            ("maxPerBuyer", "few", false),
        ] {
            let complaint = complaint(&sell(), name, &form(&[(name, value)]), None);
            assert_eq!(complaint.is_none(), good, "{name} {value}: {complaint:?}");
        }
    }

    #[test]
    fn codes_turn_only_around_a_date() {
        let start = ("startsAt", "2027-06-12T20:30");
        for (fields, good) in [
            (vec![("turningCodes", "true"), start], true),
            (vec![start], true),
            (vec![("turningCodes", "true")], false),
        ] {
            let complaint = complaint(&sell(), "turningCodes", &form(&fields), None);
            assert_eq!(complaint.is_none(), good, "{fields:?}: {complaint:?}");
        }
    }

    #[test]
    fn what_may_be_left_out_may_be_empty() {
        let nothing = form(&[]);
        let complaints = checked(&sell())
            .iter()
            .filter(|name| complaint(&sell(), name, &nothing, Some("2027-06-12T20:30")).is_some());
        assert_eq!(complaints.collect::<Vec<_>>(), [&"title", &"price", &"quantity"]);
    }
}
