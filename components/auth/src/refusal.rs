//! Why nobody is signed in, or signed up.

use boxoffice_contract::mail::NO_SUCH_ACCOUNT;
use boxoffice_kernel::problem::FieldError;
use boxoffice_kernel::{Problem, db};

/// Why there is no session.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The address has an account already.
    EmailTaken,
    /// Address and password do not match.
    InvalidCredentials,
    /// Too many sign-ins have failed.
    TooManyFailures {
        /// How long to wait.
        seconds: i64,
    },
    /// Too many accounts were made.
    TooManyAccounts {
        /// How long to wait.
        seconds: i64,
    },
    /// No account has this id.
    NoSuchAccount,
    /// The account has no such session, or it has ended.
    NoSuchSession,
    /// Something failed that should not.
    Failed(anyhow::Error),
}

/// What a call refuses.
pub(crate) type Result<T> = std::result::Result<T, Refusal>;

impl From<db::Error> for Refusal {
    /// That the address is taken is found out by storing the account.
    fn from(error: db::Error) -> Self {
        if error.is_unique("auth_users") { Self::EmailTaken } else { Self::Failed(error.into()) }
    }
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// Writes `seconds` as people say them, rounded up.
fn minutes(seconds: i64) -> String {
    match (seconds + 59) / 60 {
        1 => "1 minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::EmailTaken => {
                let message = "This address already has an account; sign in instead".to_owned();
                let field = Some("email".to_owned());
                Self::conflict(message.clone(), "email_taken")
                    .about(vec![FieldError { message, field }])
            }
            Refusal::InvalidCredentials => Self::unauthorized("Address and password do not match")
                .with_code("invalid_credentials"),
            Refusal::TooManyFailures { seconds } => {
                let detail = format!(
                    "Too many failed sign-ins; try again in {}. A browser in which you have signed in \
                     before lets you in at once",
                    minutes(seconds)
                );
                Self::too_many(detail, seconds).with_code("too_many_failures")
            }
            Refusal::TooManyAccounts { seconds } => {
                let detail = format!(
                    "Too many accounts were made from your network; try again in {}",
                    minutes(seconds)
                );
                Self::too_many(detail, seconds).with_code("too_many_accounts")
            }
            Refusal::NoSuchAccount => {
                Self::not_found("This account does not exist").with_code(NO_SUCH_ACCOUNT)
            }
            Refusal::NoSuchSession => Self::not_found("This session does not exist, or has ended"),
            Refusal::Failed(error) => error.into(),
        }
    }
}
