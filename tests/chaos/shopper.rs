//! What people do: on their own behalf, impatiently, and sometimes twice.

use std::sync::atomic::Ordering;
use std::time::Duration;

use boxoffice_tests::person::listing;
use boxoffice_tests::{Answer, Person, Request, delete, get, id, post, put};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::promise::Promise;
use crate::world::{HOSTS, World};

/// How many things everybody does.
const DEEDS: usize = 26;
/// How often something is asked for again that was not answered.
const PATIENCE: usize = 4;

const CARDS: [&str; 6] = [
    "pm_card_visa",
    "pm_card_visa",
    "pm_card_visa",
    "tok_mastercard",
    "pm_card_chargeDeclined",
    "pm_card_chargeDeclinedInsufficientFunds",
];

/// Somebody, and what they remember.
pub(crate) struct Shopper<'w> {
    world: &'w World,
    person: Person,
    name: String,
    rng: StdRng,
    asked: u64,
    listings: Vec<Value>,
    orders: Vec<Value>,
}

impl<'w> Shopper<'w> {
    /// `person`, who is the `index`th.
    pub(crate) fn new(world: &'w World, index: u64, person: Person) -> Self {
        let rng = StdRng::seed_from_u64(world.seed.wrapping_mul(1_000) + index);
        let name = format!("{}-{index}", world.seed);
        Self { world, person, name, rng, asked: 0, listings: vec![], orders: vec![] }
    }

    /// Does a number of things, one after the other.
    pub(crate) async fn lives(mut self, sells: bool) {
        for _ in 0..DEEDS {
            self.pause(5..120).await;
            if sells { self.sells().await } else { self.buys().await }
        }
    }

    async fn sells(&mut self) {
        match self.rng.random_range(0..16) {
            0..5 => self.lists().await,
            5..8 => self.edits().await,
            8..9 => self.withdraws().await,
            9..11 => self.refunds().await,
            11..12 => self.browses().await,
            _ => self.lets_in().await,
        }
    }

    async fn buys(&mut self) {
        match self.rng.random_range(0..40) {
            0..8 => self.holds().await,
            8..15 => self.pays().await,
            15..18 => self.cancels().await,
            18..20 => self.browses().await,
            20..25 => self.hands_on().await,
            25..27 => self.names().await,
            27..33 => self.sells_on().await,
            _ => self.accepts().await,
        }
    }

    async fn lists(&mut self) {
        let quantity = self.rng.random_range(1..6);
        let title = format!("{}-{}", self.name, self.asked);
        let asks = self.rng.random_bool(0.3);
        let body = listing(json!({
            "title": title, "price": 1500, "quantity": quantity, "asksNames": asks,
        }));
        let request = self.keyed(post("/api/tickets", body));
        let Some(answer) = self.asks(&request).await.filter(|answer| answer.status == 201) else {
            return;
        };
        self.is_promised(Promise::Listed(id(&answer.body).to_owned()));
        self.world.listings.lock().unwrap().push(answer.body.clone());
        self.listings.push(answer.body);
    }

    async fn edits(&mut self) {
        let Some(ticket) = self.listings.choose(&mut self.rng).cloned() else { return };
        let price = self.rng.random_range(1_000..9_000);
        let quantity = self.rng.random_range(1..8);
        let title = &ticket["title"];
        let asks = self.rng.random_bool(0.3);
        let body = listing(json!({
            "title": title, "price": price, "quantity": quantity, "asksNames": asks,
        }));
        let request = self.keyed(put(format!("/api/tickets/{}", id(&ticket)), body));
        self.asks(&request).await;
    }

    async fn withdraws(&mut self) {
        let Some(ticket) = self.listings.choose(&mut self.rng).cloned() else { return };
        let request = delete(format!("/api/tickets/{}", id(&ticket)));
        self.asks(&request).await;
    }

    /// Undoes one of their sales, which they find in their ledger.
    async fn refunds(&mut self) {
        let Some(ledger) = self.asks(&get("/api/payments/ledger")).await else { return };
        let sales = ledger.body["items"].as_array().cloned().unwrap_or_default();
        let Some(sale) = sales.choose(&mut self.rng) else { return };
        let payment = sale["paymentId"].as_str().unwrap_or_default();
        let wish = json!({ "restock": self.rng.random_bool(0.5) });
        let request = self.keyed(post(format!("/api/payments/{payment}/refund"), wish));
        let answer = self.asks(&request).await;
        if answer.is_some_and(|answer| matches!(answer.status, 200 | 202)) {
            self.is_promised(Promise::Refunded(payment.to_owned()));
        }
    }

