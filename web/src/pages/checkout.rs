//! `/orders/{id}/checkout`: paying for an order.

use boxoffice_contract::OrderId;
use sycamore::prelude::*;
use sycamore::web::is_hydrating;

use crate::countdown::seconds_left;
use crate::parts::{Ending, ending, hidden, key, stub, submit, summary, timer, way};
use crate::shop::{Pending, Shop, dynamic, watch};
use crate::state::{Checkout, Form, Method, Order, Page, Reminder, Standing, TestCard};

pub(crate) fn page(shop: Shop, first: Checkout) -> View {
    let pay = shop.part(first.pay.clone(), |page| checkout(page).map(|it| &it.pay));
    let cancel = shop.part(first.cancel.clone(), |page| checkout(page).map(|it| &it.cancel));
    let end =
        shop.part(first.order.expires_at, |page| checkout(page).map(|it| &it.order.expires_at));
    let standing =
        shop.part(first.order.standing, |page| checkout(page).map(|it| &it.order.standing));
    let reminder = shop.part(first.reminder.clone(), |page| checkout(page).map(|it| &it.reminder));
    let phase = phase(shop, end);
    let body = dynamic(move || match phase.get() {
        Phase::Open => {
            let forms = Forms { pay, cancel, reminder };
            open(shop, first.clone(), (end, standing), forms)
        }
        Phase::Unsure => unsure(first.order.clone()),
        Phase::Ended => ended(first.again.clone(), first.order.clone()),
    });
    view! { div(class="narrow checkout") { (body) } }
}

fn checkout(page: &Page) -> Option<&Checkout> {
    match page {
        Page::Checkout(checkout) => Some(checkout),
        _ => None,
    }
}

/// Where one is with the payment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// There is time to pay.
    Open,
    /// A payment was sent, and its answer got lost.
    Unsure,
    /// The time is up.
    Ended,
}

fn phase(shop: Shop, end: ReadSignal<i64>) -> ReadSignal<Phase> {
    watch(move || {
        let up = seconds_left(end.get(), shop.now.get()) == 0;
        shop.pending.with(|pending| match pending {
            Pending::Unsure => Phase::Unsure,
            // A payment that is under way may still be in time: its answer says.
            Pending::Nothing if up => Phase::Ended,
            Pending::Nothing | Pending::Sent(_) => Phase::Open,
        })
    })
}

/// The forms of the page.
struct Forms {
    pay: ReadSignal<Form>,
    cancel: ReadSignal<Form>,
    reminder: ReadSignal<Reminder>,
}

fn open(
    shop: Shop,
    Checkout { order, method, .. }: Checkout,
    (end, standing): (ReadSignal<i64>, ReadSignal<Standing>),
    Forms { pay, cancel, reminder }: Forms,
) -> View {
    // A bank's question makes the hold longer.
    let timer = dynamic(move || timer(shop, end.get()));
    let errors = summary(pay);
    let question = question(order.id, standing);
    let form = pay_form(shop, &order, method, pay);
    let cancel = cancel_form(shop, &order, cancel);
    let reminder = reminder_form(shop, order.id, reminder);
    let stub = stub(order);
    view! {
        h1(tabindex="-1") { "Checkout" }
        p(class="hold-bar") { "Held for you for " (timer) }
        (errors)
        (question)
        // What is bought and what it costs comes before the way to pay for it.
        div(class="beside") {
            div(class="bought") { (stub) }
            div(class="column") { (form) (reminder) (cancel) }
        }
    }
}

/// Offers a letter before the hold ends, or says that one comes.
fn reminder_form(shop: Shop, order: OrderId, reminder: ReadSignal<Reminder>) -> View {
    dynamic(move || match reminder.get_clone() {
        Reminder::None => View::new(),
        Reminder::Asked => view! {
            p(class="small", role="status") { "We will e-mail you 3 minutes before your hold ends." }
        },
        Reminder::Offered(form) => {
            let action = format!("/orders/{order}/remind");
            let key = hidden("key", form.key);
            let label = "E-mail me 3 minutes before it ends".to_owned();
            let button = submit(shop, &action, label, "Saving…");
            view! { form(class="ending", method="post", action=action) { (key) (button) } }
        }
    })
}

