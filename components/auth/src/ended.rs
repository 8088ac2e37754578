//! What the services must know of ended sessions, in Redis: they look there with each request.
//!
//! The database keeps the truth. Redis is told after the commit; a tick tells what that has left
//! undone, and all of it again to a Redis that has lost it.

use anyhow::Result;
use boxoffice_contract::UserId;
use boxoffice_kernel::db::{Query, Read, Reader, Value};
use boxoffice_kernel::{Cx, Timestamp, config, db, log, query, sessions, unit};

use crate::SERVICE;
use crate::session::{self, Ended};

/// How much one batch tells.
const BATCH: i64 = 200;

/// Tells Redis that sessions have ended. If that fails, a tick does it.
pub(crate) async fn tell_soon(cx: &Cx, ended: &[Ended], signed_out: Option<(UserId, Timestamp)>) {
    if let Err(error) = tell(cx, ended, signed_out.as_slice()).await {
        log::failed(cx, "telling that sessions have ended; a tick tells it again", &error);
    }
}

/// Tells what is untold, or everything if Redis has lost it; returns whether there may be more.
pub(crate) async fn tell_untold(cx: &Cx) -> Result<bool> {
    let now = Timestamp::now();
    // A sign-in that was under way when its account was suspended may have left one.
    unit::change_all::<Ended>(cx, &SERVICE, session::ending_suspended(now)).await?;
    if !sessions::are_known().await? {
        unit::change::<()>(cx, &SERVICE, forgetting_sessions(now)).await?;
        unit::change::<()>(cx, &SERVICE, forgetting_accounts()).await?;
        sessions::note_known().await?;
    }
    let mut reader = Reader::new(&SERVICE);
    let ended: Vec<Ended> = reader.read_all(untold_sessions(now)).await?;
    let accounts: Vec<(UserId, Timestamp)> = reader.read_all(untold_accounts()).await?;
    // Given back before Redis is waited for.
    drop(reader);
    tell(cx, &ended, &accounts).await?;
    Ok(ended.len() + accounts.len() >= usize::try_from(BATCH).unwrap_or(usize::MAX))
}

async fn tell(cx: &Cx, ended: &[Ended], accounts: &[(UserId, Timestamp)]) -> Result<()> {
    let now = Timestamp::now();
    for session in ended {
        sessions::end(session.id, session.expires_at).await?;
    }
    for (account, at) in accounts {
        let until = at.plus_seconds(config::number("session_seconds").await?);
        sessions::end_before(*account, *at, until).await?;
    }
    if !ended.is_empty() {
        unit::change::<()>(cx, &SERVICE, told_sessions(ended, now)).await?;
    }
    for (account, at) in accounts {
        unit::change::<()>(cx, &SERVICE, told_account(*account, *at, now)).await?;
    }
    Ok(())
}

pub(crate) fn untold_sessions(now: Timestamp) -> Query {
    const COLUMNS: &str = Ended::COLUMNS;
    query!(
        "SELECT {COLUMNS} FROM auth_sessions \
         WHERE ended_at IS NOT NULL AND told_at IS NULL AND expires_at > ?1 \
         ORDER BY ended_at LIMIT ?2",
        now,
        BATCH
    )
}

pub(crate) fn untold_accounts() -> Query {
    query!(
        "SELECT id, signed_out_at FROM auth_users \
         WHERE signed_out_at IS NOT NULL AND signed_out_told_at IS NULL \
         ORDER BY signed_out_at LIMIT ?1",
        BATCH
    )
}

pub(crate) fn told_sessions(ended: &[Ended], now: Timestamp) -> Query {
    let ids = db::padded(ended.iter().map(|session| session.id).collect());
    let list = db::list(1, ids.len());
    query!("UPDATE auth_sessions SET told_at = ?1 WHERE id IN ({list})", now)
        .bind_all(ids.into_iter().map(Value::from))
}

/// Notes that Redis knows of it, unless the account was signed out again meanwhile.
pub(crate) fn told_account(account: UserId, at: Timestamp, now: Timestamp) -> Query {
    query!(
        "UPDATE auth_users SET signed_out_told_at = ?3 WHERE id = ?1 AND signed_out_at = ?2",
        account,
        at,
        now
    )
}

pub(crate) fn forgetting_sessions(now: Timestamp) -> Query {
    query!(
        "UPDATE auth_sessions SET told_at = NULL WHERE told_at IS NOT NULL AND expires_at > ?1",
        now
    )
}

pub(crate) fn forgetting_accounts() -> Query {
    query!("UPDATE auth_users SET signed_out_told_at = NULL WHERE signed_out_told_at IS NOT NULL")
}
