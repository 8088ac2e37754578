//! Everybody who uses a shop, from the first thing that is done to it to the last.

use std::process::Output;
use std::sync::Arc;
use std::time::{Duration, Instant};

use boxoffice_tests::Person;
use futures::future::join_all;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::people::shopper::{self, Market, Shopper};
use crate::process::stderr;

/// How long the shop may take to come to rest. Holds run out by then, and the minute is over after
/// which a payment is given up that was cut off before it reached the provider.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(100);

/// The shop that they use, as far as it is looked into.
pub(crate) trait Shop {
    /// Runs the operators' audit, which has no patience of its own: that would let pass what is never
    /// the same for long.
    fn audited(&self) -> Output;

    /// The provider's whole ledger.
    async fn intents(&self) -> Vec<Value>;

    /// Ends the test.
    fn fail(&self, why: &str) -> !;

    /// Waits until the audit finds nothing at all.
    async fn audit(&self) {
        let start = Instant::now();
        loop {
            let output = self.audited();
            if output.status.code() == Some(0) {
                return;
            }
            if start.elapsed() > PATIENCE {
                let found = String::from_utf8_lossy(&output.stdout);
                self.fail(&format!("the audit: {}\n{found}{}", output.status, stderr(&output)));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Those who use it, and what they know together.
pub(crate) struct Crowd {
    shoppers: Vec<Shopper>,
    market: Arc<Market>,
}

/// People at work.
pub(crate) type Using = Vec<JoinHandle<Shopper>>;

/// What has been done by requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Done {
    /// Those that were answered.
    pub(crate) answered: usize,
    /// Of those, how many were to be asked again.
    pub(crate) put_off: usize,
    /// Those that got no answer.
    pub(crate) cut_off: usize,
}

impl Crowd {
    /// So many who have signed up.
    pub(crate) async fn of(people: impl IntoIterator<Item = impl Future<Output = Person>>) -> Self {
        let market = Arc::new(Market::default());
        let people = join_all(people).await.into_iter();
        let shoppers = people.map(|person| Shopper::new(person, Arc::clone(&market))).collect();
        Self { shoppers, market }
    }

    /// Sends everybody shopping.
    pub(crate) fn begins(&mut self) -> Using {
        self.market.opens();
        self.shoppers.drain(..).map(|shopper| tokio::spawn(shopper.uses_the_shop())).collect()
    }

    /// Nobody begins anything new.
    pub(crate) fn leaves(&self) {
        self.market.closes();
    }

    /// Waits for everybody who was sent.
    pub(crate) async fn is_back(&mut self, using: Using, shop: &impl Shop) {
        for shopper in join_all(using).await {
            self.shoppers.push(shopper.unwrap_or_else(|_| shop.fail("a shopper gave up")));
        }
    }

    /// What has been done so far.
    pub(crate) fn done(&self) -> Done {
        let market = &self.market;
        Done { answered: market.answered(), put_off: market.put_off(), cut_off: market.cut_off() }
    }

    /// What has been done since it was so much.
    pub(crate) fn done_since(&self, before: Done) -> Done {
        let now = self.done();
        let done = Done {
            answered: now.answered - before.answered,
            put_off: now.put_off - before.put_off,
            cut_off: now.cut_off - before.cut_off,
        };
        assert!(done.answered > 0, "nobody got anything done");
        done
    }

    /// Everything that must hold after something was done to the shop; how long it took until the
    /// audit found nothing.
    pub(crate) async fn are_served_right(&mut self, shop: &impl Shop) -> Duration {
        // At once: what was answered was committed.
        self.keep_to(shop, Shopper::promises_broken).await;
        join_all(self.shoppers.iter_mut().map(Shopper::gets_answers)).await;
        let start = Instant::now();
        shop.audit().await;
        let took = start.elapsed();
        self.is_right(shop).await;
        took
    }

    /// Holds run out, and all is still as it was promised, from the first on.
    pub(crate) async fn ends(&mut self, shop: &impl Shop) {
        for shopper in &self.shoppers {
            shopper.sees_all_holds_end().await;
        }
        shop.audit().await;
        for shopper in &mut self.shoppers {
            shopper.remembers_everything();
        }
        self.keep_to(shop, Shopper::promises_broken).await;
        self.is_right(shop).await;
    }

    /// What must hold in a shop that has come to rest: every promise, and nothing done twice.
    async fn is_right(&self, shop: &impl Shop) {
        let intents = shop.intents().await;
        let listings = shopper::listings(&self.shoppers[0]).await;
        self.keep_to(shop, async |shopper| shopper.settled_broken(&intents).await).await;
        is_none(shop, &self.market.unexpected(&listings));
    }

    async fn keep_to(&self, shop: &impl Shop, look: impl AsyncFn(&Shopper) -> Vec<String>) {
        let broken = join_all(self.shoppers.iter().map(|shopper| look(shopper))).await;
        is_none(shop, &broken.into_iter().flatten().collect::<Vec<_>>());
    }
}

fn is_none(shop: &impl Shop, broken: &[String]) {
    if !broken.is_empty() {
        shop.fail(&broken.join("\n"));
    }
}
