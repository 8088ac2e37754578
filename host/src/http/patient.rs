//! A connection whose client has to read what it is sent, and is given the time to do so.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// What a client has to read at least in the time that it has. One that takes a byte now and then
/// would else be served for hours.
const PROGRESS: usize = 16 << 10;

/// What is read of a client, and dropped, after the last answer: with something unread, closing would
/// have the system drop the answer, too. A client may be in the midst of a body that is too long.
const LINGERED: usize = 2 << 20;
/// How long that may take.
const LINGER: Duration = Duration::from_secs(1);

/// A stream that fails if its other end reads next to nothing for too long.
///
/// The time runs only while something waits to be written: a stream of events may be silent.
pub(super) struct Patient<S> {
    stream: S,
    allowed: Duration,
    waiting: Option<Waiting>,
    lingering: Option<Lingering>,
}

/// What was read since everything was sent.
struct Lingering {
    alarm: Pin<Box<Sleep>>,
    read: usize,
}

/// What was written since the client was first found not to read.
struct Waiting {
    alarm: Pin<Box<Sleep>>,
    written: usize,
}

impl<S> Patient<S> {
    /// A stream whose other end may read nothing for `allowed`.
    pub(super) fn new(stream: S, allowed: Duration) -> Self {
        Self { stream, allowed, waiting: None, lingering: None }
    }

    fn judge(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = written
            && let Some(waiting) = &mut self.waiting
        {
            waiting.written += bytes;
            if waiting.written >= PROGRESS {
                self.waiting = None;
            }
        }
        if written.is_ready() {
            return written;
        }
        let allowed = self.allowed;
        let waiting = self.waiting.get_or_insert_with(|| Waiting {
            alarm: Box::pin(tokio::time::sleep(allowed)),
            written: 0,
        });
        ready!(waiting.alarm.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.judge(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Whoever flushes has written all that there was.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_ready() {
            self.waiting = None;
        }
        flushed
    }

    /// Tells the client that this was all, and waits until it has hung up, if that is soon.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, lingering, .. } = &mut *self;
        let lingering = match lingering {
            Some(lingering) => lingering,
            None => {
                ready!(Pin::new(&mut *stream).poll_shutdown(context))?;
                let alarm = Box::pin(tokio::time::sleep(LINGER));
                lingering.insert(Lingering { alarm, read: 0 })
            }
        };
        let mut dropped = [0; 4096];
        while lingering.read < LINGERED && lingering.alarm.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::new(&mut dropped);
            let read = ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                break;
            }
            lingering.read += buffer.filled().len();
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const ALLOWED: Duration = Duration::from_millis(400);

    /// Writes `bytes` to a client that reads `piece` of them four times in the time that it has; how it
    /// ended.
    async fn written(bytes: usize, piece: usize) -> io::Result<()> {
        let (host, mut client): (DuplexStream, DuplexStream) = duplex(1024);
        let reading = tokio::spawn(async move {
            let mut buffer = vec![0; piece];
            loop {
                tokio::time::sleep(ALLOWED / 4).await;
                client.read_exact(&mut buffer).await.unwrap();
            }
        });
        let mut host = Patient::new(host, ALLOWED);
        let written = host.write_all(&vec![0; bytes]).await;
        reading.abort();
        written
    }

    #[tokio::test]
    async fn a_client_that_reads_is_waited_for_and_one_that_does_not_is_left() {
        // Twice what it has to read, and for longer than it may do nothing.
        written(256 << 10, 32 << 10).await.unwrap();
        for piece in [1, 1024] {
            let error = written(256 << 10, piece).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{piece}");
        }
    }

    #[tokio::test]
    async fn a_client_that_still_sends_is_heard_out_for_a_while() {
        let start = std::time::Instant::now();
        let (host, mut client) = duplex(1024);
        let mut host = Patient::new(host, ALLOWED);
        let sending = tokio::spawn(async move {
            client.write_all(&[0; 64 << 10]).await.unwrap();
            client.read_to_end(&mut Vec::new()).await.unwrap();
        });
        host.shutdown().await.unwrap();
        sending.await.unwrap();
        assert!(start.elapsed() < LINGER, "it has hung up");
        // But not for ever.
        let (host, _silent) = duplex(1024);
        Patient::new(host, ALLOWED).shutdown().await.unwrap();
        assert!(start.elapsed() >= LINGER);
    }

    #[tokio::test]
    async fn silence_is_nobodys_fault() {
        let (host, mut client) = duplex(1024);
        let mut host = Patient::new(host, ALLOWED);
        // It has waited once, for a moment.
        let first = async {
            host.write_all(&[0; 2048]).await.unwrap();
            host.flush().await.unwrap();
        };
        let mut buffer = [0; 2048];
        let (_, read) = tokio::join!(first, client.read_exact(&mut buffer));
        read.unwrap();
        tokio::time::sleep(2 * ALLOWED).await;
        let again = async { host.write_all(&[0; 2048]).await.unwrap() };
        let read = async {
            tokio::time::sleep(ALLOWED / 2).await;
            client.read_exact(&mut buffer).await.unwrap();
        };
        tokio::join!(again, read);
    }
}
