//! Accounts in the database.
//!
//! An account without a password has an empty `password_hash`: a guest's, or one that was claimed.

use boxoffice_contract::UserId;
use boxoffice_contract::users::{Account, Role};
use boxoffice_contract::word::Word;
use boxoffice_kernel::db::{self, Query, Read, Reader};
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::{Cx, Timestamp, Unit, query, row};

use crate::oidc::identity;
use crate::refusal::{self, Refusal};
use crate::session::{self, Ended};
use crate::{SERVICE, ended, gate, proof};

/// Returns the address as accounts know it.
pub(crate) fn address(typed: &str) -> String {
    typed.trim().to_lowercase()
}

row! {
    /// A new account.
    pub(crate) struct NewAccount in "auth_users" {
        pub(crate) id: UserId,
        pub(crate) email: String,
        pub(crate) password_hash: String,
        pub(crate) locale: Option<String>,
        pub(crate) created_at: Timestamp,
    }
}

row! {
    /// An account with what its password is checked against.
    #[derive(Clone)]
    pub(crate) struct Stored {
        id: UserId,
        pub(crate) email: String,
        pub(crate) password_hash: String,
        verified_at: Option<Timestamp>,
        pub(crate) locale: Option<String>,
        roles: String,
        suspended_at: Option<Timestamp>,
        signed_out_at: Option<Timestamp>,
    }
}

/// Reads the roles of a column, with spaces between.
pub(crate) fn roles(column: &str) -> Vec<Word<Role>> {
    let role =
        |name| Role::from_name(name).map_or_else(|| Word::Newer(name.to_owned()), Word::Known);
    column.split_whitespace().map(role).collect()
}

impl Stored {
    /// Tells whether the account was signed out everywhere after `seconds` since 1970.
    pub(crate) fn signed_out_after(&self, seconds: i64) -> bool {
        self.signed_out_at.is_some_and(|at| at.as_millis() / 1000 > seconds)
    }

    /// Returns the account's id.
    pub(crate) const fn id(&self) -> UserId {
        self.id
    }

    /// Returns the account, as its owner sees it.
    pub(crate) fn account(&self) -> Account {
        let (email_verified, has_password) = (self.is_verified(), self.has_password());
        let (email, roles) = (self.email.clone(), roles(&self.roles));
        Account { id: self.id, email, email_verified, has_password, roles }
    }

    /// Checks that the account is not suspended. Only who has proven to be its owner may learn that.
    ///
    /// # Errors
    /// [`Refusal::Suspended`].
    pub(crate) fn may_enter(&self) -> refusal::Result<()> {
        if self.suspended_at.is_some() { Err(Refusal::Suspended) } else { Ok(()) }
    }

    /// Tells whether the owner has proven the address.
    pub(crate) const fn is_verified(&self) -> bool {
        self.verified_at.is_some()
    }

    /// Tells whether there is a password that lets its owner in.
    pub(crate) const fn has_password(&self) -> bool {
        !self.password_hash.is_empty()
    }
}

/// An account whose address was just proven.
pub(crate) struct Claimed {
    pub(crate) account: Stored,
    /// The sessions that ended by it; services must be told of them after the commit.
    pub(crate) ended: Vec<Ended>,
    /// Whether the account was unverified, so that everything that let somebody in has ended.
    pub(crate) is_new_owner: bool,
}

/// Gives the account to somebody who has just proven its address, and not by a session of its own: by
/// a letter's link, or because another provider says so. Nobody, if it has another address by now.
///
/// Who made an account that is unverified need not be the owner of its address. So what lets them
/// in ends in the same commit. An account that was verified before stays as it is.
///
/// # Errors
/// What the database says.
pub(crate) async fn claim(
    unit: &mut Unit<'_>,
    id: UserId,
    email: &str,
    now: Timestamp,
) -> db::Result<Option<Claimed>> {
    if let Some(account) = unit.change::<Stored>(claiming(id, email, now)).await? {
        let ended = disarm(unit, id, now).await?;
        return Ok(Some(Claimed { account, ended, is_new_owner: true }));
    }
    let account = unit.change::<Stored>(verifying(id, email, now)).await?;
    Ok(account.map(|account| Claimed { account, ended: Vec::new(), is_new_owner: false }))
}

