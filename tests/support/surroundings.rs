//! What a shop needs around it: Redis, payment sandbox, clock, folder, keys. All of it is one
//! test's own, and gone when the test is.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use boxoffice_dev::keys;
use boxoffice_dev::redis::{Redis, find_or_start};
use boxoffice_host::{Clock, Cron, Faults, Host, Limits, ManualClock, Options};
use boxoffice_ops::schema;
use boxoffice_ops::store::Databases;
use boxoffice_sandbox::Sandbox;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Request;
use crate::database::{Database, OwnPostgres};

/// When every test begins, in seconds since 1970: 2030-03-01T12:00:00Z.
pub const START: u64 = 1_898_596_800;

/// Everything around a shop. Hosts are started in it: one, or several that share all of it.
pub struct Surroundings {
    /// What hosts are given as application variables.
    pub variables: BTreeMap<String, String>,
    /// What goes wrong in hosts on purpose.
    pub faults: Option<Arc<dyn Faults>>,
    /// How many requests an instance serves, if not as many as usual.
    pub max_instance_reuse: Option<usize>,
    /// What clients may have of hosts; all tests together are one client.
    pub limits: Limits,
    /// Where a host listens: anywhere, unless this is another port than 0.
    listen: SocketAddr,
    clock: Arc<ManualClock>,
    redis_port: u16,
    redis: Option<Redis>,
    sandbox_address: SocketAddr,
    sandbox: Option<Sandbox>,
    postgres: Option<OwnPostgres>,
    folder: TempDir,
}

impl Surroundings {
    /// A Redis and a sandbox that have just started, an empty folder, new keys.
    ///
    /// # Panics
    /// When one of them does not start.
    pub async fn prepare() -> Self {
        Self::prepare_at(SystemTime::UNIX_EPOCH + Duration::from_secs(START)).await
    }

    /// The same at another time: for those around it who have a clock of their own.
    ///
    /// # Panics
    /// When one of them does not start.
    pub async fn prepare_at(start: SystemTime) -> Self {
        if std::env::var_os("RUST_LOG").is_some() {
            boxoffice_host::log::init(boxoffice_host::log::Format::Text);
        }
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(start));
        let (redis, redis_port) = new_redis(folder.path());
        let mut variables = keys::ensure(&folder.path().join("keys"), "").unwrap().variables;
        variables.insert("redis_url".into(), redis_url(redis_port));
        variables.insert("event_retry_ms".into(), "50".into());
        // All people of a test come from one address. The suite `abuse` has a shop's own limits.
        for limit in [
            "sign_ups_per_client",
            "sign_ups_in_all",
            "open_holds_per_buyer",
            "holds_per_buyer",
            "holds_forgiven",
        ] {
            variables.insert(limit.into(), "1000000".into());
        }
        let postgres = OwnPostgres::create();
        if let Some(postgres) = &postgres {
            use_postgres(&mut variables, postgres);
        }
        let mut around = Self {
            variables,
            faults: None,
            max_instance_reuse: None,
            limits: Limits::default(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            clock,
            redis_port,
            redis: Some(redis),
            sandbox_address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            sandbox: None,
            postgres,
            folder,
        };
        around.start_sandbox().await;
        around.variables.insert("stripe_api_base".into(), around.sandbox_url());
        around
    }

    /// Starts a host.
    ///
    /// # Panics
    /// When it does not start, with everything that is wrong.
    pub async fn host(&self) -> Host {
        let mut options = Options::new(workspace().join("spin.toml"));
        options.listen = self.listen;
        options.data = self.data();
        options.cache = workspace().join("target/boxoffice-cache");
        options.variables = self.variables.clone();
        options.clock = self.clock.clone();
        options.cron = Cron::Manual;
        options.faults = self.faults.clone();
        options.limits = self.limits.clone();
        options.max_instance_reuse = self.max_instance_reuse.unwrap_or(options.max_instance_reuse);
        match Host::start(options).await {
            Ok(host) => host,
            Err(error) => panic!("{error}\nbuild the components with `cargo xtask build`"),
        }
    }

