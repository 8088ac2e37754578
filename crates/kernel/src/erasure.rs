//! How a service forgets a person: when it hears of `user:deleted`, and twice more.
//!
//! A request of the account, or an event about it, may be at work while it is deleted. What such a one
//! writes is erased the next time: after ten minutes, and after a day, when no session and no letter of the
//! account is left. The id stays in the table `<service>_deleted`, for those who must ask.

use anyhow::Result;
use boxoffice_contract::UserId;
use boxoffice_contract::events::UserDeleted;

use crate::db::{self, Query, Read, Reader};
use crate::events::{Event, Outcome};
use crate::{Cx, Service, Timestamp, Unit, query, unit};

/// After so long it is erased for the second time, in seconds.
const SOON: i64 = 10 * 60;
/// After so long for the last time.
const LATER: i64 = 25 * 60 * 60;
/// How many accounts a tick erases again at once.
const BATCH: i64 = 20;

/// Erases the account that `event`, a `user:deleted`, is about, by `erase`. Its stored answers go too.
///
/// # Errors
/// What `erase` and the database say.
pub async fn follow(
    cx: &Cx,
    service: &'static Service,
    event: &Event,
    erase: impl AsyncFn(&mut Unit<'_>, UserId) -> Result<()>,
) -> Result<Outcome> {
    let deleted: UserDeleted = event.data()?;
    let again_at = Timestamp::now().plus_seconds(SOON);
    let work = async |unit: &mut Unit<'_>| {
        let noting = noting(service, &deleted, again_at);
        let noted: Option<(UserId,)> = unit.change(noting).await?;
        if noted.is_some() {
            forget(unit, service, deleted.id, &erase).await?;
        }
        anyhow::Ok(Outcome::of(noted.is_some()))
    };
    unit::run(cx, service, work).await
}

/// Erases again what is due: for a tick. Tells whether there may be more.
///
/// # Errors
/// As of [`follow`].
pub async fn tick(
    cx: &Cx,
    service: &'static Service,
    erase: impl AsyncFn(&mut Unit<'_>, UserId) -> Result<()>,
) -> Result<bool> {
    let due: Option<(UserId,)> = Reader::new(service).read(due(service, Timestamp::now())).await?;
    if due.is_none() {
        return Ok(false);
    }
    let work = async |unit: &mut Unit<'_>| {
        let taking = taking_up(service, Timestamp::now());
        let taken: Vec<(UserId,)> = unit.change_all(taking).await?;
        for (user,) in &taken {
            forget(unit, service, *user, &erase).await?;
        }
        anyhow::Ok(taken.len())
    };
    let erased = unit::run(cx, service, work).await?;
    Ok(erased >= usize::try_from(BATCH).unwrap_or(usize::MAX))
}

/// Notes that an account is deleted, in the unit that deletes it: it is erased again later.
///
/// # Errors
/// What the database says.
pub async fn note(
    unit: &mut Unit<'_>,
    service: &'static Service,
    deleted: &UserDeleted,
) -> db::Result<()> {
    let again_at = Timestamp::now().plus_seconds(SOON);
    unit.change::<()>(noting(service, deleted, again_at)).await.map(drop)
}

async fn forget(
    unit: &mut Unit<'_>,
    service: &'static Service,
    user: UserId,
    erase: &impl AsyncFn(&mut Unit<'_>, UserId) -> Result<()>,
) -> Result<()> {
    unit.change::<()>(forgetting_answers(service, user)).await?;
    erase(unit, user).await
}

/// Tells whether `user` is deleted, as far as `service` has heard.
///
/// # Errors
/// What the database says.
pub async fn is_deleted(
    read: &mut impl Read,
    service: &'static Service,
    user: UserId,
) -> db::Result<bool> {
    Ok(read.read::<(UserId,)>(known(service, user)).await?.is_some())
}

pub(crate) fn known(service: &Service, user: UserId) -> Query {
    let s = service.name;
    query!("SELECT user_id FROM {s}_deleted WHERE user_id = ?1", user)
}

/// Notes that the account is deleted, and when it is erased again. Answers nothing if that was known.
pub(crate) fn noting(service: &Service, deleted: &UserDeleted, again_at: Timestamp) -> Query {
    let s = service.name;
    query!(
        "INSERT INTO {s}_deleted (user_id, deleted_at, again_at) VALUES (?1, ?2, ?3) \
         ON CONFLICT (user_id) DO NOTHING RETURNING user_id",
        deleted.id,
        deleted.deleted_at,
        again_at
    )
}

pub(crate) fn due(service: &Service, now: Timestamp) -> Query {
    let s = service.name;
    query!("SELECT user_id FROM {s}_deleted WHERE again_at <= ?1 LIMIT 1", now)
}

/// Takes up accounts that are due. Those that another replica is at work on are left to it.
pub(crate) fn taking_up(service: &Service, now: Timestamp) -> Query {
    let s = service.name;
    query!(
        "WITH due AS (SELECT user_id FROM {s}_deleted WHERE again_at <= ?1 \
         ORDER BY again_at LIMIT ?3 FOR UPDATE SKIP LOCKED) \
         UPDATE {s}_deleted SET again_at = \
         CASE WHEN deleted_at + ?2 > ?1 THEN deleted_at + ?2 END \
         WHERE user_id IN (SELECT user_id FROM due) RETURNING user_id",
        now,
        LATER * 1000,
        BATCH
    )
}

/// Removes the answers that the account's requests got: they may hold what it wrote.
pub(crate) fn forgetting_answers(service: &Service, user: UserId) -> Query {
    let s = service.name;
    query!("DELETE FROM {s}_idempotency WHERE scope = ?1", user)
}
