//! `/api/users/verification`: proves that an account's address is its owner's.

use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use boxoffice_account_proof::Purpose;
use boxoffice_contract::LetterId;
use boxoffice_contract::mail::AccountLetter;
use boxoffice_contract::users::{Account, Confirmation, OnItsWay};
use boxoffice_kernel::command::Idempotency;
use boxoffice_kernel::db::{Read, Reader};
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Cx, Problem, Timestamp, Unit, unit};
use http::StatusCode;

use crate::account::{self, Stored};
use crate::proof::{self, NewProof, Proof, Tried};
use crate::refusal::{self, Refusal};
use crate::token::Key;
use crate::visitor::{MaybeVisitor, VisitorCx};
use crate::{SERVICE, throttle};

pub(crate) fn route() -> Router {
    Router::new()
        .route("/api/users/verification", post(ask))
        .route("/api/users/verification/confirm", post(confirm))
}

/// Ask for a letter that proves your address
///
/// The letter brings a code and a link; either works for an hour. The letters before no longer do. At most
/// five an hour.
#[utoipa::path(
    post, path = "/api/users/verification", tag = "users", operation_id = "ask_for_verification",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 202, description = "The letter is on its way", body = OnItsWay),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The address is verified already", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many e-mails were asked for; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
// A repeat sends another letter, which ends the one before: the key is checked and not needed.
pub(crate) async fn ask(cx: VisitorCx, _: Idempotency) -> Result<Response> {
    if cx.account.email_verified {
        return Err(Refusal::AlreadyVerified.into());
    }
    throttle::count_verification(&cx, cx.account.id).await?;
    let proof = NewProof::new(Purpose::Verify, cx.account.id, &cx.account.email);
    let work = async |unit: &mut Unit<'_>| proof.ask(unit, AccountLetter::VerifyAddress);
    unit::run(&cx, &SERVICE, work).await?;
    let expires_at = proof.expires_at;
    Ok((StatusCode::ACCEPTED, Json(OnItsWay { expires_at })).into_response())
}

/// Prove your address
///
/// By the code in the letter, of which one may type ten, or by the token in its link, for which nobody
/// needs to be signed in. A repeat changes nothing.
#[utoipa::path(
    post, path = "/api/users/verification/confirm", tag = "users", operation_id = "confirm_verification",
    request_body = Confirmation,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 200, description = "The account, whose address is verified", body = Account),
        (status = 400, description = "Fields are invalid, or the code is not the one in the letter", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "A code was sent, and nobody is signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The letter no longer works", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn confirm(
    cx: Cx,
    MaybeVisitor(visitor): MaybeVisitor,
    _: Idempotency,
    Valid(confirmation): Valid<Confirmation>,
) -> Result<Json<Account>> {
    let account = match (confirmation.token, confirmation.code, visitor) {
        (Some(token), ..) => by_token(&cx, &token).await?,
        (None, Some(code), Some(visitor)) => by_code(&visitor, &code).await?,
        _ => return Err(Problem::unauthorized("Sign in first, then type the code")),
    };
    Ok(Json(account))
}

/// Proves the address of the letter whose link has `token`.
async fn by_token(cx: &Cx, token: &str) -> refusal::Result<Account> {
    let Some(id) = Key::load().await?.proofs.read(Purpose::Verify, token) else {
        log::security(cx, Security::ProofRefused, None);
        return Err(Refusal::ProofVoid);
    };
    verify(cx, id).await
}

/// Proves the address of the visitor, if `code` is the one in the newest letter.
async fn by_code(visitor: &VisitorCx, code: &str) -> refusal::Result<Account> {
    let account = &visitor.account;
    if account.email_verified {
        return Ok(account.clone());
    }
    let trying = proof::trying(account.id, Purpose::Verify, Timestamp::now());
    let tried = unit::change::<Tried>(visitor, &SERVICE, trying).await?;
    let tried = tried.ok_or(Refusal::ProofVoid)?;
    if !Key::load().await?.proofs.is_code(tried.id, code) {
        log::security(visitor, Security::ProofRefused, Some(account.id));
        return Err(Refusal::WrongCode { left: tried.left() });
    }
    verify(visitor, tried.id).await
}

/// Uses the proof `id`, and notes that the address is its owner's. The account stays as it is, password
/// and sessions too: people sign up on one device and open the letter on another, and it asks whether the
/// account is theirs.
async fn verify(cx: &Cx, id: LetterId) -> refusal::Result<Account> {
    let now = Timestamp::now();
    let work = async |unit: &mut Unit<'_>| {
        let used = unit.change::<Proof>(proof::using(id, Purpose::Verify, now)).await?;
        let Proof { account_id, email, .. } = used.ok_or(Refusal::ProofVoid)?;
        let verified = unit.change::<Stored>(account::verifying(account_id, &email, now)).await?;
        verified.ok_or(Refusal::ProofVoid)
    };
    let account = match unit::run(cx, &SERVICE, work).await {
        Err(Refusal::ProofVoid) => return verified_before(cx, id).await,
        verified => verified?.account(),
    };
    log::security(cx, Security::AddressVerified, Some(account.id));
    Ok(account)
}

/// Answers a repeat: the proof was used, and the account still has the address.
async fn verified_before(cx: &Cx, id: LetterId) -> refusal::Result<Account> {
    let mut reader = Reader::new(&SERVICE);
    let proof = reader.read::<Proof>(proof::of_id(id, Purpose::Verify)).await?;
    if let Some(proof) = proof.filter(Proof::is_used) {
        let stored = reader.read::<Stored>(account::of_address(&proof.email)).await?;
        let account =
            stored.filter(|stored| stored.id() == proof.account_id).map(|stored| stored.account());
        if let Some(account) = account.filter(|account| account.email_verified) {
            return Ok(account);
        }
    }
    log::security(cx, Security::ProofRefused, None);
    Err(Refusal::ProofVoid)
}
