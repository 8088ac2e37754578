//! Passkeys: the browser makes one, or has one sign, before its form is sent. On the page to sign in it also
//! offers those that it has in the field for the address.

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    AbortController, AbortSignal, Headers, HtmlFormElement, HtmlInputElement, RequestInit, Response,
};

use super::{Browser, dom, forms};
use crate::shop::Pending;
use crate::state::{Notice, Tone};

/// What is said if nothing came of it: it was called off, or there is no passkey.
const NOTHING: &str = "No passkey was used. Try again, or choose another way.";
/// What is said where browsers know no passkeys.
const NAMELESS: &str =
    "Passkeys do not work at an address of numbers. Open the shop by its name, such as localhost.";

/// Where a browser keeps that a passkey was made or used in it.
const KNOWN: &str = "passkey";
/// How long an offer stands, in milliseconds: a minute less than its challenge.
const OFFER: i32 = 4 * 60 * 1_000;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = PublicKeyCredential, js_name = isConditionalMediationAvailable)]
    async fn is_conditional() -> Result<JsValue, JsValue>;
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
        match credential(&form, &kind, None).await {
            Ok(()) => {
                remember();
                forms::post(&browser, action, forms::encoded(&form));
            }
            // The shop says on a page why it gives nothing to make a passkey of.
            Err(Failed::Refused) if kind == "create" => {
                forms::post(&browser, action, forms::encoded(&form));
            }
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

/// Offers passkeys on a page that has a field for that, in place of what the page before has offered.
///
/// Each offer takes a challenge, and a client gets few of those. So only a browser makes one in which a
/// passkey was made or used.
pub(crate) fn offer(browser: &Browser) {
    take_back(browser);
    let find = |selector: &str| dom::document().query_selector(selector).ok().flatten();
    let form = find("form[data-passkey=get]").and_then(|form| form.dyn_into().ok());
    let (Some(_), Some(form)) = (find("input[autocomplete~=webauthn]"), form) else { return };
    let Some(controller) = AbortController::new().ok().filter(|_| is_known()) else { return };
    let signal = controller.signal();
    browser.0.offer.replace(Some(controller));
    let (again, standing) = (browser.clone(), signal.clone());
    dom::after(OFFER, move || {
        if !standing.aborted() && !dom::document().hidden() {
            offer(&again);
        }
    });
    spawn_local(chosen(browser.clone(), form, signal));
}

/// Takes back what the page offers. A browser asks for one passkey at a time.
pub(crate) fn take_back(browser: &Browser) {
    if let Some(offer) = browser.0.offer.take() {
        offer.abort();
    }
}

/// Sends `form` with the passkey that is chosen among what the browser fills in.
async fn chosen(browser: Browser, form: HtmlFormElement, signal: AbortSignal) {
    let is_able = is_conditional().await.is_ok_and(|able| able.is_truthy());
    if is_able && credential(&form, "get", Some(&signal)).await.is_ok() && !signal.aborted() {
        forms::post(&browser, forms::action(&form), forms::encoded(&form));
    }
}

fn is_known() -> bool {
    let storage = dom::window().local_storage().ok().flatten();
    storage.is_some_and(|storage| storage.get_item(KNOWN).is_ok_and(|known| known.is_some()))
}

fn remember() {
    if let Ok(Some(storage)) = dom::window().local_storage() {
        // Where nothing may be kept, nothing is offered.
        let _ = storage.set_item(KNOWN, "");
    }
}

/// Why there is nothing to send.
enum Failed {
    /// The shop does not give what the browser needs.
    Refused,
    /// The browser made nothing.
    Nothing,
}

impl From<JsValue> for Failed {
    fn from(_: JsValue) -> Self {
        Self::Nothing
    }
}

/// Puts what the browser made into the form's hidden field. With `offered`, it waits until a passkey is chosen
/// among what the browser fills in, or the offer is taken back.
async fn credential(
    form: &HtmlFormElement,
    kind: &str,
    offered: Option<&AbortSignal>,
) -> Result<(), Failed> {
    let address = form.get_attribute("data-options").unwrap_or_default();
    let public_key = options(&address, value(form, "token").as_deref()).await?;
    let options = js_sys::Object::new();
    let set = |name: &str, value: JsValue| js_sys::Reflect::set(&options, &name.into(), &value);
    if let Some(signal) = offered {
        set("mediation", "conditional".into())?;
        set("signal", signal.into())?;
    }
    let made = if kind == "create" {
        set("publicKey", creation(&public_key)?)?;
        create(&options).await?
    } else {
        set("publicKey", request(&public_key)?)?;
        get(&options).await?
    };
    let field = input(form, "credential").ok_or(JsValue::NULL)?;
    field.set_value(&String::from(js_sys::JSON::stringify(&made)?));
    Ok(())
}

/// Asks `auth` for what the browser needs, for the sign-in whose first step has `token`.
async fn options(address: &str, token: Option<&str>) -> Result<JsValue, Failed> {
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
    if !response.ok() {
        return Err(Failed::Refused);
    }
    let answer = JsFuture::from(response.json()?).await?;
    Ok(js_sys::Reflect::get(&answer, &"publicKey".into())?)
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
