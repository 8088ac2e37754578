//! `POST /api/users/password`: changes the password of who is signed in.

use std::cell::Cell;

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_contract::UserId;
use boxoffice_contract::mail::AccountLetter;
use boxoffice_contract::users::{Credentials, NewPassword};
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Timestamp, Unit};
use http::HeaderMap;
use send_wrapper::SendWrapper;

use crate::account::{self, Stored};
use crate::notice::NewNotice;
use crate::refusal::{self, Refusal};
use crate::session::{self, Ended};
use crate::visitor::VisitorCx;
use crate::{SERVICE, ended, gate, password, proof, sign_in, throttle};

pub(crate) fn route() -> Router {
    Router::new().route("/api/users/password", post(change))
}

/// Change your password
///
/// All other sessions end, and a letter tells of the change. A wrong current password counts as a sign-in
/// that failed.
#[utoipa::path(
    post, path = "/api/users/password", tag = "users", operation_id = "change_password",
    request_body = NewPassword,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 204, description = "The password is changed"),
        (status = 400, description = "Fields are invalid, or the current password is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The account has a second factor: confirm first that it is you", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The account has no password, or the Idempotency-Key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many failures or changes; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn change(
    cx: VisitorCx,
    headers: HeaderMap,
    idempotency: Idempotency,
    Valid(wanted): Valid<NewPassword>,
) -> Result<Response> {
    let id = cx.account.id;
    if !cx.account.has_password {
        return Err(Refusal::NoPassword.into());
    }
    gate::confirmed_if_protected(&cx).await?;
    password::check(&wanted.password, &cx.account.email)?;
    // The body holds passwords: its digest is not stored. A repeat shows the new one instead.
    let idempotency = idempotency.identified_by("password");
    if let Some(replay) = command::replay(&cx, &SERVICE, &idempotency).await? {
        return repeat(&cx, &headers, &wanted.password, replay).await;
    }
    let stored = check(&cx, &headers, &wanted.current).await?;
    throttle::count_change(&cx, id).await?;
    let hash = password::hash(&wanted.password).await?;
    let (now, kept) = (Timestamp::now(), cx.user.session);
    let notice = NewNotice::new(&cx, id, &headers);
    let others = SendWrapper::new(Cell::new(Vec::new()));
    let work = async |unit: &mut Unit<'_>| {
        unit.change::<()>(proof::ending_others(id, now)).await?;
        let changing = account::changing_password(id, &stored.password_hash, &hash, now);
        unit.change::<(UserId,)>(changing).await?.ok_or(Refusal::WrongPassword)?;
        others.set(unit.change_all::<Ended>(session::ending_all(id, kept, now)).await?);
        notice.ask(unit, AccountLetter::PasswordChanged)?;
        refusal::Result::Ok(Reply::no_content())
    };
    let response = command::run(&cx, &SERVICE, &idempotency, work).await?;
    if response.headers().contains_key(command::REPLAYED) {
        return repeat(&cx, &headers, &wanted.password, response).await;
    }
    ended::tell_soon(&cx, &Cell::take(&others), Some((id, now))).await;
    log::security(&cx, Security::PasswordChanged, Some(id));
    Ok(response)
}

/// Answers a repeat of a change that was made, if `password` is the one that it set.
async fn repeat(
    cx: &VisitorCx,
    headers: &HeaderMap,
    password: &str,
    replay: Response,
) -> Result<Response> {
    match check(cx, headers, password).await {
        Ok(_) => Ok(replay),
        Err(Refusal::WrongPassword) => Err(command::Error::<Refusal>::KeyReusedDifferently.into()),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Finds the visitor's account, if `password` is its password. A wrong one counts as a sign-in that
/// failed.
async fn check(cx: &VisitorCx, headers: &HeaderMap, password: &str) -> refusal::Result<Stored> {
    let (email, password) = (cx.account.email.clone(), password.to_owned());
    match sign_in::check(cx, headers, &Credentials { email, password }).await {
        Err(Refusal::InvalidCredentials) => Err(Refusal::WrongPassword),
        checked => Ok(checked?.account),
    }
}
