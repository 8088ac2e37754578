//! What Chromium can do beyond WebDriver's standard: the DevTools protocol, and its console.
//!
//! <https://chromedevtools.github.io/devtools-protocol/> and chromedriver's own endpoints.

use fantoccini::Client;
use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use serde_json::{Value, json};
use url::{ParseError, Url};

/// A command that chromedriver has beside the standard's.
#[derive(Debug)]
struct Command {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Command {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

/// Asks Chromium by a method of the DevTools protocol.
///
/// # Panics
/// When it refuses.
pub(super) async fn ask(client: &Client, method: &str, parameters: Value) -> Value {
    let body = json!({ "cmd": method, "params": parameters });
    let answer = client.issue_cmd(Command { path: "goog/cdp/execute", body }).await;
    answer.unwrap_or_else(|error| panic!("{method}: {error}"))
}

/// What the console has said since it was read last.
///
/// # Panics
/// When it cannot be read.
pub(super) async fn console(client: &Client) -> Vec<Entry> {
    let body = json!({ "type": "browser" });
    let entries = client.issue_cmd(Command { path: "se/log", body }).await.unwrap();
    let entries = entries.as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    entries
        .iter()
        .map(|entry| Entry { level: text(entry, "level"), message: text(entry, "message") })
        .collect()
}

/// A line of the console.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    level: String,
    /// What it says, after where it comes from.
    pub(super) message: String,
}

impl Entry {
    /// Whether it tells of something wrong.
    pub(super) fn is_complaint(&self) -> bool {
        matches!(self.level.as_str(), "WARNING" | "SEVERE")
    }
}
