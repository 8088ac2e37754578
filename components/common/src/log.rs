//! The service's log: one line a fact on standard error, which the host stamps and forwards.

use std::fmt::Display;

/// Logs what went wrong inside while serving the request `request_id`; clients never see this text.
pub fn request_failed(request_id: &str, error: &anyhow::Error) {
    eprintln!("level=error request_id={request_id} error={:?}", format!("{error:#}"));
}

/// Logs how a consumer group dealt with an event.
pub fn event(group: &str, event_type: &str, id: impl Display, outcome: &str) {
    eprintln!("level=info event={event_type} id={id} group={group} outcome={outcome}");
}

/// Logs what an operator may want to know, and need not act on.
pub fn noted(what: &str, detail: impl Display) {
    eprintln!("level=warn what={what:?} detail={:?}", detail.to_string());
}

/// Logs a failure outside of any request: of a handler, of the outbox, of a tick.
pub fn failed(what: &str, error: &anyhow::Error) {
    eprintln!("level=error while={what:?} error={:?}", format!("{error:#}"));
}
