//! `POST /api/users/signUp`: makes an account and signs its owner in.

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_account_proof::Purpose;
use boxoffice_contract::UserId;
use boxoffice_contract::mail::AccountLetter;
use boxoffice_contract::users::{Account, Credentials};
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Cx, Timestamp, Unit};
use http::{HeaderMap, StatusCode};

use crate::account::{self, NewAccount};
use crate::gate::{Entry, First};
use crate::proof::NewProof;
use crate::refusal::{self, Refusal};
use crate::session::NewSession;
use crate::{SERVICE, locale, password, sign_in, throttle};

pub(crate) fn route() -> Router {
    Router::new().route("/api/users/signUp", post(sign_up))
}

/// Sign up
///
/// Creates an account, starts a session and sets its cookie. A letter brings a code and a link, by which
/// the address is proven.
#[utoipa::path(
    post, path = "/api/users/signUp", tag = "users", request_body = Credentials,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 201, description = "The new account; the session is in the cookie", body = Account),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The address already has an account", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many accounts were made; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sign_up(
    cx: Cx,
    headers: HeaderMap,
    idempotency: Idempotency,
    Valid(credentials): Valid<Credentials>,
) -> Result<Response> {
    let email = account::address(&credentials.email);
    password::check(&credentials.password, &email)?;
    // The body holds the password: its digest is not stored. A repeat shows that it knows the
    // password instead, below.
    let idempotency = idempotency.identified_by(&format!("signUp {email}"));
    if let Some(replay) = command::replay(&cx, &SERVICE, &idempotency).await? {
        return Ok(repeat(&cx, &headers, &credentials, replay).await?);
    }
    throttle::count_sign_up(&cx).await?;
    let password_hash = password::hash(&credentials.password).await?;
    let (id, email_verified, has_password) = (UserId::new(), false, true);
    let (email_shown, roles) = (email.clone(), Vec::new());
    let account = Account { id, email: email_shown, email_verified, has_password, roles };
    let proof = NewProof::new(Purpose::Verify, account.id, &email);
    let (locale, created_at) = (locale::of(&headers), Timestamp::now());
    let row = NewAccount { id: account.id, email, password_hash, locale, created_at };
    let session = NewSession::new(&cx, account.id, &headers).await?;
    let work = async |unit: &mut Unit<'_>| {
        unit.insert(row.insert());
        unit.insert(session.insert());
        proof.ask(unit, AccountLetter::VerifyAddress)?;
        refusal::Result::Ok(Reply::created("/api/users/currentUser", &account)?)
    };
    let response = command::run(&cx, &SERVICE, &idempotency, work).await?;
    if response.headers().contains_key(command::REPLAYED) {
        return Ok(repeat(&cx, &headers, &credentials, response).await?);
    }
    log::security(&cx, Security::SignedUp, Some(account.id));
    Ok(session.begin(&cx, response, &Entry::of_new_account(First::Password)).await?)
}

/// Answers a repeat of a sign-up that succeeded.
async fn repeat(
    cx: &Cx,
    headers: &HeaderMap,
    credentials: &Credentials,
    replay: Response,
) -> refusal::Result<Response> {
    debug_assert_eq!(replay.status(), StatusCode::CREATED);
    match sign_in::again(cx, headers, credentials, replay).await {
        Err(Refusal::InvalidCredentials) => Err(Refusal::EmailTaken),
        answered => answered,
    }
}
