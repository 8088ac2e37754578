//! Stripe's Payment Element (<https://docs.stripe.com/payments/accept-a-payment-deferred>): card
//! data goes to Stripe alone, and comes back as a payment method's id.

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Element, HtmlScriptElement};

use super::{Browser, dom};

/// Where Stripe's script must come from, by its terms.
const SCRIPT: &str = "https://js.stripe.com/v3/";

#[wasm_bindgen]
extern "C" {
    type Stripe;
    #[wasm_bindgen(catch, js_name = Stripe)]
    fn stripe(key: &str) -> Result<Stripe, JsValue>;
    #[wasm_bindgen(method, structural, catch)]
    fn elements(this: &Stripe, options: &JsValue) -> Result<Elements, JsValue>;
    #[wasm_bindgen(method, structural, catch, js_name = createPaymentMethod)]
    fn create_payment_method(this: &Stripe, options: &JsValue) -> Result<js_sys::Promise, JsValue>;

    type Elements;
    #[wasm_bindgen(method, structural, catch)]
    fn create(this: &Elements, kind: &str) -> Result<PaymentElement, JsValue>;
    #[wasm_bindgen(method, structural, catch)]
    fn submit(this: &Elements) -> Result<js_sys::Promise, JsValue>;

    type PaymentElement;
    #[wasm_bindgen(method, structural, catch)]
    fn mount(this: &PaymentElement, at: &Element) -> Result<(), JsValue>;

    /// What Stripe's promises hold.
    type Outcome;
    #[wasm_bindgen(method, structural, getter)]
    fn error(this: &Outcome) -> Option<StripeError>;
    #[wasm_bindgen(method, structural, getter, js_name = paymentMethod)]
    fn payment_method(this: &Outcome) -> Option<PaymentMethod>;

    type StripeError;
    #[wasm_bindgen(method, structural, getter)]
    fn message(this: &StripeError) -> Option<String>;

    type PaymentMethod;
    #[wasm_bindgen(method, structural, getter)]
    fn id(this: &PaymentMethod) -> String;
}

/// Stripe's form on the page.
pub(crate) struct Card {
    place: Element,
    stripe: Stripe,
    elements: Elements,
}

/// Puts Stripe's form onto the page, where one is wanted and not there yet.
pub(crate) fn mount(browser: &Browser) {
    let Some(place) = dom::by_id("payment-element") else {
        *browser.0.card.borrow_mut() = None;
        return;
    };
    let there = browser.0.card.borrow().as_ref().is_some_and(|card| card.place == place);
    if there {
        return;
    }
    let browser = browser.clone();
    spawn_local(async move {
        match card(place).await {
            Ok(card) => *browser.0.card.borrow_mut() = Some(card),
            Err(_) => dom::announce(UNREACHED),
        }
    });
}

/// What is said where Stripe's form cannot be shown.
const UNREACHED: &str = "Stripe's payment form could not be loaded. Load the page again.";

async fn card(place: Element) -> Result<Card, JsValue> {
    script().await?;
    let data = |name: &str| place.get_attribute(name).unwrap_or_default();
    let stripe = stripe(&data("data-key"))?;
    let elements = stripe.elements(&object(&[
        ("mode", "payment".into()),
        ("amount", data("data-amount").parse::<f64>().unwrap_or_default().into()),
        ("currency", data("data-currency").into()),
        ("captureMethod", "manual".into()),
        ("paymentMethodCreation", "manual".into()),
        // Cards, and the wallets that hold them: a payment whose buyer has to be sent to another site
        // is refused (`allow_redirects`), so none may be offered.
        ("paymentMethodTypes", js_sys::Array::of1(&"card".into()).into()),
        ("appearance", object(&[("theme", theme().into())])),
    ]))?;
    elements.create("payment")?.mount(&place)?;
    Ok(Card { place, stripe, elements })
}

fn theme() -> &'static str {
    let dark = dom::window().match_media("(prefers-color-scheme: dark)");
    if dark.is_ok_and(|dark| dark.is_some_and(|dark| dark.matches())) { "night" } else { "stripe" }
}

fn object(entries: &[(&str, JsValue)]) -> JsValue {
    let object = js_sys::Object::new();
    for (name, value) in entries {
        let _ = js_sys::Reflect::set(&object, &(*name).into(), value);
    }
    object.into()
}

/// Loads Stripe's script, once.
async fn script() -> Result<(), JsValue> {
    if js_sys::Reflect::has(&dom::window(), &"Stripe".into())? {
        return Ok(());
    }
    let script: HtmlScriptElement = dom::document().create_element("script")?.unchecked_into();
    script.set_src(SCRIPT);
    let mut begin = |done: js_sys::Function, failed: js_sys::Function| {
        script.set_onload(Some(&done));
        script.set_onerror(Some(&failed));
    };
    let loaded = js_sys::Promise::new(&mut begin);
    dom::document().head().ok_or(JsValue::NULL)?.append_child(&script)?;
    JsFuture::from(loaded).await.map(drop)
}

/// The id of a payment method made of what was filled in, or what is wrong with that; `None` where
/// the page has no such form.
pub(crate) async fn token(browser: &Browser) -> Option<Result<String, String>> {
    dom::by_id("payment-element")?;
    // Taken out while it is asked: nothing else may borrow it across the wait.
    let card = browser.0.card.borrow_mut().take();
    let Some(card) = card else { return Some(Err(UNREACHED.to_owned())) };
    let token = ask(&card).await;
    *browser.0.card.borrow_mut() = Some(card);
    Some(token)
}

async fn ask(card: &Card) -> Result<String, String> {
    let silent = |_| UNREACHED.to_owned();
    settled(card.elements.submit().map_err(silent)?).await?;
    let options = object(&[("elements", JsValue::from(&card.elements))]);
    let made = card.stripe.create_payment_method(&options).map_err(silent)?;
    let outcome = settled(made).await?;
    outcome.payment_method().map(|method| method.id()).ok_or_else(|| UNREACHED.to_owned())
}

async fn settled(promise: js_sys::Promise) -> Result<Outcome, String> {
    let outcome = JsFuture::from(promise).await.map_err(|_| UNREACHED.to_owned())?;
    let outcome: Outcome = outcome.unchecked_into();
    match outcome.error() {
        None => Ok(outcome),
        Some(error) => {
            let unsaid = "The card could not be checked. Check what you entered.";
            Err(error.message().unwrap_or_else(|| unsaid.to_owned()))
        }
    }
}
