//! Three hosts on one Postgres and one Redis, behind one address, while people use them: a host is
//! killed with -9 and started again, Redis is away for ten seconds, Postgres is restarted and
//! crashes, and all hosts are replaced one after the other. After each, what anybody was answered is
//! so, nothing was done twice, and the audit finds nothing.
//!
//! | module | holds |
//! |---|---|
//! | `cluster` | the processes: started, killed, audited |
//! | `proxy` | the address that people know |
//! | `people` | those who use it |
//! | `figures` | how much one host, two and three do: a measurement |
//!
//! An update from another version: `BOXOFFICE_PREVIOUS_MANIFEST` names that version's `spin.toml`,
//! built; hosts begin with it, and are replaced by ours.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod cluster;
mod figures;
#[path = "../people/mod.rs"]
mod people;
#[path = "../process/mod.rs"]
mod process;
mod proxy;

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use boxoffice_postgres::Stop;
use boxoffice_tests::Person;
use futures::future::join_all;
use tokio::task::JoinHandle;

use crate::cluster::{Cluster, HOSTS, Version};
use crate::people::shopper::{self, Market, Shopper};

/// How many people use the shop at a time.
const SHOPPERS: usize = 18;
/// How long they do before something happens, and after it.
const WHILE: Duration = Duration::from_secs(2);
/// How long Redis is away.
const WITHOUT_REDIS: Duration = Duration::from_secs(10);

struct Run {
    cluster: Cluster,
    market: Arc<Market>,
    shoppers: Vec<Shopper>,
}

/// People at work.
type Using = Vec<JoinHandle<Shopper>>;

#[tokio::test(flavor = "multi_thread")]
async fn replicas_keep_their_word() {
    let mut run = Run::open().await;
    run.round("updated one by one", async |cluster| {
        cluster.migrate();
        for host in 0..HOSTS {
            cluster.stop(host);
            cluster.start(host, Version::This);
            tokio::time::sleep(WHILE / 2).await;
        }
    })
    .await;
    for host in 0..HOSTS {
        run.round(&format!("host {host} killed and started"), async |cluster| {
            cluster.kill(host);
            tokio::time::sleep(WHILE).await;
            cluster.start(host, Version::This);
        })
        .await;
    }
    run.round("Redis stopped for ten seconds", async |cluster| {
        cluster.stop_redis();
        tokio::time::sleep(WITHOUT_REDIS).await;
        cluster.start_redis();
    })
    .await;
    for how in [Stop::Orderly, Stop::Crash] {
        run.round(&format!("Postgres restarted, {how:?}"), async |cluster| {
            let away = cluster.restart_postgres(how);
            say(&format!("Postgres was away for {:.1} s", away.as_secs_f64()));
        })
        .await;
    }
    run.ends().await;
}

impl Run {
    async fn open() -> Self {
        let cluster = Cluster::with_hosts(HOSTS).await;
        let market = Arc::new(Market::default());
        let newcomer = || Person::new(cluster.address()).with_new_connections().signed_up();
        let people = join_all((0..SHOPPERS).map(|_| newcomer())).await.into_iter();
        let shoppers = people.map(|person| Shopper::new(person, Arc::clone(&market))).collect();
        Self { cluster, market, shoppers }
    }

    /// People use the shop, something happens, they go on; then everything that must hold.
    async fn round(&mut self, name: &str, happens: impl AsyncFnOnce(&mut Cluster)) {
        let start = Instant::now();
        let market = Arc::clone(&self.market);
        let seen = || (market.answered(), market.put_off(), market.cut_off());
        let before = seen();
        let using = self.begins();
        tokio::time::sleep(WHILE).await;
        happens(&mut self.cluster).await;
        tokio::time::sleep(WHILE).await;
        self.closes(using).await;
        let after = seen();
        let answered = after.0 - before.0;
        assert!(answered > 0, "nobody got anything done");

        // At once: what was answered was committed.
        self.keep_their_word(Shopper::promises_broken).await;
        join_all(self.shoppers.iter_mut().map(Shopper::gets_answers)).await;
        let audited = Instant::now();
        self.cluster.audit().await;
        let audited = audited.elapsed();
        self.is_right().await;
        say(&format!(
            "{name}: {answered} requests answered, {} of them to ask again, {} cut off; \
             audit clean after {:.1} s; {:.1} s in all; connections by host so far {:?}",
            after.1 - before.1,
            after.2 - before.2,
            audited.as_secs_f64(),
            start.elapsed().as_secs_f64(),
            self.cluster.taken(),
        ));
    }

    fn begins(&mut self) -> Using {
        self.market.opens();
        self.shoppers.drain(..).map(|shopper| tokio::spawn(shopper.uses_the_shop())).collect()
    }

    async fn closes(&mut self, using: Using) {
        self.market.closes();
        for shopper in join_all(using).await {
            self.shoppers.push(shopper.unwrap_or_else(|_| self.cluster.fail("a shopper gave up")));
        }
    }

    /// What must hold in a shop that has come to rest: every promise, and nothing done twice.
    async fn is_right(&mut self) {
        let intents = self.cluster.intents().await;
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
            self.cluster.fail(&broken.join("\n"));
        }
    }

    /// Holds run out, every host has had its share, and all is still as it was promised.
    async fn ends(mut self) {
        for shopper in &self.shoppers {
            shopper.sees_all_holds_end().await;
        }
        self.cluster.audit().await;
        for shopper in &mut self.shoppers {
            shopper.remembers_everything();
        }
        self.keep_their_word(Shopper::promises_broken).await;
        self.is_right().await;
        let taken = self.cluster.taken();
        let fair = taken.iter().sum::<usize>() / HOSTS / 2;
        assert!(taken.iter().all(|taken| *taken > fair), "one host did little: {taken:?}");
    }
}

/// Past the capture of output: it is to be seen of a suite that passes, too.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
