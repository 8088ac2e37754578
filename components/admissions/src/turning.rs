//! Codes that turn: for which hours a holder's device gets them.

use boxoffice_admission_code::{Code, Signer, Slot};
use boxoffice_contract::admissions as api;
use boxoffice_kernel::Timestamp;

/// How long before the event codes begin, and after how long a device can get the next ones, in
/// seconds. A page that was opened within that time before the door works there without a network: codes
/// are given for twice as long.
const HALF_SECONDS: i64 = 12 * 60 * 60;

/// Returns the slot with which the codes begin that a device gets at the time `now`, for an event that
/// begins at `starts_at`: 12 hours before it, and later so that at least 12 hours are left.
fn first_slot(starts_at: Timestamp, now: Timestamp) -> Slot {
    let opens = starts_at.plus_seconds(-HALF_SECONDS);
    let since = now.as_millis().saturating_sub(opens.as_millis()) / 1000;
    let halves = since.max(0) / HALF_SECONDS;
    Slot::at(opens.plus_seconds(halves.saturating_mul(HALF_SECONDS)))
}

/// Makes what a device makes the codes of that turn, at the time `now`.
pub(crate) fn turning(
    signer: &Signer,
    code: &Code,
    starts_at: Timestamp,
    now: Timestamp,
) -> api::Turning {
    let turning = signer.sign_turning(code, first_slot(starts_at, now));
    let (opens, closes) = turning.window();
    api::Turning {
        token: turning.token(),
        seed: turning.seed(),
        opens_at: opens.begins(),
        closes_at: closes.begins(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    #[test]
    fn codes_are_there_from_twelve_hours_before_and_twelve_hours_are_left() {
        let start = at("2030-06-12T20:00:10Z");
        for (now, first) in [
            ("2029-01-01T00:00:00Z", "2030-06-12T08:00:00Z"),
            ("2030-06-12T08:00:10Z", "2030-06-12T08:00:00Z"),
            ("2030-06-12T20:00:09Z", "2030-06-12T08:00:00Z"),
            ("2030-06-12T20:00:10Z", "2030-06-12T20:00:00Z"),
            ("2030-06-14T09:00:00Z", "2030-06-14T08:00:00Z"),
        ] {
            assert_eq!(first_slot(start, at(now)).begins(), at(first), "{now}");
        }
    }
}
