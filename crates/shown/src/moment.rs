//! Days and times: instants inside, the event's own clock for people.

use boxoffice_contract::Timestamp;
use icu_calendar::{Date, Gregorian};
use icu_datetime::fieldsets::{T, YMDE};
use icu_datetime::input::Time;
use icu_datetime::{FixedCalendarDateTimeFormatter, NoCalendarFormatter};
use icu_locale_core::Locale;
use jiff::civil;
use jiff::tz::TimeZone;

use crate::Language;

/// An instant as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// For programs: RFC 3339.
    pub iso: String,
    /// The day, such as "Sat, 12 June 2027".
    pub date: String,
    /// The time of day, such as "20:30".
    pub time: String,
    /// The time zone that both are in, such as "CEST, Zurich".
    pub zone: String,
}

/// Returns the time zone `name`, or UTC if nobody knows it.
#[must_use]
pub fn zone(name: Option<&str>) -> TimeZone {
    name.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC)
}

/// Puts an instant on the clocks of the time zone `name`.
#[must_use]
pub fn local(at: Timestamp, name: Option<&str>) -> Option<jiff::Zoned> {
    let instant = jiff::Timestamp::from_millisecond(at.as_millis()).ok()?;
    Some(instant.to_zoned(zone(name)))
}

/// An instant as people read it, in the time zone `name`, or UTC.
#[must_use]
pub fn moment(at: Timestamp, name: Option<&str>, language: &Language) -> Moment {
    let iso = at.to_string();
    let shown = local(at, name).and_then(|there| {
        let date = written_date(there.date(), language.locale())?;
        Some((date, written_time(there.time(), language)?, written_zone(&there, name)))
    });
    // Only years past 9999 have no such form.
    let (date, time, zone) = shown.unwrap_or_else(|| (iso.clone(), String::new(), String::new()));
    Moment { iso, date, time, zone }
}

/// Whether Unicode's data tell how dates are written in `locale`. Where they do not, dates come as in
/// no language at all, such as "2030 M06 12, Wed".
pub(crate) fn is_written(locale: &Locale) -> bool {
    let day = civil::date(2030, 6, 12);
    written_date(day, locale) != written_date(day, &Locale::UNKNOWN)
}

fn written_date(date: civil::Date, locale: &Locale) -> Option<String> {
    let (year, month, day) = (date.year().into(), date.month(), date.day());
    let date = Date::try_new_gregorian(year, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    let formatter =
        FixedCalendarDateTimeFormatter::<Gregorian, _>::try_new(locale.into(), YMDE::medium());
    Some(formatter.ok()?.format(&date).to_string())
}

fn written_time(time: civil::Time, language: &Language) -> Option<String> {
    let [hour, minute] = [time.hour(), time.minute()].map(u8::try_from);
    let time = Time::try_new(hour.ok()?, minute.ok()?, 0, 0).ok()?;
    let formatter = NoCalendarFormatter::try_new(language.locale().into(), T::hm());
    Some(formatter.ok()?.format(&time).to_string())
}

/// A time zone as people know it: its letters at that time, and its city.
fn written_zone(there: &jiff::Zoned, name: Option<&str>) -> String {
    let info = there.time_zone().to_offset_info(there.timestamp());
    let abbreviation = info.abbreviation();
    // Where a zone has no letters, the data have its offset in their place.
    let letters = match abbreviation.strip_prefix(['+', '-']) {
        Some(_) => format!("UTC{}", info.offset()),
        None => abbreviation.to_owned(),
    };
    let city = name.and_then(|name| name.rsplit_once('/')).map(|(_, city)| city.replace('_', " "));
    match city {
        Some(city) => format!("{letters}, {city}"),
        None => letters,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn shown(at: &str, zone: Option<&str>, language: &str) -> [String; 3] {
        let at = Timestamp::parse(at).unwrap();
        let Moment { date, time, zone, .. } = moment(at, zone, &Language::of(language));
        [date, time.replace('\u{202f}', " "), zone]
    }

    #[test]
    fn a_moment_is_told_in_its_own_zone_and_the_visitors_language() {
        let zurich = Some("Europe/Zurich");
        let summer = "2027-06-12T18:30:00Z";
        assert_eq!(shown(summer, zurich, "en-GB"), ["Sat, 12 Jun 2027", "20:30", "CEST, Zurich"]);
        assert_eq!(
            shown(summer, zurich, "en-US"),
            ["Sat, Jun 12, 2027", "8:30 PM", "CEST, Zurich"]
        );
        assert_eq!(shown(summer, zurich, "de-CH"), ["Sa., 12.06.2027", "20:30", "CEST, Zurich"]);
        assert_eq!(shown("2027-01-12T18:30:00Z", zurich, "en-GB")[1..], ["19:30", "CET, Zurich"]);
        let sao_paulo = Some("America/Sao_Paulo");
        assert_eq!(shown(summer, sao_paulo, "en-GB")[2], "UTC-03, Sao Paulo");
        assert_eq!(shown(summer, None, "en-GB"), ["Sat, 12 Jun 2027", "18:30", "UTC"]);
        assert_eq!(shown(summer, Some("Mars/Olympus"), "en-GB")[1], "18:30");
    }
}
