//! What sellers write.

#[cfg(feature = "services")]
use crate::money;
use crate::{Verdict, text, unless};

/// The most tickets that one listing may have.
pub const MAX_QUANTITY: i64 = 1_000;

/// The highest cap on resales, in percent of the listing's price.
pub const MAX_RESALE_CAP: i64 = 200;

/// The highest limit on how often a ticket may be handed on.
pub const MAX_TRANSFERS: i64 = 100;

/// Checks a title.
///
/// # Errors
/// The sentence for its seller, as of all rules here.
pub fn title(title: &str) -> Verdict {
    text::line(title, 200, "Give the listing a title of 1 to 200 characters")
}

/// Checks a venue that is given.
///
/// # Errors
/// The sentence for its seller.
pub fn venue(venue: &str) -> Verdict {
    text::line(venue, 200, "Give the venue in 1 to 200 characters")
}

/// Checks a city that is given.
///
/// # Errors
/// The sentence for its seller.
pub fn city(city: &str) -> Verdict {
    text::line(city, 100, "Give the city in 1 to 100 characters")
}

/// Checks a description that is given.
///
/// # Errors
/// The sentence for its seller.
pub fn description(description: &str) -> Verdict {
    let complaint = "Keep the description to 5000 characters, or leave it out";
    text::lines(description, 5_000, complaint)
}

/// Checks how many tickets a listing has.
///
/// # Errors
/// The sentence for its seller.
pub fn quantity(quantity: i64) -> Verdict {
    unless((1..=MAX_QUANTITY).contains(&quantity), "List from 1 to 1000 tickets")
}

/// Checks the highest price at which buyers may sell a ticket on, in percent of the listing's price.
///
/// # Errors
/// The sentence for its seller.
pub fn resale_cap(percent: i64) -> Verdict {
    let complaint = "Give the highest resale price as 0 to 200 percent of yours";
    unless((0..=MAX_RESALE_CAP).contains(&percent), complaint)
}

/// Checks a limit that is given on how often a ticket may be handed on.
///
/// # Errors
/// The sentence for its seller.
pub fn transfer_limit(times: i64) -> Verdict {
    let complaint = "Let a ticket be handed on 0 to 100 times, or leave this out for no limit";
    unless((0..=MAX_TRANSFERS).contains(&times), complaint)
}

/// Checks how many tickets one buyer may have.
///
/// # Errors
/// The sentence for its seller.
pub fn max_per_buyer(tickets: i64) -> Verdict {
    unless((1..=MAX_QUANTITY).contains(&tickets), "Let one buyer have from 1 to 1000 tickets")
}

/// Checks whether codes may turn: only those of an event with a date do.
///
/// # Errors
/// The sentence for its seller.
pub fn turning_codes(turning: bool, is_dated: bool) -> Verdict {
    unless(is_dated || !turning, "Give the event a date first: codes turn around it")
}

/// Checks when an event begins, by the same clock as `now`.
///
/// # Errors
/// The sentence for its seller.
pub fn starts_at<T: PartialOrd>(start: &T, now: &T) -> Verdict {
    unless(start > now, "The event must begin in the future")
}

/// Checks the code of a currency.
///
/// # Errors
/// The sentence for its seller.
#[cfg(feature = "services")]
pub fn currency(code: &str) -> Verdict {
    let complaint = "Give the currency by its ISO 4217 code, such as USD or EUR; it must be one \
                     that cards can be charged in";
    unless(money::is_currency(code), complaint)
}

/// Checks the price of one ticket, in minor units of `currency`: it is one that can be charged.
///
/// Listings that are older than this rule may have a smaller one. Then Stripe refuses the payment, and
/// the buyer is told.
///
/// # Errors
/// The sentence for its seller.
#[cfg(feature = "services")]
pub fn price(price: i64, currency: &str) -> Verdict<String> {
    if !money::is_currency(currency) {
        let good = (1..=money::MAX_AMOUNT).contains(&price);
        let complaint =
            || format!("Give a price from 1 to {}, and its currency", money::MAX_AMOUNT);
        return if good { Ok(()) } else { Err(complaint()) };
    }
    let shown = |minor| format!("{} {currency} ({minor})", money::decimal(minor, currency));
    let [least, most, step] = [money::least, money::most, money::step].map(|of| of(currency));
    if price < least {
        Err(format!("Give a price of at least {}", shown(least)))
    } else if price > most {
        Err(format!("Give a price of at most {}", shown(most)))
    } else if price % step != 0 {
        Err(format!("Give a price in steps of {}", shown(step)))
    } else {
        Ok(())
    }
}

/// Checks the IANA name of a time zone.
///
/// # Errors
/// The sentence for its seller.
#[cfg(feature = "services")]
pub fn time_zone(name: &str) -> Verdict {
    let good = tzdb_data::TZ_NAMES.contains(&name);
    unless(good, "Give the time zone by its IANA name, such as Europe/Zurich")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_name_the_bounds_that_hold() {
        for (rule, max) in
            [(title as fn(&str) -> Verdict, 200), (venue, 200), (city, 100), (description, 5_000)]
        {
            assert_eq!(rule(&"é".repeat(max)), Ok(()));
            let said = rule(&"é".repeat(max + 1)).err().unwrap_or_default();
            assert!(said.contains(&format!("{max} characters")), "{said}");
            assert_eq!(rule("  "), Err(said));
            for wild in ["a\u{0}b", "\u{200b}", "a\u{202e}b", "a\u{e000}"] {
                assert!(rule(wild).is_err_and(|other| other != said), "{wild:?}");
            }
            let may_break = max == 5_000;
            assert_eq!(rule("Row 7\nSeat 2").is_ok(), may_break, "{said}");
        }
        assert_eq!((quantity(1), quantity(MAX_QUANTITY)), (Ok(()), Ok(())));
        for wild in [-1, 0, MAX_QUANTITY + 1] {
            let said = quantity(wild).err().unwrap_or_default();
            assert!(said.contains(&format!("1 to {MAX_QUANTITY} ")), "{said}");
        }
        for (rule, max) in
            [(resale_cap as fn(i64) -> Verdict, MAX_RESALE_CAP), (transfer_limit, MAX_TRANSFERS)]
        {
            assert_eq!((rule(0), rule(max)), (Ok(()), Ok(())));
            for wild in [-1, max + 1] {
                let said = rule(wild).err().unwrap_or_default();
                assert!(said.contains(&format!(" 0 to {max} ")), "{said}");
            }
        }
    }

    #[test]
    fn a_buyer_may_have_some_tickets() {
        for (tickets, good) in
            [(0, false), (1, true), (MAX_QUANTITY, true), (MAX_QUANTITY + 1, false)]
        {
            assert_eq!(max_per_buyer(tickets).is_ok(), good, "{tickets}");
        }
        let said = max_per_buyer(0).err().unwrap_or_default();
        assert!(said.contains(&format!("1 to {MAX_QUANTITY} ")), "{said}");
    }

    #[test]
    fn codes_turn_around_a_date() {
        for (turning, is_dated) in [(false, false), (false, true), (true, true)] {
            assert_eq!(turning_codes(turning, is_dated), Ok(()), "{turning} {is_dated}");
        }
        let said = turning_codes(true, false).err().unwrap_or_default();
        assert!(said.contains("date first"), "{said}");
    }

    #[cfg(feature = "services")]
    #[test]
    fn a_price_is_one_that_can_be_charged() {
        for (currency, minor, complaint) in [
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
            assert_eq!(price(minor, currency).err().as_deref(), complaint, "{currency} {minor}");
        }
    }
}
