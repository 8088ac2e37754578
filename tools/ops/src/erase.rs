//! Has the shop delete an account, whatever is in the way: for somebody who cannot sign in.

use boxoffice_contract::Timestamp;

use crate::postgres::{causes, connect};
use crate::sources::Problem;
use crate::store::{Database, Databases, numbered, open_to_write};

/// Finds an account by its address or its id.
const FIND: &str = "SELECT id FROM auth_users WHERE email = $1 OR id = $1";
/// Has `auth` delete the account with its next tick. Once asked for, it stays so.
const ERASE: &str = "INSERT INTO auth_erasures (account_id, asked_at) VALUES ($1, $2) \
    ON CONFLICT (account_id) DO NOTHING";

/// Has the account that has this e-mail address or id deleted, and returns its id.
///
/// # Errors
/// When there is no such account; when the database cannot be reached, or refuses.
pub async fn erase(databases: &Databases, who: &str) -> Result<String, Problem> {
    let (who, now) = (who.trim().to_lowercase(), Timestamp::now().as_millis());
    let asked = match databases.of("auth") {
        Database::Sqlite(path) => {
            let (path, who) = (path.clone(), who.clone());
            let write = move || sqlite(&path, &who, now).map_err(|error| error.to_string());
            let written = tokio::task::spawn_blocking(write).await;
            written.unwrap_or_else(|error| Err(error.to_string()))
        }
        Database::Postgres(url) => {
            let client = connect(url).await?;
            postgres(&client, &who, now).await.map_err(|error| causes(&error))
        }
    };
    let asked = asked.map_err(|error| {
        Problem::new(
            format!("the account {who} cannot be deleted: {error}"),
            "name the shop's database, as this user may change it, and run `boxoffice migrate` first",
        )
    })?;
    asked.ok_or_else(|| {
        Problem::new(
            format!("no account has the e-mail address or id {who:?}"),
            "give the address that the account signed up with",
        )
    })
}

fn sqlite(path: &std::path::Path, who: &str, now: i64) -> rusqlite::Result<Option<String>> {
    let connection = open_to_write(path)?;
    let found = connection.query_row(&numbered(FIND), [who], |row| row.get(0));
    let account: String = match found {
        Err(rusqlite::Error::QueryReturnedNoRows) => return Ok(None),
        found => found?,
    };
    connection.execute(&numbered(ERASE), (&account, now))?;
    Ok(Some(account))
}

async fn postgres(
    client: &tokio_postgres::Client,
    who: &str,
    now: i64,
) -> Result<Option<String>, tokio_postgres::Error> {
    let Some(row) = client.query_opt(FIND, &[&who]).await? else { return Ok(None) };
    let account: String = row.get(0);
    client.execute(ERASE, &[&account, &now]).await?;
    Ok(Some(account))
}
