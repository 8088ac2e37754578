//! The only way to change anything: a unit of work, which is committed as a whole or not at all.

use send_wrapper::SendWrapper;

use crate::cx::Cx;
use crate::db::{self, Again, Error, Lease, Query, Read, Record, Result, Row};
use crate::{Service, outbox};
use boxoffice_contract::Event;
use boxoffice_contract::news::TicketNews;

/// What is changed together, with the events that tell of it.
///
/// The database hears of the transaction with the first statement that cannot wait for the commit:
/// [`Unit::change`] or [`Unit::read_locked`]. From then on the unit has the database's write lock on
/// SQLite, so it must wait for nobody else. On Postgres others are at work at the same time: what a
/// statement reads may be changed before the next one, unless the row is locked by having been
/// changed, or read `FOR UPDATE`.
///
/// A unit of which every statement waits for the commit holds up nobody while it is made up: on
/// SQLite all of it is run in one go, and on Postgres it is a single statement. What it is made up
/// from is read before by the same connection and without a lock. A refusal costs no more than that.
pub struct Unit<'cx> {
    cx: &'cx Cx,
    service: &'static Service,
    is_repeat: bool,
    lease: Option<Lease>,
    required: Vec<Query>,
    inserts: Vec<Query>,
    events: Vec<Event>,
    news: Vec<TicketNews>,
    /// Why the transaction is gone, if it is: whatever is made of the error, the unit runs again.
    failed: Option<Error>,
    /// Whether a statement has committed itself, so that nothing may run again.
    has_committed: bool,
}

