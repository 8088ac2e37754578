//! Sessions in the database: each is begun by a sign-in and can be ended before its time.

use anyhow::Result;
use axum::response::Response;
use boxoffice_contract::{SessionId, UserId, users as api};
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::{Cx, Timestamp, UserCx, config, identity, problem, query, row, unit};
use http::HeaderMap;
use http::header::USER_AGENT;

use crate::gate::Entry;
use crate::refusal::{self, Refusal};
use crate::token::{Audience, Key, SessionToken};
use crate::visitor::VisitorCx;
use crate::{SERVICE, cookie, device as devices};

/// How many sessions a list has at most: the newest.
pub(crate) const LISTED: i64 = 100;
/// How much of what a browser says of itself is kept, in characters.
const DEVICE_LENGTH: usize = 200;
/// How often a session's being seen is noted at most, in seconds.
const SEEN_SECONDS: i64 = 10 * 60;
/// How many sessions that have run out one batch of a tick removes.
pub(crate) const SWEPT: usize = 500;

row! {
    /// A session that begins.
    pub(crate) struct NewSession in "auth_sessions" {
        pub(crate) id: SessionId,
        pub(crate) account_id: UserId,
        pub(crate) device: String,
        pub(crate) client: Option<String>,
        pub(crate) created_at: Timestamp,
        pub(crate) expires_at: Timestamp,
    }
}

row! {
    /// A session, as its owner sees it.
    pub(crate) struct Session {
        id: SessionId,
        device: String,
        client: Option<String>,
        created_at: Timestamp,
        seen_at: Option<Timestamp>,
        expires_at: Timestamp,
    }
}

row! {
    /// What a session's token tells of its account.
    struct Entering {
        roles: String,
        suspended_at: Option<Timestamp>,
    }
}

row! {
    /// A session that has ended before its time, as the services have to know it.
    pub(crate) struct Ended {
        pub(crate) id: SessionId,
        pub(crate) expires_at: Timestamp,
    }
}

impl NewSession {
    /// Makes a session of `account_id` for the browser that sent `headers`.
    ///
    /// # Errors
    /// When `session_seconds` is not a number.
    pub(crate) async fn new(cx: &Cx, account_id: UserId, headers: &HeaderMap) -> Result<Self> {
        let seconds = config::number("session_seconds").await?;
        let created_at = Timestamp::now();
        Ok(Self {
            id: SessionId::new(),
            account_id,
            device: device(headers),
            client: cx.client().map(|address| address.to_string()),
            created_at,
            expires_at: created_at.plus_seconds(seconds),
        })
    }

    /// Adds the cookies of the session, which has been stored, to `response`, and logs that it begins.
    /// `entry` tells how its user was let in.
    ///
    /// Whether the account is suspended is read after the session was committed. So a suspension at the
    /// same time either finds the session or is found here.
    ///
    /// # Errors
    /// [`Refusal::Suspended`]; when the signing key cannot be read; what the database says.
    pub(crate) async fn begin(
        &self,
        cx: &Cx,
        mut response: Response,
        entry: &Entry,
    ) -> refusal::Result<Response> {
        let entering = Reader::new(&SERVICE).read::<Entering>(entering(self.account_id)).await?;
        let entering = entering.ok_or(Refusal::NoSuchAccount)?;
        if entering.suspended_at.is_some() {
            log::security(cx, Security::SuspendedRefused, Some(self.account_id));
            return Err(Refusal::Suspended);
        }
        let roles: Vec<&str> = entering.roles.split_whitespace().collect();
        let token = SessionToken {
            entry,
            id: self.id,
            account_id: self.account_id,
            from: self.created_at,
            until: self.expires_at,
        };
        let audience = Audience::load().await?;
        let token = Key::load().await?.of_session(token, &roles, &audience)?;
        let seconds = (self.expires_at.as_millis() - self.created_at.as_millis()) / 1000;
        cookie::set_session(&mut response, &token, seconds).await?;
        devices::remember(&mut response, self.account_id).await?;
        log::security(&cx.with("session", self.id), Security::SignedIn, Some(self.account_id));
        Ok(response)
    }
}

/// Adds a fresh token of the visitor's session to `response`, which tells of `entry`. The session stays the
/// same, and so does its end.
///
/// # Errors
/// 401 if the session is from before there were ids, or has just ended; what the database says.
pub(crate) async fn renew(
    cx: &VisitorCx,
    entry: Entry,
    mut response: Response,
) -> problem::Result<Response> {
    let id = cx.user.session.ok_or_else(identity::session_ended)?;
    let account_id = cx.account.id;
    let lasting = lasting(id, account_id);
    let found = Reader::new(&SERVICE).read::<Ended>(lasting).await?;
    let until = found.ok_or(Refusal::NoSuchSession)?.expires_at;
    let from = Timestamp::from_millis(cx.user.issued_at * 1000);
    let token = SessionToken { entry: &entry, id, account_id, from, until };
    let audience = Audience::load().await?;
    let roles: Vec<&str> = cx.user.roles.iter().map(|role| role.name()).collect();
    let token = Key::load().await?.of_session(token, &roles, &audience)?;
    let seconds = (until.as_millis() - Timestamp::now().as_millis()) / 1000;
    cookie::set_session(&mut response, &token, seconds).await?;
    Ok(response)
}

