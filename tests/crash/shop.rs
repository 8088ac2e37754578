//! A shop whose instances crash where a test says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use boxoffice_mailbox::{Mailbox, Options};
use boxoffice_ops::{Rule, Violation, audit};
use boxoffice_tests::audit::Audit;
use boxoffice_tests::mailbox::variables;
use boxoffice_tests::{App, Person, Request, Surroundings, eventually};
use serde_json::{Value, json};

use crate::points::Points;

/// How long an operation may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long nothing may be called before everything counts as done.
const QUIET: Duration = Duration::from_millis(10);
/// The same, where what is still to come would otherwise be left out of a count.
const LONG_QUIET: Duration = Duration::from_millis(150);
/// How far time moves on with each tick that heals, in seconds: what failed is tried again later
/// each time.
const STEP: u64 = 6;

/// The shop and those who use it.
pub(crate) struct Shop {
    pub(crate) app: App,
    pub(crate) points: Arc<Points>,
    pub(crate) seller: Person,
    pub(crate) buyer: Person,
    /// Where its letters end, if it sends any.
    pub(crate) mailbox: Option<Mailbox>,
    count: AtomicUsize,
}

impl Shop {
    /// Opens a shop in which nothing crashes yet.
    pub(crate) async fn open() -> Self {
        Self::open_with(None).await
    }

    /// The same, which sends its letters to a mailbox.
    pub(crate) async fn with_mailbox() -> Self {
        Self::open_with(Some(Mailbox::start(Options::default()).await.unwrap())).await
    }

    async fn open_with(mailbox: Option<Mailbox>) -> Self {
        let points = Arc::new(Points::default());
        let mut around = Surroundings::prepare().await;
        around.faults = Some(points.clone());
        // Some operations wait for a hold to end, over and over.
        around.variables.insert("session_seconds".into(), "31536000".into());
        for (name, value) in mailbox.iter().flat_map(variables) {
            around.variables.insert(name.to_owned(), value);
        }
        // What an instance does first is then done in every run, which the count relies on.
        around.max_instance_reuse = Some(1);
        let app = App::start_in(around).await;
        let (seller, buyer) = tokio::join!(app.sign_up(), app.sign_up());
        // Every service makes its tables.
        app.tick().await;
        Self { app, points, seller, buyer, mailbox, count: AtomicUsize::new(0) }
    }

    /// A word that nobody has used before.
    pub(crate) fn word(&self) -> String {
        format!("w{}", self.count.fetch_add(1, Ordering::Relaxed))
    }

    /// A request that can be repeated.
    pub(crate) fn repeatable(&self, request: Request) -> Request {
        request.key(&self.word())
    }

    /// A listing that everyone knows of.
    pub(crate) async fn listing(&self, quantity: i64) -> Value {
        let wish = json!({ "title": self.word(), "price": 4500, "quantity": quantity });
        let ticket = self.seller.list(wish).await.expect(201);
        self.settled().await;
        ticket
    }

    /// A listing, and an order that holds one of it.
    pub(crate) async fn held(&self) -> (Value, Value) {
        let ticket = self.listing(2).await;
        let order = self.buyer.hold(&ticket).await.expect(201);
        self.settled().await;
        (ticket, order)
    }

    /// Waits until nothing is called any more, whatever is left to do.
    pub(crate) async fn quiet(&self) {
        let mut seen = (self.points.count(), Instant::now());
        while seen.1.elapsed() < QUIET {
            tokio::time::sleep(Duration::from_millis(2)).await;
            let count = self.points.count();
            if count != seen.0 {
                seen = (count, Instant::now());
            }
        }
    }

    /// Waits until everything that was begun is done.
    pub(crate) async fn settled(&self) {
        self.struck_or_quiet(QUIET).await;
    }

    /// Waits until everything that was begun is done, however slowly.
    pub(crate) async fn settled_for_sure(&self) {
        self.struck_or_quiet(LONG_QUIET).await;
    }

    /// Waits until an instance has crashed, or everything that was begun is done: then there is
    /// none.
    pub(crate) async fn struck(&self) -> Option<String> {
        self.struck_or_quiet(LONG_QUIET).await
    }

    async fn struck_or_quiet(&self, quiet: Duration) -> Option<String> {
        let start = Instant::now();
        let mut seen = (self.points.count(), Instant::now());
        loop {
            if let Some(call) = self.points.struck() {
                return Some(call);
            }
            let count = self.points.count();
            if count != seen.0 {
                seen = (count, Instant::now());
            } else if seen.1.elapsed() > quiet && self.left().await.is_empty() {
                return None;
            }
            assert!(start.elapsed() < PATIENCE, "not done: {:?}", self.left().await);
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// What still has to be published, or read.
    async fn left(&self) -> Vec<Violation> {
        let mut violations = audit::pass(&self.app.sources()).await.unwrap();
        let unfinished = [Rule::UnpublishedEvents, Rule::UnreadEvents, Rule::PendingEvents];
        violations.retain(|violation| unfinished.contains(&violation.rule));
        violations
    }

    /// Lets ticks heal the shop until an audit finds nothing but so many dead letters.
    pub(crate) async fn heals(&self, dead_letters: usize) {
        let tick = async || {
            self.app.advance(STEP);
            self.app.tick().await;
        };
        Audit { dead_letters, ..Audit::default() }.heals(&self.app, tick).await;
    }

    /// Waits until everything is done, and has an audit find nothing.
    pub(crate) async fn is_right(&self) {
        self.settled().await;
        let violations = audit::pass(&self.app.sources()).await.unwrap();
        assert!(violations.is_empty(), "{violations:#?}");
    }

    /// Has `work` done, and its events published, while nobody hears a doorbell.
    pub(crate) async fn unheard<T>(&self, work: impl AsyncFnOnce() -> T) -> T {
        self.points.deafen(true);
        let done = work().await;
        let waiting = async || {
            let left = self.left().await;
            left.iter().filter(|violation| violation.rule == Rule::UnpublishedEvents).count()
        };
        eventually("the events are published", waiting, |waiting| *waiting == 0).await;
        self.points.deafen(false);
        done
    }

    /// What Redis answers to a command; empty where that is no text.
    pub(crate) async fn redis(&self, command: &str, arguments: &[&str]) -> String {
        let mut redis = self.app.redis().await;
        let answer: redis::Value =
            redis::cmd(command).arg(arguments).query_async(&mut redis).await.unwrap();
        redis::from_redis_value(answer).unwrap_or_default()
    }

    /// The one number that `sql` answers with.
    pub(crate) fn number(&self, sql: &str, parameter: &str) -> i64 {
        self.app.database().query_row(sql, [parameter], |row| row.get(0)).unwrap()
    }
}
