//! `/api/users/factors/totp`: an authenticator app as second factor (RFC 6238).

use std::cell::Cell;

use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use boxoffice_admission_code::qr::Qr;
use boxoffice_contract::factors::{NewTotp, RecoveryCodes, TotpCode};
use boxoffice_contract::mail::AccountLetter;
use boxoffice_contract::{Timestamp, UserId};
use boxoffice_kernel::command::{Idempotency, Reply};
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Cx, Unit, query, row, unit};
use boxoffice_webauthn::totp as codes;
use http::HeaderMap;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use send_wrapper::SendWrapper;

use crate::challenge::random;
use crate::gate::{Entry, Second, Standing};
use crate::notice::NewNotice;
use crate::recovery::{self, NewCode};
use crate::refusal::{self, Refusal};
use crate::session::{self, Ended};
use crate::token::Key;
use crate::visitor::VisitorCx;
use crate::{SERVICE, ended, gate, throttle};

/// The shop's name, as apps show it.
const ISSUER: &str = "Boxoffice";

row! {
    /// An app's secret.
    pub(crate) struct App {
        secret: String,
        last_step: i64,
    }
}

pub(crate) fn route() -> Router {
    Router::new()
        .route("/api/users/factors/totp", post(begin).delete(remove))
        .route("/api/users/factors/totp/confirm", post(confirm))
}

/// Set up an authenticator app
///
/// The secret, for the app. It counts once a code of it is confirmed. A repeat makes another secret.
#[utoipa::path(
    post, path = "/api/users/factors/totp", tag = "users", operation_id = "begin_totp",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 200, description = "The secret", body = NewTotp),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Confirm first that it is you", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The account has an app already; remove it first", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many changes; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
// A secret is not stored as an answer: the key is checked and not needed.
pub(crate) async fn begin(cx: VisitorCx, _: Idempotency) -> Result<Response> {
    let id = cx.account.id;
    cx.confirmed()?;
    throttle::count_factor_change(&cx, id).await?;
    let secret = random::<{ codes::SECRET }>()?;
    let sealed = Key::load().await?.vault.seal(id, &secret)?;
    let beginning = beginning(id, &sealed, Timestamp::now());
    let begun = unit::change::<(UserId,)>(&cx, &SERVICE, beginning).await?;
    begun.ok_or(Refusal::AppKnown)?;
    let uri = address(&secret, &cx.account.email);
    let picture = picture(&uri)?;
    let secret = codes::written(&secret);
    Ok(Json(NewTotp { secret, uri, picture }).into_response())
}

/// Confirm the app by a code
///
/// From now on a sign-in needs a second step. If this is the account's first second factor, all other
/// sessions end, and recovery codes are shown this once.
#[utoipa::path(
    post, path = "/api/users/factors/totp/confirm", tag = "users", operation_id = "confirm_totp",
    request_body = TotpCode,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 200, description = "Recovery codes, if they are new; a fresh token is in the cookie", body = RecoveryCodes),
        (status = 400, description = "The code is invalid or wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Confirm first that it is you", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "No app is being set up", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many wrong codes or changes; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn confirm(
    cx: VisitorCx,
    headers: HeaderMap,
    // As above.
    _: Idempotency,
    Valid(given): Valid<TotpCode>,
) -> Result<Response> {
    let id = cx.account.id;
    cx.confirmed()?;
    let tried = throttle::count_factor(&cx, id).await?;
    let app = Reader::new(&SERVICE).read::<App>(pending(id)).await?.ok_or(Refusal::NoApp)?;
    let step = app.step(id, &given.code).await?.ok_or_else(|| refused(&cx, id))?;
    tried.release(&cx).await?;
    throttle::count_factor_change(&cx, id).await?;
    let (codes, rows) = recovery::new(id)?;
    let (notice, now) = (NewNotice::new(&cx, id, &headers), Timestamp::now());
    let others = SendWrapper::new(Cell::new(Vec::new()));
    let work = async |unit: &mut Unit<'_>| {
        let standing: Option<Standing> = unit.read(gate::standing(id)).await?;
        let is_first = !standing.is_some_and(|standing| standing.has_factor());
        let confirming = confirming(id, &app.secret, step, now);
        unit.change::<(UserId,)>(confirming).await?.ok_or(Refusal::NoApp)?;
        if is_first {
            others.set(first_factor(unit, &cx, &rows).await?);
        }
        notice.ask(unit, AccountLetter::FactorsChanged)?;
        refusal::Result::Ok(is_first)
    };
    let is_first = unit::run(&cx, &SERVICE, work).await?;
    ended::tell_soon(&cx, &Cell::take(&others), is_first.then_some((id, now))).await;
    log::security(&cx.with("factor", "totp"), Security::FactorAdded, Some(id));
    let recovery_codes = if is_first { codes } else { Vec::new() };
    let answer = Json(RecoveryCodes { recovery_codes }).into_response();
    session::renew(&cx, Entry::of_both(&[], Second::Totp), answer).await
}

