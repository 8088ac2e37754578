//! Accounts, as far as operators mend what their owners cannot: ending all sessions of one, and a link
//! by which its owner chooses a new password.

use boxoffice_account_proof::{Purpose, Secret};
use boxoffice_contract::{LetterId, Timestamp};

use crate::postgres::{causes, connect};
use crate::sources::Problem;
use crate::store::{Database, Databases, numbered, open_to_write};

/// Finds an account by its address or its id.
const FIND: &str = "SELECT id, email FROM auth_users WHERE email = $1 OR id = $1";
/// Ends the sessions that have ids. `auth`'s next tick tells the services.
const SESSIONS: &str = "UPDATE auth_sessions SET ended_at = $2 WHERE account_id = $1 \
    AND ended_at IS NULL AND expires_at > $2";
/// Ends those of older programs, whose tokens name none.
const ACCOUNT: &str =
    "UPDATE auth_users SET signed_out_at = $2, signed_out_told_at = NULL WHERE id = $1";
/// Makes a proof in place of the one before, as `auth` does.
const PROOF: &str = "INSERT INTO auth_proofs \
    (account_id, purpose, id, email, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6) \
    ON CONFLICT (account_id, purpose) DO UPDATE SET id = excluded.id, email = excluded.email, \
    created_at = excluded.created_at, expires_at = excluded.expires_at, used_at = NULL, tries = 0";

/// What became of an account's sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedOut {
    /// The account's id.
    pub account: String,
    /// How many sessions were ended.
    pub sessions: u64,
}

/// A link by which an account's owner chooses a new password, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetLink {
    /// The account's id.
    pub account: String,
    /// The link.
    pub link: String,
    /// When it no longer works.
    pub until: Timestamp,
}

/// Ends all sessions of the account that has this e-mail address or id. The services refuse them as soon
/// as `auth` has had a tick, and a few seconds later at most.
///
/// # Errors
/// When there is no such account; when the database cannot be reached, or refuses.
pub async fn sign_out(databases: &Databases, who: &str) -> Result<SignedOut, Problem> {
    let now = Timestamp::now().as_millis();
    let (account, sessions) = change(databases, who, Change::SignOut { now }).await?;
    Ok(SignedOut { account, sessions })
}

/// Makes a link to the shop at `public_url` by which the owner of the account that has this e-mail
/// address or id chooses a new password. Links and letters of before no longer work. `signing_key` is
/// the key that signs sessions, in PEM.
///
/// # Errors
/// When the key is invalid or there is no such account; when the database cannot be reached, or refuses.
pub async fn reset_link(
    databases: &Databases,
    signing_key: &str,
    public_url: &str,
    who: &str,
) -> Result<ResetLink, Problem> {
    let secret = Secret::from_pem(signing_key).map_err(|error| {
        Problem::new(format!("auth_signing_key: {error}"), "give the shop's own variables")
    })?;
    let (id, now) = (LetterId::new(), Timestamp::now());
    let until = now.plus_seconds(Purpose::Reset.seconds());
    let (now, ends) = (now.as_millis(), until.as_millis());
    let (account, _) =
        change(databases, who, Change::Reset { id: id.to_string(), now, ends }).await?;
    let (shop, token) = (public_url.trim_end_matches('/'), secret.token(Purpose::Reset, id));
    Ok(ResetLink { account, link: format!("{shop}/reset?token={token}"), until })
}

/// What is done to an account.
#[derive(Clone, Debug)]
enum Change {
    SignOut { now: i64 },
    Reset { id: String, now: i64, ends: i64 },
}

impl Change {
    /// Returns what cannot be done, for messages.
    const fn name(&self) -> &'static str {
        match self {
            Self::SignOut { .. } => "the sessions cannot be ended",
            Self::Reset { .. } => "the link cannot be made",
        }
    }
}

/// Does `change` to the account that has this e-mail address or id. Returns the account's id, and how many
/// sessions were ended.
async fn change(
    databases: &Databases,
    who: &str,
    change: Change,
) -> Result<(String, u64), Problem> {
    let (who, what) = (who.trim().to_lowercase(), change.name());
    let changed = match databases.of("auth") {
        Database::Sqlite(path) => {
            let (path, who) = (path.clone(), who.clone());
            let write = move || sqlite(&path, &who, &change).map_err(|error| error.to_string());
            let written = tokio::task::spawn_blocking(write).await;
            written.unwrap_or_else(|error| Err(error.to_string()))
        }
        Database::Postgres(url) => {
            let mut client = connect(url).await?;
            postgres(&mut client, &who, &change).await.map_err(|error| causes(&error))
        }
    };
    let changed = changed.map_err(|error| {
        Problem::new(
            format!("{what} of {who}: {error}"),
            "name the shop's database, as this user may change it, and run `boxoffice migrate` first",
        )
    })?;
    changed.ok_or_else(|| {
        Problem::new(
            format!("no account has the e-mail address or id {who:?}"),
            "give the address that the account signed up with",
        )
    })
}

fn sqlite(
    path: &std::path::Path,
    who: &str,
    change: &Change,
) -> rusqlite::Result<Option<(String, u64)>> {
    let mut connection = open_to_write(path)?;
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found = transaction.query_row(&numbered(FIND), [who], |row| Ok((row.get(0)?, row.get(1)?)));
    let (account, email): (String, String) = match found {
        Err(rusqlite::Error::QueryReturnedNoRows) => return Ok(None),
        found => found?,
    };
    let sessions = match change {
        Change::SignOut { now } => {
            let sessions = transaction.execute(&numbered(SESSIONS), (&account, now))?;
            transaction.execute(&numbered(ACCOUNT), (&account, now))?;
            sessions
        }
        Change::Reset { id, now, ends } => {
            let purpose = Purpose::Reset.name();
            transaction.execute(&numbered(PROOF), (&account, purpose, id, email, now, ends))?;
            0
        }
    };
    transaction.commit()?;
    Ok(Some((account, u64::try_from(sessions).unwrap_or(u64::MAX))))
}

async fn postgres(
    client: &mut tokio_postgres::Client,
    who: &str,
    change: &Change,
) -> Result<Option<(String, u64)>, tokio_postgres::Error> {
    let transaction = client.transaction().await?;
    let Some(row) = transaction.query_opt(FIND, &[&who]).await? else { return Ok(None) };
    let (account, email): (String, String) = (row.get(0), row.get(1));
    let sessions = match change {
        Change::SignOut { now } => {
            let sessions = transaction.execute(SESSIONS, &[&account, now]).await?;
            transaction.execute(ACCOUNT, &[&account, now]).await?;
            sessions
        }
        Change::Reset { id, now, ends } => {
            let purpose = Purpose::Reset.name();
            transaction.execute(PROOF, &[&account, &purpose, id, &email, now, ends]).await?;
            0
        }
    };
    transaction.commit().await?;
    Ok(Some((account, sessions)))
}
