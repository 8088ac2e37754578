//! Webhooks: events sent to the shop, signed as Stripe signs them
//! (<https://docs.stripe.com/webhooks#verify-manually>).

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::sync::{Mutex, Notify};

use crate::{
    app::{App, blocking},
    events::{self, Pending},
    intents,
};

/// How long an endpoint may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked for events that are to be sent again.
const PAUSE: Duration = Duration::from_millis(250);

/// Where events go.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The whole URL.
    pub url: String,
    /// What they are signed with, `whsec_…`.
    pub secret: String,
}

/// How events are sent; all but the first is what Stripe does on a bad day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Delivery {
    /// Soon after what they tell of, in that order.
    #[default]
    Prompt,
    /// Before the call that they tell of is answered.
    BeforeAnswer,
    /// Each one twice.
    Twice,
    /// The newest first, and soon.
    Backwards,
    /// Not at all, until that changes.
    Held,
}

/// What sends events.
#[derive(Debug, Default)]
pub(crate) struct Webhooks {
    endpoint: RwLock<Option<Endpoint>>,
    delivery: RwLock<Delivery>,
    news: Notify,
    /// Held by whoever sends: two at once would send the same.
    sending: Mutex<()>,
}

impl Webhooks {
    /// From now on events go to `endpoint`; what happened before is not sent.
    pub(crate) fn send_to(&self, endpoint: Endpoint) {
        *self.endpoint.write().unwrap_or_else(PoisonError::into_inner) = Some(endpoint);
    }

    /// From now on events are sent like this.
    pub(crate) fn deliver(&self, delivery: Delivery) {
        *self.delivery.write().unwrap_or_else(PoisonError::into_inner) = delivery;
        self.news.notify_one();
    }

    /// Whether there is anybody to hear of what happens.
    pub(crate) fn are_heard(&self) -> bool {
        self.endpoint().is_some()
    }

    /// There may be something to send.
    pub(crate) fn ring(&self) {
        self.news.notify_one();
    }

    fn endpoint(&self) -> Option<Endpoint> {
        self.endpoint.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn delivery(&self) -> Delivery {
        *self.delivery.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends events for as long as the sandbox runs.
pub(crate) async fn run(app: Arc<App>) {
    let http = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build();
    let http = match http {
        Ok(http) => http,
        Err(error) => return tracing::error!(%error, "the payment sandbox sends no webhooks"),
    };
    loop {
        // What is due again later makes no news.
        let _ = tokio::time::timeout(PAUSE, app.webhooks().news.notified()).await;
        settle(&app).await;
        if !matches!(app.webhooks().delivery(), Delivery::Held | Delivery::BeforeAnswer) {
            send(&app, &http).await;
        }
    }
}

/// Lets the banks answer that are due to.
async fn settle(app: &Arc<App>) {
    let acting = app.clone();
    let settled = blocking(move || {
        if acting.view("", intents::any_due)? {
            acting.change("", intents::settle_due)?;
        }
        Ok(())
    });
    if let Err(error) = settled.await {
        tracing::warn!(?error, "payments that are processing could not be settled");
    }
}

/// Sends what is due before a call is answered, if that is what is wanted.
pub(crate) async fn before_answer(app: &Arc<App>) {
    if app.webhooks().delivery() == Delivery::BeforeAnswer
        && let Ok(http) = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build()
    {
        send(app, &http).await;
    }
}

async fn send(app: &Arc<App>, http: &reqwest::Client) {
    let webhooks = app.webhooks();
    let Some(endpoint) = webhooks.endpoint() else { return };
    let _turn = webhooks.sending.lock().await;
    let reading = app.clone();
    let due = blocking(move || reading.view("", |scope| events::due(scope.db, scope.now))).await;
    let mut due = match due {
        Ok(due) => due,
        Err(error) => return tracing::warn!(?error, "the events to send cannot be read"),
    };
    let delivery = webhooks.delivery();
    if delivery == Delivery::Backwards {
        due.reverse();
    }
    for event in due {
        let mut delivered = post(app, http, &endpoint, &event).await;
        if delivery == Delivery::Twice {
            delivered = post(app, http, &endpoint, &event).await;
        }
        let noting = app.clone();
        let noted = blocking(move || {
            noting.change("", |scope| events::note(scope.db, &event, delivered, scope.now))
        });
        if let Err(error) = noted.await {
            return tracing::warn!(?error, "an event was sent, but this could not be recorded");
        }
    }
}

async fn post(app: &App, http: &reqwest::Client, to: &Endpoint, event: &Pending) -> bool {
    let request = http
        .post(&to.url)
        .header("content-type", "application/json; charset=utf-8")
        .header("stripe-signature", signature(&to.secret, app.now(), &event.body))
        .body(event.body.clone());
    match request.send().await {
        Ok(answer) if answer.status().is_success() => true,
        Ok(answer) => {
            tracing::info!(event = event.id, status = %answer.status(), "a webhook was refused");
            false
        }
        Err(error) => {
            tracing::info!(event = event.id, %error, "a webhook could not be delivered");
            false
        }
    }
}

/// The header `Stripe-Signature` of `body`, signed at `now` (in seconds since 1970).
#[must_use]
pub fn signature(secret: &str, now: i64, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        // HMAC takes keys of any length.
        return String::new();
    };
    mac.update(format!("{now}.{body}").as_bytes());
    let code = mac.finalize().into_bytes();
    let code: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={now},v1={code}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The code is openssl's.
    #[test]
    fn signed_as_stripe_signs() {
        assert_eq!(
            signature("whsec_test", 1_898_596_800, r#"{"id":"evt_1"}"#),
            "t=1898596800,\
             v1=01b8a21c63d8c4204ec7e251eaa08107154646a40876ccfcf3a1d736ba0c2612"
        );
    }
}
