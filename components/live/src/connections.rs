//! The pages that are open in this instance.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::{AbortHandle, AbortRegistration, Abortable, Either, LocalBoxFuture, select};
use futures::stream::FuturesUnordered;

use crate::feed::Feed;
use crate::page::Page;
use crate::sse_writer::SseWriter;

/// How long after its end a stream waits for a page that does not read.
const GRACE: Duration = Duration::from_secs(2);

/// All open pages.
#[derive(Default)]
pub(crate) struct Connections {
    pages: BTreeMap<u64, (Page, Writing)>,
    /// What is being written: to which page, and the writer, unless that was the last.
    writes: FuturesUnordered<LocalBoxFuture<'static, (u64, Option<SseWriter>)>>,
    next: u64,
}

/// Writes `words`, and ends the body if they are the last.
async fn write(
    key: u64,
    writer: SseWriter,
    words: String,
    is_last: bool,
    registration: AbortRegistration,
) -> (u64, Option<SseWriter>) {
    let writing = async {
        match writer.write(words).await {
            Some(writer) if is_last => {
                writer.finish().await;
                None
            }
            writer => writer,
        }
    };
    (key, Abortable::new(writing, registration).await.ok().flatten())
}

/// Whether a page can be told something.
enum Writing {
    /// It has read what it was told.
    Done(SseWriter),
    /// It has not; it hears of the rest when it has.
    Busy(AbortHandle),
}

impl Connections {
    /// Lets `pages` in.
    pub(crate) fn admit(&mut self, pages: Vec<(Page, SseWriter)>) {
        for (page, writer) in pages {
            self.pages.insert(self.next, (page, Writing::Done(writer)));
            self.next += 1;
        }
    }

    /// Whether nobody is there.
    pub(crate) fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// Begins to write what is due to each page, and to end the streams whose time is up; all of
    /// them `if_over`.
    pub(crate) fn tell(&mut self, feed: &Feed, now: Instant, if_over: bool) {
        let writes = &self.writes;
        self.pages.retain(|key, (page, writing)| {
            let is_last = if_over || now >= page.ends;
            if let Writing::Busy(abort) = writing {
                let is_stuck = is_last && now >= page.ends + GRACE;
                if is_stuck {
                    abort.abort();
                }
                return !is_stuck;
            }
            let words = page.words(feed, now, is_last);
            if words.is_empty() {
                return true;
            }
            let (abort, registration) = AbortHandle::new_pair();
            let Writing::Done(writer) = std::mem::replace(writing, Writing::Busy(abort)) else {
                return true;
            };
            writes.push(Box::pin(write(*key, writer, words, is_last, registration)));
            true
        });
    }

    /// Waits for `time`, while what was begun is written.
    pub(crate) async fn pause(&mut self, time: Duration) {
        let mut alarm = pin!(spin_sdk::time::sleep(time));
        while !self.writes.is_empty() {
            match select(self.writes.next(), &mut alarm).await {
                Either::Left((Some((key, writer)), _)) => self.written(key, writer),
                Either::Left((None, _)) => {}
                Either::Right(((), _)) => return,
            }
        }
        alarm.await;
    }

    fn written(&mut self, key: u64, writer: Option<SseWriter>) {
        match writer {
            Some(writer) => {
                if let Some((_, writing)) = self.pages.get_mut(&key) {
                    *writing = Writing::Done(writer);
                }
            }
            None => drop(self.pages.remove(&key)),
        }
    }
}
