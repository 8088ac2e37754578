//! Who does without letters of a category.

use boxoffice_contract::UserId;
use boxoffice_contract::mail::Category;
use boxoffice_kernel::db::Query;
use boxoffice_kernel::{Timestamp, query, row};

row! {
    /// Letters of a category that an account does without.
    pub(crate) struct NewRefusal in "mail_refusals" {
        account_id: UserId,
        category: String,
        created_at: Timestamp,
    }
}

/// Notes that `account` does without letters of `category`.
pub(crate) fn refusing(account: UserId, category: Category) -> Query {
    let category = category.name().to_owned();
    let refusal = NewRefusal { account_id: account, category, created_at: Timestamp::now() };
    refusal.insert().unless_known()
}

/// Notes that `account` wants letters of `category` again.
pub(crate) fn wanting(account: UserId, category: Category) -> Query {
    query!(
        "DELETE FROM mail_refusals WHERE account_id = ?1 AND category = ?2",
        account,
        category.name()
    )
}

/// Finds the categories that `account` does without.
pub(crate) fn of_account(account: UserId) -> Query {
    query!("SELECT category FROM mail_refusals WHERE account_id = ?1", account)
}

/// Finds the same a page at a time, for the file with what is known of somebody.
pub(crate) fn told(account: UserId, after: &str, most: i64) -> Query {
    query!(
        "SELECT category AS id, created_at FROM mail_refusals \
         WHERE account_id = ?1 AND category > ?2 ORDER BY category LIMIT ?3",
        account,
        after,
        most
    )
}

/// Forgets what `account` does without.
pub(crate) fn forgetting(account: UserId) -> Query {
    query!("DELETE FROM mail_refusals WHERE account_id = ?1", account)
}
