//! What a code comes to by a door's own list, and what the shop's answers change.

use boxoffice_admission_code::{Unreadable, Verifier};
use boxoffice_contract::admissions::AdmissionStatus;
use boxoffice_contract::door::{Changes, Counts, Entry, Guest, Scan, Scanned, Verdict};
use boxoffice_contract::{AdmissionId, ScanId, TicketId, Timestamp};

use crate::list::{Fold, List};
use crate::queue::{Queue, Queued, Standing, Task, Undone};

/// What was held before the door, or found by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// The text of a code.
    Code(String),
    /// An admission that was chosen from the list.
    Admission(AdmissionId),
}

/// What a door lacks to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// A newer list: the admission, or its generation, is newer.
    List,
    /// Newer keys: the code is signed with a key that the door does not have.
    Keys,
}

/// What a code comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The verdict; `None` if the ticket is newer than the list, which therefore does not tell.
    pub verdict: Option<Verdict>,
    /// The admission, as it stands before the scan.
    pub guest: Option<Guest>,
    /// What would tell more.
    pub want: Option<Want>,
    /// Whether it rests on what this door has not told the shop yet. The shop would decide otherwise.
    pub is_own: bool,
}

/// What the shop's verdicts on told scans change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// The admissions that now stand otherwise on the list.
    pub changed: Vec<Guest>,
    /// How many people the door had let in whom the shop would have refused.
    pub doubles: usize,
}

/// A door: its event, and all that it goes by.
#[derive(Clone, Debug)]
pub struct Door {
    /// The event.
    pub ticket_id: TicketId,
    /// Whether the codes of its tickets turn.
    pub turns: bool,
    /// The list, once there is one.
    pub list: Option<List>,
    /// The keys, once there are some.
    pub verifier: Option<Verifier>,
    /// What the shop has not heard of yet.
    pub queue: Queue,
}

impl Door {
    /// Returns what `read` comes to at the time `now` by the list; `None` while there is no list, or no
    /// keys.
    #[must_use]
    pub fn decide(&self, read: &Read, now: Timestamp) -> Option<Decided> {
        let (list, verifier) = (self.list.as_ref()?, self.verifier.as_ref()?);
        let (id, generation) = match read {
            Read::Admission(id) => (*id, None),
            Read::Code(text) => match verifier.read(text) {
                Ok(shown) if shown.code.ticket_id != self.ticket_id => {
                    return Some(Decided::nobody(Verdict::OtherEvent, None));
                }
                Ok(shown) if !shown.is_live(self.turns, now) => {
                    return Some(Decided::nobody(Verdict::Stale, None));
                }
                Ok(shown) => (shown.code.admission_id, Some(shown.code.generation)),
                Err(unreadable) => {
                    let want = (unreadable == Unreadable::UnknownKey).then_some(Want::Keys);
                    return Some(Decided::nobody(Verdict::Invalid, want));
                }
            },
        };
        let Some(known) = list.get(id) else {
            // The shop has signed it for this event: it was sold after the list was read.
            return Some(Decided {
                verdict: None,
                guest: None,
                want: Some(Want::List),
                is_own: false,
            });
        };
        let standing = self.queue.standing(id);
        let guest = standing_so(known, standing.clone());
        let verdict = verdict(&guest, generation);
        let want = verdict.is_none().then_some(Want::List);
        Some(Decided { verdict, guest: Some(guest), want, is_own: standing.is_some() })
    }

    /// Queues that the door let in the admission `id` by itself. Store the task before anybody goes in.
    ///
    /// `was_asked` says whether the shop was asked by the same scan, and did not answer in time.
    pub fn let_in(
        &mut self,
        scan: ScanId,
        read: Read,
        id: AdmissionId,
        entry: Entry,
        was_asked: bool,
    ) -> Queued {
        let (code, admission_id) = match read {
            Read::Code(text) => (Some(text), None),
            Read::Admission(id) => (None, Some(id)),
        };
        let scan = Scan { id: scan, code, admission_id, at: Some(entry.at), admitted: true };
        self.queue.push(Task::Scan { scan, admission_id: id, door: entry.door }, was_asked)
    }