/// Remove the authenticator app
///
/// A repeat changes nothing.
#[utoipa::path(
    delete, path = "/api/users/factors/totp", tag = "users", operation_id = "remove_totp",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 204, description = "The account has no authenticator app"),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Confirm first that it is you", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many changes; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remove(cx: VisitorCx, headers: HeaderMap, _: Idempotency) -> Result<Response> {
    let id = cx.account.id;
    cx.confirmed()?;
    throttle::count_factor_change(&cx, id).await?;
    let removed = last_factor(&cx, &headers, removing(id)).await?;
    if removed {
        log::security(&cx.with("factor", "totp"), Security::FactorRemoved, Some(id));
    }
    let has_factor = gate::standing_of(id).await?.has_factor();
    let entry = Entry::as_before(&cx.user, has_factor);
    session::renew(&cx, entry, Reply::no_content().into_response()).await
}

/// Stores the recovery codes `rows` of an account that gets its first second factor. Ends its other
/// sessions: their tokens do not tell of the factor, and who has them has not proven it.
///
/// # Errors
/// What the database says.
pub(crate) async fn first_factor(
    unit: &mut Unit<'_>,
    cx: &VisitorCx,
    rows: &[NewCode],
) -> refusal::Result<Vec<Ended>> {
    let (id, now) = (cx.account.id, Timestamp::now());
    unit.change::<()>(recovery::forgetting(id)).await?;
    unit.insert(NewCode::insert_all(rows));
    unit.change::<()>(session::signing_out(id, now)).await?;
    Ok(unit.change_all::<Ended>(session::ending_all(id, cx.user.session, now)).await?)
}

/// Removes a second factor by `removing`, and the recovery codes too if it was the last one. Returns
/// whether there was anything to remove.
///
/// # Errors
/// What the database says.
pub(crate) async fn last_factor(
    cx: &VisitorCx,
    headers: &HeaderMap,
    removing: Query,
) -> refusal::Result<bool> {
    let id = cx.account.id;
    let notice = NewNotice::new(cx, id, headers);
    let work = async |unit: &mut Unit<'_>| {
        let removed = unit.change::<(UserId,)>(removing.clone()).await?;
        if removed.is_none() {
            return refusal::Result::Ok(false);
        }
        let standing: Option<Standing> = unit.read(gate::standing(id)).await?;
        if !standing.is_some_and(|standing| standing.has_factor()) {
            unit.change::<()>(recovery::forgetting(id)).await?;
        }
        notice.ask(unit, AccountLetter::FactorsChanged)?;
        Ok(true)
    };
    unit::run(cx, &SERVICE, work).await
}

/// Notes that a second factor was wrong.
fn refused(cx: &Cx, account: UserId) -> Refusal {
    log::security(cx, Security::FactorRefused, Some(account));
    Refusal::WrongFactor { field: "code" }
}

/// Uses the code `given` of the app of `account`.
///
/// # Errors
/// [`Refusal::WrongFactor`] if it is wrong, was used, or there is no app; what the database says.
pub(crate) async fn check(cx: &Cx, account: UserId, given: &str) -> refusal::Result<()> {
    let wrong = || Refusal::WrongFactor { field: "code" };
    let app = Reader::new(&SERVICE).read::<App>(confirmed(account)).await?.ok_or_else(wrong)?;
    let step = app.step(account, given).await?.ok_or_else(wrong)?;
    let used = unit::change::<(UserId,)>(cx, &SERVICE, using(account, step)).await?;
    used.map(drop).ok_or_else(wrong)
}

