//! Somebody who uses the shop as a good client does: with a key for each request that changes
//! something, and with the same request again when it was not answered.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use boxoffice_tests::person::listing;
use boxoffice_tests::{Answer, Person, Request, delete, get, id, post, put};
use futures::StreamExt;
use futures::stream::iter;
use rand::RngExt;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};
use uuid::Uuid;

use super::promise::{Promise, has_charged};

/// How long somebody asks for something that is not answered for good.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long all holds together may take to end: a hold, a tick, and the events that follow.
const ALL_HOLDS: Duration = Duration::from_secs(20);
/// How long one waits before asking again.
const PAUSE: Duration = Duration::from_millis(50);
/// How many questions somebody asks at a time.
const AT_A_TIME: usize = 4;
/// How many of the newest listings people look at: few, so that they get in one another's way.
const NEWEST: usize = 8;

/// What everybody knows.
#[derive(Default)]
pub(crate) struct Market {
    open: AtomicBool,
    answered: AtomicUsize,
    put_off: AtomicUsize,
    cut_off: AtomicUsize,
    listings: Mutex<Vec<Value>>,
}

impl Market {
    /// From now on people use the shop.
    pub(crate) fn opens(&self) {
        self.open.store(true, Ordering::Relaxed);
    }

    /// From now on nobody asks for anything: what is not answered now was cut off.
    pub(crate) fn closes(&self) {
        self.open.store(false, Ordering::Relaxed);
    }

    /// How many requests have been answered.
    pub(crate) fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    /// How many of those answers were to ask again later.
    pub(crate) fn put_off(&self) -> usize {
        self.put_off.load(Ordering::Relaxed)
    }

    /// How many requests had no answer, or one that broke off.
    pub(crate) fn cut_off(&self) -> usize {
        self.cut_off.load(Ordering::Relaxed)
    }

    /// What is wrong if `seen` are the listings that there are: each that somebody was told of is
    /// there, once, and there are no others.
    pub(crate) fn unexpected(&self, seen: &[Value]) -> Vec<String> {
        let known = self.listings.lock().unwrap();
        differences("listings", known.iter().map(id), seen.iter().map(id))
    }
}

/// A request, what it is for, and what it was answered with before.
#[derive(Clone, Debug)]
struct Wish {
    request: Request,
    aim: Aim,
    told: Option<Answer>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Aim {
    List,
    Edit,
    Hold,
    /// Pay for this order.
    Pay(String),
    /// Cancel this order.
    Cancel(String),
}

/// Somebody with an account, and everything that they were told.
pub(crate) struct Shopper {
    person: Person,
    market: Arc<Market>,
    /// What they are waiting for.
    wish: Option<Wish>,
    /// What they heard last.
    last: Option<Answer>,
    own_listings: Vec<Value>,
    /// Orders that they have not done with.
    held: Vec<String>,
    /// The promises of this round, and those before.
    promises: Vec<Promise>,
    before: Vec<Promise>,
    /// How many payments they have asked for, by order.
    payments: HashMap<String, usize>,
}

impl Shopper {
    /// Somebody who has an account.
    pub(crate) fn new(person: Person, market: Arc<Market>) -> Self {
        Self {
            person,
            market,
            wish: None,
            last: None,
            own_listings: Vec::new(),
            held: Vec::new(),
            promises: Vec::new(),
            before: Vec::new(),
            payments: HashMap::new(),
        }
    }

    /// Uses the shop until it is killed.
    pub(crate) async fn uses_the_shop(mut self) -> Self {
        self.before.append(&mut self.promises);
        while self.market.open.load(Ordering::Relaxed) {
            if self.wish.is_none() {
                self.wish = self.wishes();
                self.counts_payment();
            }
            self.asks().await;
            let pause = Duration::from_millis(rand::rng().random_range(1..20));
            tokio::time::sleep(pause).await;
        }
        self
    }

    /// Whether they wait for an answer.
    pub(crate) fn waits(&self) -> bool {
        self.wish.is_some()
    }

    /// Asks again until they have the answer that was cut off, and then once more: it must have
    /// been done once.
    pub(crate) async fn gets_answers(&mut self) {
        let start = Instant::now();
        let wish = self.wish.clone();
        while self.waits() {
            self.asks().await;
            assert!(start.elapsed() < PATIENCE, "no answer to {:?}", self.wish);
            tokio::time::sleep(PAUSE).await;
        }
        let Some(Wish { request, .. }) = wish else { return };
        // What was refused may be granted now: only what was done must stay done.
        if let Some(told) = self.last.take().filter(is_done) {
            let (one, two) = tokio::join!(self.person.send(&request), self.person.send(&request));
            agree(&told, &one);
            agree(&told, &two);
        }
    }

    /// Asks what the promises of this round are worth.
    pub(crate) async fn promises_broken(&self) -> Vec<String> {
        let broken = self.promises.iter().map(|promise| promise.broken(&self.person));
        iter(broken).buffer_unordered(AT_A_TIME).filter_map(async |broken| broken).collect().await
    }

