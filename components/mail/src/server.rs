//! The pauses while the server fails: nobody bothers it, and no letter is to blame.

use anyhow::Result;
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::{Cx, Timestamp, log, query, row, unit};

use crate::SERVICE;

/// The first pause, in seconds. Each further failure doubles it.
const FIRST_PAUSE: i64 = 1;
/// The longest pause, in seconds.
const LONGEST_PAUSE: i64 = 600;
/// How long one worker has for its attempt before another may try, in seconds.
const PROBE_SECONDS: i64 = 30;

row! {
    /// What is known of a server that fails.
    pub(crate) struct Trouble {
        pub(crate) failures: i64,
        pub(crate) not_before: Timestamp,
        pub(crate) last_error: String,
    }
}

/// Leave to try the server.
pub(crate) struct Leave {
    /// How often in a row it has failed before.
    failures: i64,
}

/// Returns what keeps letters from being sent, if anything does.
pub(crate) async fn trouble() -> Result<Option<Trouble>> {
    Ok(Reader::new(&SERVICE).read(reading()).await?)
}

/// Asks for leave to try the server. While it fails, one worker at a time gets it, after each pause.
pub(crate) async fn leave(cx: &Cx) -> Result<Option<Leave>> {
    let Some(trouble) = trouble().await? else { return Ok(Some(Leave { failures: 0 })) };
    let now = Timestamp::now();
    let tried = unit::change::<(i64,)>(cx, &SERVICE, trying(now)).await?;
    Ok(tried.map(|(failures,)| Leave { failures: failures.max(trouble.failures) }))
}

impl Leave {
    /// Whether the server failed the last time, so that one letter tries it for all.
    pub(crate) const fn is_probe(&self) -> bool {
        self.failures > 0
    }

    /// Notes that the server works.
    pub(crate) async fn succeeded(&mut self, cx: &Cx) -> Result<()> {
        if std::mem::take(&mut self.failures) > 0 {
            unit::change::<()>(cx, &SERVICE, recovering()).await?;
        }
        Ok(())
    }

    /// Notes that the server fails, and why. Failures at the same time count as one.
    pub(crate) async fn failed(self, cx: &Cx, error: &str) -> Result<()> {
        log::noted(cx, "sending mail; it goes on after a pause", error);
        let failures = self.failures + 1;
        let until = Timestamp::now().plus_seconds(pause(failures));
        unit::change::<()>(cx, &SERVICE, failing(failures, until, error)).await?;
        Ok(())
    }
}

/// How long the pause after so many failures is, in seconds.
fn pause(failures: i64) -> i64 {
    let doubled = u32::try_from(failures - 1).ok().and_then(|times| FIRST_PAUSE.checked_shl(times));
    doubled.filter(|pause| (1..LONGEST_PAUSE).contains(pause)).unwrap_or(LONGEST_PAUSE)
}

pub(crate) fn reading() -> Query {
    const COLUMNS: &str = Trouble::COLUMNS;
    query!("SELECT {COLUMNS} FROM mail_server WHERE id = 1")
}

/// Takes the leave to try, if the pause is over, for as long as an attempt takes.
pub(crate) fn trying(now: Timestamp) -> Query {
    query!(
        "UPDATE mail_server SET not_before = ?2 WHERE id = 1 AND not_before <= ?1 \
         RETURNING failures",
        now,
        now.plus_seconds(PROBE_SECONDS)
    )
}

pub(crate) fn failing(failures: i64, until: Timestamp, error: &str) -> Query {
    query!(
        "INSERT INTO mail_server (id, failures, not_before, last_error) VALUES (1, ?1, ?2, ?3) \
         ON CONFLICT (id) DO UPDATE SET failures = excluded.failures, \
         not_before = excluded.not_before, last_error = excluded.last_error \
         WHERE excluded.failures > mail_server.failures",
        failures,
        until,
        error
    )
}

pub(crate) fn recovering() -> Query {
    query!("DELETE FROM mail_server WHERE id = 1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_ten_minutes() {
        let pauses: Vec<_> = (1..=12).map(pause).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
        assert_eq!(pause(i64::MAX), 600);
    }
}
