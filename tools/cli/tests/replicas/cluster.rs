//! Three hosts, each a process of its own, on one Postgres and one Redis behind one address.

use std::fs::{File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use boxoffice_bench::usage::Part;
use boxoffice_dev::keys;
use boxoffice_dev::redis::{Redis, find_or_start};
use boxoffice_postgres::{Identity, Postgres, Stop};
use boxoffice_tests::{provider, surroundings};
use rcgen::CertifiedKey;
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::people::crowd::{self, Shop as _};
use crate::process::{Started, boxoffice, get, last_complaints, lasting_address, stderr};
use crate::proxy::Proxy;

/// How many hosts there are at most.
pub(crate) const HOSTS: usize = 3;
/// How long a hold lasts: some run out in each round.
const HOLD_SECONDS: &str = "3";
/// How long after a delivery that came to nothing an event is tried again: the next tick does.
const RETRY_MS: &str = "500";
/// How long a host may take until it is ready: it compiles nothing that is in the cache.
const STARTING: Duration = Duration::from_secs(60);
/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(100);
/// Which manifest hosts run before they are updated; ours if it is not set.
const PREVIOUS: &str = "BOXOFFICE_PREVIOUS_MANIFEST";
/// Where the tables are; `sqlite` is for versions that knew nothing else.
const STORE: &str = "BOXOFFICE_TEST_STORE";

/// Which version a host runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// The one before this, if the environment names its manifest.
    Previous,
    This,
}

/// All of it is gone when this is dropped.
pub(crate) struct Cluster {
    hosts: Vec<Host>,
    proxy: Proxy,
    sandbox: Started,
    sandbox_url: String,
    redis: Option<Redis>,
    redis_url: String,
    postgres: Option<Postgres>,
    folder: TempDir,
}

struct Host {
    address: SocketAddr,
    running: Option<Started>,
}

impl Cluster {
    /// Starts everything around so many hosts, and then all of those at once on empty databases.
    pub(crate) async fn with_hosts(count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let wants_postgres = std::env::var(STORE).as_deref() != Ok("sqlite");
        let authorities = folder.path().join("authorities.pem");
        let postgres = wants_postgres.then(|| postgres_by_tls(&authorities));
        let redis_url = format!("redis://{}", lasting_address());
        let redis = find_or_start(&redis_url, folder.path()).unwrap();
        let sandbox_address = lasting_address().to_string();
        let sandbox_url = format!("http://{sandbox_address}");
        let keys = keys::ensure(&folder.path().join("data"), &sandbox_url).unwrap();
        let ledger = folder.path().join("sandbox.db");
        let addresses: Vec<SocketAddr> = (0..count).map(|_| lasting_address()).collect();
        let proxy = Proxy::before(&addresses).await;
        let mut sandbox = boxoffice(folder.path(), &["sandbox", "--listen", &sandbox_address]);
        sandbox.arg("--ledger").arg(ledger);
        sandbox.args(["--api-key", &keys.variables["stripe_api_key"]]);
        sandbox.args(["--webhook-secret", &keys.variables["stripe_webhook_secret"]]);
        let webhooks = format!("http://{}/api/payments/webhook", proxy.address());
        sandbox.args(["--webhook-url", &webhooks]);
        let mut sandbox = Started::new(&mut sandbox);
        sandbox.wait_for_line("payment sandbox at");
        let host = |address| Host { address, running: None };
        let hosts = addresses.into_iter().map(host).collect();
        let redis = Some(redis);
        let mut cluster =
            Self { hosts, proxy, sandbox, sandbox_url, redis, redis_url, postgres, folder };
        for host in 0..count {
            cluster.launch(host, Version::Previous);
        }
        for host in 0..count {
            cluster.is_ready(host);
        }
        cluster
    }

    /// Where people go.
    pub(crate) fn address(&self) -> SocketAddr {
        self.proxy.address()
    }

    /// How many connections each host has taken.
    pub(crate) fn taken(&self) -> Vec<usize> {
        self.proxy.taken()
    }

