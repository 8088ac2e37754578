//! Accounts in the database.

use boxoffice_contract::UserId;
use boxoffice_contract::users::Account;
use boxoffice_kernel::db::{self, Query, Read, Reader};
use boxoffice_kernel::{Timestamp, query, row};

use crate::SERVICE;

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
    pub(crate) struct Stored {
        id: UserId,
        email: String,
        pub(crate) password_hash: String,
        verified_at: Option<Timestamp>,
        pub(crate) locale: Option<String>,
    }
}

impl Stored {
    /// Returns the account's id.
    pub(crate) const fn id(&self) -> UserId {
        self.id
    }

    /// Returns the account, as its owner sees it.
    pub(crate) fn account(self) -> Account {
        let email_verified = self.verified_at.is_some();
        Account { id: self.id, email: self.email, email_verified }
    }
}

/// Finds the account of `email`, if there is one.
pub(crate) async fn find(email: &str) -> db::Result<Option<Stored>> {
    Reader::new(&SERVICE).read(of_address(email)).await
}

pub(crate) fn of_address(email: &str) -> Query {
    const COLUMNS: &str = Stored::COLUMNS;
    query!("SELECT {COLUMNS} FROM auth_users WHERE email = ?1", email)
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