    /// Has the host listen where the shop says that it is: for tests in which somebody is sent away,
    /// and back to it.
    pub fn listen_where_the_shop_says(&mut self) {
        self.listen.set_port(free_port());
        self.variables.insert("public_url".into(), format!("http://{}", self.listen));
    }

    /// An event's JSON with the code that services give to what they publish.
    ///
    /// # Panics
    /// When the shop has no key for events, or `event` does not end as an object does.
    pub fn sealed(&self, event: &str) -> String {
        let (name, code) = self.code(event);
        let members = event.strip_suffix('}').expect("an object");
        format!("{members},\"mac\":\"{name}.{code}\"}}")
    }

    /// `request` with the proof that services give to calls among themselves.
    ///
    /// # Panics
    /// When the shop has no key for events.
    #[must_use]
    pub fn as_sibling(&self, request: Request) -> Request {
        let at = OffsetDateTime::from(self.clock.now()).unix_timestamp();
        let digest = Sha256::digest(request.body.as_deref().unwrap_or_default());
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let Request { method, path, .. } = &request;
        let (name, code) =
            self.code(&format!("boxoffice-sibling\n{method}\n{path}\n{at}\n{digest}"));
        request.header("boxoffice-sibling", format!("t={at},k={name},m={code}"))
    }

    /// The code of `message` by the first key for events, and the key's name.
    fn code(&self, message: &str) -> (&str, String) {
        let (name, key) = self.variables["event_keys"].split_once(':').expect("name:key");
        let key = URL_SAFE_NO_PAD.decode(key).unwrap();
        let code = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(message);
        (name, URL_SAFE_NO_PAD.encode(code.finalize().into_bytes()))
    }

    /// The folder of the shop's data.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The shop's database, to look into. What writes it may wait for the host, which works on the
    /// same thread as the test and would never get on: see [`Surroundings::tamper`].
    pub fn database(&self) -> Database {
        match &self.postgres {
            Some(postgres) => Database::Postgres(postgres.url()),
            None => Database::Sqlite(self.data().join("sqlite/default.db")),
        }
    }

    /// Changes the shop's database behind its back; how many rows `sql` changed.
    ///
    /// # Panics
    /// When there is no database yet, or it refuses.
    pub async fn tamper(&self, sql: &str) -> usize {
        let (database, sql) = (self.database(), sql.to_owned());
        let change =
            move || database.execute(&sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        tokio::task::spawn_blocking(change).await.unwrap()
    }

    /// Where operators read the services' tables.
    pub fn databases(&self) -> Databases {
        let all = Databases::in_folder(&self.data());
        let Some(postgres) = &self.postgres else { return all };
        schema::ALL.iter().fold(all, |all, service| {
            all.with(service.name, boxoffice_ops::store::Database::Postgres(postgres.url()))
        })
    }

    /// The payment sandbox's ledger, a SQLite file.
    pub fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger.db")
    }

    /// Moves time forward.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// What tells the time here.
    pub fn now(&self) -> Arc<dyn Fn() -> SystemTime + Send + Sync> {
        let clock = self.clock.clone();
        Arc::new(move || clock.now())
    }

    /// The time `seconds` from now, in RFC 3339.
    ///
    /// # Panics
    /// When there is no such time.
    pub fn time(&self, seconds: i64) -> String {
        let now = OffsetDateTime::from(self.clock.now()) + time::Duration::seconds(seconds);
        now.format(&Rfc3339).unwrap()
    }

