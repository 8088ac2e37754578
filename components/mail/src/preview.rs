//! `GET /api/mail/preview`: the letters as they look, for those who work on them.
//!
//! Only where the variable `mail_preview` is true. The letters are samples, and about nobody.

use std::fmt::Write as _;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use boxoffice_kernel::http::Fields;
use boxoffice_kernel::problem::Result;
use boxoffice_kernel::{Problem, Timestamp, config};
use boxoffice_letters::{Letter, Rendered, Setting, render, sample};
use http::Uri;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use lettre::Address;
use lettre::message::Mailbox;
use uuid::Uuid;

use crate::message::{self, Envelope, Unsubscribe};

const PATH: &str = "/api/mail/preview";
/// Letters carry their style. They load nothing, and run nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; \
    frame-ancestors 'self'";

pub(crate) fn route() -> Router {
    Router::new().route(PATH, get(gallery)).route("/api/mail/preview/{kind}", get(one))
}

/// How a letter is shown.
#[derive(Clone, Copy)]
enum Format {
    Html,
    Text,
    Source,
}

async fn gallery() -> Result<Response> {
    check_allowed().await?;
    let mut page = String::from(
        "<!doctype html><html lang=en><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width,initial-scale=1\">\
         <meta name=color-scheme content=\"light dark\"><title>Letters</title>\
         <style>body{font:16px/1.5 system-ui;margin:1rem}iframe{width:100%;height:46rem;border:0}\
         </style><h1>Letters</h1>",
    );
    for letter in sample::letters() {
        let (kind, subject) = (letter.kind(), escaped(&letter_of(&letter).await?.subject));
        // Writing to a string cannot fail.
        let _ = write!(
            page,
            "<h2>{kind}: {subject}</h2><p><a href=\"{PATH}/{kind}?format=text\">Text</a> \
             <a href=\"{PATH}/{kind}?format=source\">Source</a></p>\
             <iframe title=\"{kind}\" sandbox src=\"{PATH}/{kind}\"></iframe>"
        );
    }
    Ok(html(page))
}

async fn one(Path(kind): Path<String>, uri: Uri) -> Result<Response> {
    check_allowed().await?;
    let mut fields = Fields::parse(uri.query(), &["format"]);
    let format = fields.take("format", read_format).unwrap_or(Format::Html);
    fields.finish()?;
    let letter = sample::letters().into_iter().find(|letter| letter.kind() == kind);
    let letter = letter.ok_or_else(|| Problem::not_found("There is no such letter"))?;
    let rendered = letter_of(&letter).await?;
    Ok(match format {
        Format::Html => html(rendered.html),
        Format::Text => plain(rendered.text),
        Format::Source => plain(source(rendered)?),
    })
}

fn read_format(text: &str) -> std::result::Result<Format, String> {
    match text {
        "html" => Ok(Format::Html),
        "text" => Ok(Format::Text),
        "source" => Ok(Format::Source),
        _ => Err("Write the format as html, text or source".to_owned()),
    }
}

async fn check_allowed() -> Result<()> {
    match config::is_set("mail_preview").await? {
        true => Ok(()),
        false => Err(Problem::not_found("This address does not exist")),
    }
}

async fn letter_of(letter: &Letter) -> Result<Rendered> {
    let mut setting = Setting { public_url: config::shop().await?, ..sample::setting() };
    if !render(letter, &setting).is_essential {
        setting.unsubscribe = Some("/mail/unsubscribe?token=sample".to_owned());
    }
    Ok(render(letter, &setting))
}

/// Writes the message as a server would get it.
fn source(rendered: Rendered) -> anyhow::Result<String> {
    let from: Mailbox = "Boxoffice <tickets@shop.example>".parse()?;
    let to: Address = "reader@mail.example".parse()?;
    let unsubscribe = "https://shop.example/api/mail/unsubscribe?token=sample".to_owned();
    let unsubscribe = (!rendered.is_essential).then_some(Unsubscribe(unsubscribe));
    let written_at = Timestamp::from_millis(0);
    let host = "shop.example";
    let envelope =
        Envelope { id: Uuid::nil(), from: &from, to: &to, host, written_at, unsubscribe };
    let message = message::write(rendered, &envelope, Vec::new())?;
    Ok(String::from_utf8_lossy(&message).into_owned())
}

fn html(page: String) -> Response {
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY)];
    (headers, page).into_response()
}

fn plain(text: String) -> Response {
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

/// Makes text safe for HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
