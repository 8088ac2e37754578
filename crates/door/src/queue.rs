//! What a door has decided and the shop has not heard of yet, in order.

use boxoffice_contract::door::{Entry, Scan};
use boxoffice_contract::{AdmissionId, ScanId, Timestamp};
use serde::{Deserialize, Serialize};

/// How many scans are told at once.
pub const MOST: usize = 100;

/// Something to tell the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// The door let somebody in.
    Scan {
        /// The scan.
        scan: Scan,
        /// The admission.
        admission_id: AdmissionId,
        /// The door's name.
        door: String,
    },
    /// Somebody at the door took an entry back.
    Undo {
        /// The scan that let in.
        scan: ScanId,
        /// The admission.
        admission_id: AdmissionId,
    },
}

/// A task and its place. A device stores it under the place, so that the order survives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Its place: what comes later has a greater one.
    pub place: u64,
    /// What to tell.
    pub task: Task,
    /// Whether the shop may have heard of it. What was stored may have been sent before.
    may_be_known: bool,
}

/// What is told in one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Batch {
    /// Scans of one door, in their order, with their places.
    Scans {
        /// The door's name.
        door: String,
        /// The scans.
        scans: Vec<Scan>,
        /// The places of their tasks.
        places: Vec<u64>,
    },
    /// An entry to take back.
    Undo {
        /// The scan that let in.
        scan: ScanId,
        /// The place of the task.
        place: u64,
    },
}

/// How an admission stands by what the shop has not heard of yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Somebody has entered.
    In(Entry),
    /// The entry was taken back.
    Out,
}

/// What became of an entry that was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undone {
    /// The shop has not heard of the entry and need not: the task at this place is gone.
    Forgotten(u64),
    /// The shop may have heard of it, and will be told.
    Queued(Queued),
}

/// The tasks of a door.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    tasks: Vec<Queued>,
    next: u64,
}

impl Queued {
    /// Returns a task that was stored at `place`.
    #[must_use]
    pub const fn stored(place: u64, task: Task) -> Self {
        Self { place, task, may_be_known: true }
    }
}

impl Queue {
    /// Returns a queue of tasks that were stored, in whatever order.
    #[must_use]
    pub fn new(mut tasks: Vec<Queued>) -> Self {
        tasks.sort_by_key(|task| task.place);
        let next = tasks.last().map_or(0, |last| last.place + 1);
        Self { tasks, next }
    }

    /// Returns how many tasks wait.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Tells whether nothing waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Adds a task. `may_be_known` says whether the shop was asked by the same scan before.
    pub fn push(&mut self, task: Task, may_be_known: bool) -> Queued {
        let queued = Queued { place: self.next, task, may_be_known };
        self.next += 1;
        self.tasks.push(queued.clone());
        queued
    }

    /// Takes an entry back. A scan that was never sent is forgotten: what nobody has heard of needs
    /// no correction.
    pub fn undo(&mut self, scan: ScanId, admission_id: AdmissionId) -> Undone {
        let unsent = self.tasks.iter().position(|queued| {
            !queued.may_be_known
                && matches!(&queued.task, Task::Scan { scan: own, .. } if own.id == scan)
        });
        match unsent {
            Some(at) => Undone::Forgotten(self.tasks.remove(at).place),
            None => Undone::Queued(self.push(Task::Undo { scan, admission_id }, false)),
        }
    }

    /// Tells whether the entry by this scan waits to be told.
    #[must_use]
    pub fn has(&self, id: ScanId) -> bool {
        let is_it =
            |queued: &Queued| matches!(&queued.task, Task::Scan { scan, .. } if scan.id == id);
        self.tasks.iter().any(is_it)
    }

    /// Returns how an admission stands by its last task.
    #[must_use]
    pub fn standing(&self, id: AdmissionId) -> Option<Standing> {
        self.tasks.iter().rev().find_map(|queued| match &queued.task {
            Task::Scan { scan, admission_id, door } if *admission_id == id => {
                // This program wrote no task without a time.
                let at = scan.at.unwrap_or(Timestamp::from_millis(0));
                Some(Standing::In(Entry { at, door: door.clone() }))
            }
            Task::Undo { admission_id, .. } if *admission_id == id => Some(Standing::Out),
            Task::Scan { .. } | Task::Undo { .. } => None,
        })
    }

