//! News of listings, as the live stream tells them, and what they change on a page.

use boxoffice_contract::TicketId;
pub use boxoffice_contract::news::TicketNews;

use crate::state::{Card, Detail, Page, TicketStatus};
use crate::tabs::MOST;

/// What is to be done about news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: the page does not show the listing, or knows better.
    Nothing,
    /// The page has changed.
    Changed,
    /// The page has changed, and needs more than the news tell: the server must be asked.
    Ask,
}

/// The listings on `page` of which news are wanted.
#[must_use]
pub fn watched(page: &Page) -> Vec<TicketId> {
    let mut ids: Vec<TicketId> = match page {
        Page::Browse(browse) => browse.cards.iter().map(|card| card.id).collect(),
        Page::Ticket(Detail { card, others, fans, .. }) => {
            std::iter::once(card).chain(others).chain(fans).map(|card| card.id).collect()
        }
        Page::Listings(page) => page.listings.iter().map(|it| it.card.id).collect(),
        _ => Vec::new(),
    };
    ids.truncate(MOST);
    ids
}

/// Changes `page` as `news` say.
pub fn fold(page: &mut Page, news: &TicketNews) -> Effect {
    match page {
        Page::Browse(browse) => among(browse.cards.iter_mut(), news),
        Page::Ticket(detail) if detail.card.id == news.id => of_detail(detail, news),
        Page::Ticket(Detail { others, fans, .. }) => among(others.iter_mut().chain(fans), news),
        Page::Listings(page) => among(page.listings.iter_mut().map(|it| &mut it.card), news),
        _ => Effect::Nothing,
    }
}

fn among<'a>(mut cards: impl Iterator<Item = &'a mut Card>, news: &TicketNews) -> Effect {
    cards.find(|card| card.id == news.id).map_or(Effect::Nothing, |card| change(card, news))
}

fn change(card: &mut Card, news: &TicketNews) -> Effect {
    if news.version < card.version {
        return Effect::Nothing;
    }
    let same = (card.sale, card.available) == (news.status, news.available);
    let stale = news.edited && news.version > card.version;
    card.version = news.version;
    card.sale = news.status;
    card.available = news.available;
    match (stale, same) {
        (true, _) => Effect::Ask,
        (false, true) => Effect::Nothing,
        (false, false) => Effect::Changed,
    }
}

/// The listing that a page is about: what can be held of it, and what else there is, depend on it.
fn of_detail(detail: &mut Detail, news: &TicketNews) -> Effect {
    let effect = change(&mut detail.card, news);
    let available = usize::try_from(detail.card.available).unwrap_or(0);
    let wanting = match detail.card.sale {
        TicketStatus::Open if detail.card.mine => {
            detail.event.is_some() && detail.withdraw.is_none()
        }
        TicketStatus::Open => detail.totals.is_empty(),
        TicketStatus::Held | TicketStatus::Sold | TicketStatus::Withdrawn => {
            detail.others.is_empty()
        }
    };
    if detail.card.sale == TicketStatus::Open {
        detail.totals.truncate(available);
    }
    if effect == Effect::Changed && wanting { Effect::Ask } else { effect }
}

