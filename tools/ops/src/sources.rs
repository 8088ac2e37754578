//! Where a shop's facts are read, and why they cannot be.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::bus::Bus;
use crate::provider::Provider;
use crate::store::Databases;

/// Everything that an audit reads.
#[derive(Clone)]
pub struct Sources {
    /// The services' databases.
    pub databases: Databases,
    /// The Redis that carries the events.
    pub bus: Bus,
    /// Who moves the money.
    pub provider: Provider,
    /// The shop's clock.
    pub now: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

/// Why something cannot be read, and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What cannot be read. Never holds a key or a password.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl Problem {
    /// A problem and its remedy.
    pub fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.remedy)
    }
}

/// Sources that could not be read, so that nothing can be said about the shop. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Each of them.
    pub problems: Vec<Problem>,
}

impl From<Problem> for Unreadable {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.problems.iter().map(Problem::to_string).collect();
        f.write_str(&texts.join("; "))
    }
}

impl std::error::Error for Unreadable {}

/// Puts what was read together, or else every problem there was.
pub(crate) fn together<A, B, C>(
    a: Result<A, Problem>,
    b: Result<B, Problem>,
    c: Result<C, Problem>,
) -> Result<(A, B, C), Unreadable> {
    match (a, b, c) {
        (Ok(a), Ok(b), Ok(c)) => Ok((a, b, c)),
        (a, b, c) => {
            let problems = [a.err(), b.err(), c.err()].into_iter().flatten().collect();
            Err(Unreadable { problems })
        }
    }
}
