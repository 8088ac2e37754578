//! `/tickets/{id}`: one listing.

use boxoffice_contract::{OrderId, TicketId};
use sycamore::prelude::*;

use super::listings::take_back;
use crate::parts::{
    art, badge, cards, fact, hidden, key, moment, place, remaining, status, submit, summary, way,
};
use crate::shop::{Shop, dynamic, watch, words};
use crate::state::{Card, Detail, Form, Page, TicketStatus};

pub(crate) fn page(shop: Shop, first: Detail) -> View {
    let hold = shop.part(first.hold.clone(), |page| detail(page).map(|it| &it.hold));
    let others = shop.part(first.others.clone(), |page| detail(page).map(|it| &it.others));
    let fans = shop.part(first.fans.clone(), |page| detail(page).map(|it| &it.fans));
    let whole = shop.part(first.clone(), detail);
    let sale = watch(move || whole.with(|detail| detail.card.sale));
    let picture = art(first.card.id);
    let printed = printed(whole, first.event);
    let panel = panel(shop, whole, hold);
    let fans = from_fans(fans);
    let others = instead(sale, others);
    view! {
        article(
            class="detail",
            data-ticket=first.card.id.to_string(),
            data-status=move || status(sale.get()),
        ) {
            div(class="poster") { (picture) }
            (printed)
            (panel)
        }
        (fans)
        (others)
    }
}

fn detail(page: &Page) -> Option<&Detail> {
    match page {
        Page::Ticket(detail) => Some(detail),
        _ => None,
    }
}

/// What is printed on the listing: it changes only when its seller edits it.
fn printed(whole: ReadSignal<Detail>, event: Option<TicketId>) -> View {
    let print = watch(move || {
        whole.with(|Detail { card, description, .. }| {
            let Card { title, venue, city, when, quantity, .. } = card.clone();
            (title, place(venue.as_deref(), city.as_deref()), when, quantity, description.clone())
        })
    });
    let body = dynamic(move || {
        let (title, place, when, quantity, description) = print.get_clone();
        let when = when.map(moment).map(|when| fact_of("When", when)).unwrap_or_default();
        let place = place.map(|place| fact("Where", place)).unwrap_or_default();
        let lot = if quantity > 1 {
            fact("In this listing", format!("{quantity} tickets"))
        } else {
            View::new()
        };
        let about = description.map(about).unwrap_or_default();
        view! {
            h1(tabindex="-1") { (title) }
            dl(class="facts") { (when) (place) (lot) }
            (about)
        }
    });
    let origin = event.map(origin).unwrap_or_default();
    view! { div(class="print") { (body) (origin) } }
}

/// What there is to know of a ticket that a fan sells on.
fn origin(event: TicketId) -> View {
    let event = way("button quiet", format!("/tickets/{event}"), "See the event");
    view! {
        section(class="about") {
            p { "Sold on by a fan. The shop has checked its code, and makes you a new one." }
            p(class="actions") { (event) }
        }
    }
}

fn fact_of(label: &'static str, value: View) -> View {
    view! { div(class="fact") { dt { (label) } dd { (value) } } }
}

fn about(description: String) -> View {
    view! {
        section(class="about") {
            h2 { "About these tickets" }
            p { (description) }
        }
    }
}

/// The stub: the price, and what can be done.
fn panel(shop: Shop, whole: ReadSignal<Detail>, hold: ReadSignal<Form>) -> View {
    let price = words(move || whole.with(|detail| detail.card.price.clone()));
    let left = words(move || {
        let (available, quantity) =
            whole.with(|detail| (detail.card.available, detail.card.quantity));
        remaining(available, quantity).unwrap_or_default()
    });
    let errors = summary(hold);
    let offer = offer(shop, whole, hold);
    view! {
        aside(class="buy", aria-label="Buy") {
            (errors)
            div(class="sum") {
                p(class="price") { (price) }
                p(class="left") { (left) }
                p(class="small") { "a ticket, all fees included" }
            }
            (offer)
        }
    }
}

/// What the form that holds tickets lets one choose.
#[derive(Clone, PartialEq, Eq)]
struct Choice {
    ticket: TicketId,
    /// The price that is agreed to: see [`Detail::seen`].
    seen: String,
    totals: Vec<String>,
}

/// What the visitor can do with the listing.
#[derive(Clone, PartialEq, Eq)]
enum Offer {
    /// Change it: it is theirs.
    Edit(TicketId),
    /// Take it off sale, by a form with this key: it is theirs, and they sell it on.
    TakeBack { ticket: TicketId, sale: TicketStatus, key: Option<String> },
    /// Pay for what they hold of it, or hold more.
    Resume { order: OrderId, choice: Choice },
    /// Hold some.
    Buy(Choice),
    /// Nothing, and why.
    Wait(TicketStatus),
}

fn offered(Detail { card, unpaid, seen, totals, event, withdraw, .. }: &Detail) -> Offer {
    let (ticket, sale) = (card.id, card.sale);
    if card.mine && event.is_some() {
        let key = withdraw.as_ref().map(|form| form.key.clone());
        return Offer::TakeBack { ticket, sale, key };
    }
    let totals = if card.sale == TicketStatus::Open { totals.clone() } else { Vec::new() };
    let choice = Choice { ticket, seen: seen.clone(), totals };
    match (card.mine, unpaid, card.sale) {
        (true, _, _) => Offer::Edit(ticket),
        (_, &Some(order), _) => Offer::Resume { order, choice },
        (_, None, TicketStatus::Open) => Offer::Buy(choice),
        (_, None, sale) => Offer::Wait(sale),
    }
}