/// What to say aloud of a listing whose page is open.
#[must_use]
pub fn spoken(sale: TicketStatus) -> &'static str {
    match sale {
        TicketStatus::Open => "For sale again",
        TicketStatus::Held => "Now in someone's checkout",
        TicketStatus::Sold => "Just sold",
        TicketStatus::Withdrawn => "No longer for sale",
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::state::{Browse, Form};

    fn ticket(id: u128) -> TicketId {
        TicketId(Uuid::from_u128(id))
    }

    fn card(id: u128, version: i64) -> Card {
        Card {
            id: ticket(id),
            version,
            title: "A".to_owned(),
            price: "€45.00".to_owned(),
            venue: None,
            city: None,
            when: None,
            sale: TicketStatus::Open,
            available: 2,
            quantity: 2,
            mine: false,
        }
    }

    fn news(id: u128, version: i64, status: TicketStatus, available: i64) -> TicketNews {
        TicketNews { id: ticket(id), version, status, available, edited: false }
    }

    fn browse() -> Page {
        Page::Browse(Browse {
            filters: Form::default(),
            filtered: false,
            cards: vec![card(1, 3), card(2, 1)],
            next: None,
            first: None,
        })
    }

    fn detail() -> Detail {
        Detail {
            card: card(1, 3),
            description: None,
            hold: Form::default(),
            seen: "4500-EUR".to_owned(),
            totals: vec!["€45.00".to_owned(), "€90.00".to_owned()],
            unpaid: None,
            others: vec![card(2, 1)],
            fans: vec![card(3, 1)],
            event: None,
            withdraw: None,
        }
    }

    #[test]
    fn newer_news_change_their_card_alone() {
        let mut page = browse();
        assert_eq!(fold(&mut page, &news(2, 2, TicketStatus::Sold, 0)), Effect::Changed);
        let Page::Browse(browse) = &page else { panic!("another page") };
        assert_eq!((browse.cards[0].sale, browse.cards[0].version), (TicketStatus::Open, 3));
        assert_eq!((browse.cards[1].sale, browse.cards[1].version), (TicketStatus::Sold, 2));
    }

    #[test]
    fn stale_and_foreign_news_change_nothing() {
        let mut page = browse();
        assert_eq!(fold(&mut page, &news(1, 2, TicketStatus::Sold, 0)), Effect::Nothing);
        assert_eq!(fold(&mut page, &news(9, 9, TicketStatus::Sold, 0)), Effect::Nothing);
        assert_eq!(fold(&mut page, &news(1, 3, TicketStatus::Open, 2)), Effect::Nothing);
        assert_eq!(page, browse());
    }

    #[test]
    fn an_edit_is_asked_for_once() {
        let edit = TicketNews { edited: true, ..news(1, 4, TicketStatus::Open, 2) };
        let mut page = browse();
        assert_eq!(fold(&mut page, &edit), Effect::Ask);
        assert_eq!(fold(&mut page, &edit), Effect::Nothing, "the state that was asked for has it");
    }

    #[test]
    fn fewer_tickets_leave_fewer_to_choose() {
        let mut page = Page::Ticket(detail());
        assert_eq!(fold(&mut page, &news(1, 4, TicketStatus::Open, 1)), Effect::Changed);
        let Page::Ticket(detail) = &page else { panic!("another page") };
        assert_eq!(detail.totals, ["€45.00"]);
    }

    #[test]
    fn what_news_do_not_tell_is_asked_for() {
        let alone = Detail { others: Vec::new(), ..detail() };
        assert_eq!(fold(&mut Page::Ticket(alone), &news(1, 4, TicketStatus::Held, 0)), Effect::Ask);
        let held = Detail { totals: Vec::new(), ..detail() };
        assert_eq!(fold(&mut Page::Ticket(held), &news(1, 4, TicketStatus::Open, 1)), Effect::Ask);
        let own = |withdraw| {
            let card = Card { mine: true, sale: TicketStatus::Held, ..card(1, 3) };
            Page::Ticket(Detail { card, event: Some(ticket(9)), withdraw, ..detail() })
        };
        let open = news(1, 4, TicketStatus::Open, 1);
        assert_eq!(fold(&mut own(None), &open), Effect::Ask, "the form that takes it off sale");
        assert_eq!(fold(&mut own(Some(Form::default())), &open), Effect::Changed);
    }

    #[test]
    fn what_fans_sell_on_changes_in_place() {
        let mut page = Page::Ticket(detail());
        assert_eq!(fold(&mut page, &news(3, 2, TicketStatus::Sold, 0)), Effect::Changed);
        let Page::Ticket(detail) = &page else { panic!("another page") };
        assert_eq!(
            (detail.fans[0].sale, detail.card.sale),
            (TicketStatus::Sold, TicketStatus::Open)
        );
    }

    #[test]
    fn a_page_watches_what_it_shows() {
        assert_eq!(watched(&browse()), [ticket(1), ticket(2)]);
        assert_eq!(watched(&Page::Ticket(detail())), [ticket(1), ticket(2), ticket(3)]);
        let many = Browse {
            filters: Form::default(),
            filtered: false,
            cards: (0..150).map(|id| card(id, 1)).collect(),
            next: None,
            first: None,
        };
        assert_eq!(watched(&Page::Browse(many)).len(), 100);
    }
}
