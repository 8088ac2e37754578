//! A model of resale: what can happen to tickets that are sold on, in every order.
//!
//! An order has a few tickets. Three people sell them on, buy them, hand them on and enter. Operators
//! refund any order at any time. `payments` refunds an order whose sale is undone, some time later.
//! Of listings the model has what comes back to admissions: holds, sales and withdrawals. Each [`Guard`]
//! is a part of a statement, or a promise of `orders` or `payments`.
//!
//! One admission of a unit is live at most. The unique index `admissions_one_live` says so too, but it is
//! not in the model. What runs into it fails for good, so nothing may rely on it.

mod properties;

use boxoffice_contract::admissions::AdmissionStatus::{self, Offered, Used, Valid, Void};
use stateright::{Model, Property};

use super::{HELD, PEOPLE, Person, REFUNDED, SOLD, breaks, broken};

/// A row of `orders_orders` with its payment. The first is of the event's listing, the others are of
/// offers. A hold becomes one when it is paid for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Order {
    offer: Option<usize>,
    buyer: Person,
    version: u8,
    /// The version in `admissions_orders`.
    heard: u8,
    /// How often its money was given back.
    refunds: u8,
}

/// A fan's listing, as `orders` knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Offer {
    /// The admission that it sells.
    row: usize,
    seller: Person,
    is_withdrawn: bool,
    hold: Option<Person>,
}

/// A row of `admissions_admissions`, and what the tables do not hold of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Admission {
    unit: usize,
    order: usize,
    holder: Person,
    status: AdmissionStatus,
    generation: u8,
    /// Whom a transfer waits for.
    transfer: Option<Person>,
    /// Whether there is a `used_scan`.
    has_scan: bool,
    offer: Option<usize>,
    resold: Option<usize>,
    undone: bool,
    /// The admission that it was made of, if it is not the unit's first.
    before: Option<usize>,
    /// The codes that its holders have seen: who, and of which generation.
    codes: Vec<(Person, u8)>,
    /// The newest generation that a transfer or a sale has replaced.
    replaced: u8,
    /// How many are inside with it.
    inside: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    orders: Vec<Order>,
    offers: Vec<Offer>,
    rows: Vec<Admission>,
    /// How many transfers have begun.
    transfers: u8,
}

/// Something that happens. The first number is the place of an order, of an offer, or of an admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    Complete,
    /// An operator, or the organizer, refunds an order.
    Refund(usize),
    /// `payments` refunds the order of an admission that is undone.
    GiveBack(usize),
    /// The event of this version arrives: at once, late, or again.
    Hear(usize, u8),
    /// The sale's event and another order's refund are handled at once: neither sees what the other
    /// inserts.
    HearBoth(usize, usize),
    Offer(usize, Person),
    Hold(usize, Person),
    /// A hold ends without a sale.
    Free(usize),
    /// A hold becomes an order that is complete.
    Buy(usize),
    /// Its seller withdraws a listing.
    Withdraw(usize),
    /// `tickets` hears that the admission is void.
    End(usize),
    /// The event of a withdrawal arrives: at once, late, or again.
    HearWithdrawn(usize),
    Begin(usize, Person),
    TakeBack(usize),
    Accept(usize),
    Scan(usize, u8),
    Undo(usize),
}

