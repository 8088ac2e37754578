//! What was committed, and what every group has had of it.
//!
//! Each violation names the oldest event that waits: in a shop at work something always does, but
//! never the same for long.

use super::{Found, Rule};
use crate::audit::Facts;
use crate::bus::{Letter, Stream};

/// How much of an error is told.
const SHORT: usize = 160;

pub(super) fn check(facts: &Facts, found: &mut Found) {
    for outbox in &facts.books.outboxes {
        if let Some(oldest) = outbox.oldest() {
            let ids = [("service", outbox.service), ("event", oldest.id.as_str())];
            let count = outbox.waiting.len();
            let sentence =
                format!("{count} events are committed but not published; this is the oldest");
            found.add(Rule::UnpublishedEvents, ids, sentence);
        }
    }
    for stream in &facts.streams {
        of_stream(stream, found);
    }
    for letter in &facts.dead_letters {
        of_letter(letter, found);
    }
}

fn of_stream(stream: &Stream, found: &mut Found) {
    let name = stream.event_type.name();
    if stream.length > 0 {
        for group in stream.missing_groups() {
            let sentence =
                format!("the group does not exist, and the stream has {} entries", stream.length);
            found.add(Rule::MissingGroup, [("stream", name), ("group", group)], sentence);
        }
    }
    // Strangers may read too, as slowly as they like.
    for group in stream.event_type.groups().iter().filter_map(|name| stream.group(name)) {
        if let Some(entry) = &group.unread {
            let ids = [("stream", name), ("group", group.name.as_str()), ("entry", entry)];
            let sentence = format!("{} entries are not read; this is the oldest", group.lag);
            found.add(Rule::UnreadEvents, ids, sentence);
        }
        if let Some(entry) = &group.unacknowledged {
            let ids = [("stream", name), ("group", group.name.as_str()), ("entry", entry)];
            let sentence = format!(
                "{} entries are read but not acknowledged; this is the oldest",
                group.pending
            );
            found.add(Rule::PendingEvents, ids, sentence);
        }
    }
}

fn of_letter(letter: &Letter, found: &mut Found) {
    let event = letter.about().0.unwrap_or_else(|| "none".to_owned());
    let ids = [
        ("letter", letter.id.as_str()),
        ("stream", &letter.stream),
        ("group", &letter.group),
        ("event", &event),
    ];
    let error: String = letter.error.chars().take(SHORT).collect();
    let sentence = format!("not applied after {} deliveries: {error}", letter.deliveries);
    found.add(Rule::DeadLetter, ids, sentence.replace(['\n', '\r'], " "));
}
