//! `/sign-up`.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_common::problem::Result;
use boxoffice_web::state::Page;
use http::Uri;

use super::entrance::Door;
use crate::form::Sent;
use crate::notice::Notice;
use crate::visit::Visit;

const DOOR: Door = Door {
    path: "/sign-up",
    call: "/api/users/signUp",
    title: "Sign up",
    description: "Make an account to buy and sell tickets.",
    page: Page::SignUp,
    notice: Some(Notice::SignedUp),
};

pub(crate) fn route() -> Router {
    Router::new().route(DOOR.path, get(show).post(enter))
}

async fn show(visit: Visit, uri: Uri) -> Result<Response> {
    DOOR.show(&visit, &uri).await
}

async fn enter(visit: Visit, uri: Uri, sent: Sent) -> Result<Response> {
    DOOR.enter(&visit, &uri, &sent).await
}