/// A part of a statement that keeps a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    /// Only a newer version of an order is followed.
    FollowsNewer,
    /// A sale and a refund of one unit come one after the other.
    LocksUnit,
    /// Only the holder offers.
    OffersHolders,
    /// Only a valid ticket is offered.
    OffersValid,
    /// What is being handed on is not offered.
    OffersUntransferred,
    /// Only an offered ticket becomes valid again as its listing goes off sale.
    KeepsOffered,
    /// A withdrawal ends its own offer alone.
    KeepsOfOffer,
    /// A ticket that is taken off sale has no offer.
    KeepingEndsOffer,
    /// Only an offered ticket is sold on; if it was refunded, its sale is undone.
    SellsOffered,
    /// The seller's ticket is void from the sale on.
    SellingVoids,
    /// A ticket that is sold on has no offer.
    SellingEndsOffer,
    /// The buyer's ticket gets a generation after the seller's.
    SellingRenews,
    /// The ticket of a sale that is undone says so.
    SellingMarksUndone,
    /// A refund ends later sales of the unit too.
    VoidsLater,
    /// A refund leaves earlier sales of the unit alone.
    VoidsNoEarlier,
    /// A refund reaches tickets that were sold on.
    VoidsSold,
    /// The refund of a sale that was undone before ends nothing: what came after it was undone with it.
    VoidsOnce,
    /// A refund ends the transfer that waits.
    VoidingEndsTransfer,
    /// A resale that is refunded gives its seller the ticket back.
    GivesBack,
    /// A ticket that was refunded itself is not given back.
    GivesBackKept,
    /// A ticket that somebody has entered with since is not given back.
    GivesBackUnentered,
    /// A ticket that is given back gets another generation.
    GivingBackRenews,
    /// A ticket whose resale is refunded before its sale is heard is its holder's again.
    KeepsUnheard,
    /// Only a valid ticket lets in.
    AdmitsValid,
    /// Only a used ticket is restored.
    RestoresUsed,
    /// A ticket that changes hands gets another generation.
    AcceptingRenews,
    /// `orders` lets no seller withdraw what somebody holds.
    WithdrawsUnheld,
    /// `orders` lets no seller withdraw what somebody has bought.
    WithdrawsUnsold,
    /// `payments` gives money back once.
    RefundsOnce,
    /// The refund of a resale does not put its listing back on sale.
    RefundsWithoutRestock,
}

/// The model.
#[derive(Clone, Copy, Debug)]
struct Resale {
    /// How many tickets the first order has.
    tickets: usize,
    /// How many offers are made, of all tickets together.
    offers: usize,
    /// How many transfers begin, of all tickets together.
    transfers: u8,
    /// The guards that were taken away.
    without: &'static [Guard],
}

/// One ticket that is sold on twice, and handed on in between.
const ONE: Resale = Resale { tickets: 1, offers: 2, transfers: 1, without: &[] };
/// One ticket that is sold on, or offered again, three times.
const DEEP: Resale = Resale { tickets: 1, offers: 3, transfers: 0, without: &[] };
/// Two tickets of one order that are sold on.
const TWO: Resale = Resale { tickets: 2, offers: 2, transfers: 0, without: &[] };

impl Admission {
    fn new(unit: usize, order: usize, buyer: Person) -> Self {
        Self {
            unit,
            order,
            holder: buyer,
            status: Valid,
            generation: 1,
            transfer: None,
            has_scan: false,
            offer: None,
            resold: None,
            undone: false,
            before: None,
            codes: vec![(buyer, 1)],
            replaced: 0,
            inside: 0,
        }
    }
}

impl Order {
    fn refund(&mut self) {
        self.version = REFUNDED;
        self.refunds += 1;
    }
}

impl State {
    /// The admission that is, or was, offered as `offer`.
    fn offered(&self, offer: Option<usize>) -> Option<usize> {
        offer.and_then(|_| self.rows.iter().position(|row| row.offer == offer))
    }

    /// Those who have a part in this, and one more. Others without a part would do the same.
    fn people(&self) -> impl Iterator<Item = Person> {
        let codes = self.rows.iter().flat_map(|row| &row.codes).map(|(who, _)| *who);
        let waiting = self.rows.iter().filter_map(|row| row.transfer);
        let offers = self.offers.iter().flat_map(|offer| [Some(offer.seller), offer.hold]);
        let buyers = self.orders.iter().map(|order| order.buyer);
        let known = codes.chain(waiting).chain(offers.flatten()).chain(buyers);
        let last = known.map(|who| who as usize).max().unwrap_or_default();
        PEOPLE.into_iter().take(last + 2)
    }

    /// Whether somebody has entered with a later admission of the unit.
    fn is_entered_later(&self, row: &Admission) -> bool {
        self.rows.iter().any(|later| {
            later.unit == row.unit && later.generation > row.generation && later.has_scan
        })
    }
}

/// The statements.
impl Resale {
    /// Whether `guard` was taken away.
    fn lacks(self, guard: Guard) -> bool {
        self.without.contains(&guard)
    }

    /// Whether `condition` is fulfilled, or the guard that asks for it was taken away.
    fn keeps(self, guard: Guard, condition: bool) -> bool {
        condition || self.lacks(guard)
    }