    /// The same in a shop that has come to rest, whose provider has these `intents`; and what was
    /// done that nobody asked for, or more than once.
    pub(crate) async fn settled_broken(&self, intents: &[Value]) -> Vec<String> {
        let mut by_order: HashMap<&str, Vec<&Value>> = HashMap::new();
        for intent in intents {
            let order = intent["metadata"]["order_id"].as_str().unwrap_or_default();
            by_order.entry(order).or_default().push(intent);
        }
        let of = |order: &str| by_order.get(order).map(Vec::as_slice).unwrap_or_default();
        let mut broken = Vec::new();
        for promise in &self.promises {
            if let Promise::Paid { order, .. } = promise {
                broken.extend(promise.settled_broken(&self.person, of(order)).await);
            }
        }
        let all = self.promises.iter().chain(&self.before);
        let told = all.filter_map(|promise| match promise {
            Promise::Held(order) => Some(order.as_str()),
            _ => None,
        });
        let orders = self.orders().await;
        broken.extend(differences("orders", told, orders.iter().map(id)));
        for order in &orders {
            broken.extend(self.overpaid(order, of(id(order))));
        }
        broken
    }

    fn overpaid(&self, order: &Value, intents: &[&Value]) -> Option<String> {
        let asked = self.payments.get(id(order)).copied().unwrap_or_default();
        let due = usize::from(order["status"] == "complete");
        let charged = intents.iter().filter(|intent| has_charged(intent)).count();
        let fine = intents.len() <= asked && charged == due;
        (!fine).then(|| {
            format!("{asked} payments were asked for; the provider has {intents:#?} for\n{order:#}")
        })
    }

