//! What listings say: made from their number alone, so that every shop has the same.

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

const KINDS: [&str; 16] = [
    "Quiet", "Electric", "Winter", "Open-Air", "Midnight", "Chamber", "Harbour", "Golden",
    "Velvet", "Northern", "Sunday", "Paper", "Lantern", "Distant", "Crooked", "Summer",
];
const ACTS: [&str; 16] = [
    "Jazz Quartet",
    "String Ensemble",
    "Comedy Hour",
    "Marionettes",
    "Film Concert",
    "Folk Choir",
    "Poetry Night",
    "Big Band",
    "Ballet",
    "Chess Gala",
    "Brass Festival",
    "Opera Workshop",
    "Science Slam",
    "Circus",
    "Songwriters",
    "Orchestra",
];
const HOUSES: [&str; 12] = [
    "Old Mill",
    "Town Hall",
    "Glass House",
    "Arena",
    "Theatre by the Bridge",
    "Riverside Stage",
    "Observatory",
    "Dockside Hall",
    "Botanical Garden",
    "Foundry",
    "Grand Hotel",
    "Tram Depot",
];
const CITIES: [(&str, &str); 12] = [
    ("Basel", "Europe/Zurich"),
    ("Lisbon", "Europe/Lisbon"),
    ("Oslo", "Europe/Oslo"),
    ("Vienna", "Europe/Vienna"),
    ("Toronto", "America/Toronto"),
    ("Osaka", "Asia/Tokyo"),
    ("Nairobi", "Africa/Nairobi"),
    ("Auckland", "Pacific/Auckland"),
    ("Porto", "Europe/Lisbon"),
    ("Tallinn", "Europe/Tallinn"),
    ("Montevideo", "America/Montevideo"),
    ("Ghent", "Europe/Brussels"),
];

/// How many tickets a listing has: so many that holds do not run out of them.
pub const QUANTITY: u32 = 1_000;

/// A number that looks random and is always the same for `number` (the finalizer of SplitMix64,
/// Steele et al., "Fast Splittable Pseudorandom Number Generators", 2014).
pub const fn scattered(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// One of `all`, as `seed` has it.
pub fn one_of<T>(all: &[T], seed: u64) -> &T {
    let count = all.len() as u64;
    // The remainder is less than the length.
    &all[usize::try_from(seed % count).unwrap_or_default()]
}

/// The listing `number`, as its seller sends it: some 450 bytes.
pub fn listing(number: u64) -> Value {
    let pick = |salt: u64| scattered(number.wrapping_mul(8).wrapping_add(salt));
    let (kind, act, house) =
        (one_of(&KINDS, pick(0)), one_of(&ACTS, pick(1)), one_of(&HOUSES, pick(2)));
    let (city, zone) = one_of(&CITIES, pick(3));
    let currency = one_of(&["EUR", "USD", "CHF"], pick(4));
    let price = 500 + pick(5) % 150 * 100;
    json!({
        "title": format!("{kind} {act} at the {house}"),
        "price": price,
        "currency": currency,
        "quantity": QUANTITY,
        "venue": house,
        "city": city,
        "startsAt": starts_at(pick(6)),
        "timeZone": zone,
        "description": format!(
            "The {act} play two sets in {city}. Doors open an hour before; seats are numbered, the \
             bar takes cards only. Row {}, on the left. The seller cannot come and would rather \
             have somebody in the seats.",
            1 + pick(7) % 40
        ),
    })
}

/// Some day from in a month on, within a year.
fn starts_at(seed: u64) -> String {
    let days = i64::try_from(30 + seed % 330).unwrap_or(30);
    let day = (OffsetDateTime::now_utc() + Duration::days(days)).replace_nanosecond(0);
    // Every date within a year has such a text.
    day.and_then(|day| day.replace_minute(30)?.replace_second(0))
        .ok()
        .and_then(|day| day.format(&Rfc3339).ok())
        .unwrap_or_default()
}

/// What visitor `number` searches for: by turns what a page's worth is found of soon, and what is
/// rare, so that all listings are looked through.
pub fn search(number: u64) -> String {
    let act = one_of(&ACTS, scattered(number)).replace(' ', "+");
    if number.is_multiple_of(2) {
        return act;
    }
    let (city, _) = one_of(&CITIES, scattered(number + 1));
    format!("{act}+{city}+velvet")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_number_has_one_listing_and_another_number_another() {
        assert_eq!(listing(7), listing(7));
        let titles: BTreeSet<String> =
            (0..500).map(|number| listing(number)["title"].to_string()).collect();
        assert!(titles.len() > 250, "{}", titles.len());
    }

    #[test]
    fn listings_are_as_long_as_people_write_them() {
        let lengths = (0..500).map(|number| listing(number).to_string().len());
        assert!(lengths.clone().all(|length| (350..600).contains(&length)), "{:?}", lengths.max());
    }

    #[test]
    fn rare_and_common_searches_take_turns() {
        let words = |number| search(number).split('+').count();
        assert!((0..50).map(|n| 2 * n).all(|even| words(even) <= 2));
        assert!((0..50).map(|n| 2 * n + 1).all(|odd| words(odd) >= 3));
    }
}