    /// Does what `issue::follow` does.
    fn follow(self, state: &mut State, order: usize, version: u8) {
        let of = &mut state.orders[order];
        if !self.keeps(Guard::FollowsNewer, version > of.heard) {
            return;
        }
        of.heard = version;
        let offer = of.offer;
        let resold = state.offered(offer);
        match (version, resold) {
            (SOLD, None) => self.issue(state, order),
            (SOLD, Some(seller)) => self.sell(state, order, seller),
            _ => {
                self.end_all(state, order, state.rows.len());
                if resold.is_some() && !self.lacks(Guard::KeepsUnheard) {
                    self.keep(state, offer);
                }
            }
        }
    }

    /// Does what `issue::issue` does.
    fn issue(self, state: &mut State, order: usize) {
        let Order { offer, buyer, .. } = state.orders[order];
        let number = if offer.is_some() { 1 } else { self.tickets };
        for _ in 0..number {
            state.rows.push(Admission::new(state.rows.len(), order, buyer));
        }
    }

    /// Does what `transition::sell` does with the admission `at` that is, or was, offered.
    fn sell(self, state: &mut State, order: usize, at: usize) {
        let seller = &mut state.rows[at];
        let bought = Admission {
            generation: seller.generation + u8::from(!self.lacks(Guard::SellingRenews)),
            before: Some(at),
            ..Admission::new(seller.unit, order, state.orders[order].buyer)
        };
        let generation = bought.generation;
        let mut bought = Admission { codes: vec![(bought.holder, generation)], ..bought };
        if self.keeps(Guard::SellsOffered, seller.status == Offered) {
            if !self.lacks(Guard::SellingVoids) {
                seller.status = Void;
            }
            if !self.lacks(Guard::SellingEndsOffer) {
                seller.offer = None;
            }
            seller.resold = Some(order);
            seller.replaced = seller.generation;
        } else {
            bought.status = Void;
            bought.undone = !self.lacks(Guard::SellingMarksUndone);
        }
        state.rows.push(bought);
    }

    /// Does what `transition::end_all` does. It sees the first `seen` admissions.
    fn end_all(self, state: &mut State, order: usize, seen: usize) {
        let before = state.rows.clone();
        let firsts: Vec<_> = before.iter().filter(|row| row.order == order).collect();
        for row in &mut state.rows[..seen] {
            let first = firsts.iter().find(|first| first.unit == row.unit);
            if first.is_some_and(|first| self.voids(row, first)) {
                row.status = Void;
                row.undone = true;
                row.transfer = row.transfer.filter(|_| self.lacks(Guard::VoidingEndsTransfer));
            }
        }
        if !self.lacks(Guard::GivesBack) {
            self.give_back(state, order);
        }
    }

    /// Whether a refund ends `row`, as `transition::voiding` has it, if its order's admission of the
    /// unit is `first`.
    fn voids(self, row: &Admission, first: &Admission) -> bool {
        !row.undone
            && self.keeps(Guard::VoidsOnce, !first.undone)
            && self.keeps(Guard::VoidsNoEarlier, row.generation >= first.generation)
            && (row.order == first.order || !self.lacks(Guard::VoidsLater))
            && (row.status != Void || !self.lacks(Guard::VoidsSold))
    }

    /// Does what `transition::giving_back` does.
    fn give_back(self, state: &mut State, order: usize) {
        let gives = |row: &Admission| {
            row.resold == Some(order)
                && self.keeps(Guard::GivesBackKept, !row.undone)
                && self.keeps(Guard::GivesBackUnentered, !state.is_entered_later(row))
        };
        let Some(at) = state.rows.iter().position(gives) else { return };
        let unit = state.rows[at].unit;
        let of_unit = state.rows.iter().filter(|row| row.unit == unit);
        let newest = of_unit.map(|row| row.generation).max().unwrap_or_default();
        let row = &mut state.rows[at];
        row.status = Valid;
        row.resold = None;
        if !self.lacks(Guard::GivingBackRenews) {
            row.generation = newest + 1;
            row.codes.push((row.holder, row.generation));
        }
    }

    /// Does what `transition::keeping` does.
    fn keep(self, state: &mut State, offer: Option<usize>) {
        let is_of_offer = |row: &Admission| {
            row.offer == offer || (row.offer.is_some() && self.lacks(Guard::KeepsOfOffer))
        };
        for row in &mut state.rows {
            if is_of_offer(row) && self.keeps(Guard::KeepsOffered, row.status == Offered) {
                row.status = Valid;
                row.offer = row.offer.filter(|_| self.lacks(Guard::KeepingEndsOffer));
            }
        }
    }

