//! Answers that are kept in Redis until something changes that they tell.
//!
//! They are for services whose database is a server that many ask: Redis answers with a page in a tenth
//! of the time. An answer is never older than what the client was told before it asked: whoever
//! changes something has all that is kept forgotten after the commit and before saying that it is done,
//! and an answer that was read before that is not kept after it. Should a crash come between the two,
//! or Redis fail, what is kept is a second old at most.

use std::cell::Cell;
use std::time::Duration;

use anyhow::Result;
use uuid::Uuid;

use crate::redis::{as_text, execute, script, text, within};
use crate::{Cx, Timestamp, log};

/// How long an answer is kept, in milliseconds.
const KEPT_MS: i64 = 1_000;
/// How many answers are kept.
const MOST: usize = 256;
/// How long a question may be, in bytes, of which the answer is kept.
const LONGEST_QUESTION: usize = 512;
/// How long Redis is waited for: after that, the database is faster.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long Redis is not asked after it has failed, in milliseconds.
const PAUSE_MS: i64 = 1_000;
/// The field that tells what is kept now from what was kept before the last change.
const REVISION: &str = "revision";
/// The field that is there while changes come so fast, one within [`BUSY_MS`] of another, that to keep an
/// answer costs more than it spares: until there has been none for as long as an answer is kept.
const BUSY: &str = "busy";
const BUSY_MS: i64 = 20;
/// How many answers an instance does not look for after it has found that field.
const UNASKED: u32 = 16;

/// Keeps an answer, unless something has changed since it was asked for.
const KEEP: &str = "\
if (redis.call('HGET', KEYS[1], 'revision') or '') ~= ARGV[1] then return end
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[2]) then return end
redis.call('HSET', KEYS[1], ARGV[3], ARGV[4])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[5]) end";

/// Forgets all answers, and those that are being read just now. How long ago the last change was is told
/// by Redis's own clock, which is the same for all.
const FORGET: &str = "\
local busy = {}
local ago = ARGV[2] - redis.call('PTTL', KEYS[1])
if ago < tonumber(ARGV[3]) and redis.call('HEXISTS', KEYS[1], 'revision') == 1 then
    busy = { 'busy', 1 }
end
redis.call('UNLINK', KEYS[1])
redis.call('HSET', KEYS[1], 'revision', ARGV[1], unpack(busy))
redis.call('PEXPIRE', KEYS[1], ARGV[2])";

thread_local! {
    /// Until when Redis is not asked, in milliseconds since 1970.
    static PAUSE_ENDS: Cell<i64> = const { Cell::new(0) };
    /// How many more answers are not looked for.
    static UNASKED_LEFT: Cell<u32> = const { Cell::new(0) };
}

/// Answers that the same changes make stale.
#[derive(Debug)]
pub struct Cache {
    /// The key in Redis.
    pub key: &'static str,
}

/// What there is for a question.
#[derive(Debug)]
pub enum Found {
    /// The answer.
    Kept(String),
    /// Nothing; there is a place for the answer.
    Missing(Place),
    /// Nothing, and nothing can be kept.
    Nothing,
}

/// Where an answer will be kept that is still to be read.
#[derive(Debug)]
pub struct Place {
    field: String,
    revision: String,
    asked: Timestamp,
}

impl Cache {
    /// The answer to `question`, if it is kept.
    pub async fn find(&self, question: &str) -> Found {
        let asked = Timestamp::now();
        if question.len() > LONGEST_QUESTION || asked.as_millis() < PAUSE_ENDS.get() {
            return Found::Nothing;
        }
        if let Some(left) = UNASKED_LEFT.get().checked_sub(1) {
            UNASKED_LEFT.set(left);
            return Found::Nothing;
        }
        let field = format!("?{question}");
        let values = execute("HMGET", [self.key, REVISION, BUSY, &field].map(text));
        let values = within(PATIENCE, values).await;
        let Some(values) = noted("reading a cached answer", values) else {
            return Found::Nothing;
        };
        let mut values = values.iter().map(|value| as_text(value).ok());
        let mut next = || values.next().flatten();
        let (revision, busy, kept) = (next(), next(), next());
        match kept.and_then(|kept| unless_old(&kept, asked)) {
            Some(answer) => Found::Kept(answer),
            None if busy.is_some() => {
                UNASKED_LEFT.set(UNASKED);
                Found::Nothing
            }
            None => Found::Missing(Place { field, revision: revision.unwrap_or_default(), asked }),
        }
    }

    /// Keeps `answer` in its place, unless something has changed since the place was found.
    pub async fn keep(&self, place: Place, answer: &str) {
        let answer = format!("{} {answer}", place.asked.as_millis());
        let (most, lifetime) = (MOST.to_string(), KEPT_MS.to_string());
        let arguments = [place.revision.as_str(), &most, &place.field, &answer, &lifetime];
        let kept = within(PATIENCE, script(KEEP, &[self.key], &arguments)).await;
        noted("caching an answer", kept);
    }

    /// Forgets all answers. To be called when a change is committed, and before anybody is told so.
    pub async fn forget(&self) {
        let revision = Uuid::now_v7().to_string();
        let (lifetime, busy) = (KEPT_MS.to_string(), BUSY_MS.to_string());
        let arguments = [revision.as_str(), &lifetime, &busy];
        let forgotten = within(PATIENCE, script(FORGET, &[self.key], &arguments)).await;
        noted("deleting cached answers; they expire within a second", forgotten);
    }
}

/// What Redis has answered. If it has not, that is logged, and it is left alone for a while.
fn noted<T>(what: &str, outcome: Result<T>) -> Option<T> {
    outcome
        .inspect_err(|error| {
            log::failed(Cx::NONE, what, error);
            PAUSE_ENDS.set(Timestamp::now().as_millis() + PAUSE_MS);
        })
        .ok()
}

/// The answer in `kept`, if it was asked for less than [`KEPT_MS`] before `now`.
fn unless_old(kept: &str, now: Timestamp) -> Option<String> {
    let (asked, answer) = kept.split_once(' ')?;
    let age = now.as_millis() - asked.parse::<i64>().ok()?;
    (0..KEPT_MS).contains(&age).then(|| answer.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_an_answer_for_a_second() {
        let at = Timestamp::from_millis;
        assert_eq!(unless_old("1000 {\"a\": 1}", at(1_000)).as_deref(), Some("{\"a\": 1}"));
        assert_eq!(unless_old("1000 x", at(1_999)).as_deref(), Some("x"));
        assert_eq!(unless_old("1000 x", at(2_000)), None);
        assert_eq!(unless_old("1000 x", at(999)), None, "asked for in times to come");
        assert_eq!(unless_old("x", at(1_000)), None);
    }
}
