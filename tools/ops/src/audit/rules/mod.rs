//! The rules, by what they look at.
//!
//! | module | lays beside one another |
//! |---|---|
//! | [`inventory`] | listings and their orders, in `orders` |
//! | [`replicas`] | what one service decides and what the others have heard of it |
//! | [`admissions`] | orders and those who may enter, and scans |
//! | [`money`] | orders and payments |
//! | [`entries`] | payments and the entries of their ledger |
//! | [`ledger`] | payments and the provider's ledger |
//! | [`letters`] | orders and the letters about them |
//! | [`people`] | accounts and what they hold and sell |
//! | [`leftovers`] | deleted accounts and what is left of them |
//! | [`delivery`] | what was committed and what every group has had |

mod admissions;
mod delivery;
mod entries;
mod inventory;
mod ledger;
mod leftovers;
mod letters;
mod money;
mod people;
mod replicas;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt::Debug;

use boxoffice_contract::orders::OrderStatus;

use super::{Facts, Rule, Violation};

/// Everything in `facts` that breaks a rule, sorted.
pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let mut found = Found::default();
    inventory::check(facts, &mut found);
    replicas::check(facts, &mut found);
    admissions::check(&facts.books, &mut found);
    money::check(&facts.books, &mut found);
    entries::check(&facts.books, &mut found);
    ledger::check(facts, &mut found);
    letters::check(&facts.books, &mut found);
    people::check(facts, &mut found);
    leftovers::check(&facts.leftovers, &mut found);
    delivery::check(facts, &mut found);
    found.0.sort();
    found.0
}

/// What was found so far.
#[derive(Default)]
struct Found(Vec<Violation>);

impl Found {
    fn add<const N: usize>(
        &mut self,
        rule: Rule,
        ids: [(&'static str, &str); N],
        sentence: impl Into<String>,
    ) {
        let ids = ids.map(|(name, id)| (name, id.to_owned())).into();
        self.0.push(Violation { rule, ids, sentence: sentence.into() });
    }
}

/// Whether an order in this state holds its tickets.
fn is_held(status: OrderStatus) -> bool {
    matches!(status, OrderStatus::Created | OrderStatus::AwaitingPayment)
}

/// Rows by their ids.
fn by_id<T>(rows: &[T], id: impl Fn(&T) -> &String) -> HashMap<&str, &T> {
    rows.iter().map(|row| (id(row).as_str(), row)).collect()
}

/// Where two records of the same thing differ.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn of<T: PartialEq + Debug>(mut self, name: &str, seen: &T, due: &T) -> Self {
        if seen != due {
            self.0.push(format!("{name} is {seen:?}, not {due:?}"));
        }
        self
    }

    /// All of them, or `None` if there are none.
    fn all(self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.join("; "))
    }
}
