//! What gives the page its life in the browser: links and forms without reloads, the clock, the
//! live stream, payments.
//!
//! The views know nothing of this. Whatever happens is caught at the document, where it bubbles
//! to, and told by roles, names and a few data attributes; what changes, changes in the state.

mod clock;
mod confirm;
mod copy;
mod dom;
mod fields;
mod filters;
mod forms;
mod links;
mod live;
mod net;
mod passkey;
mod pay;
mod refresh;
mod stripe;
mod team;
mod travel;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use sycamore::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::AbortController;

use self::live::Live;
use crate::app::app;
use crate::shop::Shop;
use crate::state::State;

/// The shop in this window.
#[derive(Clone)]
pub(crate) struct Browser(Rc<Inner>);

struct Inner {
    shop: Shop,
    /// Where the shop's signals live: several can be set at once only from within.
    scope: NodeHandle,
    /// Counts journeys: an answer that comes after the next one has begun is dropped.
    journey: Cell<u32>,
    /// Whether somebody wants the journey under way: what a page asks by itself must not end it.
    wanted: Cell<bool>,
    /// When the state came, by this machine's clock, in milliseconds since 1970.
    came: Cell<f64>,
    /// When the server was last asked for this page's state by itself.
    asked: Cell<f64>,
    /// The stream of news.
    live: RefCell<Live>,
    /// Stripe's form, while it is on the page.
    card: RefCell<Option<stripe::Card>>,
    /// What takes the offer of passkeys back, while the page makes one.
    offer: RefCell<Option<AbortController>>,
}

/// Takes the page over.
#[wasm_bindgen(start)]
pub(crate) fn start() {
    let Some(state) = embedded() else { return };
    let Some(root) = dom::by_id("app") else { return };
    sycamore::hydrate_to(
        move || {
            let shop = Shop::new(state);
            let view = app(shop);
            Browser::new(shop).begin();
            view
        },
        &root,
    );
    if let Some(html) = dom::document().document_element() {
        // It cannot fail: the name is one.
        let _ = html.set_attribute("data-hydrated", "true");
    }
}

/// The state that the server has put into the page.
fn embedded() -> Option<State> {
    let json = dom::by_id("state")?.text_content()?;
    serde_json::from_str(&json).ok()
}

impl Browser {
    fn new(shop: Shop) -> Self {
        Self(Rc::new(Inner {
            shop,
            scope: use_current_scope(),
            journey: Cell::new(0),
            wanted: Cell::new(false),
            came: Cell::new(clock::loaded()),
            asked: Cell::new(0.0),
            live: RefCell::default(),
            card: RefCell::default(),
            offer: RefCell::default(),
        }))
    }

    fn begin(&self) {
        links::follow(self);
        forms::take(self);
        fields::check(self);
        fields::prefill(self);
        filters::apply(self);
        confirm::arm();
        travel::remember(self);
        clock::run(self);
        live::listen(self);
        refresh::wake(self);
        stripe::mount(self);
        passkey::offer(self);
    }

    pub(crate) fn shop(&self) -> Shop {
        self.0.shop
    }

    /// Does `changes` to the state, and lets the page see them together.
    pub(crate) fn at_once(&self, changes: impl FnOnce()) {
        self.0.scope.run_in(|| batch(changes));
    }
}
