//! `/api/users/email`: another address for one's account, and the way back.
//!
//! The new address is proven before the account gets it, and only by the account itself: somebody who
//! follows the link of a stranger's letter gives no address away. The old address is told, with a link
//! that gives it back for a week. One that nobody had proven is not told: it may be a stranger's.

use std::cell::Cell;

use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use boxoffice_account_proof::Purpose;
use boxoffice_contract::LetterId;
use boxoffice_contract::mail::AccountLetter;
use boxoffice_contract::users::{Account, Confirmation, Credentials, NewAddress, OnItsWay, Undo};
use boxoffice_kernel::command::{Idempotency, Reply};
use boxoffice_kernel::db::{Read, Reader};
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Cx, Timestamp, Unit, unit};
use http::{HeaderMap, StatusCode};
use send_wrapper::SendWrapper;

use crate::account::{self, Displaced, Stored};
use crate::address_change::{self, Change, NewChange};
use crate::proof::{self, NewProof, Newest, Proof, Tried};
use crate::refusal::{self, Refusal};
use crate::session::Ended;
use crate::token::Key;
use crate::visitor::VisitorCx;
use crate::{SERVICE, ended, gate, sign_in, throttle};

pub(crate) fn quick_route() -> Router {
    Router::new()
        .route("/api/users/email/confirm", post(confirm))
        .route("/api/users/email/undo", post(undo))
}

pub(crate) fn hashing_route() -> Router {
    Router::new().route("/api/users/email", post(ask))
}

/// Change your address
///
/// A letter to the new address brings a code and a link; either works for an hour. The account keeps its
/// address until then. A wrong password counts as a sign-in that failed.
#[utoipa::path(
    post, path = "/api/users/email", tag = "users", operation_id = "ask_for_address",
    request_body = NewAddress,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 202, description = "The letter is on its way to the new address", body = OnItsWay),
        (status = 400, description = "Fields are invalid, or the password is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "The account has a second factor: confirm first that it is you", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The account has this address", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many failures, or too many e-mails were asked for; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn ask(
    cx: VisitorCx,
    headers: HeaderMap,
    // A repeat sends another letter, which ends the one before: the key is checked and not needed.
    _: Idempotency,
    Valid(wanted): Valid<NewAddress>,
) -> Result<Response> {
    gate::confirmed_if_protected(&cx).await?;
    let (id, email) = (cx.account.id, account::address(&wanted.email));
    if cx.account.has_password {
        let password = wanted.password.ok_or(Refusal::PasswordNeeded)?;
        let credentials = Credentials { email: cx.account.email.clone(), password };
        match sign_in::check(&cx, &headers, &credentials).await {
            Err(Refusal::InvalidCredentials) => return Err(Refusal::NotThePassword.into()),
            checked => drop(checked?),
        }
    }
    if email == cx.account.email {
        return Err(Refusal::SameAddress.into());
    }
    throttle::count_address(&cx, id, &email).await?;
    let proof = NewProof::new(Purpose::Address, id, &email);
    let work = async |unit: &mut Unit<'_>| proof.ask(unit, AccountLetter::ConfirmAddress);
    unit::run(&cx, &SERVICE, work).await?;
    log::security(&cx, Security::AddressAsked, Some(id));
    let expires_at = proof.expires_at;
    Ok((StatusCode::ACCEPTED, Json(OnItsWay { expires_at })).into_response())
}

/// Confirm your new address
///
/// By the code in the letter to it, of which one may type ten, or by the token in its link. The account
/// has the address then, and its sessions go on. A letter tells the old address, and brings a way back.
/// A repeat changes nothing.
#[utoipa::path(
    post, path = "/api/users/email/confirm", tag = "users", operation_id = "confirm_address",
    request_body = Confirmation,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 200, description = "The account with its new address", body = Account),
        (status = 400, description = "Fields are invalid, or the code is not the one in the letter", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The letter no longer works, or the address has another account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn confirm(
    cx: VisitorCx,
    headers: HeaderMap,
    _: Idempotency,
    Valid(confirmation): Valid<Confirmation>,
) -> Result<Json<Account>> {
    let letter = match (confirmation.token, confirmation.code) {
        (Some(token), _) => {
            let read = Key::load().await?.proofs.read(Purpose::Address, &token);
            read.ok_or_else(|| refused(&cx))?
        }
        (None, code) => by_code(&cx, &code.unwrap_or_default()).await?,
    };
    let found = Reader::new(&SERVICE).read::<Proof>(proof::of_id(letter, Purpose::Address)).await?;
    // Only the account that asked may have the address.
    let found = found.filter(|found| found.account_id == cx.account.id);
    let found = found.ok_or_else(|| refused(&cx))?;
    if found.is_used() && cx.account.email == found.email {
        return Ok(Json(cx.account.clone()));
    }
    Ok(Json(change(&cx, &headers, letter, &found.email).await?))
}

/// Finds the newest letter to a new address of the visitor, if `code` is the one in it.
async fn by_code(cx: &VisitorCx, code: &str) -> refusal::Result<LetterId> {
    let id = cx.account.id;
    let newest = proof::newest(id, Purpose::Address);
    let newest = Reader::new(&SERVICE).read::<Newest>(newest).await?;
    // A repeat is answered though its code was used.
    if let Some(newest) = newest.filter(|newest| newest.has_proven(&cx.account.email))
        && proof::is_code(newest.id, code).await?
    {
        return Ok(newest.id);
    }
    let trying = proof::trying(id, Purpose::Address, Timestamp::now());
    let tried = unit::change::<Tried>(cx, &SERVICE, trying).await?.ok_or(Refusal::ProofVoid)?;
    if !proof::is_code(tried.id, code).await? {
        log::security(cx, Security::ProofRefused, Some(id));
        return Err(Refusal::WrongCode { left: tried.left() });
    }
    Ok(tried.id)
}

/// Gives the visitor's account the address `email`, which the letter `id` has proven.
async fn change(
    cx: &VisitorCx,
    headers: &HeaderMap,
    id: LetterId,
    email: &str,
) -> refusal::Result<Account> {
    let (account, now) = (&cx.account, Timestamp::now());
    let old = NewChange::new(cx, account.id, &account.email, headers);
    let displaced = SendWrapper::new(Cell::new(None::<Displaced>));
    let work = async |unit: &mut Unit<'_>| {
        displaced.set(None);
        let used = unit.change::<Proof>(proof::using(id, Purpose::Address, now)).await?;
        used.ok_or(Refusal::ProofVoid)?;
        displaced.set(account::displace(unit, email, account.id, now).await?);
        let readdressing = account::readdressing(account.id, &account.email, email, now);
        let changed = unit.change::<Stored>(readdressing).await?.ok_or(Refusal::ProofVoid)?;
        // Letters to the old address open nothing any more, but the one that tells of this.
        unit.change::<()>(proof::ending_all(account.id, now)).await?;
        if account.email_verified {
            old.tell(unit)?;
        }
        refusal::Result::Ok(changed.account())
    };
    let changed = unit::run(cx, &SERVICE, work).await.inspect_err(|refusal| {
        if matches!(refusal, Refusal::ProofVoid) {
            log::security(cx, Security::ProofRefused, Some(account.id));
        }
    })?;
    if let Some(displaced) = Cell::take(&displaced) {
        displaced.tell(cx, now).await;
    }
    log::security(cx, Security::AddressChanged, Some(account.id));
    Ok(changed)
}

