//! What must hold of resale in every state, and what each guard is for.

use std::collections::HashSet;

use boxoffice_contract::admissions::AdmissionStatus::{Offered, Used, Valid, Void};
use stateright::Property;

use super::{Admission, Guard, PEOPLE, Person, REFUNDED, Resale, SOLD, State};

/// What each ticket costs, at every sale.
const PRICE: i32 = 20;
/// What the shop keeps of a resale.
const FEE: i32 = 1;

/// Whose money it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Account {
    Of(Person),
    Organizer,
    Shop,
}

/// What the properties are made of.
impl State {
    /// The admission, and those that it was made of.
    fn chain(&self, row: usize) -> impl Iterator<Item = &Admission> {
        std::iter::successors(Some(&self.rows[row]), |row| row.before.map(|at| &self.rows[at]))
    }

    /// Whether the admission's order, or that of a sale before it, is refunded as far as is heard.
    fn is_refund_heard(&self, row: usize) -> bool {
        self.chain(row).any(|row| self.orders[row.order].heard == REFUNDED)
    }

    /// Whether its holder has sold the admission on for good.
    fn is_sold_on(&self, row: &Admission) -> bool {
        row.resold.is_some_and(|order| self.orders[order].version == SOLD)
    }

    /// Whether nothing is due: each event is heard, and what is undone is refunded.
    fn is_at_rest(&self) -> bool {
        self.orders.iter().all(|order| order.version < SOLD || order.heard == order.version)
            && !self.rows.iter().any(|row| row.undone && self.orders[row.order].version == SOLD)
    }

    /// What `account` has got so far, less what it has paid, as `payments` has it.
    fn balance(&self, tickets: usize, account: Account) -> i32 {
        let sold = self.orders.iter().filter(|order| order.version >= SOLD);
        sold.map(|order| {
            let (seller, fee) = match order.offer {
                Some(offer) => (Account::Of(self.offers[offer].seller), FEE),
                None => (Account::Organizer, 0),
            };
            let number = if order.offer.is_some() { 1 } else { tickets };
            let amount = PRICE * i32::try_from(number).unwrap_or(i32::MAX);
            let kept = 1 - i32::from(order.refunds);
            let of = |who, amount| if account == who { kept * amount } else { 0 };
            of(Account::Of(order.buyer), -amount)
                + of(seller, amount - fee)
                + of(Account::Shop, fee)
        })
        .sum()
    }

    /// What `account` has got and paid for the tickets as admissions have them.
    fn worth(&self, account: Account) -> i32 {
        let kept = self.rows.iter().filter(|row| !row.undone);
        kept.map(|row| {
            let of = |who, amount| if account == who { amount } else { 0 };
            let first = if row.before.is_none() { of(Account::Organizer, PRICE) } else { 0 };
            let is_sold = row.status == Void && self.is_sold_on(row);
            let resale = of(Account::Of(row.holder), PRICE - FEE) + of(Account::Shop, FEE);
            let buyer = self.orders[row.order].buyer;
            of(Account::Of(buyer), -PRICE) + first + if is_sold { resale } else { 0 }
        })
        .sum()
    }
}

/// Makes a property that every admission has in every state.
macro_rules! of_each {
    ($name:expr, |$resale:pat_param, $state:ident, $at:ident, $row:ident| $holds:expr) => {
        Property::always($name, |$resale: &Resale, $state: &State| {
            $state.rows.iter().enumerate().all(|($at, $row)| $holds)
        })
    };
}

/// Makes a property that every unit has in every state: `$rows` are its admissions.
macro_rules! of_each_unit {
    ($name:expr, |$resale:pat_param, $rows:ident| $holds:expr) => {
        Property::always($name, |$resale: &Resale, state: &State| {
            (0..state.rows.len()).all(|unit| {
                let $rows = || state.rows.iter().filter(|row| row.unit == unit);
                $holds
            })
        })
    };
}

