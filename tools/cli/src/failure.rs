//! Why a command ended, and what the shell hears of it.

use std::fmt;
use std::process::ExitCode;

use boxoffice_host::{Problem, StartError};

/// Why a command ended otherwise than as asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It could not start as configured. Never empty.
    Misconfigured(Vec<Problem>),
    /// What it was to look at cannot be read. Never empty.
    Unreadable(Vec<Problem>),
    /// It ran, and then something broke.
    Broken(anyhow::Error),
}

impl Failure {
    /// 2 for a wrong configuration and for what cannot be read, 1 for everything else.
    pub(crate) fn code(&self) -> ExitCode {
        match self {
            Failure::Misconfigured(_) | Failure::Unreadable(_) => ExitCode::from(2),
            Failure::Broken(_) => ExitCode::from(1),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Broken(error) => write!(f, "boxoffice: {error:#}"),
            Failure::Misconfigured(problems) => list(f, problems, "starting"),
            Failure::Unreadable(problems) => list(f, problems, "looking"),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, problems: &[Problem], from: &str) -> fmt::Result {
    let number = problems.len();
    let verb = if number == 1 { "problem keeps" } else { "problems keep" };
    write!(f, "boxoffice: {number} {verb} it from {from}")?;
    for Problem { what, remedy } in problems {
        write!(f, "\n\n- {what}\n  → {remedy}")?;
    }
    Ok(())
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Failure {
        Failure::Misconfigured(vec![problem])
    }
}

impl From<boxoffice_dev::Problem> for Failure {
    fn from(problem: boxoffice_dev::Problem) -> Failure {
        Failure::from(from_dev(problem))
    }
}

impl From<boxoffice_ops::Problem> for Failure {
    fn from(problem: boxoffice_ops::Problem) -> Failure {
        Failure::Unreadable(vec![from_ops(problem)])
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Failure {
        Failure::Misconfigured(error.problems)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Failure {
        Failure::Broken(error)
    }
}

/// The host's form of a problem that the development helpers found.
pub(crate) fn from_dev(problem: boxoffice_dev::Problem) -> Problem {
    Problem { what: problem.what, remedy: problem.remedy }
}

/// The host's form of a problem that an operator's helpers found.
pub(crate) fn from_ops(problem: boxoffice_ops::Problem) -> Problem {
    Problem { what: problem.what, remedy: problem.remedy }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(what: &str) -> Problem {
        Problem { what: what.to_owned(), remedy: format!("mend {what}") }
    }

    #[test]
    fn every_problem_is_listed_with_its_remedy() {
        let failure = Failure::Misconfigured(vec![problem("a"), problem("b")]);
        assert_eq!(
            failure.to_string(),
            "boxoffice: 2 problems keep it from starting\n\n- a\n  → mend a\n\n- b\n  → mend b"
        );
        let failure = Failure::from(problem("a"));
        assert!(failure.to_string().starts_with("boxoffice: 1 problem keeps"), "{failure}");
        let failure = Failure::Unreadable(vec![problem("a")]);
        assert_eq!(
            failure.to_string(),
            "boxoffice: 1 problem keeps it from looking\n\n- a\n  → mend a"
        );
    }

    #[test]
    fn a_failure_while_running_shows_its_causes() {
        let error = anyhow::anyhow!("inner").context("outer");
        assert_eq!(Failure::from(error).to_string(), "boxoffice: outer: inner");
    }
}