fn offer(shop: Shop, whole: ReadSignal<Detail>, hold: ReadSignal<Form>) -> View {
    let offer = watch(move || whole.with(offered));
    dynamic(move || match offer.get_clone() {
        Offer::Edit(ticket) => edit(ticket),
        Offer::TakeBack { ticket, sale, key } => own_offer(shop, ticket, sale, key),
        Offer::Resume { order, choice } => {
            let resume = resume(order);
            let more =
                if choice.totals.is_empty() { View::new() } else { more(shop, hold, choice) };
            view! { (resume) (more) }
        }
        Offer::Buy(choice) => buy(shop, hold, choice),
        Offer::Wait(sale) => wait(sale),
    })
}

fn edit(ticket: TicketId) -> View {
    let href = format!("/tickets/{ticket}/edit");
    let door = format!("/door/{ticket}");
    view! {
        p(class="small") { "This is your own listing." }
        a(class="button", href=href) { "Edit" }
        a(class="button quiet", href=door) { "Door" }
    }
}

/// The visitor's own offer of a ticket that they bought.
fn own_offer(shop: Shop, ticket: TicketId, sale: TicketStatus, key: Option<String>) -> View {
    let form = match (sale, key) {
        (TicketStatus::Open, Some(key)) => take_back(shop, ticket, key),
        _ => View::new(),
    };
    let text = match sale {
        TicketStatus::Open => "You sell this ticket on.",
        TicketStatus::Held => {
            "Someone is checking out. You can take it off sale if their hold ends."
        }
        TicketStatus::Sold => "You have sold this ticket on.",
        TicketStatus::Withdrawn => "This ticket is off sale.",
    };
    view! {
        p(class="small") { (text) }
        (form)
    }
}

fn resume(order: OrderId) -> View {
    let href = format!("/orders/{order}/checkout");
    view! {
        p(class="small") { "You hold tickets of this listing." }
        a(class="button", href=href) { "Resume payment" }
    }
}

fn buy(shop: Shop, hold: ReadSignal<Form>, choice: Choice) -> View {
    hold_form(shop, hold, choice, ("hold", "Buy"))
}

/// The way to hold more, less loud than the way to pay for what is held.
fn more(shop: Shop, hold: ReadSignal<Form>, choice: Choice) -> View {
    hold_form(shop, hold, choice, ("hold quietly", "Hold more"))
}

fn hold_form(
    shop: Shop,
    hold: ReadSignal<Form>,
    Choice { ticket, seen, totals }: Choice,
    (class, label): (&'static str, &str),
) -> View {
    let action = format!("/tickets/{ticket}/hold");
    let quantity = quantity(hold, totals);
    let key = key(hold);
    let seen = hidden("price", seen);
    let button = submit(shop, &action, label.to_owned(), "Holding…");
    view! {
        form(class=class, method="post", action=action) {
            (key)
            (seen)
            (quantity)
            (button)
        }
    }
}

/// How many to hold, with what they cost together; nothing to choose where there is one.
fn quantity(hold: ReadSignal<Form>, totals: Vec<String>) -> View {
    if totals.len() < 2 {
        return hidden("quantity", "1".to_owned());
    }
    let chosen = hold.with_untracked(|form| form.value("quantity").parse().unwrap_or(1));
    let option = |(index, total): (usize, String)| {
        let count = index + 1;
        let unit = if count == 1 { "ticket" } else { "tickets" };
        let label = format!("{count} {unit}, {total}");
        view! { option(value=count.to_string(), selected=count == chosen) { (label) } }
    };
    let options: Vec<View> = totals.into_iter().enumerate().map(option).collect();
    view! {
        div(class="field") {
            label(r#for="quantity") { "How many" }
            select(id="quantity", name="quantity") { (options) }
        }
    }
}

fn wait(sale: TicketStatus) -> View {
    let (title, text) = match sale {
        TicketStatus::Held => (
            badge(sale),
            "Someone is paying for it. If they do not, it is for sale again, and this page shows it at once.",
        ),
        TicketStatus::Sold => {
            (badge(sale), "All of these tickets are sold. Others may still be for sale.")
        }
        TicketStatus::Open | TicketStatus::Withdrawn => {
            (badge(sale), "Its seller has taken it off sale.")
        }
    };
    let title = title.unwrap_or_default();
    view! {
        p(class="badge") { (title) }
        p(class="small") { (text) }
    }
}

/// What fans sell on of the event's tickets.
fn from_fans(fans: ReadSignal<Vec<Card>>) -> View {
    dynamic(move || {
        let offers: Vec<View> = fans.get_clone().into_iter().map(from_fan).collect();
        if offers.is_empty() {
            return View::new();
        }
        view! {
            section(class="others", aria-labelledby="fans") {
                h2(id="fans") { "From fans" }
                ul(class="passes") { (offers) }
            }
        }
    })
}

fn from_fan(Card { id, price, sale, mine, .. }: Card) -> View {
    let (href, name) = (format!("/tickets/{id}"), format!("One ticket for {price}"));
    let word = badge(sale).or(mine.then_some("Yours")).unwrap_or("Code checked by the shop");
    view! {
        li(data-ticket=id.to_string(), data-status=status(sale)) {
            a(href=href) { (name) }
            p(class="small") { (word) }
        }
    }
}

/// Others to have, where this one cannot be had.
fn instead(sale: ReadSignal<TicketStatus>, others: ReadSignal<Vec<Card>>) -> View {
    let shown =
        watch(move || sale.get() != TicketStatus::Open && others.with(|others| !others.is_empty()));
    dynamic(move || {
        if !shown.get() {
            return View::new();
        }
        let cards = cards(others);
        view! {
            section(class="others", aria-labelledby="others") {
                h2(id="others") { "Still for sale" }
                (cards)
            }
        }
    })
}
