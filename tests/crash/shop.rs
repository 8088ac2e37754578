//! A shop whose instances crash where a test says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use boxoffice_tests::{App, Person, Request, Surroundings};
use serde_json::{Value, json};

use crate::points::Points;

/// How long an operation may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long nothing may happen before everything counts as done.
const QUIET: Duration = Duration::from_millis(60);

/// The shop and those who use it.
pub(crate) struct Shop {
    pub(crate) app: App,
    pub(crate) points: Arc<Points>,
    pub(crate) seller: Person,
    pub(crate) buyer: Person,
    count: AtomicUsize,
}

impl Shop {
    /// Opens a shop in which nothing crashes yet.
    pub(crate) async fn open() -> Self {
        let points = Arc::new(Points::default());
        let mut around = Surroundings::prepare().await;
        around.faults = Some(points.clone());
        // What an instance does first is then done in every run, which the count relies on.
        around.max_instance_reuse = Some(1);
        let app = App::start_in(around).await;
        let (seller, buyer) = tokio::join!(app.sign_up(), app.sign_up());
        Self { app, points, seller, buyer, count: AtomicUsize::new(0) }
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

    /// Waits until an instance has crashed, or everything that was begun is done.
    pub(crate) async fn struck_or_settled(&self) -> Option<String> {
        let start = Instant::now();
        let mut seen = (self.points.count(), Instant::now());
        loop {
            if let Some(call) = self.points.struck() {
                return Some(call);
            }
            let count = self.points.count();
            if count != seen.0 {
                seen = (count, Instant::now());
            } else if seen.1.elapsed() > QUIET && self.left().await.is_empty() {
                return None;
            }
            assert!(start.elapsed() < PATIENCE, "not done: {:?}", self.left().await);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until everything that was begun is done.
    pub(crate) async fn settled(&self) {
        self.struck_or_settled().await;
    }

    /// What still has to be published, or read.
    async fn left(&self) -> BTreeMap<String, i64> {
        let mut left = BTreeMap::new();
        for stream in crate::bus::STREAMS {
            for (group, count) in crate::bus::unread(&self.app, stream).await {
                if count > 0 {
                    left.insert(format!("{stream} for {group}"), count as i64);
                }
            }
        }
        let database = self.app.database();
        for service in ["tickets", "orders", "payments", "expiration"] {
            let sql = format!("SELECT COUNT(*) FROM {service}_outbox WHERE published_at IS NULL");
            // A service that has not been used yet has no tables.
            let count = database.query_row(&sql, [], |row| row.get(0)).unwrap_or(0);
            if count > 0 {
                left.insert(format!("the outbox of {service}"), count);
            }
        }
        left
    }

    /// Lets ticks heal the shop until an audit finds nothing.
    pub(crate) async fn heals(&self) {
        crate::audit::audit(&self.app).await;
    }

    /// The one number that `sql` answers with.
    pub(crate) fn number(&self, sql: &str, parameter: &str) -> i64 {
        self.app.database().query_row(sql, [parameter], |row| row.get(0)).unwrap()
    }
}