/// What the buyer's bank wants to know, where it does (3-D Secure). It takes the focus.
///
/// The link is the shop's own, and leads on to the bank: it is not followed by script, which can
/// fetch nothing from there.
fn question(order: OrderId, standing: ReadSignal<Standing>) -> View {
    let asked = watch(move || standing.get() == Standing::Asked);
    dynamic(move || {
        if !asked.get() {
            return View::new();
        }
        // Where the page is loaded with it; later, the browser moves the focus itself.
        let loads = is_hydrating();
        let bank = format!("/orders/{order}/bank");
        view! {
            section(id="question", class="notice question", aria-labelledby="asked", tabindex="-1", autofocus=loads) {
                h2(id="asked") { "Your bank asks you to confirm this payment" }
                p { "Nothing is paid yet. Confirm on your bank's page, which brings you back here. Your tickets are held until the time above is up." }
                p(class="actions") { a(class="button", href=bank, target="_self") { "Continue to your bank" } }
                p { "Or pay with another card below. This payment is then cancelled." }
            }
        }
    })
}

fn pay_form(shop: Shop, order: &Order, method: Method, pay: ReadSignal<Form>) -> View {
    let action = format!("/orders/{}/pay", order.id);
    let button = submit(shop, &action, format!("Pay {}", order.total), "Processing…");
    let key = key(pay);
    let means = match method {
        Method::Sandbox { cards } => sandbox(cards, pay),
        Method::Unavailable => return unavailable(),
        Method::Stripe { publishable_key, amount, currency } => {
            stripe(publishable_key, amount, currency)
        }
    };
    view! {
        form(class="sheet pay", id="pay", method="post", action=action) {
            (key)
            (means)
            (button)
            p(class="small") { "You are charged only once the tickets are yours." }
        }
    }
}

/// What is said where nobody can pay.
fn unavailable() -> View {
    view! {
        p(class="notice", role="status") {
            "Payments are not set up in this shop yet. You were not charged."
        }
    }
}

/// The sandbox's test cards.
fn sandbox(cards: Vec<TestCard>, pay: ReadSignal<Form>) -> View {
    let chosen = pay.with_untracked(|form| form.value("token").to_owned());
    let chosen = match cards.first() {
        Some(card) if chosen.is_empty() => card.token.clone(),
        _ => chosen,
    };
    let cards = cards.into_iter().enumerate().map(|(index, card)| test_card(index, card, &chosen));
    let cards: Vec<View> = cards.collect();
    view! {
        p(class="sandbox") {
            strong { "Sandbox." }
            " No real money moves, and no real card works. Choose a test card."
        }
        fieldset(class="choices") {
            legend { "Test card" }
            (cards)
        }
    }
}

fn test_card(index: usize, TestCard { token, name, effect }: TestCard, chosen: &str) -> View {
    let id = format!("card-{index}");
    let hint = format!("{id}-effect");
    let checked = token == chosen;
    let (label_for, described) = (id.clone(), hint.clone());
    view! {
        div(class="choice") {
            input(
                r#type="radio", id=id, name="token", value=token, checked=checked,
                aria-describedby=described,
            )
            label(r#for=label_for) { (name) }
            p(class="small", id=hint) { (effect) }
        }
    }
}

/// Where Stripe's Payment Element goes.
fn stripe(publishable_key: String, amount: i64, currency: String) -> View {
    let token = hidden("token", String::new());
    view! {
        (token)
        div(
            id="payment-element",
            class="element",
            data-key=publishable_key,
            data-amount=amount.to_string(),
            data-currency=currency,
        ) {}
        noscript { p(class="notice") { "Paying by card needs JavaScript. Switch it on and load the page again: your tickets stay held." } }
    }
}

fn cancel_form(shop: Shop, order: &Order, cancel: ReadSignal<Form>) -> View {
    let form = Ending {
        action: format!("/orders/{}/cancel", order.id),
        inside: key(cancel),
        button: ("Give the tickets up", "Giving up…"),
        question: [
            "Give the tickets up?",
            "They go back on sale at once. You are not charged.",
            "Give them up",
        ],
    };
    ending(shop, form)
}

fn unsure(order: Order) -> View {
    let stub = stub(order);
    view! {
        h1(tabindex="-1") { "We're checking your payment. Don't pay again." }
        p(role="status") { "The connection was lost before the answer came. This page is checking your payment; leave it open." }
        div(class="waiting", aria-hidden="true") {}
        (stub)
    }
}

fn ended(again: String, order: Order) -> View {
    let again = way("button", again, "Find it again");
    let stub = stub(order);
    view! {
        h1(tabindex="-1") { "Your hold ended. You were not charged" }
        p { "The tickets are for sale again." }
        p(class="actions") { (again) }
        (stub)
    }
}
