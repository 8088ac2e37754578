//! Card testing: who tries stolen cards here, to see which of them work.
//!
//! Every attempt is counted before anything is asked of the provider, and the count is taken back when
//! it brings money. What stays counted are declines, and attempts that were begun and never confirmed
//! (3-D Secure). A guarded statement counts, in the transaction that stores the attempt: many at once
//! are counted one after the other, and none passes a limit unseen.
//!
//! A listing is counted otherwise: its seller may be the accomplice, and cards are tested by many
//! accounts from many addresses. Only what failed counts, and each sale takes one count back, so a big
//! sale whose payments are mostly good is never stopped. What is under way at the same moment may pass
//! this limit; each of those counts for its account and its client.

use boxoffice_contract::{TicketId, UserId};
use boxoffice_kernel::db::{self, Query, Read, Value};
use boxoffice_kernel::{Cx, Timestamp, Unit, query, unit};

use crate::SERVICE;
use crate::machine::State;
use crate::payment::Payment;
use crate::refusal::{Refusal, Result};

/// A window's length, in seconds: short enough for a buyer who comes back, long enough that a list of
/// thousands of cards is of no use.
const WINDOW: i64 = 60 * 60;

/// How often attempts may fail within a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// For an account. A buyer has a few cards, and mistypes some: ten failures are two orders' worth.
    Account,
    /// For a client's address. A campus or a mobile operator has many buyers behind one, and in a sale
    /// that begins some dozens of them are at their banks at the same time.
    Client,
    /// For a listing: by so many the failures are more than the sales.
    Listing,
}

impl Limit {
    /// What it is called in the database and in the log.
    const fn name(self) -> &'static str {
        match self {
            Self::Account => "declines of an account",
            Self::Client => "declines of a client",
            Self::Listing => "declines of a listing",
        }
    }

    const fn allowed(self) -> i64 {
        match self {
            Self::Account => 10,
            Self::Client => 60,
            Self::Listing => 50,
        }
    }
}

/// A limit as it holds for one account, client or listing.
#[derive(Clone, Debug)]
pub(crate) struct Counter {
    limit: Limit,
    key: String,
}

impl Counter {
    pub(crate) fn of(limit: Limit, key: impl ToString) -> Self {
        Self { limit, key: key.to_string() }
    }
}

/// Who makes an attempt, and for what.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) account: UserId,
    /// Empty if clients cannot be told apart.
    pub(crate) client: String,
    pub(crate) listing: TicketId,
}

/// Counts an attempt.
///
/// # Errors
/// When too many failed lately: then nothing may be asked of the provider.
pub(crate) async fn admit(unit: &mut Unit<'_>, attempt: &Attempt) -> Result<()> {
    let now = Timestamp::now();
    let counters = counters(attempt.account, &attempt.client);
    let mut all = counters.clone();
    all.push(Counter::of(Limit::Listing, attempt.listing));
    refuse_if_met(unit, &all, now).await?;
    let counted: Vec<(String,)> = unit.change_all(counting(&counters, now, RETURNING)).await?;
    if counted.len() < counters.len() {
        // Others were counted since.
        refuse_if_met(unit, &all, now).await?;
    }
    Ok(())
}

async fn refuse_if_met(unit: &mut Unit<'_>, all: &[Counter], now: Timestamp) -> Result<()> {
    let windows: Vec<(String, i64, Timestamp)> = unit.read_all(looking(all)).await?;
    for (name, used, ends) in windows {
        let counter = all.iter().find(|counter| counter.limit.name() == name);
        let Some(Counter { limit, key }) = counter.cloned() else { continue };
        if used >= limit.allowed() && ends > now {
            let seconds = (ends.as_millis() - now.as_millis() + 999) / 1_000;
            return Err(Refusal::TooManyDeclines(Met { limit, key, seconds }));
        }
    }
    Ok(())
}

