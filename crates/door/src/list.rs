//! The admissions of an event, compactly: 20,000 of them take about a megabyte, without names.

use std::collections::BTreeMap;

use boxoffice_contract::admissions::AdmissionStatus;
use boxoffice_contract::door::{Counts, Entry, Guest};
use boxoffice_contract::{AdmissionId, Timestamp};

/// What makes texts equal that differ in case and accents alone.
pub type Fold = fn(&str) -> String;

/// How many letters an order's number has, without the dash between its halves.
pub(crate) const LETTERS: usize = 8;

/// The admissions of an event, as of a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// Up to when the shop has told what has changed.
    pub since: Timestamp,
    /// In the order of their ids.
    pub(crate) rows: Vec<Row>,
    /// When and where somebody entered, by the admission.
    pub(crate) entries: BTreeMap<AdmissionId, Entry>,
}

/// An admission. What few of them have is kept apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: AdmissionId,
    pub(crate) order: [u8; LETTERS],
    pub(crate) generation: u32,
    pub(crate) number: u16,
    pub(crate) of: u16,
    pub(crate) status: AdmissionStatus,
    /// The guest's. All have one where the organizer asks for names, or nobody does.
    pub(crate) name: Option<Box<str>>,
}

impl List {
    /// Returns a list of nobody, to which admissions are added as they are read.
    #[must_use]
    pub const fn new(since: Timestamp) -> Self {
        Self { since, rows: Vec::new(), entries: BTreeMap::new() }
    }

    /// Takes over an admission as the shop tells of it. One of a status that this program does not
    /// know lets nobody in.
    pub fn put(&mut self, guest: &Guest) {
        let row = Row::from_guest(guest);
        let is_used = row.status == AdmissionStatus::Used;
        match self.place(guest.id) {
            Ok(at) => self.rows[at] = row,
            // Pages come in the order of ids, and new ids are the greatest: this adds at the end.
            Err(at) => self.rows.insert(at, row),
        }
        match &guest.entry {
            Some(entry) if is_used => {
                self.entries.insert(guest.id, entry.clone());
            }
            _ => drop(self.entries.remove(&guest.id)),
        }
    }

    /// Notes that somebody has entered. Tells whether the list has the admission.
    pub fn enter(&mut self, id: AdmissionId, entry: Option<Entry>) -> bool {
        let Ok(at) = self.place(id) else { return false };
        self.rows[at].status = AdmissionStatus::Used;
        if let Some(entry) = entry {
            self.entries.insert(id, entry);
        }
        true
    }

    /// Notes that an entry was taken back. Tells whether the list has the admission as used.
    pub fn leave(&mut self, id: AdmissionId) -> bool {
        let Ok(at) = self.place(id) else { return false };
        let was_used = self.rows[at].status == AdmissionStatus::Used;
        if was_used {
            self.rows[at].status = AdmissionStatus::Valid;
            self.entries.remove(&id);
        }
        was_used
    }

    /// Returns the admission `id`.
    #[must_use]
    pub fn get(&self, id: AdmissionId) -> Option<Guest> {
        self.place(id).ok().map(|at| self.guest(&self.rows[at]))
    }

