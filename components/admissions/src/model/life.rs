//! A model of an admission's life: what can happen, in every order.
//!
//! An order has a few tickets, and three people hand them on. A scan does what [`scan`](crate::scan)
//! makes of it. Each [`Guard`] is a part of a statement that keeps a promise.
//!
//! Tickets of one order share nothing but its events. So one ticket is tried with three transfers, and
//! two together with fewer. Doors, receivers and the bus may do any step at any time.

use std::collections::HashSet;

use boxoffice_contract::admissions::AdmissionStatus::{self, Used, Valid, Void};
use boxoffice_contract::door::Verdict;
use stateright::{Model, Property};

use super::{HELD, PEOPLE, Person, REFUNDED, SOLD, breaks, broken};

/// A door. It scans each ticket once, so that door and ticket are the scan's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Door {
    North,
    South,
}

const DOORS: [Door; 2] = [Door::North, Door::South];

/// The generation of the code that a door reads. `None` if it finds the guest by hand.
type Read = Option<u8>;

/// A row of `admissions_scans`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Scan {
    read: Read,
    verdict: Verdict,
}

/// The link of a transfer. People may try it at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Link {
    by: Person,
    to: Person,
    /// Whether it was replaced, taken back, accepted, or overtaken by an entry or a refund.
    has_ended: bool,
}

/// The transfer that waits for its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Transfer {
    link: usize,
    /// Whether its time is up.
    is_over: bool,
}

/// A row of `admissions_admissions` with its scans, and what the tables do not hold of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Admission {
    number: u8,
    holder: Person,
    status: AdmissionStatus,
    generation: u8,
    transfer: Option<Transfer>,
    used_scan: Option<Door>,
    scans: [Option<Scan>; 2],
    links: Vec<Link>,
    /// The codes that its holders have seen: who, and of which generation.
    codes: Vec<(Person, u8)>,
    /// For each door, whether somebody whom it let in is inside.
    inside: [bool; 2],
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    /// The order's version in `orders`.
    order: u8,
    /// The version in `admissions_orders`.
    heard: u8,
    is_refund_heard: bool,
    admissions: Vec<Admission>,
}

/// Something that happens. The first number is the place of an admission, another that of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    Complete,
    Refund,
    /// The event of this version arrives: at once, late, or again.
    Hear(u8),
    Begin(usize, Person, Person),
    TakeBack(usize, Person),
    TimeIsUp(usize),
    Accept(usize, Person, usize),
    Scan(usize, Door, Read),
    SendAgain(usize, Door),
    Undo(usize, Door),
}

/// A part of a statement that keeps a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    /// Only a newer version of the order is followed.
    FollowsNewer,
    /// A refund ends a ticket that somebody has entered with, too.
    VoidsUsed,
    /// A refund ends the transfer that waits.
    VoidingEndsTransfer,
    /// Only the holder hands on.
    BeginsHolders,
    /// Only a valid ticket is handed on.
    BeginsValid,
    /// Only the link of the transfer that waits is accepted.
    AcceptsWaiting,
    /// Nothing is accepted whose time is up.
    AcceptsInTime,
    /// Only the person whom a link is for accepts.
    AcceptsAddressee,
    /// Only a valid ticket is accepted.
    AcceptsValid,
    /// A ticket that changes hands gets another generation.
    AcceptingRenews,
    /// Only a valid ticket lets in.
    AdmitsValid,
    /// Only the code of the newest generation lets in.
    AdmitsNewest,
    /// An entry ends the transfer that waits.
    AdmittingEndsTransfer,
    /// Only a used ticket is restored.
    RestoresUsed,
    /// A ticket is restored only by the scan that let in.
    RestoresItsScan,
    /// A scan that is noted keeps its verdict: it changes nothing when it is sent again.
    KeepsVerdict,
}

