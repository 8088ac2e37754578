//! A sandbox to test, its clock, and a client that speaks to it.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use boxoffice_sandbox::{Options, Sandbox};
use reqwest::{Method, header::HeaderMap};
use serde_json::Value;
use tempfile::TempDir;

/// 2026-03-01T12:00:00Z: what the clock says at first.
pub(crate) const START: u64 = 1_772_366_400;

/// The parameters that make an intent wait for its capture.
pub(crate) const HOLD: &str =
    "currency=usd&capture_method=manual&confirm=true&payment_method_types[]=card";

/// A folder for one ledger, and the time there.
pub(crate) struct Bench {
    pub(crate) folder: TempDir,
    seconds: Arc<AtomicU64>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), seconds: Arc::new(AtomicU64::new(START)) }
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger.db")
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.seconds.fetch_add(by.as_secs(), Ordering::SeqCst);
    }

    pub(crate) fn options(&self, api_key: Option<&str>) -> Options {
        let seconds = self.seconds.clone();
        Options {
            listen: "127.0.0.1:0".parse().unwrap(),
            ledger: self.ledger(),
            api_key: api_key.map(str::to_owned),
            now: Arc::new(move || UNIX_EPOCH + Duration::from_secs(seconds.load(Ordering::SeqCst))),
        }
    }

    pub(crate) async fn start(&self) -> (Sandbox, Api) {
        let sandbox = Sandbox::start(self.options(None)).await.unwrap();
        let api = Api::new(&format!("http://{}", sandbox.address()));
        (sandbox, api)
    }
}

/// A client of one sandbox.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) base: String,
    pub(crate) http: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.text))
    }

    /// The text at a JSON pointer.
    pub(crate) fn at(&self, pointer: &str) -> String {
        let json = self.json();
        let value = json.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {json:#}"));
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// This reply, which must have status 200.
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.text);
        self
    }
}

impl Api {
    pub(crate) fn new(base: &str) -> Self {
        let http =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { base: base.to_owned(), http }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, "", &[("authorization", "Bearer sk_test_1")]).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Reply {
        self.send(Method::POST, path, body, &[("authorization", "Bearer sk_test_1")]).await
    }

    /// A POST with an idempotency key.
    pub(crate) async fn keyed(&self, key: &str, path: &str, body: &str) -> Reply {
        let headers = [("authorization", "Bearer sk_test_1"), ("idempotency-key", key)];
        self.send(Method::POST, path, body, &headers).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Reply {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        if method == Method::POST {
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body.to_owned());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Reply { status, headers, text: response.text().await.unwrap() }
    }

    /// The movements of an intent as `kind amount`, oldest first.
    pub(crate) async fn movements(&self, intent: &str) -> Vec<String> {
        let path = format!("/sandbox/movements?payment_intent={intent}");
        let list = self.get(&path).await.ok().json();
        list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|movement| {
                format!("{} {}", movement["kind"].as_str().unwrap(), movement["amount"])
            })
            .collect()
    }
}
