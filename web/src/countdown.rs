//! How long a hold lasts still, in figures and in words.

/// The minutes left at which a countdown is said aloud.
const SAID_AT: [i64; 3] = [5, 2, 1];

/// Whole seconds from `now` to `end` (both in milliseconds since 1970), at least none. A part of a
/// second counts as a whole one, so that a countdown never shows 0 while time is left.
#[must_use]
pub fn seconds_left(end: i64, now: i64) -> i64 {
    (end.saturating_sub(now).max(0) + 999) / 1000
}

/// Seconds as `mm:ss`; minutes grow past 99 where they must.
///
/// ```
/// # use boxoffice_web::countdown::clock;
/// assert_eq!(clock(899), "14:59");
/// assert_eq!(clock(5), "00:05");
/// ```
#[must_use]
pub fn clock(seconds: i64) -> String {
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

/// Seconds as `<time datetime>` has durations: `PT14M59S` (HTML, "Durations").
#[must_use]
pub fn duration(seconds: i64) -> String {
    format!("PT{}M{}S", seconds / 60, seconds % 60)
}

/// What to say aloud when the seconds left go from `before` to `after`: a listener is told at 5, 2
/// and 1 minute, not at each tick.
#[must_use]
pub fn spoken(before: i64, after: i64) -> Option<String> {
    let minutes = SAID_AT.into_iter().rev().find(|at| before > at * 60 && after <= at * 60)?;
    let unit = if minutes == 1 { "minute" } else { "minutes" };
    (after > 0).then(|| format!("{minutes} {unit} left to pay"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_is_rounded_up_and_never_negative() {
        assert_eq!(seconds_left(10_000, 9_999), 1);
        assert_eq!(seconds_left(10_000, 10_000), 0);
        assert_eq!(seconds_left(10_000, 99_000), 0);
        assert_eq!(seconds_left(900_000, 0), 900);
    }

    #[test]
    fn clocks_have_two_figures_a_part() {
        assert_eq!(clock(0), "00:00");
        assert_eq!(clock(61), "01:01");
        assert_eq!(clock(6_000), "100:00");
        assert_eq!(duration(61), "PT1M1S");
    }

    #[test]
    fn only_three_moments_are_spoken() {
        let said: Vec<_> = (0..900)
            .rev()
            .filter_map(|left| spoken(left + 1, left).map(|text| (left, text)))
            .collect();
        let at = |left, text: &str| (left, text.to_owned());
        assert_eq!(
            said,
            [
                at(300, "5 minutes left to pay"),
                at(120, "2 minutes left to pay"),
                at(60, "1 minute left to pay")
            ]
        );
    }

    #[test]
    fn after_a_sleep_only_the_latest_is_spoken() {
        assert_eq!(spoken(800, 50).as_deref(), Some("1 minute left to pay"));
        assert_eq!(spoken(800, 0), None);
    }
}
