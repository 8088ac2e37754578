//! The bodies of requests: read by the host, whole and within limits, before a component sees
//! anything of them. A client that sends slowly takes up a connection, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::timeout;

use super::quota::{Quota, Share};
use super::refusal::{Limit, Refusal};
use crate::options::Limits;

/// How bodies are read.
pub(super) struct Bodies {
    quota: Quota,
    longest: usize,
    time: Duration,
}

/// A body, with its share of what all bodies may take.
#[derive(Debug, Default)]
pub(super) struct Whole {
    pub(super) bytes: Bytes,
    _share: Option<Share>,
}

/// Pieces that become one. A single piece is not copied.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    first: Bytes,
    all: BytesMut,
}

impl Pieces {
    /// Adds a piece at the end.
    pub(super) fn push(&mut self, piece: Bytes) {
        if self.len() == 0 {
            self.first = piece;
            return;
        }
        if self.all.is_empty() {
            self.all.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.all.extend_from_slice(&piece);
    }

    /// The length of all pieces.
    pub(super) fn len(&self) -> usize {
        self.first.len() + self.all.len()
    }

    /// All pieces as one.
    pub(super) fn whole(self) -> Bytes {
        if self.all.is_empty() { self.first } else { self.all.freeze() }
    }
}

impl Bodies {
    /// Reads bodies within these limits.
    pub(super) fn new(limits: &Limits) -> Self {
        let quota = Quota::new(limits.bodies_bytes, limits.bodies_bytes_per_client);
        Self { quota, longest: limits.body_bytes, time: limits.body_time }
    }

    /// Reads a client's body.
    ///
    /// # Errors
    /// The limit that it exceeds, or that it broke off.
    pub(super) async fn read<B>(&self, mut body: B, client: &Arc<str>) -> Result<Whole, Refusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        if body.is_end_stream() {
            return Ok(Whole::default());
        }
        let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        if announced > self.longest {
            return Err(Refusal::BodyTooLong(self.longest));
        }
        let reading = timeout(self.time, self.gather(&mut body, client));
        reading.await.unwrap_or(Err(Refusal::BodyTooSlow))
    }

    async fn gather<B>(&self, body: &mut B, client: &Arc<str>) -> Result<Whole, Refusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let met = |exceeded| Refusal::Met(Limit::Bodies, exceeded);
        let mut share = self.quota.take(Some(client), 0).map_err(met)?;
        let mut pieces = Pieces::default();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Refusal::BodyBroken)?;
            // Trailers are no part of it.
            let Ok(piece) = frame.into_data() else { continue };
            if pieces.len() + piece.len() > self.longest {
                return Err(Refusal::BodyTooLong(self.longest));
            }
            share.grow(piece.len()).map_err(met)?;
            pieces.push(piece);
        }
        Ok(Whole { bytes: pieces.whole(), _share: Some(share) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::convert::Infallible;

    use futures::stream::{self, StreamExt};
    use http_body::Frame;
    use http_body_util::{Full, StreamBody};
    use tokio::time::Instant;

    use super::super::quota::Exceeded;
    use super::*;

    const TIME: Duration = Duration::from_millis(300);

    fn bodies(each: usize) -> Bodies {
        Bodies::new(&Limits {
            body_bytes: 10,
            bodies_bytes_per_client: each,
            body_time: TIME,
            ..Limits::default()
        })
    }

    fn client() -> Arc<str> {
        Arc::from("c")
    }

    /// Pieces with pauses before each; after them nothing comes, unless it ends.
    fn pieces(
        pieces: &'static [&'static str],
        pause: Duration,
        ends: bool,
    ) -> impl Body<Data = Bytes, Error = Infallible> + Unpin {
        let sent = stream::iter(pieces).then(move |piece| async move {
            tokio::time::sleep(pause).await;
            Ok(Frame::data(Bytes::from_static(piece.as_bytes())))
        });
        let rest = stream::pending().take(usize::from(!ends));
        StreamBody::new(Box::pin(sent.chain(rest)))
    }

    #[tokio::test]
    async fn a_body_comes_whole_however_it_was_sent() {
        let moment = Duration::from_millis(1);
        for parts in [&["0123456789"][..], &["01234", "", "56789"], &[""]] {
            let read = bodies(99).read(pieces(parts, moment, true), &client()).await;
            assert_eq!(read.unwrap().bytes, parts.concat());
        }
        let empty = Full::new(Bytes::new());
        assert!(bodies(0).read(empty, &client()).await.unwrap().bytes.is_empty());
    }

    #[tokio::test]
    async fn one_that_is_too_long_is_refused_announced_or_not() {
        let too_long = Refusal::BodyTooLong(10);
        let long = Full::new(Bytes::from_static(b"0123456789a"));
        assert_eq!(bodies(99).read(long, &client()).await.unwrap_err(), too_long);
        let parts = pieces(&["0123456789", "a", "b"], Duration::ZERO, true);
        assert_eq!(bodies(99).read(parts, &client()).await.unwrap_err(), too_long);
    }

    #[tokio::test]
    async fn one_that_does_not_end_is_refused_in_time() {
        let start = Instant::now();
        for (parts, pause) in [(&["0"][..], Duration::ZERO), (&["0"; 9][..], TIME / 5)] {
            let read = bodies(99).read(pieces(parts, pause, false), &client()).await;
            assert_eq!(read.unwrap_err(), Refusal::BodyTooSlow);
        }
        assert!(start.elapsed() >= 2 * TIME);
    }

    #[tokio::test]
    async fn what_is_read_counts_until_it_is_dropped() {
        let bodies = bodies(15);
        let body = || pieces(&["01234567"], Duration::ZERO, true);
        let first = bodies.read(body(), &client()).await.unwrap();
        let met = Refusal::Met(Limit::Bodies, Exceeded::Client);
        assert_eq!(bodies.read(body(), &client()).await.unwrap_err(), met);
        drop(first);
        bodies.read(body(), &client()).await.unwrap();
    }
}
