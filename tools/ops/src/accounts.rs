//! Accounts, as operators see them, and what operators did with them.

use boxoffice_contract::Timestamp;
use serde::{Deserialize, Serialize};

use crate::books;
use crate::sources::Problem;
use crate::store::{Databases, Select};
use crate::users::unknown;

const SERVICE: &str = "auth";
const USERS: &str = "auth_users";
const OPERATIONS: &str = "auth_operations";
const SESSIONS: &str = "auth_sessions";
const COLUMNS: &[&str] =
    &["id", "email", "roles", "verified_at", "created_at", "suspended_at", "suspended_reason"];

/// Which accounts a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those with this role.
    pub role: Option<String>,
    /// Only suspended ones.
    pub suspended: bool,
    /// How many at most: the newest.
    pub limit: u32,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Its id.
    pub id: String,
    /// Its address.
    pub email: String,
    /// What it may do beside what everybody may.
    pub roles: Vec<String>,
    /// Whether its owner has proven the address.
    pub email_verified: bool,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// When it was suspended, if it is.
    pub suspended_at: Option<String>,
    /// Why it was suspended.
    pub reason: Option<String>,
}

/// What an operator did with an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    /// What was done.
    pub deed: String,
    /// The role that was given or taken away.
    pub role: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Who did it.
    pub operator: String,
    /// When, RFC 3339.
    pub at: String,
}

/// An account in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// The account.
    #[serde(flatten)]
    pub account: Account,
    /// How many sessions go on.
    pub sessions: usize,
    /// What operators did with it, oldest first.
    pub operations: Vec<Done>,
}

#[derive(Deserialize)]
struct StoredAccount {
    id: String,
    email: String,
    roles: String,
    verified_at: Option<i64>,
    created_at: i64,
    suspended_at: Option<i64>,
    suspended_reason: Option<String>,
}

#[derive(Deserialize)]
struct StoredOperation {
    deed: String,
    role: Option<String>,
    reason: Option<String>,
    operator: String,
    created_at: i64,
}

#[derive(Deserialize)]
struct StoredSession {
    #[serde(rename = "id")]
    _id: String,
}

fn time(millis: i64) -> String {
    Timestamp::from_millis(millis).to_string()
}

impl From<StoredAccount> for Account {
    fn from(stored: StoredAccount) -> Self {
        Self {
            id: stored.id,
            email: stored.email,
            roles: stored.roles.split_whitespace().map(str::to_owned).collect(),
            email_verified: stored.verified_at.is_some(),
            created_at: time(stored.created_at),
            suspended_at: stored.suspended_at.map(time),
            reason: stored.suspended_reason,
        }
    }
}

impl From<StoredOperation> for Done {
    fn from(stored: StoredOperation) -> Self {
        let StoredOperation { deed, role, reason, operator, created_at } = stored;
        Self { deed, role, reason, operator, at: time(created_at) }
    }
}

/// Returns the newest accounts that `filter` names, oldest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(databases: &Databases, filter: &Filter) -> Result<Vec<Account>, Problem> {
    let suspended = if filter.suspended { "suspended_at IS NOT NULL" } else { "1 = 1" };
    // The rows of one role are few: they are picked here, and `role` is in no statement.
    let (has_role, limit) = match filter.role {
        Some(_) => ("roles <> ''", u32::MAX),
        None => ("1 = 1", filter.limit),
    };
    let condition = format!("{suspended} AND {has_role} ORDER BY id DESC LIMIT {limit}");
    let mut accounts = read(databases, condition).await?;
    if let Some(role) = &filter.role {
        accounts.retain(|account| account.roles.contains(role));
        accounts.truncate(usize::try_from(filter.limit).unwrap_or(usize::MAX));
    }
    accounts.reverse();
    Ok(accounts)
}

