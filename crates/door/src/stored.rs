//! The list as bytes, for a device's storage: 33 bytes for each admission, 14 more for each entry, and
//! 6 and its text for each name.
//!
//! | what | bytes |
//! |---|---|
//! | the version of this layout, 2 | 1 |
//! | `since`, in milliseconds | 8 |
//! | how many admissions, then each: id, order, generation, number, of, status | 4, 16 + 8 + 4 + 2 + 2 + 1 |
//! | how many names, then each: the admission's place, its length and its text | 4, 4 + 2 + length |
//! | how many names of doors, then each: its length and its text | 2, 2 + length |
//! | how many entries, then each: the admission's place, when, the door's place | 4, 4 + 8 + 2 |
//!
//! Numbers are big-endian.

use std::collections::BTreeMap;

use boxoffice_contract::admissions::AdmissionStatus;
use boxoffice_contract::door::Entry;
use boxoffice_contract::{AdmissionId, Timestamp};
use uuid::Uuid;

use crate::list::{List, Row};

const VERSION: u8 = 2;

/// Returns the list as bytes.
#[must_use]
pub fn write(list: &List) -> Vec<u8> {
    let names: Vec<(usize, &str)> = names(list).collect();
    let text: usize = names.iter().map(|(_, name)| 6 + name.len()).sum();
    let fixed = 64 + 33 * list.rows.len() + 14 * list.entries.len();
    let mut bytes = Vec::with_capacity(fixed + text);
    bytes.push(VERSION);
    bytes.extend(list.since.as_millis().to_be_bytes());
    bytes.extend(count(list.rows.len()));
    for row in &list.rows {
        bytes.extend(row.id.0.as_bytes());
        bytes.extend(row.order);
        bytes.extend(row.generation.to_be_bytes());
        bytes.extend(row.number.to_be_bytes());
        bytes.extend(row.of.to_be_bytes());
        bytes.push(status(row.status));
    }
    bytes.extend(count(names.len()));
    for (at, name) in names {
        bytes.extend(count(at));
        bytes.extend(short(name.len()));
        bytes.extend(name.as_bytes());
    }
    let doors = doors(list);
    bytes.extend(short(doors.len()));
    for door in &doors {
        bytes.extend(short(door.len()));
        bytes.extend(door.as_bytes());
    }
    let entries = list.rows.iter().enumerate().filter_map(|(at, row)| {
        let entry = list.entries.get(&row.id)?;
        let door = doors.binary_search(&entry.door.as_str()).ok()?;
        Some((at, entry.at, door))
    });
    let entries: Vec<_> = entries.collect();
    bytes.extend(count(entries.len()));
    for (at, when, door) in entries {
        bytes.extend(count(at));
        bytes.extend(when.as_millis().to_be_bytes());
        bytes.extend(short(door));
    }
    bytes
}

/// Reads what [`write()`] wrote; `None` for other bytes, after which the list is read from the shop.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<List> {
    let mut rest = bytes;
    let rest = &mut rest;
    if take::<1>(rest)? != [VERSION] {
        return None;
    }
    let since = Timestamp::from_millis(i64::from_be_bytes(take(rest)?));
    let rows = u32::from_be_bytes(take(rest)?);
    let mut rows = (0..rows).map(|_| row(rest)).collect::<Option<Vec<Row>>>()?;
    for _ in 0..u32::from_be_bytes(take(rest)?) {
        let at = usize::try_from(u32::from_be_bytes(take(rest)?)).ok()?;
        rows.get_mut(at)?.name = Some(text(rest)?.into());
    }
    let doors = u16::from_be_bytes(take(rest)?);
    let doors = (0..doors).map(|_| text(rest)).collect::<Option<Vec<String>>>()?;
    let mut entries = BTreeMap::new();
    for _ in 0..u32::from_be_bytes(take(rest)?) {
        let row = rows.get(usize::try_from(u32::from_be_bytes(take(rest)?)).ok()?)?;
        let at = Timestamp::from_millis(i64::from_be_bytes(take(rest)?));
        let door = doors.get(usize::from(u16::from_be_bytes(take(rest)?)))?.clone();
        entries.insert(row.id, Entry { at, door });
    }
    let in_order = rows.is_sorted_by(|one, next| one.id < next.id);
    (rest.is_empty() && in_order).then_some(List { since, rows, entries })
}

fn row(rest: &mut &[u8]) -> Option<Row> {
    Some(Row {
        id: AdmissionId(Uuid::from_bytes(take(rest)?)),
        order: take(rest)?,
        generation: u32::from_be_bytes(take(rest)?),
        number: u16::from_be_bytes(take(rest)?),
        of: u16::from_be_bytes(take(rest)?),
        status: match take(rest)? {
            [0] => AdmissionStatus::Valid,
            [1] => AdmissionStatus::Used,
            [2] => AdmissionStatus::Void,
            [3] => AdmissionStatus::Offered,
            _ => return None,
        },
        name: None,
    })
}

fn text(rest: &mut &[u8]) -> Option<String> {
    let length = usize::from(u16::from_be_bytes(take(rest)?));
    let (text, left) = rest.split_at_checked(length)?;
    *rest = left;
    String::from_utf8(text.to_vec()).ok()
}

const fn status(status: AdmissionStatus) -> u8 {
    match status {
        AdmissionStatus::Valid => 0,
        AdmissionStatus::Used => 1,
        AdmissionStatus::Void => 2,
        AdmissionStatus::Offered => 3,
    }
}

/// Returns the places of the guests who have a name, and the names. A name has 80 characters at most.
fn names(list: &List) -> impl Iterator<Item = (usize, &str)> {
    let named = list.rows.iter().enumerate();
    let named = named.filter_map(|(at, row)| Some((at, row.name.as_deref()?)));
    named.filter(|(_, name)| u16::try_from(name.len()).is_ok())
}

/// Returns the names of the doors that people entered by, sorted. A name has 60 characters at most.
fn doors(list: &List) -> Vec<&str> {
    let mut doors: Vec<&str> = list.entries.values().map(|entry| entry.door.as_str()).collect();
    doors.sort_unstable();
    doors.dedup();
    doors.retain(|door| u16::try_from(door.len()).is_ok());
    doors.truncate(usize::from(u16::MAX));
    doors
}

fn count(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes()
}

fn short(number: usize) -> [u8; 2] {
    u16::try_from(number).unwrap_or(u16::MAX).to_be_bytes()
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk()?;
    *rest = left;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::tests::{entry, guest, list, named};

    #[test]
    fn what_is_written_is_read() {
        let mut many = list(500);
        many.enter(guest(1).id, Some(entry(-4, "Süd, am Fluss")));
        many.enter(guest(2).id, None);
        many.put(&named(5, "Zoë Ångström"));
        many.put(&named(9, "李"));
        for list in [list(0), list(1), many] {
            assert_eq!(read(&write(&list)), Some(list));
        }
    }

    #[test]
    fn what_was_cut_off_or_changed_is_not_taken_for_a_list() {
        let mut named_one = list(20);
        named_one.put(&named(7, "Ann"));
        let bytes = write(&named_one);
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end]), None, "{end}");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(read(&longer), None);
        let mut other = bytes.clone();
        // The layout before there were names: the list is read from the shop.
        other[0] = 1;
        assert_eq!(read(&other), None);
        // Two admissions that have changed places: a search would miss them.
        let mut swapped = bytes;
        let (one, two) = (13, 13 + 33);
        for at in 0..33 {
            swapped.swap(one + at, two + at);
        }
        assert_eq!(read(&swapped), None);
    }
}
