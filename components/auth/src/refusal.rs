//! Why nobody is signed in, or signed up.

use boxoffice_contract::factors::{MAX_PASSKEYS, SECOND_FACTOR, SecondFactor};
use boxoffice_contract::mail::{LETTER_VOID, NO_SUCH_ACCOUNT};
use boxoffice_contract::people::{
    ACCOUNT_IN_USE, EXPORT_NOT_READY, Loss, Obstacle, ObstacleKind, TICKETS_TO_COME,
    TOO_MANY_EXPORTS,
};
use boxoffice_contract::users::{
    ACCOUNT_EXISTS, ACCOUNT_SUSPENDED, HAS_PASSWORD, LAST_WAY_IN, NO_PASSWORD, OIDC_REFUSED,
    SAME_ADDRESS,
};
use boxoffice_kernel::problem::FieldError;
use boxoffice_kernel::{Problem, db};
use boxoffice_webauthn::Invalid;

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
    /// Too many letters were asked for.
    TooManyLetters {
        /// How long to wait.
        seconds: i64,
    },
    /// The account cannot be deleted while these go on.
    AccountInUse(Vec<Obstacle>),
    /// Tickets for events to come would be lost with the account.
    TicketsToCome(Vec<Loss>),
    /// The password of a deletion is not the one that the account has.
    PasswordRefused,
    /// The account has no password, and the session is not recent.
    SignInAgain,
    /// The account has no such file.
    NoSuchExport,
    /// The file is not made yet, or was given up.
    ExportNotReady,
    /// A file was asked for within a day.
    TooManyExports {
        /// How long to wait.
        seconds: i64,
    },
    /// No account has this id.
    NoSuchAccount,
    /// The letter must not be sent any more.
    LetterVoid,
    /// The account has no such session, or it has ended.
    NoSuchSession,
    /// The password is not the one that the account has.
    WrongPassword,
    /// The account has no password.
    NoPassword,
    /// The account has a password, and the letter only opens one without.
    HasPassword,
    /// The account's password has to be given for this.
    PasswordNeeded,
    /// The password that was given for this is not the account's.
    NotThePassword,
    /// A guest's address has an account already.
    AccountExists,
    /// The account has the address that it is to get.
    SameAddress,
    /// The code is not the one in the letter.
    WrongCode {
        /// How many codes one may still type.
        left: i64,
    },
    /// What a letter brought was used, or its time is up, or a newer letter is on its way.
    ProofVoid,
    /// The address is proven already.
    AlreadyVerified,
    /// An operator has suspended the account.
    Suspended,
    /// The shop names no provider to sign in by.
    NoProvider,
    /// An answer in the name of the provider is not believed.
    NotBelieved(&'static str),
    /// The provider lets nobody in: most often they have changed their mind.
    ProviderRefuses,
    /// The provider does not say that the address is proven.
    AddressUnproven,
    /// The provider does not answer, or not as it must.
    ProviderAway(anyhow::Error),
    /// It is the only way into the account.
    LastWayIn,
    /// An operation is not as it must be.
    Unclear {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        message: &'static str,
    },
    /// The first step was right, and the account has a second factor.
    SecondFactor(SecondFactor),
    /// The token of a first step is invalid, or its time is up.
    FirstStepVoid,
    /// A second factor is wrong, or was used.
    WrongFactor {
        /// The field that brought it.
        field: &'static str,
    },
    /// A passkey, or a proof by one, is refused: why, for the log.
    PasskeyRefused(String),
    /// The account confirms by its second factor.
    FactorAsked,
    /// The password does not confirm who somebody is.
    WrongConfirmation,
    /// The account has no second factor.
    NoFactor,
    /// No authenticator app is being set up.
    NoApp,
    /// The account has an authenticator app.
    AppKnown,
    /// The account has no such passkey.
    NoSuchPasskey,
    /// A passkey is in an account already.
    PasskeyKnown,
    /// The account has as many passkeys as it may have.
    TooManyPasskeys,
    /// The shop's address has no name, and browsers make no passkeys for others.
    NoPasskeys,
    /// Too many second factors were tried.
    TooManyFactors {
        /// How long to wait.
        seconds: i64,
    },
    /// Second factors were changed too often.
    TooManyFactorChanges {
        /// How long to wait.
        seconds: i64,
    },
    /// Something failed that should not.
    Failed(anyhow::Error),
}

/// What a call refuses.
pub(crate) type Result<T> = std::result::Result<T, Refusal>;

