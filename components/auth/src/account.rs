//! Accounts in the database.

use boxoffice_contract::UserId;
use boxoffice_contract::users::{Account, Credentials};
use boxoffice_kernel::db::{self, Query, Read, Reader};
use boxoffice_kernel::{Timestamp, query, row};

use crate::SERVICE;

/// Returns the address as accounts know it.
pub(crate) fn address(credentials: &Credentials) -> String {
    credentials.email.trim().to_lowercase()
}

row! {
    /// A new account.
    pub(crate) struct NewAccount in "auth_users" {
        pub(crate) id: UserId,
        pub(crate) email: String,
        pub(crate) password_hash: String,
        pub(crate) created_at: Timestamp,
    }
}

row! {
    /// An account with what its password is checked against.
    pub(crate) struct Stored {
        id: UserId,
        email: String,
        pub(crate) password_hash: String,
    }
}

impl Stored {
    /// Returns the account's id.
    pub(crate) const fn id(&self) -> UserId {
        self.id
    }

    /// Returns the account, as its owner sees it.
    pub(crate) fn account(self) -> Account {
        Account { id: self.id, email: self.email }
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