    /// Returns how many have entered, and how many may.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let of = |status| {
            let number = self.rows.iter().filter(|row| row.status == status).count();
            i64::try_from(number).unwrap_or(i64::MAX)
        };
        Counts { valid: of(AdmissionStatus::Valid), used: of(AdmissionStatus::Used) }
    }

    /// Returns how many admissions it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Tells whether it has no admission.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Finds the first `most` admissions whose order's number ends with what was typed, or whose name
    /// holds it, in the order of their numbers. Three letters of a number find it, two of a name.
    ///
    /// `fold` makes texts equal that differ in case and accents alone. It keeps lines apart.
    #[must_use]
    pub fn find(&self, typed: &str, most: usize, fold: Fold) -> Vec<Guest> {
        let mut found = self.named(typed.trim(), fold);
        let letters = letters(typed);
        if (3..=LETTERS).contains(&letters.len()) {
            found.extend(self.rows.iter().filter(|row| row.order.ends_with(&letters)));
        }
        found.sort_by_key(|row| (row.order, row.number, row.id));
        found.dedup_by_key(|row| row.id);
        found.into_iter().take(most).map(|row| self.guest(row)).collect()
    }

    /// Finds the admissions whose name holds `typed`.
    fn named(&self, typed: &str, fold: Fold) -> Vec<&Row> {
        let typed = fold(typed);
        if typed.chars().nth(1).is_none() {
            return Vec::new();
        }
        let named: Vec<(&Row, &str)> =
            self.rows.iter().filter_map(|row| Some((row, row.name.as_deref()?))).collect();
        // All at once: a browser folds, and each call of it takes as long as many names.
        let names = named.iter().map(|(_, name)| *name).collect::<Vec<_>>().join("\n");
        let names = fold(&names);
        let names = names.split('\n').zip(&named);
        names.filter(|(name, _)| name.contains(&typed)).map(|(_, (row, _))| *row).collect()
    }

    fn place(&self, id: AdmissionId) -> Result<usize, usize> {
        // Most that come are greater than all before.
        if self.rows.last().is_none_or(|last| last.id < id) {
            return Err(self.rows.len());
        }
        self.rows.binary_search_by_key(&id, |row| row.id)
    }

    fn guest(&self, row: &Row) -> Guest {
        Guest {
            id: row.id,
            generation: row.generation.into(),
            status: row.status.into(),
            order: shown(row.order),
            number: row.number.into(),
            of: row.of.into(),
            name: row.name.as_deref().map(str::to_owned),
            entry: self.entries.get(&row.id).cloned(),
        }
    }
}

impl Row {
    fn from_guest(guest: &Guest) -> Self {
        let letters = letters(&guest.order);
        let small = |number: i64| u16::try_from(number).unwrap_or(u16::MAX);
        Self {
            id: guest.id,
            order: letters.as_slice().try_into().unwrap_or([b'0'; LETTERS]),
            // A generation that does not fit is no code's.
            generation: u32::try_from(guest.generation).unwrap_or(u32::MAX),
            number: small(guest.number),
            of: small(guest.of),
            status: guest.status.known().unwrap_or(AdmissionStatus::Void),
            // A line each: searches rely on that.
            name: guest.name.as_deref().filter(|name| !name.contains('\n')).map(Into::into),
        }
    }
}

/// Returns the letters of an order's number as orders have them: nobody need tell O from 0, or I from 1
/// (Crockford's Base32).
fn letters(text: &str) -> Vec<u8> {
    let letter = |letter: char| match letter.to_ascii_uppercase() {
        'O' => Some(b'0'),
        'I' | 'L' => Some(b'1'),
        other => u8::try_from(other).ok().filter(u8::is_ascii_alphanumeric),
    };
    text.chars().filter_map(letter).collect()
}

