//! `/api/users/reset`: a new password for who has forgotten theirs, by a letter.
//!
//! Whether an address has an account does not show: for one that has none, the same is stored and the
//! same event is emitted. Its letter goes nowhere, since `mail` is told that it is void.

use std::cell::Cell;

use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use boxoffice_account_proof::Purpose;
use boxoffice_contract::UserId;
use boxoffice_contract::mail::AccountLetter;
use boxoffice_contract::users::{Account, Credentials, Forgotten, OnItsWay, Reset};
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::db::{Read, Reader};
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Cx, Timestamp, Unit, unit};
use http::{HeaderMap, StatusCode};
use send_wrapper::SendWrapper;

use crate::account::{self, Stored};
use crate::gate::{self, First};
use crate::notice::NewNotice;
use crate::proof::{self, NewProof, Proof};
use crate::refusal::{self, Refusal};
use crate::session::{self, Ended, NewSession};
use crate::token::Key;
use crate::{SERVICE, ended, password, sign_in, throttle};

pub(crate) fn quick_route() -> Router {
    Router::new().route("/api/users/reset", post(ask))
}

pub(crate) fn hashing_route() -> Router {
    Router::new().route("/api/users/reset/confirm", post(confirm))
}

/// Ask for a new password
///
/// If the address has an account, a letter with a link is on its way, which works once and for half an
/// hour. The answer is the same if it has none. The letters before no longer work.
#[utoipa::path(
    post, path = "/api/users/reset", tag = "users", operation_id = "ask_for_reset",
    request_body = Forgotten,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 202, description = "If there is an account, an e-mail is on its way", body = OnItsWay),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many e-mails were asked for; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn ask(
    cx: Cx,
    // A repeat sends another letter, which ends the one before: the key is checked and not needed.
    _: Idempotency,
    Valid(forgotten): Valid<Forgotten>,
) -> Result<Response> {
    let email = account::address(&forgotten.email);
    throttle::count_reset(&cx, &email).await?;
    let known = account::find(&email).await?.map(|stored| stored.id());
    let proof = NewProof::new(Purpose::Reset, known.unwrap_or_else(UserId::new), &email);
    let proof = proof.going_on_to(forgotten.next);
    let work = async |unit: &mut Unit<'_>| proof.ask(unit, AccountLetter::ResetPassword);
    unit::run(&cx, &SERVICE, work).await?;
    log::security(&cx, Security::ResetAsked, known);
    let expires_at = proof.expires_at;
    Ok((StatusCode::ACCEPTED, Json(OnItsWay { expires_at })).into_response())
}

/// Choose a new password
///
/// By the token in the letter's link. All sessions of the account end, and one begins here. The link has
/// also proven the address: what let others in before it was proven ends too. If the account has a second
/// factor, the password is changed, and the answer is 401 with the code `second_factor` and a token for the
/// second step.
#[utoipa::path(
    post, path = "/api/users/reset/confirm", tag = "users", operation_id = "confirm_reset",
    request_body = Reset,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 200, description = "The account; the session is in the cookie", body = Account),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The account is suspended", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "The password is changed, and the account needs a second step to sign in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The letter no longer works", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many failures; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn confirm(
    cx: Cx,
    headers: HeaderMap,
    idempotency: Idempotency,
    Valid(reset): Valid<Reset>,
) -> Result<Response> {
    let refused = || {
        log::security(&cx, Security::ProofRefused, None);
        Refusal::ProofVoid
    };
    let id = Key::load().await?.proofs.read(Purpose::Reset, &reset.token).ok_or_else(refused)?;
    let found = Reader::new(&SERVICE).read::<Proof>(proof::of_id(id, Purpose::Reset)).await?;
    let found = found.ok_or_else(refused)?;
    let (now, account_id) = (Timestamp::now(), found.account_id);
    // The body holds the password: its digest is not stored. A repeat shows it instead.
    let idempotency = idempotency.identified_by(&format!("reset {id}"));
    let credentials = Credentials { email: found.email.clone(), password: reset.password };
    if let Some(replay) = command::replay(&cx, &SERVICE, &idempotency).await? {
        return Ok(repeat(&cx, &headers, &credentials, replay).await?);
    }
    if !found.is_good(now) {
        return Err(refused().into());
    }
    password::check(&credentials.password, &found.email)?;
    let hash = password::hash(&credentials.password).await?;
    // Who had the account without proving its address has no say in who signs in now.
    let known = account::find(&found.email).await?.filter(|known| known.id() == account_id);
    let is_claimed = !known.ok_or_else(refused)?.is_verified();
    let needs_factor = !is_claimed && gate::standing_of(account_id).await?.has_factor();
    let session = NewSession::new(&cx, account_id, &headers).await?;
    let notice = NewNotice::new(&cx, account_id, &headers);
    let others = SendWrapper::new(Cell::new(Vec::new()));
    let work = async |unit: &mut Unit<'_>| {
        let used = unit.change::<Proof>(proof::using(id, Purpose::Reset, now)).await?;
        let email = used.ok_or(Refusal::ProofVoid)?.email;
        let claimed = account::claim(unit, account_id, &email, now).await?;
        let mut all = claimed.ok_or(Refusal::ProofVoid)?.ended;
        let resetting = account::resetting_password(account_id, &email, &hash, now);
        let account = unit.change::<Stored>(resetting).await?.ok_or(Refusal::ProofVoid)?;
        account.may_enter()?;
        unit.change::<()>(proof::ending_all(account_id, now)).await?;
        all.extend(unit.change_all::<Ended>(session::ending_all(account_id, None, now)).await?);
        others.set(all);
        if !needs_factor {
            unit.insert(session.insert());
        }
        notice.ask(unit, AccountLetter::PasswordChanged)?;
        refusal::Result::Ok(Reply::ok(&account.account())?)
    };
    let response = command::run(&cx, &SERVICE, &idempotency, work).await?;
    if response.headers().contains_key(command::REPLAYED) {
        return Ok(repeat(&cx, &headers, &credentials, response).await?);
    }
    ended::tell_soon(&cx, &Cell::take(&others), Some((account_id, now))).await;
    log::security(&cx, Security::PasswordChanged, Some(account_id));
    let entry = gate::admit(account_id, First::Elsewhere).await?;
    Ok(session.begin(&cx, response, &entry).await?)
}

/// Answers a repeat of a reset that was done.
async fn repeat(
    cx: &Cx,
    headers: &HeaderMap,
    credentials: &Credentials,
    replay: Response,
) -> refusal::Result<Response> {
    match sign_in::again(cx, headers, credentials, replay).await {
        Err(Refusal::InvalidCredentials) => Err(Refusal::ProofVoid),
        answered => answered,
    }
}