    async fn browses(&mut self) {
        self.asks(&get("/api/tickets")).await;
        self.asks(&get("/api/orders")).await;
    }

    async fn holds(&mut self) {
        let seen = self.world.listings.lock().unwrap().clone();
        let Some(ticket) = seen.choose(&mut self.rng) else { return };
        let quantity = self.rng.random_range(1..3);
        let body = json!({ "ticketId": id(ticket), "quantity": quantity });
        let request = self.keyed(post("/api/orders", body));
        self.world.wishes.fetch_add(1, Ordering::Relaxed);
        let Some(answer) = self.asks(&request).await.filter(|answer| answer.status == 201) else {
            return;
        };
        self.is_promised(Promise::Held(id(&answer.body).to_owned()));
        self.orders.push(answer.body);
    }

    async fn pays(&mut self) {
        let Some(order) = self.orders.choose(&mut self.rng).cloned() else { return };
        let card = CARDS.choose(&mut self.rng).unwrap();
        let body = json!({ "orderId": id(&order), "token": card });
        let request = self.keyed(post("/api/payments", body));
        let Some(answer) = self.asks(&request).await.filter(|answer| answer.status == 201) else {
            return;
        };
        let payment = id(&answer.body["payment"]).to_owned();
        self.is_promised(Promise::Paid { payment, order: id(&order).to_owned() });
    }

    async fn cancels(&mut self) {
        let Some(order) = self.orders.choose(&mut self.rng).cloned() else { return };
        let request = delete(format!("/api/orders/{}", id(&order)));
        let answer = self.asks(&request).await;
        if answer.is_some_and(|answer| answer.status == 204) {
            self.is_promised(Promise::Cancelled(id(&order).to_owned()));
        }
    }

    /// Looks at their tickets, whose codes they carry to the door from then on, and hands one on to
    /// somebody, or takes it back.
    async fn hands_on(&mut self) {
        let Some(list) = self.asks(&get("/api/admissions")).await else { return };
        let admissions = list.body["items"].as_array().cloned().unwrap_or_default();
        self.world.codes.lock().unwrap().extend(
            admissions
                .iter()
                .filter(|admission| admission.get("code").is_some())
                .map(|admission| (admission["ticketId"].clone(), admission["code"].clone())),
        );
        let Some(admission) = admissions.choose(&mut self.rng) else { return };
        let path = format!("/api/admissions/{}/transfer", id(admission));
        if self.rng.random_bool(0.2) {
            let request = self.keyed(delete(path));
            self.asks(&request).await;
            return;
        }
        let receiver = self.world.people.lock().unwrap().choose(&mut self.rng).cloned();
        let Some(receiver) = receiver else { return };
        let request = self.keyed(post(path, json!({ "email": receiver })));
        let answer = self.asks(&request).await.filter(|answer| answer.status == 200);
        let link =
            answer.and_then(|answer| Some(answer.body["transfer"]["link"].as_str()?.to_owned()));
        let Some((_, token)) = link.as_deref().and_then(|link| link.split_once("?token=")) else {
            return;
        };
        let link = (receiver, id(admission).to_owned(), token.to_owned());
        self.world.links.lock().unwrap().push(link);
    }

    /// Says who comes with one of their tickets.
    async fn names(&mut self) {
        let Some(list) = self.asks(&get("/api/admissions")).await else { return };
        let admissions = list.body["items"].as_array().cloned().unwrap_or_default();
        let nameless = admissions.iter().filter(|admission| admission["needsName"] == true);
        let nameless: Vec<_> = nameless.collect();
        let Some(admission) = nameless.choose(&mut self.rng) else { return };
        let path = format!("/api/admissions/{}/name", id(admission));
        let request = self.keyed(put(path, json!({ "name": self.name })));
        self.asks(&request).await;
    }

    /// Offers one of their tickets to everybody, or takes it off sale.
    async fn sells_on(&mut self) {
        let Some(list) = self.asks(&get("/api/admissions")).await else { return };
        let admissions = list.body["items"].as_array().cloned().unwrap_or_default();
        let Some(admission) = admissions.choose(&mut self.rng) else { return };
        let path = format!("/api/admissions/{}/offer", id(admission));
        if self.rng.random_bool(0.2) {
            let request = self.keyed(delete(path));
            self.asks(&request).await;
            return;
        }
        let price = self.rng.random_range(500..1_500);
        let request = self.keyed(post(path, json!({ "price": price })));
        let Some(answer) = self.asks(&request).await.filter(|answer| answer.status == 200) else {
            return;
        };
        self.is_promised(Promise::Offered {
            admission: id(admission).to_owned(),
            version: answer.body["version"].as_i64().unwrap_or_default(),
        });
        let listing = json!({ "id": answer.body["offer"]["ticketId"] });
        self.world.listings.lock().unwrap().push(listing);
    }

