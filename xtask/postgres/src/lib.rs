//! A Postgres for suites: Debian's, in a folder and on a port of its own. It keeps nothing.
//!
//! It can be stopped and started again where it was, and be killed as a crash would.

use std::fmt;
use std::fs::OpenOptions;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Where Debian has its versions of Postgres, each in a folder of its number.
const DEBIANS: &str = "/usr/lib/postgresql";
/// The user of Debian's package: Postgres does not run as root.
const USER: &str = "postgres";
/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(30);
/// A suite runs many hosts at once, each with up to 64 connections for each component.
const CONNECTIONS: &str = "max_connections=500";

/// Why there is no Postgres.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Something is missing that somebody has to install or make.
    Missing(String),
    /// It did not start, or did not do what it was asked.
    Failed(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Missing(text) | Self::Failed(text)) = self;
        f.write_str(text)
    }
}

impl std::error::Error for Error {}

/// A server; dropping it stops it and deletes what it held.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    user: User,
    port: u16,
    server: Option<Child>,
}

/// What a server shows to those who want TLS.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// Its certificate for 127.0.0.1, in PEM.
    pub certificate: &'a str,
    /// The key of that, in PEM.
    pub key: &'a str,
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It ends its connections and closes its files: Postgres's "fast shutdown".
    Orderly,
    /// Its processes die where they are, and it recovers when it starts: "immediate shutdown".
    Crash,
}

impl Postgres {
    /// Makes an empty cluster and starts a server on it.
    ///
    /// # Errors
    /// Where there is no Postgres, or it does not start.
    pub fn start() -> Result<Postgres, Error> {
        Self::start_by(None)
    }

    /// The same, but it lets nobody in without TLS.
    ///
    /// # Errors
    /// Where there is no Postgres, or it does not start.
    pub fn start_with(identity: &Identity<'_>) -> Result<Postgres, Error> {
        Self::start_by(Some(identity))
    }

