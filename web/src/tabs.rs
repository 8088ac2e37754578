//! One stream of news for all tabs of a browser: what they tell each other, and who wants what.
//!
//! Over HTTP/1.1 a browser opens six connections to a shop, and each stream takes one for good: the
//! seventh page would wait. One tab leads. It alone has a stream, of the listings of all tabs, and passes
//! on what it hears. A tab that is not served, for whatever reason, opens a stream of its own.

use std::collections::BTreeMap;

use boxoffice_contract::TicketId;
use boxoffice_contract::news::TicketNews;
use serde::{Deserialize, Serialize};

/// How many listings one stream tells of.
pub const MOST: usize = 100;

/// What one tab says to all others. A tab of another version may not know a word, and drops it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Word {
    /// A tab wants news of these listings from now on; of none once nobody sees it.
    Wants(u32, Vec<TicketId>),
    /// The leader asks what everybody wants.
    Ask,
    /// The leader's stream tells of these listings.
    Tells(Vec<TicketId>),
    /// The leader's stream has failed.
    Failed,
    /// The leader has heard this.
    News(TicketNews),
    /// The leader has missed something: everybody should ask for their page's state.
    Reload,
}

/// What a tab knows of the others.
#[derive(Debug, Default)]
pub struct Tabs {
    /// This tab's number: large and random, so that no other has it.
    me: u32,
    /// What this tab wants.
    mine: Vec<TicketId>,
    others: BTreeMap<u32, Vec<TicketId>>,
    /// What the leader's stream tells of, as far as this tab has heard.
    told: Vec<TicketId>,
}

impl Tabs {
    /// Begins with nothing known. `me` is this tab's number.
    #[must_use]
    pub fn new(me: u32) -> Self {
        Self { me, ..Self::default() }
    }

    /// Takes up what this tab wants, and returns what the others should hear. The leader has to tell again
    /// that it serves this tab: one that is gone does not.
    pub fn want(&mut self, tickets: Vec<TicketId>) -> Word {
        self.mine = tickets;
        self.told.clear();
        self.wants()
    }

    /// Says what this tab wants.
    #[must_use]
    pub fn wants(&self) -> Word {
        Word::Wants(self.me, self.mine.clone())
    }

    /// Takes up what another tab wants.
    pub fn others_want(&mut self, tab: u32, tickets: Vec<TicketId>) {
        if tickets.is_empty() {
            self.others.remove(&tab);
        } else {
            self.others.insert(tab, tickets);
        }
    }

    /// Takes up what the leader's stream tells of.
    pub fn leader_tells(&mut self, tickets: Vec<TicketId>) {
        self.told = tickets;
    }

    /// Whether the leader's stream tells of all that this tab wants.
    #[must_use]
    pub fn is_served(&self) -> bool {
        self.mine.iter().all(|ticket| self.told.contains(ticket))
    }

    /// Returns what a stream for all tabs tells of, in order and each once. A tab whose listings do not
    /// all fit is left out: it opens a stream of its own.
    #[must_use]
    pub fn union(&self) -> Vec<TicketId> {
        let mut union = self.mine.clone();
        union.sort_unstable();
        union.dedup();
        for tickets in self.others.values() {
            let mut more = union.clone();
            more.extend(tickets);
            more.sort_unstable();
            more.dedup();
            if more.len() <= MOST {
                union = more;
            }
        }
        union
    }
}

/// Returns where a stream of news of `tickets` is.
#[must_use]
pub fn address(tickets: &[TicketId]) -> String {
    let ids: Vec<String> = tickets.iter().map(ToString::to_string).collect();
    format!("/live?ticket={}", ids.join("&ticket="))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn tickets(ids: impl IntoIterator<Item = u128>) -> Vec<TicketId> {
        ids.into_iter().map(|id| TicketId(Uuid::from_u128(id))).collect()
    }

    #[test]
    fn a_stream_tells_of_what_all_tabs_want_each_once() {
        let mut tabs = Tabs::new(1);
        assert_eq!(tabs.want(tickets([3, 1])), Word::Wants(1, tickets([3, 1])));
        tabs.others_want(2, tickets([2, 1]));
        tabs.others_want(3, tickets([9]));
        tabs.others_want(3, Vec::new());
        assert_eq!(tabs.union(), tickets([1, 2, 3]));
        tabs.others_want(2, tickets([5]));
        assert_eq!(tabs.union(), tickets([1, 3, 5]), "it looks at something else now");
    }

    #[test]
    fn a_tab_that_wants_too_much_is_left_out_whole() {
        let mut tabs = Tabs::new(1);
        let _ = tabs.want(tickets(0..60));
        tabs.others_want(2, tickets(50..101));
        tabs.others_want(3, tickets(60..100));
        assert_eq!(tabs.union(), tickets(0..100));
    }

    #[test]
    fn a_tab_is_served_by_a_stream_that_tells_of_all_it_wants() {
        let mut tabs = Tabs::new(1);
        let _ = tabs.want(tickets([1, 2]));
        assert!(!tabs.is_served());
        tabs.leader_tells(tickets([2, 3]));
        assert!(!tabs.is_served());
        tabs.leader_tells(tickets([1, 2, 3]));
        assert!(tabs.is_served());
        let _ = tabs.want(tickets([2]));
        assert!(!tabs.is_served(), "it shows another page, of which the leader may not know");
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        let word = Word::Wants(7, tickets([1]));
        let json = serde_json::to_string(&word).expect("JSON");
        assert_eq!(json, r#"{"wants":[7,["00000000-0000-0000-0000-000000000001"]]}"#);
        assert_eq!(serde_json::from_str::<Word>(&json).ok(), Some(word));
        assert!(serde_json::from_str::<Word>(r#"{"sings":[1]}"#).is_err());
    }
}
