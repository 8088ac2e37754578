//! Which sessions have ended before their time. `auth` tells it in Redis; services look there, at most
//! every few seconds for each session.
//!
//! The look is one `MGET`. If Redis does not answer in time, the token counts as long as it lasts: a
//! shop without Redis goes on selling, and sessions that were ended go on until Redis is back. An
//! instance then does not look for a second. `auth` itself reads its database and is never wrong.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use boxoffice_contract::{SessionId, UserId};
use spin_sdk::redis::RedisResult;

use crate::identity::User;
use crate::redis::{as_text, execute, text, within};
use crate::{Cx, Timestamp, log};

/// For how long an instance believes what it saw.
const FRESH: Duration = Duration::from_secs(2);
/// How long Redis is waited for.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long Redis is not asked after it has failed.
const PAUSE: Duration = Duration::from_secs(1);
/// How many sessions an instance remembers.
const REMEMBERED: usize = 256;
/// Is there as long as Redis has all that it was told.
const KNOWN: &str = "boxoffice:sessions:known";

thread_local! {
    /// When each session was last seen to go on.
    static SEEN: RefCell<HashMap<SessionKey, Instant>> = RefCell::default();
    /// Until when Redis is not asked.
    static PAUSE_ENDS: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// What tells sessions apart: one without an id is told apart by its account and age.
type SessionKey = (UserId, Option<SessionId>, i64);

fn ended(session: SessionId) -> String {
    format!("boxoffice:session:{session}:ended")
}

fn ended_before(account: UserId) -> String {
    format!("boxoffice:account:{account}:sessions-end")
}

/// Whether the session of `user` was ended before its time, as far as Redis tells.
pub(crate) async fn is_ended(user: &User) -> bool {
    let key = (user.id, user.session, user.issued_at);
    let now = Instant::now();
    let is_fresh = |seen: &Instant| now.duration_since(*seen) < FRESH;
    if SEEN.with_borrow(|seen| seen.get(&key).is_some_and(is_fresh))
        || PAUSE_ENDS.get().is_some_and(|end| now < end)
    {
        return false;
    }
    match within(PATIENCE, look(user)).await {
        Ok(true) => true,
        Ok(false) => {
            SEEN.with_borrow_mut(|seen| {
                if seen.len() >= REMEMBERED {
                    seen.retain(|_, at| now.duration_since(*at) < FRESH);
                }
                if seen.len() >= REMEMBERED {
                    seen.clear();
                }
                seen.insert(key, now);
            });
            false
        }
        Err(error) => {
            PAUSE_ENDS.set(Some(now + PAUSE));
            log::failed(Cx::NONE, "looking for ended sessions; tokens are believed", &error);
            false
        }
    }
}

async fn look(user: &User) -> Result<bool> {
    let session = ended(user.session.unwrap_or(SessionId::nil()));
    let account = ended_before(user.id);
    let answer = execute("MGET", [session.as_str(), account.as_str()].map(text)).await?;
    let [session, account] = answer.as_slice() else {
        anyhow::bail!("Redis answered MGET of two keys with {} values", answer.len());
    };
    if user.session.is_some() {
        return Ok(!matches!(session, RedisResult::Nil));
    }
    match account {
        RedisResult::Nil => Ok(false),
        end => Ok(user.issued_at < as_text(end)?.parse()?),
    }
}

/// Marks the session `id`, which would last until `until`, as ended.
///
/// # Errors
/// When Redis cannot be reached or refuses.
pub async fn end(id: SessionId, until: Timestamp) -> Result<()> {
    set(&ended(id), "1", until).await
}

/// Marks all sessions of `account` that began before `at` and have no id as ended; the last of them
/// would last until `until`.
///
/// # Errors
/// When Redis cannot be reached or refuses.
pub async fn end_before(account: UserId, at: Timestamp, until: Timestamp) -> Result<()> {
    set(&ended_before(account), &(at.as_millis() / 1000).to_string(), until).await
}

/// Whether Redis still has all that it was told.
///
/// # Errors
/// When Redis cannot be reached or refuses.
pub async fn are_known() -> Result<bool> {
    let answer = within(PATIENCE, execute("EXISTS", [text(KNOWN)])).await?;
    Ok(matches!(answer.as_slice(), [RedisResult::Int64(1)]))
}

/// Notes that Redis is told everything from now on.
///
/// # Errors
/// When Redis cannot be reached or refuses.
pub async fn note_known() -> Result<()> {
    within(PATIENCE, execute("SET", [KNOWN, "1"].map(text))).await.map(drop)
}

/// Keeps `value` a minute longer than a token lasts, since clocks differ.
async fn set(key: &str, value: &str, until: Timestamp) -> Result<()> {
    let until = until.plus_seconds(60).as_millis().to_string();
    within(PATIENCE, execute("SET", [key, value, "PXAT", &until].map(text))).await.map(drop)
}
