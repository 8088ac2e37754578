//! Builds the components, starts hosts and Redis.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use boxoffice_host::{Host, Options, StartError};
use serde_json::Value;
use tempfile::TempDir;

/// The workspace's folder.
pub(crate) fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The folder of the components, built the first time it is asked for.
fn components() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let build = Command::new(env!("CARGO"))
            .current_dir(workspace())
            .args(["build", "--quiet", "--release", "--target", "wasm32-wasip2"])
            .args(["-p", "hello", "-p", "host-test-guest", "--lib", "--examples"])
            .status();
        assert!(build.unwrap().success(), "the components do not build");
        workspace().join("target/wasm32-wasip2/release")
    })
}

/// Lines of a manifest that has this machine trusted as a proxy: what it says of clients, ids and
/// traces is believed.
pub(crate) const PROXY: &str = "[variables.trusted_proxies]\ndefault = \"127.0.0.1\"";

/// The manifest of an application; its components are added one by one.
pub(crate) struct App(String);

impl App {
    /// An application with a variable `redis` and no component yet.
    pub(crate) fn new() -> Self {
        Self(
            "spin_manifest_version = 2\n\
             [application]\nname = \"test\"\n\
             [application.trigger.redis]\naddress = \"{{ redis }}\"\n\
             [variables.redis]\ndefault = \"redis://127.0.0.1:1\"\n"
                .into(),
        )
    }

    /// Adds lines as they are.
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.0.push_str(text);
        self.0.push('\n');
        self
    }

    /// Adds a guest at `/<id>/...`; `grants` are lines of its table, `inherit` is what its
    /// dependency inherits.
    pub(crate) fn guest(self, id: &str, grants: &str, inherit: &str) -> Self {
        let route = format!("[[trigger.http]]\nroute = \"/{id}/...\"\ncomponent = \"{id}\"");
        self.text(&route).component(id, grants, inherit)
    }

    /// Adds a guest without a trigger.
    pub(crate) fn component(self, id: &str, grants: &str, inherit: &str) -> Self {
        let (guest, probe) = wasm();
        self.text(&format!(
            "[component.{id}]\nsource = {guest:?}\n{grants}\n[component.{id}.dependencies]\n\
             \"test:guest/probe\" = {{ path = {probe:?}, inherit_configuration = {inherit} }}"
        ))
    }

    /// Adds a trigger of a channel.
    pub(crate) fn channel(self, channel: &str, id: &str) -> Self {
        self.text(&format!("[[trigger.redis]]\nchannel = \"{channel}\"\ncomponent = \"{id}\""))
    }

    /// Starts it with options as they are by default.
    pub(crate) async fn start(self) -> Running {
        self.start_with(|_| {}).await
    }

    /// Starts it with other options.
    pub(crate) async fn start_with(self, change: impl FnOnce(&mut Options)) -> Running {
        let folder = tempfile::tempdir().unwrap();
        match self.try_start(&folder, change).await {
            Ok(host) => Running::new(host, folder),
            Err(error) => panic!("{error}"),
        }
    }

    /// Starts it in a folder, or finds out why it does not start.
    pub(crate) async fn try_start(
        &self,
        folder: &TempDir,
        change: impl FnOnce(&mut Options),
    ) -> Result<Host, StartError> {
        boxoffice_host::log::init(boxoffice_host::log::Format::Text);
        let manifest = folder.path().join("spin.toml");
        std::fs::write(&manifest, &self.0).unwrap();
        let mut options = Options::new(manifest);
        options.cache = cache();
        change(&mut options);
        Host::start(options).await
    }
}

/// The guest's and its dependency's files.
pub(crate) fn wasm() -> (PathBuf, PathBuf) {
    let folder = components();
    (folder.join("host_test_guest.wasm"), folder.join("examples/probe.wasm"))
}

/// The folder of compiled components that the tests share.
pub(crate) fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache")
}

/// The application that only says hello.
pub(crate) async fn hello() -> Running {
    components();
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new(workspace().join("bench/hello/spin.toml"));
    options.data = folder.path().join("data");
    options.cache = cache();
    Running::new(Host::start(options).await.unwrap(), folder)
}

/// A running application.
pub(crate) struct Running {
    pub(crate) host: Host,
    pub(crate) client: reqwest::Client,
    pub(crate) folder: TempDir,
}

/// An answer's status and body.
pub(crate) type Answer = (u16, Value);

impl Running {
    fn new(host: Host, folder: TempDir) -> Self {
        Self { host, client: reqwest::Client::new(), folder }
    }

    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host.address())
    }

    /// Asks a guest to do something.
    pub(crate) async fn ask(&self, path: &str, input: Value) -> Answer {
        let response = self.client.post(self.url(path)).body(input.to_string()).send().await;
        let response = response.unwrap();
        let status = response.status().as_u16();
        let body = response.text().await.unwrap();
        (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
    }

    /// The same, of what must succeed.
    pub(crate) async fn get(&self, path: &str, input: Value) -> Value {
        let (status, body) = self.ask(path, input).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }
}

/// A Redis of the test's own.
pub(crate) struct Redis {
    process: Option<Child>,
    pub(crate) port: u16,
    _folder: TempDir,
}

impl Redis {
    /// Starts one on a free port.
    pub(crate) fn start() -> Self {
        let mut redis =
            Self { process: None, port: free_port(), _folder: tempfile::tempdir().unwrap() };
        redis.again();
        redis
    }

    /// Starts it again where it was.
    pub(crate) fn again(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        command.args(["--dir", self._folder.path().to_str().unwrap()]).stdout(Stdio::null());
        self.process = Some(command.spawn().expect("redis-server is installed"));
        let start = Instant::now();
        while self.connection().is_err() {
            assert!(start.elapsed() < Duration::from_secs(5), "Redis does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Stops it.
    pub(crate) fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn connection(&self) -> redis::RedisResult<redis::Connection> {
        redis::Client::open(self.url())?.get_connection()
    }

    /// Publishes a message; how many listened.
    pub(crate) fn publish(&self, channel: &str, message: &str) -> i64 {
        redis::cmd("PUBLISH")
            .arg(channel)
            .arg(message)
            .query(&mut self.connection().unwrap())
            .unwrap()
    }

    /// The list of what guests received, once it has `count` entries.
    pub(crate) async fn received(&self, count: usize) -> Vec<String> {
        let start = Instant::now();
        loop {
            let mut connection = self.connection().unwrap();
            let list: Vec<String> =
                redis::cmd("LRANGE").arg(&["messages", "0", "-1"]).query(&mut connection).unwrap();
            if list.len() >= count || start.elapsed() > Duration::from_secs(10) {
                return list;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// A subscription to a channel, for the test to read from.
    pub(crate) async fn listen(&self, channel: &str) -> redis::aio::PubSub {
        let client = redis::Client::open(self.url()).unwrap();
        let mut pubsub = client.get_async_pubsub().await.unwrap();
        pubsub.subscribe(channel).await.unwrap();
        pubsub
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A port that nobody uses.
pub(crate) fn free_port() -> u16 {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    TcpListener::bind(any).unwrap().local_addr().unwrap().port()
}
