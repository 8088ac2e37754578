//! A shop, a listing, and a provider.

use std::time::SystemTime;

use boxoffice_tests::provider::{self, Provider};
use boxoffice_tests::{Answer, App, Person, Request, Surroundings, eventually, id, post};
use serde_json::{Value, json};

use crate::localstripe::{KEY, Localstripe};

/// How long a hold lasts, in seconds.
pub(crate) const HOLD: u64 = 900;
/// The price of a ticket, in cents.
pub(crate) const PRICE: i64 = 4500;

/// Who plays Stripe.
pub(crate) enum Stripe {
    Sandbox,
    Localstripe(Localstripe),
}

/// Cards by what they are for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Card {
    /// It works.
    Good,
    /// It is declined when it is charged.
    Declined,
    /// Its bank wants to see the cardholder, and then it works.
    Asks,
    /// Its bank wants to see the cardholder, and then declines.
    AsksAndDeclines,
    /// There is no such card.
    Unknown,
}

/// The shop, its people, and the provider behind a proxy that can misbehave.
pub(crate) struct Stage {
    pub(crate) app: App,
    pub(crate) provider: Provider,
    pub(crate) stripe: Stripe,
    pub(crate) seller: Person,
    pub(crate) buyer: Person,
    pub(crate) ticket: Value,
}

impl Stage {
    /// With the sandbox.
    pub(crate) async fn with_sandbox() -> Self {
        let (provider, app) = Provider::with_shop().await;
        Self::set(app, provider, Stripe::Sandbox).await
    }

    /// With the sandbox, and holds that last for so many seconds.
    pub(crate) async fn with_holds_of(seconds: u64) -> Self {
        let mut around = Surroundings::prepare().await;
        around.variables.insert("hold_seconds".into(), seconds.to_string());
        let provider = Provider::before(&mut around).await;
        Self::set(App::start_in(around).await, provider, Stripe::Sandbox).await
    }

    /// With localstripe, whose clock is the machine's.
    pub(crate) async fn with_localstripe() -> Self {
        let stripe = Localstripe::start().await;
        let mut around = Surroundings::prepare_at(SystemTime::now()).await;
        around.variables.insert("stripe_api_key".into(), KEY.into());
        let provider =
            Provider::before_another(&mut around, stripe.address(), Localstripe::understood).await;
        let app = App::start_in(around).await;
        Self::set(app, provider, Stripe::Localstripe(stripe)).await
    }

    async fn set(app: App, provider: Provider, stripe: Stripe) -> Self {
        let (seller, buyer) = tokio::join!(app.sign_up(), app.sign_up());
        let wish = json!({ "price": PRICE, "quantity": 20 });
        let ticket = seller.list(wish).await.expect(201);
        Self { app, provider, stripe, seller, buyer, ticket }
    }

    /// Has the provider tell the shop of what happens.
    pub(crate) async fn hear_webhooks(&self) {
        match &self.stripe {
            Stripe::Sandbox => self.app.hear_webhooks(),
            Stripe::Localstripe(stripe) => {
                let url = format!("http://{}/api/payments/webhook", self.app.host().address());
                stripe.send_webhooks_to(&url, &self.app.variables["stripe_webhook_secret"]).await;
            }
        }
    }

    /// An order of the buyer's.
    pub(crate) async fn hold(&self) -> Value {
        self.buyer.hold(&self.ticket).await.expect(201)
    }

    /// The payment method that this card is.
    pub(crate) async fn card(&self, card: Card) -> String {
        let Stripe::Localstripe(stripe) = &self.stripe else {
            let name = match card {
                Card::Good => "visa",
                Card::Declined => "chargeCustomerFail",
                Card::Asks => "threeDSecure2Required",
                Card::AsksAndDeclines => "threeDSecureRequiredChargeDeclined",
                Card::Unknown => "nobodyKnowsThisCard",
            };
            return format!("pm_card_{name}");
        };
        match card {
            Card::Good => stripe.card("4242424242424242").await,
            Card::Declined => stripe.card("4000000000000341").await,
            Card::Asks => stripe.card("4000000000003220").await,
            Card::AsksAndDeclines => stripe.card("4000008400001629").await,
            Card::Unknown => "pm_nobodyKnowsThisCard".to_owned(),
        }
    }

    /// The buyer pays with this card.
    pub(crate) async fn pay(&self, order: &Value, card: Card) -> Answer {
        self.buyer.pay(order, &self.card(card).await).await
    }

    /// The buyer pays with a card whose bank has questions; the payment.
    pub(crate) async fn pay_asked(&self, order: &Value, card: Card) -> Value {
        let waits = json!({ "payment": { "status": "requires_action", "amount": PRICE } });
        self.pay(order, card).await.shows(202, waits).body["payment"].clone()
    }

    /// The buyer goes on with a payment.
    pub(crate) async fn confirm(&self, payment: &Value) -> Answer {
        self.buyer.send(&post(confirm_path(payment), json!({}))).await
    }

