//! Models of admissions: what can happen, in every order.
//!
//! | module | holds |
//! |---|---|
//! | [`life`] | a ticket between its sale and its refund: transfers, doors |
//! | [`resale`] | a ticket that is sold on: offers, later sales, refunds of each, the money |
//!
//! Each step does what a statement of [`transition`](crate::transition) or [`issue`](crate::issue)
//! does, under the same conditions. A checker visits every state that steps lead to, and evaluates the
//! properties there. Then each guard is taken away, and a property must fail: none of them holds by
//! itself.

mod life;
mod resale;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::hash::Hash;
use std::time::Instant;

use stateright::{Checker, HasDiscoveries, Model, Property};

// The versions of an order, in `orders` and as far as they are heard of.
const HELD: u8 = 1;
const SOLD: u8 = 2;
const REFUNDED: u8 = 3;

const THREADS: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Person {
    Buyer,
    Friend,
    Stranger,
}

const PEOPLE: [Person; 3] = [Person::Buyer, Person::Friend, Person::Stranger];

/// A state or a step, as a checker wants it.
trait Explored: Clone + Debug + Hash + PartialEq + Send + Sync {}

impl<T: Clone + Debug + Hash + PartialEq + Send + Sync> Explored for T {}

/// Visits every state of `model`. Returns the properties that do not hold, and how many states there
/// are.
fn broken<M>(model: M) -> (Vec<&'static str>, usize)
where
    M: Model<State: Explored, Action: Explored> + Copy + Debug + Send + Sync + 'static,
{
    let start = Instant::now();
    let checker = model.checker().threads(THREADS).spawn_bfs().join();
    let states = checker.unique_state_count();
    eprintln!("{states} states in {:.1?}: {model:?}", start.elapsed());
    let found = checker.discoveries();
    let fails = |property: &Property<M>| {
        found.contains_key(property.name) == property.expectation.discovery_is_failure()
    };
    let broken = model.properties().into_iter().filter(fails).map(|property| property.name);
    (broken.collect(), states)
}

/// Visits states of `model` until the property `name` fails. Tells whether it does.
fn breaks<M>(model: M, name: &'static str) -> bool
where
    M: Model<State: Explored, Action: Explored> + Copy + Debug + Send + Sync + 'static,
{
    let finish = HasDiscoveries::AllOf(BTreeSet::from([name]));
    let checker = model.checker().finish_when(finish).threads(THREADS).spawn_bfs().join();
    checker.discovery(name).is_some()
}
