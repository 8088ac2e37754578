//! The letters of `mail`: what waits, what was sent, what was given up, and why.
//!
//! A letter names no address: `mail` asks for that when it sends it. What a mail server said may
//! name one, so addresses are taken out of that before anybody sees it.

use std::fmt;
use std::path::Path;

use boxoffice_contract::Timestamp;
use serde::{Deserialize, Serialize};

use crate::books;
use crate::postgres::{causes, connect};
use crate::sources::Problem;
use crate::store::{Database, Databases, Select, numbered, open_to_write};

const SERVICE: &str = "mail";
const TABLE: &str = "mail_letters";
const SUPPRESSED: &str = "mail_suppressed";
const COLUMNS: &[&str] = &[
    "id",
    "kind",
    "subject",
    "recipient",
    "status",
    "attempts",
    "next_at",
    "expires_at",
    "last_error",
    "server_answer",
    "created_at",
    "sent_at",
];

/// Makes a letter due now; one that was given up begins with its attempts again. `$2` is the time.
const RETRY: &str = "UPDATE mail_letters SET status = 'waiting', next_at = $2, \
    attempts = CASE status WHEN 'given_up' THEN 0 ELSE attempts END \
    WHERE id = $1 AND status IN ('waiting', 'given_up') AND (expires_at IS NULL OR expires_at > $2)";
/// Drops a letter: it is never sent.
const DROP: &str = "UPDATE mail_letters SET status = 'dropped', next_at = $2, \
    last_error = 'dropped by an operator' WHERE id = $1 AND status IN ('waiting', 'given_up')";

/// Lets letters go to an address again. What was learnt after `$2`, the time, stays.
const CLEAR: &str = "DELETE FROM mail_suppressed WHERE address_hash = $1 AND created_at <= $2";

/// How a letter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It will be sent.
    Waiting,
    /// A mail server has taken it.
    Sent,
    /// It could not be sent, and nobody tries any more.
    GivenUp,
    /// It must not be sent any more.
    Dropped,
}

impl Status {
    /// Returns its name in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::GivenUp => "given_up",
            Self::Dropped => "dropped",
        }
    }
}

/// A letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Letter {
    /// Its id, which is also in its `Message-ID`.
    pub id: String,
    /// What it says, such as `order_confirmed`.
    pub kind: String,
    /// The id of what it is about.
    pub subject: String,
    /// The account that gets it, if the table says so.
    pub recipient: Option<String>,
    /// How it stands.
    pub status: Status,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// When it is tried next, if it waits.
    pub next_at: Option<String>,
    /// When it must not be sent any more.
    pub expires_at: Option<String>,
    /// When a mail server took it.
    pub sent_at: Option<String>,
    /// Why it could not be sent the last time.
    pub last_error: Option<String>,
    /// What the mail server said when it took it.
    pub server_answer: Option<String>,
}

/// A row as it is stored.
#[derive(Deserialize)]
struct Stored {
    id: String,
    kind: String,
    subject: String,
    recipient: Option<String>,
    status: Status,
    attempts: i64,
    next_at: i64,
    expires_at: Option<i64>,
    last_error: Option<String>,
    server_answer: Option<String>,
    created_at: i64,
    sent_at: Option<i64>,
}

impl From<Stored> for Letter {
    fn from(stored: Stored) -> Self {
        let time = |millis| Timestamp::from_millis(millis).to_string();
        let is_waiting = stored.status == Status::Waiting;
        Self {
            id: stored.id,
            kind: stored.kind,
            subject: stored.subject,
            recipient: stored.recipient,
            status: stored.status,
            attempts: stored.attempts,
            created_at: time(stored.created_at),
            next_at: is_waiting.then(|| time(stored.next_at)),
            expires_at: stored.expires_at.map(time),
            sent_at: stored.sent_at.map(time),
            last_error: stored.last_error.map(|text| without_addresses(&text)),
            server_answer: stored.server_answer.map(|text| without_addresses(&text)),
        }
    }
}

/// Why a letter cannot be shown, tried again or dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The letter.
    pub id: String,
    /// A sentence, with what can be done instead.
    pub why: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.id, self.why)
    }
}

/// Returns the newest `most` letters that have one of these statuses, oldest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn list(
    databases: &Databases,
    statuses: &[Status],
    most: u32,
) -> Result<Vec<Letter>, Problem> {
    let names: Vec<String> = statuses.iter().map(|status| format!("'{}'", status.name())).collect();
    // Ids are UUIDv7: they sort by time.
    let newest = format!("status IN ({}) ORDER BY id DESC LIMIT {most}", names.join(", "));
    let mut letters = read(databases, newest).await?;
    letters.reverse();
    Ok(letters)
}

