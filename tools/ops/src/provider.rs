//! The payment provider's ledger: PaymentIntents and disputes by Stripe's HTTP API, which the payment
//! sandbox speaks as well.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::sources::Problem;

/// The version of the API that this reads: the one that `payments` speaks.
const VERSION: &str = "2026-09-30.endive";
/// How many things one call asks for: the most that Stripe gives.
const PAGE: &str = "100";
/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// Stripe, or the sandbox.
#[derive(Clone)]
pub struct Provider {
    base: String,
    key: String,
}

/// Without the key.
impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("base", &self.base).finish_non_exhaustive()
    }
}

/// What an audit needs of a PaymentIntent.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Intent {
    pub(crate) id: String,
    pub(crate) status: String,
    /// In the currency's minor unit, as all amounts.
    pub(crate) amount: i64,
    /// ISO 4217, in lower case.
    pub(crate) currency: String,
    /// How much was taken.
    pub(crate) amount_received: i64,
    pub(crate) latest_charge: Option<Charge>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

/// What an audit needs of a charge.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Charge {
    /// `succeeded` if the money was at least set aside.
    status: String,
    captured: bool,
    amount_refunded: i64,
}

/// What an audit needs of a dispute.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Dispute {
    pub(crate) id: String,
    pub(crate) amount: i64,
    /// ISO 4217, in lower case.
    pub(crate) currency: String,
    /// `lost` if the buyer has the money.
    pub(crate) status: String,
    pub(crate) payment_intent: Option<String>,
}

/// What is read page by page.
trait Listed: DeserializeOwned {
    /// The list's path, below `/v1`.
    const PATH: &'static str;
    /// What is expanded in it; nothing if empty.
    const EXPAND: &'static str;

    fn id(&self) -> &str;
}

impl Listed for Intent {
    const PATH: &'static str = "payment_intents";
    const EXPAND: &'static str = "data.latest_charge";

    fn id(&self) -> &str {
        &self.id
    }
}

impl Listed for Dispute {
    const PATH: &'static str = "disputes";
    const EXPAND: &'static str = "";

    fn id(&self) -> &str {
        &self.id
    }
}

#[derive(Deserialize)]
struct Page<T> {
    data: Vec<T>,
    has_more: bool,
}

impl Intent {
    /// The order that it pays for, if it says so.
    pub(crate) fn order_id(&self) -> Option<&str> {
        self.metadata.get("order_id").map(String::as_str)
    }

    /// Our payment that it is for, if it is one of ours: others may use the same account.
    pub(crate) fn payment_id(&self) -> Option<&str> {
        self.order_id()?;
        self.metadata.get("payment_id").map(String::as_str)
    }

    /// Whether money was set aside by it, whatever became of that.
    pub(crate) fn has_moved_money(&self) -> bool {
        self.latest_charge.as_ref().is_some_and(|charge| charge.status == "succeeded")
    }

    /// How much of what was taken was given back. Stripe also calls it a refund when money that
    /// was only set aside is let go; that is none here.
    pub(crate) fn amount_refunded(&self) -> i64 {
        let charge = self.latest_charge.as_ref().filter(|charge| charge.captured);
        charge.map_or(0, |charge| charge.amount_refunded)
    }
}

#[cfg(test)]
impl Intent {
    pub(crate) fn new(
        id: &str,
        status: &str,
        amount: i64,
        received: i64,
        refunded: i64,
        (order_id, payment_id): (&str, &str),
    ) -> Self {
        let metadata = [("order_id", order_id), ("payment_id", payment_id)];
        Self {
            id: id.to_owned(),
            status: status.to_owned(),
            amount,
            currency: "eur".to_owned(),
            amount_received: received,
            latest_charge: Some(Charge {
                status: "succeeded".to_owned(),
                captured: received > 0,
                amount_refunded: refunded,
            }),
            metadata: metadata.map(|(name, id)| (name.to_owned(), id.to_owned())).into(),
        }
    }

    /// As another application's on the same account.
    pub(crate) fn without_metadata(mut self) -> Self {
        self.metadata.clear();
        self
    }
}

