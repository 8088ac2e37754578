//! What sellers write, and the rules that it must obey.

use boxoffice_kernel::Timestamp;
use boxoffice_kernel::money::{self, MAX_AMOUNT};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::refusal::{Refusal, Result};

/// The most tickets that one listing may have.
const MAX_QUANTITY: i64 = 1_000;

/// A listing as its seller writes it.
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "title": "The Paper Kites at the Old Mill", "price": 4500, "currency": "EUR", "quantity": 2,
    "venue": "Old Mill", "city": "Basel", "startsAt": "2027-06-12T18:30:00Z",
    "timeZone": "Europe/Zurich", "description": "Two seats in row 7."
}))]
pub(crate) struct Draft {
    /// The listing's title, 1 to 200 characters.
    #[garde(custom(is_text(200, "Give the listing a title of 1 to 200 characters")))]
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) title: String,
    /// Price of one ticket in the currency's minor unit: 4500 is 45.00 euros, or 4500 yen. At least
    /// the smallest amount that Stripe charges: 0.50 euros, or 50 yen. In currencies with three
    /// decimals, such as dinars, the last digit must be 0.
    #[garde(custom(is_price(&self.currency)))]
    #[schema(minimum = 1, maximum = 99999999)]
    pub(crate) price: i64,
    /// ISO 4217 code of a currency that Stripe takes.
    #[garde(custom(is_currency))]
    #[schema(default = "USD", min_length = 3, max_length = 3)]
    pub(crate) currency: String,
    /// How many tickets there are.
    #[garde(custom(is_quantity))]
    #[schema(default = 1, minimum = 1, maximum = 1000)]
    pub(crate) quantity: i64,
    /// The venue's name.
    #[garde(inner(custom(is_text(200, "Give the venue in 1 to 200 characters"))))]
    #[schema(max_length = 200)]
    pub(crate) venue: Option<String>,
    /// The venue's city.
    #[garde(inner(custom(is_text(100, "Give the city in 1 to 100 characters"))))]
    #[schema(max_length = 100)]
    pub(crate) city: Option<String>,
    /// When the event begins; in the future.
    #[garde(inner(custom(is_future)))]
    pub(crate) starts_at: Option<Timestamp>,
    /// The venue's time zone, by its IANA name.
    #[garde(inner(custom(is_time_zone)))]
    #[schema(example = "Europe/Zurich")]
    pub(crate) time_zone: Option<String>,
    /// Anything else that buyers should know.
    #[garde(inner(custom(is_text(
        5_000,
        "Keep the description to 5000 characters, or leave it out"
    ))))]
    #[schema(max_length = 5000)]
    pub(crate) description: Option<String>,
}

impl Default for Draft {
    /// What fields hold that are not given: what has no default is invalid until it is.
    fn default() -> Self {
        Self {
            title: String::new(),
            price: 0,
            currency: "USD".to_owned(),
            quantity: 1,
            venue: None,
            city: None,
            starts_at: None,
            time_zone: None,
            description: None,
        }
    }
}

impl Draft {
    /// The draft without blanks around its texts.
    pub(crate) fn tidied(mut self) -> Self {
        self.title = trimmed(self.title);
        self.venue = self.venue.map(trimmed);
        self.city = self.city.map(trimmed);
        self.description = self.description.map(trimmed);
        self
    }

    /// Checks that not fewer tickets are listed than are `sold` already.
    pub(crate) fn covers(&self, sold: i64) -> Result<()> {
        if self.quantity >= sold { Ok(()) } else { Err(Refusal::FewerThanSold { sold }) }
    }
}

fn trimmed(text: String) -> String {
    text.trim().to_owned()
}

fn check(good: bool, complaint: impl std::fmt::Display) -> garde::Result {
    if good { Ok(()) } else { Err(garde::Error::new(complaint)) }
}

/// Something readable of at most `max` characters.
fn is_text<T: AsRef<str>>(max: usize, complaint: &str) -> impl FnOnce(&T, &()) -> garde::Result {
    move |text, _| {
        let text = text.as_ref().trim();
        let unreadable =
            |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
        check(!text.contains(unreadable) && (1..=max).contains(&text.chars().count()), complaint)
    }
}