    /// A connection to Redis.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn redis(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(redis_url(self.redis_port)).unwrap();
        // Far more than it takes, as everywhere here: the client itself would wait half a second.
        let patience = Some(Duration::from_secs(10));
        let config = redis::AsyncConnectionConfig::new().set_response_timeout(patience);
        client.get_multiplexed_async_connection_with_config(&config).await.unwrap()
    }

    /// Whether Redis has been started and not stopped.
    pub fn has_redis(&self) -> bool {
        self.redis.is_some()
    }

    /// Stops Redis.
    pub fn stop_redis(&mut self) {
        if let Some(redis) = self.redis.take() {
            redis.stop(Duration::from_secs(5));
        }
    }

    /// Starts Redis again, where it was and with what it knew.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_redis(&mut self) {
        let url = redis_url(self.redis_port);
        let start = || find_or_start(&url, self.folder.path());
        // Whatever another test is just starting may hold the folder's lock until it has begun.
        let redis = start().or_else(|_| start()).unwrap();
        self.redis = Some(redis);
    }

    /// Stops Redis and deletes all that it knows. It starts again by [`Surroundings::start_redis`].
    ///
    /// # Panics
    /// When it cannot be deleted.
    pub fn lose_redis(&mut self) {
        self.stop_redis();
        std::fs::remove_dir_all(self.redis_data()).unwrap();
    }

    /// A copy of what Redis knows now, for [`Surroundings::set_back_redis`].
    ///
    /// # Panics
    /// When it cannot be copied.
    pub fn copy_redis(&self) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(&self.redis_data(), copy.path());
        copy
    }

    /// Stops Redis and sets it back to what it knew when it was copied: what it was told since is
    /// lost. It starts again by [`Surroundings::start_redis`].
    ///
    /// # Panics
    /// When its folder cannot be written.
    pub fn set_back_redis(&mut self, copy: &TempDir) {
        self.lose_redis();
        copy_folder(copy.path(), &self.redis_data());
    }

    fn redis_data(&self) -> PathBuf {
        self.folder.path().join("redis")
    }

    /// Stops the payment sandbox.
    pub async fn stop_sandbox(&mut self) {
        if let Some(sandbox) = self.sandbox.take() {
            sandbox.shutdown().await;
        }
    }

    /// Starts the payment sandbox (again: where it was and with what it knew).
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_sandbox(&mut self) {
        let options = boxoffice_sandbox::Options {
            listen: self.sandbox_address,
            ledger: self.ledger(),
            api_key: self.variables.get("stripe_api_key").cloned(),
            now: self.now(),
        };
        let sandbox = Sandbox::start(options).await.unwrap();
        self.sandbox_address = sandbox.address();
        self.sandbox = Some(sandbox);
    }

    /// The payment sandbox.
    ///
    /// # Panics
    /// When it is stopped.
    pub fn sandbox(&self) -> &Sandbox {
        self.sandbox.as_ref().expect("the sandbox runs")
    }

    /// The payment sandbox's base URL.
    pub fn sandbox_url(&self) -> String {
        format!("http://{}", self.sandbox_address)
    }
}

/// The folder of `spin.toml`.
pub fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let from = entry.unwrap().path();
        let to = to.join(from.file_name().unwrap());
        if from.is_dir() {
            copy_folder(&from, &to);
        } else {
            std::fs::copy(from, to).unwrap();
        }
    }
}

/// Has every service keep its tables in `postgres`.
fn use_postgres(variables: &mut BTreeMap<String, String>, postgres: &OwnPostgres) {
    for service in schema::ALL {
        variables.insert(service.db_url.to_owned(), postgres.url());
        variables.insert(format!("{}_db_host", service.name), postgres.host().to_owned());
    }
}

fn redis_url(port: u16) -> String {
    format!("redis://127.0.0.1:{port}")
}

/// A Redis of our own: where somebody else has one already, another port is tried.
fn new_redis(folder: &Path) -> (Redis, u16) {
    let mut problem = None;
    for _ in 0..20 {
        let port = free_port();
        match find_or_start(&redis_url(port), folder) {
            Ok(redis) if redis.is_ours() => return (redis, port),
            Ok(_) => {}
            Err(error) => problem = Some(error),
        }
    }
    panic!("no Redis could be started: {problem:?}");
}

/// A port that was free just now.
///
/// # Panics
/// When there is none.
pub fn free_port() -> u16 {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    TcpListener::bind(any).unwrap().local_addr().unwrap().port()
}
