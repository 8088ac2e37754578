//! A window: somebody's browser, with a profile of its own.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use boxoffice_tests::{Person, eventually};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::WindowHandle;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use super::{devtools, driver};

const EVERY_PAGE: &str = include_str!("every_page.js");

/// Chromium as it runs on a server: without a screen, without talking to anybody but us.
const SWITCHES: [&str; 14] = [
    "--headless",
    // The only pages that it sees are ours; its sandbox does not work as root, or in containers.
    "--no-sandbox",
    // So that it ends when chromedriver does.
    "--remote-debugging-pipe",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=Translate,PasswordLeakDetection",
    "--no-first-run",
    "--no-proxy-server",
    // Fields for dates are typed into as Americans do.
    "--lang=en-US",
    "--accept-lang=en-US",
];

/// The name of the cookie that holds a session where the shop is served without TLS.
const SESSION: &str = "session";

/// How wide a window is unless a test says otherwise, and how high, in CSS pixels.
pub(crate) const USUAL: (u32, u32) = (1280, 900);

/// Somebody's browser.
///
/// Everything is found as people find it, by its kind and name. Whoever looks for something waits
/// for it, but not for long.
pub(crate) struct Window {
    pub(super) client: Client,
    /// Whose it is, for messages.
    pub(super) name: String,
    base: String,
    pub(super) has_scripts: Cell<bool>,
    expected: RefCell<Vec<[String; 2]>>,
}

