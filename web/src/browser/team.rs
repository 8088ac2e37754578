//! The tabs of this browser: a channel between them, and a lock that the leader has.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortController, AbortSignal, BroadcastChannel, MessageEvent};

use super::dom;
use crate::tabs::Word;

/// What the channel and the lock are called.
const NAME: &str = "boxoffice-live";

#[wasm_bindgen]
extern "C" {
    /// [`LockManager.request`](https://w3c.github.io/web-locks/#dom-lockmanager-request), which
    /// `web-sys` counts as unstable. It fails where pages may have no locks: without TLS.
    #[wasm_bindgen(js_namespace = ["navigator", "locks"], js_name = request, catch)]
    fn request_lock(name: &str, options: &Object, granted: &JsValue) -> Result<Promise, JsValue>;
}

/// This tab's place among the others, until it is dropped.
pub(super) struct Team {
    channel: BroadcastChannel,
    _hear: Closure<dyn FnMut(MessageEvent)>,
    /// Takes a wish to lead back.
    wish: AbortController,
    /// Gives the lead back.
    lead: Rc<RefCell<Option<Function>>>,
}

impl Team {
    /// Joins the other tabs: `hear` gets what they say, and `lead` is called when this tab leads.
    /// Returns nothing where a browser's tabs cannot work together.
    pub(super) fn join(
        mut hear: impl FnMut(Word) + 'static,
        lead: impl FnOnce() + 'static,
    ) -> Option<Self> {
        let channel = BroadcastChannel::new(NAME).ok()?;
        let wish = AbortController::new().ok()?;
        let given: Rc<RefCell<Option<Function>>> = Rc::default();
        wish_to_lead(&wish.signal(), &given, lead)?;
        let hear = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let word = event.data().as_string();
            if let Some(word) = word.and_then(|text| serde_json::from_str(&text).ok()) {
                hear(word);
            }
        });
        channel.set_onmessage(Some(hear.as_ref().unchecked_ref()));
        Some(Self { channel, _hear: hear, wish, lead: given })
    }

    /// Says something to all other tabs.
    pub(super) fn say(&self, word: &Word) {
        if let Ok(text) = serde_json::to_string(word) {
            let _ = self.channel.post_message(&text.into());
        }
    }

    /// Whether this tab leads.
    pub(super) fn leads(&self) -> bool {
        self.lead.borrow().is_some()
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.channel.set_onmessage(None);
        self.channel.close();
        self.wish.abort();
        if let Some(give_back) = self.lead.take() {
            let _ = give_back.call0(&JsValue::NULL);
        }
    }
}

/// Asks for the lead. Once it is given, what gives it back is in `given`, and `lead` is called.
fn wish_to_lead(
    signal: &AbortSignal,
    given: &Rc<RefCell<Option<Function>>>,
    lead: impl FnOnce() + 'static,
) -> Option<()> {
    let options = Object::new();
    Reflect::set(&options, &"signal".into(), signal).ok()?;
    let (given, taken_back) = (Rc::clone(given), signal.clone());
    // The lead lasts as long as the promise that this returns.
    let granted = Closure::once_into_js(move |_: JsValue| {
        dom::after(0, lead);
        Promise::new(&mut |give_back, _| {
            if taken_back.aborted() {
                let _ = give_back.call0(&JsValue::NULL);
            } else {
                *given.borrow_mut() = Some(give_back);
            }
        })
    });
    let led = request_lock(NAME, &options, &granted).ok()?;
    // A wish that is taken back is an error, which the console would tell of.
    spawn_local(async { drop(JsFuture::from(led).await) });
    Some(())
}
