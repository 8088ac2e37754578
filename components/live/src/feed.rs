//! The news of the last minutes, as far as this instance has read it.

use std::collections::VecDeque;

use boxoffice_contract::TicketId;
use boxoffice_contract::news::TicketNews;
use boxoffice_kernel::events::entry::EntryId;
use boxoffice_kernel::events::news::{Entry, KEPT};

/// How much is remembered: a little more than Redis keeps, which trims a hundred entries at a time.
const REMEMBERED: usize = KEPT + 200;

/// A part of the stream without gaps.
#[derive(Debug)]
pub(crate) struct Feed {
    /// What was told after this, up to `position`, is known.
    start: EntryId,
    /// The last entry that was read; zero while there was none.
    position: EntryId,
    news: VecDeque<(EntryId, TicketNews)>,
}

/// What a page has yet to hear.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// The news of each of its listings, in the order of the stream.
    News(Vec<(EntryId, TicketNews)>),
    /// More than is known.
    Everything,
}

impl Feed {
    /// Nothing yet.
    pub(crate) const fn new() -> Self {
        Self { start: EntryId::ZERO, position: EntryId::ZERO, news: VecDeque::new() }
    }

    /// How far the stream has been read; also where to read on, this entry included.
    pub(crate) const fn position(&self) -> EntryId {
        self.position
    }

    /// Takes over `entries`, which were read from `from` on (included); tells whether they go on
    /// where this ended. If not, Redis has forgotten what it had, or dropped what was not read.
    pub(crate) fn go_on(&mut self, from: EntryId, entries: Vec<Entry>) -> bool {
        // Someone else was faster.
        if from != self.position {
            return true;
        }
        let mut entries = entries.into_iter();
        if from != EntryId::ZERO && entries.next().is_none_or(|first| first.id != from) {
            return false;
        }
        entries.for_each(|entry| self.add(entry));
        true
    }

    /// Begins anew with `entries`, the first that there are.
    pub(crate) fn begin(&mut self, entries: Vec<Entry>) {
        *self = Self::new();
        if let Some(first) = entries.first() {
            self.start = first.id;
        }
        entries.into_iter().for_each(|entry| self.add(entry));
    }

    fn add(&mut self, entry: Entry) {
        self.position = entry.id;
        let Some(news) = entry.news else { return };
        self.news.push_back((entry.id, news));
        if self.news.len() > REMEMBERED
            && let Some((id, _)) = self.news.pop_front()
        {
            self.start = id;
        }
    }

    /// What was told of `tickets` (sorted) after `after`; without it, the newest that is known of
    /// each, for someone who may have missed what happened while the page was on its way.
    pub(crate) fn due(&self, after: Option<EntryId>, tickets: &[TicketId]) -> Due {
        let first = match after {
            None => 0,
            Some(after) if after < self.start || after > self.position => return Due::Everything,
            Some(after) => self.news.partition_point(|(id, _)| *id <= after),
        };
        let mut due: Vec<(EntryId, TicketNews)> = Vec::new();
        let theirs = self.news.range(first..).filter(|(_, n)| tickets.binary_search(&n.id).is_ok());
        for (id, news) in theirs {
            match due.iter_mut().find(|(_, known)| known.id == news.id) {
                Some(known) => *known = (*id, known.1.clone().merged(news.clone())),
                None => due.push((*id, news.clone())),
            }
        }
        // So that whoever hears only some of it goes on with the rest.
        due.sort_unstable_by_key(|(id, _)| *id);
        Due::News(due)
    }
}

#[cfg(test)]
mod tests {
    use boxoffice_contract::tickets::TicketStatus;

    use uuid::Uuid;

    use super::*;

    fn at(ms: i64) -> EntryId {
        EntryId { ms, seq: 0 }
    }

    fn ticket(n: u128) -> TicketId {
        TicketId(Uuid::from_u128(n))
    }

