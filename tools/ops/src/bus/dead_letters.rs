//! Dead letters: events that a group could not apply, to be looked at, replayed or dropped.
//!
//! A replay appends the event to its stream for all its groups, not only for the one that failed:
//! handlers take over what is newer and ignore the rest, so those that have had it do nothing.

use std::fmt;

use boxoffice_contract::bus::DEAD_LETTERS;
use boxoffice_contract::{Event, EventType};
use serde::Serialize;
use serde_json::Value;

use super::{BATCH, Bus, Connection, Entry};
use crate::sources::Problem;

/// Moves the letter `ARGV[1]` back to its stream and rings the doorbell. The letter is deleted in
/// the same step, so a replay that is repeated, or asked for twice at once, finds none. Whoever may
/// not write is refused at the first write, when nothing has happened. A doorbell that cannot be
/// rung costs no event: a tick finds it.
const REPLAY: &str = r"
local letter = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not letter then return false end
local event
for at = 1, #letter[2], 2 do
    if letter[2][at] == 'event' then event = letter[2][at + 1] end
end
local entry = redis.call('XADD', KEYS[2], '*', 'event', event)
redis.call('XDEL', KEYS[1], ARGV[1])
redis.pcall('PUBLISH', KEYS[2], event)
return entry";

/// An event that a group could not apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Letter {
    /// The letter's id among the dead letters.
    pub id: String,
    /// When it was laid aside, RFC 3339.
    pub at: String,
    /// The stream that the event lay in.
    pub stream: String,
    /// The group that could not apply it.
    pub group: String,
    /// The event's entry in that stream, which has been trimmed since.
    pub entry: String,
    /// How often it was tried.
    pub deliveries: String,
    /// Why it failed the last time.
    pub error: String,
    /// The event as it lay there: JSON, if it is one of ours.
    pub event: String,
}

/// Why a letter cannot be replayed or dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The letter.
    pub id: String,
    /// A sentence, with what can be done instead.
    pub why: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.id, self.why)
    }
}

impl Refusal {
    fn new(id: &str, why: impl Into<String>) -> Self {
        Self { id: id.to_owned(), why: why.into() }
    }

    fn no_such(id: &str) -> Self {
        Self::new(
            id,
            "this dead letter does not exist; `boxoffice events dead list` shows all of them",
        )
    }
}

/// A letter that is an event of its stream again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// The letter, which is gone.
    pub id: String,
    /// The stream that the event was appended to.
    pub stream: String,
    /// Its entry there.
    pub entry: String,
}

impl Letter {
    fn read((id, fields): Entry) -> Self {
        let field = |name: &str| {
            let value = fields.get(name.as_bytes()).map(Vec::as_slice).unwrap_or_default();
            String::from_utf8_lossy(value).into_owned()
        };
        Self {
            at: field("at"),
            stream: field("stream"),
            group: field("group"),
            entry: field("entry"),
            deliveries: field("deliveries"),
            error: field("error"),
            event: field("event"),
            id,
        }
    }

    /// The event's id and subject, as far as it is JSON that has them.
    #[must_use]
    pub fn about(&self) -> (Option<String>, Option<String>) {
        let event: Value = serde_json::from_str(&self.event).unwrap_or_default();
        let text = |name: &str| event[name].as_str().map(str::to_owned);
        (text("id"), text("subject"))
    }

    /// The type of event that it can be replayed as.
    fn replayable(&self) -> Result<EventType, Refusal> {
        let refuse = |why: String| {
            Err(Refusal::new(&self.id, format!("{why}; it would fail again: drop it instead")))
        };
        let named = EventType::ALL.into_iter().find(|known| known.name() == self.stream);
        let Some(event_type) = named else {
            return refuse(format!("{:?} is not one of the shop's streams", self.stream));
        };
        match serde_json::from_str::<Event>(&self.event) {
            Err(error) => refuse(format!("its event is not one of the shop's ({error})")),
            Ok(event) if event.event_type != event_type => refuse(format!(
                "its event is of type {}, but was in the stream {}",
                event.event_type.name(),
                event_type.name()
            )),
            Ok(_) => Ok(event_type),
        }
    }
}

impl Bus {
    /// All dead letters, oldest first.
    ///
    /// # Errors
    /// When Redis cannot be read.
    pub async fn dead_letters(&self) -> Result<Vec<Letter>, Problem> {
        self.connect().await?.letters().await
    }

    /// The dead letter `id`; `Ok(Err(…))` if there is none.
    ///
    /// # Errors
    /// When Redis cannot be read.
    pub async fn dead_letter(&self, id: &str) -> Result<Result<Letter, Refusal>, Problem> {
        self.connect().await?.letter(id).await
    }

