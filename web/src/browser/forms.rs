//! Forms, without a reload.

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, FormData, HtmlFormElement, UrlSearchParams};

use super::travel::{Way, go};
use super::{Browser, confirm, dom, fields, filters, net, passkey, pay};
use crate::shop::Pending;
use crate::state::{Answer, Notice, Tone};

pub(crate) fn take(browser: &Browser) {
    let browser = browser.clone();
    dom::listen(&dom::document(), "submit", move |event: Event| {
        let form = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
        if let Some(form) = form {
            submitted(&browser, &event, &form);
        }
    });
}

fn submitted(browser: &Browser, event: &Event, form: &HtmlFormElement) {
    match form.method().as_str() {
        "get" => {
            event.prevent_default();
            go(browser, filters::address(form), Way::Forth);
        }
        "post" => {
            event.prevent_default();
            let idle = browser.shop().pending.with(|pending| *pending == Pending::Nothing);
            if idle && !confirm::asks(form) && fields::all_good(browser, form) {
                send(browser, form);
            }
        }
        // A dialog's own.
        _ => {}
    }
}

fn send(browser: &Browser, form: &HtmlFormElement) {
    let (action, body) = (action(form), encoded(form));
    passkey::take_back(browser);
    if form.id() == "pay" {
        pay::pay(browser, action, body, form.clone());
        return;
    }
    if let Some(kind) = form.get_attribute("data-passkey") {
        passkey::ask(browser, form.clone(), kind);
        return;
    }
    post(browser, action, body);
}

/// Sends what a form holds.
pub(crate) fn post(browser: &Browser, action: String, body: String) {
    let browser = browser.clone();
    browser.shop().pending.set(Pending::Sent(action.clone()));
    // Whatever was being fetched is not what is wanted now.
    let journey = browser.set_out();
    browser.say_if_slow(journey, Way::Forth);
    spawn_local(async move {
        match net::post(&action, &body).await {
            Ok(answer) => browser.answered(answer),
            Err(net::Lost) => browser.unreached(),
        }
    });
}

/// The form's action as it is written: that is how the state knows the form.
pub(crate) fn action(form: &HtmlFormElement) -> String {
    form.get_attribute("action").unwrap_or_default()
}

/// What the form would send.
pub(crate) fn encoded(form: &HtmlFormElement) -> String {
    params(form).map(|params| String::from(params.to_string())).unwrap_or_default()
}

pub(crate) fn params(form: &HtmlFormElement) -> Option<UrlSearchParams> {
    let data = FormData::new_with_form(form).ok()?;
    UrlSearchParams::new_with_str_sequence_sequence(&data).ok()
}

impl Browser {
    /// Does what a form's answer says.
    pub(crate) fn answered(&self, answer: Answer) {
        match answer {
            Answer::Show(state) => self.arrive(*state, None, Way::Forth),
            // The form stays under way until the next page is there.
            Answer::Go(address) => go(self, address, Way::Forth),
        }
    }

    /// Says that a form did not get through. It may be sent again: its key is the same.
    fn unreached(&self) {
        let shop = self.shop();
        self.set_out();
        shop.pending.set(Pending::Nothing);
        let text = "The shop could not be reached. Nothing is lost: try again.".to_owned();
        // Said anew each time, also where it is said already.
        shop.state.update(|state| state.notice = None);
        shop.state.update(|state| state.notice = Some(Notice { tone: Tone::Bad, text }));
    }
}
