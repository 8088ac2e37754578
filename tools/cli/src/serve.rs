//! `boxoffice serve`: runs a manifest and nothing else, as in production.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use boxoffice_dev::folder;
use boxoffice_host::{Host, Options, Problem, RedisLost, Tracing};
use clap::ValueEnum;
use rustix::process::{Resource, getrlimit, setrlimit};

use crate::failure::Failure;
use crate::metrics::{Listener, Shop};
use crate::places::base_url;
use crate::stop::Stop;
use crate::variables::{Layers, merge};
use crate::{LogFormat, block_on};

/// How long requests in flight may take to finish once the host was asked to stop.
const GRACE: Duration = Duration::from_secs(4);

/// How long spans may take to be exported after that. All that is kept for a stop is five seconds.
const GRACE_OF_SPANS: Duration = Duration::from_millis(500);

/// What `boxoffice serve` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The application's manifest.
    #[arg(long, default_value = "spin.toml", value_name = "FILE")]
    manifest: PathBuf,
    /// Where the application listens.
    #[arg(long, default_value = "127.0.0.1:3000", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// The folder of the application's SQLite databases.
    #[arg(long, default_value = ".boxoffice", value_name = "FOLDER")]
    data: PathBuf,
    /// A file of variables: flat TOML of strings. SPIN_VARIABLE_<NAME> takes precedence over it.
    #[arg(long, value_name = "FILE")]
    variables: Option<PathBuf>,
    #[command(flatten)]
    limits: Limits,
    /// What to do if the connection to a trigger's Redis is lost.
    #[arg(long, value_enum, default_value = "exit")]
    redis_lost: WhenRedisIsLost,
    /// Where metrics are served for Prometheus, as /metrics [default: nowhere].
    #[arg(long, value_name = "ADDRESS:PORT")]
    metrics: Option<SocketAddr>,
    /// The form of the log on standard error.
    #[arg(long, value_enum, default_value = "text")]
    log_format: LogFormat,
}

/// What strangers may have at a time. docs/operations.md says more of it.
#[derive(Debug, clap::Args)]
struct Limits {
    /// Connections in all; no more than three quarters of the open files that the process may have.
    #[arg(long, default_value_t = 8_192, value_name = "NUMBER")]
    max_connections: usize,
    /// Connections of one client. Those of proxies that trusted_proxies names are not counted.
    #[arg(long, default_value_t = 512, value_name = "NUMBER")]
    max_connections_per_client: usize,
    /// Open pages that hear news by a stream, in all.
    #[arg(long, default_value_t = 4_096, value_name = "NUMBER")]
    max_streams: usize,
    /// Open pages that hear news by a stream, of one client.
    #[arg(long, default_value_t = 32, value_name = "NUMBER")]
    max_streams_per_client: usize,
}

impl Limits {
    /// The host's limits, with these among them.
    fn into_host(self) -> boxoffice_host::Limits {
        boxoffice_host::Limits {
            connections: self.max_connections,
            connections_per_client: self.max_connections_per_client,
            streams: self.max_streams,
            streams_per_client: self.max_streams_per_client,
            ..boxoffice_host::Limits::default()
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum WhenRedisIsLost {
    /// Stop, as Spin does. A supervisor must start it again.
    Exit,
    /// Connect again as soon as Redis is back.
    Reconnect,
}

/// Runs the manifest until it is told to stop, or stops by itself, which is a failure.
pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    arguments.log_format.init();
    make_private(&arguments.data);
    let Layers { declared, file, environment, mut problems } =
        Layers::read(&arguments.manifest, arguments.variables.as_deref());
    let mut options = Options {
        listen: arguments.listen,
        data: arguments.data,
        variables: merge([file, environment]),
        limits: arguments.limits.into_host(),
        redis_lost: match arguments.redis_lost {
            WhenRedisIsLost::Exit => RedisLost::Exit,
            WhenRedisIsLost::Reconnect => RedisLost::Reconnect,
        },
        ..Options::new(arguments.manifest)
    };
    let set = |name: &str| options.variables.get(name).map(String::as_str);
    let shop = Shop::new(&options.data, |name| set(name).or_else(|| declared.default_of(name)));
    block_on(async {
        let mut stop = Stop::listen()?;
        let metrics = match arguments.metrics {
            Some(address) => keep(Listener::bind(address).await, &mut problems),
            None => None,
        };
        let tracing = Tracing::from_environment();
        let tracing = keep(tracing, &mut problems).unwrap_or_default();
        options.tracing = tracing.clone();
        let host = start(options, problems).await?;
        tracing::info!("serving at {}", base_url(host.address()));
        if let Some(metrics) = metrics {
            tracing::info!("serving metrics at {}/metrics", base_url(metrics.address()?));
            metrics.serve(host.metrics(), shop);
        }
        let outcome = tokio::select! {
            () = stop.asked() => Ok(()),
            reason = host.stopped() => Err(Failure::Broken(anyhow::anyhow!("{reason}"))),
        };
        stop.end_at_once_if_asked_again();
        host.shutdown(GRACE).await;
        flush(tracing).await;
        outcome
    })
}

/// Takes from others what they may do with the shop's data.
pub(crate) fn make_private(data: &Path) {
    let narrowed = folder::narrow(data);
    if narrowed > 0 {
        let data = data.display();
        tracing::info!(%data, narrowed, "others could read files of the shop; now they cannot");
    }
}

/// Exports what is left of the spans. A collector that does not answer keeps nobody waiting.
pub(crate) async fn flush(tracing: Tracing) {
    let flushed = tokio::task::spawn_blocking(move || tracing.shutdown());
    if tokio::time::timeout(GRACE_OF_SPANS, flushed).await.is_err() {
        tracing::warn!(patience = ?GRACE_OF_SPANS, "not all spans were exported in time");
    }
}

/// What there is, if it is no problem.
pub(crate) fn keep<T>(result: Result<T, Problem>, problems: &mut Vec<Problem>) -> Option<T> {
    result.map_err(|problem| problems.push(problem)).ok()
}

/// Starts the host, unless there are problems already; then it is only asked for its own, so that
/// all of them are told at once.
pub(crate) async fn start(options: Options, mut problems: Vec<Problem>) -> Result<Host, Failure> {
    raise_file_limit();
    match Host::start(options).await {
        Ok(host) if problems.is_empty() => Ok(host),
        Ok(host) => {
            host.shutdown(Duration::ZERO).await;
            Err(Failure::Misconfigured(problems))
        }
        Err(error) => {
            problems.extend(error.problems);
            Err(Failure::Misconfigured(problems))
        }
    }
}

/// Lets this process have as many open files as it may: each open page is one, and many systems
/// begin with 1,024.
fn raise_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit on open files cannot be raised: it limits connections");
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        limits: Limits,
    }

    #[test]
    fn what_is_not_given_is_as_the_host_has_it() {
        let limits = Command::parse_from(["serve"]).limits.into_host();
        assert_eq!(format!("{limits:?}"), format!("{:?}", boxoffice_host::Limits::default()));
        let limits = Command::parse_from(["serve", "--max-streams-per-client", "7"]).limits;
        assert_eq!(limits.into_host().streams_per_client, 7);
    }
}