/// Runs `work` until it commits or refuses: the only retry loop in the shop. A unit that was
/// overtaken, or undone by another one or with its connection, runs again. So `work` may do nothing
/// that must not be repeated, but by its unit.
///
/// # Errors
/// What `work` refuses, after which nothing has changed; what the database says. With
/// [`Error::Lost`] it is not known whether anything has.
pub async fn run<T, R: From<Error>>(
    cx: &Cx,
    service: &'static Service,
    work: impl AsyncFn(&mut Unit<'_>) -> Result<T, R>,
) -> Result<T, R> {
    let mut is_repeat = false;
    SendWrapper::new(db::retry(async || {
        let mut unit = Unit::new(cx, service, std::mem::replace(&mut is_repeat, true));
        let outcome = match work(&mut unit).await {
            Ok(value) => unit.commit().await.map(|()| value).map_err(R::from),
            Err(refusal) => Err(refusal),
        };
        outcome.map_err(|refusal| (refusal, unit.again()))
    }))
    .await
}

/// Runs a unit of one statement, and returns the first row that it answers with. It commits itself.
///
/// # Errors
/// What the database says, as of [`run`].
pub async fn change<T: Row>(cx: &Cx, service: &'static Service, query: Query) -> Result<Option<T>> {
    run(cx, service, async |unit| unit.change_alone(query.clone()).await).await
}

/// Runs a unit of one statement, and returns all rows that it answers with. It commits itself.
///
/// # Errors
/// What the database says, as of [`run`].
pub async fn change_all<T: Row>(
    cx: &Cx,
    service: &'static Service,
    query: Query,
) -> Result<Vec<T>> {
    run(cx, service, async |unit| db::rows(&unit.alone(&query).await?)).await
}

impl<'cx> Unit<'cx> {
    fn new(cx: &'cx Cx, service: &'static Service, is_repeat: bool) -> Self {
        Self {
            cx,
            service,
            is_repeat,
            lease: None,
            required: Vec::new(),
            inserts: Vec::new(),
            events: Vec::new(),
            news: Vec::new(),
            failed: None,
            has_committed: false,
        }
    }

    /// Whether the unit runs again. What was read before the first time may have changed.
    #[must_use]
    pub const fn is_repeat(&self) -> bool {
        self.is_repeat
    }

    /// Runs a statement that changes rows now, and returns the first row that it answers with: by
    /// `RETURNING`, whether a guarded one changed anything.
    ///
    /// # Errors
    /// What the database says.
    pub async fn change<T: Row>(&mut self, query: Query) -> Result<Option<T>> {
        Ok(self.change_all(query).await?.into_iter().next())
    }

    /// Runs a statement that changes rows now, and returns all rows that it answers with.
    ///
    /// # Errors
    /// What the database says.
    pub async fn change_all<T: Row>(&mut self, query: Query) -> Result<Vec<T>> {
        db::rows(&self.within(&query).await?)
    }

    /// Runs the only statement of a unit, and returns the first row that it answers with. It needs
    /// no transaction, since it commits itself. What comes after it is not part of the unit: it
    /// may read, or change something by another such statement that nobody relies on.
    ///
    /// # Errors
    /// What the database says.
    pub async fn change_alone<T: Row>(&mut self, query: Query) -> Result<Option<T>> {
        self.alone(&query).await?.first().map(T::read).transpose()
    }

    /// Reads rows that `query`, a `SELECT … FOR UPDATE`, locks until the unit ends.
    ///
    /// # Errors
    /// What the database says.
    pub async fn read_locked<T: Row>(&mut self, query: Query) -> Result<Vec<T>> {
        self.change_all(query).await
    }

    /// Locks the rows that `query`, a `SELECT … FOR UPDATE`, names until the unit ends. On SQLite
    /// the unit has the only lock that there is as soon as it changes something.
    ///
    /// # Errors
    /// What the database says.
    pub async fn lock(&mut self, query: Query) -> Result<()> {
        if self.lease().await?.locks_rows() {
            self.within(&query).await?;
        }
        Ok(())
    }

    /// Queues an `UPDATE` without `RETURNING`, which the commit runs before what is inserted. It has
    /// to change a row, or the unit is overtaken and runs again. It must not be about a row that
    /// another statement of the unit changes.
    ///
    /// There is no way to say which refusal a lost race becomes: on Postgres a commit is one
    /// statement, which does not tell what has failed it. `work` sees what has changed when it runs
    /// again, and refuses for that.
    pub fn require(&mut self, query: Query) {
        self.required.push(query.returning("1 AS changed"));
    }

    /// Queues an `INSERT`, which the commit runs with the others of its kind. It must not depend on
    /// them, and nothing may want to read it before.
    pub fn insert(&mut self, query: Query) {
        self.inserts.push(query);
    }

    /// Queues `event`. It is stored by the same commit, published after it, and carries the trace.
    pub fn emit(&mut self, event: Event) {
        self.events.push(event.caused_by(self.cx.trace()));
    }

    /// Queues `news` for the pages that are open. It is told after the commit, if all goes well.
    pub fn tell(&mut self, news: TicketNews) {
        self.news.push(news);
    }

    /// Makes the unit run again, since a row that it was based on has changed.
    pub fn overtaken(&mut self, by: &str) -> Error {
        let error = Error::Overtaken(by.to_owned());
        self.failed = Some(error.clone());
        error
    }

    /// Gives the connection back before a call to somebody else, or many units that each hold one
    /// while others need one to answer would wait for ever. A unit that has begun must call nobody.
    pub fn release(&mut self) {
        let has_begun = self.lease.as_ref().is_some_and(Lease::has_begun);
        debug_assert!(!has_begun, "a unit that has begun must call nobody");
        if !has_begun {
            self.lease = None;
        }
    }

    async fn lease(&mut self) -> Result<&mut Lease> {
        db::open(self.service, &mut self.lease).await
    }

    /// Runs a statement within the transaction, which begins with it at the latest.
    async fn within(&mut self, query: &Query) -> Result<Vec<Record>> {
        self.check_open()?;
        let lease = self.lease().await?;
        let outcome = match lease.begin().await {
            Ok(()) => lease.query(query.sql(), &query.params).await,
            Err(error) => Err(error),
        };
        self.note(outcome.map_err(Error::before_commit))
    }

    /// Runs a statement that commits itself.
    async fn alone(&mut self, query: &Query) -> Result<Vec<Record>> {
        if self.has_changes() {
            return Err(Error::Failed(format!("it is not alone in its unit: {}", query.sql())));
        }
        let outcome = self.lease().await?.query(query.sql(), &query.params).await;
        let records = self.note(outcome)?;
        // A guarded statement that found nothing to change has committed nothing.
        let has_changed = !(records.is_empty() && query.sql().contains(" RETURNING "));
        self.has_committed |= has_changed;
        Ok(records)
    }

    /// Whether there is anything to commit.
    pub(crate) fn has_changes(&self) -> bool {
        let is_queued =
            !(self.required.is_empty() && self.inserts.is_empty() && self.events.is_empty());
        is_queued || self.lease.as_ref().is_some_and(Lease::has_begun)
    }

    fn check_open(&self) -> Result<()> {
        if self.has_committed {
            return Err(Error::Failed("the unit has committed already".to_owned()));
        }
        Ok(())
    }

    /// Keeps in mind what has failed the transaction.
    fn note<T>(&mut self, outcome: Result<T>) -> Result<T> {
        outcome.inspect_err(|error| {
            if Again::after(error) != Again::Never {
                self.failed = Some(error.clone());
            }
        })
    }

    /// What another run may come to, after one that failed.
    fn again(&self) -> Again {
        match &self.failed {
            Some(error) if !self.has_committed => Again::after(error),
            _ => Again::Never,
        }
    }

    /// Commits, and has the events published and the news told soon after.
    async fn commit(&mut self) -> Result<()> {
        if let Some(error) = self.failed.clone() {
            return Err(error);
        }
        let events = std::mem::take(&mut self.events);
        self.inserts.extend(outbox::store(self.service, &events)?);
        if self.has_changes() {
            self.check_open()?;
            let (required, inserts) =
                (std::mem::take(&mut self.required), std::mem::take(&mut self.inserts));
            let outcome = self.lease().await?.commit(&required, &inserts).await;
            self.note(outcome)?;
        }
        // Given back before anything else is done.
        self.lease = None;
        outbox::keep(events, std::mem::take(&mut self.news));
        Ok(())
    }
}

impl Read for Unit<'_> {
    /// Reads by the unit's connection. Before the transaction begins that takes no lock: what it
    /// answers with may not be so any more at the commit, unless [`Unit::require`] makes sure.
    async fn read_all<T: Row>(&mut self, query: Query) -> Result<Vec<T>> {
        let outcome = self.lease().await?.query(query.sql(), &query.params).await;
        db::rows(&self.note(outcome.map_err(Error::before_commit))?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use futures::FutureExt as _;

    use super::*;
    use crate::db::fake::{self, answer, asked};
    use crate::query;

    static SERVICE: Service = Service { name: "shop", db_url: "", migrations: &[] };

    fn outcome<T, R: From<Error>>(
        work: impl AsyncFn(&mut Unit<'_>) -> Result<T, R>,
    ) -> Result<T, R> {
        run(Cx::NONE, &SERVICE, work).now_or_never().unwrap()
    }

    fn some() -> Result<Vec<Record>> {
        Ok(vec![fake::row(1)])
    }

    fn none() -> Result<Vec<Record>> {
        Ok(Vec::new())
    }

    const GUARD: &str = "UPDATE a RETURNING 1 AS changed";

    #[test]
    fn what_is_queued_waits_for_the_commit_and_guards_come_first() {
        answer([some(), some()]);
        let done = outcome::<_, Error>(async |unit| {
            unit.insert(query!("INSERT b"));
            unit.require(query!("UPDATE a"));
            unit.read::<(i64,)>(query!("SELECT c")).await
        });
        assert_eq!(done.unwrap(), Some((1,)));
        assert_eq!(asked(), ["open", "SELECT c", GUARD, "INSERT b", "COMMIT", "close"]);
    }

    #[test]
    fn a_change_begins_the_transaction_and_a_refusal_undoes_it() {
        answer([some()]);
        let refused = outcome::<(), anyhow::Error>(async |unit| {
            unit.change::<()>(query!("UPDATE a")).await?;
            unit.change::<()>(query!("UPDATE b")).await?;
            anyhow::bail!("no")
        });
        assert_eq!(refused.unwrap_err().to_string(), "no");
        assert_eq!(asked(), ["open", "BEGIN", "UPDATE a", "UPDATE b", "ROLLBACK"]);
    }

    #[test]
    fn a_refusal_after_reading_begins_nothing() {
        answer([none()]);
        let refused = outcome::<(), anyhow::Error>(async |unit| {
            match unit.read::<()>(query!("SELECT a")).await? {
                None => anyhow::bail!("there is none"),
                Some(()) => Ok(()),
            }
        });
        assert!(refused.is_err());
        assert_eq!(asked(), ["open", "SELECT a", "close"]);
    }

    #[test]
    fn an_overtaken_unit_runs_again_and_sees_what_has_changed() {
        answer([some(), none(), none()]);
        let done = outcome::<_, anyhow::Error>(async |unit| {
            if unit.read::<()>(query!("SELECT a")).await?.is_none() {
                return Ok("gone");
            }
            unit.require(query!("UPDATE a"));
            Ok("held")
        });
        assert_eq!(done.unwrap(), "gone");
        let first = ["open", "SELECT a", GUARD, "close"];
        assert_eq!(asked(), [&first[..], &["open", "SELECT a", "close"]].concat());
    }

    #[test]
    fn a_unit_that_is_always_overtaken_fails_in_the_end() {
        answer([]);
        let done = outcome::<(), Error>(async |unit| {
            unit.require(query!("UPDATE a"));
            Ok(())
        });
        assert!(matches!(done, Err(Error::Overtaken(_))));
        assert_eq!(asked().iter().filter(|what| *what == GUARD).count(), 5);
    }

    #[test]
    fn what_is_overtaken_runs_again_whatever_is_made_of_it() {
        answer([]);
        let tries = std::cell::Cell::new(0);
        let done = outcome::<_, Error>(async |unit| {
            tries.set(tries.get() + 1);
            if tries.get() == 1 {
                unit.overtaken("somebody");
            }
            Ok(tries.get())
        });
        assert_eq!(done.unwrap(), 2);
        assert!(asked().is_empty(), "who does nothing needs no connection");
    }

    #[test]
    fn a_lone_statement_commits_itself() {
        answer([some(), some()]);
        let changed = change::<(i64,)>(Cx::NONE, &SERVICE, query!("UPDATE a"));
        assert_eq!(changed.now_or_never().unwrap().unwrap(), Some((1,)));
        assert_eq!(asked(), ["open", "UPDATE a", "close"]);
        let all = change_all::<(i64,)>(Cx::NONE, &SERVICE, query!("UPDATE b"));
        assert_eq!(all.now_or_never().unwrap().unwrap(), [(1,)]);
    }

    #[test]
    fn a_lone_statement_has_nothing_beside_it() {
        answer([]);
        let queued = outcome::<(), Error>(async |unit| {
            unit.insert(query!("INSERT a"));
            unit.change_alone::<()>(query!("UPDATE a")).await.map(drop)
        });
        assert!(queued.is_err() && asked().is_empty());
        answer([some()]);
        let after = outcome::<(), Error>(async |unit| {
            unit.change_alone::<()>(query!("UPDATE a")).await?;
            unit.insert(query!("INSERT a"));
            Ok(())
        });
        assert!(matches!(after, Err(Error::Failed(_))));
        assert_eq!(asked(), ["open", "UPDATE a", "close"]);
    }

    #[test]
    fn what_has_committed_does_not_run_again() {
        answer([some(), Err(Error::Undone("deadlock".to_owned()))]);
        let done = outcome::<(), Error>(async |unit| {
            unit.change_alone::<()>(query!("UPDATE a")).await?;
            unit.change_alone::<()>(query!("DELETE b")).await.map(drop)
        });
        assert!(matches!(done, Err(Error::Undone(_))));
        assert_eq!(asked(), ["open", "UPDATE a", "DELETE b", "close"]);
    }

    #[test]
    fn a_lone_statement_that_changed_nothing_may_run_again() {
        answer([none(), some()]);
        let done = outcome::<_, Error>(async |unit| {
            let changed = unit.change_alone::<()>(query!("UPDATE a RETURNING b")).await?;
            changed.ok_or_else(|| unit.overtaken("somebody"))?;
            Ok(unit.is_repeat())
        });
        assert!(done.unwrap());
    }

    #[test]
    fn a_lost_answer_of_a_lone_statement_is_not_asked_for_again() {
        answer([Err(Error::Lost("gone".to_owned()))]);
        let lost = change::<()>(Cx::NONE, &SERVICE, query!("UPDATE a")).now_or_never().unwrap();
        assert!(matches!(lost, Err(Error::Lost(_))));
    }

    #[test]
    fn a_connection_is_given_back_before_somebody_is_called() {
        answer([some()]);
        let done = outcome::<(), Error>(async |unit| {
            unit.read::<()>(query!("SELECT a")).await?;
            unit.release();
            unit.insert(query!("INSERT a"));
            Ok(())
        });
        done.unwrap();
        assert_eq!(asked(), ["open", "SELECT a", "close", "open", "INSERT a", "COMMIT", "close"]);
    }
}