    /// Returns the admissions that tasks are about, each once.
    #[must_use]
    pub fn admissions(&self) -> Vec<AdmissionId> {
        let id = |queued: &Queued| match queued.task {
            Task::Scan { admission_id, .. } | Task::Undo { admission_id, .. } => admission_id,
        };
        let mut ids: Vec<_> = self.tasks.iter().map(id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Returns what to tell next: `most` scans of one door, or one entry that is taken back. From now
    /// on the shop may have heard of these.
    pub fn batch(&mut self, most: usize) -> Option<Batch> {
        let first = self.tasks.first_mut()?;
        let at_door = match &first.task {
            Task::Undo { scan, .. } => {
                return Some(Batch::Undo { scan: *scan, place: first.place });
            }
            Task::Scan { door, .. } => door.clone(),
        };
        let (mut scans, mut places) = (Vec::new(), Vec::new());
        for queued in self.tasks.iter_mut().take(most.min(MOST)) {
            match &queued.task {
                Task::Scan { scan, door, .. } if *door == at_door => scans.push(scan.clone()),
                Task::Scan { .. } | Task::Undo { .. } => break,
            }
            queued.may_be_known = true;
            places.push(queued.place);
        }
        Some(Batch::Scans { door: at_door, scans, places })
    }

    /// Removes the tasks at these places, which the shop has heard of. Returns them.
    pub fn remove(&mut self, places: &[u64]) -> Vec<Task> {
        let is_done = |queued: &mut Queued| places.contains(&queued.place);
        self.tasks.extract_if(.., is_done).map(|queued| queued.task).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use uuid::Uuid;

    use super::*;

    fn scan_id(n: u128) -> ScanId {
        ScanId(Uuid::from_u128(n))
    }

    fn admission(n: u128) -> AdmissionId {
        AdmissionId(Uuid::from_u128(n))
    }

    fn scan(n: u128, door: &str) -> Task {
        let at = Some(Timestamp::from_millis(i64::try_from(n).unwrap()));
        let id = scan_id(n);
        let scan = Scan { id, code: None, admission_id: Some(admission(n)), at, admitted: true };
        Task::Scan { scan, admission_id: admission(n), door: door.to_owned() }
    }

    fn ids(batch: &Batch) -> Vec<ScanId> {
        match batch {
            Batch::Scans { scans, .. } => scans.iter().map(|scan| scan.id).collect(),
            Batch::Undo { .. } => Vec::new(),
        }
    }

    #[test]
    fn tasks_are_told_in_order_and_a_door_at_a_time() {
        let mut queue = Queue::default();
        for (n, door) in [(1, "North"), (2, "North"), (3, "South"), (4, "North")] {
            queue.push(scan(n, door), false);
        }
        let mut told = Vec::new();
        while let Some(batch) = queue.batch(MOST) {
            let Batch::Scans { places, .. } = &batch else { panic!("{batch:?}") };
            queue.remove(places);
            told.push(ids(&batch));
        }
        assert_eq!(told, [vec![scan_id(1), scan_id(2)], vec![scan_id(3)], vec![scan_id(4)]]);
    }

    #[test]
    fn a_batch_has_so_many_scans_and_no_more() {
        let mut queue = Queue::default();
        for n in 0..250 {
            queue.push(scan(n, "North"), false);
        }
        assert_eq!(ids(&queue.batch(1000).unwrap()).len(), MOST);
        assert_eq!(ids(&queue.batch(1).unwrap()), [scan_id(0)]);
    }

    #[test]
    fn what_was_lost_on_the_way_is_told_again() {
        let mut queue = Queue::default();
        queue.push(scan(1, "North"), false);
        let batch = queue.batch(MOST);
        assert_eq!(queue.batch(MOST), batch);
        assert_eq!(queue.len(), 1);
    }

    #[test]
    fn the_order_survives_a_reload() {
        let mut queue = Queue::default();
        let mut stored: Vec<Queued> = [1, 2, 3].map(|n| queue.push(scan(n, "North"), false)).into();
        stored.rotate_left(1);
        let stored = stored.into_iter().map(|one| Queued::stored(one.place, one.task)).collect();
        let mut again = Queue::new(stored);
        assert_eq!(again.push(scan(4, "North"), false).place, 3);
        assert_eq!(ids(&again.batch(MOST).unwrap()), [1, 2, 3, 4].map(scan_id));
    }

    #[test]
    fn an_entry_that_nobody_has_heard_of_is_forgotten() {
        let mut queue = Queue::default();
        let place = queue.push(scan(1, "North"), false).place;
        assert_eq!(queue.undo(scan_id(1), admission(1)), Undone::Forgotten(place));
        assert!(queue.is_empty() && queue.standing(admission(1)).is_none());
    }

    #[test]
    fn an_entry_that_the_shop_may_know_is_taken_back_there() {
        let asked = |queue: &mut Queue| queue.push(scan(1, "North"), true);
        let sent = |queue: &mut Queue| {
            let queued = queue.push(scan(1, "North"), false);
            queue.batch(MOST);
            queued
        };
        let stored = |queue: &mut Queue| {
            *queue = Queue::new(vec![Queued::stored(0, scan(1, "North"))]);
            Queued::stored(0, scan(1, "North"))
        };
        for known in [asked, sent, stored] {
            let mut queue = Queue::default();
            let first = known(&mut queue).place;
            let undone = queue.undo(scan_id(1), admission(1));
            assert!(matches!(undone, Undone::Queued(_)), "{undone:?}");
            assert_eq!(queue.standing(admission(1)), Some(Standing::Out));
            queue.remove(&[first]);
            let undo = Batch::Undo { scan: scan_id(1), place: first + 1 };
            assert_eq!(queue.batch(MOST), Some(undo));
        }
    }

    #[test]
    fn the_last_task_of_an_admission_says_how_it_stands() {
        let mut queue = Queue::default();
        assert_eq!(queue.standing(admission(1)), None);
        queue.push(scan(1, "North"), true);
        queue.push(scan(2, "North"), true);
        let entry = Entry { at: Timestamp::from_millis(1), door: "North".to_owned() };
        assert_eq!(queue.standing(admission(1)), Some(Standing::In(entry.clone())));
        queue.undo(scan_id(1), admission(1));
        assert_eq!(queue.standing(admission(1)), Some(Standing::Out));
        queue.push(scan(1, "North"), false);
        assert_eq!(queue.standing(admission(1)), Some(Standing::In(entry)));
        assert_eq!(queue.admissions(), [admission(1), admission(2)]);
    }

    #[test]
    fn a_task_is_read_as_it_was_written() {
        let undo = Task::Undo { scan: scan_id(1), admission_id: admission(1) };
        for task in [scan(1, "North"), undo] {
            let text = serde_json::to_string(&task).unwrap();
            assert_eq!(serde_json::from_str::<Task>(&text).unwrap(), task);
        }
    }
}
