//! Copying what a page has to hand on.

use wasm_bindgen::prelude::*;
use web_sys::{HtmlElement, HtmlInputElement};

use super::dom;

#[wasm_bindgen]
extern "C" {
    /// Browsers have no clipboard for pages that came over plain HTTP.
    #[wasm_bindgen(catch, js_namespace = ["navigator", "clipboard"], js_name = writeText)]
    async fn write_text(text: &str) -> Result<(), JsValue>;
}

/// Copies what the field holds that `button` names, and says so. Where it cannot, the text is selected,
/// to be copied by hand.
pub(crate) fn copy(button: &HtmlElement) {
    let field = button.get_attribute("data-copy").and_then(|id| dom::by_id(&id));
    let Some(field) = field.and_then(|field| field.dyn_into::<HtmlInputElement>().ok()) else {
        return;
    };
    field.select();
    let button = button.clone();
    wasm_bindgen_futures::spawn_local(async move {
        if write_text(&field.value()).await.is_ok() {
            button.set_text_content(Some("Copied"));
            dom::announce("Copied");
        }
    });
}