impl App {
    /// Finds the step of which `given` is the code, unless it was used.
    async fn step(&self, account: UserId, given: &str) -> anyhow::Result<Option<i64>> {
        let Some(secret) = Key::load().await?.vault.open(account, &self.secret) else {
            let what = "an app's secret was encrypted by another auth_signing_key";
            log::noted(Cx::NONE, what, account);
            return Ok(None);
        };
        let seconds = Timestamp::now().as_millis() / 1000;
        Ok(codes::step(&secret, given, seconds, self.last_step))
    }
}

/// Writes the secret as an address that apps read (Key Uri Format of Google Authenticator).
fn address(secret: &[u8], email: &str) -> String {
    let secret = codes::written(secret);
    let email = utf8_percent_encode(email, NON_ALPHANUMERIC);
    format!("otpauth://totp/{ISSUER}:{email}?secret={secret}&issuer={ISSUER}")
}

/// Draws `text` as a QR code in SVG.
fn picture(text: &str) -> anyhow::Result<String> {
    let code = Qr::encode(text)?;
    let (view_box, path) = (code.view_box(), code.path());
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{view_box}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h999v999H0z\"/>\
         <path stroke=\"#000\" d=\"{path}\"/></svg>"
    ))
}

/// Stores the secret of an app that is being set up, unless one is in use.
pub(crate) fn beginning(account: UserId, secret: &str, now: Timestamp) -> Query {
    query!(
        "INSERT INTO auth_totp (account_id, secret, created_at) VALUES (?1, ?2, ?3) \
         ON CONFLICT (account_id) DO UPDATE SET secret = excluded.secret, \
         created_at = excluded.created_at, last_step = 0 \
         WHERE auth_totp.confirmed_at IS NULL RETURNING account_id",
        account,
        secret,
        now
    )
}

pub(crate) fn pending(account: UserId) -> Query {
    const COLUMNS: &str = App::COLUMNS;
    query!(
        "SELECT {COLUMNS} FROM auth_totp WHERE account_id = ?1 AND confirmed_at IS NULL",
        account
    )
}

pub(crate) fn confirmed(account: UserId) -> Query {
    const COLUMNS: &str = App::COLUMNS;
    query!(
        "SELECT {COLUMNS} FROM auth_totp WHERE account_id = ?1 AND confirmed_at IS NOT NULL",
        account
    )
}

/// Begins to use an app, if its secret is still the one whose code was typed.
pub(crate) fn confirming(account: UserId, secret: &str, step: i64, now: Timestamp) -> Query {
    query!(
        "UPDATE auth_totp SET confirmed_at = ?4, last_step = ?3 \
         WHERE account_id = ?1 AND secret = ?2 AND confirmed_at IS NULL RETURNING account_id",
        account,
        secret,
        step,
        now
    )
}

/// Uses the code of a step, unless it or a later one was used: one code is one sign-in, however many
/// come at once.
pub(crate) fn using(account: UserId, step: i64) -> Query {
    query!(
        "UPDATE auth_totp SET last_step = ?2 \
         WHERE account_id = ?1 AND last_step < ?2 AND confirmed_at IS NOT NULL \
         RETURNING account_id",
        account,
        step
    )
}

/// Removes the app of `account`: its address turned out to be somebody else's.
pub(crate) fn forgetting(account: UserId) -> Query {
    query!("DELETE FROM auth_totp WHERE account_id = ?1", account)
}

pub(crate) fn removing(account: UserId) -> Query {
    query!("DELETE FROM auth_totp WHERE account_id = ?1 RETURNING account_id", account)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn an_app_reads_whose_secret_it_is() {
        let uri = address(b"12345678901234567890", "ada+tickets@example.com");
        assert_eq!(
            uri,
            "otpauth://totp/Boxoffice:ada%2Btickets%40example%2Ecom?\
             secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Boxoffice"
        );
        let longest = address(&[0; 20], &format!("{}@example.com", "+".repeat(242)));
        for uri in [uri, longest] {
            let picture = picture(&uri).unwrap();
            assert!(picture.starts_with("<svg") && picture.ends_with("</svg>"));
        }
    }
}
