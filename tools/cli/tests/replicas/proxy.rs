//! What stands before the hosts, as a Kubernetes Service does: it gives each new connection to the
//! next host that takes it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Dropped, it is gone.
pub(crate) struct Proxy {
    address: SocketAddr,
    taken: Arc<[AtomicUsize]>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Starts one before these hosts, whether they run yet or not.
    pub(crate) async fn before(hosts: &[SocketAddr]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let taken: Arc<[AtomicUsize]> = hosts.iter().map(|_| AtomicUsize::new(0)).collect();
        let (hosts, counts) = (Arc::<[SocketAddr]>::from(hosts), Arc::clone(&taken));
        let accepting = tokio::spawn(async move {
            for turn in 0.. {
                let Ok((client, _)) = listener.accept().await else { continue };
                tokio::spawn(pass(client, turn, Arc::clone(&hosts), Arc::clone(&counts)));
            }
        });
        Self { address, taken, accepting }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections each host has taken.
    pub(crate) fn taken(&self) -> Vec<usize> {
        self.taken.iter().map(|count| count.load(Ordering::Relaxed)).collect()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Where nobody takes it, the client finds its connection closed.
async fn pass(
    mut client: TcpStream,
    turn: usize,
    hosts: Arc<[SocketAddr]>,
    taken: Arc<[AtomicUsize]>,
) -> io::Result<()> {
    for attempt in 0..hosts.len() {
        let host = (turn + attempt) % hosts.len();
        if let Ok(mut upstream) = TcpStream::connect(hosts[host]).await {
            taken[host].fetch_add(1, Ordering::Relaxed);
            copy_bidirectional(&mut client, &mut upstream).await?;
            break;
        }
    }
    Ok(())
}
