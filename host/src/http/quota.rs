//! What clients may have of something at a time: all of them together, and each of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A limit on something that is counted.
#[derive(Debug, Clone)]
pub(super) struct Quota(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    all: usize,
    each: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    /// Without those who have nothing.
    by_client: HashMap<Arc<str>, usize>,
}

/// Whose limit was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exceeded {
    /// That of all together.
    All,
    /// The client's own.
    Client,
}

/// What somebody has, until it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    quota: Quota,
    client: Option<Arc<str>>,
    amount: usize,
}

impl Quota {
    /// A limit of `all` for all together, and of `each` for each client.
    pub(super) fn new(all: usize, each: usize) -> Self {
        Self(Arc::new(Inner { all, each, taken: Mutex::default() }))
    }

    /// Takes an amount for a client; without a client, only the limit of all together counts.
    ///
    /// # Errors
    /// Which limit was met. Nothing is taken then.
    pub(super) fn take(&self, client: Option<&Arc<str>>, amount: usize) -> Result<Share, Exceeded> {
        let mut share = Share { quota: self.clone(), client: client.cloned(), amount: 0 };
        share.grow(amount)?;
        Ok(share)
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Counts, changed together after all checks: whole at any time.
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// How much it is.
    pub(super) fn amount(&self) -> usize {
        self.amount
    }

    /// Takes more of the same.
    ///
    /// # Errors
    /// Which limit was met. The share stays as it is then.
    pub(super) fn grow(&mut self, by: usize) -> Result<(), Exceeded> {
        if by == 0 {
            return Ok(());
        }
        let mut taken = self.quota.taken();
        let all = taken.all.saturating_add(by);
        if all > self.quota.0.all {
            return Err(Exceeded::All);
        }
        if let Some(client) = &self.client {
            let held = taken.by_client.get(client).copied().unwrap_or_default().saturating_add(by);
            if held > self.quota.0.each {
                return Err(Exceeded::Client);
            }
            taken.by_client.insert(client.clone(), held);
        }
        taken.all = all;
        self.amount += by;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.amount == 0 {
            return;
        }
        let mut taken = self.quota.taken();
        taken.all -= self.amount;
        let Some(client) = &self.client else { return };
        if let Some(held) = taken.by_client.get_mut(client) {
            *held -= self.amount;
            if *held == 0 {
                taken.by_client.remove(client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn client(name: &str) -> Option<Arc<str>> {
        Some(Arc::from(name))
    }

    #[test]
    fn each_client_has_a_limit_and_all_together_have_one() {
        let quota = Quota::new(5, 3);
        let (a, b) = (client("a"), client("b"));
        let mut first = quota.take(a.as_ref(), 2).unwrap();
        assert_eq!(quota.take(a.as_ref(), 2).unwrap_err(), Exceeded::Client);
        first.grow(1).unwrap();
        assert_eq!(first.grow(1).unwrap_err(), Exceeded::Client);
        let second = quota.take(b.as_ref(), 2).unwrap();
        assert_eq!(quota.take(b.as_ref(), 1).unwrap_err(), Exceeded::All);
        // What is given back can be taken again, by others too.
        drop(first);
        let third = quota.take(b.as_ref(), 1).unwrap();
        assert_eq!(quota.take(b.as_ref(), 1).unwrap_err(), Exceeded::Client);
        drop((second, third));
        assert!(quota.taken().by_client.is_empty() && quota.taken().all == 0);
    }

    #[test]
    fn without_a_client_only_the_limit_of_all_counts() {
        let quota = Quota::new(5, 1);
        let held: Vec<_> = (0..5).map(|_| quota.take(None, 1).unwrap()).collect();
        assert_eq!(quota.take(None, 1).unwrap_err(), Exceeded::All);
        drop(held);
        assert_eq!(quota.taken().all, 0);
    }
}
