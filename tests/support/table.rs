//! Tables of requests and the answers that are due: a new case is a new row.

use serde_json::Value;

use crate::answer::{Answer, differences};
use crate::{Person, Request};

/// A request, and what its answer must be.
#[derive(Clone, Debug)]
pub struct Row {
    name: String,
    request: Request,
    status: u16,
    part: Value,
    fields: Option<Vec<String>>,
    headers: Vec<(String, String)>,
}

/// The row `name`: `request` must be answered with `status`.
pub fn row(name: impl Into<String>, request: Request, status: u16) -> Row {
    let (part, fields, headers) = (Value::Null, None, Vec::new());
    Row { name: name.into(), request, status, part, fields, headers }
}

impl Row {
    /// The body must have at least what `part` has.
    #[must_use]
    pub fn shows(mut self, part: Value) -> Self {
        self.part = part;
        self
    }

    /// The problem must be about exactly these fields.
    #[must_use]
    pub fn fields<const N: usize>(mut self, fields: [&str; N]) -> Self {
        let mut fields = fields.map(str::to_owned).to_vec();
        fields.sort_unstable();
        self.fields = Some(fields);
        self
    }

    /// The problem must have this `code`.
    #[must_use]
    pub fn code(self, code: &str) -> Self {
        self.shows(serde_json::json!({ "code": code }))
    }

    /// The answer must have this header with this value.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn faults(&self, answer: &Answer) -> Vec<String> {
        let mut faults = answer.faults();
        if answer.status != self.status {
            faults.push(format!("the status is {}; due: {}", answer.status, self.status));
        }
        if self.part != Value::Null {
            faults.extend(differences(&self.part, &answer.body));
        }
        if let Some(fields) = &self.fields
            && answer.fields() != *fields
        {
            faults.push(format!("it is about {:?}; due: {fields:?}", answer.fields()));
        }
        for (name, value) in &self.headers {
            if answer.header(name) != value {
                faults.push(format!("{name} is {:?}; due: {value:?}", answer.header(name)));
            }
        }
        faults
    }
}

/// Has `person` send every row's request, one after the other, and compares the answers.
///
/// # Panics
/// When rows fail, with all of them.
pub async fn check(person: &Person, rows: impl IntoIterator<Item = Row>) {
    let mut failures = Vec::new();
    let mut count = 0;
    for row in rows {
        count += 1;
        let answer = person.exchange(&row.request).await;
        let faults = row.faults(&answer);
        if !faults.is_empty() {
            failures.push(format!("=== {}\n{}\n{answer}", row.name, faults.join("\n")));
        }
    }
    assert!(count > 0, "the table is empty");
    let failed = failures.len();
    assert!(failures.is_empty(), "{failed} of {count} rows failed\n{}", failures.join("\n\n"));
}
