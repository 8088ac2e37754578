//! `boxoffice up`: a developer's copy of the shop, with everything that it needs.
//!
//! In this order: keys, variables, Redis, payment sandbox, mailbox, shop, demo data; and back. Every
//! part that cannot start is told, not only the first one.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use boxoffice_dev::demo::{self, Demo};
use boxoffice_dev::keys;
use boxoffice_dev::redis::{self, Redis};
use boxoffice_host::{Host, Options, Problem, RedisLost, Tracing};
use boxoffice_mailbox::Mailbox;
use boxoffice_sandbox::{Endpoint, Sandbox};

use crate::failure::{Failure, from_dev};
use crate::metrics::{self, Listener};
use crate::payments::Payments;
use crate::places::base_url;
use crate::stop::Stop;
use crate::variables::{Declared, Variables, merge};
use crate::{LogFormat, block_on, mailbox, sandbox, serve};

/// Where Redis is expected if nothing says otherwise.
const REDIS: &str = "redis://127.0.0.1:6379";

/// The variable with what webhooks are signed with.
const WEBHOOK_SECRET: &str = "stripe_webhook_secret";

/// Together less than the five seconds within which everything has stopped.
const GRACE_OF_SHOP: Duration = Duration::from_millis(2_500);
const GRACE_OF_SANDBOX: Duration = Duration::from_millis(500);
const GRACE_OF_REDIS: Duration = Duration::from_secs(1);

/// What `boxoffice up` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The shop's manifest.
    #[arg(long, default_value = "spin.toml", value_name = "FILE")]
    manifest: PathBuf,
    /// Where the shop listens.
    #[arg(long, default_value = "127.0.0.1:3000", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// Where the payment sandbox listens [default: 127.0.0.1, the shop's port + 1].
    #[arg(long, value_name = "ADDRESS:PORT")]
    sandbox_listen: Option<SocketAddr>,
    /// Where the mailbox shows the shop's letters [default: 127.0.0.1, the shop's port + 2 if it is
    /// free].
    #[arg(long, value_name = "ADDRESS:PORT")]
    mailbox_listen: Option<SocketAddr>,
    /// The folder that keeps keys, databases and Redis's data.
    #[arg(long, default_value = ".boxoffice", value_name = "FOLDER")]
    data: PathBuf,
    /// Where metrics are served for Prometheus, as /metrics [default: 127.0.0.1:9464, if it is
    /// free].
    #[arg(long, value_name = "ADDRESS:PORT")]
    metrics: Option<SocketAddr>,
    /// Start with an empty shop.
    #[arg(long)]
    no_demo: bool,
    /// The form of the log on standard error.
    #[arg(long, value_enum, default_value = "text")]
    log_format: LogFormat,
}

impl Arguments {
    fn sandbox_address(&self) -> SocketAddr {
        self.sandbox_listen.unwrap_or_else(|| self.beside(1))
    }

    /// Beside the shop, some ports further; any port if the shop takes any.
    fn beside(&self, ports: u16) -> SocketAddr {
        let port = match self.listen.port() {
            0 => 0,
            port => port.checked_add(ports).unwrap_or(port - ports),
        };
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }

    fn ledger(&self) -> PathBuf {
        self.data.join("sandbox.db")
    }
}

/// What is known before anything runs, as far as it is without problems.
struct Prepared {
    declared: Declared,
    variables: Variables,
    payments: Payments,
    redis: Option<Redis>,
    demo: Option<Demo>,
    /// What the metrics tell of besides the host.
    shop: metrics::Shop,
    problems: Vec<Problem>,
}

/// What runs.
struct Running {
    host: Host,
    sandbox: Option<Sandbox>,
    mailbox: Option<Mailbox>,
    /// Where metrics are served, if they are.
    metrics: Option<SocketAddr>,
    tracing: Tracing,
}

/// Runs the shop until it is told to stop.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    arguments.log_format.init();
    serve::make_private(&arguments.data);
    // On the main thread, which lives as long as the process: a Redis of ours dies with the thread
    // that started it.
    let mut prepared = prepare(arguments);
    let mut redis = prepared.redis.take();
    let outcome = block_on(serve(arguments, prepared, redis.as_mut()));
    if let Some(redis) = redis {
        redis.stop(GRACE_OF_REDIS);
    }
    outcome
}