/// The model.
#[derive(Clone, Copy, Debug)]
struct Life {
    /// How many tickets the order has.
    tickets: u8,
    /// How many transfers begin, of all tickets together.
    transfers: usize,
    /// The guards that were taken away.
    without: &'static [Guard],
}

/// One ticket that changes hands up to three times.
const ONE: Life = Life { tickets: 1, transfers: 3, without: &[] };
/// Two tickets of which one changes hands.
const TWO: Life = Life { tickets: 2, transfers: 1, without: &[] };

impl Admission {
    fn new(number: u8) -> Self {
        Self {
            number,
            holder: Person::Buyer,
            status: Valid,
            generation: 1,
            transfer: None,
            used_scan: None,
            scans: [None; 2],
            links: Vec::new(),
            codes: vec![(Person::Buyer, 1)],
            inside: [false; 2],
        }
    }

    fn time_is_up(&mut self) {
        self.transfer = self.transfer.map(|transfer| Transfer { is_over: true, ..transfer });
    }

    /// Ends the transfer that waits, but leaves it in the row if `is_left`.
    fn end_transfer(&mut self, is_left: bool) {
        if let Some(transfer) = self.transfer {
            self.links[transfer.link].has_ended = true;
        }
        self.transfer = self.transfer.filter(|_| is_left);
    }
}

/// The statements.
impl Life {
    /// Whether `guard` was taken away.
    fn lacks(self, guard: Guard) -> bool {
        self.without.contains(&guard)
    }

    /// Whether `condition` is fulfilled, or the guard that asks for it was taken away.
    fn keeps(self, guard: Guard, condition: bool) -> bool {
        condition || self.lacks(guard)
    }

    /// Does what `issue::follow` does.
    fn follow(self, state: &State, version: u8) -> Option<State> {
        if !self.keeps(Guard::FollowsNewer, version > state.heard) {
            return None;
        }
        let mut state = State { heard: version, ..state.clone() };
        if version == SOLD {
            state.admissions.extend((1..=self.tickets).map(Admission::new));
        } else {
            state.is_refund_heard = true;
            state.admissions.iter_mut().for_each(|row| self.void(row));
        }
        Some(state)
    }

    /// Does what `transition::voiding` does to one row.
    fn void(self, row: &mut Admission) {
        if row.status == Void || (row.status == Used && self.lacks(Guard::VoidsUsed)) {
            return;
        }
        row.status = Void;
        row.end_transfer(self.lacks(Guard::VoidingEndsTransfer));
    }

    /// Does what `transfer::begin` and `transition::beginning` do.
    fn begin(self, row: &mut Admission, by: Person, to: Person) {
        if by == to
            || !self.keeps(Guard::BeginsHolders, row.holder == by)
            || !self.keeps(Guard::BeginsValid, row.status == Valid)
        {
            return;
        }
        row.end_transfer(false);
        row.transfer = Some(Transfer { link: row.links.len(), is_over: false });
        row.links.push(Link { by, to, has_ended: false });
    }

    /// Does what `transition::taking_back` does.
    fn take_back(self, row: &mut Admission, by: Person) {
        if row.holder == by {
            row.end_transfer(false);
        }
    }

    /// Whether `by` gets the ticket by this link, as `accept::take_over` and `transition::accepting`
    /// have it.
    fn gives(self, row: &Admission, by: Person, link: usize) -> bool {
        row.holder != by
            && row.transfer.is_some_and(|waiting| {
                self.keeps(Guard::AcceptsWaiting, waiting.link == link)
                    && self.keeps(Guard::AcceptsInTime, !waiting.is_over)
            })
            && self.keeps(Guard::AcceptsAddressee, row.links[link].to == by)
            && self.keeps(Guard::AcceptsValid, row.status == Valid)
    }

    /// Does what `transition::accepting` does.
    fn accept(self, row: &mut Admission, by: Person, link: usize) {
        if self.gives(row, by, link) {
            row.holder = by;
            row.generation += u8::from(!self.lacks(Guard::AcceptingRenews));
            row.codes.push((by, row.generation));
            row.end_transfer(false);
        }
    }

