//! The listings of the demo data: two dozen invented events in cities all over the world.
//!
//! Every name is made up. Dates follow from the moment at which the demo data was first made, so
//! that a shop that is filled today has events from next month to next year.

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};

/// Tickets for one event, as a seller would list them.
#[derive(Debug, Clone, Copy)]
pub struct Listing {
    /// What it is for.
    pub title: &'static str,
    /// The price of one ticket, in the currency's minor unit.
    pub price: i64,
    /// ISO 4217 code.
    pub currency: &'static str,
    /// How many tickets there are.
    pub quantity: u32,
    /// The house.
    pub venue: &'static str,
    /// The city, in English.
    pub city: &'static str,
    /// The venue's IANA time zone.
    pub time_zone: &'static str,
    /// A few sentences about it.
    pub description: &'static str,
    when: When,
}

/// The first `weekday` more than `days` days ahead, at a time of the venue's clock.
#[derive(Debug, Clone, Copy)]
struct When {
    days: i64,
    weekday: Weekday,
    hour: i8,
    minute: i8,
}

impl Listing {
    /// When the event starts, for demo data that was first made at `made_at`.
    ///
    /// Fails for a time zone that does not exist, and for dates beyond the year 9999.
    pub fn starts_at(&self, made_at: Timestamp) -> Result<Timestamp, jiff::Error> {
        let zone = TimeZone::get(self.time_zone)?;
        let When { days, weekday, hour, minute } = self.when;
        let today = made_at.to_zoned(zone.clone()).date();
        let date = today.checked_add(jiff::Span::new().try_days(days)?)?.nth_weekday(1, weekday)?;
        Ok(date.at(hour, minute, 0, 0).to_zoned(zone)?.timestamp())
    }
}

const fn when(days: i64, weekday: Weekday, hour: i8, minute: i8) -> When {
    When { days, weekday, hour, minute }
}

