//! The wire between a window and the shop, which can be cut.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Carries whole connections. Dropped, it is gone.
///
/// Chromium's own way to be offline lets go on what has been asked already: only a connection that
/// breaks leaves a page not knowing whether it was heard.
pub(crate) struct Wire {
    address: SocketAddr,
    is_cut: watch::Sender<bool>,
    carrier: JoinHandle<()>,
}

impl Wire {
    /// A wire to the shop at `shop`.
    ///
    /// # Panics
    /// When there is no port for it.
    pub(super) async fn to(shop: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (is_cut, cuts) = watch::channel(false);
        let carrier = tokio::spawn(async move {
            while let Ok((browser, _)) = listener.accept().await {
                tokio::spawn(carry(browser, shop, cuts.clone()));
            }
        });
        Self { address, is_cut, carrier }
    }

    /// Where it begins.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Breaks what it carries, and carries nothing until it is mended.
    pub(crate) fn cut(&self) {
        self.is_cut.send_replace(true);
    }

    /// Carries again.
    pub(crate) fn mend(&self) {
        self.is_cut.send_replace(false);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.carrier.abort();
    }
}

async fn carry(mut browser: TcpStream, shop: SocketAddr, mut cuts: watch::Receiver<bool>) {
    if *cuts.borrow_and_update() {
        return;
    }
    let Ok(mut shop) = TcpStream::connect(shop).await else { return };
    // What is sent in small pieces, as events are, must not wait for an acknowledgement.
    let _ = (browser.set_nodelay(true), shop.set_nodelay(true));
    tokio::select! {
        _ = copy_bidirectional(&mut browser, &mut shop) => {}
        _ = cuts.wait_for(|is_cut| *is_cut) => {}
    }
}
