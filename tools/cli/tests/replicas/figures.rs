//! A measurement: what browsing and buying take, with one host, two and three.
//!
//! Those who use the shop run on the same cores as the shop. So there are two figures: how much was
//! done in a second, and how much of a core each part was busy for each thing that was done, which
//! says what more cores would do.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use boxoffice_bench::usage::Busy;
use boxoffice_tests::{Person, id};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::cluster::{Cluster, HOSTS};
use crate::people::crowd::Shop as _;
use crate::say;

/// How long each is measured.
const TIME: Duration = Duration::from_secs(10);
/// How many people browse at a time.
const VISITORS: usize = 32;
/// How many buy at a time.
const BUYERS: usize = 16;
/// How many listings there are.
const LISTINGS: usize = 100;
/// How many tickets each of them has: as many as it may.
const QUANTITY: usize = 1_000;
/// How often a buyer looks whether their order is complete.
const LOOKING_AGAIN: Duration = Duration::from_millis(100);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement, which takes minutes"]
async fn what_hosts_do() {
    for hosts in 1..=HOSTS {
        let cluster = Cluster::with_hosts(hosts).await;
        let seller = Person::new(cluster.address()).signed_up().await;
        let mut tickets = Vec::new();
        for number in 0..LISTINGS {
            let wish = json!({ "title": format!("Listing {number}"), "quantity": QUANTITY });
            tickets.push(seller.list(wish).await.expect(201));
        }
        for path in ["/api/tickets", "/"] {
            let what = format!("GET {path}");
            measure(&cluster, hosts, &what, VISITORS, async |visitor| browse(visitor, path).await)
                .await;
        }
        let hot = &tickets[..1];
        let acts = [("a hold of any, given up", &tickets[1..]), ("a hold of one, given up", hot)];
        for (what, tickets) in acts {
            let act = async |buyer: &Person| hold_and_give_up(buyer, tickets).await;
            measure(&cluster, hosts, what, BUYERS, act).await;
            // What has been left to the workers is not the next one's to bear.
            cluster.audit().await;
        }
        measure(&cluster, hosts, "a purchase", BUYERS, async |buyer| buy(buyer, &tickets).await)
            .await;
        cluster.audit().await;
    }
}

async fn browse(visitor: &Person, path: &str) {
    let answer = visitor.exchange(&boxoffice_tests::get(path)).await;
    assert_eq!(answer.status, 200, "{answer}");
}

/// Holds one of `tickets`; answers with the order.
async fn hold(buyer: &Person, tickets: &[Value]) -> Value {
    buyer.hold(&tickets[rand::random_range(0..tickets.len())]).await.expect(201)
}

async fn hold_and_give_up(buyer: &Person, tickets: &[Value]) {
    let order = hold(buyer, tickets).await;
    buyer.cancel(&order).await.expect(204);
}

/// From the hold to the ticket.
async fn buy(buyer: &Person, tickets: &[Value]) {
    let order = hold(buyer, tickets).await;
    buyer.pay(&order, "pm_card_visa").await.expect(201);
    loop {
        let seen = buyer.get(&format!("/api/orders/{}", id(&order))).await.expect(200);
        if seen["status"] == "complete" {
            return;
        }
        tokio::time::sleep(LOOKING_AGAIN).await;
    }
}

/// Has so many people do something again and again.
async fn measure(
    cluster: &Cluster,
    hosts: usize,
    what: &str,
    people: usize,
    act: impl AsyncFn(&Person),
) {
    let people = (0..people).map(|_| Person::new(cluster.address()).signed_up());
    let people = join_all(people).await;
    let (open, done) = (AtomicBool::new(true), AtomicUsize::new(0));
    let parts = cluster.parts();
    let before = Busy::now(&parts);
    let start = Instant::now();
    let acting = people.iter().map(async |person| {
        while open.load(Ordering::Relaxed) {
            act(person).await;
            done.fetch_add(1, Ordering::Relaxed);
        }
    });
    let closing = async {
        tokio::time::sleep(TIME).await;
        open.store(false, Ordering::Relaxed);
    };
    tokio::join!(join_all(acting), closing);
    let (took, done) = (start.elapsed().as_secs_f64(), done.load(Ordering::Relaxed));
    #[allow(clippy::cast_precision_loss, reason = "a count far below 2^52")]
    let done = done as f64;
    let busy = Busy::now(&parts).since(&before);
    let each = busy.0.iter().map(|(part, seconds)| {
        format!("{part} {:.2} ms ({:.0} % of a core)", seconds / done * 1e3, seconds / took * 1e2)
    });
    let each: Vec<String> = each.collect();
    say(&format!("{hosts} hosts, {what}: {:.0} a second; each {}", done / took, each.join(", ")));
}
