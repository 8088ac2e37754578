//! The process under test: `boxoffice up` on a folder of its own.

use std::fs::{File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use boxoffice_dev::keys;
use boxoffice_tests::{provider, surroundings};
use rand::RngExt;
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Started, boxoffice, get, stderr, wait_until};

/// How long a hold lasts: about as long as a round, so that some run out in it.
const HOLD_SECONDS: &str = "3";
/// How long after a delivery that came to nothing an event is tried again: the next tick does.
const RETRY_MS: &str = "500";
/// How long the shop may take to come to rest. Holds run out by then, and the minute is over after
/// which a payment is given up that was cut off before it reached the provider.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(100);
/// How much of the log is shown.
const SHOWN: usize = 40;

/// A shop that can be killed. Dropped, it is gone.
pub(crate) struct Shop {
    folder: TempDir,
    address: SocketAddr,
    sandbox: SocketAddr,
    redis: SocketAddr,
    running: Option<Started>,
}

impl Shop {
    /// Starts an empty one.
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [address, sandbox, redis] = [(); 3].map(|()| lasting_address());
        let mut shop = Self { folder, address, sandbox, redis, running: None };
        shop.start();
        shop
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts it, and waits until it is ready.
    pub(crate) fn start(&mut self) {
        let (shop, sandbox) = (self.address.to_string(), self.sandbox.to_string());
        let mut command = self.boxoffice(&["up", "--no-demo", "--listen", &shop]);
        command.args(["--sandbox-listen", &sandbox]);
        command.env("SPIN_VARIABLE_HOLD_SECONDS", HOLD_SECONDS);
        command.env("SPIN_VARIABLE_EVENT_RETRY_MS", RETRY_MS);
        let mut running = Started::logging(&mut command, self.log());
        running.wait_for_line("Ctrl-C");
        self.running = Some(running);
        wait_until("ready", Duration::from_secs(10), || get(&shop, "/readyz").0 == 200);
    }

    /// Kills it, and with it its Redis and its sandbox.
    pub(crate) fn kill(&mut self) {
        let mut running = self.running.take().expect("it runs");
        running.signal(Signal::KILL);
        assert_eq!(running.code(), None, "it was killed");
    }

    /// Deletes what its Redis has kept.
    pub(crate) fn lose_redis(&self) {
        std::fs::remove_dir_all(self.data().join("redis")).unwrap();
    }

    /// Runs the operators' audit until it finds nothing at all: with no patience of its own, for
    /// that would let pass what is never the same for long.
    pub(crate) async fn audit(&self) {
        let start = Instant::now();
        loop {
            let output = self.boxoffice(&["audit", "--patience", "0"]).output().unwrap();
            if output.status.code() == Some(0) {
                return;
            }
            if start.elapsed() > PATIENCE {
                let found = String::from_utf8_lossy(&output.stdout);
                self.fail(&format!("the audit: {}\n{found}{}", output.status, stderr(&output)));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The provider's whole ledger.
    pub(crate) async fn intents(&self) -> Vec<Value> {
        let variables = keys::read(&self.data().join(keys::FILE)).unwrap();
        provider::intents(&format!("http://{}", self.sandbox), &variables["stripe_api_key"]).await
    }

    /// Ends the test, with the last complaints in the shop's log.
    pub(crate) fn fail(&self, why: &str) -> ! {
        let log = std::fs::read_to_string(self.log_file()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().filter(|line| !line.contains(" INFO ")).collect();
        let last = lines[lines.len().saturating_sub(SHOWN)..].join("\n");
        panic!("{why}\nthe shop's last complaints:\n{last}");
    }

    fn boxoffice(&self, arguments: &[&str]) -> Command {
        let mut command = boxoffice(self.folder.path(), arguments);
        command.arg("--manifest").arg(surroundings::workspace().join("spin.toml"));
        command.arg("--data").arg(self.data());
        command.env("SPIN_VARIABLE_REDIS_URL", format!("redis://{}", self.redis));
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn log(&self) -> File {
        append(&self.log_file())
    }
}

fn append(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).unwrap()
}

/// An address that stays free while the shop is dead: below the ports that systems give to those
/// who ask for any, and to connections.
fn lasting_address() -> SocketAddr {
    loop {
        let port = rand::rng().random_range(20_000..32_000);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}
