//! A page that is open, and what it has yet to hear.

use std::time::{Duration, Instant};

use boxoffice_contract::TicketId;
use boxoffice_kernel::events::entry::EntryId;

use crate::feed::{Due, Feed};
use crate::sse;
use crate::subscription::Subscription;

/// How long a stream is silent at most, so that whoever is between, and the page, know that it is
/// alive, and this side notices that the page is gone.
const SILENCE: Duration = Duration::from_secs(10);

/// An open page.
#[derive(Debug)]
pub(crate) struct Page {
    tickets: Vec<TicketId>,
    /// What it has heard; None for one that has just come.
    heard: Option<EntryId>,
    /// Whether it has been told anything at all.
    greeted: bool,
    /// When it was told something last.
    told: Instant,
    /// When its stream ends.
    pub(crate) ends: Instant,
}

impl Page {
    /// A page that has come `now`. `chance`, from 0 to 1, says how much of its time it gets: those
    /// who came at once shall not all come back at once.
    pub(crate) fn new(subscription: Subscription, now: Instant, chance: f64) -> Self {
        let Subscription { tickets, after, length } = subscription;
        let ends = now + length.mul_f64(0.85 + 0.15 * chance);
        Self { tickets, heard: after, greeted: false, told: now, ends }
    }

    /// What to tell it `now`; empty if there is nothing. `is_last` if its stream ends with it.
    pub(crate) fn words(&mut self, feed: &Feed, now: Instant, is_last: bool) -> String {
        let mut words = String::new();
        let position = feed.position();
        if !self.greeted {
            words.push_str(sse::OPENING);
        }
        if !self.greeted || self.heard != Some(position) {
            words.push_str(&self.due(feed));
        }
        if !self.greeted || is_last || now.duration_since(self.told) >= SILENCE {
            words.push_str(&sse::heartbeat(position));
        }
        if now >= self.ends {
            words.push_str(sse::COME_BACK);
        }
        if !words.is_empty() {
            self.told = now;
        }
        self.greeted = true;
        self.heard = Some(position);
        words
    }

    fn due(&self, feed: &Feed) -> String {
        match feed.due(self.heard, &self.tickets) {
            Due::Everything => sse::reload(feed.position()),
            Due::News(news) => {
                // Plain numbers and names: they can always be written.
                news.iter().filter_map(|(id, news)| sse::ticket(*id, news).ok()).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use boxoffice_contract::news::TicketNews;
    use boxoffice_contract::tickets::TicketStatus;
    use boxoffice_kernel::events::news::Entry;

    use super::*;

    const ID: EntryId = EntryId { ms: 17, seq: 0 };

    fn feed() -> Feed {
        let (id, status) = (TicketId::nil(), TicketStatus::Held);
        let news = TicketNews { id, version: 3, status, available: 0, edited: false };
        let mut feed = Feed::new();
        feed.begin(vec![Entry { id: ID, news: Some(news) }]);
        feed
    }

    fn page(after: Option<EntryId>, now: Instant) -> Page {
        let length = Duration::from_secs(20);
        Page::new(Subscription { tickets: vec![TicketId::nil()], after, length }, now, 0.0)
    }

    #[test]
    fn a_page_is_greeted_once_and_then_only_told_what_is_new() {
        let now = Instant::now();
        let mut page = page(None, now);
        let data = r#"{"id":"00000000-0000-0000-0000-000000000000","version":3,"status":"held","available":0}"#;
        let due = format!(
            "retry: 1000\n\nid: 17-0\nevent: ticket\ndata: {data}\n\n: so far\nid: 17-0\n\n"
        );
        assert_eq!(page.words(&feed(), now, false), due);
        assert_eq!(page.words(&feed(), now, false), "");
    }

    #[test]
    fn one_that_missed_too_much_reloads() {
        let now = Instant::now();
        let words = page(Some(EntryId { ms: 16, seq: 9 }), now).words(&feed(), now, false);
        assert!(words.contains("id: 17-0\nevent: reload\ndata: {}\n\n"), "{words}");
    }

    #[test]
    fn silence_is_broken_and_the_end_says_how_far_it_came() {
        let now = Instant::now();
        let mut page = page(Some(ID), now);
        page.words(&feed(), now, false);
        assert_eq!(page.words(&feed(), now + SILENCE / 2, false), "");
        assert_eq!(page.words(&feed(), now + SILENCE, false), ": so far\nid: 17-0\n\n");
        assert_eq!(page.words(&feed(), now + SILENCE, true), ": so far\nid: 17-0\n\n");
        let last = page.words(&feed(), page.ends, true);
        assert_eq!(last, ": so far\nid: 17-0\n\nretry: 250\n\n");
    }

    #[test]
    fn streams_end_at_different_times() {
        let now = Instant::now();
        let length = Duration::from_secs(100);
        let ends = |chance| {
            let subscription = Subscription { tickets: vec![], after: None, length };
            Page::new(subscription, now, chance).ends - now
        };
        assert!(ends(0.0) == Duration::from_secs(85) && ends(1.0) == length);
    }
}
