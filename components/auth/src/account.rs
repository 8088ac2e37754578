//! Accounts in the database.

use boxoffice_contract::users::{Account, Credentials};
use boxoffice_kernel::db::{self, Connection, Read, Row};
use boxoffice_kernel::params;

use crate::SERVICE;

/// Returns the address as accounts know it.
pub(crate) fn address(credentials: &Credentials) -> String {
    credentials.email.trim().to_lowercase()
}

/// An account with what its password is checked against.
pub(crate) struct Stored {
    pub(crate) account: Account,
    pub(crate) password_hash: String,
}

impl Stored {
    pub(crate) fn read(row: &Row) -> db::Result<Self> {
        Ok(Self {
            account: Account { id: row.get("id")?, email: row.get("email")? },
            password_hash: row.get("password_hash")?,
        })
    }
}

/// The account of `email`, if there is one.
pub(crate) async fn find(email: &str) -> db::Result<Option<Stored>> {
    let connection = Connection::open(&SERVICE).await?;
    let sql = "SELECT id, email, password_hash FROM auth_users WHERE email = ?1";
    connection.first(sql, params![email]).await?.as_ref().map(Stored::read).transpose()
}