const ONE_IS_LIVE: &str = "one admission of a unit is live at most";
const ONE_CODE: &str = "one code of a unit lets in at most";
const HOLDERS_CODE: &str = "only its holder's code lets in";
const REPLACED: &str = "a code that was replaced lets nobody in";
const OFFERED: &str = "an offered ticket lets nobody in";
const ENTERS_ONCE: &str = "nobody enters after somebody who is inside";
const ISSUED_ONCE: &str = "no ticket is issued twice";
const REFUND_ENDS: &str = "after a refund is heard nothing of it lets in";
const UNDONE: &str = "only a refund undoes sales, its own and those after it";
const BUYER_HAS: &str = "who has bought of a fan has the ticket, or has sold it on";
const PAID_FOR: &str = "at rest nobody has paid for a ticket that is void";
const ACCOUNTS: &str = "at rest each account is what the tickets say";
const REFUNDED_ONCE: &str = "no money is given back twice";
const CAN_END: &str = "what is on sale is bought or taken back some day";
const HOLDER_OFFERS: &str = "only its holder sells a ticket on";
const OFFER_ENDS: &str = "only what is on sale, or was refunded then, has an offer";
const WAITS: &str = "only a valid ticket waits for a receiver";

/// Returns what must hold, and what must happen in some state.
pub(super) fn all() -> Vec<Property<Resale>> {
    vec![
        of_each_unit!(ONE_IS_LIVE, |_, rows| {
            rows().filter(|row| row.status != Void).count() <= 1
        }),
        of_each_unit!(ONE_CODE, |resale, rows| {
            let read = rows().flat_map(|row| (1..=row.generation).map(move |read| (row, read)));
            read.filter(|(row, read)| resale.admits(row, *read)).count() <= 1
        }),
        of_each_unit!(ENTERS_ONCE, |resale, rows| {
            match rows().map(|row| row.inside).sum::<u8>() {
                0 => true,
                1 => !rows().any(|row| resale.admits_any(row)),
                _ => false,
            }
        }),
        of_each!(HOLDERS_CODE, |resale, _state, _at, row| {
            let mut codes = row.codes.iter();
            codes.all(|(who, read)| *who == row.holder || !resale.admits(row, *read))
        }),
        of_each!("a valid ticket lets its holder in", |resale, _state, _at, row| {
            let mut codes = row.codes.iter();
            let lets_in =
                |(who, read): &(Person, u8)| *who == row.holder && resale.admits(row, *read);
            row.status != Valid || codes.any(lets_in)
        }),
        of_each!(REPLACED, |resale, _state, _at, row| {
            (1..=row.replaced).all(|read| !resale.admits(row, read))
        }),
        of_each!(OFFERED, |resale, _state, _at, row| {
            row.status != Offered || !resale.admits_any(row)
        }),
        Property::always(ISSUED_ONCE, |resale, state: &State| {
            let orders: HashSet<_> = state.rows.iter().map(|row| (row.unit, row.order)).collect();
            let units: HashSet<_> = state.rows.iter().map(|row| row.unit).collect();
            orders.len() == state.rows.len() && units.len() <= resale.tickets
        }),
        of_each!(REFUND_ENDS, |resale, state, at, row| {
            !state.is_refund_heard(at) || (row.status == Void && !resale.admits_any(row))
        }),
        of_each!(UNDONE, |_, state, at, row| {
            !row.undone || (row.status == Void && state.is_refund_heard(at))
        }),
        Property::always(BUYER_HAS, |_, state: &State| {
            let mut orders = state.orders.iter().enumerate();
            orders.all(|(at, order)| {
                let mut rows = state.rows.iter().filter(|row| row.order == at).peekable();
                let has =
                    |row: &Admission| row.undone || row.status != Void || row.resold.is_some();
                order.heard != SOLD || (rows.peek().is_some() && rows.all(has))
            })
        }),
        of_each!(PAID_FOR, |_, state, _at, row| {
            !state.is_at_rest()
                || state.orders[row.order].version == REFUNDED
                || row.status != Void
                || state.is_sold_on(row)
                || state.is_entered_later(row)
        }),
        Property::always(ACCOUNTS, |resale, state: &State| {
            let people = PEOPLE.map(Account::Of).into_iter();
            !state.is_at_rest()
                || people
                    .chain([Account::Organizer, Account::Shop])
                    .all(|account| state.balance(resale.tickets, account) == state.worth(account))
        }),
        Property::always(REFUNDED_ONCE, |_, state: &State| {
            state.orders.iter().all(|order| order.refunds <= 1)
        }),
        of_each!(CAN_END, |_, state, _at, row| {
            let mut orders = state.orders.iter();
            row.status != Offered
                || orders.all(|order| order.offer != row.offer || order.heard < SOLD)
        }),
        of_each!(HOLDER_OFFERS, |_, state, _at, row| {
            let seller = row.offer.map(|offer| state.offers[offer].seller);
            seller.is_none_or(|seller| seller == row.holder)
        }),
        of_each!(OFFER_ENDS, |_, _state, _at, row| {
            row.offer.is_none() || row.status == Offered || row.undone
        }),
        of_each!(WAITS, |_, _state, _at, row| { row.transfer.is_none() || row.status == Valid }),
        // What the others are about does happen.
        Property::sometimes("one enters who has bought a ticket last", |_, state: &State| {
            state.rows.iter().any(|row| row.status == Used && row.before.is_some())
        }),
        Property::sometimes("a refund is heard before the sale", |_, state: &State| {
            let mut heard = state.orders.iter().enumerate();
            heard.any(|(at, order)| {
                order.heard == REFUNDED && !state.rows.iter().any(|row| row.order == at)
            })
        }),
        Property::sometimes("a hold outlives its listing", |_, state: &State| {
            state.offers.iter().any(|offer| offer.is_withdrawn && offer.hold.is_some())
        }),
        Property::sometimes("the refunds of a chain are due", |resale: &Resale, state: &State| {
            let due = |row: &&Admission| row.undone && state.orders[row.order].version == SOLD;
            state.rows.iter().filter(due).count() >= resale.offers
        }),
        Property::sometimes("a ticket that came back is sold again", |_, state: &State| {
            let mut rows = state.rows.iter();
            rows.any(|row| row.resold.is_some() && row.before.is_none() && row.generation > 2)
        }),
        Property::sometimes("everything is refunded, and at rest", |_, state: &State| {
            let mut orders = state.orders.iter();
            state.orders.len() > 1
                && state.is_at_rest()
                && orders.all(|order| order.version == REFUNDED)
        }),
    ]
}

