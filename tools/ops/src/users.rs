//! A link by which an account's owner chooses a new password, for a shop that sends no mail.

use boxoffice_account_proof::{Purpose, Secret};
use boxoffice_contract::{LetterId, Timestamp};

use crate::postgres::{causes, connect};
use crate::sources::Problem;
use crate::store::{Database, Databases, numbered, open_to_write};

/// Finds an account by its address or its id.
const FIND: &str = "SELECT id, email FROM auth_users WHERE email = $1 OR id = $1";
/// Makes a proof in place of the one before, as `auth` does.
const PROOF: &str = "INSERT INTO auth_proofs \
    (account_id, purpose, id, email, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6) \
    ON CONFLICT (account_id, purpose) DO UPDATE SET id = excluded.id, email = excluded.email, \
    created_at = excluded.created_at, expires_at = excluded.expires_at, used_at = NULL, tries = 0";

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
    let proof = Proof { id: id.to_string(), now, ends };
    let account = store(databases, who, proof).await?;
    let (shop, token) = (public_url.trim_end_matches('/'), secret.token(Purpose::Reset, id));
    Ok(ResetLink { account, link: format!("{shop}/reset?token={token}"), until })
}

/// The proof that the link shows.
#[derive(Clone, Debug)]
struct Proof {
    id: String,
    now: i64,
    ends: i64,
}

/// Stores `proof` for the account that has this e-mail address or id. Returns the account's id.
async fn store(databases: &Databases, who: &str, proof: Proof) -> Result<String, Problem> {
    let who = who.trim().to_lowercase();
    let stored = match databases.of("auth") {
        Database::Sqlite(path) => {
            let (path, who) = (path.clone(), who.clone());
            let write = move || sqlite(&path, &who, &proof).map_err(|error| error.to_string());
            let written = tokio::task::spawn_blocking(write).await;
            written.unwrap_or_else(|error| Err(error.to_string()))
        }
        Database::Postgres(url) => {
            let mut client = connect(url).await?;
            postgres(&mut client, &who, &proof).await.map_err(|error| causes(&error))
        }
    };
    let stored = stored.map_err(|error| {
        Problem::new(
            format!("the link cannot be made of {who}: {error}"),
            "name the shop's database, as this user may change it, and run `boxoffice migrate` first",
        )
    })?;
    stored.ok_or_else(|| unknown(&who))
}

/// Says that there is no such account.
pub(crate) fn unknown(who: &str) -> Problem {
    Problem::new(
        format!("no account has the e-mail address or id {who:?}"),
        "give the address that the account signed up with",
    )
}

fn sqlite(path: &std::path::Path, who: &str, proof: &Proof) -> rusqlite::Result<Option<String>> {
    let mut connection = open_to_write(path)?;
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found = transaction.query_row(&numbered(FIND), [who], |row| Ok((row.get(0)?, row.get(1)?)));
    let (account, email): (String, String) = match found {
        Err(rusqlite::Error::QueryReturnedNoRows) => return Ok(None),
        found => found?,
    };
    let Proof { id, now, ends } = proof;
    let purpose = Purpose::Reset.name();
    transaction.execute(&numbered(PROOF), (&account, purpose, id, email, now, ends))?;
    transaction.commit()?;
    Ok(Some(account))
}

async fn postgres(
    client: &mut tokio_postgres::Client,
    who: &str,
    Proof { id, now, ends }: &Proof,
) -> Result<Option<String>, tokio_postgres::Error> {
    let transaction = client.transaction().await?;
    let Some(row) = transaction.query_opt(FIND, &[&who]).await? else { return Ok(None) };
    let (account, email): (String, String) = (row.get(0), row.get(1));
    let purpose = Purpose::Reset.name();
    transaction.execute(PROOF, &[&account, &purpose, id, &email, now, ends]).await?;
    transaction.commit().await?;
    Ok(Some(account))
}