impl Window {
    /// Opens one that Chromium is also given these switches for.
    pub(super) async fn open(name: &str, base: String, switches: &[String]) -> Self {
        let usual = SWITCHES.iter().copied().map(str::to_owned);
        let switches: Vec<String> = usual.chain(switches.iter().cloned()).collect();
        let Value::Object(capabilities) = json!({
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "args": switches },
            "timeouts": { "pageLoad": 30_000, "script": 60_000 },
        }) else {
            unreachable!("an object is written above")
        };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(capabilities).connect(driver::url()).await.unwrap();
        let window = Self {
            client,
            name: name.to_owned(),
            base,
            has_scripts: Cell::new(true),
            expected: RefCell::default(),
        };
        window.on_every_page(EVERY_PAGE).await;
        window.is(USUAL.0, USUAL.1).await;
        window
    }

    /// Opens the page at `path` in one more window of the same browser, and turns to it.
    pub(crate) async fn opens_beside(&self, path: &str) -> WindowHandle {
        let beside = self.client.new_window(false).await.unwrap().handle;
        self.turns_to(&beside).await;
        self.on_every_page(EVERY_PAGE).await;
        self.go(path).await;
        beside
    }

    /// Turns to another window of the same browser.
    pub(crate) async fn turns_to(&self, other: &WindowHandle) {
        self.client.switch_to_window(other.clone()).await.unwrap();
    }

    /// Closes the window that it has turned to.
    pub(crate) async fn closes_it(&self) {
        self.client.close_window().await.unwrap();
    }

    /// The window that it has turned to.
    pub(crate) async fn turned_to(&self) -> WindowHandle {
        self.client.window().await.unwrap()
    }

    /// Has no session.
    pub(crate) async fn is_nobody(&self) {
        self.devtools("Network.clearBrowserCookies", json!({})).await;
    }

    /// Has the session that `person` has.
    pub(crate) async fn is_signed_in(&self, person: &Person) {
        let cookie = json!({
            "name": SESSION, "value": person.token(), "url": self.base,
            "httpOnly": true, "sameSite": "Lax",
        });
        self.devtools("Network.setCookie", cookie).await;
    }

    /// Opens the page at `path`, and waits until it is alive.
    pub(crate) async fn go(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.base)).await.unwrap();
        self.is_alive().await;
    }

    /// Asks for the page anew.
    pub(crate) async fn refresh(&self) {
        self.client.refresh().await.unwrap();
        self.is_alive().await;
    }

    /// Begins to open the page at `path`, and does not wait for its scripts.
    pub(crate) async fn arrives_early_at(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.base)).await.unwrap();
    }

    /// Opens a page that is not the shop's.
    pub(crate) async fn goes_elsewhere(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Goes back in its history.
    pub(crate) async fn back(&self) {
        self.client.back().await.unwrap();
    }

    /// Goes forward in its history.
    pub(crate) async fn forward(&self) {
        self.client.forward().await.unwrap();
    }

    /// Waits until the page hears news by its stream.
    pub(crate) async fn listens(&self) {
        self.waits_for("the page hears news", "window.isListening").await;
    }

    /// Waits until the page's scripts have taken over, if it may have any.
    pub(crate) async fn is_alive(&self) {
        if self.has_scripts.get() {
            self.waits_for("the page is alive", "document.documentElement.dataset.hydrated").await;
        }
    }

    /// Path and query of where it is.
    pub(crate) async fn path(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        }
    }

    /// Waits until it is somewhere else than at `path`.
    pub(crate) async fn leaves(&self, path: &str) {
        let what = format!("{} has left {path}", self.name);
        eventually(&what, async || self.path().await, |seen| seen != path).await;
    }

    /// Waits until it is at `path`, query included.
    pub(crate) async fn arrives_at(&self, path: &str) {
        let what = format!("{} is at {path}", self.name);
        eventually(&what, async || self.path().await, |seen| seen == path).await;
    }

    /// Runs a script; what it returns.
    ///
    /// # Panics
    /// When it throws.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap_or_else(|error| {
            panic!("{}: {error}\n{script}", self.name);
        })
    }

    /// Runs a script on an element, its `arguments[0]`; what it returns.
    ///
    /// # Errors
    /// When it throws, or the element is gone.
    pub(super) async fn run_on(&self, element: &Element, script: &str) -> Result<Value, CmdError> {
        self.client.execute(script, vec![serde_json::to_value(element).unwrap()]).await
    }

    /// Runs a script that calls `arguments[0]` with its result, when it has one.
    ///
    /// # Panics
    /// When it throws, or takes a minute.
    pub(crate) async fn run_async(&self, script: &str) -> Value {
        self.client.execute_async(script, Vec::new()).await.unwrap()
    }

    /// Waits until a script's expression is true.
    pub(crate) async fn waits_for(&self, what: &str, expression: &str) {
        let script = format!("return !!({expression})");
        let what = format!("{}: {what}", self.name);
        eventually(&what, async || self.run(&script).await, |seen| seen == true).await;
    }

    pub(super) async fn devtools(&self, method: &str, parameters: Value) -> Value {
        devtools::ask(&self.client, method, parameters).await
    }

    /// Lets the console tell that an address with this in it was answered with this status.
    pub(crate) fn expects_status(&self, address: &str, status: u16) {
        self.expects(address, &format!("status of {status} "));
    }

    /// Lets the console tell that an address with this in it was not to be reached.
    pub(crate) fn expects_failure(&self, address: &str) {
        self.expects(address, "net::ERR_");
    }

    pub(crate) fn expects(&self, address: &str, message: &str) {
        self.expected.borrow_mut().push([address.to_owned(), message.to_owned()]);
    }

    /// What the console told that the test did not expect.
    pub(super) async fn complaints(&self) -> Vec<String> {
        let entries = devtools::console(&self.client).await;
        let expected = self.expected.borrow();
        let is_expected = |message: &str| {
            expected.iter().any(|parts| parts.iter().all(|part| message.contains(part)))
        };
        entries
            .into_iter()
            .filter(|entry| entry.is_complaint() && !is_expected(&entry.message))
            .map(|entry| format!("{}'s console: {}", self.name, entry.message))
            .collect()
    }

    /// Where it is and what it shows, for those who wonder why a test failed.
    pub(super) async fn describe(&self) -> String {
        format!("--- {} is at {}\n{}", self.name, self.path().await, self.text().await)
    }

    pub(super) async fn close(&self) {
        // If it has gone already, the test has failed by that.
        let _ = tokio::time::timeout(Duration::from_secs(5), self.client.clone().close()).await;
    }
}
