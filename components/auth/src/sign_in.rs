//! `POST /api/users/signIn`: starts a session.

use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::mail::AccountLetter;
use boxoffice_contract::users::{Account, Credentials};
use boxoffice_kernel::command::Idempotency;
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Cx, Unit, unit};
use http::HeaderMap;

use crate::account::{self, Stored};
use crate::notice::NewNotice;
use crate::refusal::{self, Refusal};
use crate::session::NewSession;
use crate::throttle::{self, Attempt};
use crate::{SERVICE, locale, password};

pub(crate) fn route() -> Router {
    Router::new().route("/api/users/signIn", post(sign_in))
}

/// Sign in
///
/// Starts a session and sets its cookie. After ten failed sign-ins to an account from one client, more
/// wait for up to 15 minutes. A browser that has signed in to the account before is counted by itself.
/// Of a sign-in by a new one, the owner is told by a letter.
#[utoipa::path(
    post, path = "/api/users/signIn", tag = "users", request_body = Credentials,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 200, description = "The account; the session is in the cookie", body = Account),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Address and password do not match", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many failures; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sign_in(
    cx: Cx,
    headers: HeaderMap,
    // A repeated sign-in does no harm: the key is checked and not needed.
    _: Idempotency,
    Valid(credentials): Valid<Credentials>,
) -> Result<Response> {
    let entered = check(&cx, &headers, &credentials).await?;
    let session = NewSession::new(&cx, entered.account.id(), &headers).await?;
    entered.store(&cx, &session, &headers).await?;
    let account = entered.account.account();
    Ok(session.begin(&cx, Json(&account).into_response()).await?)
}

/// An account whose password was right.
pub(crate) struct Entered {
    pub(crate) account: Stored,
    /// Whether the account has signed in on the device before.
    is_known_device: bool,
}

/// Finds the account whose address and password these are, unless too many guesses were made.
pub(crate) async fn check(
    cx: &Cx,
    headers: &HeaderMap,
    credentials: &Credentials,
) -> refusal::Result<Entered> {
    let email = account::address(&credentials.email);
    let stored = account::find(&email).await?;
    let id = stored.as_ref().map(Stored::id);
    let attempt = Attempt::count(cx, headers, &email, id).await?;
    let Some(account) = matching(stored, &credentials.password).await? else {
        log::security(cx, Security::SignInFailed, id);
        return Err(Refusal::InvalidCredentials);
    };
    attempt.succeeded(cx).await?;
    Ok(Entered { account, is_known_device: attempt.is_known_device })
}

/// Returns the account `stored`, if `password` is its password.
async fn matching(stored: Option<Stored>, password: &str) -> anyhow::Result<Option<Stored>> {
    let Some(stored) = stored else {
        password::pretend(password).await?;
        return Ok(None);
    };
    Ok(password::matches(password, &stored.password_hash).await?.then_some(stored))
}

impl Entered {
    /// Stores a session that begins. The owner is told of a device that is new.
    pub(crate) async fn store(
        &self,
        cx: &Cx,
        session: &NewSession,
        headers: &HeaderMap,
    ) -> refusal::Result<()> {
        let id = self.account.id();
        let is_told = !self.is_known_device && throttle::tells_of_device(cx, id).await?;
        let notice = is_told.then(|| NewNotice::new(cx, id, headers));
        let locale = locale::of(headers).filter(|now| Some(now) != self.account.locale.as_ref());
        if notice.is_none() && locale.is_none() {
            return Ok(unit::change::<()>(cx, &SERVICE, session.insert()).await.map(drop)?);
        }
        let work = async |unit: &mut Unit<'_>| {
            unit.insert(session.insert());
            if let Some(locale) = &locale {
                unit.require(account::speaking(id, locale));
            }
            if let Some(notice) = &notice {
                notice.ask(unit, AccountLetter::NewDevice)?;
            }
            refusal::Result::Ok(())
        };
        unit::run(cx, &SERVICE, work).await
    }
}

/// Answers a repeat of a call that signed somebody in: the same answer, and a session for a caller who
/// knows the password. A wrong password counts as a sign-in that failed.
pub(crate) async fn again(
    cx: &Cx,
    headers: &HeaderMap,
    credentials: &Credentials,
    replay: Response,
) -> refusal::Result<Response> {
    let entered = check(cx, headers, credentials).await?;
    let session = NewSession::new(cx, entered.account.id(), headers).await?;
    entered.store(cx, &session, headers).await?;
    Ok(session.begin(cx, replay).await?)
}
