//! `/api/users/deletion`: the end of one's account.
//!
//! The account's row goes, with everything that hangs on it, and its address is free. What is left is the
//! id, in `auth_deleted`. The event `user:deleted` has the other services forget the person too.

use std::cell::Cell;

use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use boxoffice_contract::UserId;
use boxoffice_contract::events::{Event, UserDeleted, kind};
use boxoffice_contract::people::{
    ADMISSIONS_STANDING, AskStanding, Deletion, ORDERS_STANDING, PAYMENTS_STANDING, Standing,
};
use boxoffice_contract::users::Credentials;
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::peer::{Call, Peer};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Cx, Timestamp, Unit, erasure, query, row, unit};
use http::HeaderMap;
use send_wrapper::SendWrapper;

use crate::account;
use crate::refusal::{self, Refusal};
use crate::session::{self, Ended};
use crate::visitor::VisitorCx;
use crate::{SERVICE, cookie, ended, farewell, gate, person, sign_in};

/// Who knows what an account would leave behind.
const ASKED: [(Peer, &str); 3] = [
    (Peer { name: "orders", base_url: "orders_base_url" }, ORDERS_STANDING),
    (Peer { name: "payments", base_url: "payments_base_url" }, PAYMENTS_STANDING),
    (Peer { name: "admissions", base_url: "admissions_base_url" }, ADMISSIONS_STANDING),
];
/// How old a session may be that deletes an account without a password, in seconds.
const RECENT: i64 = 15 * 60;
/// How many accounts a tick deletes for operators at once.
const BATCH: i64 = 10;

row! {
    /// An account that is gone.
    struct Gone {
        email: String,
        locale: Option<String>,
    }
}

/// What became of an account's sessions, of which Redis is told after the commit.
type Sessions = SendWrapper<Cell<Vec<Ended>>>;

pub(crate) fn quick_route() -> Router {
    Router::new().route("/api/users/deletion", get(show))
}

pub(crate) fn hashing_route() -> Router {
    Router::new().route("/api/users/deletion", post(delete))
}

/// See what your account would leave behind
///
/// What must end before the account can be deleted, and the tickets for events to come that would be lost.
#[utoipa::path(
    get, path = "/api/users/deletion", tag = "users", operation_id = "show_deletion",
    responses(
        (status = 200, description = "What is in the way, and what would be lost", body = Standing),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(cx: VisitorCx) -> Result<Json<Standing>> {
    Ok(Json(standing(&cx, cx.account.id).await?))
}

/// Delete your account
///
/// With its password; without one, by a session of the last quarter of an hour. It is refused while buyers
/// wait for what the account has sold, and while money is on its way. Tickets for events to come are lost:
/// `loseTickets` accepts that. All sessions end, and a last letter tells of it. Orders and amounts are kept
/// as the law asks, without the person.
#[utoipa::path(
    post, path = "/api/users/deletion", tag = "users", operation_id = "delete_account",
    request_body = Deletion,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 204, description = "The account is deleted"),
        (status = 400, description = "Fields are invalid, or the password is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in, or the account is deleted already", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The account has no password, and the session is not recent; or it has a second factor: confirm first that it is you", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Buyers wait, money is on its way, or tickets would be lost", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many failures; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete(
    cx: VisitorCx,
    headers: HeaderMap,
    idempotency: Idempotency,
    Valid(wanted): Valid<Deletion>,
) -> Result<Response> {
    let id = cx.account.id;
    gate::confirmed_if_protected(&cx).await?;
    // The body holds the password: its digest is not stored. A repeat has no session any more.
    let idempotency = idempotency.identified_by("deletion");
    let hash = confirm(&cx, &headers, wanted.password.as_deref()).await?;
    let standing = standing(&cx, id).await?;
    if !standing.obstacles.is_empty() {
        return Err(Refusal::AccountInUse(standing.obstacles).into());
    }
    if !standing.tickets.is_empty() && !wanted.lose_tickets {
        return Err(Refusal::TicketsToCome(standing.tickets).into());
    }
    let now = Timestamp::now();
    let sessions = Sessions::new(Cell::default());
    let work = async |unit: &mut Unit<'_>| {
        let ended = end(unit, id, Some(&hash), now).await?.ok_or(Refusal::PasswordRefused)?;
        sessions.set(ended);
        refusal::Result::Ok(Reply::no_content())
    };
    let mut response = command::run(&cx, &SERVICE, &idempotency, work).await?;
    tell(&cx, id, &Cell::take(&sessions), now, "owner").await;
    cookie::remove_session(&mut response).await?;
    cookie::set_device(&mut response, "", 0).await?;
    Ok(response)
}