    fn news(n: u128, version: i64) -> TicketNews {
        let status = TicketStatus::Open;
        TicketNews { id: ticket(n), version, status, available: 1, edited: false }
    }

    fn entry(ms: i64, n: u128, version: i64) -> Entry {
        Entry { id: at(ms), news: Some(news(n, version)) }
    }

    /// Two listings, told of at 10, 20 and 30.
    fn feed() -> Feed {
        let mut feed = Feed::new();
        feed.begin(vec![entry(10, 1, 1), entry(20, 2, 1), entry(30, 1, 2)]);
        feed
    }

    #[test]
    fn someone_new_hears_the_newest_of_each() {
        let due = feed().due(None, &[ticket(1), ticket(2)]);
        assert_eq!(due, Due::News(vec![(at(20), news(2, 1)), (at(30), news(1, 2))]));
        assert_eq!(feed().due(None, &[ticket(3)]), Due::News(vec![]));
    }

    #[test]
    fn someone_back_hears_what_came_after() {
        let both = [ticket(1), ticket(2)];
        assert_eq!(feed().due(Some(at(20)), &both), Due::News(vec![(at(30), news(1, 2))]));
        assert_eq!(feed().due(Some(at(30)), &both), Due::News(vec![]));
        assert_eq!(feed().due(Some(at(10)), &both[1..]), Due::News(vec![(at(20), news(2, 1))]));
    }

    #[test]
    fn before_what_is_known_and_after_it_anything_may_have_happened() {
        assert_eq!(feed().due(Some(at(9)), &[ticket(1)]), Due::Everything);
        assert_eq!(feed().due(Some(at(31)), &[ticket(1)]), Due::Everything);
        assert_eq!(feed().due(Some(EntryId::ZERO), &[ticket(1)]), Due::Everything);
    }

    #[test]
    fn an_older_version_that_is_told_later_does_not_count() {
        let mut feed = feed();
        assert!(feed.go_on(at(30), vec![entry(30, 1, 2), entry(40, 1, 1)]));
        assert_eq!(feed.due(Some(at(20)), &[ticket(1)]), Due::News(vec![(at(40), news(1, 2))]));
    }

    #[test]
    fn a_stream_that_does_not_go_on_where_it_was_has_a_gap() {
        let mut feed = feed();
        assert!(feed.go_on(at(30), vec![entry(30, 1, 2)]), "nothing new");
        assert!(!feed.go_on(at(30), vec![entry(35, 1, 3)]), "trimmed");
        assert!(!feed.go_on(at(30), vec![]), "lost");
        assert!(feed.go_on(at(20), vec![]), "read at the same time by another");
        feed.begin(vec![]);
        assert_eq!(feed.due(Some(at(30)), &[ticket(1)]), Due::Everything);
        assert!(feed.go_on(EntryId::ZERO, vec![entry(5, 1, 1)]), "the first of all");
        assert_eq!(
            feed.due(Some(EntryId::ZERO), &[ticket(1)]),
            Due::News(vec![(at(5), news(1, 1))])
        );
    }

    #[test]
    fn what_others_wrote_is_passed_over() {
        let mut feed = feed();
        assert!(feed.go_on(at(30), vec![entry(30, 1, 2), Entry { id: at(40), news: None }]));
        assert_eq!(feed.position(), at(40));
        assert_eq!(feed.due(Some(at(30)), &[ticket(1)]), Due::News(vec![]));
    }

    #[test]
    fn only_so_much_is_remembered() {
        let mut feed = Feed::new();
        let many = (1..=REMEMBERED as i64 + 5).map(|ms| entry(ms, 1, ms)).collect();
        assert!(feed.go_on(EntryId::ZERO, many));
        assert_eq!(feed.news.len(), REMEMBERED);
        assert_eq!(feed.due(Some(at(4)), &[ticket(1)]), Due::Everything);
        assert!(matches!(feed.due(Some(at(5)), &[ticket(1)]), Due::News(_)));
    }
}