/// Returns the letter `id`. `Ok(Err(…))` without one.
///
/// # Errors
/// When the database cannot be read.
pub async fn show(databases: &Databases, id: &str) -> Result<Result<Letter, Refusal>, Problem> {
    let why = "this letter does not exist; `boxoffice mail list` shows those that wait";
    let refusal = || Refusal { id: id.to_owned(), why: why.to_owned() };
    if !is_id(id) {
        return Ok(Err(refusal()));
    }
    let found = read(databases, format!("id = '{id}'")).await?.pop();
    Ok(found.ok_or_else(refusal))
}

/// Makes letters due now: those that wait, and those that were given up.
///
/// # Errors
/// When the database cannot be reached, or refuses.
pub async fn retry(
    databases: &Databases,
    ids: &[String],
) -> Result<Vec<Result<(), Refusal>>, Problem> {
    change(databases, RETRY, ids).await
}

/// Drops letters: those that wait, and those that were given up.
///
/// # Errors
/// When the database cannot be reached, or refuses.
pub async fn drop_letters(
    databases: &Databases,
    ids: &[String],
) -> Result<Vec<Result<(), Refusal>>, Problem> {
    change(databases, DROP, ids).await
}

/// Changes each letter by a statement of its own, all in one transaction.
async fn change(
    databases: &Databases,
    sql: &'static str,
    ids: &[String],
) -> Result<Vec<Result<(), Refusal>>, Problem> {
    let changed = run(databases, sql, ids).await?;
    let mut outcomes = Vec::with_capacity(ids.len());
    for (id, changed) in ids.iter().zip(changed) {
        outcomes.push(if changed { Ok(()) } else { Err(refusal(databases, id).await?) });
    }
    Ok(outcomes)
}

/// Runs a statement for each id, all in one transaction, and tells which changed something.
async fn run(
    databases: &Databases,
    sql: &'static str,
    ids: &[String],
) -> Result<Vec<bool>, Problem> {
    let now = Timestamp::now().as_millis();
    let changed = match databases.of(SERVICE) {
        Database::Sqlite(path) => {
            let (path, ids) = (path.clone(), ids.to_vec());
            let write = move || sqlite(&path, sql, &ids, now).map_err(|error| error.to_string());
            let written = tokio::task::spawn_blocking(write).await;
            written.unwrap_or_else(|error| Err(error.to_string()))
        }
        Database::Postgres(url) => {
            let mut client = connect(url).await?;
            postgres(&mut client, sql, ids, now).await.map_err(|error| causes(&error))
        }
    };
    changed.map_err(|error| {
        Problem::new(
            format!("the letters cannot be changed: {error}"),
            "name the shop's database, as this user may change it, and run `boxoffice migrate` first",
        )
    })
}

fn sqlite(path: &Path, sql: &str, ids: &[String], now: i64) -> rusqlite::Result<Vec<bool>> {
    let mut connection = open_to_write(path)?;
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let change = |id| Ok(transaction.execute(&numbered(sql), (id, now))? > 0);
    let changed = ids.iter().map(change).collect::<rusqlite::Result<Vec<bool>>>()?;
    transaction.commit()?;
    Ok(changed)
}

async fn postgres(
    client: &mut tokio_postgres::Client,
    sql: &str,
    ids: &[String],
    now: i64,
) -> Result<Vec<bool>, tokio_postgres::Error> {
    let transaction = client.transaction().await?;
    let mut changed = Vec::with_capacity(ids.len());
    for id in ids {
        changed.push(transaction.execute(sql, &[id, &now]).await? > 0);
    }
    transaction.commit().await?;
    Ok(changed)
}

/// Says why the letter `id` did not change.
async fn refusal(databases: &Databases, id: &str) -> Result<Refusal, Problem> {
    let why = match show(databases, id).await? {
        Err(refusal) => return Ok(refusal),
        Ok(letter) => match letter.status {
            Status::Sent => "it was sent".to_owned(),
            Status::Dropped => "it was dropped, since it is no longer true or wanted".to_owned(),
            Status::Waiting | Status::GivenUp => match letter.expires_at {
                Some(at) => format!("it is of no use since {at}; drop it"),
                None => "it changed just now; try again".to_owned(),
            },
        },
    };
    Ok(Refusal { id: id.to_owned(), why })
}