impl From<db::Error> for Refusal {
    /// That the address is taken is found out by storing the account, and a passkey in the same way.
    fn from(error: db::Error) -> Self {
        if error.is_unique("auth_users") {
            Self::EmailTaken
        } else if error.is_unique("auth_passkeys") {
            Self::PasskeyKnown
        } else {
            Self::Failed(error.into())
        }
    }
}

impl Refusal {
    /// Refuses a passkey for a reason that only the log gets.
    pub(crate) fn passkey(invalid: Invalid) -> Self {
        Self::PasskeyRefused(invalid.to_string())
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

/// Says what is in the way of a deletion, and where it ends.
fn obstacle(Obstacle { kind, id, title }: Obstacle) -> FieldError {
    let title = title.unwrap_or_else(|| "an order".to_owned());
    let message = match kind {
        ObstacleKind::ListingSold => {
            format!("Buyers of “{title}” wait for the event; refund them, or wait (/tickets/{id})")
        }
        ObstacleKind::OrderPaying => {
            format!("You are paying for “{title}”; finish it or give it up (/orders/{id}/checkout)")
        }
        ObstacleKind::PaymentPending => {
            format!("Money for “{title}” is on its way; wait until it has arrived (order {id})")
        }
        ObstacleKind::PaymentDisputed => {
            format!("The payment for “{title}” waits for the shop's operator (order {id})")
        }
    };
    FieldError { message, field: None }
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
            Refusal::TooManyLetters { seconds } => {
                let detail =
                    format!("Too many e-mails were asked for; try again in {}", minutes(seconds));
                Self::too_many(detail, seconds).with_code("too_many_letters")
            }
            Refusal::WrongPassword => {
                Self::invalid_field("current", "This is not the password that you have now")
                    .with_code("wrong_password")
            }
            Refusal::NoPassword => Self::conflict(
                "This account has no password yet. Ask for an e-mail by which you choose one",
                NO_PASSWORD,
            ),
            Refusal::HasPassword => Self::conflict(
                "This account has a password now. Sign in with it, or have a link sent",
                HAS_PASSWORD,
            ),
            Refusal::PasswordNeeded => {
                Self::invalid_field("password", "Enter the password that you have now")
                    .with_code("wrong_password")
            }
            Refusal::NotThePassword => {
                Self::invalid_field("password", "This is not the password that you have now")
                    .with_code("wrong_password")
            }
            Refusal::AccountExists => {
                let message =
                    "You already have an account. Sign in, or have a link sent".to_owned();
                let field = Some("email".to_owned());
                Self::conflict(message.clone(), ACCOUNT_EXISTS)
                    .about(vec![FieldError { message, field }])
            }
            Refusal::SameAddress => {
                let message = "Your account has this address already".to_owned();
                let field = Some("email".to_owned());
                Self::conflict(message.clone(), SAME_ADDRESS)
                    .about(vec![FieldError { message, field }])
            }
            Refusal::WrongCode { left } => {
                let message = match left {
                    ..=0 => "This is not the code in the e-mail; ask for another e-mail".to_owned(),
                    1 => "This is not the code in the e-mail; you have 1 more try".to_owned(),
                    left => {
                        format!("This is not the code in the e-mail; you have {left} more tries")
                    }
                };
                Self::invalid_field("code", message).with_code("wrong_code")
            }
            Refusal::ProofVoid => Self::conflict(
                "This e-mail no longer works: it was used, its time is up, or there is a newer \
                 one. Ask for another e-mail",
                "proof_void",
            ),
            Refusal::AlreadyVerified => {
                Self::conflict("This address is verified already", "already_verified")
            }
            Refusal::AccountInUse(obstacles) => {
                Self::conflict("Your account cannot be deleted yet", ACCOUNT_IN_USE)
                    .about(obstacles.into_iter().map(obstacle).collect())
            }
            Refusal::TicketsToCome(tickets) => {
                let lost = |Loss { id, title }| FieldError {
                    message: format!("Your ticket for “{title}” would be lost (/admissions/{id})"),
                    field: Some("loseTickets".to_owned()),
                };
                let detail = "You have tickets for events to come: hand them on or sell them \
                              first, or say that they may be lost";
                Self::conflict(detail, TICKETS_TO_COME)
                    .about(tickets.into_iter().map(lost).collect())
            }
            Refusal::PasswordRefused => {
                Self::invalid_field("password", "This is not the password of your account")
                    .with_code("wrong_password")
            }
            Refusal::SignInAgain => {
                Self::forbidden("Sign in again first: you did so more than 15 minutes ago")
                    .with_code("sign_in_again")
            }
            Refusal::NoSuchExport => Self::not_found("This file does not exist, or it was removed"),
            Refusal::ExportNotReady => Self::conflict(
                "The file is not made yet, or it could not be made",
                EXPORT_NOT_READY,
            ),
            Refusal::TooManyExports { seconds } => {
                let hours = (seconds + 3_599) / 3_600;
                let detail = format!("You can have one file a day; ask again in {hours} hours");
                Self::too_many(detail, seconds).with_code(TOO_MANY_EXPORTS)
            }
            Refusal::NoSuchAccount => {
                Self::not_found("This account does not exist").with_code(NO_SUCH_ACCOUNT)
            }
            Refusal::LetterVoid => Self::gone("This letter must not be sent any more", LETTER_VOID),
            Refusal::NoSuchSession => Self::not_found("This session does not exist, or has ended"),
            Refusal::Suspended => {
                Self::forbidden("This account is suspended; ask the people who run this shop why")
                    .with_code(ACCOUNT_SUSPENDED)
            }
            Refusal::NoProvider => Self::not_found("This shop names no provider to sign in by"),
            Refusal::NotBelieved(_) | Refusal::ProviderRefuses | Refusal::AddressUnproven => {
                Self::forbidden("The sign-in provider does not let you in").with_code(OIDC_REFUSED)
            }
            Refusal::ProviderAway(error) => {
                Self::unavailable("The sign-in provider does not answer; try again", 2, error)
            }
            Refusal::LastWayIn => Self::conflict(
                "This is the only way into your account; choose a password first",
                LAST_WAY_IN,
            ),
            Refusal::Unclear { field, message } => Self::invalid_field(field, message),
            Refusal::SecondFactor(second_factor) => {
                Self::unauthorized("This account needs a second step to sign in")
                    .with_code(SECOND_FACTOR)
                    .with_second_factor(second_factor)
            }
            Refusal::FirstStepVoid => Self::unauthorized("This sign-in took too long; begin again")
                .with_code("first_step_void"),
            Refusal::WrongFactor { field } => {
                let message = match field {
                    "code" => {
                        "This code is wrong or was used. Type the one that your app shows now"
                    }
                    "recoveryCode" => "This recovery code is wrong or was used",
                    _ => "This passkey was refused; try again",
                };
                Self::invalid_field(field, message).with_code("wrong_factor")
            }
            Refusal::PasskeyRefused(_) => {
                Self::malformed("This passkey was refused; try again").with_code("wrong_factor")
            }
            Refusal::FactorAsked => {
                Self::invalid_field("password", "Confirm by your second factor instead")
                    .with_code("factor_asked")
            }
            Refusal::WrongConfirmation => {
                Self::invalid_field("password", "This is not your password")
                    .with_code("wrong_password")
            }
            Refusal::NoFactor => {
                Self::conflict("Add a passkey or an authenticator app first", "no_second_factor")
            }
            Refusal::NoApp => {
                Self::conflict("No authenticator app is being set up", "no_authenticator_app")
            }
            Refusal::AppKnown => Self::conflict(
                "This account has an authenticator app already; remove it first",
                "authenticator_app_known",
            ),
            Refusal::NoSuchPasskey => Self::not_found("This passkey does not exist"),
            Refusal::PasskeyKnown => {
                Self::conflict("This passkey is in an account already", "passkey_known")
            }
            Refusal::TooManyPasskeys => Self::conflict(
                format!("An account may have {MAX_PASSKEYS} passkeys; remove one first"),
                "too_many_passkeys",
            ),
            Refusal::NoPasskeys => Self::conflict(
                "Browsers make passkeys only for a shop with a name and https, or for localhost",
                "no_passkeys",
            ),
            Refusal::TooManyFactors { seconds } => {
                let detail = format!("Too many wrong tries; try again in {}", minutes(seconds));
                Self::too_many(detail, seconds).with_code("too_many_failures")
            }
            Refusal::TooManyFactorChanges { seconds } => {
                let detail = format!("Too many changes; try again in {}", minutes(seconds));
                Self::too_many(detail, seconds).with_code("too_many_changes")
            }
            Refusal::Failed(error) => error.into(),
        }
    }
}