    /// Whether a scan lets somebody in, as `transition::admitting` has it.
    fn admits(self, row: &Admission, read: Read) -> bool {
        let is_newest = read.is_none_or(|generation| generation == row.generation);
        self.keeps(Guard::AdmitsValid, row.status == Valid)
            && self.keeps(Guard::AdmitsNewest, is_newest)
    }

    /// Does what `scan::decide` and `transition::admitting` do.
    fn decide(self, row: &mut Admission, scan: Door, read: Read) {
        if row.scans[scan as usize].is_some() && !self.lacks(Guard::KeepsVerdict) {
            return;
        }
        let is_old = read.is_some_and(|generation| generation != row.generation);
        let verdict = match row.status {
            _ if self.admits(row, read) => Verdict::Admitted,
            Used if row.used_scan == Some(scan) => Verdict::Admitted,
            Used if !is_old => Verdict::Used,
            _ => Verdict::Void,
        };
        if self.admits(row, read) {
            row.status = Used;
            row.used_scan = Some(scan);
            row.inside[scan as usize] = true;
            row.end_transfer(self.lacks(Guard::AdmittingEndsTransfer));
        }
        row.scans[scan as usize].get_or_insert(Scan { read, verdict });
    }

    /// Whether any code that was ever seen lets somebody in, or a door by hand.
    fn admits_any(self, row: &Admission) -> bool {
        self.admits(row, None) || row.codes.iter().any(|(_, read)| self.admits(row, Some(*read)))
    }

    /// Does what `transition::restoring` does.
    fn restore(self, row: &mut Admission, scan: Door) {
        if row.scans[scan as usize].is_some()
            && self.keeps(Guard::RestoresItsScan, row.used_scan == Some(scan))
            && self.keeps(Guard::RestoresUsed, row.status == Used)
        {
            row.status = Valid;
            row.used_scan = None;
            row.inside[scan as usize] = false;
        }
    }
}

/// Makes a property that every admission has in every state.
macro_rules! of_each {
    ($name:expr, |$life:pat_param, $row:ident| $holds:expr) => {
        Property::always($name, |$life: &Life, state: &State| {
            state.admissions.iter().all(|$row| $holds)
        })
    };
}

const SCAN_SAYS_SO: &str = "a used ticket has a scan that says so";

