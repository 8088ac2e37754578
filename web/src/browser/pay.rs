//! Paying, whatever becomes of the line.

use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlFormElement;

use super::travel::{Way, current};
use super::{Browser, dom, forms, net, stripe};
use crate::shop::Pending;
use crate::state::{Answer, Checkout, FieldError, Page, State};

/// How often an order is asked for while it is not known whether its payment arrived.
const PAUSE: i32 = 2_000;
/// How many times a payment is sent again at most.
const MOST: u32 = 5;

/// What is known of a payment after the line was cut.
enum Known {
    /// It did not arrive, and there is time: it may be sent again.
    NotSent,
    /// This is what the shop has to show.
    This(Box<State>),
    /// The shop knows more elsewhere.
    There(String),
}

/// Sends the payment form.
pub(crate) fn pay(browser: &Browser, action: String, body: String, form: HtmlFormElement) {
    let browser = browser.clone();
    browser.shop().pending.set(Pending::Sent(action.clone()));
    browser.set_out();
    spawn_local(async move {
        let body = match stripe::token(&browser).await {
            Some(Err(message)) => return browser.refuse(message),
            Some(Ok(token)) => with_token(&form, &token),
            None => body,
        };
        browser.settle(&action, &body).await;
    });
}

/// What the form would send with a payment method's id in it.
fn with_token(form: &HtmlFormElement, token: &str) -> String {
    let Some(params) = forms::params(form) else { return String::new() };
    params.set("token", token);
    String::from(params.to_string())
}

impl Browser {
    /// Says in the form why it was not sent; the hold and what was filled in stay.
    fn refuse(&self, message: String) {
        let shop = self.shop();
        self.at_once(|| {
            shop.pending.set(Pending::Nothing);
            shop.state.update(|state| {
                if let Page::Checkout(checkout) = &mut state.page {
                    checkout.pay.errors = vec![FieldError { field: None, message }];
                }
            });
        });
        // The form may have been drawn anew.
        stripe::mount(self);
        dom::focus("summary");
    }

    /// Sends a payment, and does not let go of it before its outcome is known.
    ///
    /// It is sent again only with the same key, and only when the order still waits for a payment:
    /// then the first did not arrive, or the service answers both as one.
    async fn settle(&self, action: &str, body: &str) {
        for _ in 0..MOST {
            match net::post(action, body).await {
                Ok(Answer::Show(state)) if matches!(state.page, Page::Failed(_)) => {}
                Ok(answer) => return self.answered(answer),
                Err(net::Lost) => {}
            }
            self.doubt();
            match find_out().await {
                Known::NotSent => {}
                Known::This(state) => return self.arrive(*state, None, Way::Instead),
                Known::There(address) => return self.answered(Answer::Go(address)),
            }
        }
        let message = "The payment did not get through. You were not charged. Try again.";
        self.refuse(message.to_owned());
    }

    /// Says that it is not known whether the payment arrived.
    fn doubt(&self) {
        let shop = self.shop();
        if shop.pending.with_untracked(|pending| *pending != Pending::Unsure) {
            shop.pending.set(Pending::Unsure);
            dom::focus_title();
        }
    }
}

/// Asks for the order until it is known what has become of it.
async fn find_out() -> Known {
    loop {
        dom::sleep(PAUSE).await;
        match net::get(&current()).await {
            Err(net::Lost) => {}
            Ok(Answer::Go(address)) => return Known::There(address),
            Ok(Answer::Show(state)) => match &state.page {
                Page::Failed(_) => {}
                Page::Checkout(checkout) if is_open(checkout, state.now) => return Known::NotSent,
                Page::Checkout(_) => {}
                _ => return Known::This(state),
            },
        }
    }
}

fn is_open(Checkout { order, .. }: &Checkout, now: i64) -> bool {
    order.standing.is_unpaid() && now < order.expires_at
}