/// What is taken away, and a property that fails then.
pub(super) const MUTATIONS: &[(&[Guard], &str)] = &[
    (&[Guard::FollowsNewer], ISSUED_ONCE),
    (&[Guard::LocksUnit], REFUND_ENDS),
    (&[Guard::OffersHolders], HOLDER_OFFERS),
    (&[Guard::OffersValid], ENTERS_ONCE),
    (&[Guard::OffersValid], ONE_IS_LIVE),
    (&[Guard::OffersUntransferred], WAITS),
    (&[Guard::KeepsOffered], REFUND_ENDS),
    (&[Guard::KeepsOfOffer], ISSUED_ONCE),
    (&[Guard::KeepingEndsOffer], OFFER_ENDS),
    (&[Guard::SellsOffered], REFUND_ENDS),
    (&[Guard::SellingVoids], ONE_IS_LIVE),
    (&[Guard::SellingEndsOffer], OFFER_ENDS),
    (&[Guard::SellingRenews], UNDONE),
    (&[Guard::SellingMarksUndone], PAID_FOR),
    (&[Guard::SellingMarksUndone], BUYER_HAS),
    (&[Guard::VoidsLater], REFUND_ENDS),
    (&[Guard::VoidsNoEarlier], UNDONE),
    (&[Guard::VoidsSold], REFUND_ENDS),
    (&[Guard::VoidsOnce], UNDONE),
    (&[Guard::VoidingEndsTransfer], WAITS),
    (&[Guard::GivesBack], PAID_FOR),
    (&[Guard::GivesBackKept], REFUND_ENDS),
    (&[Guard::GivesBackUnentered], ENTERS_ONCE),
    (&[Guard::GivingBackRenews], REPLACED),
    (&[Guard::KeepsUnheard], CAN_END),
    (&[Guard::AdmitsValid], OFFERED),
    (&[Guard::AdmitsValid], ONE_CODE),
    (&[Guard::RestoresUsed], REFUND_ENDS),
    (&[Guard::AcceptingRenews], HOLDERS_CODE),
    (&[Guard::WithdrawsUnheld], ISSUED_ONCE),
    (&[Guard::WithdrawsUnsold], ISSUED_ONCE),
    (&[Guard::RefundsOnce], REFUNDED_ONCE),
    (&[Guard::RefundsOnce], ACCOUNTS),
    (&[Guard::RefundsWithoutRestock], ISSUED_ONCE),
];