/// Returns the account that has this e-mail address or id.
///
/// # Errors
/// When there is no such account; when the database cannot be read.
pub async fn show(databases: &Databases, who: &str) -> Result<Shown, Problem> {
    let who = who.trim().to_lowercase();
    let quoted = who.replace('\'', "''");
    let condition = format!("email = '{quoted}' OR id = '{quoted}'");
    let account = read(databases, condition).await?.pop().ok_or_else(|| unknown(&who))?;
    let (id, now) = (&account.id, Timestamp::now().as_millis());
    let operations = Select {
        service: SERVICE,
        table: OPERATIONS.to_owned(),
        columns: &["deed", "role", "reason", "operator", "created_at"],
        condition: format!("account_id = '{id}' ORDER BY id").into(),
    };
    let sessions = Select {
        service: SERVICE,
        table: SESSIONS.to_owned(),
        columns: &["id"],
        condition: format!("account_id = '{id}' AND ended_at IS NULL AND expires_at > {now}")
            .into(),
    };
    let mut tables = databases.read(&[operations, sessions]).await?;
    let operations: Vec<StoredOperation> = books::rows(&mut tables, OPERATIONS)?;
    let sessions: Vec<StoredSession> = books::rows(&mut tables, SESSIONS)?;
    let operations = operations.into_iter().map(Done::from).collect();
    Ok(Shown { account, sessions: sessions.len(), operations })
}

async fn read(databases: &Databases, condition: String) -> Result<Vec<Account>, Problem> {
    let (table, condition) = (USERS.to_owned(), condition.into());
    let select = Select { service: SERVICE, table, columns: COLUMNS, condition };
    let mut tables = databases.read(&[select]).await?;
    let stored: Vec<StoredAccount> = books::rows(&mut tables, USERS)?;
    Ok(stored.into_iter().map(Account::from).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn shop(folder: &std::path::Path) -> Databases {
        let path = folder.join("sqlite");
        std::fs::create_dir(&path).unwrap();
        let database = rusqlite::Connection::open(path.join("default.db")).unwrap();
        database
            .execute_batch(
                "CREATE TABLE auth_users (id TEXT, email TEXT, roles TEXT, verified_at BIGINT,
                 created_at BIGINT, suspended_at BIGINT, suspended_reason TEXT);
                 CREATE TABLE auth_operations (id TEXT, account_id TEXT, deed TEXT, role TEXT,
                 reason TEXT, operator TEXT, created_at BIGINT);
                 CREATE TABLE auth_sessions (id TEXT, account_id TEXT, ended_at BIGINT,
                 expires_at BIGINT);
                 INSERT INTO auth_users VALUES
                 ('a', 'ada@example.com', 'operator', 1, 0, NULL, NULL),
                 ('b', 'bob@example.com', '', NULL, 0, 1000, 'fraud'),
                 ('c', 'o''hara@example.com', 'operators', NULL, 0, NULL, NULL);
                 INSERT INTO auth_operations VALUES
                 ('1', 'b', 'suspend', NULL, 'fraud', 'root', 1000);
                 INSERT INTO auth_sessions VALUES ('s', 'b', NULL, 4102444800000),
                 ('t', 'b', 1, 4102444800000), ('u', 'a', NULL, 4102444800000);",
            )
            .unwrap();
        Databases::in_folder(folder)
    }

    #[tokio::test]
    async fn accounts_are_listed_by_role_and_standing() {
        let folder = tempfile::tempdir().unwrap();
        let shop = shop(folder.path());
        let ids = async |filter: Filter| -> Vec<String> {
            list(&shop, &filter).await.unwrap().into_iter().map(|account| account.id).collect()
        };
        let all = Filter { limit: 100, ..Filter::default() };
        assert_eq!(ids(all.clone()).await, ["a", "b", "c"]);
        assert_eq!(ids(Filter { limit: 2, ..all.clone() }).await, ["b", "c"]);
        assert_eq!(ids(Filter { suspended: true, ..all.clone() }).await, ["b"]);
        let role = Some("operator".to_owned());
        assert_eq!(ids(Filter { role, ..all }).await, ["a"]);
    }

    #[tokio::test]
    async fn an_account_is_shown_with_what_was_done_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let shop = shop(folder.path());
        let bob = show(&shop, " Bob@example.com").await.unwrap();
        assert_eq!((bob.account.id.as_str(), bob.sessions), ("b", 1));
        assert_eq!(bob.account.suspended_at.as_deref(), Some("1970-01-01T00:00:01Z"));
        let [done] = &bob.operations[..] else { panic!("{bob:?}") };
        assert_eq!((done.deed.as_str(), done.operator.as_str()), ("suspend", "root"));
        assert_eq!(show(&shop, "o'hara@example.com").await.unwrap().account.id, "c");
        let nobody = show(&shop, "' OR '1' = '1").await.unwrap_err();
        assert!(nobody.to_string().contains("no account"), "{nobody}");
    }
}