/// Queues what becomes of the counts of an attempt that was waiting and comes to `state`.
pub(crate) fn note(unit: &mut Unit<'_>, attempt: &Payment, state: State) {
    if !attempt.state.is_waiting() || state.is_waiting() {
        return;
    }
    let now = Timestamp::now();
    let listing = attempt.ticket_id.map(|ticket| Counter::of(Limit::Listing, ticket));
    if matches!(state, State::Declined | State::Open | State::Voided) {
        if let Some(listing) = listing {
            unit.insert(counting(&[listing], now, ""));
        }
        return;
    }
    // An attempt that an older replica began was not counted.
    let counted = attempt.client.as_ref().map(|client| counters(attempt.buyer_id, client));
    let counters: Vec<Counter> = counted.into_iter().flatten().chain(listing).collect();
    if !counters.is_empty() {
        unit.insert(releasing(&counters, now));
    }
}

/// Forgets windows that have ended.
pub(crate) async fn tick(cx: &Cx) -> db::Result<()> {
    unit::change::<()>(cx, &SERVICE, forgetting(Timestamp::now())).await.map(drop)
}

/// What limits an attempt is counted under. They come in one order, or two transactions could wait for
/// each other.
fn counters(account: UserId, client: &str) -> Vec<Counter> {
    let account = Counter::of(Limit::Account, account);
    let client = (!client.is_empty()).then(|| Counter::of(Limit::Client, client));
    std::iter::once(account).chain(client).collect()
}

/// Returns the client who asks; empty if clients cannot be told apart. That is so, too, where all come
/// by a proxy on this machine that is not trusted: one who tests cards would stop all others.
pub(crate) fn client(cx: &Cx) -> String {
    let is_shared = cx.client().is_none_or(|address| address.to_canonical().is_loopback());
    if is_shared { String::new() } else { cx.client_bucket() }
}

/// Makes a statement that counts answer with what it counted.
pub(crate) const RETURNING: &str = " RETURNING name";

/// Counts under the limits that have room. A window that has ended begins again.
pub(crate) fn counting(counters: &[Counter], now: Timestamp, returning: &str) -> Query {
    let row = |at: usize| format!("(?{}, ?{}, 1, ?{}, ?2)", at + 3, at + 4, at + 5);
    let rows: Vec<String> = (0..counters.len()).map(|counter| row(3 * counter)).collect();
    let rows = rows.join(", ");
    let values = counters.iter().flat_map(|Counter { limit, key }| {
        [Value::from(limit.name()), Value::from(key.as_str()), Value::from(limit.allowed())]
    });
    query!(
        "INSERT INTO payments_limits (name, key, used, allowed, window_ends_at) VALUES {rows} \
         ON CONFLICT (name, key) DO UPDATE SET allowed = excluded.allowed, \
         used = CASE WHEN payments_limits.window_ends_at <= ?1 THEN 1 \
         ELSE payments_limits.used + 1 END, \
         window_ends_at = CASE WHEN payments_limits.window_ends_at <= ?1 \
         THEN excluded.window_ends_at ELSE payments_limits.window_ends_at END \
         WHERE payments_limits.used < excluded.allowed \
         OR payments_limits.window_ends_at <= ?1{returning}",
        now,
        now.plus_seconds(WINDOW)
    )
    .bind_all(values)
}

/// Takes one count back of each. It is an insert, as the commit of a move needs it; a row that is new
/// counts nothing, and its window has ended.
pub(crate) fn releasing(counters: &[Counter], now: Timestamp) -> Query {
    let row = |at: usize| format!("(?{}, ?{}, 0, ?{}, ?1)", at + 2, at + 3, at + 4);
    let rows: Vec<String> = (0..counters.len()).map(|counter| row(3 * counter)).collect();
    let rows = rows.join(", ");
    let values = counters.iter().flat_map(|Counter { limit, key }| {
        [Value::from(limit.name()), Value::from(key.as_str()), Value::from(limit.allowed())]
    });
    query!(
        "INSERT INTO payments_limits (name, key, used, allowed, window_ends_at) VALUES {rows} \
         ON CONFLICT (name, key) DO UPDATE SET used = CASE WHEN payments_limits.used > 0 \
         THEN payments_limits.used - 1 ELSE 0 END",
        now
    )
    .bind_all(values)
}