    /// What runs, ourselves among it, for those who measure it.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let running = self.hosts.iter().filter_map(|host| host.running.as_ref());
        let mut parts: Vec<Part> =
            running.map(|host| Part::tree("hosts", host.process())).collect();
        let postgres = self.postgres.as_ref().and_then(Postgres::process);
        parts.extend(postgres.map(|process| Part::tree("postgres", process)));
        let redis = self.redis.as_ref().and_then(Redis::process);
        parts.extend(redis.map(|process| Part::tree("redis", process)));
        parts.extend([Part::tree("sandbox", self.sandbox.process()), Part::client()]);
        parts
    }

    /// Every host has had its share.
    pub(crate) fn was_fair(&self) {
        let taken = self.taken();
        let fair = taken.iter().sum::<usize>() / HOSTS / 2;
        assert!(taken.iter().all(|taken| *taken > fair), "one host did little: {taken:?}");
    }

    /// Starts a host, and waits until it is ready.
    pub(crate) fn start(&mut self, host: usize, version: Version) {
        self.launch(host, version);
        self.is_ready(host);
    }

    fn launch(&mut self, host: usize, version: Version) {
        let listen = self.hosts[host].address.to_string();
        let manifest = match version {
            Version::Previous => previous_manifest().unwrap_or_else(manifest),
            Version::This => manifest(),
        };
        let arguments = ["serve", "--listen", &listen, "--redis-lost", "reconnect"];
        let mut command = self.boxoffice(&arguments, &manifest);
        // Not by the file: a host refuses one that names a variable of a later version.
        for (name, value) in keys::read(&self.data().join(keys::FILE)).unwrap() {
            command.env(format!("SPIN_VARIABLE_{}", name.to_uppercase()), value);
        }
        self.hosts[host].running = Some(Started::logging(&mut command, self.log(host)));
    }

    fn is_ready(&self, host: usize) {
        let address = self.hosts[host].address;
        let start = Instant::now();
        while std::net::TcpStream::connect(address).is_err()
            || get(&address.to_string(), "/readyz").0 != 200
        {
            if start.elapsed() > STARTING {
                self.fail(&format!("host {host} is not ready after {STARTING:?}"));
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self, host: usize) {
        let mut running = self.hosts[host].running.take().expect("it runs");
        running.signal(Signal::KILL);
        assert_eq!(running.code(), None, "it was killed");
    }

    /// Asks a host to stop, as Kubernetes does, and waits until it has.
    pub(crate) fn stop(&mut self, host: usize) {
        let mut running = self.hosts[host].running.take().expect("it runs");
        running.signal(Signal::TERM);
        assert_eq!(running.code(), Some(0), "it stopped");
    }

    /// Stops Redis.
    pub(crate) fn stop_redis(&mut self) {
        self.redis.take().expect("it runs").stop(Duration::from_secs(5));
    }

    /// Starts Redis where it was.
    pub(crate) fn start_redis(&mut self) {
        self.redis = Some(find_or_start(&self.redis_url, self.folder.path()).unwrap());
    }

    /// Stops Postgres and starts it again, if there is one; how long it was away.
    pub(crate) fn restart_postgres(&mut self, how: Stop) -> Duration {
        let start = Instant::now();
        if let Some(postgres) = &mut self.postgres {
            postgres.stop(how).unwrap();
            postgres.start_again().unwrap();
        }
        start.elapsed()
    }

    /// Migrates as before a new version is rolled out.
    pub(crate) fn migrate(&self) {
        let output = self.boxoffice(&["migrate"], &manifest()).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    }

    /// The command with what all hosts, and those who look after them, are told.
    fn boxoffice(&self, arguments: &[&str], manifest: &Path) -> Command {
        let mut command = boxoffice(self.folder.path(), arguments);
        command.arg("--data").arg(self.data()).arg("--manifest").arg(manifest);
        command.env("SSL_CERT_FILE", self.folder.path().join("authorities.pem"));
        let mut set = |name: &str, value: &str| {
            command.env(format!("SPIN_VARIABLE_{}", name.to_uppercase()), value);
        };
        set("redis_url", &self.redis_url);
        set("public_url", &format!("http://{}", self.address()));
        set("hold_seconds", HOLD_SECONDS);
        set("event_retry_ms", RETRY_MS);
        // All its people come from one address.
        for limit in [
            "sign_ups_per_client",
            "sign_ups_in_all",
            "open_holds_per_buyer",
            "holds_per_buyer",
            "holds_forgiven",
        ] {
            set(limit, "1000000");
        }
        if let Some(postgres) = &self.postgres {
            for service in boxoffice_ops::schema::ALL {
                set(service.db_url, &format!("{}?sslmode=require", postgres.url()));
                set(&format!("{}_db_host", service.name), &postgres.address().to_string());
            }
        }
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log_file(&self, host: usize) -> PathBuf {
        self.folder.path().join(format!("log-{host}"))
    }

    fn log(&self, host: usize) -> File {
        OpenOptions::new().create(true).append(true).open(self.log_file(host)).unwrap()
    }
}

impl crowd::Shop for Cluster {
    fn audited(&self) -> Output {
        self.boxoffice(&["audit", "--patience", "0"], &manifest()).output().unwrap()
    }

    async fn intents(&self) -> Vec<Value> {
        let variables = keys::read(&self.data().join(keys::FILE)).unwrap();
        provider::intents(&self.sandbox_url, &variables["stripe_api_key"]).await
    }

    fn fail(&self, why: &str) -> ! {
        let mut shown = String::new();
        for host in 0..self.hosts.len() {
            let last = last_complaints(&self.log_file(host));
            shown.push_str(&format!("\nhost {host}'s last complaints:\n{last}"));
        }
        panic!("{why}{shown}");
    }
}

/// A Postgres that lets nobody in without TLS; who vouches for it is written to `authorities`.
fn postgres_by_tls(authorities: &Path) -> Postgres {
    let names = vec![Ipv4Addr::LOCALHOST.to_string()];
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(names).unwrap();
    let (certificate, key) = (cert.pem(), signing_key.serialize_pem());
    std::fs::write(authorities, &certificate).unwrap();
    Postgres::start_with(&Identity { certificate: &certificate, key: &key }).unwrap()
}

/// This version's manifest.
fn manifest() -> PathBuf {
    surroundings::workspace().join("spin.toml")
}

fn previous_manifest() -> Option<PathBuf> {
    std::env::var_os(PREVIOUS).map(PathBuf::from)
}