impl Model for Life {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State { order: HELD, heard: 0, is_refund_heard: false, admissions: Vec::new() }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        match state.order {
            HELD => steps.push(Step::Complete),
            SOLD => steps.push(Step::Refund),
            _ => {}
        }
        steps.extend((SOLD..=state.order).map(Step::Hear));
        let begun: usize = state.admissions.iter().map(|row| row.links.len()).sum();
        for (at, row) in state.admissions.iter().enumerate() {
            for by in PEOPLE {
                if begun < self.transfers {
                    steps.extend(PEOPLE.map(|to| Step::Begin(at, by, to)));
                }
                steps.push(Step::TakeBack(at, by));
                steps.extend((0..row.links.len()).map(|link| Step::Accept(at, by, link)));
            }
            steps.push(Step::TimeIsUp(at));
            for door in DOORS {
                if row.scans[door as usize].is_some() {
                    steps.extend([Step::SendAgain(at, door), Step::Undo(at, door)]);
                } else {
                    steps.push(Step::Scan(at, door, None));
                    let codes = row.codes.iter();
                    steps.extend(codes.map(|(_, read)| Step::Scan(at, door, Some(*read))));
                }
            }
        }
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let change = |at: usize, change: &dyn Fn(&mut Admission)| {
            let mut row = state.admissions[at].clone();
            change(&mut row);
            (row != state.admissions[at]).then(|| {
                let mut next = state.clone();
                next.admissions[at] = row;
                next
            })
        };
        match step {
            Step::Complete => Some(State { order: SOLD, ..state.clone() }),
            Step::Refund => Some(State { order: REFUNDED, ..state.clone() }),
            Step::Hear(version) => self.follow(state, version),
            Step::Begin(at, by, to) => change(at, &|row| self.begin(row, by, to)),
            Step::TakeBack(at, by) => change(at, &|row| self.take_back(row, by)),
            Step::TimeIsUp(at) => change(at, &Admission::time_is_up),
            Step::Accept(at, by, link) => change(at, &|row| self.accept(row, by, link)),
            Step::Scan(at, door, read) => change(at, &|row| self.decide(row, door, read)),
            Step::SendAgain(at, door) => {
                let read = state.admissions[at].scans[door as usize]?.read;
                change(at, &|row| self.decide(row, door, read))
            }
            Step::Undo(at, door) => change(at, &|row| self.restore(row, door)),
        }
    }

    /// Ends a model that issues its tickets again and again.
    fn within_boundary(&self, state: &State) -> bool {
        state.admissions.len() <= 2 * usize::from(self.tickets)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no ticket is issued twice", |_, state: &State| {
                let rows = state.admissions.iter();
                let numbers: HashSet<u8> = rows.map(|row| row.number).collect();
                numbers.len() == state.admissions.len()
            }),
            Property::always(
                "a sale that is heard gives each ticket to somebody",
                |life: &Life, state: &State| {
                    let live = state.admissions.iter().filter(|row| row.status != Void).count();
                    state.heard != SOLD
                        || state.is_refund_heard
                        || live == usize::from(life.tickets)
                },
            ),
            Property::always(
                "after a refund is heard nothing lets in",
                |life: &Life, state: &State| {
                    !state.is_refund_heard
                        || !state.admissions.iter().any(|row| life.admits_any(row))
                },
            ),
            of_each!("one code of a ticket lets in at most", |life, row| {
                let read = (1..=row.generation).filter(|read| life.admits(row, Some(*read)));
                read.count() <= 1
            }),
            of_each!("only its holder's code lets in", |life, row| {
                let mut codes = row.codes.iter();
                codes.all(|(who, read)| *who == row.holder || !life.admits(row, Some(*read)))
            }),
            of_each!("nobody enters twice without an undo between", |life, row| {
                match row.inside.iter().filter(|inside| **inside).count() {
                    0 => true,
                    1 => !life.admits_any(row),
                    _ => false,
                }
            }),
            of_each!("a valid ticket lets its holder in", |life, row| {
                let mut codes = row.codes.iter();
                let lets_in = |(who, read): &(Person, u8)| {
                    *who == row.holder && life.admits(row, Some(*read))
                };
                row.status != Valid || codes.any(lets_in)
            }),
            of_each!("only a valid ticket waits for a receiver", |_, row| {
                row.transfer.is_none() || row.status == Valid
            }),
            of_each!("only its holder hands a ticket on", |_, row| {
                row.transfer.is_none_or(|transfer| row.links[transfer.link].by == row.holder)
            }),
            of_each!("a link that ended gives the ticket to nobody", |life, row| {
                let is_over = |link: usize| {
                    row.transfer.is_some_and(|waiting| waiting.link == link && waiting.is_over)
                };
                let mut ended = (0..row.links.len())
                    .filter(|link| row.links[*link].has_ended || is_over(*link));
                !ended.any(|link| PEOPLE.iter().any(|by| life.gives(row, *by, link)))
            }),
            of_each!("a link gives the ticket to nobody else", |life, row| {
                (0..row.links.len()).all(|link| {
                    let mut others = PEOPLE.iter().filter(|by| **by != row.links[link].to);
                    !others.any(|by| life.gives(row, *by, link))
                })
            }),
            of_each!(SCAN_SAYS_SO, |_, row| {
                let scan = row.used_scan.and_then(|scan| row.scans[scan as usize]);
                row.status != Used || scan.is_some_and(|scan| scan.verdict == Verdict::Admitted)
            }),
            // What the others are about does happen.
            Property::sometimes("a refund is heard before the sale", |_, state: &State| {
                state.is_refund_heard && state.admissions.is_empty()
            }),
            Property::sometimes("everybody is inside", |life: &Life, state: &State| {
                state.admissions.len() == usize::from(life.tickets)
                    && state.admissions.iter().all(|row| row.status == Used)
            }),
            Property::sometimes(
                "one enters who is the last of many holders",
                |life: &Life, state: &State| {
                    let mut rows = state.admissions.iter();
                    rows.any(|row| row.status == Used && row.codes.len() == life.transfers + 1)
                },
            ),
            Property::sometimes("an entry is undone", |_, state: &State| {
                let admitted = |scan: &Scan| scan.verdict == Verdict::Admitted;
                state
                    .admissions
                    .iter()
                    .any(|row| row.status == Valid && row.scans.iter().flatten().any(admitted))
            }),
        ]
    }
}

