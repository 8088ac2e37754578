//! May a session begin, or is a second factor missing? The one place that decides, for every way in.
//!
//! A session begins by an [`Entry`], and only this module makes one. So no way in can forget to ask.

use boxoffice_contract::factors::{FactorMethod, SecondFactor};
use boxoffice_contract::{Timestamp, UserId};
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::identity::User;
use boxoffice_kernel::problem::Result;
use boxoffice_kernel::{Problem, query, row};

use crate::refusal::{self, Refusal};
use crate::token::{FirstStep, Key};
use crate::visitor::VisitorCx;
use crate::{SERVICE, passkeys, recovery, totp};

/// How somebody has proven who they are in the first step of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// By the password.
    Password,
    /// By the link or the code of a letter, or at another provider.
    Elsewhere,
}

impl First {
    /// Returns what stands for it in `amr` (RFC 8176), which has no word for a letter.
    pub(crate) const fn amr(self) -> &'static [&'static str] {
        match self {
            Self::Password => &["pwd"],
            Self::Elsewhere => &[],
        }
    }
}

/// A second factor that was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Second {
    /// A passkey.
    Passkey,
    /// A code of an authenticator app.
    Totp,
    /// A recovery code.
    RecoveryCode,
}

impl Second {
    /// Returns what stands for it in `amr`.
    const fn amr(self) -> &'static str {
        match self {
            Self::Passkey => "hwk",
            Self::Totp | Self::RecoveryCode => "otp",
        }
    }

    /// Returns the word that stands in the log.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Passkey => FactorMethod::Passkey.name(),
            Self::Totp => FactorMethod::Totp.name(),
            Self::RecoveryCode => FactorMethod::RecoveryCode.name(),
        }
    }
}

/// What a session's token tells of how and when its user was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// When they proved who they are, in seconds since 1970.
    pub(crate) at: i64,
    pub(crate) amr: Vec<String>,
    pub(crate) has_factor: bool,
}

impl Entry {
    fn now(amr: impl IntoIterator<Item = &'static str>, has_factor: bool) -> Self {
        let at = Timestamp::now().as_millis() / 1000;
        Self { at, amr: amr.into_iter().map(str::to_owned).collect(), has_factor }
    }

    /// Lets the owner of an account in that has just been made, so that it has no second factor.
    pub(crate) fn of_new_account(first: First) -> Self {
        Self::now(first.amr().iter().copied(), false)
    }

    /// Lets somebody in who has proven both factors. A passkey is both by itself: its authenticator has
    /// verified its user.
    pub(crate) fn of_both(first: &'static [&'static str], second: Second) -> Self {
        Self::now(first.iter().copied().chain([second.amr(), "mfa"]), true)
    }

    /// Notes that a visitor whose account has no second factor has typed the password again.
    pub(crate) fn of_password() -> Self {
        Self::of_new_account(First::Password)
    }

    /// Notes what the session of `user` tells already, and whether the account has a second factor now.
    pub(crate) fn as_before(user: &User, has_factor: bool) -> Self {
        Self { at: user.authenticated_at, amr: user.amr.clone(), has_factor }
    }
}

row! {
    /// Which second factors an account has.
    pub(crate) struct Standing {
        passkeys: i64,
        pub(crate) totp_since: Option<Timestamp>,
        pub(crate) recovery_codes: i64,
    }
}

impl Standing {
    /// Tells whether a sign-in needs a second step. Recovery codes alone are no factor.
    pub(crate) const fn has_factor(&self) -> bool {
        self.passkeys > 0 || self.totp_since.is_some()
    }

    /// Returns how many passkeys there are.
    pub(crate) fn passkeys(&self) -> usize {
        usize::try_from(self.passkeys).unwrap_or(usize::MAX)
    }

    /// Lists the ways to prove the second factor.
    pub(crate) fn methods(&self) -> Vec<FactorMethod> {
        let all = [
            (self.passkeys > 0, FactorMethod::Passkey),
            (self.totp_since.is_some(), FactorMethod::Totp),
            (self.recovery_codes > 0, FactorMethod::RecoveryCode),
        ];
        all.into_iter().filter_map(|(is_there, method)| is_there.then_some(method)).collect()
    }
}

/// Lets somebody in who has passed the first step, unless the account has a second factor.
///
/// # Errors
/// [`Refusal::SecondFactor`] if it has one; what the database says.
pub(crate) async fn admit(account: UserId, first: First) -> refusal::Result<Entry> {
    let standing = standing_of(account).await?;
    if !standing.has_factor() {
        return Ok(Entry::now(first.amr().iter().copied(), false));
    }
    let token = Key::load().await?.of_first_step(&FirstStep::new(account, first))?;
    Err(Refusal::SecondFactor(SecondFactor { token, methods: standing.methods() }))
}

/// Checks that a visitor whose account has a second factor has lately proven who they are. The database
/// tells whether it has one, at once.
///
/// # Errors
/// 403 if that was more than 15 minutes ago; what the database says.
pub(crate) async fn confirmed_if_protected(cx: &VisitorCx) -> Result<(), Problem> {
    if standing_of(cx.account.id).await?.has_factor() { cx.confirmed() } else { Ok(()) }
}

/// Reads which second factors `account` has.
///
/// # Errors
/// What the database says.
pub(crate) async fn standing_of(account: UserId) -> anyhow::Result<Standing> {
    let found = Reader::new(&SERVICE).read::<Standing>(standing(account)).await?;
    Ok(found.unwrap_or(Standing { passkeys: 0, totp_since: None, recovery_codes: 0 }))
}

/// Removes all second factors of `account`: its address turned out to be somebody else's.
pub(crate) fn forgetting(account: UserId) -> [Query; 3] {
    [passkeys::forgetting(account), totp::forgetting(account), recovery::forgetting(account)]
}

pub(crate) fn standing(account: UserId) -> Query {
    query!(
        "SELECT (SELECT COUNT(*) FROM auth_passkeys WHERE account_id = ?1) AS passkeys, \
         (SELECT confirmed_at FROM auth_totp WHERE account_id = ?1) AS totp_since, \
         (SELECT COUNT(*) FROM auth_recovery_codes \
          WHERE account_id = ?1 AND used_at IS NULL) AS recovery_codes",
        account
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_codes_alone_are_no_factor() {
        let some = Some(Timestamp::from_millis(1));
        for (passkeys, totp_since, recovery_codes, methods) in [
            (0, None, 10, vec![FactorMethod::RecoveryCode]),
            (1, None, 0, vec![FactorMethod::Passkey]),
            (0, some, 3, vec![FactorMethod::Totp, FactorMethod::RecoveryCode]),
        ] {
            let standing = Standing { passkeys, totp_since, recovery_codes };
            assert_eq!(standing.has_factor(), methods != [FactorMethod::RecoveryCode]);
            assert_eq!(standing.methods(), methods);
        }
    }

    #[test]
    fn an_entry_tells_how_one_was_let_in() {
        let both = Entry::of_both(First::Password.amr(), Second::Totp);
        assert_eq!(
            (both.amr, both.has_factor),
            (["pwd", "otp", "mfa"].map(String::from).into(), true)
        );
        let passkey = Entry::of_both(&[], Second::Passkey);
        assert_eq!(passkey.amr, ["hwk", "mfa"]);
        let mailed = Entry::of_new_account(First::Elsewhere);
        assert_eq!((mailed.amr.len(), mailed.has_factor), (0, false));
    }
}
