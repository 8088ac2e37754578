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
use std::time::{Duration, Instant};

use boxoffice_postgres::Stop;
use boxoffice_tests::Person;

use crate::cluster::{Cluster, HOSTS, Version};
use crate::people::crowd::Crowd;

/// How many people use the shop at a time.
const SHOPPERS: usize = 18;
/// How long they do before something happens, and after it.
const WHILE: Duration = Duration::from_secs(2);
/// How long Redis is away.
const WITHOUT_REDIS: Duration = Duration::from_secs(10);

struct Run {
    cluster: Cluster,
    crowd: Crowd,
}

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
    run.crowd.ends(&run.cluster).await;
    run.cluster.was_fair();
}

impl Run {
    async fn open() -> Self {
        let cluster = Cluster::with_hosts(HOSTS).await;
        let newcomer = || Person::new(cluster.address()).with_new_connections().signed_up();
        let crowd = Crowd::of((0..SHOPPERS).map(|_| newcomer())).await;
        Self { cluster, crowd }
    }

    /// People use the shop, something happens, they go on; then everything that must hold.
    async fn round(&mut self, name: &str, happens: impl AsyncFnOnce(&mut Cluster)) {
        let start = Instant::now();
        let before = self.crowd.done();
        let using = self.crowd.begins();
        tokio::time::sleep(WHILE).await;
        happens(&mut self.cluster).await;
        tokio::time::sleep(WHILE).await;
        self.crowd.leaves();
        self.crowd.is_back(using, &self.cluster).await;
        let done = self.crowd.done_since(before);
        let audited = self.crowd.are_served_right(&self.cluster).await;
        say(&format!(
            "{name}: {} requests answered, {} of them to ask again, {} cut off; \
             audit clean after {:.1} s; {:.1} s in all; connections by host so far {:?}",
            done.answered,
            done.put_off,
            done.cut_off,
            audited.as_secs_f64(),
            start.elapsed().as_secs_f64(),
            self.cluster.taken(),
        ));
    }
}

/// Past the capture of output: it is to be seen of a suite that passes, too.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
