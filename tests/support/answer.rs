//! What people get, and what every answer must be like.

use std::fmt;

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::contract;

/// What no answer may tell: it would help an attacker, and nobody else.
const INTERNALS: [&str; 13] = [
    "panicked",
    "backtrace",
    ".rs:",
    "sqlite",
    "postgres",
    "select ",
    "insert ",
    "no such table",
    "redis://",
    "spin.internal",
    "127.0.0.1",
    "wasm",
    "argon2",
];

/// An answer, with the request that it is to.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The request, for messages.
    pub request: String,
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub text: String,
    /// The body as JSON; null where it is none.
    pub body: Value,
}

/// The `id` of a listing or an order.
///
/// # Panics
/// When it has none.
#[track_caller]
pub fn id(thing: &Value) -> &str {
    thing["id"].as_str().unwrap_or_else(|| panic!("no id in {thing:#}"))
}

impl Answer {
    /// The cookie of this name that it sets, as browsers send it back.
    ///
    /// # Panics
    /// When it sets none.
    #[track_caller]
    pub fn cookie(&self, name: &str) -> String {
        let cookies = self.headers.get_all("set-cookie").iter();
        let mut pairs = cookies.filter_map(|value| value.to_str().ok()?.split(';').next());
        let is_it = |pair: &&str| pair.split_once('=').is_some_and(|(known, _)| known == name);
        pairs.find(is_it).unwrap_or_else(|| panic!("no cookie {name}: {self}")).to_owned()
    }

    /// The body, if the status is `status`.
    ///
    /// # Panics
    /// When it is another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self}");
        self.body
    }

    /// The same answer, if its status is `status` and its body has at least what `part` has.
    ///
    /// # Panics
    /// When it is not so.
    #[track_caller]
    pub fn shows(self, status: u16, part: Value) -> Self {
        assert_eq!(self.status, status, "{self}");
        let differences = differences(&part, &self.body);
        assert!(differences.is_empty(), "{}\n{self}", differences.join("\n"));
        self
    }

    /// The same answer, if it is a problem with this status and `code`.
    ///
    /// # Panics
    /// When it is not so.
    #[track_caller]
    pub fn refuses(self, status: u16, code: &str) -> Self {
        self.shows(status, serde_json::json!({ "code": code }))
    }

    /// The value of a header; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The fields that a problem is about, sorted.
    pub fn fields(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut fields: Vec<&str> =
            errors.iter().filter_map(|error| error["field"].as_str()).collect();
        fields.sort_unstable();
        fields
    }

    /// Whether this answer was given before, to the same request.
    pub fn is_replay(&self) -> bool {
        self.header("idempotent-replayed") == "true"
    }

    /// What is wrong with the answer, by the rules that all answers obey.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut must = |fine: bool, rule: &str| {
            if !fine {
                faults.push(rule.to_owned());
            }
        };
        must(!self.header("x-request-id").is_empty(), "every answer has an x-request-id");
        must(self.header("x-content-type-options") == "nosniff", "browsers must not guess types");
        must(!self.header("cache-control").is_empty(), "every answer says if it may be cached");
        if self.status < 400 {
            let read = Some(&self.body).filter(|body| self.status < 300 && body.is_object());
            if let Some(fault) = read.and_then(|body| contract::of_answer(&self.request, body)) {
                must(false, &fault);
            }
            return faults;
        }
        if let Some(fault) = contract::of_problem(&self.body) {
            must(false, &fault);
        }
        let text = |name: &str| self.body[name].as_str().unwrap_or_default();
        must(self.header("content-type") == "application/problem+json", "errors are problems");
        must(self.body["status"] == self.status, "a problem repeats the status");
        must(text("type").starts_with("/api/docs#problem-"), "a problem's type is documented");
        must(!text("title").is_empty() && !text("detail").is_empty(), "a problem says what it is");
        let errors = self.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        must(!errors.is_empty(), "errors are always present");
        let is_sentence = |error: &Value| error["message"].as_str().is_some_and(|m| !m.is_empty());
        must(errors.iter().all(is_sentence), "each error has a message");
        must(self.status != 401 || !self.header("www-authenticate").is_empty(), "401 says how");
        let waits = matches!(self.status, 429 | 503);
        let wait: Option<u64> = self.header("retry-after").parse().ok();
        must(!waits || wait.is_some_and(|seconds| seconds > 0), "429 and 503 say how long to wait");
        let told = self.text.to_lowercase();
        for secret in INTERNALS {
            must(!told.contains(secret), &format!("no answer tells of internals ({secret})"));
        }
        faults
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "--- {}\n{}", self.request, self.status)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        match &self.body {
            Value::Null => write!(f, "\n{}", self.text),
            body => write!(f, "\n{body:#}"),
        }
    }
}

/// Where `actual` lacks what `part` has. Objects may have more members; lists must be as long.
pub(crate) fn differences(part: &Value, actual: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", part, actual, &mut found);
    found
}

fn compare(path: &str, part: &Value, actual: &Value, found: &mut Vec<String>) {
    match (part, actual) {
        (Value::Object(part), Value::Object(actual)) => {
            for (name, value) in part {
                let path = format!("{path}/{name}");
                match actual.get(name) {
                    Some(actual) => compare(&path, value, actual, found),
                    None => found.push(format!("{path} is missing; due: {value}")),
                }
            }
        }
        (Value::Array(part), Value::Array(actual)) if part.len() == actual.len() => {
            for (index, (value, actual)) in part.iter().zip(actual).enumerate() {
                compare(&format!("{path}/{index}"), value, actual, found);
            }
        }
        _ if part == actual => {}
        _ => found.push(format!("{path} is {actual}; due: {part}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn differences_are_named_by_their_place() {
        let actual = json!({ "a": 1, "b": { "c": [1, { "d": "x", "e": 2 }] } });
        assert!(differences(&json!({ "b": { "c": [1, { "d": "x" }] } }), &actual).is_empty());
        assert_eq!(
            differences(&json!({ "a": 2, "b": { "c": [1, { "d": "y" }] }, "z": null }), &actual),
            ["/a is 1; due: 2", "/b/c/1/d is \"x\"; due: \"y\"", "/z is missing; due: null"]
        );
        assert_eq!(differences(&json!([1]), &json!([1, 2])).len(), 1);
    }
}
