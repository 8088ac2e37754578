//! `/api/users/sessions`: one's own sessions, and the end of one or of all others.

use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use boxoffice_contract::{Page, SessionId, users as api};
use boxoffice_kernel::command::{Idempotency, Reply};
use boxoffice_kernel::db::{Read, Reader};
use boxoffice_kernel::http::Id;
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Timestamp, unit};

use crate::refusal::{self, Refusal};
use crate::session::{self, Ended, Session};
use crate::visitor::VisitorCx;
use crate::{SERVICE, ended};

pub(crate) fn route() -> Router {
    Router::new()
        .route("/api/users/sessions", get(list).delete(end_others))
        .route("/api/users/sessions/{id}", delete(end_one))
}

/// List your sessions
///
/// Each sign-in that goes on, newest first; at most 100.
#[utoipa::path(
    get, path = "/api/users/sessions", tag = "users", operation_id = "list_sessions",
    responses(
        (status = 200, description = "The sessions", body = Page<api::Session>),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(cx: VisitorCx) -> Result<Json<Page<api::Session>>> {
    let sessions = session::of_account(cx.account.id, Timestamp::now());
    let sessions: Vec<Session> = Reader::new(&SERVICE).read_all(sessions).await?;
    let items = sessions.into_iter().map(|session| session.body(cx.user.session)).collect();
    Ok(Json(Page { items, next_cursor: None }))
}

/// End a session
///
/// Its token is refused everywhere a few seconds later at most. A repeat changes nothing.
#[utoipa::path(
    delete, path = "/api/users/sessions/{id}", tag = "users", operation_id = "end_session",
    params(
        ("id" = Uuid, Path, description = "The session"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request"),
    ),
    responses(
        (status = 204, description = "The session has ended"),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The account has no such session", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn end_one(
    cx: VisitorCx,
    Id(id): Id<SessionId>,
    _: Idempotency,
) -> Result<Response> {
    end(&cx, id).await?;
    Ok(Reply::no_content().into_response())
}

/// End all other sessions
///
/// Every session but the one that asks ends. A repeat changes nothing.
#[utoipa::path(
    delete, path = "/api/users/sessions", tag = "users", operation_id = "end_other_sessions",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 204, description = "The other sessions have ended"),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn end_others(cx: VisitorCx, _: Idempotency) -> Result<Response> {
    let (account, now) = (cx.account.id, Timestamp::now());
    let all = session::ending_all(account, cx.user.session, now);
    let ended: Vec<Ended> = unit::change_all(&cx, &SERVICE, all).await?;
    unit::change::<()>(&cx, &SERVICE, session::signing_out(account, now)).await?;
    ended::tell_soon(&cx, &ended, Some((account, now))).await;
    log::security(&cx.with("by", "owner"), Security::SessionsEnded, Some(account));
    Ok(Reply::no_content().into_response())
}

/// Ends the session `id` of the visitor, unless it has ended.
///
/// # Errors
/// [`Refusal::NoSuchSession`]; what the database says.
pub(crate) async fn end(cx: &VisitorCx, id: SessionId) -> refusal::Result<()> {
    let ending = session::ending(id, cx.account.id, Timestamp::now());
    let Some(ended) = unit::change::<Ended>(cx, &SERVICE, ending).await? else {
        let known = session::known(id, cx.account.id);
        let known = Reader::new(&SERVICE).read::<()>(known).await?;
        return known.ok_or(Refusal::NoSuchSession);
    };
    ended::tell_soon(cx, &[ended], None).await;
    log::security(&cx.with("session", id), Security::SessionEnded, Some(cx.account.id));
    Ok(())
}
