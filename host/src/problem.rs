//! Everything that keeps an application from starting, collected so that one run reports it all.

use std::fmt;

/// One thing that is wrong, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, and where.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl Problem {
    pub(crate) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  → {}", self.what, self.remedy)
    }
}

/// The application cannot start: all of the reasons, each with its remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartError {
    /// The reasons, in the order in which they were found; never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.problems.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for StartError {}

impl From<Problem> for StartError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}
