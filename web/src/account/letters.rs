//! Which letters somebody gets: a part of `/account`, and the page `/mail/unsubscribe`.

use sycamore::prelude::*;

use crate::drawn::draw;
use crate::parts::{hidden, key, submit, summary, tick, way};
use crate::shop::Shop;
use crate::state::{Form, State};

use super::Proof;

/// What is shown of somebody's letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letters {
    /// The form: `sales` and `reminders`, each ticked if such letters come.
    pub form: Form,
    /// What keeps letters from coming, if anything does.
    pub trouble: Option<Trouble>,
}

/// Why letters that one can do without do not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A letter came back.
    CameBack,
    /// Somebody reported a letter as unwanted.
    Reported,
}

/// Draws the part of the account's page.
pub(super) fn section(shop: Shop, Letters { form, trouble }: Letters) -> View {
    let action = "/account/letters";
    let form = *create_signal(form);
    let (errors, key) = (summary(form), key(form));
    let sales = tick(shop, form, "sales", "Your sales", "When somebody buys your tickets.");
    let reminders = tick(
        shop,
        form,
        "reminders",
        "Reminders",
        "Before a hold ends, if you ask for it at the checkout.",
    );
    let button = submit(shop, action, "Save".to_owned(), "Saving…");
    let trouble = trouble.map_or_else(View::new, told);
    view! {
        section(class="sheet", aria-labelledby="letters") {
            h2(id="letters") { "E-mail" }
            (trouble)
            (errors)
            p { "E-mails about your orders, tickets and account always come." }
            form(method="post", action=action) { (key) (sales) (reminders) (button) }
        }
    }
}

fn told(trouble: Trouble) -> View {
    let why = match trouble {
        Trouble::CameBack => {
            "Mail to this address came back. Check that the address is right. Until then, we send only \
             what you need."
        }
        Trouble::Reported => {
            "An e-mail to this address was reported as spam. We send only what you need."
        }
    };
    view! { p(class="notice", role="status") { (why) } }
}

/// Returns `state` with the page on it where one does without letters of a kind. Mail scanners follow
/// links, but press no button.
#[must_use]
pub fn unsubscribe(state: State, Proof { token, form }: Proof) -> State {
    draw(state, form.key.clone(), move |shop| {
        let action = "/mail/unsubscribe";
        let form = *create_signal(form);
        let (errors, key, token) = (summary(form), key(form), hidden("token", token));
        let button = submit(shop, action, "Unsubscribe".to_owned(), "Unsubscribing…");
        view! {
            div(class="narrow") {
                h1(tabindex="-1") { "Get no more e-mails like this?" }
                p { "E-mails about your orders, tickets and account still come." }
                (errors)
                form(class="sheet", method="post", action=action) { (key) (token) (button) }
            }
        }
    })
}

/// Returns `state` with the page on it that follows.
#[must_use]
pub fn unsubscribed(state: State) -> State {
    draw(state, "unsubscribed".to_owned(), |_| {
        let account = way("button quiet", "/account", "To my account");
        view! {
            div(class="narrow") {
                h1(tabindex="-1") { "You are unsubscribed" }
                p { "Such e-mails no longer come. You can change that on the page of your account." }
                p(class="actions") { (account) }
            }
        }
    })
}
