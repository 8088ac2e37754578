//! `boxoffice sandbox`: the payment sandbox alone; and its start as a part of `up`.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use boxoffice_host::Problem;
use boxoffice_sandbox::{Endpoint, Options, Sandbox};

use crate::failure::Failure;
use crate::keys::SANDBOX;
use crate::places::base_url;
use crate::stop::Stop;
use crate::{LogFormat, block_on};

/// What `boxoffice sandbox` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where the payment sandbox listens.
    #[arg(long, default_value_t = SANDBOX, value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// The file that keeps all payments (SQLite); created if it is missing.
    #[arg(long, default_value = ".boxoffice/sandbox.db", value_name = "FILE")]
    ledger: PathBuf,
    /// The only API key to accept [default: any key].
    #[arg(long, value_name = "KEY")]
    api_key: Option<String>,
    /// Where events are sent as webhooks, such as http://127.0.0.1:3000/api/payments/webhook.
    #[arg(long, value_name = "URL", requires = "webhook_secret")]
    webhook_url: Option<String>,
    /// The secret that signs webhooks: the shop's stripe_webhook_secret.
    #[arg(long, value_name = "SECRET", requires = "webhook_url")]
    webhook_secret: Option<String>,
    /// The form of the log on standard error.
    #[arg(long, value_enum, default_value = "text")]
    log_format: LogFormat,
}

/// Runs the sandbox until it is told to stop.
pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    arguments.log_format.init();
    block_on(async {
        let mut stop = Stop::listen()?;
        let Arguments { listen, ledger, api_key, webhook_url, webhook_secret, .. } = arguments;
        let sandbox = start(listen, &ledger, api_key, "--listen").await?;
        if let (Some(url), Some(secret)) = (webhook_url, webhook_secret) {
            sandbox.send_webhooks_to(Endpoint { url, secret });
        }
        let url = base_url(sandbox.address());
        println!("payment sandbox at {url}, no real money; ledger in {}", ledger.display());
        println!("the shop uses it with stripe_api_base = \"{url}\"");
        stop.asked().await;
        stop.end_at_once_if_asked_again();
        sandbox.shutdown().await;
        Ok(())
    })
}

/// Starts a sandbox. `option` is the one that moves it to another port.
pub(crate) async fn start(
    listen: SocketAddr,
    ledger: &Path,
    api_key: Option<String>,
    option: &str,
) -> Result<Sandbox, Problem> {
    let now = Arc::new(SystemTime::now);
    let options = Options { listen, ledger: ledger.to_owned(), api_key, now };
    Sandbox::start(options).await.map_err(|error| explain(&error, listen, ledger, option))
}

fn explain(error: &anyhow::Error, listen: SocketAddr, ledger: &Path, option: &str) -> Problem {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>());
    match io.map(io::Error::kind) {
        Some(io::ErrorKind::AddrInUse) => Problem {
            what: format!("the payment sandbox cannot listen at {listen}: the port is in use"),
            remedy: format!("stop what listens there, or choose another port with {option}"),
        },
        Some(io::ErrorKind::AddrNotAvailable) => Problem {
            what: format!("the payment sandbox cannot listen at {listen}: not our address"),
            remedy: format!("choose an address of this machine with {option}"),
        },
        _ => Problem {
            what: format!("the payment sandbox does not start: {error:#}"),
            remedy: format!("make sure that this user may write {}", ledger.display()),
        },
    }
}
