//! A database that writes down what it is asked, and answers as a test has it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::{Error, Query, Record, Result, Value};

thread_local! {
    static ANSWERS: RefCell<Option<VecDeque<Result<Vec<Record>>>>> = const { RefCell::new(None) };
    static ASKED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// A connection to it.
pub(crate) struct Lease {
    has_begun: Cell<bool>,
}

/// Answers this thread's statements by `answers`, one after the other, and by no rows after
/// them.
pub(crate) fn answer(answers: impl IntoIterator<Item = Result<Vec<Record>>>) {
    ASKED.take();
    ANSWERS.set(Some(answers.into_iter().collect()));
}

/// Returns what was asked since [`answer`].
pub(crate) fn asked() -> Vec<String> {
    ASKED.with_borrow(Clone::clone)
}

/// Makes a row with one column.
pub(crate) fn row(value: impl Into<Value>) -> Record {
    Record::new(["value".to_owned()].into(), vec![value.into()])
}

pub(super) fn take() -> Option<Lease> {
    ANSWERS.with_borrow(Option::is_some).then(|| {
        note("open");
        Lease { has_begun: Cell::new(false) }
    })
}

fn note(what: &str) {
    ASKED.with_borrow_mut(|asked| asked.push(what.to_owned()));
}

impl Lease {
    pub(super) fn query(&self, sql: &str, _: &[Value]) -> Result<Vec<Record>> {
        if sql.contains("AS version FROM") {
            // Its schema is the newest.
            return Ok(vec![Record::new(["version".to_owned()].into(), vec![i64::MAX.into()])]);
        }
        note(sql);
        let next = ANSWERS.with_borrow_mut(|answers| answers.as_mut()?.pop_front());
        next.unwrap_or_else(|| Ok(Vec::new()))
    }

    pub(super) fn begin(&self) -> Result<()> {
        if !self.has_begun.replace(true) {
            note("BEGIN");
        }
        Ok(())
    }

    pub(super) fn has_begun(&self) -> bool {
        self.has_begun.get()
    }

    pub(super) fn commit(&self, guards: &[Query], inserts: &[Query]) -> Result<()> {
        for guard in guards {
            if self.query(guard.sql(), &guard.params)?.is_empty() {
                return Err(Error::Overtaken(guard.sql().to_owned()));
            }
        }
        for insert in inserts {
            self.query(insert.sql(), &insert.params)?;
        }
        note("COMMIT");
        self.has_begun.set(false);
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        note(if self.has_begun.get() { "ROLLBACK" } else { "close" });
    }
}