/// Makes sure that it is the owner who asks, and returns the hash of their password, which is empty if they
/// have none. This is the one place that decides it: another proof of the owner is added here.
async fn confirm(
    cx: &VisitorCx,
    headers: &HeaderMap,
    password: Option<&str>,
) -> refusal::Result<String> {
    let stored = account::of(cx.account.id).await?;
    let hash = stored.ok_or(Refusal::PasswordRefused)?.password_hash;
    if hash.is_empty() {
        let age = Timestamp::now().as_millis() / 1000 - cx.user.issued_at;
        return if age <= RECENT { Ok(hash) } else { Err(Refusal::SignInAgain) };
    }
    let (email, password) = (cx.account.email.clone(), password.unwrap_or_default().to_owned());
    if password.is_empty() {
        return Err(Refusal::PasswordNeeded);
    }
    // A wrong password counts as a sign-in that failed.
    match sign_in::check(cx, headers, &Credentials { email, password }).await {
        Err(Refusal::InvalidCredentials) => Err(Refusal::PasswordRefused),
        checked => Ok(checked?.account.password_hash),
    }
}

/// Asks the services what the account would leave behind.
async fn standing(cx: &Cx, user_id: UserId) -> Result<Standing> {
    let mut all = Standing::default();
    for (peer, path) in ASKED {
        let asked = AskStanding { user_id };
        let told: Option<Standing> = peer.ask(Call::as_sibling(cx, path), Some(&asked)).await?;
        let told = told.unwrap_or_default();
        all.obstacles.extend(told.obstacles);
        all.tickets.extend(told.tickets);
    }
    Ok(all)
}

/// Ends the account in `unit`, with all that hangs on it, if its password is still that of `hash`. Returns
/// the sessions that have ended; `None` if there is no such account.
async fn end(
    unit: &mut Unit<'_>,
    id: UserId,
    hash: Option<&str>,
    now: Timestamp,
) -> anyhow::Result<Option<Vec<Ended>>> {
    let Some(gone) = unit.change::<Gone>(removing(id, hash)).await? else { return Ok(None) };
    let sessions = unit.change_all::<Ended>(session::ending_all(id, None, now)).await?;
    person::erase(unit, id, &gone.email).await?;
    let deleted = UserDeleted { id, version: 1, deleted_at: now };
    erasure::note(unit, &SERVICE, &deleted).await?;
    farewell::ask(unit, id, gone.email, gone.locale)?;
    unit.emit(Event::new(kind::UserDeleted, &deleted)?);
    Ok(Some(sessions))
}

async fn tell(cx: &Cx, id: UserId, sessions: &[Ended], now: Timestamp, by: &'static str) {
    ended::tell_soon(cx, sessions, Some((id, now))).await;
    log::security(&cx.with("by", by), Security::AccountDeleted, Some(id));
}

/// Deletes the accounts that operators want deleted, whatever is in the way. Tells whether there may be
/// more.
///
/// # Errors
/// What the database says.
pub(crate) async fn tick(cx: &Cx) -> anyhow::Result<bool> {
    let asked: Vec<(UserId,)> = Reader::new(&SERVICE).read_all(asked()).await?;
    for (id,) in &asked {
        let now = Timestamp::now();
        let sessions = unit::run(cx, &SERVICE, async |unit: &mut Unit<'_>| {
            let sessions = end(unit, *id, None, now).await?;
            unit.change::<()>(answering(*id)).await?;
            anyhow::Ok(sessions)
        })
        .await?;
        if let Some(sessions) = sessions {
            tell(cx, *id, &sessions, now, "operator").await;
        }
    }
    Ok(asked.len() >= usize::try_from(BATCH).unwrap_or(usize::MAX))
}

/// Removes the account, if its password is still that of `hash`, or whatever it is if that is `None`.
pub(crate) fn removing(id: UserId, hash: Option<&str>) -> Query {
    let guard = hash.map_or("", |_| " AND password_hash = ?2");
    query!("DELETE FROM auth_users WHERE id = ?1{guard} RETURNING email, locale", id).bind_all(hash)
}

pub(crate) fn asked() -> Query {
    query!("SELECT account_id FROM auth_erasures ORDER BY asked_at LIMIT ?1", BATCH)
}

pub(crate) fn answering(id: UserId) -> Query {
    query!("DELETE FROM auth_erasures WHERE account_id = ?1", id)
}
