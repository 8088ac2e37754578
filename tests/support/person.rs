//! Someone who uses the shop over HTTP.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::header::{AUTHORIZATION, COOKIE, HeaderName, HeaderValue, SET_COOKIE};
use serde_json::{Value, json};

use crate::answer::{Answer, differences, id};
use crate::listener::Listener;
use crate::request::{Request, delete, get, post, put};
use crate::wait::eventually;

/// The password of everyone who signs up.
pub const PASSWORD: &str = "correct horse battery";

/// Someone with a browser of their own, signed in or not.
#[derive(Clone, Debug)]
pub struct Person {
    http: reqwest::Client,
    base: String,
    session: Option<(HeaderName, HeaderValue)>,
    /// Their account; null for those who are not signed in.
    pub account: Value,
}

impl Person {
    /// Someone who has just come to the shop at `address`.
    ///
    /// # Panics
    /// When no HTTP client can be made.
    pub fn new(address: SocketAddr) -> Self {
        let http = client(|builder| builder);
        Self { http, base: format!("http://{address}"), session: None, account: Value::Null }
    }

    /// The same person, who opens a connection for each request: behind a proxy, each may meet
    /// another host.
    ///
    /// # Panics
    /// When no HTTP client can be made.
    #[must_use]
    pub fn with_new_connections(self) -> Self {
        Self { http: client(|builder| builder.pool_max_idle_per_host(0)), ..self }
    }