/// Finds the windows of these counters.
pub(crate) fn looking(counters: &[Counter]) -> Query {
    let one = |at: usize| format!("name = ?{} AND key = ?{}", at + 1, at + 2);
    let which: Vec<String> = (0..counters.len()).map(|counter| one(2 * counter)).collect();
    let which = which.join(" OR ");
    let values = counters.iter().flat_map(|Counter { limit, key }| [limit.name(), key.as_str()]);
    query!("SELECT name, used, window_ends_at FROM payments_limits WHERE {which}").bind_all(values)
}

pub(crate) fn forgetting(now: Timestamp) -> Query {
    query!("DELETE FROM payments_limits WHERE window_ends_at <= ?1", now)
}

/// A limit that is used up.
#[derive(Clone, Debug)]
pub(crate) struct Met {
    pub(crate) limit: Limit,
    /// Who is limited.
    pub(crate) key: String,
    /// In how many seconds the window ends.
    pub(crate) seconds: i64,
}

impl Met {
    /// What the buyer is told: what happened, and what they can do.
    pub(crate) fn sentence(&self) -> String {
        let whose = match self.limit {
            Limit::Account => "Too many of your payments were declined or left unfinished",
            Limit::Client => "Too many payments from your network were declined or left unfinished",
            Limit::Listing => "Too many payments for these tickets were declined",
        };
        let minutes = (self.seconds + 59) / 60;
        let unit = if minutes == 1 { "minute" } else { "minutes" };
        format!(
            "{whose}. You were not charged. Try again in {minutes} {unit}, perhaps with another \
             card. Your hold may end before that; then hold tickets again"
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use boxoffice_schema as schema;
    use rusqlite::{Connection, params};

    use super::*;

    fn database() -> Connection {
        let database = Connection::open_in_memory().unwrap();
        let mut all = vec![schema::versions_table(&SERVICE)];
        all.extend(schema::upgrade(&SERVICE, 0, 0));
        database.execute_batch(&all.join(";\n")).unwrap();
        database
    }

    /// Counts one failure of an account at `now`, in seconds. Returns whether there was room.
    fn counts(database: &Connection, now: i64) -> bool {
        let at = Timestamp::from_millis(now * 1_000);
        let sql = counting(&[Counter::of(Limit::Account, "a")], at, RETURNING);
        let (name, allowed) = (Limit::Account.name(), Limit::Account.allowed());
        let ends = at.plus_seconds(WINDOW).as_millis();
        let values = params![at.as_millis(), ends, name, "a", allowed];
        database.prepare(sql.sql()).unwrap().exists(values).unwrap()
    }

    fn releases(database: &Connection) {
        let at = Timestamp::from_millis(0);
        let sql = releasing(&[Counter::of(Limit::Account, "a")], at);
        let (name, allowed) = (Limit::Account.name(), Limit::Account.allowed());
        database.execute(sql.sql(), params![0, name, "a", allowed]).unwrap();
    }

    #[test]
    fn a_window_has_so_many_failures_and_begins_again() {
        let database = database();
        for _ in 0..2 {
            // Nothing was counted yet: there is nothing to take back.
            releases(&database);
        }
        for _ in 0..Limit::Account.allowed() {
            assert!(counts(&database, 7));
        }
        assert!(!counts(&database, 7) && !counts(&database, 6 + WINDOW));
        releases(&database);
        assert!(counts(&database, 8) && !counts(&database, 8), "one brought money");
        assert!(counts(&database, 7 + WINDOW), "the window has ended");
    }

    #[test]
    fn each_limit_says_whose_it_is_and_when_it_ends() {
        for (limit, whose, seconds, time) in [
            (Limit::Account, "of your payments", 3_600, "in 60 minutes,"),
            (Limit::Client, "from your network", 61, "in 2 minutes,"),
            (Limit::Listing, "for these tickets", 60, "in 1 minute,"),
        ] {
            let told = Met { limit, key: String::new(), seconds }.sentence();
            assert!(told.contains(whose) && told.contains(time), "{told}");
        }
    }

    #[test]
    fn an_attempt_counts_for_its_account_and_its_client() {
        let limits = |client| -> Vec<Limit> {
            counters(UserId::nil(), client).iter().map(|counter| counter.limit).collect()
        };
        assert_eq!(limits("198.51.100.7"), [Limit::Account, Limit::Client]);
        assert_eq!(limits(""), [Limit::Account]);
    }
}
