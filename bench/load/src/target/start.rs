//! How each kind of target is started, with what it needs.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use boxoffice_postgres::Postgres;
use tokio::time::{Instant, sleep};

use super::process::Process;
use super::{Kind, Programs, Running, Store, Target};
use crate::client::{Client, Request};
use crate::usage::{Part, SERVER};

/// How long a server may take until it answers: one that compiles its components takes longest.
const STARTING: Duration = Duration::from_secs(300);
/// How long holds last: longer than anything here, so that none ends while something else is
/// measured.
const HOLD_SECONDS: &str = "86400";
/// What the sandbox is told; it takes any key.
const PAYMENT_KEY: &str = "sk_test_sandbox_benchmark";
/// The services of ours that keep tables.
const SERVICES: [&str; 7] =
    ["auth", "tickets", "orders", "payments", "expiration", "admissions", "mail"];

/// What a server is told of its surroundings.
struct Place<'a> {
    programs: &'a Programs,
    folder: PathBuf,
    address: SocketAddr,
    redis: String,
    sandbox: String,
    postgres: Option<&'a Postgres>,
}

impl Target {
    /// Starts the target and what it needs, with their data in `folder`, which must not exist.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start(
        &'static self,
        programs: &Programs,
        folder: &Path,
        with_sandbox: bool,
    ) -> Result<Running> {
        self.try_start(programs, folder, with_sandbox).await.with_context(|| self.name)
    }

    async fn try_start(
        &'static self,
        programs: &Programs,
        folder: &Path,
        with_sandbox: bool,
    ) -> Result<Running> {
        std::fs::create_dir_all(folder)?;
        // Servers are started in folders of their own.
        let folder = folder.canonicalize()?;
        let mut around = Vec::new();
        let mut parts = vec![Part::client()];

        let redis = free_address()?;
        let mut sandbox = free_address()?;
        if self.is_shop() {
            around.push(start_redis(redis, &folder)?);
            parts.push(Part::tree("redis", around[0].id()));
        }
        if self.is_shop() && with_sandbox {
            let started = start_sandbox(programs, sandbox, &folder)?;
            parts.push(Part::tree("sandbox", started.id()));
            around.push(started);
        } else {
            sandbox.set_port(1);
        }
        let postgres = match self.store {
            Store::Postgres => Some(Postgres::start()?),
            Store::None | Store::Sqlite => None,
        };
        parts.extend(
            postgres.iter().filter_map(Postgres::process).map(|id| Part::tree("postgres", id)),
        );

        let place = Place {
            programs,
            folder: folder.clone(),
            address: free_address()?,
            redis: format!("redis://{redis}"),
            sandbox: format!("http://{sandbox}"),
            postgres: postgres.as_ref(),
        };
        let address = place.address;
        let mut command = self.command(&place)?;
        let mut server = Process::start(&mut command, &folder.join("server.log"))?;
        wait(address, self.probe(), &mut server).await?;
        parts.push(Part::tree(SERVER, server.id()));
        Ok(Running { target: self, address, parts, _server: server, _around: around, postgres })
    }

    /// An address that is answered with 200 as soon as it is ready.
    fn probe(&self) -> &'static str {
        match self.kind {
            Kind::Hello => "/",
            Kind::Boxoffice => "/readyz",
            Kind::Axum | Kind::Express => "/healthz",
        }
    }

    fn command(&self, place: &Place<'_>) -> Result<Command> {
        match self.kind {
            Kind::Hello => place.host(&place.programs.hello),
            Kind::Boxoffice => place.shop(),
            Kind::Axum => place.axum(),
            Kind::Express => place.express(),
        }
    }
}

