//! Accounts in the database.

use boxoffice_kernel::db::{self, Query, Read, Reader};
use boxoffice_kernel::{Timestamp, query, row};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::SERVICE;

/// The e-mail address and password of an account.
#[derive(Default, Deserialize, ToSchema, Validate)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"email": "ada@example.com", "password": "correct horse battery"}))]
pub(crate) struct Credentials {
    /// An e-mail address; capitals do not matter.
    #[garde(custom(is_address))]
    #[schema(format = "email", max_length = 254)]
    pub(crate) email: String,
    /// The password, 8 to 128 characters of any kind.
    #[garde(custom(is_password))]
    #[schema(format = "password", min_length = 8, max_length = 128)]
    pub(crate) password: String,
}

impl Credentials {
    /// The address as accounts know it.
    pub(crate) fn address(&self) -> String {
        self.email.trim().to_lowercase()
    }
}

/// RFC 5321 allows 254 characters in an address.
fn is_address(email: &str, _: &()) -> garde::Result {
    let address = email.trim();
    if address.len() <= 254 && garde::rules::email::apply(&address, ()).is_ok() {
        Ok(())
    } else {
        Err(garde::Error::new("Enter an e-mail address such as ada@example.com"))
    }
}

/// Lengths as OWASP's Authentication Cheat Sheet has them; long enough counts, composition does not.
fn is_password(password: &str, _: &()) -> garde::Result {
    match password.chars().count() {
        8..=128 => Ok(()),
        _ => Err(garde::Error::new("Enter a password of 8 to 128 characters")),
    }
}

/// An account, as its owner sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Account {
    /// The account's id.
    pub(crate) id: Uuid,
    /// Its address, in lower case.
    pub(crate) email: String,
}

row! {
    /// A new account.
    pub(crate) struct NewAccount in "auth_users" {
        pub(crate) id: Uuid,
        pub(crate) email: String,
        pub(crate) password_hash: String,
        pub(crate) created_at: Timestamp,
    }
}

row! {
    /// An account with what its password is checked against.
    pub(crate) struct Stored {
        id: Uuid,
        email: String,
        pub(crate) password_hash: String,
    }
}

impl Stored {
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
