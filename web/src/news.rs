//! News of listings, as the live stream tells them, and what they change on a page.

use serde::Deserialize;

use crate::state::{Card, Detail, Page, Sale};

/// How many listings one stream tells of.
const MOST: usize = 100;

/// What has become of a listing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct News {
    /// The listing.
    pub id: String,
    /// Its version.
    pub version: i64,
    /// Where its sale stands.
    pub status: Sale,
    /// How many tickets can be had.
    pub available: i64,
    /// Whether more has changed than that.
    #[serde(default)]
    pub edited: bool,
}

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
pub fn watched(page: &Page) -> Vec<&str> {
    let mut ids: Vec<&str> = match page {
        Page::Browse(browse) => browse.cards.iter().map(|card| card.id.as_str()).collect(),
        Page::Ticket(Detail { card, others, .. }) => {
            std::iter::once(card).chain(others).map(|card| card.id.as_str()).collect()
        }
        Page::Listings(page) => page.listings.iter().map(|it| it.card.id.as_str()).collect(),
        _ => Vec::new(),
    };
    ids.truncate(MOST);
    ids
}

/// Changes `page` as `news` say.
pub fn fold(page: &mut Page, news: &News) -> Effect {
    match page {
        Page::Browse(browse) => among(browse.cards.iter_mut(), news),
        Page::Ticket(detail) if detail.card.id == news.id => of_detail(detail, news),
        Page::Ticket(detail) => among(detail.others.iter_mut(), news),
        Page::Listings(page) => among(page.listings.iter_mut().map(|it| &mut it.card), news),
        _ => Effect::Nothing,
    }
}

fn among<'a>(mut cards: impl Iterator<Item = &'a mut Card>, news: &News) -> Effect {
    cards.find(|card| card.id == news.id).map_or(Effect::Nothing, |card| change(card, news))
}

fn change(card: &mut Card, news: &News) -> Effect {
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
fn of_detail(detail: &mut Detail, news: &News) -> Effect {
    let effect = change(&mut detail.card, news);
    let available = usize::try_from(detail.card.available).unwrap_or(0);
    let wanting = match detail.card.sale {
        Sale::Open => detail.totals.is_empty() && !detail.card.mine,
        Sale::Held | Sale::Sold | Sale::Withdrawn => detail.others.is_empty(),
    };
    if detail.card.sale == Sale::Open {
        detail.totals.truncate(available);
    }
    if effect == Effect::Changed && wanting { Effect::Ask } else { effect }
}

/// What to say aloud of a listing whose page is open.
#[must_use]
pub fn spoken(sale: Sale) -> &'static str {
    match sale {
        Sale::Open => "For sale again",
        Sale::Held => "Now in someone's checkout",
        Sale::Sold => "Just sold",
        Sale::Withdrawn => "No longer for sale",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Browse, Form};

    fn card(id: &str, version: i64) -> Card {
        Card {
            id: id.to_owned(),
            version,
            title: "A".to_owned(),
            price: "€45.00".to_owned(),
            venue: None,
            city: None,
            when: None,
            sale: Sale::Open,
            available: 2,
            quantity: 2,
            mine: false,
        }
    }

    fn news(id: &str, version: i64, status: Sale, available: i64) -> News {
        News { id: id.to_owned(), version, status, available, edited: false }
    }

    fn browse() -> Page {
        Page::Browse(Browse {
            filters: Form::default(),
            filtered: false,
            cards: vec![card("a", 3), card("b", 1)],
            next: None,
            first: None,
        })
    }

    fn detail() -> Detail {
        Detail {
            card: card("a", 3),
            description: None,
            hold: Form::default(),
            totals: vec!["€45.00".to_owned(), "€90.00".to_owned()],
            unpaid: None,
            others: vec![card("b", 1)],
        }
    }

    #[test]
    fn newer_news_change_their_card_alone() {
        let mut page = browse();
        assert_eq!(fold(&mut page, &news("b", 2, Sale::Sold, 0)), Effect::Changed);
        let Page::Browse(browse) = &page else { panic!("another page") };
        assert_eq!((browse.cards[0].sale, browse.cards[0].version), (Sale::Open, 3));
        assert_eq!((browse.cards[1].sale, browse.cards[1].version), (Sale::Sold, 2));
    }

    #[test]
    fn stale_and_foreign_news_change_nothing() {
        let mut page = browse();
        assert_eq!(fold(&mut page, &news("a", 2, Sale::Sold, 0)), Effect::Nothing);
        assert_eq!(fold(&mut page, &news("z", 9, Sale::Sold, 0)), Effect::Nothing);
        assert_eq!(fold(&mut page, &news("a", 3, Sale::Open, 2)), Effect::Nothing);
        assert_eq!(page, browse());
    }

    #[test]
    fn an_edit_is_asked_for_once() {
        let edit = News { edited: true, ..news("a", 4, Sale::Open, 2) };
        let mut page = browse();
        assert_eq!(fold(&mut page, &edit), Effect::Ask);
        assert_eq!(fold(&mut page, &edit), Effect::Nothing, "the state that was asked for has it");
    }

    #[test]
    fn fewer_tickets_leave_fewer_to_choose() {
        let mut page = Page::Ticket(detail());
        assert_eq!(fold(&mut page, &news("a", 4, Sale::Open, 1)), Effect::Changed);
        let Page::Ticket(detail) = &page else { panic!("another page") };
        assert_eq!(detail.totals, ["€45.00"]);
    }

    #[test]
    fn what_news_do_not_tell_is_asked_for() {
        let alone = Detail { others: Vec::new(), ..detail() };
        assert_eq!(fold(&mut Page::Ticket(alone), &news("a", 4, Sale::Held, 0)), Effect::Ask);
        let held = Detail { totals: Vec::new(), ..detail() };
        assert_eq!(fold(&mut Page::Ticket(held), &news("a", 4, Sale::Open, 1)), Effect::Ask);
    }

    #[test]
    fn a_page_watches_what_it_shows() {
        assert_eq!(watched(&browse()), ["a", "b"]);
        assert_eq!(watched(&Page::Ticket(detail())), ["a", "b"]);
        let many = Browse {
            filters: Form::default(),
            filtered: false,
            cards: (0..150).map(|id| card(&id.to_string(), 1)).collect(),
            next: None,
            first: None,
        };
        assert_eq!(watched(&Page::Browse(many)).len(), 100);
    }
}