    /// Waits until none of their orders is held any more.
    pub(crate) async fn sees_all_holds_end(&self) {
        let start = Instant::now();
        loop {
            let orders = self.orders().await;
            let is_over =
                |order: &Value| order["status"] == "complete" || order["status"] == "cancelled";
            if orders.iter().all(is_over) {
                return;
            }
            assert!(start.elapsed() < ALL_HOLDS, "holds do not end: {orders:#?}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// From now on the promises of all rounds are those of this one.
    pub(crate) fn remembers_everything(&mut self) {
        self.promises.append(&mut self.before);
    }

    async fn orders(&self) -> Vec<Value> {
        pages(&self.person, "/api/orders").await
    }

    /// What they want next, if they can think of anything.
    fn wishes(&self) -> Option<Wish> {
        let dice = rand::rng().random_range(0..100);
        let (request, aim) = match dice {
            0..12 => {
                let quantity = rand::rng().random_range(1..4);
                let wish = json!({ "title": Uuid::now_v7(), "quantity": quantity });
                (post("/api/tickets", listing(wish)), Aim::List)
            }
            12..20 => {
                let ticket = self.own_listings.choose(&mut rand::rng())?;
                let price = rand::rng().random_range(1_000..9_000);
                let wish = listing(json!({
                    "title": ticket["title"], "quantity": ticket["quantity"], "price": price
                }));
                (put(format!("/api/tickets/{}", id(ticket)), wish), Aim::Edit)
            }
            20..60 => {
                let listings = self.market.listings.lock().unwrap();
                let newest = listings.iter().rev().take(NEWEST);
                let others: Vec<&Value> =
                    newest.filter(|ticket| ticket["sellerId"] != self.person.id()).collect();
                let ticket = others.choose(&mut rand::rng())?;
                (post("/api/orders", json!({ "ticketId": id(ticket) })), Aim::Hold)
            }
            60..88 => {
                let order = self.held.choose(&mut rand::rng())?;
                let card = match dice {
                    60..80 => "pm_card_visa",
                    _ => "pm_card_chargeDeclined",
                };
                let body = json!({ "orderId": order, "token": card });
                (post("/api/payments", body), Aim::Pay(order.clone()))
            }
            _ => {
                let order = self.held.choose(&mut rand::rng())?;
                (delete(format!("/api/orders/{order}")), Aim::Cancel(order.clone()))
            }
        };
        let request = request.key(&Uuid::now_v7().to_string());
        Some(Wish { request, aim, told: None })
    }

    /// Counts what they are about to ask for: it may happen without an answer.
    fn counts_payment(&mut self) {
        if let Some(Wish { aim: Aim::Pay(order), .. }) = &self.wish {
            *self.payments.entry(order.clone()).or_default() += 1;
        }
    }

    /// Asks for what they wish, once or by a double click. Without an answer that says something
    /// they go on wishing.
    async fn asks(&mut self) {
        let Some(wish) = &self.wish else { return };
        let clicks_twice = rand::rng().random_bool(0.1);
        let answer = if clicks_twice {
            let (one, two) = tokio::join!(self.sends(&wish.request), self.sends(&wish.request));
            what_counts(one, two)
        } else {
            self.sends(&wish.request).await
        };
        let Some(answer) = answer else { return };
        if !is_final(&answer) {
            return;
        }
        self.last = Some(answer.clone());
        let Some(mut wish) = self.wish.take() else { return };
        if let Some(told) = &wish.told {
            agree(told, &answer);
            return;
        }
        let aim = wish.aim.clone();
        // Some ask again though they were answered.
        if is_done(&answer) && rand::rng().random_bool(0.1) {
            wish.told = Some(answer.clone());
            self.wish = Some(wish);
        }
        self.hears(aim, answer);
    }

    async fn sends(&self, request: &Request) -> Option<Answer> {
        let Some(answer) = self.person.try_send(request).await else {
            self.market.cut_off.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        let faults = answer.faults();
        assert!(faults.is_empty(), "{}\n{answer}", faults.join("\n"));
        self.market.answered.fetch_add(1, Ordering::Relaxed);
        if answer.status == 503 {
            self.market.put_off.fetch_add(1, Ordering::Relaxed);
        }
        Some(answer)
    }

    fn hears(&mut self, aim: Aim, answer: Answer) {
        match (aim, answer.status) {
            (Aim::List, 201) => {
                self.promises.push(Promise::Listed(answer.body.clone()));
                self.own_listings.push(answer.body.clone());
                self.market.listings.lock().unwrap().push(answer.body);
            }
            (Aim::Edit, 200) => self.promises.push(Promise::Listed(answer.body)),
            (Aim::Hold, 201) => {
                let order = id(&answer.body).to_owned();
                self.promises.push(Promise::Held(order.clone()));
                self.held.push(order);
            }
            (Aim::Pay(order), 201) => {
                let payment = id(&answer.body["payment"]).to_owned();
                self.held.retain(|held| *held != order);
                self.promises.push(Promise::Paid { payment, order });
            }
            (Aim::Cancel(order), 204) => {
                self.held.retain(|held| *held != order);
                self.promises.push(Promise::Cancelled(order));
            }
            // The order has ended.
            (Aim::Pay(order) | Aim::Cancel(order), 409) => self.held.retain(|held| *held != order),
            // Those whose cards were declined too often have to wait.
            (Aim::Pay(_), 402 | 429) | (Aim::Edit | Aim::Hold, 409) => {}
            (aim, _) => panic!("{aim:?} was answered with\n{answer}"),
        }
    }
}

/// All listings that there are.
pub(crate) async fn listings(shopper: &Shopper) -> Vec<Value> {
    pages(&shopper.person, "/api/tickets").await
}

async fn pages(person: &Person, path: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut after = String::new();
    loop {
        let page = person.send(&get(format!("{path}?limit=100{after}"))).await.expect(200);
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["nextCursor"].as_str() {
            Some(cursor) => after = format!("&cursor={cursor}"),
            None => return all,
        }
    }
}

/// Whether an answer says what has become of the request. 503 says to ask again, and so does 409
/// while the same is being done.
fn is_final(answer: &Answer) -> bool {
    let is_under_way = answer.body["code"] == "payment_pending";
    assert!(answer.status < 500 || answer.status == 503, "{answer}");
    answer.status != 503 && !is_under_way
}

/// What two requests with one key, sent at once, have come to: that it was done if either says so;
/// nothing certain if one of them was not answered, or not for good.
fn what_counts(one: Option<Answer>, two: Option<Answer>) -> Option<Answer> {
    match (one, two) {
        (Some(one), Some(two)) if is_done(&one) && is_done(&two) => {
            agree(&one, &two);
            Some(one)
        }
        (Some(done), _) | (_, Some(done)) if is_done(&done) => Some(done),
        (Some(one), Some(two)) => Some(if is_final(&one) { two } else { one }),
        _ => None,
    }
}

fn is_done(answer: &Answer) -> bool {
    answer.status < 300
}

/// Checks that an answer tells of the same thing as the one before it: what was done is not done
/// again, and cannot be refused.
#[track_caller]
fn agree(told: &Answer, answer: &Answer) {
    let thing = |answer: &Answer| answer.body.get("payment").unwrap_or(&answer.body)["id"].clone();
    assert!(is_done(answer), "first done, then not:\n{told}\n{answer}");
    assert_eq!(thing(told), thing(answer), "done twice:\n{told}\n{answer}");
}

/// What one of them has that the other has not, or has twice.
fn differences<'a>(
    what: &str,
    told: impl Iterator<Item = &'a str>,
    seen: impl Iterator<Item = &'a str>,
) -> Vec<String> {
    let told: HashSet<&str> = told.collect();
    let all: Vec<&str> = seen.collect();
    let seen: HashSet<&str> = all.iter().copied().collect();
    let mut found = Vec::new();
    if all.len() != seen.len() {
        found.push(format!("some {what} are listed twice"));
    }
    for missing in told.difference(&seen) {
        found.push(format!("{what}: {missing} was answered, and is gone"));
    }
    for surplus in seen.difference(&told) {
        found.push(format!("{what}: {surplus} is there, and nobody was told of it"));
    }
    found
}