    /// Does what `transition::offering` does.
    fn offer(self, state: &mut State, at: usize, by: Person) {
        let offer = state.offers.len();
        let row = &mut state.rows[at];
        if self.keeps(Guard::OffersHolders, row.holder == by)
            && self.keeps(Guard::OffersValid, row.status == Valid)
            && self.keeps(Guard::OffersUntransferred, row.transfer.is_none())
        {
            row.status = Offered;
            row.offer = Some(offer);
            state.offers.push(Offer { row: at, seller: by, is_withdrawn: false, hold: None });
        }
    }

    /// Whether its seller may withdraw the listing, as `tickets` and the freeze of `orders` have it.
    fn withdraws(self, state: &State, offer: usize) -> bool {
        self.keeps(Guard::WithdrawsUnheld, state.offers[offer].hold.is_none())
            && self.keeps(Guard::WithdrawsUnsold, !self.is_sold(state, offer))
    }

    /// Whether `orders` counts the offer as sold: a sale that was refunded too, unless the ticket was
    /// put back on sale.
    fn is_sold(self, state: &State, offer: usize) -> bool {
        let mut orders = state.orders.iter().filter(|order| order.offer == Some(offer));
        orders.any(|order| order.version == SOLD || !self.lacks(Guard::RefundsWithoutRestock))
    }

    /// Whether the code of generation `read` lets somebody in, as `transition::admitting` has it.
    fn admits(self, row: &Admission, read: u8) -> bool {
        self.keeps(Guard::AdmitsValid, row.status == Valid) && read == row.generation
    }

    /// Whether any code that was ever seen lets somebody in.
    fn admits_any(self, row: &Admission) -> bool {
        row.codes.iter().any(|(_, read)| self.admits(row, *read))
    }
}

/// The steps. A step that cannot be done changes nothing.
impl Resale {
    fn go(self, state: &mut State, step: Step) {
        match step {
            Step::Complete | Step::Refund(_) | Step::GiveBack(_) => self.pay(state, step),
            Step::Hear(order, version) => self.follow(state, order, version),
            Step::HearBoth(sale, refund) => self.hear_both(state, sale, refund),
            Step::Offer(at, by) => self.offer(state, at, by),
            Step::Hold(offer, _)
            | Step::Free(offer)
            | Step::Buy(offer)
            | Step::Withdraw(offer)
            | Step::End(offer)
            | Step::HearWithdrawn(offer) => self.trade(state, offer, step),
            Step::Begin(at, to) => {
                let row = &mut state.rows[at];
                if row.status == Valid && row.holder != to {
                    row.transfer = Some(to);
                    state.transfers += 1;
                }
            }
            Step::TakeBack(at) => state.rows[at].transfer = None,
            Step::Accept(at) => self.accept(&mut state.rows[at]),
            Step::Scan(at, read) => self.scan(&mut state.rows[at], read),
            Step::Undo(at) => self.restore(&mut state.rows[at]),
        }
    }

    /// What `orders` and `payments` do.
    fn pay(self, state: &mut State, step: Step) {
        let is_due = |order| state.rows.iter().any(|row| row.undone && row.order == order);
        match step {
            Step::Complete if state.orders[0].version == HELD => state.orders[0].version = SOLD,
            Step::Refund(at) if state.orders[at].version == SOLD => state.orders[at].refund(),
            Step::GiveBack(at)
                if is_due(at)
                    && self.keeps(Guard::RefundsOnce, state.orders[at].version == SOLD) =>
            {
                state.orders[at].refund();
            }
            _ => {}
        }
    }

    /// What happens to an offer's listing.
    fn trade(self, state: &mut State, at: usize, step: Step) {
        let Offer { row, seller, is_withdrawn, hold } = state.offers[at];
        match step {
            Step::Hold(_, by)
                if hold.is_none() && !is_withdrawn && !self.is_sold(state, at) && by != seller =>
            {
                state.offers[at].hold = Some(by);
            }
            Step::Free(_) => state.offers[at].hold = None,
            Step::Buy(_) => {
                if let Some(buyer) = state.offers[at].hold.take() {
                    let offer = Some(at);
                    state.orders.push(Order { offer, buyer, version: SOLD, heard: 0, refunds: 0 });
                }
            }
            Step::Withdraw(_) if self.withdraws(state, at) => state.offers[at].is_withdrawn = true,
            Step::End(_) if state.rows[row].status == Void && state.rows[row].offer == Some(at) => {
                state.offers[at].is_withdrawn = true;
            }
            Step::HearWithdrawn(_) if is_withdrawn => self.keep(state, Some(at)),
            _ => {}
        }
    }

