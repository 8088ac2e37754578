//! `/api/mail/unsubscribe`: somebody does without letters of a category, by the link in one of them.
//!
//! The header `List-Unsubscribe` of a letter has this address. Mail programs send it a `POST` when their
//! user presses a button (RFC 8058). A browser that is led here is sent to the page with the button: mail
//! scanners follow links, and must unsubscribe nobody.

use anyhow::Result as Any;
use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use boxoffice_contract::UserId;
use boxoffice_contract::mail::Category;
use boxoffice_kernel::http::Fields;
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Cx, Problem, seal, unit};
use http::header::LOCATION;
use http::{StatusCode, Uri};

use crate::{SERVICE, refused, token};

/// The path of the call.
pub(crate) const PATH: &str = "/api/mail/unsubscribe";
/// The path of the page.
const PAGE: &str = "/mail/unsubscribe";
/// The problem's code if a link was not made here.
const TOKEN_INVALID: &str = "token_invalid";

pub(crate) fn route() -> Router {
    Router::new().route(PATH, get(lead).post(unsubscribe))
}

/// Makes the paths of the call and of the page for a letter; `None` without a key.
///
/// # Errors
/// When the keys cannot be read.
pub(crate) async fn paths(account: UserId, category: Category) -> Any<Option<(String, String)>> {
    let code = seal::make(token::PURPOSE, &token::message(account, category)).await?;
    let token = code.map(|code| token::written(account, category, &code));
    Ok(token.map(|token| (format!("{PATH}?token={token}"), format!("{PAGE}?token={token}"))))
}

/// The page to unsubscribe
///
/// For browsers that follow the address in a letter's `List-Unsubscribe`.
#[utoipa::path(
    get, path = "/api/mail/unsubscribe", tag = "mail", operation_id = "show_unsubscribe",
    params(("token" = String, Query, description = "The token of the letter", max_length = 200)),
    responses(
        (status = 303, description = "To the page with the button"),
        (status = 400, description = "The token is invalid", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn lead(uri: Uri) -> Result<Response> {
    let token = read(&uri)?;
    check(&token).await?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, format!("{PAGE}?token={token}"))]).into_response())
}

/// Unsubscribe
///
/// From letters of the kind that the token is from. Nobody needs to be signed in. A repeat changes
/// nothing. The body is not read: mail programs send `List-Unsubscribe=One-Click`.
#[utoipa::path(
    post, path = "/api/mail/unsubscribe", tag = "mail", operation_id = "unsubscribe",
    params(("token" = String, Query, description = "The token of the letter", max_length = 200)),
    responses(
        (status = 204, description = "Such letters no longer come"),
        (status = 400, description = "The token is invalid", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn unsubscribe(cx: Cx, uri: Uri) -> Result<Response> {
    let (account, category) = match check(&read(&uri)?).await {
        Ok(known) => known,
        Err(problem) => {
            log::security(&cx, Security::ProofRefused, None);
            return Err(problem);
        }
    };
    unit::change::<()>(&cx, &SERVICE, refused::refusing(account, category)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Reads the token of the query.
fn read(uri: &Uri) -> Result<String> {
    let mut fields = Fields::parse(uri.query(), &["token"]);
    let token = fields.take("token", |text| Ok(text.to_owned()));
    fields.finish()?;
    token.ok_or_else(|| Problem::invalid_field("token", "Give the token in the letter's link"))
}

/// Returns whose letters of which category the token is about, if it was made here.
async fn check(token: &str) -> Result<(UserId, Category)> {
    let known = match token::parted(token) {
        None => None,
        Some((account, category, code)) => {
            let text = token::message(account, category);
            let is_ours = seal::check(token::PURPOSE, &text, code).await?;
            is_ours.then_some((account, category))
        }
    };
    known.ok_or_else(|| {
        let message = "This link no longer works; choose your e-mails on the page of your account";
        Problem::invalid_field("token", message).with_code(TOKEN_INVALID)
    })
}