fn shown(order: [u8; LETTERS]) -> String {
    let letters = String::from_utf8_lossy(&order);
    let (front, back) = letters.split_at(LETTERS / 2);
    format!("{front}-{back}")
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use boxoffice_contract::OrderId;
    use boxoffice_contract::orders::number;
    use uuid::Uuid;

    use super::*;

    pub(crate) fn guest(n: u128) -> Guest {
        let spread = |n: u128| n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        Guest {
            id: AdmissionId(Uuid::from_u128((n << 80) | (spread(n) >> 50))),
            generation: 1,
            status: AdmissionStatus::Valid.into(),
            order: number(OrderId(Uuid::from_u128(spread(n / 2)))),
            number: i64::try_from(n % 2).unwrap() + 1,
            of: 2,
            name: None,
            entry: None,
        }
    }

    pub(crate) fn entry(millis: i64, door: &str) -> Entry {
        Entry { at: Timestamp::from_millis(millis), door: door.to_owned() }
    }

    /// A list of so many, every third of whom has entered.
    pub(crate) fn list(many: u128) -> List {
        let mut list = List::new(Timestamp::from_millis(7));
        for n in 0..many {
            list.put(&guest(n));
        }
        for n in (0..many).step_by(3) {
            list.enter(guest(n).id, Some(entry(i64::try_from(n).unwrap(), "North")));
        }
        list
    }

    #[test]
    fn what_is_put_is_found() {
        let list = list(300);
        assert_eq!(list.len(), 300);
        assert_eq!(list.counts(), Counts { valid: 200, used: 100 });
        assert_eq!(list.get(guest(7).id), Some(guest(7)));
        assert_eq!(list.get(guest(6).id).unwrap().entry, Some(entry(6, "North")));
        assert_eq!(list.get(guest(300).id), None);
    }

    #[test]
    fn what_comes_late_or_again_is_put_in_its_place() {
        let mut late = List::new(Timestamp::from_millis(0));
        for n in [5, 1, 9, 1, 3] {
            late.put(&guest(n));
        }
        let ids: Vec<_> = late.rows.iter().map(|row| row.id).collect();
        assert_eq!(ids, [1, 3, 5, 9].map(|n| guest(n).id));
        late.put(&Guest { generation: 2, ..guest(5) });
        assert_eq!(late.get(guest(5).id).unwrap().generation, 2);
        assert_eq!(late.len(), 4);
    }

    #[test]
    fn an_entry_is_noted_and_taken_back() {
        let mut list = list(3);
        let id = guest(1).id;
        assert!(list.enter(id, Some(entry(9, "South"))));
        assert_eq!(list.get(id).unwrap().entry, Some(entry(9, "South")));
        assert!(list.leave(id));
        assert_eq!(list.get(id), Some(guest(1)));
        assert!(!list.leave(id));
        assert!(!list.enter(guest(8).id, None) && !list.leave(guest(8).id));
    }

    #[test]
    fn what_the_shop_tells_replaces_an_entry() {
        let mut list = list(3);
        list.put(&guest(0));
        assert_eq!(list.get(guest(0).id), Some(guest(0)));
        let word = serde_json::from_str("\"paused\"").unwrap();
        list.put(&Guest { status: word, ..guest(1) });
        assert_eq!(list.get(guest(1).id).unwrap().status, AdmissionStatus::Void);
    }

    pub(crate) fn named(n: u128, name: &str) -> Guest {
        Guest { name: Some(name.to_owned()), ..guest(n) }
    }

    fn fold(text: &str) -> String {
        text.to_uppercase()
    }

    #[test]
    fn guests_are_found_by_any_part_of_their_name() {
        let mut list = list(40);
        let (anna, joanna, li) = (named(10, "Anna Lee"), named(14, "Joanna"), named(20, "李"));
        for guest in [&anna, &joanna, &li] {
            list.put(guest);
        }
        assert_eq!(list.get(anna.id).as_ref(), Some(&anna));
        let ids = |typed: &str| -> Vec<_> {
            let mut ids: Vec<_> = list.find(typed, 9, fold).iter().map(|found| found.id).collect();
            ids.sort_unstable();
            ids
        };
        for (typed, due) in [
            ("anna", vec![anna.id, joanna.id]),
            (" ANNA l", vec![anna.id]),
            ("na Le", vec![anna.id]),
            ("joa", vec![joanna.id]),
            ("a", vec![]),
            ("annabel", vec![]),
            ("Lee Joanna", vec![]),
            ("李", vec![]),
        ] {
            assert_eq!(ids(typed), due, "{typed}");
        }
        assert_eq!(list.find("anna", 1, fold).len(), 1);
        list.put(&guest(14));
        assert_eq!(list.find("joanna", 9, fold), [], "the name went with its holder");
    }

    /// Checks a guest who is found by the name and by the order's number at once.
    #[test]
    fn a_name_that_is_the_end_of_the_order_too_finds_one_guest() {
        let order = guest(10).order;
        let mut list = list(40);
        list.put(&named(10, &order[5..]));
        let found = list.find(&order[5..], 9, fold);
        assert_eq!(found.iter().filter(|found| found.id == guest(10).id).count(), 1);
        assert!(found.iter().any(|found| found.id == guest(11).id));
    }

    #[test]
    fn guests_are_found_by_the_end_of_their_orders_number() {
        let list = list(40);
        let (one, two) = (guest(10), guest(11));
        assert_eq!(one.order, two.order);
        let order = one.order.clone();
        for typed in
            [&order, &order.to_lowercase(), &order.replace('-', " "), &order[4..].to_owned()]
        {
            let found = list.find(typed, 9, fold);
            assert_eq!(
                found.iter().map(|guest| guest.id).collect::<Vec<_>>(),
                [one.id, two.id],
                "{typed}"
            );
        }
        assert_eq!(list.find(&order, 1, fold).len(), 1);
        assert!(list.find("", 9, fold).is_empty() && list.find(&order[7..], 9, fold).is_empty());
        assert!(list.find(&format!("{order}0"), 9, fold).is_empty());
    }
}
