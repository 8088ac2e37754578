//! The running shop: what a test starts with.

use std::collections::BTreeSet;
use std::ops::{Deref, DerefMut};
use std::time::{Duration, SystemTime};

use boxoffice_contract::EventType;
use boxoffice_contract::bus::WITHOUT_EVENTS;
use boxoffice_host::Host;
use reqwest::Method;
use serde_json::Value;

use crate::{Person, Request, Surroundings, eventually, id, provider};

/// Where the payment provider tells of what happens.
const WEBHOOK: &str = "/api/payments/webhook";
/// Where operators' programs tell of letters that came back.
const BOUNCES: &str = "/api/mail/bounces";
/// Redis's hash of each worker's last tick.
const TICKS: &str = "boxoffice:ticks";
/// The services that react to events or to ticks alone: each has a worker.
pub fn workers() -> BTreeSet<&'static str> {
    let readers = EventType::ALL.iter().flat_map(|event_type| event_type.groups()).copied();
    readers.chain(WITHOUT_EVENTS).collect()
}

/// A shop that runs, with everything around it (which it dereferences to).
pub struct App {
    // Before what it runs on: fields are dropped in this order.
    host: Option<Host>,
    around: Surroundings,
}

impl App {
    /// Starts an empty shop.
    pub async fn start() -> Self {
        Self::start_with([]).await
    }

    /// Starts an empty shop with these application variables besides.
    pub async fn start_with<const N: usize>(variables: [(&str, &str); N]) -> Self {
        let mut around = Surroundings::prepare().await;
        around.variables.extend(variables.map(|(name, value)| (name.into(), value.into())));
        Self::start_in(around).await
    }

    /// Starts a shop in surroundings that are ready for it.
    pub async fn start_in(around: Surroundings) -> Self {
        let host = Some(around.host().await);
        Self { host, around }
    }

    /// Stops the shop; everything around it goes on.
    pub async fn stop(&mut self) {
        if let Some(host) = self.host.take() {
            host.shutdown(Duration::from_secs(5)).await;
        }
    }

    /// Stops the shop, and starts it anew with the same data.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.host = Some(self.around.host().await);
    }

    /// The host.
    ///
    /// # Panics
    /// When the shop is stopped.
    pub fn host(&self) -> &Host {
        self.host.as_ref().expect("the shop runs")
    }

    /// Someone who has just come to the shop.
    pub fn client(&self) -> Person {
        Person::new(self.host().address())
    }

    /// Someone with an account, signed in.
    pub async fn sign_up(&self) -> Person {
        self.client().signed_up().await
    }

    /// Moves time forward by `seconds`.
    pub fn advance(&self, seconds: u64) {
        self.around.advance(Duration::from_secs(seconds));
    }

    /// Moves time forward by a millisecond: what comes next is later than what was.
    pub fn a_moment_passes(&self) {
        self.around.advance(Duration::from_millis(1));
    }

    /// Fires a tick, and waits until every worker has done what it does on one. The events that
    /// they publish by it may be on their way still.
    ///
    /// # Panics
    /// When a worker does not get done.
    pub async fn tick(&self) {
        let mut redis = self.redis().await;
        let _: () = redis::cmd("DEL").arg(TICKS).query_async(&mut redis).await.unwrap();
        self.host().fire_cron().await.unwrap();
        let ticked = async || -> usize {
            redis::cmd("HLEN").arg(TICKS).query_async(&mut redis).await.unwrap()
        };
        eventually("all workers have ticked", ticked, |ticked| *ticked == workers().len()).await;
    }

    /// Has the payment sandbox tell the shop of what happens, from now on.
    ///
    /// # Panics
    /// When the sandbox or the shop is stopped.
    pub fn hear_webhooks(&self) {
        self.sandbox().send_webhooks_to(boxoffice_sandbox::Endpoint {
            url: format!("http://{}{WEBHOOK}", self.host().address()),
            secret: self.variables["stripe_webhook_secret"].clone(),
        });
    }

    /// Stripe's event `event`, signed now with `secret`.
    pub fn signed(&self, event: &Value, secret: &str) -> Request {
        let body = event.to_string();
        let since = self.now()().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        let signature = boxoffice_sandbox::signature(secret, now, &body);
        Request::new(Method::POST, WEBHOOK)
            .header("content-type", "application/json; charset=utf-8")
            .header("stripe-signature", signature)
            .body(body)
    }

    /// What an operator's program tells of a letter that came back, signed now with `secret`.
    ///
    /// # Panics
    /// When the request has no signature.
    pub fn bounce(&self, told: &Value, secret: &str) -> Request {
        let mut request = self.signed(told, secret);
        let signature = request.headers.remove("stripe-signature").unwrap();
        BOUNCES.clone_into(&mut request.path);
        request.header("boxoffice-signature", signature.to_str().unwrap())
    }

    /// All PaymentIntents of the payment sandbox, newest first.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn sandbox_intents(&self) -> Vec<Value> {
        provider::intents(&self.sandbox_url(), &self.variables["stripe_api_key"]).await
    }

    /// The PaymentIntents of one order, newest first.
    pub async fn intents_of(&self, order: &Value) -> Vec<Value> {
        let mut intents = self.sandbox_intents().await;
        intents.retain(|intent| intent["metadata"]["order_id"] == id(order));
        intents
    }
}

impl Deref for App {
    type Target = Surroundings;

    fn deref(&self) -> &Surroundings {
        &self.around
    }
}

impl DerefMut for App {
    fn deref_mut(&mut self) -> &mut Surroundings {
        &mut self.around
    }
}
