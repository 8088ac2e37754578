//! Someone who listens to a stream of server-sent events, as a browser's `EventSource` does.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value;

/// How long an event may take that is to come soon. Far more than it takes: machines are busy.
const PATIENCE: Duration = Duration::from_secs(10);

/// An event of a stream (HTML Standard, 9.2.6).
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its kind; `message` if the stream does not say.
    pub kind: String,
    /// What it says, as JSON; null where it is none.
    pub data: Value,
    /// The last event id that the stream had given with or before it.
    pub id: String,
}

/// An open stream.
#[derive(Debug)]
pub struct Listener {
    response: reqwest::Response,
    unread: String,
    /// The last id that was given, by an event or between events: what a browser would come back
    /// with.
    pub last_id: String,
    /// The last delay that was given, in milliseconds.
    pub retry: Option<u64>,
    /// How many comments there have been.
    pub comments: usize,
}

impl Listener {
    /// Listens to the body of `response`.
    ///
    /// # Panics
    /// When it is no stream of events.
    pub fn new(response: reqwest::Response) -> Self {
        assert_eq!(response.status(), 200, "{:?}", response.headers());
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let (unread, last_id) = (String::new(), String::new());
        Self { response, unread, last_id, retry: None, comments: 0 }
    }

    /// The headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The next event; None when the stream has ended.
    ///
    /// # Panics
    /// When neither happens within ten seconds, or the stream breaks off.
    pub async fn next(&mut self) -> Option<Event> {
        let next = tokio::time::timeout(PATIENCE, self.read()).await;
        next.unwrap_or_else(|_| panic!("no event and no end within {PATIENCE:?}"))
    }

    /// What the next event says, which must be of this kind.
    ///
    /// # Panics
    /// When there is none, or one of another kind.
    pub async fn expect(&mut self, kind: &str) -> Value {
        let event = self.next().await.unwrap_or_else(|| panic!("no {kind}: the stream has ended"));
        assert_eq!(event.kind, kind, "{event:?}");
        event.data
    }

    /// Makes sure that there is no event for `time`.
    ///
    /// # Panics
    /// When there is one, or the stream ends.
    pub async fn hears_nothing_for(&mut self, time: Duration) {
        if let Ok(heard) = tokio::time::timeout(time, self.read()).await {
            panic!("nothing was to be heard; heard {heard:?}");
        }
    }

    /// Reads on until there is an event, or the end. What is cancelled in between has not read
    /// anything.
    async fn read(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.unread.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.unread = rest;
                if let Some(event) = self.take(&block) {
                    return Some(event);
                }
            }
            let chunk = self.response.chunk().await.expect("the stream does not break off")?;
            self.unread.push_str(std::str::from_utf8(&chunk).expect("it is text"));
        }
    }

    /// The event that a block of lines is, if it is one: without data it only sets what it sets.
    fn take(&mut self, block: &str) -> Option<Event> {
        let (mut kind, mut data) = ("message".to_owned(), None);
        for line in block.lines() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "" => self.comments += 1,
                "id" => self.last_id = value.to_owned(),
                "event" => kind = value.to_owned(),
                "data" => data = Some(value.to_owned()),
                "retry" => self.retry = value.parse().ok(),
                other => panic!("{other:?} is no field of an event"),
            }
        }
        let data = serde_json::from_str(&data?).unwrap_or_default();
        Some(Event { kind, data, id: self.last_id.clone() })
    }
}
