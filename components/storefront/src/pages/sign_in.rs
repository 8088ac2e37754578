//! `/sign-in`.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_common::problem::Result;
use boxoffice_web::state::Page;
use http::Uri;

use super::entrance::Door;
use crate::form::Sent;
use crate::visit::Visit;

const DOOR: Door = Door {
    path: "/sign-in",
    call: "/api/users/signIn",
    title: "Sign in",
    description: "Sign in to buy and sell tickets.",
    page: Page::SignIn,
    notice: None,
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
