//! Addresses that letters came back from. No table has an address: a code by the services' keys stands
//! for it.

use anyhow::Result;
use boxoffice_contract::mail::{Category, Trouble};
use boxoffice_contract::{LetterId, UserId};
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::{Timestamp, query, row, seal};

use crate::SERVICE;

/// What codes of addresses are for.
const ADDRESS: &str = "address of a letter";
/// How much of what another mail server said is kept, in characters.
const KEPT: usize = 200;

row! {
    /// An address that letters one can do without no longer go to.
    pub(crate) struct NewSuppression in "mail_suppressed" {
        address_hash: String,
        trouble: String,
        reason: Option<String>,
        letter_id: LetterId,
        created_at: Timestamp,
    }
}

/// Returns what stands for `email` in tables; `None` without a key.
///
/// # Errors
/// When the keys cannot be read.
pub(crate) async fn hash(email: &str) -> Result<Option<String>> {
    seal::make(ADDRESS, &email.to_lowercase()).await
}

/// Returns why letters that one can do without do not go to `email`, if that is so.
///
/// # Errors
/// When the keys cannot be read; what the database says.
pub(crate) async fn trouble(email: &str) -> Result<Option<Trouble>> {
    let hashes = seal::by_each_key(ADDRESS, &email.to_lowercase()).await?;
    let found: Option<(String,)> = match hashes.is_empty() {
        true => None,
        false => Reader::new(&SERVICE).read(of_address(&hashes)).await?,
    };
    Ok(found.and_then(|(trouble,)| Trouble::from_name(&trouble)))
}

/// Returns why a letter of `category` is not sent to `account` at `email`, if that is so.
///
/// # Errors
/// As of [`trouble`].
pub(crate) async fn unwanted(
    category: Category,
    account: UserId,
    email: &str,
) -> Result<Option<&'static str>> {
    let hashes = seal::by_each_key(ADDRESS, &email.to_lowercase()).await?;
    let asking = against(category, account, &hashes);
    let found: Option<(String,)> = Reader::new(&SERVICE).read(asking).await?;
    Ok(found.map(|(why,)| match Trouble::from_name(&why) {
        None => "its reader does without such letters",
        Some(Trouble::Bounce) => "a letter to this address came back",
        Some(Trouble::Complaint) => "its reader complained of a letter",
    }))
}

/// Notes that letters one can do without no longer go to an address. What is known already stays.
pub(crate) fn suppressing(
    address_hash: String,
    trouble: Trouble,
    reason: Option<&str>,
    letter_id: LetterId,
) -> Query {
    let suppression = NewSuppression {
        address_hash,
        trouble: trouble.name().to_owned(),
        reason: reason.map(without_addresses),
        letter_id,
        created_at: Timestamp::now(),
    };
    suppression.insert().unless_known()
}

pub(crate) fn of_address(hashes: &[String]) -> Query {
    let places = places(1, hashes.len());
    query!("SELECT trouble FROM mail_suppressed WHERE address_hash IN ({places}) LIMIT 1")
        .bind_all(hashes.iter().map(String::as_str))
}

/// Finds what speaks against a letter: that its reader refuses it, or what happened to others.
pub(crate) fn against(category: Category, account: UserId, hashes: &[String]) -> Query {
    let suppressed = match hashes.is_empty() {
        true => String::new(),
        false => {
            let places = places(3, hashes.len());
            format!(
                " UNION ALL SELECT trouble AS why FROM mail_suppressed \
                 WHERE address_hash IN ({places})"
            )
        }
    };
    query!(
        "SELECT 'refused' AS why FROM mail_refusals \
         WHERE account_id = ?1 AND category = ?2{suppressed} LIMIT 1",
        account,
        category.name()
    )
    .bind_all(hashes.iter().map(String::as_str))
}

/// Forgets the addresses that letters to `account` went to.
pub(crate) fn forgetting(account: UserId) -> Query {
    query!(
        "DELETE FROM mail_suppressed WHERE letter_id IN \
         (SELECT id FROM mail_letters WHERE recipient = ?1)",
        account
    )
}

/// Names `count` parameters from `first` on.
fn places(first: usize, count: usize) -> String {
    let places: Vec<String> = (first..first + count).map(|place| format!("?{place}")).collect();
    places.join(", ")
}

/// Writes `…` in place of each word with an `@`, and cuts what is long.
fn without_addresses(text: &str) -> String {
    let words = text.split_whitespace().map(|word| if word.contains('@') { "…" } else { word });
    let text = words.collect::<Vec<_>>().join(" ");
    text.chars().filter(|c| !c.is_control()).take(KEPT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_said_is_kept_without_addresses() {
        for (said, kept) in [
            ("550 5.1.1 <ada@example.com>: no\r\n such user", "550 5.1.1 … no such user"),
            ("", ""),
            ("to=ada@example.com", "…"),
        ] {
            assert_eq!(without_addresses(said), kept);
        }
        assert_eq!(without_addresses(&"long ".repeat(100)).chars().count(), KEPT);
    }
}
