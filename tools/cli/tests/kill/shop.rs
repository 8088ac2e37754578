//! The process under test: `boxoffice up` on a folder of its own.

use std::fs::{File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use boxoffice_dev::keys;
use boxoffice_tests::{provider, surroundings};
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::people::crowd;
use crate::process::{Started, boxoffice, get, last_complaints, lasting_address, wait_until};

/// How long a hold lasts: about as long as a round, so that some run out in it.
const HOLD_SECONDS: &str = "3";
/// How long after a delivery that came to nothing an event is tried again: the next tick does.
const RETRY_MS: &str = "500";

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
        // All its people come from one address.
        for limit in
            ["SIGN_UPS_PER_CLIENT", "OPEN_HOLDS_PER_BUYER", "HOLDS_PER_BUYER", "HOLDS_FORGIVEN"]
        {
            command.env(format!("SPIN_VARIABLE_{limit}"), "1000000");
        }
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

impl crowd::Shop for Shop {
    fn audited(&self) -> Output {
        self.boxoffice(&["audit", "--patience", "0"]).output().unwrap()
    }

    async fn intents(&self) -> Vec<Value> {
        let variables = keys::read(&self.data().join(keys::FILE)).unwrap();
        provider::intents(&format!("http://{}", self.sandbox), &variables["stripe_api_key"]).await
    }

    fn fail(&self, why: &str) -> ! {
        panic!("{why}\nthe shop's last complaints:\n{}", last_complaints(&self.log_file()));
    }
}

fn append(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).unwrap()
}
