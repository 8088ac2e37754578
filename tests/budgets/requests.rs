//! Each route's calls of the database and of Redis, and its answer's length.
//!
//! Counted when the instances that answer are there already; workers are started for each message,
//! and begin with opening what they need.

use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::sync::Arc;

use boxoffice_contract::mail::{ADDRESSEES, HOLDERS, ORDERS, TRANSFERS};
use boxoffice_tests::database::is_on_postgres;
use boxoffice_tests::{Answer, App, Person, Request, Surroundings, get, id, post, put};
use serde_json::{Value, json};

use crate::calls::{Calls, Counter};

/// What a request may ask for.
struct Budget {
    what: &'static str,
    /// Before its answer and right after it: of the database, of Redis, and of others by HTTP.
    services: [usize; 3],
    /// What workers may do about what it has changed.
    workers: [usize; 3],
    /// The same of the database and of Redis on Postgres, where it is not as on SQLite: a connection is
    /// taken out of the pool for each use, but a commit's inserts are one statement; and pages are kept
    /// in Redis until a listing changes.
    on_postgres: [[usize; 2]; 2],
    /// The answer's head and body, pictures left out.
    bytes: usize,
}

const fn reads(
    what: &'static str,
    services: [usize; 3],
    on_postgres: [usize; 2],
    bytes: usize,
) -> Budget {
    Budget { what, services, workers: [0; 3], on_postgres: [on_postgres, [0; 2]], bytes }
}

#[rustfmt::skip]
const BUDGETS: &[Budget] = &[
    reads("show a listing", [1, 0, 0], [2, 0], 860),
    reads("show it again", [1, 0, 0], [2, 0], 270),
    reads("browse", [1, 0, 0], [0, 1], 11_400),
    reads("browse again", [1, 0, 0], [0, 1], 400),
    reads("search", [1, 0, 0], [0, 1], 11_400),
    reads("the page of listings", [1, 0, 1], [0, 1], 58_200),
    reads("a listing's page", [2, 0, 2], [2, 2], 8_950),
    reads("who is signed in", [1, 0, 0], [2, 0], 450),
    // On a device that is new to the account, after its owner was told of another: two more than else.
    reads("sign in", [8, 0, 0], [16, 0], 1_440),
    Budget { what: "list tickets", services: [7, 2, 0], workers: [10, 6, 0], on_postgres: [[6, 3], [6, 6]], bytes: 790 },
    Budget { what: "hold", services: [10, 1, 0], workers: [13, 7, 0], on_postgres: [[6, 1], [10, 8]], bytes: 840 },
    reads("hold what is held", [1, 0, 0], [2, 0], 560),
    reads("show an order", [1, 0, 0], [2, 0], 780),
    reads("list orders", [1, 0, 0], [2, 0], 1_400),
    Budget { what: "pay", services: [17, 1, 2], workers: [51, 22, 1], on_postgres: [[22, 1], [39, 23]], bytes: 570 },
    Budget { what: "edit", services: [13, 2, 1], workers: [15, 9, 0], on_postgres: [[17, 3], [9, 9]], bytes: 720 },
    reads("tickets in the hand", [2, 0, 0], [4, 0], 1_100),
    reads("a door", [2, 0, 0], [4, 0], 560),
    reads("a door's page", [6, 0, 3], [12, 0], 15_200),
    Budget { what: "name a guest", services: [9, 0, 0], workers: [0; 3], on_postgres: [[13, 0], [0; 2]], bytes: 1_000 },
    reads("a letter's address", [1, 0, 0], [2, 0], 420),
    reads("a letter's order", [1, 0, 0], [2, 0], 900),
    reads("a letter's transfer", [2, 0, 0], [4, 0], 1_000),
    reads("an event's holders", [1, 0, 0], [2, 0], 480),
    Budget { what: "let somebody in", services: [8, 1, 0], workers: [0; 3], on_postgres: [[12, 1], [0; 2]], bytes: 450 },
];

/// The shop, and what is asked of it.
struct Stage {
    app: App,
    counter: Arc<Counter>,
    seller: Person,
    buyer: Person,
}

impl Stage {
    async fn open() -> Self {
        let counter = Arc::new(Counter::default());
        let mut around = Surroundings::prepare().await;
        around.faults = Some(counter.clone());
        around.max_instance_reuse = Some(usize::MAX);
        let app = App::start_in(around).await;
        let (seller, buyer) = tokio::join!(app.sign_up(), app.sign_up());
        app.tick().await;
        Self { app, counter, seller, buyer }
    }

    async fn listing(&self) -> Value {
        let wish = json!({
            "title": "Electric Folk Choir at the Riverside Stage", "quantity": 5,
            "venue": "Riverside Stage", "city": "Basel", "startsAt": self.app.time(86_400 * 60),
            "timeZone": "Europe/Zurich",
            "description": "Two seats in row 7, on the left. The seller cannot come.",
        });
        let ticket = self.seller.list(wish).await.expect(201);
        self.counter.quiet().await;
        ticket
    }