/// An address that gets no letters but those that it needs. No table has the address itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppressed {
    /// What stands for the address.
    #[serde(rename(deserialize = "address_hash"))]
    pub id: String,
    /// Why: `bounce` or `complaint`.
    pub trouble: String,
    /// What the other mail server said.
    pub reason: Option<String>,
    /// The letter that it was about; `boxoffice mail show` tells whose it was.
    pub letter_id: String,
    /// When it was learnt, in milliseconds since 1970.
    created_at: i64,
}

impl Suppressed {
    /// Returns when it was learnt, RFC 3339.
    #[must_use]
    pub fn since(&self) -> String {
        Timestamp::from_millis(self.created_at).to_string()
    }
}

/// Returns the newest `most` addresses that get no letters but those that they need, oldest first.
///
/// # Errors
/// When the database cannot be read.
pub async fn suppressed(databases: &Databases, most: u32) -> Result<Vec<Suppressed>, Problem> {
    let mut tables = databases
        .read(&[Select {
            service: SERVICE,
            table: SUPPRESSED.to_owned(),
            columns: &["address_hash", "trouble", "reason", "letter_id", "created_at"],
            condition: format!("created_at > 0 ORDER BY created_at DESC LIMIT {most}").into(),
        }])
        .await?;
    let mut found: Vec<Suppressed> = books::rows(&mut tables, SUPPRESSED)?;
    found.reverse();
    Ok(found)
}

/// Lets letters go to addresses again, as their ids stand in the list.
///
/// # Errors
/// When the database cannot be reached, or refuses.
pub async fn clear(
    databases: &Databases,
    ids: &[String],
) -> Result<Vec<Result<(), Refusal>>, Problem> {
    let changed = run(databases, CLEAR, ids).await?;
    let refusal = |id: &String| {
        Refusal {
        id: id.clone(),
        why: "nothing keeps letters from this address; `boxoffice mail suppressed list` shows the ids"
            .to_owned(),
    }
    };
    let outcome = |(id, changed): (&String, bool)| if changed { Ok(()) } else { Err(refusal(id)) };
    Ok(ids.iter().zip(changed).map(outcome).collect())
}

async fn read(databases: &Databases, condition: String) -> Result<Vec<Letter>, Problem> {
    let (table, columns, condition) = (TABLE.to_owned(), COLUMNS, condition.into());
    let mut tables =
        databases.read(&[Select { service: SERVICE, table, columns, condition }]).await?;
    let stored: Vec<Stored> = books::rows(&mut tables, TABLE)?;
    Ok(stored.into_iter().map(Letter::from).collect())
}

