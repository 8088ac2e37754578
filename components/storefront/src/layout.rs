//! What all answers get on their way out: security headers, and pages in place of problems.

use axum::extract::FromRequestParts;
use axum::response::Response;
use boxoffice_contract::TicketId;
use boxoffice_kernel::cx::REQUEST_ID;
use boxoffice_kernel::{Cx, config, log};
use boxoffice_web::state::{Failed, Missing, Page, State};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::{BodyExt, Full};
use serde::Deserialize;
use spin_sdk::http::Request;

use crate::answer::{self, Keep};
use crate::redirect_target;
use crate::services::sentence;
use crate::visitor::{AnyVisit, Manner, Visit};

/// The media type of problems (RFC 9457).
const PROBLEM: &str = "application/problem+json";

/// What is left over of a request when its answer is there.
pub(crate) struct Asked(Parts);

/// `request`, and what a page in place of a problem depends on.
pub(crate) fn note(request: Request) -> (Request, Asked) {
    let (mut asked, ()) = http::Request::new(()).into_parts();
    asked.method = request.method().clone();
    asked.uri = request.uri().clone();
    asked.headers = request.headers().clone();
    (request, Asked(asked))
}

/// `answer` as it is sent.
pub(crate) async fn finish(
    answer: http::Response<Full<Bytes>>,
    asked: Asked,
) -> http::Response<Full<Bytes>> {
    let camera = is_door(asked.0.uri.path());
    let mut answer = with_page(answer, asked).await;
    match guards(camera).await {
        Ok(guards) => {
            for (name, value) in guards {
                answer.headers_mut().insert(name, value);
            }
        }
        Err(error) => log::failed(Cx::NONE, "adding security headers to an answer", &error),
    }
    answer
}

/// A problem as a page, where a person or a page's script asked. Who has to sign in for a page is sent
/// there.
async fn with_page(
    answer: http::Response<Full<Bytes>>,
    Asked(mut asked): Asked,
) -> http::Response<Full<Bytes>> {
    let kind = answer.headers().get(CONTENT_TYPE);
    let manner = Manner::of(&asked.headers);
    if kind.is_none_or(|kind| kind != PROBLEM) || !(manner.person || manner.script) {
        return answer;
    }
    let Ok(AnyVisit(visit)) = AnyVisit::from_request_parts(&mut asked, &()).await;
    let (mut parts, body) = answer.into_parts();
    let Ok(problem) = body.collect().await;
    let problem = problem.to_bytes();
    let id = parts.headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    // A service knows sooner than a page that a session was ended.
    let signs_in = parts.status == StatusCode::UNAUTHORIZED && asked.method == Method::GET;
    let page = if signs_in {
        answer::go(&visit, &redirect_target::sign_in(&visit.here), None).await
    } else {
        let state = page_of(&visit, &problem, parts.status, id);
        answer::page(&manner, parts.status, state, Keep::Never).await
    };
    match page {
        Ok(page) => {
            parts.status = page.status();
            let (page, body) = taken_apart(page).await;
            parts.headers.remove(CONTENT_TYPE);
            parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
            parts.headers.extend(page);
            let body = if asked.method == Method::HEAD { Bytes::new() } else { body };
            http::Response::from_parts(parts, Full::new(body))
        }
        Err(error) => {
            log::failed(&visit.cx, "rendering the page of a problem", &error);
            http::Response::from_parts(parts, Full::new(problem))
        }
    }
}

async fn taken_apart(page: Response) -> (HeaderMap, Bytes) {
    let (parts, body) = page.into_parts();
    // Ours are bodies in memory: reading one cannot fail.
    let body: Bytes = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    (parts.headers, body)
}

/// What people are told of a problem.
fn page_of(visit: &Visit, problem: &[u8], status: StatusCode, request_id: &str) -> State {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Problem {
        detail: String,
    }
    let Problem { detail } = serde_json::from_slice(problem).unwrap_or_default();
    if status == StatusCode::NOT_FOUND {
        let missing = Missing { what: sentence(detail) };
        return visit.state("Not found", "", Page::Missing(missing));
    }
    let what = match status {
        StatusCode::INTERNAL_SERVER_ERROR => {
            "The fault is ours. Try again; if it happens again, tell us the number below."
                .to_owned()
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            "Part of the shop does not answer right now. Try again in a moment.".to_owned()
        }
        _ => sentence(detail),
    };
    let failed = Failed { status: status.as_u16(), what, request_id: request_id.to_owned() };
    visit.state("Something went wrong", "", Page::Failed(failed))
}

/// Tells whether `path` is the page of a door, `/door/{listing}`, and not of what is below it.
fn is_door(path: &str) -> bool {
    path.strip_prefix("/door/").is_some_and(|listing| listing.parse::<TicketId>().is_ok())
}

/// The headers that keep others from framing, sniffing and scripting the shop (OWASP, HTTP Headers
/// Cheat Sheet). `camera` tells whether the page may ask for the camera.
async fn guards(camera: bool) -> anyhow::Result<Vec<(HeaderName, HeaderValue)>> {
    let stripe = !config::variable("stripe_publishable_key").await?.is_empty();
    let guards = [
        ("content-security-policy", policy(stripe)),
        ("permissions-policy", permissions(stripe, camera)),
        // A payment method may open its own window, which has to tell this one how it went.
        ("cross-origin-opener-policy", "same-origin-allow-popups"),
    ];
    let header = |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
    Ok(guards.into_iter().map(header).collect())
}

/// What pages may load: nothing that is not ours, but for Stripe's form where it is used
/// (<https://docs.stripe.com/security/guide#content-security-policy>).
const fn policy(stripe: bool) -> &'static str {
    if stripe {
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' https://js.stripe.com \
         https://*.js.stripe.com; style-src 'self'; img-src 'self' data: https://*.stripe.com; \
         connect-src 'self' https://api.stripe.com; worker-src 'self'; \
         frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    } else {
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self'; worker-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    }
}

/// What pages may do with the device. A door's page may use the camera, and takes no payment.
const fn permissions(stripe: bool, camera: bool) -> &'static str {
    match (stripe, camera) {
        (_, true) => "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
        (true, false) => {
            "camera=(), geolocation=(), microphone=(), payment=(self \"https://js.stripe.com\"), usb=()"
        }
        (false, false) => "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_camera_is_for_the_page_of_a_door_alone() {
        let door = "/door/0197a3c2-7b1e-7c3a-9f00-0c8b1e2daa01";
        assert!(is_door(door));
        for path in ["/", "/door", "/door/", "/door/all", "/doors/1", "/tickets/new"] {
            assert!(!is_door(path), "{path}");
        }
        for path in [format!("{door}/"), format!("{door}/undo"), format!("/listings{door}")] {
            assert!(!is_door(&path), "{path}");
        }
        for stripe in [false, true] {
            assert!(permissions(stripe, false).starts_with("camera=(), "));
            assert!(permissions(stripe, true).starts_with("camera=(self), "));
        }
    }
}
