//! What browsers download besides pages: `/assets/NAME-HASH.EXT`, out of the component itself.
//!
//! `cargo xtask assets` makes the files, with their compressed forms, and `build.rs` puts them in.
//! A name says its content's hash, so whoever has a file need never ask for it again (RFC 8246).

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use boxoffice_kernel::http::{coding, etag};
use boxoffice_kernel::{Problem, config};
use boxoffice_web::{Assets, Module};
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderValue, VARY};
use http::{HeaderMap, StatusCode, Uri};

/// For ever, in anybody's cache.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// A file in all the forms that there are of it.
struct Asset {
    /// The last part of its address.
    file: &'static str,
    media_type: &'static str,
    /// In our order of preference; the last is the file as it is.
    forms: &'static [Form],
}

/// A file's content in one content coding.
struct Form {
    /// As in `Accept-Encoding`; `identity` for none.
    coding: &'static str,
    /// Its entity tag: forms differ byte by byte, so each has its own (RFC 9110, 8.8.3).
    tag: &'static str,
    content: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Where the files are that pages refer to. Natively, where none are, the names have no hash.
pub(crate) fn names() -> Assets {
    Assets {
        css: CSS.to_owned(),
        icon: ICON.to_owned(),
        shop: module([BOOT, GLUE, WASM]),
        door: module([DOOR, DOOR_GLUE, DOOR_WASM]),
        turning: module([TURNING, TURNING_GLUE, TURNING_WASM]),
    }
}

fn module(names: [&str; 3]) -> Module {
    let [start, glue, wasm] = names.map(str::to_owned);
    Module { start, glue, wasm }
}

/// The script that reloads a page when the shop behind it is another; for those who work on it
/// (`cargo xtask up --watch`), and `None` everywhere else.
///
/// # Errors
/// When `spin.toml` does not hand over the variable `reload`.
pub(crate) async fn reload() -> anyhow::Result<Option<&'static str>> {
    let start = config::variable("reload").await?;
    Ok((!start.is_empty()).then_some(RELOAD))
}

/// The files' routes.
pub(crate) fn route() -> Router {
    Router::new()
        .route("/assets/{file}", get(serve))
        .route("/assets/reload", get(start))
        .route("/sw.js", get(worker))
}

/// Which start of the shop this is, for `reload.js`: 404 but for those who work on it.
async fn start() -> Result<String, Problem> {
    match config::variable("reload").await? {
        start if start.is_empty() => Err(nothing_here()),
        start => Ok(start),
    }
}

/// An old page may ask for a file of a shop that is gone; no cache may take that to be for ever.
fn nothing_here() -> Problem {
    Problem::not_found("This file does not exist")
}

async fn serve(address: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let file = address.path().trim_start_matches("/assets/");
    let asset = ASSETS.iter().find(|asset| asset.file == file);
    Ok(answer(asset.ok_or_else(nothing_here)?, &headers))
}

/// The worker that shows saved pages. Its address stays the same, and so it is asked for each time.
async fn worker(headers: HeaderMap) -> Result<Response, Problem> {
    let file = WORKER.trim_start_matches("/assets/");
    let asset = ASSETS.iter().find(|asset| asset.file == file);
    let mut response = answer(asset.ok_or_else(nothing_here)?, &headers);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

fn answer(asset: &Asset, headers: &HeaderMap) -> Response {
    let form = choose(asset, headers);
    let mut response = if etag::is_fresh(headers, form.tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        content(asset, form)
    };
    let answered = response.headers_mut();
    answered.insert(CACHE_CONTROL, IMMUTABLE);
    answered.insert(ETAG, HeaderValue::from_static(form.tag));
    if asset.forms.len() > 1 {
        answered.insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}

fn content(asset: &Asset, form: &Form) -> Response {
    let mut response = Body::from(form.content).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.media_type));
    if form.coding != coding::IDENTITY {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(form.coding));
    }
    response
}

fn choose(asset: &Asset, headers: &HeaderMap) -> &'static Form {
    let offers: Vec<&'static str> = asset.forms.iter().map(|form| form.coding).collect();
    let chosen = coding::choose(headers, &offers);
    let form = asset.forms.iter().find(|form| form.coding == chosen);
    form.unwrap_or(&asset.forms[asset.forms.len() - 1])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use http::header::{ACCEPT_ENCODING, IF_NONE_MATCH};

    const STYLE: Asset = Asset {
        file: "app-1.css",
        media_type: "text/css; charset=utf-8",
        forms: &[
            Form { coding: "br", tag: "\"1-br\"", content: b"b" },
            Form { coding: "gzip", tag: "\"1-gz\"", content: b"gz" },
            Form { coding: "identity", tag: "\"1\"", content: b"a{}" },
        ],
    };
    const DOT: Asset = Asset {
        file: "dot-2.png",
        media_type: "image/png",
        forms: &[Form { coding: "identity", tag: "\"2\"", content: b"." }],
    };

    fn ask(asset: &Asset, pairs: &[(http::HeaderName, &str)]) -> Response {
        let headers = pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap()));
        answer(asset, &headers.collect())
    }

    fn header<'a>(response: &'a Response, name: &http::HeaderName) -> &'a str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[test]
    fn the_smallest_form_that_the_client_takes_is_sent() {
        for (accept, coding, tag) in [
            ("gzip, deflate, br", "br", "\"1-br\""),
            ("gzip", "gzip", "\"1-gz\""),
            ("br;q=0, gzip;q=0.1", "gzip", "\"1-gz\""),
            ("deflate", "", "\"1\""),
        ] {
            let response = ask(&STYLE, &[(ACCEPT_ENCODING, accept)]);
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(header(&response, &CONTENT_ENCODING), coding, "{accept}");
            assert_eq!(header(&response, &ETAG), tag, "{accept}");
            assert_eq!(header(&response, &CONTENT_TYPE), "text/css; charset=utf-8");
            assert_eq!(header(&response, &VARY), "accept-encoding");
        }
    }

    #[test]
    fn files_may_be_kept_for_ever_by_anybody() {
        let response = ask(&STYLE, &[]);
        assert_eq!(header(&response, &CACHE_CONTROL), "public, max-age=31536000, immutable");
    }

    #[test]
    fn a_file_of_one_form_does_not_vary() {
        let response = ask(&DOT, &[(ACCEPT_ENCODING, "br")]);
        assert_eq!(header(&response, &VARY), "");
        assert_eq!(header(&response, &CONTENT_ENCODING), "");
        assert_eq!(header(&response, &ETAG), "\"2\"");
    }

    #[test]
    fn whoever_has_the_form_is_not_sent_it_again() {
        let accept = (ACCEPT_ENCODING, "br");
        let response = ask(&STYLE, &[accept.clone(), (IF_NONE_MATCH, "\"1-br\"")]);
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(header(&response, &ETAG), "\"1-br\"");
        assert_eq!(header(&response, &VARY), "accept-encoding");
        assert_eq!(header(&response, &CONTENT_ENCODING), "");
        let response = ask(&STYLE, &[accept, (IF_NONE_MATCH, "\"1\"")]);
        assert_eq!(response.status(), StatusCode::OK, "that is another form of it");
    }

    #[test]
    fn pages_refer_to_addresses_that_the_route_answers() {
        let Assets { css, icon, shop, door, turning } = names();
        let modules = [shop, door, turning].map(|Module { start, glue, wasm }| [start, glue, wasm]);
        for name in modules.into_iter().flatten().chain([css, icon]) {
            assert!(
                name.strip_prefix("/assets/").is_some_and(|file| !file.contains('/')),
                "{name}"
            );
        }
    }
}
