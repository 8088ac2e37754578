//! `/tickets/new` and `/tickets/{id}/edit`.

use std::collections::BTreeMap;

use boxoffice_contract::TicketId;
use sycamore::prelude::*;

use super::listings::withdraw;
use crate::parts::{
    Control, Field, Need, field, kept, key, submit, summary, tick, zones as grouped,
};
use crate::shop::{Shop, dynamic, watch, words};
use crate::state::{BEFORE, Currency, Form, Page, SEEN, Sell};

/// The fields that fold away, by where they stand.
const RESALE: [&str; 2] = ["resaleCap", "transferLimit"];
const ENTRY: [&str; 2] = ["asksNames", "turningCodes"];

pub(crate) fn page(shop: Shop, first: Sell) -> View {
    let form = shop.part(first.form.clone(), |page| sell(page).map(|it| &it.form));
    let locked = shop.part(first.locked.clone(), |page| sell(page).map(|it| &it.locked));
    let title = if first.ticket.is_some() { "Edit your listing" } else { "Sell your tickets" };
    let errors = summary(form);
    let lock = lock(locked);
    let sheet = sheet(shop, form, locked, &first);
    let end = match (&first.ticket, &first.withdraw) {
        (&Some(ticket), Some(Form { key, .. })) => end(shop, ticket, key.clone()),
        _ => View::new(),
    };
    view! {
        div(class="narrow") {
            h1(tabindex="-1") { (title) }
            (errors)
            (lock)
            (sheet)
            (end)
        }
    }
}

fn sell(page: &Page) -> Option<&Sell> {
    match page {
        Page::Sell(sell) => Some(sell),
        _ => None,
    }
}

/// Why the listing cannot be edited.
fn lock(locked: ReadSignal<Option<String>>) -> View {
    dynamic(move || match locked.get_clone() {
        Some(why) => view! { p(class="notice", role="status") { (why) } },
        None => View::new(),
    })
}

fn sheet(
    shop: Shop,
    form: ReadSignal<Form>,
    locked: ReadSignal<Option<String>>,
    first: &Sell,
) -> View {
    let (action, button, doing) = match first.ticket {
        Some(ticket) => (format!("/tickets/{ticket}/edit"), "Save", "Saving…"),
        None => ("/tickets/new".to_owned(), "List for sale", "Listing…"),
    };
    let version = version(shop, first.version);
    let key = key(form);
    let before: Vec<View> = match first.ticket {
        Some(_) => BEFORE.into_iter().chain([SEEN]).map(|name| kept(form, name)).collect(),
        None => Vec::new(),
    };
    let event = event(shop, form, &first.time_zones);
    let offer = offer(shop, form, first.currencies.clone());
    let resale = resale(shop, form);
    let entry = entry(shop, form);
    let submit = submit(shop, &action, button.to_owned(), doing);
    let shut = watch(move || locked.with(Option::is_some));
    view! {
        form(class="sheet", method="post", action=action, novalidate=true, data-checked="") {
            (key)
            (version)
            (before)
            fieldset("disabled"=move || shut.get().then_some("")) {
                (event)
                (offer)
                (resale)
                (entry)
                (submit)
            }
        }
    }
}

