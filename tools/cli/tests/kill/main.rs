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
use std::time::{Duration, Instant};

use boxoffice_tests::Person;
use rand::RngExt;

use crate::people::crowd::{Crowd, Done};
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
    crowd: Crowd,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_shop_keeps_its_word() {
    let mut run = Run::open().await;
    for round in 1..=ROUNDS {
        run.round(&format!("round {round}"), Loss::Nothing).await;
    }
    run.round("Redis lost", Loss::Redis).await;
    run.crowd.ends(&run.shop).await;
}

impl Run {
    async fn open() -> Self {
        let shop = Shop::open();
        let crowd = Crowd::of((0..SHOPPERS).map(|_| Person::new(shop.address()).signed_up())).await;
        Self { shop, crowd }
    }

    /// Load, kill, start, and everything that must hold then.
    async fn round(&mut self, name: &str, loss: Loss) {
        let start = Instant::now();
        let load = Duration::from_millis(rand::rng().random_range(500..2_500));
        let done = self.is_killed_after(load).await;
        if loss == Loss::Redis {
            self.shop.lose_redis();
        }
        let started = Instant::now();
        self.shop.start();
        let started = started.elapsed();
        let audited = self.crowd.are_served_right(&self.shop).await;
        // Past the capture of output: it is to be seen of a suite that passes, too.
        let _ = writeln!(
            std::io::stderr(),
            "{name}: killed after {:.1} s; {} requests answered, {} cut off; \
             ready after {:.1} s, audit clean after {:.1} s more; {:.1} s in all",
            load.as_secs_f64(),
            done.answered,
            done.cut_off,
            started.as_secs_f64(),
            audited.as_secs_f64(),
            start.elapsed().as_secs_f64(),
        );
    }

    /// People use the shop for this long, then it is killed; what was done until then.
    async fn is_killed_after(&mut self, load: Duration) -> Done {
        let before = self.crowd.done();
        let using = self.crowd.begins();
        tokio::time::sleep(load).await;
        self.crowd.leaves();
        self.shop.kill();
        self.crowd.is_back(using, &self.shop).await;
        self.crowd.done_since(before)
    }
}
