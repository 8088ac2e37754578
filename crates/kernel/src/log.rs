//! The service's log: one line a fact on standard error, which the host stamps and forwards.

use std::fmt::Display;

use crate::Trace;
use crate::cx::Cx;

/// Logs what went wrong inside while serving the request `request_id`; clients never see this text.
pub fn request_failed(request_id: &str, error: &anyhow::Error) {
    eprintln!("level=error request_id={request_id} error={:?}", format!("{error:#}"));
}

/// Logs how a consumer group dealt with an event, and the trace that had caused it.
pub fn event(group: &str, event_type: &str, id: impl Display, trace: Trace, outcome: &str) {
    let line = event_line(group, event_type, id, trace, outcome);
    eprintln!("level=info {line}");
}

/// Logs that a consumer group could not apply an event, and why.
pub fn event_failed(
    group: &str,
    event_type: &str,
    id: impl Display,
    trace: Trace,
    outcome: &str,
    error: &str,
) {
    let line = event_line(group, event_type, id, trace, outcome);
    eprintln!("level=error {line} error={error:?}");
}

fn event_line(
    group: &str,
    event_type: &str,
    id: impl Display,
    trace: Trace,
    outcome: &str,
) -> String {
    let trace_id = trace.id();
    let trace_id = trace_id.as_deref().unwrap_or("-");
    format!("event={event_type} id={id} group={group} outcome={outcome} trace_id={trace_id}")
}

/// Logs what an operator may want to know, and need not act on.
pub fn noted(cx: &Cx, what: &str, detail: impl Display) {
    eprintln!("level=warn what={what:?} detail={:?}{cx}", detail.to_string());
}

/// Logs what failed without failing what it was done for, and for what it was done.
pub fn failed(cx: &Cx, what: &str, error: &anyhow::Error) {
    eprintln!("level=error while={what:?} error={:?}{cx}", format!("{error:#}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_an_event_leads_to_the_request_that_caused_it() {
        let line = |trace| event_line("orders", "ticket:created", "7-0", trace, "failed");
        let trace = Trace::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        let begins = "event=ticket:created id=7-0 group=orders outcome=failed trace_id=";
        assert_eq!(line(trace), format!("{begins}0af7651916cd43dd8448eb211c80319c"));
        assert_eq!(line(Trace::NONE), format!("{begins}-"));
    }
}
