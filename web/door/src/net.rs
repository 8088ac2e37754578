//! Calls of the API, as far as a door makes them.

use boxoffice_web_dom as dom;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestCache, RequestInit, Response};

/// Why there is nothing to go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// No answer came in time, or one of somebody else than the shop.
    Offline,
    /// The shop says that this device may not use the door, any more.
    Closed,
    /// The shop refuses what was sent, and would again.
    Refused,
}

impl From<JsValue> for Lost {
    fn from(_: JsValue) -> Self {
        Self::Offline
    }
}

/// An answer of the shop's.
pub(crate) struct Answer {
    /// The body; empty if nothing has changed.
    pub(crate) text: String,
    /// Whether nothing has changed since the answer with the entity tag that was sent along.
    pub(crate) is_same: bool,
    /// The entity tag.
    pub(crate) tag: Option<String>,
}

/// A call.
#[derive(Default)]
pub(crate) struct Call<'a> {
    /// `GET` if it is empty.
    pub(crate) method: &'static str,
    /// The address, from its first slash on.
    pub(crate) path: &'a str,
    /// A body in JSON.
    pub(crate) body: Option<String>,
    /// The entity tag of the last answer.
    pub(crate) tag: Option<&'a str>,
}

/// Makes a call, and waits so many milliseconds for the whole answer.
pub(crate) async fn ask(call: Call<'_>, patience: u32) -> Result<Answer, Lost> {
    let headers = Headers::new()?;
    headers.set("accept", "application/json")?;
    if let Some(tag) = call.tag {
        headers.set("if-none-match", tag)?;
    }
    let request = RequestInit::new();
    if !call.method.is_empty() {
        request.set_method(call.method);
    }
    if let Some(body) = call.body {
        headers.set("content-type", "application/json")?;
        request.set_body(&body.into());
    }
    request.set_headers(&headers);
    request.set_signal(Some(&AbortSignal::timeout_with_u32(patience)));
    // Without it, the browser would answer 304 by its own copy, and say 200.
    request.set_cache(RequestCache::NoStore);
    let asked = dom::window().fetch_with_str_and_init(call.path, &request);
    let response: Response = JsFuture::from(asked).await?.unchecked_into();
    match response.status() {
        200..300 | 304 => {}
        401 | 403 => return Err(Lost::Closed),
        408 | 429 | 500.. => return Err(Lost::Offline),
        _ => return Err(Lost::Refused),
    }
    let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    let tag = response.headers().get("etag").ok().flatten();
    Ok(Answer { text, is_same: response.status() == 304, tag })
}