    /// The buyer answers their bank's questions, or fails to.
    pub(crate) async fn authenticate(&self, payment: &Value, success: bool) {
        let secret = payment["clientSecret"].as_str().expect("a client secret");
        let intent = secret.split("_secret_").next().unwrap();
        match &self.stripe {
            Stripe::Localstripe(stripe) => stripe.authenticate(intent, secret, success).await,
            Stripe::Sandbox => {
                assert_eq!(payment["nextAction"]["type"], "redirect_to_url");
                let page = payment["nextAction"]["redirectUrl"].as_str().unwrap();
                let outcome = if success { "complete" } else { "fail" };
                let stay = reqwest::redirect::Policy::none();
                let http = reqwest::Client::builder().no_proxy().redirect(stay).build().unwrap();
                // The page is the sandbox's own, whatever stands before it.
                let path = &page[page.find("/sandbox/").unwrap()..];
                let url = format!("{}{path}", self.app.sandbox_url());
                let form = format!("outcome={outcome}");
                let left = http.post(url).body(form).send().await.unwrap();
                let back = left.headers()["location"].to_str().unwrap();
                let order = payment["orderId"].as_str().unwrap();
                assert!(back.contains(&format!("/orders/{order}/return?")), "{back}");
            }
        }
    }

    /// The intents of an order, newest first.
    pub(crate) async fn intents(&self, order: &Value) -> Vec<Value> {
        let mut intents = match &self.stripe {
            Stripe::Sandbox => self.app.sandbox_intents().await,
            Stripe::Localstripe(stripe) => {
                let base = format!("http://{}", stripe.address());
                let mut intents = provider::intents(&base, KEY).await;
                intents.reverse();
                intents
            }
        };
        intents.retain(|intent| intent["metadata"]["order_id"] == id(order));
        intents
    }

    /// Somebody does something at the sandbox by hand: sends `form` to `path`. Returns the answer.
    pub(crate) async fn by_hand(&self, path: &str, form: &str) -> Value {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let asked = http.post(format!("{}{path}", self.app.sandbox_url()));
        let asked = asked.bearer_auth(&self.app.variables["stripe_api_key"]);
        let asked = asked.header("content-type", "application/x-www-form-urlencoded");
        let answer = asked.body(form.to_owned()).send().await.unwrap();
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        assert!(status.is_success(), "{path} {form}: {status} {body:#}");
        body
    }

    /// Makes someone an operator, which takes a restart of the shop.
    pub(crate) async fn operator(&mut self) -> Person {
        let operator = self.app.sign_up().await;
        self.app.variables.insert("operators".into(), operator.id().to_owned());
        self.app.restart().await;
        let address = self.app.host().address();
        self.seller = self.seller.clone().at(address);
        self.buyer = self.buyer.clone().at(address);
        self.app.protect(operator.at(address)).await.0
    }

    /// Waits until the intents of an order, oldest first, have these statuses.
    pub(crate) async fn has_intents(&self, order: &Value, statuses: &[&str]) {
        let what = format!("the intents are {statuses:?}");
        let look = async || {
            let intents = self.intents(order).await;
            let status = |intent: &Value| intent["status"].as_str().unwrap().to_owned();
            intents.iter().rev().map(status).collect::<Vec<_>>()
        };
        eventually(&what, look, |seen| seen == statuses).await;
    }

    /// Waits until the order is the buyer's, and paid once.
    pub(crate) async fn is_bought(&self, order: &Value) {
        self.buyer.sees_order(order, json!({ "status": "complete" })).await;
        let paid = async || {
            let intents = self.intents(order).await;
            intents.iter().filter(|intent| intent["status"] == "succeeded").count()
        };
        eventually("the money is taken", paid, |paid| *paid == 1).await;
    }

    /// An order that is paid for and complete, and its payment.
    pub(crate) async fn sold(&self) -> (Value, Value) {
        let order = self.hold().await;
        let payment = self.pay(&order, Card::Good).await.expect(201)["payment"].clone();
        self.is_bought(&order).await;
        let captured = json!({ "items": [{ "status": "captured" }] });
        self.buyer.sees(&format!("/api/payments?orderId={}", id(&order)), captured).await;
        (order, payment)
    }

    /// How much of the order's money the provider has given back.
    pub(crate) async fn given_back(&self, order: &Value) -> i64 {
        let refunded = |intent: &Value| intent["latest_charge"]["amount_refunded"].as_i64();
        self.intents(order).await.iter().filter_map(refunded).sum()
    }

    /// Some time passes, with the ticks that are due then.
    pub(crate) async fn passes(&self, seconds: u64) {
        self.app.advance(seconds);
        self.app.tick().await;
    }

    /// The books are right, as far as an audit can read the provider's.
    pub(crate) async fn is_right(&self) {
        if matches!(self.stripe, Stripe::Sandbox) {
            self.app.audit().await;
        }
    }

    /// What one row of the payments' own tables says.
    pub(crate) fn text(&self, sql: &str) -> String {
        let text: Option<String> =
            self.app.database().query_row(sql, [], |row| row.get(0)).unwrap();
        format!("{text:?}")
    }

    /// The one number that `sql` answers with.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.app.database().query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

/// Where to go on with a payment.
pub(crate) fn confirm_path(payment: &Value) -> String {
    format!("/api/payments/{}/confirm", id(payment))
}

/// The request to refund a payment.
pub(crate) fn refund(payment: &Value, wish: Value) -> Request {
    post(format!("/api/payments/{}/refund", id(payment)), wish)
}
