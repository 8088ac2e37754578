//! `POST /api/users/guest`: makes an account without a password, for somebody who buys with an address
//! alone.

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_contract::UserId;
use boxoffice_contract::users::{Account, Guest};
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::db::{Read, Reader};
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Cx, Timestamp, Unit, unit};
use http::HeaderMap;

use crate::account::{self, NewAccount, Stored};
use crate::gate::{self, Entry, First};
use crate::refusal::Refusal;
use crate::session::NewSession;
use crate::{SERVICE, locale, throttle};

/// For how long a repeat of the request begins another session, in seconds. Nothing else shows who asks:
/// a guest has no password.
const REPEATED_SECONDS: i64 = 10 * 60;

pub(crate) fn route() -> Router {
    Router::new().route("/api/users/guest", post(enter))
}

/// Buy as a guest
///
/// Makes an account without a password, starts a session and sets its cookie. No letter is sent: those
/// about what is bought bring a link that opens the account. Who has an account signs in instead.
#[utoipa::path(
    post, path = "/api/users/guest", tag = "users", operation_id = "enter_as_guest",
    request_body = Guest,
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
pub(crate) async fn enter(
    cx: Cx,
    headers: HeaderMap,
    idempotency: Idempotency,
    Valid(guest): Valid<Guest>,
) -> Result<Response> {
    let email = account::address(&guest.email);
    if let Some(replay) = command::replay(&cx, &SERVICE, &idempotency).await? {
        return again(&cx, &headers, &email, replay).await;
    }
    throttle::count_sign_up(&cx).await?;
    let (id, email_verified, has_password) = (UserId::new(), false, false);
    let roles = Vec::new();
    let account = Account { id, email: email.clone(), email_verified, has_password, roles };
    let row = NewAccount {
        id,
        email: email.clone(),
        password_hash: String::new(),
        locale: locale::of(&headers),
        created_at: Timestamp::now(),
    };
    let session = NewSession::new(&cx, id, &headers).await?;
    let work = async |unit: &mut Unit<'_>| {
        unit.insert(row.insert());
        unit.insert(session.insert());
        crate::refusal::Result::Ok(Reply::created("/api/users/currentUser", &account)?)
    };
    let response = match command::run(&cx, &SERVICE, &idempotency, work).await {
        Err(command::Error::Refused(Refusal::EmailTaken)) => {
            return Err(Refusal::AccountExists.into());
        }
        answered => answered?,
    };
    if response.headers().contains_key(command::REPLAYED) {
        return again(&cx, &headers, &email, response).await;
    }
    log::security(&cx, Security::SignedUp, Some(id));
    let entry = Entry::of_new_account(First::Elsewhere);
    Ok(session.begin(&cx, response, &entry).await?)
}

/// Answers a repeat: the same, and another session, for a short time and as long as nobody has proven the
/// address.
async fn again(cx: &Cx, headers: &HeaderMap, email: &str, replay: Response) -> Result<Response> {
    let since = Timestamp::now().plus_seconds(-REPEATED_SECONDS);
    let guest = Reader::new(&SERVICE).read::<Stored>(account::of_guest(email, since)).await?;
    let guest = guest.ok_or(Refusal::AccountExists)?;
    let entry = gate::admit(guest.id(), First::Elsewhere).await?;
    let session = NewSession::new(cx, guest.id(), headers).await?;
    unit::change::<()>(cx, &SERVICE, session.insert()).await?;
    Ok(session.begin(cx, replay, &entry).await?)
}