/// All of them, in the order in which they are listed.
pub const LISTINGS: [Listing; 24] = [
    Listing {
        title: "The Umbrella Cartographers: Maps for Rainy Cities",
        price: 4850,
        currency: "GBP",
        quantity: 2,
        venue: "Tannery Row Hall",
        city: "Manchester",
        time_zone: "Europe/London",
        description: "Two seats side by side in the stalls. The five of them play the new record \
                      from start to finish, then whatever the room shouts for.",
        when: when(34, Friday, 19, 30),
    },
    Listing {
        title: "Kettledrum Republic, with the Low Tide Singers",
        price: 6200,
        currency: "EUR",
        quantity: 4,
        venue: "Halle am Güterbahnhof",
        city: "Berlin",
        time_zone: "Europe/Berlin",
        description: "Standing. Four drummers, one accordion and a choir of thirty: bring ear \
                      plugs and comfortable shoes.",
        when: when(41, Saturday, 20, 0),
    },
    Listing {
        title: "Rotterdam Herons v Antwerp Foxes: cup tie",
        price: 2750,
        currency: "EUR",
        quantity: 6,
        venue: "Maashaven Stadium",
        city: "Rotterdam",
        time_zone: "Europe/Amsterdam",
        description: "Six places together behind the north goal. The last three meetings went to \
                      penalties.",
        when: when(48, Sunday, 14, 30),
    },
    Listing {
        title: "A Lighthouse for Miss Pell",
        price: 8900,
        currency: "USD",
        quantity: 2,
        venue: "Gaslight Playhouse",
        city: "New York",
        time_zone: "America/New_York",
        description: "A comedy in two acts about an inheritance, a fog horn and forty-one cats. \
                      Row F, centre.",
        when: when(55, Thursday, 19, 0),
    },
    Listing {
        title: "Neon Heron: All Night Synthesizer Revue",
        price: 9800,
        currency: "JPY",
        quantity: 3,
        venue: "Kumo Hall",
        city: "Tokyo",
        time_zone: "Asia/Tokyo",
        description: "Machines from five decades, played live until the first train. One drink is \
                      included.",
        when: when(60, Saturday, 18, 0),
    },
    Listing {
        title: "Chamber Music by Candlelight: The Winterthal Quartet",
        price: 7500,
        currency: "CHF",
        quantity: 2,
        venue: "Kornhaus am See",
        city: "Zurich",
        time_zone: "Europe/Zurich",
        description: "Three quartets, two intervals and no electric light. Late arrivals wait for \
                      the end of a movement.",
        when: when(66, Wednesday, 19, 30),
    },
    Listing {
        title: "Bay City Pelicans v Granite Falls Miners",
        price: 5400,
        currency: "USD",
        quantity: 8,
        venue: "Pelican Park",
        city: "San Francisco",
        time_zone: "America/Los_Angeles",
        description: "Eight seats on the first-base side, in the shade from the fourth inning on. \
                      Gates open ninety minutes before.",
        when: when(73, Sunday, 13, 5),
    },
    Listing {
        title: "The Clockmaker's Daughter: a new opera",
        price: 11500,
        currency: "EUR",
        quantity: 1,
        venue: "Teatro del Molino",
        city: "Madrid",
        time_zone: "Europe/Madrid",
        description: "One seat in a box on the second tier, with a full view of the stage. Sung in \
                      Spanish, with surtitles in English.",
        when: when(80, Friday, 20, 30),
    },
    Listing {
        title: "Sixteen Gulls: the farewell tour that was not",
        price: 5900,
        currency: "CAD",
        quantity: 4,
        venue: "Spadina Music Works",
        city: "Toronto",
        time_zone: "America/Toronto",
        description: "They said goodbye last year and changed their minds. General admission, four \
                      wristbands.",
        when: when(88, Tuesday, 20, 0),
    },
    Listing {
        title: "Stand-up from the Back Row: six new comedians",
        price: 1800,
        currency: "GBP",
        quantity: 12,
        venue: "The Coal Hole Cellar",
        city: "London",
        time_zone: "Europe/London",
        description: "A whole table for an office outing. Ten minutes each, and the crowd decides \
                      who does five more.",
        when: when(95, Thursday, 20, 15),
    },
    Listing {
        title: "Harbour Lights Festival: weekend pass",
        price: 18900,
        currency: "AUD",
        quantity: 5,
        venue: "Cockle Wharf",
        city: "Sydney",
        time_zone: "Australia/Sydney",
        description: "Both days, all four stages, re-entry allowed. Camping is not included; the \
                      ferry is.",
        when: when(103, Saturday, 11, 0),
    },
    Listing {
        title: "Paper Tigers of Belleville",
        price: 3600,
        currency: "EUR",
        quantity: 3,
        venue: "La Petite Verrerie",
        city: "Paris",
        time_zone: "Europe/Paris",
        description: "Swing from the hills of the twentieth district. Dancing is expected, and the \
                      floor is sprung.",
        when: when(112, Friday, 21, 0),
    },
    Listing {
        title: "The Great Northern Puppet Hamlet",
        price: 32000,
        currency: "SEK",
        quantity: 4,
        venue: "Södra Magasinet",
        city: "Stockholm",
        time_zone: "Europe/Stockholm",
        description: "All of it in eighty minutes, with strings attached. For everyone from eight \
                      years up.",
        when: when(120, Sunday, 15, 0),
    },
    Listing {
        title: "Monsoon Wedding Band Battle",
        price: 250000,
        currency: "INR",
        quantity: 6,
        venue: "Marigold Gardens",
        city: "Mumbai",
        time_zone: "Asia/Kolkata",
        description: "Seven brass bands, one trophy and a buffet. The jury is the dance floor.",
        when: when(131, Saturday, 18, 30),
    },
    Listing {
        title: "Voices of the Long Valley: a choral evening",
        price: 42000,
        currency: "NOK",
        quantity: 2,
        venue: "Fjordsalen",
        city: "Bergen",
        time_zone: "Europe/Oslo",
        description: "A hundred singers and a hall of wood and glass. Two seats on the balcony, \
                      first row.",
        when: when(142, Thursday, 19, 0),
    },
    Listing {
        title: "Copper Coyotes at the Old Depot",
        price: 3900,
        currency: "USD",
        quantity: 2,
        venue: "Old Depot Ballroom",
        city: "Austin",
        time_zone: "America/Chicago",
        description: "Pedal steel, two fiddles and songs about trucks that would not start. Doors \
                      an hour before.",
        when: when(155, Saturday, 20, 30),
    },
    Listing {
        title: "Lagoon Ballet: The Glass Swan",
        price: 9400,
        currency: "EUR",
        quantity: 2,
        venue: "Arsenale Vecchio",
        city: "Venice",
        time_zone: "Europe/Rome",
        description: "The company's own version, danced on a stage that floats. In rain it moves \
                      indoors and tickets stay valid.",
        when: when(168, Wednesday, 20, 45),
    },
    Listing {
        title: "Night Market Noise: Seoul meets Busan",
        price: 77000,
        currency: "KRW",
        quantity: 4,
        venue: "Warehouse Dalbit",
        city: "Seoul",
        time_zone: "Asia/Seoul",
        description: "Four bands from each city take turns, song by song. Standing; lockers on the \
                      ground floor.",
        when: when(183, Friday, 19, 30),
    },
    Listing {
        title: "Thistle Rovers v Kirkwall Terns: season opener",
        price: 2400,
        currency: "GBP",
        quantity: 3,
        venue: "Meadowbank Green",
        city: "Edinburgh",
        time_zone: "Europe/London",
        description: "Three seats in the family stand, pies not included. Under-twelves enter at \
                      the same price.",
        when: when(201, Saturday, 15, 0),
    },
    Listing {
        title: "An Evening with a Very Small Orchestra",
        price: 16500,
        currency: "MXN",
        quantity: 2,
        venue: "Foro Jacaranda",
        city: "Mexico City",
        time_zone: "America/Mexico_City",
        description: "Seven players, thirty instruments, film scores that you will recognise \
                      within two bars.",
        when: when(219, Sunday, 18, 0),
    },
    Listing {
        title: "Table Mountain Jazz Breakfast",
        price: 38000,
        currency: "ZAR",
        quantity: 4,
        venue: "The Glasshouse, Constantia Road",
        city: "Cape Town",
        time_zone: "Africa/Johannesburg",
        description: "A trio, coffee and a view. The table for four is by the window.",
        when: when(240, Sunday, 9, 30),
    },
    Listing {
        title: "Quantum Leapfrog: science theatre for children",
        price: 2200,
        currency: "CHF",
        quantity: 7,
        venue: "Rheinbrücke Theatre",
        city: "Basel",
        time_zone: "Europe/Zurich",
        description: "Explosions, liquid nitrogen and a frog that is in two places at once. Forty \
                      minutes, then questions.",
        when: when(263, Saturday, 14, 0),
    },
    Listing {
        title: "World Yo-Yo Masters: the final",
        price: 4200,
        currency: "SGD",
        quantity: 10,
        venue: "Lotus Pavilion",
        city: "Singapore",
        time_zone: "Asia/Singapore",
        description: "Twelve finalists, three minutes each, slow motion on the big screen. Free \
                      seating in the lower ring.",
        when: when(289, Sunday, 16, 0),
    },
    Listing {
        title: "Monday Night Mysteries: who poisoned the conductor?",
        price: 6900,
        currency: "USD",
        quantity: 1,
        venue: "Marquette Supper Club",
        city: "Chicago",
        time_zone: "America/Chicago",
        description: "Dinner in four courses with a body after the second. One place at a table \
                      of detectives who have never met.",
        when: when(318, Monday, 18, 30),
    },
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::collections::HashSet;

    use iso_currency::Currency;

    use super::*;

    #[test]
    fn no_two_are_alike_and_there_are_many_cities() {
        let titles: HashSet<_> = LISTINGS.iter().map(|listing| listing.title).collect();
        let descriptions: HashSet<_> = LISTINGS.iter().map(|l| l.description).collect();
        let cities: HashSet<_> = LISTINGS.iter().map(|listing| listing.city).collect();
        assert_eq!(titles.len(), LISTINGS.len());
        assert_eq!(descriptions.len(), LISTINGS.len());
        assert!(cities.len() >= 15, "{cities:?}");
    }

    #[test]
    fn every_event_is_one_to_eleven_months_ahead_at_a_decent_hour() {
        for today in ["2026-01-31T23:59:59Z", "2026-03-28T12:00:00Z", "2027-10-30T00:00:00Z"] {
            let made_at: Timestamp = today.parse().unwrap();
            for listing in LISTINGS {
                let starts_at = listing.starts_at(made_at).unwrap();
                let days = (starts_at - made_at).get_seconds() / 86_400;
                assert!((30..335).contains(&days), "{}: {days} days", listing.title);
                let local = starts_at.in_tz(listing.time_zone).unwrap();
                assert!((9..=21).contains(&local.hour()), "{}: {local}", listing.title);
                assert_eq!(local.weekday(), listing.when.weekday, "{}", listing.title);
            }
        }
    }

    #[test]
    fn times_are_written_as_the_api_wants_them() {
        let made_at = "2026-01-01T12:34:56.789Z".parse().unwrap();
        for listing in LISTINGS {
            let text = listing.starts_at(made_at).unwrap().to_string();
            assert!(text.ends_with(":00Z") && text.len() == 20, "{text}");
        }
    }

    #[test]
    fn currencies_exist_and_some_have_no_minor_unit() {
        let of = |listing: &Listing| Currency::from_code(listing.currency);
        for listing in LISTINGS {
            assert!(of(&listing).is_some(), "{}", listing.currency);
        }
        let without = LISTINGS.iter().filter(|l| of(l).unwrap().exponent() == Some(0));
        assert!(without.count() >= 2);
        for code in ["USD", "EUR", "GBP", "CHF", "JPY"] {
            assert!(LISTINGS.iter().any(|listing| listing.currency == code), "{code}");
        }
    }

    #[test]
    fn quantities_and_prices_are_those_of_private_sellers() {
        for listing in LISTINGS {
            assert!((1..=12).contains(&listing.quantity), "{}", listing.title);
            let exponent = Currency::from_code(listing.currency).unwrap().exponent().unwrap();
            let major = listing.price / 10_i64.pow(u32::from(exponent));
            assert!((10..=100_000).contains(&major), "{}: {major}", listing.title);
        }
    }
}
