//! Starting an application, and stopping it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use boxoffice_host_bindings::cron::SpinCronPre;
use boxoffice_host_bindings::inbound_redis::RedisSubscriberPre;
use cron::Schedule;
use futures::future::join_all;
use tokio::net::TcpListener;
use tokio::sync::watch;
use wasmtime::Engine;
use wasmtime::component::InstancePre;
use wasmtime_wasi_http::p3::bindings::ServicePre;

use crate::code::{Code, Movable, Renewal};
use crate::component::{self, Keys, Loaded, Loading, export};
use crate::cron_trigger::Ticker;
use crate::http::{Answering, Endpoint, Endpoints, Reuse, Route, Routes, Server};
use crate::lifetime::Lifetime;
use crate::manifest;
use crate::metrics::Metrics;
use crate::options::{Cron, Options};
use crate::outbound_http;
use crate::plan::{self, Plan, Subscriptions};
use crate::postgres::Pools;
use crate::problem::{Problem, StartError};
use crate::redis_trigger::{self, Connected, Listeners, Reactor, RedisTrigger};
use crate::sqlite::Databases;
use crate::state::{Shared, State};
use crate::turns::Turns;

/// How long tasks may take to notice that they are stopped, before they are left behind.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// A running application. Dropping it stops it at once; [`Host::shutdown`] lets it finish first.
pub struct Host {
    address: SocketAddr,
    tickers: Vec<Arc<Ticker>>,
    stopped: watch::Receiver<Option<StopReason>>,
    metrics: Arc<Metrics>,
    lifetime: Lifetime,
}

/// Why a host stopped by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopReason {
    /// A Redis trigger lost its server, and [`RedisLost::Exit`](crate::RedisLost::Exit) was asked.
    RedisLost {
        /// The server's address, without its password.
        address: String,
        /// What broke.
        error: String,
    },
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RedisLost { address, error } => {
                write!(f, "the Redis trigger lost its connection to {address}: {error}")
            }
        }
    }
}