    async fn held(&self) -> (Value, Value) {
        let ticket = self.listing().await;
        let order = self.buyer.hold(&ticket).await.expect(201);
        self.counter.quiet().await;
        (ticket, order)
    }

    async fn bought(&self) -> (Value, Value) {
        let ticket = self.listing().await;
        let order = self.buyer.buy(&ticket, 1).await;
        self.counter.quiet().await;
        (ticket, order)
    }

    /// What `person` asks for, asked twice before so that everything is at hand; `request` makes it
    /// anew each time.
    async fn measure(
        &self,
        person: &Person,
        request: impl AsyncFn() -> Request,
    ) -> ([Calls; 2], usize) {
        self.measure_answered(200..=304, person, request).await
    }

    /// The same of what is answered with a status of `due`. The fewest of three: two calls of a page may
    /// meet at one service, which then opens its database for a new instance too.
    async fn measure_answered(
        &self,
        due: RangeInclusive<u16>,
        person: &Person,
        request: impl AsyncFn() -> Request,
    ) -> ([Calls; 2], usize) {
        let mut all = Vec::new();
        for _ in 0..3 {
            let request = request().await;
            self.counter.quiet().await;
            let before = self.counter.now();
            let answer = person.send(&request).await;
            assert!(due.contains(&answer.status), "{answer}");
            self.counter.quiet().await;
            let [services, workers] = self.counter.now();
            all.push(([services - before[0], workers - before[1]], length(&answer)));
        }
        all.into_iter()
            .min_by_key(|([services, workers], _)| services.all() + workers.all())
            .unwrap()
    }

    /// A question that a service of ours asks.
    fn ask_as_sibling(&self, path: &str, asked: &Value) -> Request {
        self.app.as_sibling(post(path, asked.clone()))
    }

    async fn ask(&self, what: &str) -> ([Calls; 2], usize) {
        let (seller, buyer) = (&self.seller, &self.buyer);
        let nobody = self.app.client();
        let path = |ticket: &Value| format!("/api/tickets/{}", id(ticket));
        match what {
            "show a listing" => {
                let ticket = self.listing().await;
                self.measure(&nobody, async || get(path(&ticket))).await
            }
            "show it again" => {
                let ticket = self.listing().await;
                let tag = nobody.get(&path(&ticket)).await.header("etag").to_owned();
                let again = get(path(&ticket)).header("if-none-match", tag);
                self.measure(&nobody, async || again.clone()).await
            }
            "browse" => self.measure(&nobody, async || get("/api/tickets")).await,
            "browse again" => {
                let tag = nobody.get("/api/tickets").await.header("etag").to_owned();
                let again = get("/api/tickets").header("if-none-match", tag);
                self.measure(&nobody, async || again.clone()).await
            }
            "search" => self.measure(&nobody, async || get("/api/tickets?q=folk+basel")).await,
            "the page of listings" => self.measure(&nobody, async || page("/")).await,
            "a listing's page" => {
                let ticket = self.listing().await;
                let path = format!("/tickets/{}", id(&ticket));
                self.measure(&nobody, async || page(&path)).await
            }
            "who is signed in" => self.measure(buyer, async || get("/api/users/currentUser")).await,
            "sign in" => {
                let credentials =
                    json!({ "email": buyer.account["email"], "password": "correct horse battery" });
                // A new device is told of once an hour, which is more than usual.
                nobody.post("/api/users/signIn", credentials.clone()).await.expect(200);
                let request = post("/api/users/signIn", credentials);
                self.measure(&nobody, async || request.clone()).await
            }
            "list tickets" => {
                let listing = json!({
                    "title": "The Paper Kites", "price": 2500, "currency": "EUR",
                });
                self.measure(seller, async || post("/api/tickets", listing.clone()).key(&key()))
                    .await
            }
            "hold" => {
                let hold = async || {
                    let ticket = self.listing().await;
                    post("/api/orders", json!({ "ticketId": id(&ticket) })).key(&key())
                };
                self.measure(buyer, hold).await
            }
            "hold what is held" => {
                let ticket = self.seller.list(json!({ "title": "The last one" })).await.expect(201);
                self.buyer.hold(&ticket).await.expect(201);
                let wish = json!({ "ticketId": id(&ticket) });
                let hold = async || post("/api/orders", wish.clone());
                self.measure_answered(409..=409, &self.app.sign_up().await, hold).await
            }
            "show an order" => {
                let (_, order) = self.held().await;
                let path = format!("/api/orders/{}", id(&order));
                self.measure(buyer, async || get(path.as_str())).await
            }
            "list orders" => self.measure(buyer, async || get("/api/orders?limit=2")).await,
            "pay" => {
                let pay = async || {
                    let (_, order) = self.held().await;
                    let body = json!({ "orderId": id(&order), "token": "pm_card_visa" });
                    post("/api/payments", body).key(&key())
                };
                self.measure(buyer, pay).await
            }
            "edit" => {
                let edit = async || {
                    let ticket = self.listing().await;
                    let draft = json!({ "title": "Another", "price": 2600, "currency": "EUR" });
                    put(path(&ticket), draft).key(&key())
                };
                self.measure(seller, edit).await
            }
            "tickets in the hand" => {
                let (_, order) = self.bought().await;
                let path = format!("/api/admissions?orderId={}", id(&order));
                self.measure(buyer, async || get(path.as_str())).await
            }
            "a door" => {
                let path = format!("/api/door/{}", id(&self.listing().await));
                self.measure(seller, async || get(path.as_str())).await
            }
            "a door's page" => {
                let path = format!("/door/{}", id(&self.listing().await));
                self.measure(seller, async || page(&path)).await
            }
            "name a guest" => {
                let name = async || {
                    let ticket = self.seller.list(json!({ "asksNames": true })).await.expect(201);
                    let order = self.buyer.buy(&ticket, 1).await;
                    let admission = self.buyer.admissions(&order, 1).await.remove(0);
                    self.counter.quiet().await;
                    let path = format!("/api/admissions/{}/name", id(&admission));
                    put(path, json!({ "name": "Ann Lee" })).key(&key())
                };
                self.measure(buyer, name).await
            }
            "a letter's address" => {
                let asked = json!({ "userId": buyer.id() });
                self.measure(&nobody, async || self.ask_as_sibling(ADDRESSEES, &asked)).await
            }
            "a letter's order" => {
                let (_, order) = self.bought().await;
                let asked = json!({ "orderId": id(&order) });
                self.measure(&nobody, async || self.ask_as_sibling(ORDERS, &asked)).await
            }
            "a letter's transfer" => {
                let (_, order) = self.bought().await;
                let admission = self.buyer.admissions(&order, 1).await.remove(0);
                let path = format!("/api/admissions/{}/transfer", id(&admission));
                buyer.post(&path, json!({ "email": "friend@example.com" })).await.expect(200);
                let sql = "SELECT transfer_id FROM admissions_admissions WHERE id = ?1";
                let database = self.app.database();
                let transfer: String =
                    database.query_row(sql, [id(&admission)], |row| row.get(0)).unwrap();
                let asked = json!({ "transferId": transfer });
                self.measure(&nobody, async || self.ask_as_sibling(TRANSFERS, &asked)).await
            }
            "an event's holders" => {
                let (ticket, order) = self.bought().await;
                self.buyer.admissions(&order, 1).await;
                let asked = json!({ "ticketId": id(&ticket) });
                self.measure(&nobody, async || self.ask_as_sibling(HOLDERS, &asked)).await
            }
            "let somebody in" => {
                let scan = async || {
                    let (ticket, order) = self.bought().await;
                    let admission = self.buyer.admissions(&order, 1).await.remove(0);
                    let scan = json!({ "id": key(), "code": admission["code"] });
                    let body = json!({ "door": "North", "scans": [scan] });
                    post(format!("/api/door/{}/scans", id(&ticket)), body)
                };
                self.measure(seller, scan).await
            }
            other => panic!("nothing asks for {other:?}"),
        }
    }
}