    /// Handles a sale, and a refund that does not see its admission. Only without the lock can that be.
    fn hear_both(self, state: &mut State, sale: usize, refund: usize) {
        let is_new = |order: usize, version: u8| {
            let order = &state.orders[order];
            order.version == version && order.heard < version
        };
        let is_resale = state.orders[sale].offer.is_some();
        if is_resale && is_new(sale, SOLD) && is_new(refund, REFUNDED) {
            let seen = state.rows.len();
            self.follow(state, sale, SOLD);
            state.orders[refund].heard = REFUNDED;
            self.end_all(state, refund, seen);
        }
    }

    /// Does what `transition::accepting` does.
    fn accept(self, row: &mut Admission) {
        if row.status != Valid {
            return;
        }
        if let Some(receiver) = row.transfer.take() {
            row.holder = receiver;
            row.replaced = row.generation;
            row.generation += u8::from(!self.lacks(Guard::AcceptingRenews));
            row.codes.push((receiver, row.generation));
        }
    }

    /// Does what `transition::admitting` does.
    fn scan(self, row: &mut Admission, read: u8) {
        if self.admits(row, read) {
            row.status = Used;
            row.has_scan = true;
            row.transfer = None;
            row.inside += 1;
        }
    }

    /// Does what `transition::restoring` does, for the scan that let in.
    fn restore(self, row: &mut Admission) {
        if row.has_scan && self.keeps(Guard::RestoresUsed, row.status == Used) {
            row.status = Valid;
            row.has_scan = false;
            row.inside -= 1;
        }
    }
}

impl Model for Resale {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let first =
            Order { offer: None, buyer: Person::Buyer, version: HELD, heard: 0, refunds: 0 };
        vec![State { orders: vec![first], offers: Vec::new(), rows: Vec::new(), transfers: 0 }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        steps.push(Step::Complete);
        for (at, order) in state.orders.iter().enumerate() {
            steps.extend([Step::Refund(at), Step::GiveBack(at)]);
            steps.extend((SOLD..=order.version).map(|version| Step::Hear(at, version)));
            if self.lacks(Guard::LocksUnit) {
                steps.extend((0..state.orders.len()).map(|refund| Step::HearBoth(at, refund)));
            }
        }
        for offer in 0..state.offers.len() {
            steps.extend(state.people().map(|by| Step::Hold(offer, by)));
            steps.extend([Step::Free(offer), Step::Buy(offer), Step::Withdraw(offer)]);
            steps.extend([Step::End(offer), Step::HearWithdrawn(offer)]);
        }
        for (at, row) in state.rows.iter().enumerate() {
            if state.offers.len() < self.offers {
                steps.extend(PEOPLE.map(|by| Step::Offer(at, by)));
            }
            if state.transfers < self.transfers {
                steps.extend(state.people().map(|to| Step::Begin(at, to)));
            }
            if row.transfer.is_some() {
                steps.extend([Step::TakeBack(at), Step::Accept(at)]);
            }
            steps.push(Step::Undo(at));
            steps.extend(row.codes.iter().map(|(_, read)| Step::Scan(at, *read)));
        }
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let mut next = state.clone();
        self.go(&mut next, step);
        (next != *state).then_some(next)
    }

    /// Ends a model that issues, refunds or lets in again and again.
    fn within_boundary(&self, state: &State) -> bool {
        state.rows.len() <= self.tickets + self.offers + 1
            && state.orders.len() <= self.offers + 2
            && state.orders.iter().all(|order| order.refunds <= 2)
            && state.rows.iter().all(|row| row.inside <= 2)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}

#[test]
fn each_ticket_that_is_sold_on_lets_in_its_last_buyer_alone_and_once() {
    for (resale, least) in [(ONE, 7_000), (DEEP, 20_000), (TWO, 20_000)] {
        let (broken, states) = broken(resale);
        assert!(broken.is_empty(), "{broken:?}");
        assert!(states >= least, "{states}");
    }
}

#[test]
fn without_a_guard_a_property_fails() {
    for (without, name) in properties::MUTATIONS {
        assert!(breaks(Resale { without, ..ONE }, name), "{without:?}: {name}");
    }
}