impl Host {
    /// Starts an application; when this returns, it serves HTTP and its Redis channels are
    /// subscribed.
    ///
    /// # Errors
    /// Everything that is wrong with the application and its surroundings, at once.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let mut problems = Vec::new();
        let started = start(&options, &mut problems).await;
        match started {
            Some(host) if problems.is_empty() => Ok(host),
            _ => Err(StartError { problems }),
        }
    }

    /// Where HTTP is served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it counts, for as long as somebody wants to know, even after it has stopped.
    pub fn metrics(&self) -> Arc<Metrics> {
        self.metrics.clone()
    }

    /// Calls every component with a cron trigger once, now, and returns when they have all
    /// finished.
    ///
    /// # Errors
    /// What went wrong in those that failed.
    pub async fn fire_cron(&self) -> anyhow::Result<()> {
        let outcomes = join_all(self.tickers.iter().map(|ticker| ticker.tick())).await;
        let failures: Vec<String> = self
            .tickers
            .iter()
            .zip(&outcomes)
            .filter_map(|(t, outcome)| Some(format!("{}: {}", t.grants.id, outcome.error()?)))
            .collect();
        anyhow::ensure!(failures.is_empty(), "{}", failures.join("; "));
        Ok(())
    }

    /// Stops accepting, lets what is in flight finish for at most `grace`, then stops everything.
    pub async fn shutdown(self, grace: Duration) {
        let lifetime = &self.lifetime;
        lifetime.drain.cancel();
        lifetime.work.close();
        lifetime.instances.close();
        if tokio::time::timeout(grace, lifetime.work.wait()).await.is_err() {
            tracing::warn!(?grace, "some work did not finish in time");
        }
        lifetime.stop.cancel();
        let all = async {
            lifetime.work.wait().await;
            lifetime.instances.wait().await;
        };
        if tokio::time::timeout(STOP_TIMEOUT, all).await.is_err() {
            tracing::warn!("some work did not stop");
        }
    }

    /// Resolves when the host stops by itself, with the reason; never otherwise.
    pub async fn stopped(&self) -> StopReason {
        let mut stopped = self.stopped.clone();
        let reason = match stopped.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone(),
            // Nobody is left who could stop the host.
            Err(_) => None,
        };
        match reason {
            Some(reason) => reason,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.lifetime.drain.cancel();
        self.lifetime.stop.cancel();
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Starts as much as can be, so that everything that is wrong is found; None, or any problem,
/// means that the application does not run.
async fn start(options: &Options, problems: &mut Vec<Problem>) -> Option<Host> {
    let plan = Arc::new(read(options, problems)?);
    let engine = crate::engine::new().map_err(|error| {
        let what = format!("the WebAssembly engine does not start: {error:#}");
        problems.push(Problem::new(what, "raise the limit on address space (ulimit -v)"));
    });
    let engine = engine.ok()?;
    let listener = listen(options.listen).await.map_err(|problem| problems.push(problem)).ok();
    let databases = databases(&plan, options, problems);
    let (loaded, connected) = tokio::join!(load(&engine, &plan, options), connect(&plan.redis));
    problems.extend(loaded.problems);
    let connected: BTreeMap<String, Connected> = connected
        .into_iter()
        .filter_map(|connected| connected.map_err(|problem| problems.push(problem)).ok())
        .collect();
    let client = outbound_http::client().map_err(|error| {
        problems.push(Problem::new(format!("{error:#}"), "report this as a bug"));
    });
    let (listener, databases, client) = (listener?, databases?, client.ok()?);
    let address = listener.local_addr().ok()?;
    let shared = Arc::new(Shared {
        clock: options.clock.clone(),
        databases,
        pools: Pools::default(),
        servers: Arc::default(),
        client,
        faults: options.faults.clone(),
        metrics: Arc::new(Metrics::new()),
        tracing: options.tracing.clone(),
        turns: Turns::default(),
        endpoints: OnceLock::new(),
    });
    let assembly = Assembly {
        options,
        plan: &plan,
        engine,
        shared,
        loaded: loaded.loaded,
        keys: loaded.keys,
        code: RefCell::default(),
        lifetime: Lifetime::default(),
    };
    let server = assembly.server(problems);
    let triggers = assembly.redis(connected, problems);
    let tickers = assembly.tickers(problems);
    if !problems.is_empty() {
        return None;
    }
    Some(assembly.run(address, listener, server, triggers, tickers))
}

/// Reads and plans the manifest.
fn read(options: &Options, problems: &mut Vec<Problem>) -> Option<Plan> {
    let path = &options.manifest;
    let text = std::fs::read_to_string(path).map_err(|error| {
        let what = format!("{} cannot be read: {error}", path.display());
        problems.push(Problem::new(what, "run in the folder of spin.toml, or name it"));
    });
    let file = path.file_name().and_then(|name| name.to_str()).unwrap_or("spin.toml");
    let (manifest, found) = manifest::parse(file, &text.ok()?);
    problems.extend(found);
    let folder = path.parent().unwrap_or(Path::new(""));
    Some(plan::plan(&manifest?, options, folder, problems))
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Problem> {
    TcpListener::bind(address).await.map_err(|error| {
        let remedy = match error.kind() {
            std::io::ErrorKind::AddrInUse => "stop what uses it, or listen elsewhere (--listen)",
            _ => "listen elsewhere (--listen)",
        };
        Problem::new(format!("cannot listen at {address}: {error}"), remedy)
    })
}

fn databases(plan: &Plan, options: &Options, problems: &mut Vec<Problem>) -> Option<Databases> {
    let labels = plan.databases.iter().map(String::as_str);
    Databases::open(&options.data, labels)
        .map_err(|(label, error)| {
            let what = format!("the database `{label}` does not open: {error:#}");
            problems.push(Problem::new(what, "make the data folder writable, or choose another"));
        })
        .ok()
}

async fn load(engine: &Engine, plan: &Arc<Plan>, options: &Options) -> Loading {
    let (engine, plan, cache) = (engine.clone(), plan.clone(), options.cache.clone());
    let loading = tokio::task::spawn_blocking(move || component::load(&engine, &plan, &cache));
    loading.await.unwrap_or_else(|error| {
        let what = format!("loading the components failed: {error}");
        Loading::failed(Problem::new(what, "report this as a bug"))
    })
}

async fn connect(
    servers: &BTreeMap<String, Subscriptions>,
) -> Vec<Result<(String, Connected), Problem>> {
    let connecting = servers.iter().map(async |(address, subscriptions)| {
        let channels = subscriptions.channels.keys().map(String::as_str);
        match redis_trigger::connect(address, channels).await {
            Ok(connected) => Ok((address.clone(), connected)),
            Err(error) => {
                Err(redis_trigger::unreachable(address, subscriptions.variables.iter(), &error))
            }
        }
    });
    join_all(connecting).await
}

/// Everything that a host is put together from.
struct Assembly<'a> {
    options: &'a Options,
    plan: &'a Plan,
    engine: Engine,
    shared: Arc<Shared>,
    loaded: Loaded,
    keys: Keys,
    /// What has been bound, by component.
    code: RefCell<Vec<(String, Arc<dyn Movable>)>>,
    lifetime: Lifetime,
}

impl Assembly<'_> {
    fn grants(&self, id: &str) -> Option<Arc<crate::state::Grants>> {
        self.plan.components.get(id).map(|planned| planned.grants.clone())
    }

    /// Binds a component to what its trigger calls; None is a problem, found here or before.
    fn bind<P: Send + Sync + 'static>(
        &self,
        id: &str,
        kind: &str,
        bind: fn(InstancePre<State>) -> wasmtime::Result<P>,
        problems: &mut Vec<Problem>,
    ) -> Option<Arc<Code<P>>> {
        let bound = export(&self.engine, &self.loaded, id, kind, bind);
        let code = bound.map_err(|problem| problems.push(problem)).ok()??;
        self.code.borrow_mut().push((id.to_owned(), code.clone()));
        Some(code)
    }

    fn server(&self, problems: &mut Vec<Problem>) -> Server {
        let mut endpoints = Vec::new();
        for id in &self.plan.http {
            let code = self.bind(id, "HTTP", ServicePre::new, problems);
            let (Some(code), Some(grants)) = (code, self.grants(id)) else { continue };
            endpoints.push(Arc::new(Endpoint::new(
                code,
                self.shared.clone(),
                grants,
                Reuse::new(self.options.max_instance_reuse, self.options.timeout),
                self.lifetime.clone(),
            )));
        }
        let endpoints = Arc::new(Endpoints::new(endpoints.into_iter()));
        // Only this function sets it.
        let _ = self.shared.endpoints.set(Arc::downgrade(&endpoints));
        let routes = self.plan.routes.iter().filter_map(|route| {
            let endpoint = endpoints.get(&route.target)?.clone();
            let metrics = self.shared.metrics.route(&route.target, &route.pattern);
            Route::new(&route.pattern, Answering { endpoint, metrics }).ok()
        });
        let (routes, hidden) = Routes::new(routes.collect());
        for route in hidden {
            tracing::warn!(route, "two components have this route: the later one answers");
        }
        let proxies = self.plan.proxies.clone();
        Server::new(routes, endpoints, proxies, self.options, self.shared.metrics.clone())
    }

    fn redis(
        &self,
        mut connected: BTreeMap<String, Connected>,
        problems: &mut Vec<Problem>,
    ) -> Vec<(Connected, Listeners)> {
        let mut reactors: BTreeMap<&str, Arc<Reactor>> = BTreeMap::new();
        let ids = self.plan.redis.values().flat_map(|server| server.channels.values().flatten());
        for id in ids {
            if reactors.contains_key(id.as_str()) {
                continue;
            }
            let code = self.bind(id, "Redis", RedisSubscriberPre::new, problems);
            let (Some(code), Some(grants)) = (code, self.grants(id)) else { continue };
            let (shared, timeout) = (self.shared.clone(), self.options.timeout);
            reactors.insert(id, Arc::new(Reactor { code, shared, grants, timeout }));
        }
        let listeners = |ids: &Vec<String>| {
            ids.iter().filter_map(|id| reactors.get(id.as_str()).cloned()).collect()
        };
        self.plan
            .redis
            .iter()
            .filter_map(|(address, server)| {
                let channels = server.channels.iter();
                let channels = channels.map(|(channel, ids)| (channel.clone(), listeners(ids)));
                Some((connected.remove(address)?, channels.collect()))
            })
            .collect()
    }

    fn tickers(&self, problems: &mut Vec<Problem>) -> Vec<(Arc<Ticker>, Vec<Schedule>)> {
        let mut schedules: BTreeMap<&str, Vec<Schedule>> = BTreeMap::new();
        for (id, schedule) in &self.plan.cron {
            schedules.entry(id).or_default().push(schedule.clone());
        }
        let ticker = |(id, schedules): (&str, Vec<Schedule>)| {
            let code = self.bind(id, "cron", SpinCronPre::new, problems)?;
            let (shared, timeout) = (self.shared.clone(), self.options.timeout);
            let ticker = Ticker { code, shared, grants: self.grants(id)?, timeout };
            Some((Arc::new(ticker), schedules))
        };
        schedules.into_iter().filter_map(ticker).collect()
    }

    fn run(
        self,
        address: SocketAddr,
        listener: TcpListener,
        server: Server,
        redis: Vec<(Connected, Listeners)>,
        tickers: Vec<(Arc<Ticker>, Vec<Schedule>)>,
    ) -> Host {
        let lifetime = self.lifetime;
        let (stop, stopped) = watch::channel(None);
        lifetime.spawn(Arc::new(server).run(listener, lifetime.clone()));
        for (connected, channels) in redis {
            let trigger = RedisTrigger {
                connected,
                channels,
                lost: self.options.redis_lost,
                stopped: stop.clone(),
                lifetime: lifetime.clone(),
            };
            lifetime.spawn(trigger.run());
        }
        if self.options.cron == Cron::Scheduled {
            for (ticker, schedules) in &tickers {
                for schedule in schedules {
                    let running = ticker.clone().run(schedule.clone(), lifetime.clone());
                    lifetime.spawn(running);
                }
            }
        }
        let tickers = tickers.into_iter().map(|(ticker, _)| ticker).collect();
        let metrics = self.shared.metrics.clone();
        let renewal = Renewal {
            engine: self.engine,
            keys: self.keys,
            cache: self.options.cache.clone(),
            code: self.code.into_inner(),
            metrics: metrics.clone(),
        };
        lifetime.spawn(renewal.run(lifetime.clone()));
        lifetime.spawn(self.shared.tidy(lifetime.clone()));
        Host { address, tickers, stopped, metrics, lifetime }
    }
}