/// A price of one ticket for which it can be sold. Listings that are older than this rule may have a
/// smaller one: then Stripe refuses the payment, and the buyer is told.
fn is_price(currency: &str) -> impl FnOnce(&i64, &()) -> garde::Result {
    move |price, _| {
        if !money::is_currency(currency) {
            let complaint = format!("Give a price from 1 to {MAX_AMOUNT}, and its currency");
            return check((1..=MAX_AMOUNT).contains(price), complaint);
        }
        let shown = |minor| format!("{} {currency} ({minor})", money::decimal(minor, currency));
        let [least, most, step] = [money::least, money::most, money::step].map(|of| of(currency));
        check(*price >= least, format!("Give a price of at least {}", shown(least)))?;
        check(*price <= most, format!("Give a price of at most {}", shown(most)))?;
        check(price % step == 0, format!("Give a price in steps of {}", shown(step)))
    }
}

fn is_currency(code: &str, _: &()) -> garde::Result {
    let complaint = "Give the currency by its ISO 4217 code, such as USD or EUR; it must be one \
                     that cards can be charged in";
    check(money::is_currency(code), complaint)
}

fn is_quantity(quantity: &i64, _: &()) -> garde::Result {
    check((1..=MAX_QUANTITY).contains(quantity), format!("List from 1 to {MAX_QUANTITY} tickets"))
}

fn is_future(starts_at: &Timestamp, _: &()) -> garde::Result {
    check(*starts_at > Timestamp::now(), "The event must begin in the future")
}

fn is_time_zone(name: &str, _: &()) -> garde::Result {
    check(
        tzdb_data::TZ_NAMES.contains(&name),
        "Give the time zone by its IANA name, such as Europe/Zurich",
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn complaints(draft: &Draft) -> Vec<String> {
        let Err(report) = draft.validate() else { return Vec::new() };
        let mut fields: Vec<_> = report.iter().map(|(path, _)| path.to_string()).collect();
        fields.sort_unstable();
        fields
    }

    fn good() -> Draft {
        Draft { title: "A".to_owned(), price: 100, ..Draft::default() }
    }

    #[test]
    fn a_title_and_a_price_make_a_listing() {
        assert!(complaints(&good()).is_empty());
        assert_eq!(complaints(&Draft::default()), ["price", "title"]);
    }

    #[test]
    fn each_rule_names_its_field() {
        let year_2000 = Some(Timestamp::from_millis(946_684_800_000));
        for (field, draft) in [
            ("title", Draft { title: "  ".to_owned(), ..good() }),
            ("title", Draft { title: "a\u{0}b".to_owned(), ..good() }),
            ("price", Draft { price: -5, ..good() }),
            ("price", Draft { price: MAX_AMOUNT + 1, ..good() }),
            ("currency", Draft { currency: "EURO".to_owned(), ..good() }),
            ("currency", Draft { currency: "KPW".to_owned(), ..good() }),
            ("quantity", Draft { quantity: 0, ..good() }),
            ("starts_at", Draft { starts_at: year_2000, ..good() }),
            ("time_zone", Draft { time_zone: Some("Europe/Basel".to_owned()), ..good() }),
            ("city", Draft { city: Some("x".repeat(101)), ..good() }),
        ] {
            assert_eq!(complaints(&draft), [field]);
        }
        let zone = Draft { time_zone: Some("Europe/Zurich".to_owned()), ..good() };
        assert!(complaints(&zone).is_empty());
    }

    #[test]
    fn a_price_is_one_that_can_be_charged() {
        for (currency, price, complaint) in [
            ("EUR", 49, Some("Give a price of at least 0.50 EUR (50)")),
            ("EUR", 50, None),
            ("JPY", 49, Some("Give a price of at least 50 JPY (50)")),
            ("CZK", 1_499, Some("Give a price of at least 15.00 CZK (1500)")),
            ("KWD", 5_124, Some("Give a price in steps of 0.010 KWD (10)")),
            ("KWD", 5_120, None),
            ("KES", 1, None),
            ("ISK", 1_000_000, Some("Give a price of at most 999999 ISK (999999)")),
            ("EURO", 1, None),
            ("EURO", 0, Some("Give a price from 1 to 99999999, and its currency")),
        ] {
            let draft = Draft { price, currency: currency.to_owned(), ..good() };
            let report = draft.validate().err();
            let complaints = report.iter().flat_map(|report| report.iter());
            let of_price = complaints.filter(|(path, _)| path.to_string() == "price");
            let seen: Vec<String> = of_price.map(|(_, error)| error.message().to_owned()).collect();
            assert_eq!(seen, complaint.into_iter().collect::<Vec<_>>(), "{currency} {price}");
        }
    }
}
