//! Starting, routing and stopping.

use std::{
    fmt,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use anyhow::Context;
use axum::{
    Router,
    extract::Request,
    http::StatusCode,
    response::{IntoResponse, Response},
    serve::ListenerExt,
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tokio_util::task::AbortOnDropHandle;

use crate::{
    app::{App, SharedApp},
    charges, disputes,
    errors::Refusal,
    ids, intents,
    ledger::Ledger,
    methods, movements, page, refunds, three_ds, webhooks,
    webhooks::{Delivery, Endpoint},
};

/// How long [`Sandbox::shutdown`] lets open requests finish.
const GRACE: Duration = Duration::from_secs(3);

/// What a sandbox is started with.
pub struct Options {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// The SQLite file to keep the books in. It is created if missing, its folder too; several processes
    /// may share it.
    pub ledger: PathBuf,
    /// The only secret key to accept; `None` accepts any.
    pub api_key: Option<String>,
    /// The clock: what `created` and the expiry of holds and idempotency keys go by.
    pub now: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

/// A running sandbox. Dropping it stops it as well, without waiting.
pub struct Sandbox {
    address: SocketAddr,
    app: SharedApp,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
    _teller: AbortOnDropHandle<()>,
}

/// Without what it works with.
impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Opens the ledger and starts to serve.
    ///
    /// # Errors
    /// If the ledger cannot be opened, was written by a newer build, or the address cannot be listened on;
    /// the message says which, and what to do.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let Options { listen, ledger, api_key, now } = options;
        let ledger = tokio::task::spawn_blocking(move || Ledger::open(&ledger)).await??;
        let listener = TcpListener::bind(listen).await.with_context(|| {
            format!("the payment sandbox cannot listen on {listen}: choose another address or port")
        })?;
        let address = listener.local_addr()?;
        let app = Arc::new(App::new(ledger, api_key, now, address));
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(serve(listener, router(app.clone()), stopped));
        let teller = AbortOnDropHandle::new(tokio::spawn(webhooks::run(app.clone())));
        tracing::info!("payment sandbox at http://{address}: no real money moves");
        Ok(Self { address, app, stop, server, _teller: teller })
    }

    /// Where the payment sandbox listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on, events go to `endpoint` as webhooks. What happened before is not sent.
    pub fn send_webhooks_to(&self, endpoint: Endpoint) {
        self.app.webhooks().send_to(endpoint);
    }

    /// From now on, events are sent like this.
    pub fn deliver_webhooks(&self, delivery: Delivery) {
        self.app.webhooks().deliver(delivery);
    }

    /// Stops to accept, lets open requests finish for up to three seconds, and returns when it is over.
    /// A call whose client is cut off then is still executed whole or not at all.
    pub async fn shutdown(self) {
        let Self { stop, mut server, .. } = self;
        drop(stop);
        if tokio::time::timeout(GRACE, &mut server).await.is_err() {
            server.abort();
        }
    }
}

async fn serve(listener: TcpListener, router: Router, stopped: oneshot::Receiver<()>) {
    // An answer must not wait for the acknowledgement of its head.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
    });
    let stopped = async move {
        // Resolves when the sender is dropped, which is how both ways of stopping end.
        let _ = stopped.await;
    };
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
        tracing::error!(%error, "the payment sandbox stopped");
    }
}

fn router(app: SharedApp) -> Router {
    Router::new()
        .merge(intents::routes())
        .merge(charges::routes())
        .merge(refunds::routes())
        .merge(disputes::routes())
        .merge(methods::routes())
        .merge(movements::routes())
        .merge(three_ds::routes())
        .merge(page::routes())
        .fallback(unrecognized)
        .method_not_allowed_fallback(unrecognized)
        .with_state(app)
}

async fn unrecognized(request: Request) -> Response {
    let answer = Refusal::new(
        StatusCode::NOT_FOUND,
        "invalid_request_error",
        format!("Unrecognized request URL ({}: {}).", request.method(), request.uri().path()),
    )
    .answer();
    let headers = [("content-type", "application/json".to_owned()), ("request-id", ids::request())];
    (answer.status, headers, answer.body.to_string()).into_response()
}
