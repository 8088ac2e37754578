//! Letters to those who hold a ticket, or are to.

use crate::content::{Block, Content, Fact, Part, Reader};
use crate::letter::{EventMoved, Held, TicketTransferred};
use crate::theirs::{Theirs, subject};

/// The page with all that one has.
const ORDERS: &str = "/orders";

pub(crate) fn moved(letter: &EventMoved, reader: &Reader) -> Content {
    let EventMoved { event, held, .. } = letter;
    let path = held.map_or_else(|| ORDERS.to_owned(), page);
    let mut blocks = vec![
        Block::say(
            "The seller changed when or where this event takes place. This is how it stands now.",
        ),
        Block::Facts(reader.event(event)),
        Block::say("Your tickets stay valid. Their page tells whether you can return them."),
        Block::Button { label: "Show my tickets", url: reader.own(&path) },
    ];
    if held.is_some() && event.starts_at.is_some() {
        blocks.push(Block::say("The attached file changes the event in your calendar."));
    }
    Content {
        subject: subject("New time or place: ", &event.title),
        heading: "This event has moved",
        blocks,
        reason: "You get this e-mail because you hold tickets for this event.",
    }
}

pub(crate) fn transferred(letter: &TicketTransferred, reader: &Reader) -> Content {
    let TicketTransferred { from, event, link, until } = letter;
    let offer = match from {
        Some(from) => vec![
            Part::Theirs(Theirs::new(from)),
            Part::Ours(" wants to give you a ticket. It costs you nothing.".to_owned()),
        ],
        None => vec![Part::Ours(
            "Somebody wants to give you a ticket. It costs you nothing.".to_owned(),
        )],
    };
    let mut facts = reader.event(event);
    let until = reader.moment(*until, event.time_zone.as_deref());
    facts.push(Fact::ours("Take it by", until));
    Content {
        subject: subject("A ticket for you: ", &event.title),
        heading: "A ticket for you",
        blocks: vec![
            Block::Paragraph(offer),
            Block::Facts(facts),
            Block::Button { label: "Take the ticket", url: reader.url(link) },
            Block::say(
                "Anybody with this link can take the ticket, so do not pass it on. If you do not \
                 know who it comes from, ignore this e-mail.",
            ),
        ],
        reason: "You get this e-mail because somebody gave your address for this ticket.",
    }
}

/// The path of the page of what somebody holds.
pub(crate) fn page(held: Held) -> String {
    match held {
        Held::Order(order) => super::order::page(order),
        Held::Admission(admission) => format!("/admissions/{admission}"),
    }
}