fn prepare(arguments: &Arguments) -> Prepared {
    let data = &arguments.data;
    let mut problems = Vec::new();
    let declared = Declared::read(&arguments.manifest);
    let environment = declared.in_environment(std::env::vars_os()).unwrap_or_else(|found| {
        problems.extend(found);
        Variables::new()
    });
    let mut file = Variables::new();
    match keys::ensure(data, &base_url(arguments.sandbox_address())) {
        Ok(keys) => {
            problems.extend(declared.check_file(&keys.path, &keys.variables));
            file = keys.variables;
        }
        Err(problem) => problems.push(from_dev(problem)),
    }
    let payments = Payments::decide(&mut file, &environment);
    let variables = merge([derived(arguments.listen), file, environment]);

    let variable =
        |name: &str| variables.get(name).map(String::as_str).or_else(|| declared.default_of(name));
    let url = variable("redis_url").unwrap_or(REDIS);
    let shop = metrics::Shop::new(data, variable);
    let redis = keep(redis::find_or_start(url, data), &mut problems);
    let demo = (!arguments.no_demo).then(|| keep(demo::prepare(data), &mut problems)).flatten();
    Prepared { declared, variables, payments, redis, demo, shop, problems }
}

/// What follows from the address, if that is known before the shop listens; and that all who try the
/// shop from this machine are one client.
fn derived(listen: SocketAddr) -> Variables {
    let public_url = ("public_url".to_owned(), base_url(listen));
    let sign_ups = ("sign_ups_per_client".to_owned(), "1000".to_owned());
    let public_url = Some(public_url).filter(|_| listen.port() != 0);
    public_url.into_iter().chain([sign_ups]).collect()
}

fn keep<T>(result: Result<T, boxoffice_dev::Problem>, problems: &mut Vec<Problem>) -> Option<T> {
    serve::keep(result.map_err(from_dev), problems)
}

async fn serve(
    arguments: &Arguments,
    prepared: Prepared,
    redis: Option<&mut Redis>,
) -> Result<(), Failure> {
    let mut stop = Stop::listen()?;
    let demo = prepared.demo.clone();
    let running = start(arguments, prepared).await?;
    let shop = base_url(running.host.address());
    announce(arguments, &running, redis.as_deref(), demo.as_ref());
    let seeding = demo
        .filter(|demo| !demo.is_complete())
        .map(|demo| tokio::spawn(seed(demo, shop, arguments.data.clone())));

    let outcome = tokio::select! {
        () = stop.asked() => Ok(()),
        reason = running.host.stopped() => Err(Failure::Broken(anyhow::anyhow!("{reason}"))),
        problem = end_of(redis) => Err(Failure::Broken(problem.into())),
    };
    stop.end_at_once_if_asked_again();
    if let Some(seeding) = seeding {
        seeding.abort();
    }
    tracing::info!("stopping");
    running.stop().await;
    outcome
}

async fn start(arguments: &Arguments, prepared: Prepared) -> Result<Running, Failure> {
    let Prepared { declared, mut variables, payments, shop, mut problems, .. } = prepared;
    let mut sandbox = None;
    if let Payments::Sandbox { key } = payments {
        let (listen, ledger) = (arguments.sandbox_address(), arguments.ledger());
        match sandbox::start(listen, &ledger, Some(key), "--sandbox-listen").await {
            Ok(started) => {
                let url = base_url(started.address());
                variables.insert("stripe_api_base".to_owned(), url);
                // A file that was made by an older build has none.
                if variables.get(WEBHOOK_SECRET).is_none_or(String::is_empty) {
                    let secret =
                        keys::webhook_secret().map_err(|error| Failure::Broken(error.into()))?;
                    variables.insert(WEBHOOK_SECRET.to_owned(), secret);
                }
                sandbox = Some(started);
            }
            Err(problem) => problems.push(problem),
        }
    }
    let mut mailbox = None;
    if mailbox::is_wanted(&declared, &variables) {
        let started = mailbox::start(arguments.mailbox_listen, arguments.beside(2)).await;
        mailbox = serve::keep(started, &mut problems);
        if let Some(mailbox) = &mailbox {
            mailbox::set(&mut variables, &declared, mailbox);
        }
    }
    let secrets = variables.get(WEBHOOK_SECRET).cloned().unwrap_or_default();
    let tracing = serve::keep(Tracing::from_environment(), &mut problems).unwrap_or_default();
    let options = Options {
        tracing: tracing.clone(),
        listen: arguments.listen,
        data: arguments.data.clone(),
        variables,
        redis_lost: RedisLost::Reconnect,
        ..Options::new(&arguments.manifest)
    };
    let listener = metrics_listener(arguments.metrics, &mut problems).await;
    let host = serve::start(options, problems).await?;
    let mut metrics = None;
    if let Some(listener) = listener {
        metrics = Some(listener.address()?);
        listener.serve(host.metrics(), shop);
    }
    if let Some(sandbox) = &sandbox {
        sandbox.send_webhooks_to(Endpoint {
            url: format!("{}/api/payments/webhook", base_url(host.address())),
            // Of several the first is the one that is to stay.
            secret: secrets.split(',').next().unwrap_or_default().trim().to_owned(),
        });
    }
    Ok(Running { host, sandbox, mailbox, metrics, tracing })
}