    /// Puts the event of the dead letter `id` back into its stream, rings the doorbell and deletes
    /// the letter, in one step. `Ok(Err(…))` if there is no such letter, or its event is none that
    /// anyone could ever apply; nothing has changed then.
    ///
    /// # Errors
    /// When Redis cannot be reached or refuses. Whether the letter was replayed is seen by whether
    /// it is still there.
    pub async fn replay(&self, id: &str) -> Result<Result<Replayed, Refusal>, Problem> {
        let mut connection = self.connect().await?;
        let event_type = match connection.letter(id).await? {
            Ok(letter) => letter.replayable(),
            Err(refusal) => Err(refusal),
        };
        match event_type {
            Ok(event_type) => connection.replay(id, event_type).await,
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Deletes the dead letter `id` for good. `Ok(Err(…))` if there is none.
    ///
    /// # Errors
    /// When Redis cannot be reached or refuses.
    pub async fn drop_letter(&self, id: &str) -> Result<Result<(), Refusal>, Problem> {
        if !is_id(id) {
            return Ok(Err(Refusal::no_such(id)));
        }
        let mut connection = self.connect().await?;
        let dropped =
            redis::cmd("XDEL").arg(&[DEAD_LETTERS, id]).query_async(&mut connection.redis).await;
        let dropped: u64 = connection.read(dropped)?;
        Ok(if dropped == 0 { Err(Refusal::no_such(id)) } else { Ok(()) })
    }
}

impl Connection {
    /// All dead letters, oldest first.
    pub(crate) async fn letters(&mut self) -> Result<Vec<Letter>, Problem> {
        let mut letters: Vec<Letter> = Vec::new();
        loop {
            let start = letters.last().map_or("-".to_owned(), |last| format!("({}", last.id));
            let entries = self.entries(DEAD_LETTERS, &start).await?;
            let is_last = entries.len() < BATCH;
            letters.extend(entries.into_iter().map(Letter::read));
            if is_last {
                return Ok(letters);
            }
        }
    }

    async fn letter(&mut self, id: &str) -> Result<Result<Letter, Refusal>, Problem> {
        if !is_id(id) {
            return Ok(Err(Refusal::no_such(id)));
        }
        let found =
            redis::cmd("XRANGE").arg(&[DEAD_LETTERS, id, id]).query_async(&mut self.redis).await;
        let found: Vec<Entry> = self.read(found)?;
        Ok(found.into_iter().next().map(Letter::read).ok_or_else(|| Refusal::no_such(id)))
    }

    async fn replay(
        &mut self,
        id: &str,
        event_type: EventType,
    ) -> Result<Result<Replayed, Refusal>, Problem> {
        let stream = event_type.name();
        let entry: Option<String> = self.eval(REPLAY, &[DEAD_LETTERS, stream], &[id]).await?;
        Ok(match entry {
            Some(entry) => Ok(Replayed { id: id.to_owned(), stream: stream.to_owned(), entry }),
            None => Err(Refusal::no_such(id)),
        })
    }
}

/// Whether `id` names one entry: `-`, `+` and bare numbers stand for others, or several.
fn is_id(id: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.parse::<u64>().is_ok();
    id.split_once('-').is_some_and(|(at, number)| is_number(at) && is_number(number))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use serde_json::json;

    use super::*;

    fn letter(stream: &str, event: &str) -> Letter {
        let fields = [("stream", stream), ("event", event), ("error", "why")];
        let bytes = |(name, value): (&str, &str)| (name.into(), value.into());
        Letter::read(("1-0".to_owned(), fields.map(bytes).into()))
    }

    fn event(event_type: &str) -> String {
        json!({
            "specversion": "1.0",
            "id": "01980f3c-0000-7000-8000-000000000001",
            "source": "/boxoffice/orders",
            "type": event_type,
            "subject": "01980f3c-0000-7000-8000-000000000002",
            "time": "2030-03-01T12:00:00Z",
            "datacontenttype": "application/json",
            "data": {},
        })
        .to_string()
    }

    #[test]
    fn only_an_event_of_its_stream_is_replayed() {
        let fine = letter("order:created", &event("order:created"));
        assert_eq!(fine.replayable().unwrap(), EventType::OrderCreated);
        for (stream, event, why) in [
            ("order:created", "{ not json".to_owned(), "not one of the shop's"),
            ("order:created", event("order:made"), "not one of the shop's"),
            ("order:created", event("order:completed"), "is of type order:completed"),
            ("orders", event("order:created"), "not one of the shop's streams"),
            ("", event("order:created"), "not one of the shop's streams"),
        ] {
            let refusal = letter(stream, &event).replayable().unwrap_err().to_string();
            assert!(refusal.contains(why) && refusal.contains("drop it"), "{refusal}");
        }
    }

    #[test]
    fn a_letter_says_what_it_is_about_as_far_as_it_can_be_read() {
        let (id, subject) = letter("order:created", &event("order:created")).about();
        assert_eq!(id.as_deref(), Some("01980f3c-0000-7000-8000-000000000001"));
        assert_eq!(subject.as_deref(), Some("01980f3c-0000-7000-8000-000000000002"));
        assert_eq!(letter("order:created", "{").about(), (None, None));
    }

    #[test]
    fn an_id_names_one_letter() {
        assert!(is_id("1700000000000-0"));
        for id in ["-", "+", "", "1", "1-", "-1", "1-x", "(1-0", "1-0-0"] {
            assert!(!is_id(id), "{id}");
        }
    }
}