    fn start_by(identity: Option<&Identity<'_>>) -> Result<Postgres, Error> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let programs = programs().ok_or_else(|| {
            Error::Missing(format!(
                "there is no Postgres in {DEBIANS} and none on PATH: install one \
                 (apt-get install postgresql)"
            ))
        })?;
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("boxoffice-postgres-{}-{count}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let failed = |error: std::io::Error| {
            Error::Failed(format!("a Postgres in {}: {error}", folder.display()))
        };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let user = User::to_run_as()?;
        user.own(&folder).map_err(failed)?;
        let port = free_port().map_err(failed)?;
        let mut postgres = Postgres { programs, folder, user, port, server: None };
        postgres.make_cluster()?;
        if let Some(identity) = identity {
            postgres.require_tls(identity).map_err(|error| postgres.failed(&error))?;
        }
        postgres.start_again()?;
        Ok(postgres)
    }

    fn make_cluster(&self) -> Result<(), Error> {
        let failed = |error: std::io::Error| self.failed(&error);
        let mut initdb = self.user.command(&self.programs.join("initdb"));
        initdb.arg("-D").arg(self.data()).args(["-A", "trust", "-U", USER, "-E", "UTF8"]);
        initdb.args(["--no-sync", "--locale", "C.UTF-8"]).current_dir(&self.folder);
        let made = initdb.output().map_err(failed)?;
        if made.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&made.stderr).into_owned();
        Err(Error::Failed(format!("initdb failed: {said}")))
    }

    fn require_tls(&self, identity: &Identity<'_>) -> std::io::Result<()> {
        let data = self.data();
        let write = |name: &str, text: &str| {
            let path = data.join(name);
            std::fs::write(&path, text)?;
            // It takes no key that others can read.
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
            }
            self.user.own(&path)
        };
        write("server.crt", identity.certificate)?;
        write("server.key", identity.key)?;
        write("pg_hba.conf", "hostssl all all 127.0.0.1/32 trust\n")?;
        write("postgresql.auto.conf", "ssl = on\n")
    }

    /// Starts the server where it was, unless it runs.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_again(&mut self) -> Result<(), Error> {
        if self.server.is_some() {
            return Ok(());
        }
        let failed = |error: std::io::Error| self.failed(&error);
        let log = OpenOptions::new().create(true).append(true).open(self.log()).map_err(failed)?;
        let mut server = self.user.command(&self.programs.join("postgres"));
        server.arg("-D").arg(self.data()).args(["-p", &self.port.to_string()]);
        // Nothing here is to outlive a power cut.
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=off",
            "full_page_writes=off",
            CONNECTIONS,
        ] {
            server.args(["-c", setting]);
        }
        server.current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.server = Some(server.spawn().map_err(failed)?);
        self.wait()
    }

    /// Stops the server; it starts again by [`Postgres::start_again`], with all that was committed.
    ///
    /// # Errors
    /// When it does not stop.
    pub fn stop(&mut self, how: Stop) -> Result<(), Error> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        let mode = match how {
            Stop::Orderly => "fast",
            Stop::Crash => "immediate",
        };
        let mut pg_ctl = self.user.command(&self.programs.join("pg_ctl"));
        pg_ctl.arg("-D").arg(self.data()).args(["stop", "-w", "-m", mode]);
        let stopped = pg_ctl.current_dir(&self.folder).output();
        let stopped = stopped.map_err(|error| self.failed(&error))?;
        if !stopped.status.success() {
            let said = String::from_utf8_lossy(&stopped.stderr).into_owned();
            self.server = Some(server);
            return Err(Error::Failed(format!("pg_ctl stop failed: {said}")));
        }
        server.wait().map(drop).map_err(|error| self.failed(&error))
    }

    /// The address of its database for those who make others.
    pub fn url(&self) -> String {
        format!("postgres://{USER}@{}/postgres", self.address())
    }

    /// The number of its first process, while it runs: all others are below it.
    pub fn process(&self) -> Option<u32> {
        self.server.as_ref().map(Child::id)
    }

    /// Its host and port.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    fn failed(&self, error: &std::io::Error) -> Error {
        Error::Failed(format!("a Postgres in {}: {error}", self.folder.display()))
    }

    fn wait(&mut self) -> Result<(), Error> {
        let start = Instant::now();
        let ended = |server: &mut Child| !matches!(server.try_wait(), Ok(None));
        while start.elapsed() < PATIENCE && !self.server.as_mut().is_none_or(ended) {
            let mut ask = Command::new(self.programs.join("pg_isready"));
            ask.args(["--quiet", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
            if ask.status().is_ok_and(|status| status.success()) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        Err(Error::Failed(format!("Postgres does not start: {log}")))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
        // Its processes notice that the first one is gone, and then let go of the folder.
        let start = Instant::now();
        while std::fs::remove_dir_all(&self.folder).is_err()
            && start.elapsed() < Duration::from_secs(5)
        {
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Whether there is a Postgres to start.
pub fn is_there() -> bool {
    programs().is_some()
}

/// What the Postgres that would be started says of its version; None if there is none.
pub fn version() -> Option<String> {
    let said = Command::new(programs()?.join("postgres")).arg("--version").output().ok()?;
    Some(String::from_utf8_lossy(&said.stdout).trim().to_owned())
}

/// The folder with Postgres's programs: the newest of Debian's, or the first on PATH.
fn programs() -> Option<PathBuf> {
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let versions = std::fs::read_dir(DEBIANS).into_iter().flatten().flatten();
    let newest = versions.map(|entry| entry.path()).max_by_key(|path| number(path));
    let debians = newest.map(|version| version.join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = debians.into_iter().chain(std::env::split_paths(&path));
    all.into_iter().find(|folder| {
        ["initdb", "postgres", "pg_ctl", "pg_isready"]
            .iter()
            .all(|program| folder.join(program).is_file())
    })
}

/// Whom the server runs as.
#[derive(Clone, Copy, Debug)]
enum User {
    /// Whoever runs us.
    Ours,
    /// The one of Debian's package, by their numbers.
    Debians { user: u32, group: u32 },
}

impl User {
    fn to_run_as() -> Result<User, Error> {
        if id(&["-u"]) != Some(0) {
            return Ok(User::Ours);
        }
        match (id(&["-u", USER]), id(&["-g", USER])) {
            (Some(user), Some(group)) => Ok(User::Debians { user, group }),
            _ => Err(Error::Missing(format!(
                "Postgres does not run as root, and there is no user {USER}: create it, or run \
                 this as another user"
            ))),
        }
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        #[cfg(unix)]
        if let User::Debians { user, group } = self {
            use std::os::unix::process::CommandExt as _;
            command.uid(*user).gid(*group);
        }
        command
    }

    fn own(&self, folder: &Path) -> std::io::Result<()> {
        #[cfg(unix)]
        if let User::Debians { user, group } = self {
            return std::os::unix::fs::chown(folder, Some(*user), Some(*group));
        }
        let _ = folder;
        Ok(())
    }
}

/// A number that `id` tells.
fn id(arguments: &[&str]) -> Option<u32> {
    let said = Command::new("id").args(arguments).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(said.stdout).ok()?.trim().parse().ok()
}

fn free_port() -> std::io::Result<u16> {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Ok(TcpListener::bind(any)?.local_addr()?.port())
}
