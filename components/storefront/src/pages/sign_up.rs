//! `/sign-up`.

use axum::Router;
use boxoffice_web::state::Page;

use super::entrance::Door;
use crate::notice::Notice;

static DOOR: Door = Door {
    path: "/sign-up",
    call: "/api/users/signUp",
    title: "Sign up",
    description: "Make an account to buy and sell tickets.",
    page: Page::SignUp,
    notice: Some(Notice::SignedUp),
};

pub(crate) fn route() -> Router {
    DOOR.route()
}
