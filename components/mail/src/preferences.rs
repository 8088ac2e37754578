//! `/api/mail/preferences`: which letters somebody gets.

use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use boxoffice_contract::mail::{Category, NewPreferences, Preferences};
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::db::{Read, Reader};
use boxoffice_kernel::http::Valid;
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Problem, Unit, UserCx};

use crate::{SERVICE, refused, suppressed};

pub(crate) fn route() -> Router {
    Router::new().route("/api/mail/preferences", get(show).put(change))
}

/// Which letters you get
///
/// Letters about your orders, tickets and account always come.
#[utoipa::path(
    get, path = "/api/mail/preferences", tag = "mail", operation_id = "show_mail_preferences",
    responses(
        (status = 200, description = "What you get, and what keeps letters from you", body = Preferences),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(cx: UserCx) -> Result<Json<Preferences>> {
    let refused = refused::of_account(cx.user.id);
    let refused: Vec<(String,)> = Reader::new(&SERVICE).read_all(refused).await?;
    let has = |category: Category| !refused.iter().any(|(name,)| name == category.name());
    let (sales, reminders) = (has(Category::Sales), has(Category::Reminders));
    let trouble = suppressed::trouble(&cx.account().await?.email).await?;
    Ok(Json(Preferences { sales, reminders, trouble: trouble.map(Into::into) }))
}

/// Choose which letters you get
///
/// What is left out stays as it is.
#[utoipa::path(
    put, path = "/api/mail/preferences", tag = "mail", operation_id = "change_mail_preferences",
    request_body = NewPreferences,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 204, description = "It is changed"),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The Idempotency-Key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn change(
    cx: UserCx,
    idempotency: Idempotency,
    Valid(wanted): Valid<NewPreferences>,
) -> Result<Response> {
    let account = cx.user.id;
    let work = async |unit: &mut Unit<'_>| {
        for category in Category::ALL.iter().copied() {
            match wanted.wants(category) {
                Some(true) => {
                    unit.change::<()>(refused::wanting(account, category)).await?;
                }
                Some(false) => unit.insert(refused::refusing(account, category)),
                None => {}
            }
        }
        Ok::<_, Problem>(Reply::no_content())
    };
    Ok(command::run(&cx, &SERVICE, &idempotency, work).await?)
}