/// A page as browsers ask for it.
fn page(path: &str) -> Request {
    get(path).header("accept", "text/html")
}

fn key() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn length(answer: &Answer) -> usize {
    // `name: value`, and a line's end.
    let head: usize =
        answer.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    head + without_pictures(&answer.text)
}

/// The length of a page without its pictures: they are drawn from ids, and so by chance.
fn without_pictures(page: &str) -> usize {
    let pictures = page.split("<svg").skip(1).filter_map(|rest| rest.find("</svg>"));
    page.len() - pictures.sum::<usize>()
}

#[tokio::test]
async fn requests_ask_for_no_more_than_they_may() {
    let on_postgres = is_on_postgres();
    let stage = Stage::open().await;
    // A page's worth, so that lists are as long as they get.
    for _ in 0..21 {
        stage.listing().await;
    }
    let (mut over, mut all) = (String::new(), String::new());
    for budget in BUDGETS {
        let ([services, workers], bytes) = stage.ask(budget.what).await;
        let figures = |calls: Calls| [calls.database, calls.redis, calls.http];
        let seen = [figures(services), figures(workers)];
        let mut may = [budget.services, budget.workers];
        if on_postgres {
            for (may, on_postgres) in may.iter_mut().zip(budget.on_postgres) {
                [may[0], may[1]] = on_postgres;
            }
        }
        let line =
            format!("{}: {seen:?}, {bytes} bytes; may: {may:?}, {}", budget.what, budget.bytes);
        writeln!(all, "{line}").unwrap();
        let pairs = || seen.as_flattened().iter().zip(may.as_flattened());
        if pairs().any(|(seen, may)| seen > may) || bytes > budget.bytes {
            writeln!(over, "{line}").unwrap();
        }
    }
    println!("{all}");
    assert!(over.is_empty(), "services and workers: database, Redis, HTTP\n{over}\nall:\n{all}");
}