    /// Takes an entry back without asking the shop.
    pub fn undo(&mut self, scan: ScanId, id: AdmissionId) -> Undone {
        self.queue.undo(scan, id)
    }

    /// Takes over the shop's verdict on a scan that it was asked about, made at `entry`. Returns the
    /// admission if it now stands otherwise on the list.
    pub fn learn(&mut self, scanned: &Scanned, entry: &Entry) -> Option<Guest> {
        let (list, id) = (self.list.as_mut()?, scanned.admission_id?);
        let entry = match scanned.verdict.known()? {
            Verdict::Admitted => Some(entry.clone()),
            Verdict::Used => scanned.first.clone(),
            Verdict::Void
            | Verdict::Offered
            | Verdict::Stale
            | Verdict::OtherEvent
            | Verdict::Invalid => return None,
        };
        list.enter(id, entry).then(|| list.get(id)).flatten()
    }

    /// Takes over that the shop has taken an entry back.
    pub fn leave(&mut self, id: AdmissionId) -> Option<Guest> {
        let list = self.list.as_mut()?;
        list.leave(id).then(|| list.get(id)).flatten()
    }

    /// Takes over the shop's verdicts on queued scans, in the order of `places`, and removes their
    /// tasks. The shop's verdict counts: whom it refuses, somebody else has entered for.
    pub fn settle(&mut self, places: &[u64], results: &[Scanned]) -> Settled {
        let mut settled = Settled::default();
        for task in self.queue.remove(places) {
            let Task::Scan { scan, door, .. } = task else { continue };
            let Some(result) = results.iter().find(|result| result.id == scan.id) else { continue };
            settled.doubles += usize::from(result.verdict != Verdict::Admitted);
            let entry = Entry { at: scan.at.unwrap_or(Timestamp::from_millis(0)), door };
            settled.changed.extend(self.learn(result, &entry));
        }
        settled
    }

    /// Takes over that the shop has taken an entry back, as the task at `place` wanted, and removes the
    /// task. Returns the admission if it now stands otherwise on the list.
    pub fn taken_back(&mut self, place: u64) -> Option<Guest> {
        match self.queue.remove(&[place]).into_iter().next()? {
            Task::Undo { admission_id, .. } => self.leave(admission_id),
            Task::Scan { .. } => None,
        }
    }

    /// Takes over what has changed elsewhere. Returns whether the whole list has to be read again.
    pub fn hear(&mut self, changes: &Changes) -> bool {
        let Some(list) = &mut self.list else { return true };
        if changes.reload {
            return true;
        }
        changes.guests.iter().for_each(|guest| list.put(guest));
        list.since = changes.since;
        false
    }

    /// Returns how many have entered, and how many may, by the list and what this door has decided.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let Some(list) = &self.list else { return Counts::default() };
        let mut counts = list.counts();
        for id in self.queue.admissions() {
            let before = list.get(id).and_then(|guest| guest.status.known());
            match (before, self.queue.standing(id)) {
                (Some(AdmissionStatus::Valid), Some(Standing::In(_))) => {
                    counts.valid -= 1;
                    counts.used += 1;
                }
                (Some(AdmissionStatus::Used), Some(Standing::Out)) => {
                    counts.valid += 1;
                    counts.used -= 1;
                }
                _ => {}
            }
        }
        counts
    }

    /// Finds the first `most` admissions by their order's number or their name, as they stand.
    #[must_use]
    pub fn find(&self, typed: &str, most: usize, fold: Fold) -> Vec<Guest> {
        let found = self.list.iter().flat_map(|list| list.find(typed, most, fold));
        found
            .map(|guest| {
                let standing = self.queue.standing(guest.id);
                standing_so(guest, standing)
            })
            .collect()
    }
}

impl Decided {
    /// Returns the name of the guest who shows the code. Somebody else may show a void one or one that is
    /// newer than the list.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let is_guest = self.verdict.is_some_and(|verdict| verdict != Verdict::Void);
        self.guest.as_ref().filter(|_| is_guest)?.name.as_deref()
    }

    fn nobody(verdict: Verdict, want: Option<Want>) -> Self {
        Self { verdict: Some(verdict), guest: None, want, is_own: false }
    }
}