impl Session {
    /// Returns what the API answers of the session.
    pub(crate) fn body(self, current: Option<SessionId>) -> api::Session {
        let Self { id, device, client, created_at, seen_at, expires_at } = self;
        let current = current == Some(id);
        let seen_at = Some(seen_at.unwrap_or(created_at));
        api::Session { id, device, client, created_at, seen_at, expires_at, current }
    }
}

/// Notes that the session of `cx` is seen now, unless that was noted within the last ten minutes. What
/// fails is logged alone: nobody is kept from anything by it.
pub(crate) async fn see(cx: &UserCx, seen_at: Option<Timestamp>) {
    let now = Timestamp::now();
    let is_fresh = |at: Timestamp| now < at.plus_seconds(SEEN_SECONDS);
    let Some(id) = cx.user.session.filter(|_| !seen_at.is_some_and(is_fresh)) else { return };
    if let Err(error) = unit::change::<()>(cx, &SERVICE, seeing(id, now)).await {
        log::failed(cx, "noting that a session is seen", &error.into());
    }
}

/// Returns what the browser that sent `headers` says of itself.
pub(crate) fn device(headers: &HeaderMap) -> String {
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
    agent.unwrap_or_default().chars().take(DEVICE_LENGTH).collect()
}

/// Reads what the token of a session of `account_id` tells.
pub(crate) fn entering(account_id: UserId) -> Query {
    const COLUMNS: &str = Entering::COLUMNS;
    query!("SELECT {COLUMNS} FROM auth_users WHERE id = ?1", account_id)
}

/// Notes that the session is seen, unless somebody has noted a later time.
pub(crate) fn seeing(id: SessionId, now: Timestamp) -> Query {
    query!(
        "UPDATE auth_sessions SET seen_at = ?2 \
         WHERE id = ?1 AND ended_at IS NULL AND (seen_at IS NULL OR seen_at < ?2) RETURNING id",
        id,
        now
    )
}

/// Reads the sessions of `account_id` that go on, newest first.
pub(crate) fn of_account(account_id: UserId, now: Timestamp) -> Query {
    const COLUMNS: &str = Session::COLUMNS;
    query!(
        "SELECT {COLUMNS} FROM auth_sessions \
         WHERE account_id = ?1 AND expires_at > ?2 AND ended_at IS NULL \
         ORDER BY id DESC LIMIT ?3",
        account_id,
        now,
        LISTED
    )
}

/// Finds out whether `account_id` has or had the session `id`.
pub(crate) fn known(id: SessionId, account_id: UserId) -> Query {
    query!("SELECT id FROM auth_sessions WHERE id = ?1 AND account_id = ?2", id, account_id)
}

/// Finds out until when the session `id` of `account_id` lasts, which goes on.
pub(crate) fn lasting(id: SessionId, account_id: UserId) -> Query {
    const COLUMNS: &str = Ended::COLUMNS;
    query!(
        "SELECT {COLUMNS} FROM auth_sessions \
         WHERE id = ?1 AND account_id = ?2 AND ended_at IS NULL",
        id,
        account_id
    )
}

/// Ends the session `id` of `account_id`, unless it has ended.
pub(crate) fn ending(id: SessionId, account_id: UserId, now: Timestamp) -> Query {
    const COLUMNS: &str = Ended::COLUMNS;
    query!(
        "UPDATE auth_sessions SET ended_at = ?3 \
         WHERE id = ?1 AND account_id = ?2 AND ended_at IS NULL RETURNING {COLUMNS}",
        id,
        account_id,
        now
    )
}

/// Ends all sessions of `account_id` but `kept`.
pub(crate) fn ending_all(account_id: UserId, kept: Option<SessionId>, now: Timestamp) -> Query {
    const COLUMNS: &str = Ended::COLUMNS;
    query!(
        "UPDATE auth_sessions SET ended_at = ?3 \
         WHERE account_id = ?1 AND id <> ?2 AND ended_at IS NULL AND expires_at > ?3 \
         RETURNING {COLUMNS}",
        account_id,
        kept.unwrap_or(SessionId::nil()),
        now
    )
}

/// Ends what sessions suspended accounts have.
pub(crate) fn ending_suspended(now: Timestamp) -> Query {
    const COLUMNS: &str = Ended::COLUMNS;
    query!(
        "UPDATE auth_sessions SET ended_at = ?1 WHERE account_id IN \
         (SELECT id FROM auth_users WHERE suspended_at IS NOT NULL) \
         AND ended_at IS NULL AND expires_at > ?1 RETURNING {COLUMNS}",
        now
    )
}

/// Ends all sessions of `account_id` whose tokens name none: those of older programs.
pub(crate) fn signing_out(account_id: UserId, now: Timestamp) -> Query {
    query!(
        "UPDATE auth_users SET signed_out_at = ?2, signed_out_told_at = NULL WHERE id = ?1 \
         RETURNING id",
        account_id,
        now
    )
}

/// Removes sessions that have run out. Leaves those that somebody is at work on to the next sweep.
pub(crate) fn sweeping(now: Timestamp) -> Query {
    query!(
        "WITH ended AS (SELECT id FROM auth_sessions WHERE expires_at <= ?1 \
         LIMIT ?2 FOR UPDATE SKIP LOCKED) \
         DELETE FROM auth_sessions WHERE id IN (SELECT id FROM ended) RETURNING id",
        now,
        i64::try_from(SWEPT).unwrap_or(i64::MAX)
    )
}
