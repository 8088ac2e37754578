//! `POST /sign-out`.

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_kernel::problem::Result;
use http::Method;

use crate::answer;
use crate::form::Sent;
use crate::notice::Notice;
use crate::services::{AUTH, Change, Refusal};
use crate::visitor::AnyVisit;

pub(crate) fn route() -> Router {
    Router::new().route("/sign-out", post(sign_out))
}

/// Takes the session's cookie back, whether the session is good or not.
async fn sign_out(AnyVisit(visit): AnyVisit, sent: Sent) -> Result<Response> {
    let change = Change::new(Method::POST, "/api/users/signOut", sent.key());
    let signed_out = visit.command(&AUTH, change, None::<&()>).await?;
    let signed_out = signed_out.map_err(Refusal::into_problem)?;
    let response = answer::go(&visit, "/", Some(Notice::SignedOut)).await?;
    Ok(answer::with_cookies_of(response, &signed_out))
}