/// Returns the guest as they stand by what the door has decided since. A void ticket stays void.
fn standing_so(guest: Guest, standing: Option<Standing>) -> Guest {
    match standing {
        Some(Standing::In(entry)) if guest.status == AdmissionStatus::Valid => {
            Guest { status: AdmissionStatus::Used.into(), entry: Some(entry), ..guest }
        }
        Some(Standing::Out) if guest.status == AdmissionStatus::Used => {
            Guest { status: AdmissionStatus::Valid.into(), entry: None, ..guest }
        }
        _ => guest,
    }
}

/// Returns what a code of this generation comes to; `None` for a generation that the list has not
/// heard of. Without a code, the guest was found by hand.
fn verdict(guest: &Guest, generation: Option<u32>) -> Option<Verdict> {
    let read = generation.map_or(guest.generation, i64::from);
    match guest.status.known() {
        Some(status) if status != AdmissionStatus::Void && read > guest.generation => None,
        Some(AdmissionStatus::Valid) if read == guest.generation => Some(Verdict::Admitted),
        Some(AdmissionStatus::Used) if read == guest.generation => Some(Verdict::Used),
        Some(AdmissionStatus::Offered) if read == guest.generation => Some(Verdict::Offered),
        _ => Some(Verdict::Void),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::time::{Duration, Instant};

    use boxoffice_admission_code::{Code, Signer, Slot};
    use uuid::Uuid;

    use super::*;
    use crate::list::tests::{entry, guest, list, named};
    use crate::stored;

    /// Made by `openssl genpkey -algorithm ed25519`, for these tests alone.
    const PEM: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIC7EtjOkaZfEcFZNyxjD7Sc/kcHp2NdcYsHUO7CmXtb9
-----END PRIVATE KEY-----";
    const OTHER_PEM: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIK7MJ0m6YaAvgwk/fHAykPurllL2gCfn4iot9p+ItAYM
-----END PRIVATE KEY-----";

    const EVENT: TicketId = TicketId(Uuid::from_u128(1));
    const NOW: Timestamp = Timestamp::from_millis(1_900_000_000_000);

    fn verifier() -> Verifier {
        let public = Signer::from_pem(PEM).unwrap().public();
        let set = serde_json::json!({ "keys": [public] });
        Verifier::from_jwks(&set.to_string()).unwrap()
    }

    fn door(many: u128) -> Door {
        Door {
            ticket_id: EVENT,
            turns: false,
            list: Some(list(many)),
            verifier: Some(verifier()),
            queue: Queue::default(),
        }
    }

    fn code_of(pem: &str, ticket_id: TicketId, n: u128, generation: u32) -> Read {
        let code = Code { ticket_id, admission_id: guest(n).id, generation };
        Read::Code(Signer::from_pem(pem).unwrap().sign(&code))
    }

    fn code(n: u128, generation: u32) -> Read {
        code_of(PEM, EVENT, n, generation)
    }

    /// The code that turns of the guest `n`, for so many slots from now.
    fn turned(n: u128, slots: u32) -> Read {
        let code = Code { ticket_id: EVENT, admission_id: guest(n).id, generation: 1 };
        let first = Slot::at(NOW.plus_seconds(-3600));
        let turning = Signer::from_pem(PEM).unwrap().sign_turning(&code, first);
        Read::Code(turning.code(first.later(120 + slots)).unwrap())
    }

    fn scan_id(n: u128) -> ScanId {
        ScanId(Uuid::from_u128(n))
    }

    fn verdict_of(door: &Door, read: &Read) -> Option<Verdict> {
        door.decide(read, NOW).unwrap().verdict
    }

    fn scanned(scan: ScanId, verdict: Verdict, n: u128, first: Option<Entry>) -> Scanned {
        Scanned {
            id: scan,
            verdict: verdict.into(),
            admission_id: Some(guest(n).id),
            number: None,
            of: None,
            name: None,
            first,
        }
    }

    /// Lets in by the door itself, and returns the place of the task.
    fn let_in(door: &mut Door, scan: u128, n: u128) -> u64 {
        let entry = entry(90, "South");
        door.let_in(scan_id(scan), code(n, 1), guest(n).id, entry, false).place
    }

    #[test]
    fn each_code_comes_to_one_word() {
        let mut door = door(20);
        let list = door.list.as_mut().unwrap();
        list.put(&Guest { generation: 2, ..guest(4) });
        list.put(&Guest { status: AdmissionStatus::Void.into(), ..guest(5) });
        list.put(&Guest { status: AdmissionStatus::Offered.into(), ..guest(6) });
        let elsewhere = TicketId(Uuid::from_u128(2));
        let Read::Code(good) = code(1, 1) else { panic!() };
        for (read, verdict, want) in [
            (code(1, 1), Some(Verdict::Admitted), None),
            (Read::Code(format!(" {}\n", good.to_lowercase())), Some(Verdict::Admitted), None),
            (Read::Admission(guest(1).id), Some(Verdict::Admitted), None),
            (code(3, 1), Some(Verdict::Used), None),
            (Read::Admission(guest(3).id), Some(Verdict::Used), None),
            (code(4, 1), Some(Verdict::Void), None),
            (code(4, 2), Some(Verdict::Admitted), None),
            (code(4, 3), None, Some(Want::List)),
            (code(5, 1), Some(Verdict::Void), None),
            (code(5, 2), Some(Verdict::Void), None),
            (code(6, 1), Some(Verdict::Offered), None),
            (Read::Admission(guest(6).id), Some(Verdict::Offered), None),
            (code(20, 1), None, Some(Want::List)),
            (code_of(PEM, elsewhere, 1, 1), Some(Verdict::OtherEvent), None),
            (code_of(OTHER_PEM, EVENT, 1, 1), Some(Verdict::Invalid), Some(Want::Keys)),
            (Read::Code("not a ticket".to_owned()), Some(Verdict::Invalid), None),
            (Read::Code(format!("B{}", &good[1..])), Some(Verdict::Invalid), None),
        ] {
            let decided = door.decide(&read, NOW).unwrap();
            assert_eq!((decided.verdict, decided.want), (verdict, want), "{read:?}");
        }
        assert_eq!(
            door.decide(&code(3, 1), NOW).unwrap().guest.unwrap().entry,
            Some(entry(3, "North"))
        );
    }

    #[test]
    fn a_picture_of_a_code_that_turns_lets_nobody_in() {
        let door = Door { turns: true, ..door(5) };
        assert_eq!(verdict_of(&door, &turned(1, 0)), Some(Verdict::Admitted));
        assert_eq!(verdict_of(&door, &turned(3, 0)), Some(Verdict::Used));
        assert_eq!(verdict_of(&door, &turned(1, 1)), Some(Verdict::Admitted), "a fast clock");
        for read in [turned(1, 2), turned(1, 100), code(1, 1)] {
            assert_eq!(verdict_of(&door, &read), Some(Verdict::Stale), "{read:?}");
        }
        let later =
            |seconds| door.decide(&turned(1, 0), NOW.plus_seconds(seconds)).unwrap().verdict;
        assert_eq!(later(30), Some(Verdict::Admitted));
        assert_eq!(later(60), Some(Verdict::Stale));
        // By hand, as with every other ticket.
        assert_eq!(verdict_of(&door, &Read::Admission(guest(1).id)), Some(Verdict::Admitted));
        // The organizer has the codes turn no longer, and somebody's page is old.
        let door = Door { turns: false, ..door };
        assert_eq!(verdict_of(&door, &turned(1, 0)), Some(Verdict::Admitted));
        assert_eq!(verdict_of(&door, &turned(1, 2)), Some(Verdict::Stale));
    }

    #[test]
    fn a_verdict_names_the_guest_and_nobody_else() {
        let mut door = door(20);
        let list = door.list.as_mut().unwrap();
        list.put(&named(1, "Ann"));
        list.put(&Guest { generation: 2, ..named(2, "Bob") });
        let used = AdmissionStatus::Used.into();
        list.put(&Guest { status: used, ..named(3, "Carl") });
        for (read, name) in [
            (code(1, 1), Some("Ann")),
            (Read::Admission(guest(1).id), Some("Ann")),
            (code(2, 2), Some("Bob")),
            (code(2, 1), None),
            (code(2, 3), None),
            (code(3, 1), Some("Carl")),
            (code(4, 1), None),
        ] {
            assert_eq!(door.decide(&read, NOW).unwrap().name(), name, "{read:?}");
        }
    }

    #[test]
    fn a_door_without_a_list_or_keys_decides_nothing() {
        for door in [Door { list: None, ..door(3) }, Door { verifier: None, ..door(3) }] {
            assert_eq!(door.decide(&code(1, 1), NOW), None);
        }
    }

    #[test]
    fn nobody_enters_twice_by_one_door() {
        let mut door = door(5);
        assert_eq!(verdict_of(&door, &code(1, 1)), Some(Verdict::Admitted));
        let_in(&mut door, 1, 1);
        let again = door.decide(&code(1, 1), NOW).unwrap();
        assert_eq!((again.verdict, again.is_own), (Some(Verdict::Used), true));
        assert_eq!(again.guest.unwrap().entry, Some(entry(90, "South")));
        assert_eq!(verdict_of(&door, &Read::Admission(guest(1).id)), Some(Verdict::Used));
        assert_eq!(door.counts(), Counts { valid: 2, used: 3 });
    }

    /// The shop tells of the admission as it knows it, which is not yet what the door has decided.
    #[test]
    fn what_the_shop_does_not_know_yet_is_not_undone_by_what_it_tells() {
        let mut door = door(5);
        let_in(&mut door, 1, 1);
        let since = Timestamp::from_millis(99);
        assert!(!door.hear(&Changes { since, reload: false, guests: vec![guest(1), guest(2)] }));
        assert_eq!(verdict_of(&door, &code(1, 1)), Some(Verdict::Used));
        door.list = Some(list(5));
        assert_eq!(verdict_of(&door, &code(1, 1)), Some(Verdict::Used));
    }

    #[test]
    fn the_shops_verdict_counts() {
        let mut door = door(9);
        let places = [(1, 1), (2, 2), (3, 4)].map(|(scan, n)| let_in(&mut door, scan, n));
        let first = entry(50, "North");
        let results = [
            scanned(scan_id(1), Verdict::Admitted, 1, None),
            scanned(scan_id(2), Verdict::Used, 2, Some(first.clone())),
            scanned(scan_id(3), Verdict::Void, 4, None),
        ];
        let settled = door.settle(&places, &results);
        assert_eq!(settled.doubles, 2);
        assert!(door.queue.is_empty());
        let entries: Vec<_> = settled.changed.iter().map(|guest| guest.entry.clone()).collect();
        assert_eq!(entries, [Some(entry(90, "South")), Some(first)]);
        let again = [1, 2, 4].map(|n| verdict_of(&door, &code(n, 1)).unwrap());
        assert_eq!(again, [Verdict::Used, Verdict::Used, Verdict::Admitted]);
    }

    #[test]
    fn other_doors_scans_are_heard_of() {
        let mut door = door(5);
        let used = AdmissionStatus::Used.into();
        let there = Guest { status: used, entry: Some(entry(60, "West")), ..guest(2) };
        let sold = guest(5);
        let since = Timestamp::from_millis(70);
        assert!(!door.hear(&Changes { since, reload: false, guests: vec![there, sold] }));
        assert_eq!(verdict_of(&door, &code(2, 1)), Some(Verdict::Used));
        assert_eq!(verdict_of(&door, &code(5, 1)), Some(Verdict::Admitted));
        assert_eq!(door.list.as_ref().unwrap().since, since);
        assert!(door.hear(&Changes { since, reload: true, guests: Vec::new() }));
    }

    #[test]
    fn the_shops_answer_to_a_question_is_taken_over() {
        let mut door = door(5);
        let own = entry(80, "South");
        let admitted = door.learn(&scanned(scan_id(1), Verdict::Admitted, 1, None), &own).unwrap();
        assert_eq!(admitted.entry, Some(own.clone()));
        let first = Some(entry(50, "North"));
        let used = scanned(scan_id(2), Verdict::Used, 2, first.clone());
        assert_eq!(door.learn(&used, &own).unwrap().entry, first);
        assert_eq!(door.learn(&scanned(scan_id(3), Verdict::Void, 4, None), &own), None);
        assert_eq!(door.leave(guest(1).id), Some(guest(1)));
        assert_eq!(verdict_of(&door, &code(1, 1)), Some(Verdict::Admitted));
    }

    #[test]
    fn an_entry_is_undone_whether_it_was_sent_or_not() {
        let mut door = door(5);
        let place = let_in(&mut door, 1, 1);
        assert_eq!(door.undo(scan_id(1), guest(1).id), Undone::Forgotten(place));
        assert_eq!(verdict_of(&door, &code(1, 1)), Some(Verdict::Admitted));
        let_in(&mut door, 2, 1);
        door.queue.batch(9);
        door.undo(scan_id(2), guest(1).id);
        assert_eq!(verdict_of(&door, &code(1, 1)), Some(Verdict::Admitted));
        assert_eq!(door.counts(), Counts { valid: 3, used: 2 });
        // A person who entered by the list, as the shop knows, and then left by mistake.
        door.undo(scan_id(3), guest(3).id);
        assert_eq!(door.counts(), Counts { valid: 4, used: 1 });
        door.settle(&[1], &[scanned(scan_id(2), Verdict::Admitted, 1, None)]);
        assert_eq!(door.taken_back(2).unwrap().id, guest(1).id);
        assert_eq!(door.taken_back(3), Some(Guest { entry: None, ..guest(3) }));
        assert!(door.queue.is_empty());
        assert_eq!(door.counts(), Counts { valid: 4, used: 1 });
    }

    #[test]
    fn guests_are_found_as_they_stand() {
        let mut door = door(40);
        let_in(&mut door, 1, 10);
        let found = door.find(&guest(10).order, 9, str::to_uppercase);
        let standing: Vec<_> = found.iter().map(|guest| guest.status.known().unwrap()).collect();
        assert_eq!(standing, [AdmissionStatus::Used, AdmissionStatus::Valid]);
    }

    /// Twenty thousand people: the list is small, and quickly there; each of them is decided on at once.
    #[test]
    fn a_festival_fits() {
        let many: u128 = 20_000;
        let door = door(many);
        let list = door.list.as_ref().unwrap();
        let bytes = stored::write(list);
        assert!(bytes.len() <= 47 * 20_000 + 64, "{}", bytes.len());
        let begin = Instant::now();
        assert_eq!(stored::read(&bytes).as_ref(), Some(list));
        let loaded = begin.elapsed();
        let codes: Vec<Read> = (0..many).step_by(100).map(|n| code(n, 1)).collect();
        let begin = Instant::now();
        for (at, code) in codes.iter().enumerate() {
            let verdict =
                if (at * 100).is_multiple_of(3) { Verdict::Used } else { Verdict::Admitted };
            assert_eq!(verdict_of(&door, code), Some(verdict));
        }
        let each = begin.elapsed() / u32::try_from(codes.len()).unwrap();
        let json = |n| serde_json::to_string(&list.get(guest(n).id)).unwrap().len() + 1;
        let json: usize = (0..many).map(json).sum();
        let stored = bytes.len();
        println!("stored {stored} bytes, JSON {json} bytes; loaded in {loaded:?}, {each:?} a code");
        assert_eq!(list.find(&guest(10).order, 9, str::to_uppercase).len(), 2);
        assert!(each < Duration::from_millis(50), "{each:?}");
    }

    /// The same with a name each.
    #[test]
    fn a_festival_of_names_fits() {
        let many: u128 = 20_000;
        let mut list = list(many);
        let name = |n: u128| format!("Zoë Ångström-{n}");
        for n in (0..many).filter(|n| n % 3 > 0) {
            list.put(&named(n, &name(n)));
        }
        let bytes = stored::write(&list);
        assert!(bytes.len() <= (47 + 4 + 25) * 20_000 + 64, "{}", bytes.len());
        assert_eq!(stored::read(&bytes).as_ref(), Some(&list));
        let begin = Instant::now();
        let found = list.find("ångström-19999", 9, str::to_uppercase);
        println!("stored {} bytes; found by name in {:?}", bytes.len(), begin.elapsed());
        assert_eq!(found, [named(19_999, &name(19_999))]);
    }
}