    /// Accepts a ticket by a link that somebody has sent.
    async fn accepts(&mut self) {
        let own = self.person.account["email"].as_str().unwrap_or_default().to_owned();
        let links = self.world.links.lock().unwrap().clone();
        let mine: Vec<_> = links.iter().filter(|(receiver, ..)| *receiver == own).collect();
        // A newer link of the same ticket has mostly taken the place of the older ones.
        let Some((_, admission, token)) = mine.last() else { return };
        let path = format!("/api/admissions/{admission}/accept");
        let request = self.keyed(post(path, json!({ "token": token })));
        if let Some(answer) = self.asks(&request).await.filter(|answer| answer.status == 200) {
            self.is_promised(Promise::Accepted {
                admission: admission.clone(),
                generation: answer.body["generation"].as_i64().unwrap_or_default(),
            });
        }
    }

    /// Stands at the door, where people show codes that they have, or have had.
    async fn lets_in(&mut self) {
        let own: Vec<&str> = self.listings.iter().map(id).collect();
        let codes = self.world.codes.lock().unwrap().clone();
        let shown: Vec<_> = codes
            .iter()
            .filter(|(ticket, _)| ticket.as_str().is_some_and(|ticket| own.contains(&ticket)))
            .collect();
        let Some((ticket, code)) = shown.choose(&mut self.rng) else { return };
        let scan = Uuid::now_v7();
        let body = json!({ "door": "North", "scans": [{ "id": scan, "code": code }] });
        let ticket = ticket.as_str().unwrap_or_default();
        // Without a key: the scan's own id makes it safe to repeat.
        let request = post(format!("/api/door/{ticket}/scans"), body);
        let Some(answer) = self.asks(&request).await.filter(|answer| answer.status == 200) else {
            return;
        };
        let result = &answer.body["results"][0];
        if result["verdict"] == "admitted" {
            let admission = result["admissionId"].as_str().unwrap_or_default().to_owned();
            self.is_promised(Promise::Admitted { admission, scan: scan.to_string() });
        }
    }

    /// Asks until there is an answer that says something; sometimes twice at once, as with a
    /// double click. None if there is none for too long.
    async fn asks(&mut self, request: &Request) -> Option<Answer> {
        for _ in 0..PATIENCE {
            let answer = if self.rng.random_bool(0.15) {
                let (first, second) = (self.somewhere(), self.somewhere());
                let (one, two) = tokio::join!(first.try_send(request), second.try_send(request));
                self.world.requests.fetch_add(2, Ordering::Relaxed);
                agree(request, one, two)
            } else {
                self.world.requests.fetch_add(1, Ordering::Relaxed);
                self.somewhere().try_send(request).await
            };
            match answer {
                Some(answer) if answer.status < 500 => return Some(answer),
                _ => self.pause(5..60).await,
            }
        }
        None
    }

    /// Themselves, at one of the hosts.
    fn somewhere(&mut self) -> Person {
        let host = self.rng.random_range(0..HOSTS);
        let address = self.world.addresses.lock().unwrap()[host];
        self.person.clone().at(address)
    }

    fn keyed(&mut self, request: Request) -> Request {
        self.asked += 1;
        request.key(&format!("{}-{}", self.name, self.asked))
    }

    fn is_promised(&self, promise: Promise) {
        self.world.promises.lock().unwrap().push(promise);
    }

    async fn pause(&mut self, ms: std::ops::Range<u64>) {
        tokio::time::sleep(Duration::from_millis(self.rng.random_range(ms))).await;
    }
}

/// The better of two answers to the same request: where both say that something was made, it is
/// the same thing.
fn agree(request: &Request, one: Option<Answer>, two: Option<Answer>) -> Option<Answer> {
    let made = |answer: &Option<Answer>| answer.as_ref().is_some_and(|answer| answer.status == 201);
    if made(&one) && made(&two) && request.headers.contains_key("idempotency-key") {
        let thing = |answer: &Option<Answer>| {
            let body = &answer.as_ref().unwrap().body;
            body.get("payment").unwrap_or(body)["id"].clone()
        };
        assert_eq!(thing(&one), thing(&two), "{request} was done twice");
    }
    [one, two].into_iter().flatten().min_by_key(|answer| answer.status)
}
