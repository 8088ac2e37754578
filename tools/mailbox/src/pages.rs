//! The letters on pages, and for programs at `/api/messages`.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use tokio::net::TcpListener;

use crate::message::Message;
use crate::store::Store;

const STYLE: &str = include_str!("pages.css");

/// What our own pages may load: nothing, but a letter in its frame.
const OF_PAGES: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";

/// What a letter may do: open links in other windows. Nothing of it is loaded, and no script runs.
const OF_LETTER: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; \
     frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";

/// Shows the letters until the process ends.
pub(crate) async fn serve(listener: TcpListener, store: Arc<Store>) {
    if let Err(error) = axum::serve(listener, router(store)).await {
        tracing::error!(%error, "the mailbox shows no letters any more");
    }
}

fn router(store: Arc<Store>) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/delete", post(delete))
        .route("/messages/{id}", get(show))
        .route("/messages/{id}/html", get(letter))
        .route("/messages/{id}/source", get(source))
        .route("/api/messages", get(messages).delete(delete_for_programs))
        .fallback(missing)
        .layer(from_fn(from_here))
        .with_state(store)
}

/// Refuses requests that a page from elsewhere makes, under a name of its own for this machine too.
async fn from_here(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let is_safe = request.method().is_safe();
    if !is_of_this_machine(headers) || !(is_safe || is_of_this_site(headers)) {
        return (StatusCode::FORBIDDEN, "The mailbox is for this machine alone").into_response();
    }
    next.run(request).await
}

fn is_of_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn is_of_this_site(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    // Programs do not say.
    matches!(site, None | Some("same-origin" | "none"))
}

async fn list(State(store): State<Arc<Store>>) -> Response {
    let messages = store.messages();
    page(
        "Mailbox",
        &html! {
            h1 { "Mailbox" }
            p.soft {
                "What the shop sends ends here, and goes nowhere else. For programs: "
                a href="/api/messages" { "/api/messages" }
            }
            @if messages.is_empty() {
                p { "No letter yet. Buy a ticket, or open an account." }
            } @else {
                ul.letters { @for message in messages.iter().rev() { (line(message)) } }
                form method="post" action="/delete" { button { "Delete all letters" } }
            }
        },
    )
}

fn line(message: &Message) -> Markup {
    html! {
        li {
            a href={ "/messages/" (message.id) } { bdi { (subject(message)) } }
            span.soft { "to " bdi { (message.to.join(", ")) } }
            time.soft { (message.received_at) }
        }
    }
}

fn subject(message: &Message) -> &str {
    if message.subject.is_empty() { "(without a subject)" } else { &message.subject }
}

async fn show(State(store): State<Arc<Store>>, Path(id): Path<u64>) -> Response {
    let Some(message) = store.message(id) else { return missing().await };
    page(
        subject(&message),
        &html! {
            p { a href="/" { "All letters" } }
            h1 { bdi { (subject(&message)) } }
            dl {
                dt { "From" } dd { bdi { (message.from) } }
                dt { "To" } dd { bdi { (message.to.join(", ")) } }
                dt { "Arrived" } dd { (message.received_at) }
            }
            @if !message.html.is_empty() {
                iframe title="The letter" src={ "/messages/" (id) "/html" }
                    sandbox="allow-popups allow-popups-to-escape-sandbox" {}
            }
            h2 { "Text" }
            pre { (message.text) }
            @if let Some(calendar) = &message.calendar {
                h2 { "Calendar" }
                pre { (calendar) }
            }
            p { a href={ "/messages/" (id) "/source" } { "Source" } }
        },
    )
}

async fn letter(State(store): State<Arc<Store>>, Path(id): Path<u64>) -> Response {
    let Some(message) = store.message(id) else { return missing().await };
    // Links leave the frame.
    let html = message.html.replacen("<head>", "<head><base target=\"_blank\">", 1);
    ([(CONTENT_SECURITY_POLICY, OF_LETTER)], Html(html)).into_response()
}

async fn source(State(store): State<Arc<Store>>, Path(id): Path<u64>) -> Response {
    let Some(message) = store.message(id) else { return missing().await };
    let headers =
        [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CONTENT_SECURITY_POLICY, OF_PAGES)];
    (headers, message.source).into_response()
}

async fn messages(State(store): State<Arc<Store>>) -> Json<Vec<Message>> {
    Json(store.messages())
}

async fn delete(State(store): State<Arc<Store>>) -> Redirect {
    store.clear();
    Redirect::to("/")
}

async fn delete_for_programs(State(store): State<Arc<Store>>) -> StatusCode {
    store.clear();
    StatusCode::NO_CONTENT
}

async fn missing() -> Response {
    let page = page(
        "Not here",
        &html! {
            h1 { "Not here" }
            p { "There is no such page, or the letter was deleted. " a href="/" { "All letters" } }
        },
    );
    (StatusCode::NOT_FOUND, page).into_response()
}

/// A whole page around `content`.
fn page(title: &str, content: &Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { main { (content) } }
        }
    };
    ([(CONTENT_SECURITY_POLICY, OF_PAGES)], Html(page.into_string())).into_response()
}
