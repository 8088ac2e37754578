//! A Postgres for the suites: Debian's, in a folder and on a port of its own. It keeps nothing.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// Where Debian has its versions of Postgres, each in a folder of its number.
const DEBIANS: &str = "/usr/lib/postgresql";
/// The user of Debian's package: Postgres does not run as root.
const USER: &str = "postgres";
/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(30);
/// A suite runs many hosts at once, each with up to 64 connections for each component.
const CONNECTIONS: &str = "max_connections=500";

/// A running server; dropping it stops it and deletes what it held.
pub(crate) struct Postgres {
    server: Child,
    folder: PathBuf,
    port: u16,
}

impl Postgres {
    /// Makes an empty cluster and starts a server on it.
    pub(crate) fn start() -> Result<Postgres, Failure> {
        let programs = programs().ok_or_else(|| {
            Failure::Setup(format!("there is no Postgres in {DEBIANS} and none on PATH"))
        })?;
        let folder =
            std::env::temp_dir().join(format!("boxoffice-postgres-{}", std::process::id()));
        let failed = |error: std::io::Error| {
            Failure::Failed(format!("a Postgres in {}: {error}", folder.display()))
        };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let user = User::to_run_as()?;
        user.own(&folder).map_err(failed)?;
        let data = folder.join("data");
        let mut initdb = user.command(&programs.join("initdb"));
        initdb.arg("-D").arg(&data).args(["-A", "trust", "-U", USER, "-E", "UTF8", "--no-sync"]);
        let made = initdb.args(["--locale", "C.UTF-8"]).current_dir(&folder).output();
        let made = made.map_err(failed)?;
        if !made.status.success() {
            let said = String::from_utf8_lossy(&made.stderr).into_owned();
            return Err(Failure::Failed(format!("initdb failed: {said}")));
        }
        let port = free_port().map_err(failed)?;
        let log = File::create(folder.join("log")).map_err(failed)?;
        let mut server = user.command(&programs.join("postgres"));
        server.arg("-D").arg(&data).args(["-p", &port.to_string()]).current_dir(&folder);
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
        let server = server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        let mut postgres =
            Postgres { server: server.map_err(failed)?, folder: folder.clone(), port };
        postgres.wait(&programs)?;
        Ok(postgres)
    }

    /// The address of its database for those who make others.
    pub(crate) fn url(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/postgres", self.port)
    }

    fn wait(&mut self, programs: &Path) -> Result<(), Failure> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE && matches!(self.server.try_wait(), Ok(None)) {
            let mut ask = Command::new(programs.join("pg_isready"));
            ask.args(["--quiet", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
            if ask.status().is_ok_and(|status| status.success()) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        Err(Failure::Failed(format!("Postgres does not start: {log}")))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
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
pub(crate) fn is_there() -> bool {
    programs().is_some()
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
        ["initdb", "postgres", "pg_isready"].iter().all(|program| folder.join(program).is_file())
    })
}

/// Whom the server runs as.
enum User {
    /// Whoever runs us.
    Ours,
    /// The one of Debian's package, by their numbers.
    Debians { user: u32, group: u32 },
}

impl User {
    fn to_run_as() -> Result<User, Failure> {
        if id(&["-u"]) != Some(0) {
            return Ok(User::Ours);
        }
        match (id(&["-u", USER]), id(&["-g", USER])) {
            (Some(user), Some(group)) => Ok(User::Debians { user, group }),
            _ => Err(Failure::Setup(format!(
                "Postgres does not run as root, and there is no user {USER}: make one, or run this as \
                 somebody else"
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
