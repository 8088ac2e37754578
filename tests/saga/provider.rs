//! A payment provider that can be made to misbehave: a proxy in front of the sandbox.
//!
//! It works on bytes, so the shop's client sees what a bad network would show it.

use std::net::{Ipv4Addr, SocketAddr};

use boxoffice_tests::App;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How the provider treats those who ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It does what it is asked and says so.
    Normal,
    /// It does what it is asked and hangs up without a word.
    Mute,
    /// It does what it is asked; its answer comes when the mood changes.
    Slow,
    /// It hangs up before it has understood.
    Deaf,
    /// It says what it has done already, and hangs up on whoever asks for more.
    Leaving,
}

/// The proxy. Dropped, it is gone.
pub(crate) struct Provider {
    address: SocketAddr,
    upstream: watch::Sender<Option<SocketAddr>>,
    mood: watch::Sender<Mood>,
    server: JoinHandle<()>,
}

impl Provider {
    /// A shop whose provider is a proxy in front of its sandbox.
    pub(crate) async fn with_shop() -> (Self, App) {
        let provider = Self::start().await;
        let url = format!("http://{}", provider.address);
        let app = App::start_with([("stripe_api_base", &url)]).await;
        let sandbox = app.sandbox_url().trim_start_matches("http://").parse().unwrap();
        provider.upstream.send_replace(Some(sandbox));
        (provider, app)
    }

    /// Starts a proxy; until it is told what stands behind it, those who ask have to wait.
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (upstream, behind) = watch::channel(None);
        let (mood, moods) = watch::channel(Mood::Normal);
        let server = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, behind.clone(), moods.clone()));
            }
        });
        Self { address, upstream, mood, server }
    }

    /// Changes how it behaves from now on, towards requests under way as well.
    pub(crate) fn be(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Passes bytes on both ways until either side, or the mood, ends it.
async fn relay(
    client: TcpStream,
    mut upstream: watch::Receiver<Option<SocketAddr>>,
    moods: watch::Receiver<Mood>,
) -> Option<()> {
    let address = (*upstream.wait_for(Option::is_some).await.ok()?)?;
    let server = TcpStream::connect(address).await.ok()?;
    client.set_nodelay(true).ok()?;
    server.set_nodelay(true).ok()?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let mut waiting = moods.clone();
    let question = async {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let count = from_client.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
            if matches!(*moods.borrow(), Mood::Deaf | Mood::Leaving) {
                return None;
            }
            to_server.write_all(&buffer[..count]).await.ok()?;
        }
    };
    let answer = async {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let count = from_server.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
            let mood = *waiting.wait_for(|mood| *mood != Mood::Slow).await.ok()?;
            if mood == Mood::Mute {
                return None;
            }
            to_client.write_all(&buffer[..count]).await.ok()?;
        }
    };
    tokio::select! {
        over = question => over,
        over = answer => over,
    }
}
