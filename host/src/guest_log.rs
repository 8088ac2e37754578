//! Guests' output, relayed into the host's log line by line under the target `guest`.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};

use crate::state::Grants;

/// A longer line is logged in pieces, so that output without newlines cannot pile up.
const LONGEST_LINE: usize = 16 * 1024;

/// One output of an instance. All writers that the guest opens share the line being written.
#[derive(Clone)]
pub(crate) struct GuestOutput(Arc<Shared>);

struct Shared {
    grants: Arc<Grants>,
    line: Mutex<Vec<u8>>,
}

impl GuestOutput {
    /// The output of an instance of a component.
    pub(crate) fn new(grants: Arc<Grants>) -> Self {
        Self(Arc::new(Shared { grants, line: Mutex::default() }))
    }
}

impl Shared {
    fn line(&self) -> MutexGuard<'_, Vec<u8>> {
        // Bytes are whole whatever the last holder was doing.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, bytes: &[u8]) {
        let mut line = self.line();
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            line.extend_from_slice(piece);
            if piece.ends_with(b"\n") || line.len() >= LONGEST_LINE {
                self.log(&line);
                line.clear();
            }
        }
    }

    fn log(&self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end();
        if line.is_empty() {
            return;
        }
        let component = self.grants.id.as_str();
        match level(line) {
            Level::Error => tracing::error!(target: "guest", component, "{line}"),
            Level::Warn => tracing::warn!(target: "guest", component, "{line}"),
            Level::Info => tracing::info!(target: "guest", component, "{line}"),
            Level::Debug => tracing::debug!(target: "guest", component, "{line}"),
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let line = std::mem::take(&mut *self.line());
        self.log(&line);
    }
}

enum Level {
    Error,
    Warn,
    Info,
    Debug,
}

/// A line may begin with its own level, as `level=error …`.
fn level(line: &str) -> Level {
    let own = line.strip_prefix("level=").and_then(|rest| rest.split(' ').next());
    match own {
        Some("error") => Level::Error,
        Some("warn" | "warning") => Level::Warn,
        Some("debug" | "trace") => Level::Debug,
        _ => Level::Info,
    }
}

impl IsTerminal for GuestOutput {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestOutput {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn wasmtime_wasi::p2::OutputStream> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for GuestOutput {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[wasmtime_wasi::async_trait]
impl wasmtime_wasi::p2::Pollable for GuestOutput {
    async fn ready(&mut self) {}
}

impl wasmtime_wasi::p2::OutputStream for GuestOutput {
    fn write(&mut self, bytes: bytes::Bytes) -> wasmtime_wasi::p2::StreamResult<()> {
        self.0.write(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> wasmtime_wasi::p2::StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> wasmtime_wasi::p2::StreamResult<usize> {
        Ok(LONGEST_LINE)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    /// Collects the log of a test.
    #[derive(Clone, Default)]
    struct Collected(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Collected {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'w> MakeWriter<'w> for Collected {
        type Writer = Self;

        fn make_writer(&'w self) -> Self {
            self.clone()
        }
    }

    fn logged(pieces: &[&str]) -> Vec<String> {
        let collected = Collected::default();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(collected.clone())
            .with_ansi(false)
            .without_time()
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let grants = Grants { id: "tickets".into(), ..Grants::default() };
            let output = GuestOutput::new(Arc::new(grants));
            for piece in pieces {
                output.0.write(piece.as_bytes());
            }
        });
        let log = String::from_utf8(collected.0.lock().unwrap().clone()).unwrap();
        log.lines().map(|line| line.trim().to_owned()).collect()
    }

    #[test]
    fn lines_are_relayed_whole_with_their_component_and_level() {
        let lines = logged(&["a wh", "ole line\n\nlevel=error ", "x=1\nlast"]);
        assert_eq!(
            lines,
            [
                "INFO guest: a whole line component=\"tickets\"",
                "ERROR guest: level=error x=1 component=\"tickets\"",
                "INFO guest: last component=\"tickets\"",
            ]
        );
    }

    #[test]
    fn a_line_without_an_end_comes_in_pieces() {
        let lines = logged(&[&"x".repeat(LONGEST_LINE), "y"]);
        assert_eq!(lines.len(), 2);
    }
}
