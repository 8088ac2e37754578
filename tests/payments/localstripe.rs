//! localstripe: a Stripe that somebody else has written (<https://github.com/adrienverge/localstripe>).

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};

use boxoffice_tests::eventually;
use boxoffice_tests::surroundings::{free_port, workspace};
use bytes::Bytes;
use serde_json::{Value, json};

/// Any key that begins like Stripe's.
pub(crate) const KEY: &str = "sk_test_localstripe";

/// A localstripe that runs. Dropped, it is gone.
pub(crate) struct Localstripe {
    address: SocketAddr,
    process: Child,
}

impl Localstripe {
    /// Starts one that knows nothing yet.
    ///
    /// # Panics
    /// When it is not installed, or does not start.
    pub(crate) async fn start() -> Self {
        // Not by the program beside it, which names the folder that it was installed in: a checkout
        // may be moved.
        let python = workspace().join("target/localstripe/bin/python");
        assert!(
            python.is_file(),
            "{} is missing: `cargo xtask test --only payments` installs it",
            python.display()
        );
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let process = Command::new(python)
            .args(["-m", "localstripe", "--from-scratch", "--port", &address.port().to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = Self { address, process };
        let listens = async || tokio::net::TcpStream::connect(address).await.is_ok();
        eventually("localstripe listens", listens, |listens| *listens).await;
        started
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Has it send webhooks to `url`.
    pub(crate) async fn send_webhooks_to(&self, url: &str, secret: &str) {
        let body = json!({ "url": url, "secret": secret });
        self.post("/_config/webhooks/shop", &body).await;
    }

    /// A payment method with this card number.
    pub(crate) async fn card(&self, number: &str) -> String {
        let card = json!({ "number": number, "exp_month": 12, "exp_year": 2040, "cvc": "123" });
        let method = json!({ "type": "card", "card": card });
        let method = self.post("/v1/payment_methods", &method).await;
        method["id"].as_str().unwrap().to_owned()
    }

    /// A payment method that is a bank account.
    pub(crate) async fn account(&self, iban: &str) -> String {
        let method = json!({ "type": "sepa_debit", "sepa_debit": { "iban": iban } });
        let method = self.post("/v1/payment_methods", &method).await;
        method["id"].as_str().unwrap().to_owned()
    }

    /// The buyer answers their bank's questions, or fails to.
    pub(crate) async fn authenticate(&self, intent: &str, secret: &str, success: bool) {
        let path = format!("/v1/payment_intents/{intent}/_authenticate");
        let body = json!({ "client_secret": secret, "success": success });
        self.post(&path, &body).await;
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("http://{}{path}", self.address);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http.post(url).bearer_auth(KEY).json(body).send().await.unwrap();
        let text = answer.text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// A request's body without those parameters of ours that it does not know: which methods the
    /// account takes, where a bank sends buyers back to, why money is given back.
    pub(crate) fn understood(path: &str, body: Bytes) -> Bytes {
        let unknown: &[&str] = match path {
            "/v1/payment_intents" => &["automatic_payment_methods", "return_url"],
            "/v1/refunds" => &["reason"],
            _ => return body,
        };
        let known = form_urlencoded::parse(&body)
            .filter(|(name, _)| !unknown.iter().any(|unknown| name.starts_with(unknown)));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(known).finish().into()
    }
}

impl Drop for Localstripe {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
