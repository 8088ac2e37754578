//! Tells which sightings of a code count as a scan.
//!
//! A camera sees one ticket many times. Its second report would turn "Come in" into "Already in"
//! while the same person still holds the phone.

/// How long a code is not reported again, in milliseconds.
pub const REST: f64 = 3_000.0;
/// How long a code has to be out of view before it is reported again, in milliseconds. A shorter gap
/// is a frame or two in which nothing could be read.
pub const GAP: f64 = 1_000.0;
/// How long no other code is reported, in milliseconds: each verdict has to be seen.
pub const VERDICT: f64 = 1_000.0;

/// What a camera has seen lately. Times are in milliseconds, and never go back.
#[derive(Debug, Default)]
pub struct Sightings {
    known: Vec<Sighting>,
    reported: Option<f64>,
}

#[derive(Debug)]
struct Sighting {
    code: String,
    /// When it was reported last.
    reported: f64,
    /// When it was in view last.
    seen: f64,
    /// Whether it has been out of view since it was reported.
    has_left: bool,
}

impl Sightings {
    /// Notes that `code` is in view at `now`. Returns whether it is reported.
    pub fn counts(&mut self, code: &str, now: f64) -> bool {
        self.known.retain(|known| now - known.seen < GAP || now - known.reported < REST);
        let may_report = self.reported.is_none_or(|reported| now - reported >= VERDICT);
        match self.known.iter_mut().find(|known| known.code == code) {
            Some(known) => {
                known.has_left |= now - known.seen >= GAP;
                known.seen = now;
                // A copy of a code that was just let in, on another phone, must not stay unseen.
                if !(known.has_left && now - known.reported >= REST && may_report) {
                    return false;
                }
                (known.reported, known.has_left) = (now, false);
            }
            None if may_report => {
                let code = code.to_owned();
                self.known.push(Sighting { code, reported: now, seen: now, has_left: false });
            }
            None => return false,
        }
        self.reported = Some(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns when a code is reported that is in view from `from` to `to`, ten times a second.
    fn reports(sightings: &mut Sightings, code: &str, from: u32, to: u32) -> Vec<u32> {
        let times = (from..to).step_by(100);
        times.filter(|time| sightings.counts(code, f64::from(*time))).collect()
    }

    #[test]
    fn a_code_that_stays_in_view_is_one_scan() {
        let mut sightings = Sightings::default();
        assert_eq!(reports(&mut sightings, "A", 0, 20_000), [0]);
    }

    #[test]
    fn a_code_that_is_shown_again_is_another_scan() {
        let mut sightings = Sightings::default();
        assert_eq!(reports(&mut sightings, "A", 0, 3_000), [0]);
        assert_eq!(reports(&mut sightings, "A", 4_500, 6_000), [4_500]);
    }

    #[test]
    fn frames_that_could_not_be_read_are_not_the_end_of_a_view() {
        let mut sightings = Sightings::default();
        assert_eq!(reports(&mut sightings, "A", 0, 3_000), [0]);
        assert_eq!(reports(&mut sightings, "A", 3_800, 5_000), [0; 0]);
    }

    #[test]
    fn a_copy_on_the_next_phone_is_reported_once_the_code_has_rested() {
        let mut sightings = Sightings::default();
        assert_eq!(reports(&mut sightings, "A", 0, 500), [0]);
        assert_eq!(reports(&mut sightings, "A", 1_900, 10_000), [3_000]);
    }

    #[test]
    fn another_code_waits_until_the_verdict_was_seen() {
        let mut sightings = Sightings::default();
        assert_eq!(reports(&mut sightings, "A", 0, 100), [0]);
        assert_eq!(reports(&mut sightings, "B", 100, 2_000), [1_000]);
    }

    #[test]
    fn two_codes_side_by_side_are_two_scans() {
        let mut sightings = Sightings::default();
        let mut seen = Vec::new();
        for time in (0..10_000).step_by(100) {
            for code in ["A", "B"] {
                if sightings.counts(code, f64::from(time)) {
                    seen.push((code, time));
                }
            }
        }
        assert_eq!(seen, [("A", 0), ("B", 1_000)]);
    }
}