impl Provider {
    /// The provider whose API is at `base`, without `/v1`; `key` is the secret key.
    pub fn new(base: impl Into<String>, key: impl Into<String>) -> Self {
        let base: String = base.into();
        Self { base: base.trim_end_matches('/').to_owned(), key: key.into() }
    }

    /// All intents of the account, newest first.
    pub(crate) async fn intents(&self) -> Result<Vec<Intent>, Problem> {
        self.all().await
    }

    /// All disputes of the account, newest first.
    pub(crate) async fn disputes(&self) -> Result<Vec<Dispute>, Problem> {
        self.all().await
    }

    async fn all<T: Listed>(&self) -> Result<Vec<T>, Problem> {
        let client = client()?;
        let mut all: Vec<T> = Vec::new();
        loop {
            let page = self.page(&client, all.last()).await?;
            let is_empty = page.data.is_empty();
            all.extend(page.data);
            if !page.has_more || is_empty {
                return Ok(all);
            }
        }
    }

    async fn page<T: Listed>(
        &self,
        client: &Http<Empty<Bytes>>,
        after: Option<&T>,
    ) -> Result<Page<T>, Problem> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", PAGE);
        if !T::EXPAND.is_empty() {
            query.append_pair("expand[]", T::EXPAND);
        }
        if let Some(last) = after {
            query.append_pair("starting_after", last.id());
        }
        let uri = format!("{}/v1/{}?{}", self.base, T::PATH, query.finish());
        let request = Request::get(uri)
            .header("authorization", format!("Bearer {}", self.key))
            .header("stripe-version", VERSION)
            .body(Empty::new())
            // The error would show neither, but both may be what is wrong.
            .map_err(|_| self.misconfigured())?;
        let ask = async {
            let answer = client.request(request).await.map_err(causes)?;
            let status = answer.status();
            let body = answer.into_body().collect().await.map_err(causes)?;
            Ok((status, body.to_bytes()))
        };
        let answer = tokio::time::timeout(PATIENCE, ask).await;
        let answer = answer.unwrap_or_else(|_| Err(format!("no answer within {PATIENCE:?}")));
        let (status, body) = answer.map_err(|why| self.unreachable(&why))?;
        match status {
            StatusCode::OK => serde_json::from_slice(&body)
                .map_err(|error| self.unreachable(&format!("its answer is not Stripe's: {error}"))),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Problem::new(
                format!("the payment provider at {} refuses the key ({status})", self.base),
                "set the variable stripe_api_key (SPIN_VARIABLE_STRIPE_API_KEY) to one that may \
                 read PaymentIntents and Disputes",
            )),
            status => Err(self.unreachable(&format!("it answers {status}"))),
        }
    }

    fn unreachable(&self, why: &str) -> Problem {
        Problem::new(
            format!("the payment provider at {} cannot be read: {why}", self.base),
            "start it (`boxoffice up` runs the sandbox), or set the variable stripe_api_base \
             (SPIN_VARIABLE_STRIPE_API_BASE) to its address",
        )
    }

    fn misconfigured(&self) -> Problem {
        Problem::new(
            format!(
                "the payment provider cannot be asked: {} is not a valid base URL, or HTTP cannot \
                 send the key",
                self.base
            ),
            "correct the variables stripe_api_base and stripe_api_key",
        )
    }
}

type Http<B> = Client<HttpsConnector<HttpConnector>, B>;

/// A client that trusts the web's certificate authorities.
pub(crate) fn client<B>() -> Result<Http<B>, Problem>
where
    B: http_body::Body + Send,
    B::Data: Send,
{
    // Named, since another crate in the process may bring a second provider of cryptography.
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
        .map_err(|error| Problem::new(format!("TLS cannot be set up: {error}"), "report it"))?
        .https_or_http()
        .enable_http1()
        .build();
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

/// An error with its causes, which say what the error does not.
pub(crate) fn causes(error: impl std::error::Error + Send + Sync + 'static) -> String {
    format!("{:#}", anyhow::Error::new(error))
}
