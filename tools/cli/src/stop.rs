//! Ctrl-C and SIGTERM: the first asks to finish, the second does not wait.

use std::process;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// What a shell expects of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// The two signals that ask a program to end. From its making on, they do not end it any more.
pub(crate) struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    /// Starts to listen.
    pub(crate) fn listen() -> Result<Stop, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| {
                Failure::Broken(anyhow::Error::new(error).context("signals cannot be received"))
            })
        };
        Ok(Stop {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Returns when one of them arrives.
    pub(crate) async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// From now on, one more signal ends the process at once.
    pub(crate) fn end_at_once_if_asked_again(mut self) {
        tokio::spawn(async move {
            self.asked().await;
            process::exit(INTERRUPTED);
        });
    }
}