/// The version that the form is about. It follows the state: who has been told that the listing has
/// changed sends the form again for what it is now.
fn version(shop: Shop, first: Option<i64>) -> View {
    if first.is_none() {
        return View::new();
    }
    let version = shop.part(first, |page| sell(page).map(|it| &it.version));
    let value = move || version.get().map(|version| version.to_string()).unwrap_or_default();
    view! { input(r#type="hidden", name="version", value=value) }
}

/// The fields that say what it is, where and when.
fn event(shop: Shop, form: ReadSignal<Form>, zones: &[String]) -> View {
    let draw = |name, label, hint, control| {
        field(shop, form, Field { name, label, hint, need: Need::May, control })
    };
    let control = Control::LINE;
    let title = Field {
        name: "title",
        label: "Title",
        hint: "Who plays, or what the event is.",
        need: Need::Must,
        control,
    };
    let title = field(shop, form, title);
    let venue = draw("venue", "Venue", "", Control::LINE);
    let city = draw("city", "City", "", Control::LINE);
    let control = Control::Line { kind: "datetime-local", complete: "off", mode: "none" };
    let begins = draw("startsAt", "Begins", "In the venue's local time.", control);
    let zones = Control::Groups(grouped(zones, ("Not chosen", "Choose one")));
    let zone = draw("timeZone", "Time zone of the venue", "", zones);
    view! {
        (title)
        div(class="pair") { (venue) (city) }
        div(class="pair") { (begins) (zone) }
    }
}

/// The fields that say what it costs and how many there are.
fn offer(shop: Shop, form: ReadSignal<Form>, currencies: Vec<Currency>) -> View {
    let draw = |name, label, hint, need, control| {
        field(shop, form, Field { name, label, hint, need, control })
    };
    let sign = sign(form, &currencies);
    let price = draw(
        "price",
        "Price of one ticket",
        "The full price that a buyer pays.",
        Need::Must,
        Control::AMOUNT,
    );
    let choices = currencies.into_iter().map(|Currency { code, name, .. }| {
        let label = format!("{code}, {name}");
        (code, label)
    });
    let currency = draw("currency", "Currency", "", Need::Must, Control::Choice(choices.collect()));
    let quantity = draw("quantity", "How many tickets", "", Need::Must, Control::COUNT);
    let most = draw(
        "maxPerBuyer",
        "At most per buyer",
        "10 if you leave it empty.",
        Need::May,
        Control::COUNT,
    );
    let about = draw(
        "description",
        "About these tickets",
        "Seats, entrance, anything else a buyer should know.",
        Need::May,
        Control::Text,
    );
    view! {
        div(class="pair money") {
            div(class="prefixed") { (sign) (price) }
            (currency)
        }
        // Filled in when the price is left: how the shop understands it.
        p(class="small understood", id="understood", aria-live="polite") {}
        div(class="pair") { (quantity) (most) }
        (about)
    }
}

/// What buyers may do with their tickets.
fn resale(shop: Shop, form: ReadSignal<Form>) -> View {
    let draw = |name, label, hint| {
        let control = Control::COUNT;
        field(shop, form, Field { name, label, hint, need: Need::May, control })
    };
    let cap = draw(
        "resaleCap",
        "Highest resale price, in percent of yours",
        "100 is your own price; 0 forbids selling a ticket on.",
    );
    let limit = draw(
        "transferLimit",
        "How often a ticket may be handed on",
        "0 forbids it. Leave it empty for no limit.",
    );
    folded(shop, form, RESALE, "Resale and handing on", [cap, limit])
}

/// What a ticket needs to let somebody in.
fn entry(shop: Shop, form: ReadSignal<Form>) -> View {
    let names = tick(
        shop,
        form,
        "asksNames",
        "Ask for the name of each guest",
        "Guests give it on their ticket. Doors see it.",
    );
    let turning = tick(
        shop,
        form,
        "turningCodes",
        "Codes that turn every 30 seconds",
        "A screenshot lets nobody in. There is no PDF and no wallet pass, and the listing needs a date.",
    );
    folded(shop, form, ENTRY, "Names and codes", [names, turning])
}

/// Fields that are folded away. They open for a complaint, and stay open: they must not close on a
/// field that is being mended.
fn folded(
    shop: Shop,
    form: ReadSignal<Form>,
    names: [&'static str; 2],
    title: &'static str,
    [first, second]: [View; 2],
) -> View {
    let complaints = names.map(|name| shop.complaint(form, name));
    let mut open = false;
    let open = watch(move || {
        open |= complaints.iter().any(|complaint| complaint.with(Option::is_some));
        open
    });
    view! {
        details(class="terms", open=move || open.get()) {
            summary(class="button quiet") { (title) }
            (first)
            (second)
        }
    }
}

/// The sign of the currency that is chosen, before the price.
fn sign(form: ReadSignal<Form>, currencies: &[Currency]) -> View {
    let signs: BTreeMap<String, String> =
        currencies.iter().map(|currency| (currency.code.clone(), currency.sign.clone())).collect();
    let sign = words(move || {
        form.with(|form| signs.get(form.value("currency")).cloned().unwrap_or_default())
    });
    view! {
        span(class="prefix", aria-hidden="true") { (sign) }
    }
}

/// Taking the listing off sale.
fn end(shop: Shop, ticket: TicketId, key: String) -> View {
    let form = withdraw(shop, ticket, key);
    view! {
        section(class="end", aria-labelledby="end") {
            h2(id="end") { "Changed your mind?" }
            (form)
        }
    }
}
