//! `kill -9` of the whole shop while people use it, and a new start on the same folder, again and
//! again: `boxoffice up` with the real components, a Redis and a payment sandbox of its own, the
//! real clock and the real tick.
//!
//! | module | holds |
//! |---|---|
//! | `shop` | the process: started, killed, audited |
//! | `people` | those who use it |
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../people/mod.rs"]
mod people;
#[path = "../process/mod.rs"]
mod process;
mod shop;

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use boxoffice_tests::Person;
use futures::future::join_all;
use rand::RngExt;

use crate::people::shopper::{self, Market, Shopper};
use crate::shop::Shop;

/// How often the shop is killed.
const ROUNDS: usize = 10;
/// How many people use it at a time.
const SHOPPERS: usize = 12;

/// What is done to the data folder between the kill and the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    Nothing,
    /// Redis's data is deleted.
    Redis,
}

struct Run {
    shop: Shop,
    market: Arc<Market>,
    shoppers: Vec<Shopper>,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_shop_keeps_its_word() {
    let mut run = Run::open().await;
    for round in 1..=ROUNDS {
        run.round(&format!("round {round}"), Loss::Nothing).await;
    }
    run.round("Redis lost", Loss::Redis).await;
    run.ends().await;
}

impl Run {
    async fn open() -> Self {
        let shop = Shop::open();
        let market = Arc::new(Market::default());
        let people = (0..SHOPPERS).map(|_| Person::new(shop.address()).signed_up());
        let people = join_all(people).await.into_iter();
        let shoppers = people.map(|person| Shopper::new(person, Arc::clone(&market))).collect();
        Self { shop, market, shoppers }
    }

    /// Load, kill, start, and everything that must hold then.
    async fn round(&mut self, name: &str, loss: Loss) {
        let start = Instant::now();
        let load = Duration::from_millis(rand::rng().random_range(500..2_500));
        let (answered, cut_off) = self.is_killed_after(load).await;
        if loss == Loss::Redis {
            self.shop.lose_redis();
        }
        let started = Instant::now();
        self.shop.start();
        let started = started.elapsed();

        // At once: what was answered was committed.
        self.keep_their_word(Shopper::promises_broken).await;
        join_all(self.shoppers.iter_mut().map(Shopper::gets_answers)).await;
        let audited = Instant::now();
        self.shop.audit().await;
        let audited = audited.elapsed();
        self.is_right().await;
        // Past the capture of output: it is to be seen of a suite that passes, too.
        let _ = writeln!(
            std::io::stderr(),
            "{name}: killed after {:.1} s; {answered} requests answered, {cut_off} cut off; \
             ready after {:.1} s, audit clean after {:.1} s more; {:.1} s in all",
            load.as_secs_f64(),
            started.as_secs_f64(),
            audited.as_secs_f64(),
            start.elapsed().as_secs_f64(),
        );
    }

    /// People use the shop for this long, then it is killed; how many requests it has answered in
    /// that time, and how many it was at when it died.
    async fn is_killed_after(&mut self, load: Duration) -> (usize, usize) {
        self.market.opens();
        let before = self.market.answered();
        let using = self.shoppers.drain(..).map(|shopper| tokio::spawn(shopper.uses_the_shop()));
        let using: Vec<_> = using.collect();
        tokio::time::sleep(load).await;
        self.market.closes();
        self.shop.kill();
        for shopper in join_all(using).await {
            self.shoppers.push(shopper.unwrap_or_else(|_| self.shop.fail("a shopper gave up")));
        }
        let answered = self.market.answered() - before;
        let cut_off = self.shoppers.iter().filter(|shopper| shopper.waits()).count();
        assert!(answered > 0, "nobody got anything done");
        (answered, cut_off)
    }

    /// What must hold in a shop that has come to rest: every promise, and nothing done twice.
    async fn is_right(&mut self) {
        let intents = self.shop.intents().await;
        let listings = shopper::listings(&self.shoppers[0]).await;
        self.keep_their_word(async |shopper| shopper.settled_broken(&intents).await).await;
        let broken = self.market.unexpected(&listings);
        self.complains(broken);
    }

    async fn keep_their_word(&self, look: impl AsyncFn(&Shopper) -> Vec<String>) {
        let broken = join_all(self.shoppers.iter().map(|shopper| look(shopper))).await;
        self.complains(broken.into_iter().flatten().collect());
    }

    fn complains(&self, broken: Vec<String>) {
        if !broken.is_empty() {
            self.shop.fail(&broken.join("\n"));
        }
    }

    /// Holds run out, and all is still as it was promised, from the first round on.
    async fn ends(mut self) {
        for shopper in &self.shoppers {
            shopper.sees_all_holds_end().await;
        }
        self.shop.audit().await;
        for shopper in &mut self.shoppers {
            shopper.remembers_everything();
        }
        self.keep_their_word(Shopper::promises_broken).await;
        self.is_right().await;
    }
}
