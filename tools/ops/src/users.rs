//! Accounts, as far as operators mend what their owners cannot: ending all sessions of one.

use boxoffice_contract::Timestamp;

use crate::postgres::{causes, connect};
use crate::sources::Problem;
use crate::store::{Database, Databases, numbered, open_to_write};

/// Ends the sessions that have ids. `auth`'s next tick tells the services.
const SESSIONS: &str = "UPDATE auth_sessions SET ended_at = $2 WHERE account_id = $1 \
    AND ended_at IS NULL AND expires_at > $2";
/// Ends those of older programs, whose tokens name none.
const ACCOUNT: &str =
    "UPDATE auth_users SET signed_out_at = $2, signed_out_told_at = NULL WHERE id = $1";

/// What became of an account's sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedOut {
    /// The account's id.
    pub account: String,
    /// How many sessions were ended.
    pub sessions: u64,
}

/// Ends all sessions of the account that has this e-mail address or id. The services refuse them as soon
/// as `auth` has had a tick, and a few seconds later at most.
///
/// # Errors
/// When there is no such account; when the database cannot be reached, or refuses.
pub async fn sign_out(databases: &Databases, who: &str) -> Result<SignedOut, Problem> {
    let (who, now) = (who.trim().to_lowercase(), Timestamp::now().as_millis());
    let ended = match databases.of("auth") {
        Database::Sqlite(path) => {
            let path = path.clone();
            let find = who.clone();
            let write = move || sqlite(&path, &find, now).map_err(|error| error.to_string());
            let written = tokio::task::spawn_blocking(write).await;
            written.unwrap_or_else(|error| Err(error.to_string()))
        }
        Database::Postgres(url) => {
            let mut client = connect(url).await?;
            postgres(&mut client, &who, now).await.map_err(|error| causes(&error))
        }
    };
    let ended = ended.map_err(|error| {
        Problem::new(
            format!("the sessions of {who} cannot be ended: {error}"),
            "name the shop's database, as this user may change it, and run `boxoffice migrate` first",
        )
    })?;
    ended.ok_or_else(|| {
        Problem::new(
            format!("no account has the e-mail address or id {who:?}"),
            "give the address that the account signed up with",
        )
    })
}

const FIND: &str = "SELECT id FROM auth_users WHERE email = $1 OR id = $1";

fn sqlite(path: &std::path::Path, who: &str, now: i64) -> rusqlite::Result<Option<SignedOut>> {
    let mut connection = open_to_write(path)?;
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found = transaction.query_row(&numbered(FIND), [who], |row| row.get::<_, String>(0));
    let account = match found {
        Err(rusqlite::Error::QueryReturnedNoRows) => return Ok(None),
        found => found?,
    };
    let sessions = transaction.execute(&numbered(SESSIONS), (&account, now))?;
    transaction.execute(&numbered(ACCOUNT), (&account, now))?;
    transaction.commit()?;
    Ok(Some(SignedOut { account, sessions: u64::try_from(sessions).unwrap_or(u64::MAX) }))
}

async fn postgres(
    client: &mut tokio_postgres::Client,
    who: &str,
    now: i64,
) -> Result<Option<SignedOut>, tokio_postgres::Error> {
    let transaction = client.transaction().await?;
    let Some(row) = transaction.query_opt(FIND, &[&who]).await? else { return Ok(None) };
    let account: String = row.get(0);
    let sessions = transaction.execute(SESSIONS, &[&account, &now]).await?;
    transaction.execute(ACCOUNT, &[&account, &now]).await?;
    transaction.commit().await?;
    Ok(Some(SignedOut { account, sessions }))
}