#[test]
fn each_ticket_lets_in_its_holder_alone_and_once() {
    for (life, least) in [(ONE, 30_000), (TWO, 80_000)] {
        let (broken, states) = broken(life);
        assert!(broken.is_empty(), "{broken:?}");
        assert!(states >= least, "{states}");
    }
}

#[test]
#[ignore = "takes half a minute"]
fn each_of_two_tickets_that_change_hands_lets_in_its_holder_alone_and_once() {
    let (broken, states) = broken(Life { transfers: 2, ..TWO });
    assert!(broken.is_empty(), "{broken:?}");
    assert!(states >= 500_000, "{states}");
}

/// What is taken away, and a property that fails then.
const MUTATIONS: &[(&[Guard], &str)] = &[
    (&[Guard::FollowsNewer], "no ticket is issued twice"),
    (&[Guard::FollowsNewer], "after a refund is heard nothing lets in"),
    (&[Guard::VoidsUsed], "after a refund is heard nothing lets in"),
    (&[Guard::VoidingEndsTransfer], "only a valid ticket waits for a receiver"),
    (&[Guard::BeginsHolders], "only its holder hands a ticket on"),
    (&[Guard::BeginsValid], "only a valid ticket waits for a receiver"),
    (&[Guard::AcceptsWaiting], "a link that ended gives the ticket to nobody"),
    (&[Guard::AcceptsInTime], "a link that ended gives the ticket to nobody"),
    (&[Guard::AcceptsAddressee], "a link gives the ticket to nobody else"),
    (&[Guard::AcceptingRenews], "only its holder's code lets in"),
    (&[Guard::AdmitsValid], "nobody enters twice without an undo between"),
    (&[Guard::AdmitsValid], "after a refund is heard nothing lets in"),
    (&[Guard::AdmitsNewest], "one code of a ticket lets in at most"),
    (&[Guard::AdmitsNewest], "only its holder's code lets in"),
    (&[Guard::AdmittingEndsTransfer], "only a valid ticket waits for a receiver"),
    (&[Guard::AdmittingEndsTransfer], "a link that ended gives the ticket to nobody"),
    (&[Guard::RestoresUsed], "after a refund is heard nothing lets in"),
    (&[Guard::RestoresItsScan], "nobody enters twice without an undo between"),
    (&[Guard::KeepsVerdict], SCAN_SAYS_SO),
];

#[test]
fn without_a_guard_a_property_fails() {
    for (without, name) in MUTATIONS {
        assert!(breaks(Life { without, ..ONE }, name), "{without:?}: {name}");
    }
}

#[test]
fn with_every_guard_every_property_holds() {
    // That only a valid ticket is accepted is said twice: an entry and a refund end the transfer.
    for without in [&[][..], &[Guard::AcceptsValid]] {
        let (broken, _) = broken(Life { transfers: 2, without, ..ONE });
        assert_eq!(broken, [""; 0], "{without:?}");
    }
}