/// Take your address back
///
/// By the token in the letter that told the old address of a change. The account has that address again.
/// All its sessions end and its password is void, so its owner chooses a new one by a letter. A repeat
/// changes nothing.
#[utoipa::path(
    post, path = "/api/users/email/undo", tag = "users", operation_id = "undo_address",
    request_body = Undo,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 204, description = "The account has its old address"),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The letter no longer works, or the address has another account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn undo(cx: Cx, _: Idempotency, Valid(undo): Valid<Undo>) -> Result<Response> {
    let letter = Key::load().await?.proofs.read(Purpose::Undo, &undo.token);
    let letter = letter.ok_or_else(|| refused(&cx))?;
    let found = Reader::new(&SERVICE).read::<Change>(address_change::of_id(letter)).await?;
    let change = found.ok_or_else(|| refused(&cx))?;
    let (id, now) = (change.account_id, Timestamp::now());
    if !change.is_good(now) {
        let account = account::of(id).await?;
        return match account.filter(|account| account.email == change.old_email) {
            Some(_) => Ok(Reply::no_content().into_response()),
            None => Err(refused(&cx).into()),
        };
    }
    let told = SendWrapper::new(Cell::new((Vec::<Ended>::new(), None::<Displaced>)));
    let work = async |unit: &mut Unit<'_>| {
        let ending = address_change::ending(id, change.created_at, now);
        let ending = unit.change_all::<(LetterId,)>(ending).await?;
        if !ending.iter().any(|(ended,)| *ended == letter) {
            return Err(Refusal::ProofVoid);
        }
        let displaced = account::displace(unit, &change.old_email, id, now).await?;
        let restoring = account::restoring(id, &change.old_email, now);
        unit.change::<Stored>(restoring).await?.ok_or(Refusal::ProofVoid)?;
        told.set((account::disarm(unit, id, now).await?, displaced));
        refusal::Result::Ok(())
    };
    unit::run(&cx, &SERVICE, work).await?;
    let (sessions, displaced) = Cell::take(&told);
    ended::tell_soon(&cx, &sessions, Some((id, now))).await;
    if let Some(displaced) = displaced {
        displaced.tell(&cx, now).await;
    }
    log::security(&cx, Security::AddressRestored, Some(id));
    Ok(Reply::no_content().into_response())
}

fn refused(cx: &Cx) -> Refusal {
    log::security(cx, Security::ProofRefused, None);
    Refusal::ProofVoid
}
