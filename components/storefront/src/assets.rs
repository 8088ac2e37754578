//! The browser's files, until they are built in.

use axum::Router;
use boxoffice_web::Assets;

/// Their addresses.
pub(crate) fn names() -> Assets {
    let at = |name: &str| format!("/assets/{name}");
    Assets {
        css: at("app.css"),
        boot: at("boot.js"),
        glue: at("boxoffice_web.js"),
        wasm: at("boxoffice_web_bg.wasm"),
        icon: at("favicon.svg"),
    }
}

pub(crate) fn route() -> Router {
    Router::new()
}