/// The address that was asked for; or the usual one, which another shop on this machine may have.
async fn metrics_listener(
    asked: Option<SocketAddr>,
    problems: &mut Vec<Problem>,
) -> Option<Listener> {
    match asked {
        Some(address) => serve::keep(Listener::bind(address).await, problems),
        None => Listener::bind(metrics::USUAL).await.ok(),
    }
}

impl Running {
    async fn stop(self) {
        // The sandbox goes after the shop, whose last requests may still pay.
        let _ = tokio::time::timeout(GRACE_OF_SHOP, self.host.shutdown(GRACE_OF_SHOP)).await;
        if let Some(sandbox) = self.sandbox {
            let _ = tokio::time::timeout(GRACE_OF_SANDBOX, sandbox.shutdown()).await;
        }
        serve::flush(self.tracing).await;
    }
}

/// Returns when a Redis of ours has ended by itself: nobody would start it again.
async fn end_of(redis: Option<&mut Redis>) -> boxoffice_dev::Problem {
    let Some(redis) = redis else { return std::future::pending().await };
    loop {
        if let Some(problem) = redis.has_ended() {
            return problem;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn seed(mut demo: Demo, shop: String, data: PathBuf) {
    match demo.seed(&shop, &data).await {
        Ok(()) => tracing::info!("the demo data is complete"),
        Err(error) => {
            tracing::error!("the demo data is not complete; the next start continues: {error:#}");
        }
    }
}

/// Says on standard output where everything is. The log goes to standard error, so passwords do
/// not get into it.
fn announce(arguments: &Arguments, running: &Running, redis: Option<&Redis>, demo: Option<&Demo>) {
    let shop = base_url(running.host.address());
    let mut lines = vec![
        ("shop", shop.clone()),
        ("API", format!("{shop}/api/docs")),
        ("payments", describe_payments(running.sandbox.as_ref())),
    ];
    if let Some(mailbox) = &running.mailbox {
        lines.push(("mail", format!("{} (all letters end there)", mailbox.url())));
    }
    if let Some(redis) = redis {
        lines.push(("events", describe_redis(redis, &arguments.data)));
    }
    if let Some(metrics) = running.metrics {
        lines.push(("metrics", format!("{}/metrics", base_url(metrics))));
    }
    lines.push(("data", arguments.data.display().to_string()));
    if let Some(demo) = demo {
        for account in [&demo.seller, &demo.buyer] {
            lines.push(("account", format!("{}  password {}", account.email, account.password)));
        }
    }
    println!();
    for (name, value) in lines {
        println!("  {name:<9} {value}");
    }
    println!("\n  Ctrl-C stops it.\n");
}

fn describe_payments(sandbox: Option<&Sandbox>) -> String {
    match sandbox {
        Some(sandbox) => format!("{} (sandbox, no real money)", base_url(sandbox.address())),
        None => "set by stripe_api_base and stripe_api_key".to_owned(),
    }
}

fn describe_redis(redis: &Redis, data: &Path) -> String {
    if redis.is_ours() {
        format!("{redis}, started for this shop, its data in {}", data.join("redis").display())
    } else {
        format!("{redis}, which was already running")
    }
}
