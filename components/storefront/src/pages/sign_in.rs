//! `/sign-in`.

use axum::Router;
use boxoffice_web::state::Page;

use super::entrance::Door;

static DOOR: Door = Door {
    path: "/sign-in",
    call: "/api/users/signIn",
    title: "Sign in",
    description: "Sign in to buy and sell tickets.",
    page: Page::SignIn,
    notice: None,
};

pub(crate) fn route() -> Router {
    DOOR.route()
}