impl Place<'_> {
    /// Our host with the manifest. It tells of failures only: the peers write no line for each
    /// request either.
    fn host(&self, manifest: &Path) -> Result<Command> {
        let mut command = program(&self.programs.boxoffice)?;
        command.args(["serve", "--redis-lost", "reconnect", "--listen", &self.address.to_string()]);
        command.arg("--manifest").arg(manifest.canonicalize().context("the manifest")?);
        command.arg("--data").arg(self.folder.join("data"));
        command.env("RUST_LOG", "warn");
        Ok(command)
    }

    fn shop(&self) -> Result<Command> {
        let data = self.folder.join("data");
        let made =
            program(&self.programs.boxoffice)?.arg("keys").arg("--data").arg(&data).output()?;
        if !made.status.success() {
            bail!("boxoffice keys: {}", String::from_utf8_lossy(&made.stderr));
        }
        let mut command = self.host(&self.programs.manifest)?;
        command.arg("--variables").arg(data.join("variables.toml"));
        let mut set = |name: &str, value: &str| {
            command.env(format!("SPIN_VARIABLE_{}", name.to_uppercase()), value);
        };
        set("redis_url", &self.redis);
        set("public_url", &format!("http://{}", self.address));
        set("stripe_api_base", &self.sandbox);
        set("hold_seconds", HOLD_SECONDS);
        // All buyers come from one address, and each holds more than people do.
        for limit in [
            "sign_ups_per_client",
            "sign_ups_in_all",
            "open_holds_per_buyer",
            "holds_per_buyer",
            "holds_forgiven",
        ] {
            set(limit, "100000000");
        }
        if let Some(postgres) = self.postgres {
            for service in SERVICES {
                set(&format!("{service}_db_url"), &postgres.url());
                set(&format!("{service}_db_host"), &postgres.address().to_string());
            }
        }
        Ok(command)
    }

    fn axum(&self) -> Result<Command> {
        let mut command = program(&self.programs.axum)?;
        let database = match self.postgres {
            Some(postgres) => postgres.url(),
            None => format!("sqlite:{}", self.folder.join("shop.db").display()),
        };
        command.args(["--listen", &self.address.to_string(), "--database", &database]);
        command.args(["--redis", &self.redis, "--stripe-base", &self.sandbox]);
        command.args(["--stripe-key", PAYMENT_KEY, "--hold-seconds", HOLD_SECONDS]);
        Ok(command)
    }

    fn express(&self) -> Result<Command> {
        let folder =
            self.programs.express.canonicalize().with_context(|| {
                format!("the Express peer in {}", self.programs.express.display())
            })?;
        let postgres = self.postgres.context("the Express peer keeps its tables in Postgres")?;
        let mut command = program(Path::new("node"))?;
        command.arg("src/main.js").current_dir(folder);
        command.env("NODE_ENV", "production");
        command.env("HOST", self.address.ip().to_string());
        command.env("PORT", self.address.port().to_string());
        command.env("DATABASE_URL", postgres.url()).env("REDIS_URL", &self.redis);
        command.env("STRIPE_API_BASE", &self.sandbox).env("STRIPE_API_KEY", PAYMENT_KEY);
        command.env("HOLD_SECONDS", HOLD_SECONDS);
        Ok(command)
    }
}

/// A program, by its path if that is more than a name, with nothing in its environment that was
/// meant for another shop.
fn program(path: &Path) -> Result<Command> {
    let mut command = if path.components().count() > 1 {
        Command::new(path.canonicalize().with_context(|| format!("{} is missing", path.display()))?)
    } else {
        Command::new(path)
    };
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("SPIN_VARIABLE_") || text.starts_with("OTEL_") {
            command.env_remove(name);
        }
    }
    Ok(command)
}

/// A Redis as the shop wants one: what it was told is in a file, at most a second later.
fn start_redis(address: SocketAddr, folder: &Path) -> Result<Process> {
    let mut command = Command::new("redis-server");
    command.args(["--port", &address.port().to_string(), "--bind", &address.ip().to_string()]);
    command.args(["--save", "", "--appendonly", "yes", "--appendfsync", "everysec"]);
    command.arg("--dir").arg(folder);
    Process::start(&mut command, &folder.join("redis.log"))
}

fn start_sandbox(programs: &Programs, address: SocketAddr, folder: &Path) -> Result<Process> {
    let mut command = program(&programs.boxoffice)?;
    command.args(["sandbox", "--listen", &address.to_string()]);
    command.arg("--ledger").arg(folder.join("sandbox.db")).env("RUST_LOG", "warn");
    Process::start(&mut command, &folder.join("sandbox.log"))
}

async fn wait(address: SocketAddr, probe: &str, server: &mut Process) -> Result<()> {
    let start = Instant::now();
    let client = Client::new(address, 1)?;
    loop {
        server.check()?;
        match client.send(&Request::get(probe)).await.and_then(|answer| answer.expect(200)) {
            Ok(_) => return Ok(()),
            Err(error) if start.elapsed() > STARTING => {
                return Err(error.context(format!("not ready after {STARTING:?}")));
            }
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

fn free_address() -> Result<SocketAddr> {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Ok(TcpListener::bind(any)?.local_addr()?)
}
