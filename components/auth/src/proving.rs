//! Proving the second factor: what the second step of a sign-in and a confirmation have in common.

use boxoffice_contract::UserId;
use boxoffice_contract::factors::{Assertion, Confirm, SecondStep};
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::{Cx, Timestamp, unit};

use crate::challenge::For;
use crate::gate::Second;
use crate::refusal::{self, Refusal};
use crate::{SERVICE, passkeys, recovery, throttle, totp};

/// What somebody gives to prove the second factor.
pub(crate) struct Given<'a> {
    code: Option<&'a str>,
    recovery_code: Option<&'a str>,
    assertion: Option<&'a Assertion>,
}

impl<'a> Given<'a> {
    /// Returns what the second step of a sign-in brings.
    pub(crate) fn in_second_step(step: &'a SecondStep) -> Self {
        Self {
            code: step.code.as_deref(),
            recovery_code: step.recovery_code.as_deref(),
            assertion: step.assertion.as_ref(),
        }
    }

    /// Returns what a confirmation brings.
    pub(crate) fn in_confirmation(confirm: &'a Confirm) -> Self {
        Self {
            code: confirm.code.as_deref(),
            recovery_code: confirm.recovery_code.as_deref(),
            assertion: confirm.assertion.as_ref(),
        }
    }
}

/// Uses up what is `given` for the second factor of `account`. Each try counts before it is looked at, and
/// is given back if it was right.
///
/// # Errors
/// [`Refusal::WrongFactor`]; [`Refusal::TooManyFailures`]; what the database says.
pub(crate) async fn prove(
    cx: &Cx,
    account: UserId,
    purpose: For,
    given: Given<'_>,
) -> refusal::Result<Second> {
    let tried = throttle::count_factor(cx, account).await?;
    let proven = match given {
        Given { code: Some(code), .. } => {
            totp::check(cx, account, code).await.map(|()| Second::Totp)
        }
        Given { recovery_code: Some(code), .. } => use_recovery_code(cx, account, code).await,
        Given { assertion: Some(assertion), .. } => {
            let checked = passkeys::check(cx, purpose, Some(account), assertion).await;
            checked.map(|_| Second::Passkey)
        }
        // The body's rules ask for one of them.
        _ => Err(Refusal::WrongFactor { field: "code" }),
    };
    match &proven {
        Ok(_) => tried.release(cx).await?,
        Err(Refusal::WrongFactor { .. }) => {
            log::security(cx, Security::FactorRefused, Some(account));
        }
        Err(_) => {}
    }
    proven
}

async fn use_recovery_code(cx: &Cx, account: UserId, code: &str) -> refusal::Result<Second> {
    let digest = recovery::digest(account, code);
    let using = recovery::using(account, &digest, Timestamp::now());
    let used = unit::change::<(UserId,)>(cx, &SERVICE, using).await?;
    used.map(|_| Second::RecoveryCode).ok_or(Refusal::WrongFactor { field: "recoveryCode" })
}