/// Proves the address for who asks as `visitor`. The account itself stays as it is; anybody else
/// [claims](claim) it.
///
/// # Errors
/// What the database says.
pub(crate) async fn prove(
    unit: &mut Unit<'_>,
    visitor: Option<UserId>,
    id: UserId,
    email: &str,
    now: Timestamp,
) -> db::Result<Option<Claimed>> {
    if visitor != Some(id) {
        return claim(unit, id, email, now).await;
    }
    let account = unit.change::<Stored>(verifying(id, email, now)).await?;
    Ok(account.map(|account| Claimed { account, ended: Vec::new(), is_new_owner: false }))
}

/// Tells the services and the log, after the commit, that an account has a new owner.
pub(crate) async fn tell_claimed(cx: &Cx, id: UserId, ended: &[Ended], now: Timestamp) {
    ended::tell_soon(cx, ended, Some((id, now))).await;
    log::security(cx, Security::AddressClaimed, Some(id));
}

/// Takes `email` from the unverified account that has it, unless that is `kept`: somebody else has just
/// proven that the address is theirs. The account keeps what it paid for, and nobody gets into it.
///
/// # Errors
/// What the database says.
pub(crate) async fn displace(
    unit: &mut Unit<'_>,
    email: &str,
    kept: UserId,
    now: Timestamp,
) -> db::Result<Option<Displaced>> {
    let Some((id,)) = unit.change::<(UserId,)>(displacing(email, kept, now)).await? else {
        return Ok(None);
    };
    Ok(Some(Displaced { id, ended: disarm(unit, id, now).await? }))
}

/// An account that has lost its address.
pub(crate) struct Displaced {
    id: UserId,
    ended: Vec<Ended>,
}

impl Displaced {
    /// Tells the services and the log, after the commit.
    pub(crate) async fn tell(&self, cx: &Cx, now: Timestamp) {
        ended::tell_soon(cx, &self.ended, Some((self.id, now))).await;
        log::security(cx, Security::AddressLost, Some(self.id));
    }
}

/// Tells whether an account has an address. One that has lost it has its id in that place.
pub(crate) fn is_address(email: &str) -> bool {
    email.contains('@')
}

/// Ends all that lets anybody into an account whose password has just been taken: sessions, second factors,
/// and letters that are on their way. A new way to sign in has to end here too.
///
/// # Errors
/// What the database says.
pub(crate) async fn disarm(
    unit: &mut Unit<'_>,
    id: UserId,
    now: Timestamp,
) -> db::Result<Vec<Ended>> {
    unit.change::<()>(proof::ending_all(id, now)).await?;
    unit.change::<()>(identity::unlinking_all(id)).await?;
    for forgetting in gate::forgetting(id) {
        unit.change::<()>(forgetting).await?;
    }
    unit.change_all(session::ending_all(id, None, now)).await
}

/// Notes that the address of an unverified account is proven, and takes its password. Ends all
/// sessions whose tokens name none.
pub(crate) fn claiming(id: UserId, email: &str, now: Timestamp) -> Query {
    const COLUMNS: &str = Stored::COLUMNS;
    query!(
        "UPDATE auth_users SET verified_at = ?3, password_hash = '', signed_out_at = ?3, \
         signed_out_told_at = NULL \
         WHERE id = ?1 AND email = ?2 AND verified_at IS NULL RETURNING {COLUMNS}",
        id,
        email,
        now
    )
}

/// Takes the address and the password of the unverified account that has `email`.
pub(crate) fn displacing(email: &str, kept: UserId, now: Timestamp) -> Query {
    query!(
        "UPDATE auth_users SET email = id, password_hash = '', signed_out_at = ?3, \
         signed_out_told_at = NULL \
         WHERE email = ?1 AND id <> ?2 AND verified_at IS NULL RETURNING id",
        email,
        kept,
        now
    )
}