    /// The same person, who has signed up with an address of their own.
    pub async fn signed_up(self) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        let email = format!("person-{}@example.com", COUNT.fetch_add(1, Ordering::Relaxed));
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = self.send(&post("/api/users/signUp", body)).await;
        self.signed_in_by(answer, 201)
    }

    /// The same person with the session that `answer` starts.
    ///
    /// # Panics
    /// When it starts none.
    #[track_caller]
    pub fn signed_in_by(self, answer: Answer, status: u16) -> Self {
        let cookie = session_cookie(&answer).unwrap_or_else(|| panic!("no session: {answer}"));
        Self { account: answer.expect(status), ..self.with_cookie(&cookie) }
    }

    /// The same person with the fresh token that `answer` gives their session.
    ///
    /// # Panics
    /// When it has another status, or gives none.
    #[track_caller]
    pub fn renewed_by(self, answer: &Answer, status: u16) -> Self {
        assert_eq!(answer.status, status, "{answer}");
        let cookie = session_cookie(answer).unwrap_or_else(|| panic!("no token: {answer}"));
        self.with_cookie(&cookie)
    }

    /// The same person, at the address that the shop has after a restart.
    #[must_use]
    pub fn at(self, address: SocketAddr) -> Self {
        Self { base: format!("http://{address}"), ..self }
    }

    /// The same person, who sends this cookie.
    ///
    /// # Panics
    /// When it is none that HTTP allows.
    pub fn with_cookie(self, cookie: &str) -> Self {
        Self { session: Some((COOKIE, cookie.parse().unwrap())), ..self }
    }

    /// The same person, who sends this in `Authorization`.
    ///
    /// # Panics
    /// When it is none that HTTP allows.
    pub fn with_authorization(self, value: &str) -> Self {
        Self { session: Some((AUTHORIZATION, value.parse().unwrap())), ..self }
    }

    /// The session token that they have.
    ///
    /// # Panics
    /// When they have none in a cookie.
    pub fn token(&self) -> &str {
        let (_, cookie) = self.session.as_ref().expect("they are signed in");
        cookie.to_str().unwrap().split_once('=').expect("by a cookie").1
    }

    /// Their account's id.
    pub fn id(&self) -> &str {
        id(&self.account)
    }

    /// Sends `request`; the answer obeys the rules that all answers do.
    ///
    /// # Panics
    /// When there is no answer, or one that breaks those rules.
    pub async fn send(&self, request: &Request) -> Answer {
        let answer = self.exchange(request).await;
        let faults = answer.faults();
        assert!(faults.is_empty(), "{}\n{answer}", faults.join("\n"));
        answer
    }

    /// Sends `request`; the answer may be any.
    ///
    /// # Panics
    /// When there is none.
    pub async fn exchange(&self, request: &Request) -> Answer {
        match self.attempt(request).await {
            Ok(answer) => answer,
            Err(error) => panic!("{request}: no answer: {error:?}"),
        }
    }

    /// Sends `request`; None if there is no answer, or one that breaks off.
    pub async fn try_send(&self, request: &Request) -> Option<Answer> {
        self.attempt(request).await.ok()
    }

    /// Opens the stream of events that `request` asks for.
    ///
    /// # Panics
    /// When the answer is none.
    pub async fn listen(&self, request: &Request) -> Listener {
        match self.builder(request).send().await {
            Ok(response) => Listener::new(response),
            Err(error) => panic!("{request}: no answer: {error:?}"),
        }
    }

    fn builder(&self, request: &Request) -> reqwest::RequestBuilder {
        let url = format!("{}{}", self.base, request.path);
        let mut builder = self.http.request(request.method.clone(), url);
        if let Some((name, value)) = &self.session {
            builder = builder.header(name, value);
        }
        builder = builder.headers(request.headers.clone());
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        builder
    }

    async fn attempt(&self, request: &Request) -> reqwest::Result<Answer> {
        let response = self.builder(request).send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or_default();
        Ok(Answer { request: request.to_string(), status, headers, text, body })
    }

    /// `GET path`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(&get(path)).await
    }

    /// `DELETE path`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(&delete(path)).await
    }

    /// `POST path` with JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(&post(path, body)).await
    }

    /// `PUT path` with JSON.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(&put(path, body)).await
    }

    /// Lists tickets: `wish` is what is particular about them, the rest is as in [`listing`].
    pub async fn list(&self, wish: Value) -> Answer {
        self.post("/api/tickets", listing(wish)).await
    }

    /// Holds one ticket of a listing.
    pub async fn hold(&self, ticket: &Value) -> Answer {
        self.hold_many(ticket, 1).await
    }

    /// Holds `quantity` tickets of a listing.
    pub async fn hold_many(&self, ticket: &Value, quantity: i64) -> Answer {
        self.post("/api/orders", json!({ "ticketId": id(ticket), "quantity": quantity })).await
    }

    /// Pays for an order.
    pub async fn pay(&self, order: &Value, token: &str) -> Answer {
        self.post("/api/payments", json!({ "orderId": id(order), "token": token })).await
    }

    /// Buys `quantity` tickets of a listing, and returns the order once it is complete.
    pub async fn buy(&self, ticket: &Value, quantity: i64) -> Value {
        let order = self.hold_many(ticket, quantity).await.expect(201);
        self.pay(&order, "pm_card_visa").await.expect(201);
        self.sees_order(&order, json!({ "status": "complete" })).await
    }

    /// Waits until their order has `quantity` admissions, and returns these.
    pub async fn admissions(&self, order: &Value, quantity: usize) -> Vec<Value> {
        let path = format!("/api/admissions?orderId={}", id(order));
        let all = |answer: &Answer| {
            answer.status == 200
                && answer.body["items"].as_array().is_some_and(|items| items.len() == quantity)
        };
        let what = format!("GET {path} shows {quantity} admissions");
        let answer = eventually(&what, async || self.get(&path).await, all).await;
        answer.body["items"].as_array().cloned().unwrap_or_default()
    }

    /// Waits until the shop knows that the money of their last payment is taken, and returns the
    /// payment. An order may be complete before that.
    pub async fn taken_payment(&self) -> Value {
        let taken = json!({ "items": [{ "status": "captured" }] });
        self.sees("/api/payments?limit=1", taken).await["items"][0].clone()
    }

    /// Waits for the same, and returns the path that refunds the payment: before, it cannot be.
    pub async fn refund_path(&self) -> String {
        format!("/api/payments/{}/refund", id(&self.taken_payment().await))
    }

    /// Scans `code` at the door of `ticket` that is called `door`. Returns what it came to.
    pub async fn scans(&self, ticket: &Value, door: &str, code: &Value) -> Value {
        let scan = json!({ "id": uuid::Uuid::now_v7(), "code": code });
        let body = json!({ "door": door, "scans": [scan] });
        let path = format!("/api/door/{}/scans", id(ticket));
        self.post(&path, body).await.expect(200)["results"][0].clone()
    }

    /// Gives an order up.
    pub async fn cancel(&self, order: &Value) -> Answer {
        self.delete(&format!("/api/orders/{}", id(order))).await
    }

    /// Waits until their order has at least what `part` has, and returns it.
    pub async fn sees_order(&self, order: &Value, part: Value) -> Value {
        self.sees(&format!("/api/orders/{}", id(order)), part).await
    }

    /// Waits until a listing has at least what `part` has, and returns it.
    pub async fn sees_ticket(&self, ticket: &Value, part: Value) -> Value {
        self.sees(&format!("/api/tickets/{}", id(ticket)), part).await
    }

    /// Waits until `GET path` is answered with 200 and at least what `part` has.
    pub async fn sees(&self, path: &str, part: Value) -> Value {
        let what = format!("GET {path} shows {part}");
        let good =
            |answer: &Answer| answer.status == 200 && differences(&part, &answer.body).is_empty();
        eventually(&what, async || self.get(path).await, good).await.body
    }
}

fn client(edit: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder) -> reqwest::Client {
    let builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(std::time::Duration::from_secs(60));
    edit(builder).build().unwrap()
}

/// What a seller sends: `wish` over a plausible listing.
///
/// # Panics
/// When `wish` is no object.
pub fn listing(wish: Value) -> Value {
    let mut listing = json!({ "title": "The Paper Kites", "price": 2500, "currency": "EUR" });
    for (name, value) in wish.as_object().expect("an object") {
        listing[name] = value.clone();
    }
    // One buyer may have all of them, unless the test says otherwise.
    if listing.get("maxPerBuyer").is_none() && listing["quantity"].as_i64() > Some(10) {
        listing["maxPerBuyer"] = listing["quantity"].clone();
    }
    listing
}

/// The session's cookie, `name=token`, that an answer sets.
fn session_cookie(answer: &Answer) -> Option<String> {
    answer
        .headers
        .get_all(SET_COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok()?.split(';').next())
        .find(|pair| pair.contains("session=") && !pair.ends_with('='))
        .map(str::to_owned)
}
