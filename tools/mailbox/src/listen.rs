//! Clients come and go, and are refused where that is the fault.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::fault::Fault;
use crate::smtp;
use crate::store::Store;

/// How long after a port could not be listened on it is tried again.
const PAUSE: Duration = Duration::from_millis(20);

/// Whether connections are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Open,
    Closed,
}

impl Door {
    pub(crate) fn of(fault: &Fault) -> Self {
        if *fault == Fault::Refuse { Self::Closed } else { Self::Open }
    }
}

/// Serves clients for ever, and says whether they are let in.
pub(crate) async fn run(
    listener: TcpListener,
    address: SocketAddr,
    store: Arc<Store>,
    door: watch::Sender<Door>,
) {
    let mut fault = store.watch_fault();
    let mut listener = Some(listener);
    loop {
        let open = match listener.take() {
            Some(open) => open,
            None => listen_again(address).await,
        };
        door.send_replace(Door::Open);
        let mut sessions = JoinSet::new();
        tokio::select! {
            () = accept(&open, &store, &mut sessions) => {}
            closed = fault.wait_for(|fault| Door::of(fault) == Door::Closed) => {
                if closed.is_err() {
                    return;
                }
            }
        }
        // Nobody is refused while somebody listens.
        drop(open);
        sessions.shutdown().await;
        door.send_replace(Door::Closed);
        if fault.wait_for(|fault| Door::of(fault) == Door::Open).await.is_err() {
            return;
        }
    }
}

async fn accept(listener: &TcpListener, store: &Arc<Store>, sessions: &mut JoinSet<()>) {
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    sessions.spawn(serve(stream, store.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "the mailbox cannot accept a connection");
                    tokio::time::sleep(PAUSE).await;
                }
            },
            Some(_) = sessions.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, store: Arc<Store>) {
    if let Err(error) = smtp::serve(stream, &store).await {
        tracing::debug!(%error, "a client of the mailbox went away");
    }
}

async fn listen_again(address: SocketAddr) -> TcpListener {
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(error) => {
                tracing::warn!(%error, %address, "the mailbox cannot listen; it tries again");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
