//! Why a command stopped, and what the shell hears of it.

use std::fmt;
use std::process::ExitCode;

/// Why a command stopped.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The machine lacks something; the message says what to do about it.
    Setup(String),
    /// What was asked for was tried and failed.
    Failed(String),
}

impl Failure {
    /// 2 for a machine that must be set up first, 1 for everything else.
    pub(crate) fn code(&self) -> ExitCode {
        match self {
            Failure::Setup(_) => ExitCode::from(2),
            Failure::Failed(_) => ExitCode::from(1),
        }
    }
}

impl From<boxoffice_postgres::Error> for Failure {
    fn from(error: boxoffice_postgres::Error) -> Failure {
        match error {
            boxoffice_postgres::Error::Missing(message) => Failure::Setup(message),
            boxoffice_postgres::Error::Failed(message) => Failure::Failed(message),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Setup(message) | Failure::Failed(message) => f.write_str(message),
        }
    }
}