/// Gives the account another address, which its owner has proven, if it still has the one before.
pub(crate) fn readdressing(id: UserId, before: &str, email: &str, now: Timestamp) -> Query {
    const COLUMNS: &str = Stored::COLUMNS;
    query!(
        "UPDATE auth_users SET email = ?3, verified_at = ?4 WHERE id = ?1 AND email = ?2 \
         RETURNING {COLUMNS}",
        id,
        before,
        email,
        now
    )
}

/// Gives the account an address back that it had, and takes its password. Ends all sessions whose
/// tokens name none.
pub(crate) fn restoring(id: UserId, email: &str, now: Timestamp) -> Query {
    const COLUMNS: &str = Stored::COLUMNS;
    query!(
        "UPDATE auth_users SET email = ?2, verified_at = ?3, password_hash = '', \
         signed_out_at = ?3, signed_out_told_at = NULL WHERE id = ?1 RETURNING {COLUMNS}",
        id,
        email,
        now
    )
}

/// Finds the account of `email`, if there is one.
pub(crate) async fn find(email: &str) -> db::Result<Option<Stored>> {
    Reader::new(&SERVICE).read(of_address(email)).await
}

pub(crate) fn of_address(email: &str) -> Query {
    const COLUMNS: &str = Stored::COLUMNS;
    query!("SELECT {COLUMNS} FROM auth_users WHERE email = ?1", email)
}

/// Finds the account `id`, if there is one.
pub(crate) async fn of(id: UserId) -> db::Result<Option<Stored>> {
    Reader::new(&SERVICE).read(of_id(id)).await
}

pub(crate) fn of_id(id: UserId) -> Query {
    const COLUMNS: &str = Stored::COLUMNS;
    query!("SELECT {COLUMNS} FROM auth_users WHERE id = ?1", id)
}

/// Finds the account of a guest who has come to the shop since `since`, and proven nothing.
pub(crate) fn of_guest(email: &str, since: Timestamp) -> Query {
    const COLUMNS: &str = Stored::COLUMNS;
    query!(
        "SELECT {COLUMNS} FROM auth_users WHERE email = ?1 AND password_hash = '' \
         AND verified_at IS NULL AND created_at > ?2",
        email,
        since
    )
}

/// Notes that the address is its owner's, if the account still has it.
pub(crate) fn verifying(id: UserId, email: &str, now: Timestamp) -> Query {
    const COLUMNS: &str = Stored::COLUMNS;
    query!(
        "UPDATE auth_users SET verified_at = COALESCE(verified_at, ?3) \
         WHERE id = ?1 AND email = ?2 RETURNING {COLUMNS}",
        id,
        email,
        now
    )
}

/// Changes the password, if it is still the one that `before` was made from. Ends all sessions whose
/// tokens name none.
pub(crate) fn changing_password(id: UserId, before: &str, hash: &str, now: Timestamp) -> Query {
    query!(
        "UPDATE auth_users SET password_hash = ?3, signed_out_at = ?4, signed_out_told_at = NULL \
         WHERE id = ?1 AND password_hash = ?2 RETURNING id",
        id,
        before,
        hash,
        now
    )
}

/// Sets the password of an account whose owner has just proven the address, if the account still has
/// it. Ends all sessions whose tokens name none.
pub(crate) fn resetting_password(id: UserId, email: &str, hash: &str, now: Timestamp) -> Query {
    const COLUMNS: &str = Stored::COLUMNS;
    query!(
        "UPDATE auth_users SET password_hash = ?3, verified_at = COALESCE(verified_at, ?4), \
         signed_out_at = ?4, signed_out_told_at = NULL \
         WHERE id = ?1 AND email = ?2 RETURNING {COLUMNS}",
        id,
        email,
        hash,
        now
    )
}

/// Notes the language that the owner asks for.
pub(crate) fn speaking(id: UserId, locale: &str) -> Query {
    query!("UPDATE auth_users SET locale = ?2 WHERE id = ?1", id, locale)
}

/// Reads an account, which nobody else changes until the unit is over.
pub(crate) fn locking(id: UserId) -> Query {
    const COLUMNS: &str = Stored::COLUMNS;
    query!("SELECT {COLUMNS} FROM auth_users WHERE id = ?1 FOR UPDATE", id)
}
