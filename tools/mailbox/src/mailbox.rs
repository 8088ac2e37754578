//! Starting and stopping.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::fault::Fault;
use crate::listen::{self, Door};
use crate::message::Message;
use crate::pages;
use crate::store::Store;

/// Any port of this machine that is free.
const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Where a mailbox listens.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Where it takes letters; port 0 takes any free one.
    pub smtp: SocketAddr,
    /// Where it shows them; port 0 takes any free one.
    pub pages: SocketAddr,
}

/// On any ports of this machine.
impl Default for Options {
    fn default() -> Self {
        Self { smtp: ANY, pages: ANY }
    }
}

/// A running mailbox. Dropping it stops it.
pub struct Mailbox {
    smtp: SocketAddr,
    pages: SocketAddr,
    store: Arc<Store>,
    door: watch::Receiver<Door>,
    _servers: [AbortOnDropHandle<()>; 2],
}

/// Without the letters.
impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { smtp, pages, .. } = self;
        f.debug_struct("Mailbox").field("smtp", smtp).field("pages", pages).finish_non_exhaustive()
    }
}

impl Mailbox {
    /// Starts to take letters, and to show them.
    ///
    /// # Errors
    /// If an address is of another machine than this one, or cannot be listened on.
    pub async fn start(options: Options) -> Result<Self> {
        let listener = bind(options.smtp).await?;
        let shown = bind(options.pages).await?;
        let (smtp, pages) = (listener.local_addr()?, shown.local_addr()?);
        let store = Arc::new(Store::new());
        let (opened, door) = watch::channel(Door::Open);
        let servers = [
            tokio::spawn(listen::run(listener, smtp, store.clone(), opened)),
            tokio::spawn(pages::serve(shown, store.clone())),
        ];
        Ok(Self { smtp, pages, store, door, _servers: servers.map(AbortOnDropHandle::new) })
    }

    /// Returns the address for letters, as the variable `smtp_url` has it.
    #[must_use]
    pub fn smtp_url(&self) -> String {
        format!("smtp://{}", self.smtp)
    }

    /// Returns where it takes letters.
    #[must_use]
    pub fn smtp_address(&self) -> SocketAddr {
        self.smtp
    }

    /// Returns the address of its pages.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.pages)
    }

    /// Returns the letters that have arrived, the oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        self.store.messages()
    }

    /// Forgets all letters.
    pub fn clear(&self) {
        self.store.clear();
    }

    /// Misbehaves from now on. Returns when it does.
    pub async fn fault(&self, fault: Fault) {
        let wanted = Door::of(&fault);
        self.store.set_fault(fault);
        let mut door = self.door.clone();
        // It fails when the server has stopped, and then nothing will change.
        let _ = door.wait_for(|door| *door == wanted).await;
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener> {
    ensure!(
        address.ip().is_loopback(),
        "the mailbox cannot listen on {address}: its pages show everybody's letters, so choose an \
         address of this machine alone, such as 127.0.0.1"
    );
    TcpListener::bind(address).await.with_context(|| {
        format!("the mailbox cannot listen on {address}: choose another address or port")
    })
}
