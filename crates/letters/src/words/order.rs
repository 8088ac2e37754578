//! Letters about an order.

use boxoffice_contract::OrderId;
use boxoffice_contract::orders::number;

use crate::content::{Block, Content, Fact, Reader};
use crate::letter::{Enclosed, Event, HoldEnding, OrderConfirmed, OrderRefunded, TicketSold};
use crate::theirs::subject;

/// The page with what one has sold.
const SALES: &str = "/sales";

const OF_BUYER: &str = "You get this e-mail because you bought tickets.";

pub(crate) fn confirmed(letter: &OrderConfirmed, reader: &Reader) -> Content {
    let OrderConfirmed { order, quantity, amount, currency, event, enclosed } = letter;
    let [thanks, show] = match quantity {
        1 => ["Thank you. The ticket is yours.", "Show the ticket"],
        _ => ["Thank you. The tickets are yours.", "Show the tickets"],
    };
    let mut facts = facts(*order, *quantity, event, reader);
    facts.push(Fact { name: "Paid", value: reader.money(*amount, currency) });
    let mut blocks = vec![
        Block::say(thanks),
        Block::Facts(facts),
        Block::Button { label: show, url: reader.own(&page(*order)) },
        Block::say(door(*enclosed)),
    ];
    if reader.is_opened() {
        blocks.push(Block::say(
            "You bought as a guest: the link signs you in, so show it to nobody. It works for 90 \
             days, or until you choose a password.",
        ));
    }
    if event.starts_at.is_some() {
        blocks.push(Block::say("The attached event.ics puts the event into your calendar."));
    }
    Content {
        subject: subject("Your order: ", &event.title),
        heading: "Your order is complete",
        blocks,
        reason: OF_BUYER,
    }
}

/// Says what to show at the door.
fn door(enclosed: Enclosed) -> &'static str {
    match enclosed {
        Enclosed::Nothing => {
            "At the door, show the code that is on this page. It belongs to you alone, so it is not \
             in this e-mail."
        }
        Enclosed::Tickets => {
            "At the door, show the code on this page, or the attached file. Anybody with the file \
             can enter with it, so do not pass it on."
        }
        Enclosed::Turning => {
            "At the door, show the code that is on this page. It changes every 30 seconds, so no file \
             can hold it."
        }
    }
}

pub(crate) fn ending(letter: &HoldEnding, reader: &Reader) -> Content {
    let HoldEnding { order, quantity, amount, currency, event, until } = letter;
    let mut facts = facts(*order, *quantity, event, reader);
    facts.push(Fact { name: "Price", value: reader.money(*amount, currency) });
    facts.push(Fact::ours("Held until", reader.moment(*until, event.time_zone.as_deref())));
    Content {
        subject: subject("Pay soon: ", &event.title),
        heading: "Your time to pay is nearly up",
        blocks: vec![
            Block::say(
                "We hold these tickets for you a few minutes longer. Then others can buy them.",
            ),
            Block::Facts(facts),
            Block::Button {
                label: "Pay now",
                url: reader.own(&format!("/orders/{order}/checkout")),
            },
        ],
        reason: "You get this e-mail because you asked us to remind you of this order.",
    }
}

pub(crate) fn sold(letter: &TicketSold, reader: &Reader) -> Content {
    let TicketSold { order, quantity, amount, currency, event } = letter;
    let (heading, words) = match quantity {
        1 => ("You sold a ticket", "Somebody bought a ticket of yours."),
        _ => ("You sold tickets", "Somebody bought tickets of yours."),
    };
    let mut facts = facts(*order, *quantity, event, reader);
    facts.push(Fact { name: "Price", value: reader.money(*amount, currency) });
    Content {
        subject: subject("Sold: ", &event.title),
        heading,
        blocks: vec![
            Block::say(words),
            Block::Facts(facts),
            Block::Button { label: "Show my sales", url: reader.own(SALES) },
        ],
        reason: "You get this e-mail because you sell tickets.",
    }
}

pub(crate) fn refunded(letter: &OrderRefunded, reader: &Reader) -> Content {
    let OrderRefunded { order, quantity, amount, currency, event } = letter;
    let invalid = match quantity {
        1 => "The ticket is no longer valid.",
        _ => "The tickets are no longer valid.",
    };
    let mut facts = facts(*order, *quantity, event, reader);
    facts.push(Fact { name: "Refund", value: reader.money(*amount, currency) });
    Content {
        subject: subject("Your refund: ", &event.title),
        heading: "You get your money back",
        blocks: vec![
            Block::say(format!("We have refunded your order. {invalid}")),
            Block::Facts(facts),
            Block::say(
                "The money goes back the way that you paid. Your bank may take up to ten days to \
                 show it.",
            ),
            Block::Button { label: "Show the order", url: reader.own(&page(*order)) },
        ],
        reason: OF_BUYER,
    }
}

/// Lists what is known of an order, but what it costs.
fn facts(order: OrderId, quantity: i64, event: &Event, reader: &Reader) -> Vec<Fact> {
    let mut facts = reader.event(event);
    facts.push(Fact::ours("Tickets", quantity.to_string()));
    facts.push(Fact::ours("Order", number(order)));
    facts
}

/// The path of an order's page.
pub(crate) fn page(order: OrderId) -> String {
    format!("/orders/{order}")
}