/// Whether `text` can stand in a condition: an id has nothing else.
fn is_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Writes `…` in place of each word with an `@`.
fn without_addresses(text: &str) -> String {
    let is_edge = |c: char| c.is_whitespace() || "<>()[]\",;".contains(c);
    let mut clean = String::with_capacity(text.len());
    for part in text.split_inclusive(is_edge) {
        let word = part.trim_end_matches(is_edge);
        clean.push_str(if word.contains('@') { "…" } else { word });
        clean.push_str(&part[word.len()..]);
    }
    clean
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    const ID: &str = "01980f3c-0000-7000-8000-00000000000";
    const FAR: i64 = 4_102_444_800_000;

    fn id(last: u8) -> String {
        format!("{ID}{last}")
    }

    /// A letter of each status, and one that is of no use any more.
    fn shop(folder: &Path) -> Databases {
        let path = folder.join("shop.db");
        let database = rusqlite::Connection::open(&path).unwrap();
        database
            .execute_batch(
                "CREATE TABLE mail_letters (id TEXT PRIMARY KEY, key TEXT, kind TEXT, subject TEXT,
                 recipient TEXT, version BIGINT, status TEXT, attempts BIGINT, next_at BIGINT,
                 expires_at BIGINT, last_error TEXT, server_answer TEXT, created_at BIGINT,
                 sent_at BIGINT)",
            )
            .unwrap();
        for (last, status, expires_at) in [
            (1, "waiting", None),
            (2, "sent", None),
            (3, "given_up", None),
            (4, "dropped", None),
            (5, "given_up", Some(1_000)),
            (6, "waiting", Some(FAR)),
        ] {
            let values = (id(last), status, expires_at);
            let insert = "INSERT INTO mail_letters VALUES (?1, ?1, 'order_confirmed', 'order', \
                'buyer', 3, ?2, 7, 2000, ?3, '550 <ada@example.com> is unknown', NULL, 1000, NULL)";
            database.execute(insert, values).unwrap();
        }
        Databases::shared(Database::Sqlite(path))
    }

    async fn statuses(databases: &Databases) -> Vec<Status> {
        let all = [Status::Waiting, Status::Sent, Status::GivenUp, Status::Dropped];
        let letters = list(databases, &all, 100).await.unwrap();
        letters.iter().map(|letter| letter.status).collect()
    }

    #[tokio::test]
    async fn letters_are_listed_oldest_first_without_addresses() {
        let folder = tempfile::tempdir().unwrap();
        let databases = shop(folder.path());
        let given_up = list(&databases, &[Status::GivenUp], 100).await.unwrap();
        let ids: Vec<_> = given_up.iter().map(|letter| letter.id.clone()).collect();
        assert_eq!(ids, [id(3), id(5)]);
        assert_eq!(given_up[0].last_error.as_deref(), Some("550 <…> is unknown"));
        assert_eq!((given_up[0].attempts, given_up[0].next_at.as_deref()), (7, None));
        let newest = list(&databases, &[Status::GivenUp, Status::Sent], 1).await.unwrap();
        assert_eq!(newest[0].id, id(5));
        let shown = show(&databases, &id(1)).await.unwrap().unwrap();
        assert_eq!(shown.next_at.as_deref(), Some("1970-01-01T00:00:02Z"));
        for unknown in ["", "' OR '1' = '1", &id(9)] {
            let refusal = show(&databases, unknown).await.unwrap().unwrap_err();
            assert!(refusal.why.contains("does not exist"), "{refusal}");
        }
    }

    #[tokio::test]
    async fn what_was_not_sent_is_tried_again_or_dropped() {
        use Status::{Dropped, GivenUp, Sent, Waiting};
        let folder = tempfile::tempdir().unwrap();
        let databases = shop(folder.path());
        let all: Vec<String> = (1..=6).map(id).chain(["none".to_owned()]).collect();
        let outcomes = retry(&databases, &all).await.unwrap();
        let why: Vec<String> = outcomes
            .iter()
            .map(|o| o.as_ref().map_or_else(|r| r.why.clone(), |()| "".into()))
            .collect();
        let (sent, dropped) = (&why[1], &why[3]);
        assert_eq!((why[0].as_str(), why[2].as_str(), why[5].as_str()), ("", "", ""));
        assert!(sent.contains("was sent") && dropped.contains("dropped"), "{why:?}");
        assert!(why[4].contains("of no use") && why[6].contains("not exist"), "{why:?}");
        assert_eq!(statuses(&databases).await, [Waiting, Sent, Waiting, Dropped, GivenUp, Waiting]);
        let attempts = async |last| show(&databases, &id(last)).await.unwrap().unwrap().attempts;
        assert_eq!((attempts(1).await, attempts(3).await), (7, 0));
        let outcomes = drop_letters(&databases, &all[..5]).await.unwrap();
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 3);
        assert_eq!(statuses(&databases).await, [Dropped, Sent, Dropped, Dropped, Dropped, Waiting]);
    }

    #[tokio::test]
    async fn letters_go_to_an_address_again() {
        let folder = tempfile::tempdir().unwrap();
        let databases = shop(folder.path());
        let database = rusqlite::Connection::open(folder.path().join("shop.db")).unwrap();
        database
            .execute_batch(
                "CREATE TABLE mail_suppressed (address_hash TEXT, trouble TEXT, reason TEXT,
                 letter_id TEXT, created_at BIGINT);
                 INSERT INTO mail_suppressed VALUES ('k1.b', 'complaint', NULL, 'l2', 2000),
                 ('k1.a', 'bounce', '550', 'l1', 1000)",
            )
            .unwrap();
        let found = suppressed(&databases, 10).await.unwrap();
        let ids: Vec<_> = found.iter().map(|one| (&*one.id, one.since())).collect();
        let since = ["1970-01-01T00:00:01Z", "1970-01-01T00:00:02Z"].map(str::to_owned);
        let [first, second] = since;
        assert_eq!(ids, [("k1.a", first), ("k1.b", second)]);
        let outcomes = clear(&databases, &["k1.a".to_owned(), "k1.c".to_owned()]).await.unwrap();
        assert!(outcomes[0].is_ok() && outcomes[1].is_err());
        assert_eq!(suppressed(&databases, 10).await.unwrap().len(), 1);
    }

    #[test]
    fn a_servers_words_name_nobody() {
        for (said, shown) in [
            ("550 5.1.1 <ada@example.com>: unknown", "550 5.1.1 <…>: unknown"),
            ("ada@example.com, bob@example.com", "…, …"),
            ("to=ada@example.com;done", "…;done"),
            ("250 2.0.0 queued as 4XYZ", "250 2.0.0 queued as 4XYZ"),
            ("", ""),
        ] {
            assert_eq!(without_addresses(said), shown);
        }
    }
}
