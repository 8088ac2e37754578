//! Days and times: instants inside, the event's own clock for people.

use boxoffice_kernel::Timestamp;
use boxoffice_shown as shown;
use boxoffice_shown::moment::{local, zone};
use boxoffice_web::state::Moment;
use jiff::civil;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::Language;

/// A day, as in filters.
pub(crate) type Day = civil::Date;

/// What is earliest and latest called the same day, in hours from UTC: Kiribati's east, and Baker
/// Island.
const EARLIEST: i8 = 14;
const LATEST: i8 = -12;

/// An instant as people read it, in the time zone `name`, or UTC.
pub(crate) fn moment(at: Timestamp, name: Option<&str>, language: &Language) -> Moment {
    let shown::Moment { iso, date, time, zone } = shown::moment(at, name, language);
    Moment { iso, date, time, zone }
}

/// An instant as a field of kind `datetime-local` holds it, in the time zone `name`, or UTC.
pub(crate) fn moment_field(at: Timestamp, name: Option<&str>) -> String {
    local(at, name)
        .map_or_else(String::new, |there| there.datetime().strftime("%Y-%m-%dT%H:%M").to_string())
}

/// The instant when the clocks of the time zone `name` show `text`, as a field of kind
/// `datetime-local` gives it.
///
/// # Errors
/// A sentence for whoever filled it in.
pub(crate) fn instant(text: &str, name: &str) -> Result<Timestamp, String> {
    let clocks: civil::DateTime = text
        .parse()
        .map_err(|_| "Give the date and time of the start, such as 2027-05-01T19:30".to_owned())?;
    let ambiguous = zone(Some(name)).to_ambiguous_timestamp(clocks);
    if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
        return Err("This time does not exist on that day, because clocks go forward".to_owned());
    }
    let instant = ambiguous.compatible().map_err(|_| "This time is too far away".to_owned())?;
    Ok(Timestamp::from_millis(instant.as_millisecond()))
}

/// The instants between which it is `from`, or later, and `to`, or earlier, anywhere on earth.
pub(crate) fn shift(from: Option<Day>, to: Option<Day>) -> (Option<Timestamp>, Option<Timestamp>) {
    let at = |day: civil::Date, hours: i8| {
        let there = TimeZone::fixed(jiff::tz::offset(hours));
        let instant = day.to_zoned(there).ok()?.timestamp();
        Some(Timestamp::from_millis(instant.as_millisecond()))
    };
    let after = to.and_then(|day| day.tomorrow().ok());
    (from.and_then(|day| at(day, EARLIEST)), after.and_then(|day| at(day, LATEST)))
}

/// The day on which an event begins where it takes place.
pub(crate) fn day(at: Timestamp, name: Option<&str>) -> Option<Day> {
    local(at, name).map(|there| there.date())
}

/// The time zones to choose from: those that `tickets` takes and that are somewhere.
pub(crate) fn time_zones() -> Vec<String> {
    let somewhere = |name: &&&str| {
        let (area, _) = name.split_once('/').unwrap_or_default();
        !matches!(
            area,
            "" | "Etc"
                | "SystemV"
                | "posix"
                | "right"
                | "US"
                | "Brazil"
                | "Canada"
                | "Chile"
                | "Mexico"
        )
    };
    let mut names: Vec<String> =
        tzdb_data::TZ_NAMES.iter().filter(somewhere).map(ToString::to_string).collect();
    names.push("UTC".to_owned());
    names
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_field_is_read_on_the_clocks_of_the_venue() {
        for (text, zone, at) in [
            ("2027-06-12T20:30", "Europe/Zurich", "2027-06-12T18:30:00Z"),
            ("2027-06-12T20:30:00", "America/New_York", "2027-06-13T00:30:00Z"),
            // Twice on that night: the first time counts.
            ("2027-10-31T02:30", "Europe/Zurich", "2027-10-31T00:30:00Z"),
        ] {
            let at = Timestamp::parse(at).unwrap();
            assert_eq!(instant(text, zone), Ok(at));
            assert_eq!(moment_field(at, Some(zone)), text[..16]);
        }
        assert!(instant("2027-03-28T02:30", "Europe/Zurich").unwrap_err().contains("forward"));
        for nothing in ["", "tomorrow", "2027-13-01T00:00", "20:30"] {
            assert!(
                instant(nothing, "Europe/Zurich").unwrap_err().contains("such as"),
                "{nothing}"
            );
        }
    }

    #[test]
    fn a_day_is_as_long_as_it_is_anywhere() {
        let day = Some("2027-06-12".parse().unwrap());
        let (from, to) = shift(day, day);
        assert_eq!(from.unwrap().to_string(), "2027-06-11T10:00:00Z");
        assert_eq!(to.unwrap().to_string(), "2027-06-13T12:00:00Z");
        assert_eq!(shift(None, None), (None, None));
        assert_eq!(shift(Some(Day::MIN), Some(Day::MAX)), (None, None));
    }

    #[test]
    fn every_zone_to_choose_is_known() {
        let all = time_zones();
        assert!(all.len() > 300 && all.iter().any(|name| name == "Europe/Zurich"));
        for name in all {
            TimeZone::get(&name).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}
