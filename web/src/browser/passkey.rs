//! Passkeys: the browser makes one, or has one sign, before its form is sent.

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Headers, HtmlFormElement, HtmlInputElement, RequestInit, Response};

use super::{Browser, dom, forms};
use crate::shop::Pending;
use crate::state::{Notice, Tone};

/// What is said if nothing came of it: it was called off, or there is no passkey.
const NOTHING: &str = "No passkey was used. Try again, or choose another way.";
/// What is said where browsers know no passkeys.
const NAMELESS: &str =
    "Passkeys do not work at an address of numbers. Open the shop by its name, such as localhost.";

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = PublicKeyCredential, js_name = parseCreationOptionsFromJSON)]
    fn creation(json: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_namespace = PublicKeyCredential, js_name = parseRequestOptionsFromJSON)]
    fn request(json: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["navigator", "credentials"], js_name = create)]
    async fn create(options: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["navigator", "credentials"], js_name = get)]
    async fn get(options: &JsValue) -> Result<JsValue, JsValue>;
}

/// Asks the browser for what `form` needs, which is of this `kind`, and sends the form with it.
pub(crate) fn ask(browser: &Browser, form: HtmlFormElement, kind: String) {
    let browser = browser.clone();
    let action = forms::action(&form);
    browser.shop().pending.set(Pending::Sent(action.clone()));
    spawn_local(async move {
        match credential(&form, &kind).await {
            Ok(()) => forms::post(&browser, action, forms::encoded(&form)),
            Err(_) => {
                let shop = browser.shop();
                shop.pending.set(Pending::Nothing);
                let text = if is_nameless() { NAMELESS } else { NOTHING }.to_owned();
                // Said each time, also where it is said already.
                shop.state.update(|state| state.notice = None);
                shop.state.update(|state| state.notice = Some(Notice { tone: Tone::Bad, text }));
            }
        }
    });
}

/// Puts what the browser made into the form's hidden field.
async fn credential(form: &HtmlFormElement, kind: &str) -> Result<(), JsValue> {
    let address = form.get_attribute("data-options").unwrap_or_default();
    let public_key = options(&address, value(form, "token").as_deref()).await?;
    let options = js_sys::Object::new();
    let set = |value: JsValue| js_sys::Reflect::set(&options, &"publicKey".into(), &value);
    let made = if kind == "create" {
        set(creation(&public_key)?)?;
        create(&options).await?
    } else {
        set(request(&public_key)?)?;
        get(&options).await?
    };
    let field = input(form, "credential").ok_or(JsValue::NULL)?;
    field.set_value(&String::from(js_sys::JSON::stringify(&made)?));
    Ok(())
}

/// Asks `auth` for what the browser needs, for the sign-in whose first step has `token`.
async fn options(address: &str, token: Option<&str>) -> Result<JsValue, JsValue> {
    let (headers, request) = (Headers::new()?, RequestInit::new());
    request.set_method("POST");
    if let Some(token) = token {
        headers.set("content-type", "application/json")?;
        // A token has no character that JSON escapes.
        request.set_body(&format!("{{\"token\":\"{token}\"}}").into());
    }
    request.set_headers(&headers);
    let promise = dom::window().fetch_with_str_and_init(address, &request);
    let response: Response = JsFuture::from(promise).await?.unchecked_into();
    let answer = JsFuture::from(response.json()?).await?;
    js_sys::Reflect::get(&answer, &"publicKey".into())
}

fn value(form: &HtmlFormElement, name: &str) -> Option<String> {
    input(form, name).map(|input| input.value())
}

fn input(form: &HtmlFormElement, name: &str) -> Option<HtmlInputElement> {
    let found = form.query_selector(&format!("input[name={name}]")).ok()??;
    found.dyn_into().ok()
}

/// Tells whether the shop's address has no name.
fn is_nameless() -> bool {
    let host = dom::window().location().hostname().unwrap_or_default();
    host.starts_with('[') || host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}
