//! Asking the shop.

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestCache, RequestInit, Response};

use super::dom;
use crate::state::Answer;

/// The media type of forms.
const FORM: &str = "application/x-www-form-urlencoded";

/// Whether the shop was reached is not known, or what answered was not the shop.
#[derive(Debug)]
pub(crate) struct Lost;

impl From<JsValue> for Lost {
    fn from(_: JsValue) -> Self {
        Self
    }
}

/// Asks for what is at `address`.
pub(crate) async fn get(address: &str) -> Result<Answer, Lost> {
    let headers = Headers::new()?;
    let request = RequestInit::new();
    request.set_headers(&headers);
    ask(address, &request, &headers).await
}

/// Sends a form, encoded as browsers do.
pub(crate) async fn post(address: &str, body: &str) -> Result<Answer, Lost> {
    let headers = Headers::new()?;
    headers.set("content-type", FORM)?;
    let request = RequestInit::new();
    request.set_method("POST");
    request.set_headers(&headers);
    request.set_body(&body.into());
    ask(address, &request, &headers).await
}

async fn ask(address: &str, request: &RequestInit, headers: &Headers) -> Result<Answer, Lost> {
    headers.set("accept", "application/json")?;
    // The address is that of the page: an answer kept under it would be shown in its place.
    request.set_cache(RequestCache::NoStore);
    let promise = dom::window().fetch_with_str_and_init(address, request);
    let response: Response = JsFuture::from(promise).await?.unchecked_into();
    let text = JsFuture::from(response.text()?).await?;
    let text = text.as_string().ok_or(Lost)?;
    serde_json::from_str(&text).map_err(|_| Lost)
}
