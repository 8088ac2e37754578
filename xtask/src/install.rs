//! Adds what a bare machine lacks: Rust targets and tools by rustup, Redis, Chromium and Node by
//! apt-get, what suites take from npm and from PyPI, and tools of cargo's.
//!
//! What is there already costs one process or less; everything that is installed is said.

mod python;
mod tools;

use std::env;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::failure::Failure;
use crate::say;
use crate::workspace::{Suite, Workspace};

use python::aiosmtpd;
pub(crate) use python::{kubernetes, localstripe, schemathesis};
pub(crate) use tools::{cargo_deny, cargo_fuzz};

/// A program that comes in a package of Debian's.
struct Program {
    /// What must be on PATH.
    name: &'static str,
    /// The package that brings it.
    package: &'static str,
    /// What does as well.
    otherwise: &'static str,
}

const REDIS: Program = Program {
    name: "redis-server",
    package: "redis-server",
    otherwise: "or install Redis 6.2 or newer in another way, so that `redis-server` is on PATH",
};

/// Postgres's own programs are not on PATH: Debian keeps several versions beside each other.
const POSTGRES: Program = Program {
    name: "Postgres",
    package: "postgresql",
    otherwise: "or install Postgres 13 or newer in another way, so that `postgres` is on PATH",
};

/// A mail server, which only the suite `mail` starts, with settings of its own.
const POSTFIX: Program = Program {
    name: "postfix",
    package: "postfix",
    otherwise: "or install Postfix 3.4 or newer in another way, so that `postfix` is on PATH. A \
                machine has one mail server: where another is installed, it stays",
};

/// What the suites with pages in them need, besides what comes from npm.
const BROWSER: [Program; 2] = [
    Program {
        name: "chromium",
        package: "chromium",
        otherwise: "or install Chromium in another way, so that `chromium` is on PATH",
    },
    Program {
        name: "chromedriver",
        package: "chromium-driver",
        otherwise: "or install the ChromeDriver of Chromium's version, so that it is on PATH",
    },
];

/// What runs that.
const NODE: [Program; 2] = [
    Program {
        name: "node",
        package: "nodejs",
        otherwise: "or install Node 18.16 or newer in another way, so that `node` is on PATH",
    },
    Program {
        name: "npm",
        package: "npm",
        otherwise: "or install npm in another way, so that it is on PATH",
    },
];

/// Makes sure that the targets of `rust-toolchain.toml` can be compiled for.
pub(crate) fn targets(workspace: &Workspace) -> Result<(), Failure> {
    let wanted = listed_in_toolchain(workspace, "targets")?;
    let sysroot = sysroot(workspace)?;
    let missing: Vec<String> =
        wanted.into_iter().filter(|target| !has_target(&sysroot, target)).collect();
    rustup(workspace, "target", &missing)
}

/// Makes sure that the tools of `rust-toolchain.toml` (rustfmt, clippy) can be called.
pub(crate) fn tools(workspace: &Workspace) -> Result<(), Failure> {
    let mut missing = Vec::new();
    for component in listed_in_toolchain(workspace, "components")? {
        let command = if component == "rustfmt" { "fmt" } else { &component };
        let works = workspace
            .cargo()
            .args([command, "--version"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !works {
            missing.push(component);
        }
    }
    rustup(workspace, "component", &missing)
}

/// Makes sure that there is a `redis-server` to start.
pub(crate) fn redis_server() -> Result<(), Failure> {
    program(&REDIS)
}

/// Makes sure that there is a Postgres to start.
pub(crate) fn postgres() -> Result<(), Failure> {
    if boxoffice_postgres::is_there() { Ok(()) } else { add(&POSTGRES) }
}

/// Makes sure that the suite `mail` has the mail servers that it starts.
pub(crate) fn mail_servers(workspace: &Workspace) -> Result<(), Failure> {
    aiosmtpd(workspace)?;
    if !is_on_path(POSTFIX.name)
        && let Some(apt) = Apt::find()
    {
        // Debian's package would start a server that the whole network reaches.
        apt.answer("postfix postfix/main_mailer_type select No configuration")?;
    }
    program(&POSTFIX)
}

/// Makes sure that there is a browser that suites can drive, and that `suites` have what they take
/// from npm.
pub(crate) fn browser(workspace: &Workspace, suites: &[&Suite]) -> Result<(), Failure> {
    for needed in &BROWSER {
        program(needed)?;
    }
    for suite in suites {
        npm_packages(workspace, &suite.target, &suite.folder)?;
    }
    Ok(())
}

/// Makes sure that there is a provider of OpenID Connect, which suites sign in by.
pub(crate) fn identity_provider(workspace: &Workspace) -> Result<(), Failure> {
    let source = workspace.root().join("tests/identity");
    npm_packages(workspace, "identity", &source).map(drop)
}

/// Makes sure that there is a Node, and that `target/npm/<name>/node_modules` is what the
/// `package-lock.json` in `source` says. Tells where `target/npm/<name>` is.
///
/// npm works where the files lie that it is told by: they are copied to where it may write.
pub(crate) fn npm_packages(
    workspace: &Workspace,
    name: &str,
    source: &Path,
) -> Result<PathBuf, Failure> {
    for needed in &NODE {
        program(needed)?;
    }
    let folder = workspace.target().join("npm").join(name);
    let failed = |error: std::io::Error| Failure::Failed(format!("{}: {error}", folder.display()));
    let lock = std::fs::read(source.join("package-lock.json")).map_err(failed)?;
    // Written last: what is there without it was interrupted.
    let done = folder.join("installed.json");
    if std::fs::read(&done).is_ok_and(|installed| installed == lock) {
        return Ok(folder);
    }
    say(&format!("{name}: npm ci"));
    std::fs::create_dir_all(&folder).map_err(failed)?;
    std::fs::copy(source.join("package.json"), folder.join("package.json")).map_err(failed)?;
    std::fs::write(folder.join("package-lock.json"), &lock).map_err(failed)?;
    let status = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(&folder)
        .stdin(Stdio::null())
        .status();
    if !status.map_err(failed)?.success() {
        return Err(Failure::Setup(format!(
            "`npm ci` in {} failed (see above): correct the problem that it reports",
            folder.display()
        )));
    }
    std::fs::write(done, lock).map_err(failed)?;
    Ok(folder)
}

/// Makes sure that a program is on PATH.
fn program(wanted: &Program) -> Result<(), Failure> {
    if is_on_path(wanted.name) { Ok(()) } else { add(wanted) }
}

/// Installs the package of a program that is missing.
fn add(wanted: &Program) -> Result<(), Failure> {
    let Program { name, package, otherwise } = wanted;
    let by_hand = format!("apt-get install --yes {package}");
    let Some(apt) = Apt::find() else {
        return Err(Failure::Setup(format!(
            "{name} is missing, and installing it takes apt-get and root. Run\n    \
             sudo {by_hand}\n{otherwise}"
        )));
    };
    say(&format!("{name} is missing: installing {package} with apt-get"));
    // The lists of packages are fetched only if those that are there do not do.
    if !apt.install(package) {
        apt.update();
        if !apt.install(package) {
            return Err(Failure::Setup(format!(
                "`{by_hand}` failed (see above). Correct the problem that it reports, {otherwise}"
            )));
        }
    }
    Ok(())
}

/// Makes sure that `up` will have a Redis: the one that the variables name, one that runs, or a
/// `redis-server` to start. Which of them it is, and that it answers, `boxoffice up` finds out.
pub(crate) fn redis_for_up(data: &Path) -> Result<(), Failure> {
    let is_named = env::var_os("SPIN_VARIABLE_REDIS_URL").is_some()
        || std::fs::read_to_string(data.join("variables.toml"))
            .is_ok_and(|text| text.lines().any(|line| line.starts_with("redis_url")));
    if is_named || is_on_path("redis-server") || something_listens_on_redis_port() {
        return Ok(());
    }
    redis_server()
}

fn something_listens_on_redis_port() -> bool {
    let usual = SocketAddr::from(([127, 0, 0, 1], 6379));
    TcpStream::connect_timeout(&usual, Duration::from_millis(300)).is_ok()
}

fn listed_in_toolchain(workspace: &Workspace, key: &str) -> Result<Vec<String>, Failure> {
    let path = workspace.root().join("rust-toolchain.toml");
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Failure::Failed(format!("{} cannot be read: {error}", path.display())))?;
    listed(&text, key).map_err(|why| Failure::Failed(format!("{}: {why}", path.display())))
}

fn listed(toolchain: &str, key: &str) -> Result<Vec<String>, String> {
    let file: toml::Table = toolchain.parse().map_err(|error| format!("{error}"))?;
    let names = file.get("toolchain").and_then(|toolchain| toolchain.get(key));
    let names = names.and_then(toml::Value::as_array).map_or(&[][..], Vec::as_slice);
    Ok(names.iter().filter_map(toml::Value::as_str).map(str::to_owned).collect())
}

/// Where the compiler keeps its targets: beside the cargo that runs us, else where rustc says.
fn sysroot(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let beside_cargo = env::var_os("CARGO")
        .and_then(|cargo| Some(Path::new(&cargo).parent()?.parent()?.to_owned()))
        .filter(|sysroot| sysroot.join("lib/rustlib").is_dir());
    if let Some(sysroot) = beside_cargo {
        return Ok(sysroot);
    }
    let output = Command::new("rustc")
        .args(["--print", "sysroot"])
        .current_dir(workspace.root())
        .output()
        .map_err(|error| Failure::Setup(format!("rustc does not start: {error}")))?;
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

fn has_target(sysroot: &Path, target: &str) -> bool {
    let libraries = sysroot.join("lib/rustlib").join(target).join("lib");
    std::fs::read_dir(libraries).is_ok_and(|mut files| files.next().is_some())
}

fn rustup(workspace: &Workspace, kind: &str, missing: &[String]) -> Result<(), Failure> {
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    say(&format!("Rust {kind}s are missing: rustup {kind} add {names}"));
    let status = Command::new("rustup")
        .args([kind, "add"])
        .args(missing)
        .current_dir(workspace.root())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::Setup(format!("`rustup {kind} add {names}` failed (see above)"))),
        Err(_) => Err(Failure::Setup(format!(
            "this Rust lacks {names}, and rustup is not installed: install Rust from \
             https://rustup.rs, or your system's packages that contain them"
        ))),
    }
}

fn is_on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// An apt-get that may install without asking anybody.
struct Apt {
    sudo: bool,
}

impl Apt {
    fn find() -> Option<Apt> {
        if !is_on_path("apt-get") {
            return None;
        }
        if succeeds(Command::new("sh").args(["-c", "test \"$(id -u)\" = 0"])) {
            return Some(Apt { sudo: false });
        }
        succeeds(Command::new("sudo").args(["--non-interactive", "true"]))
            .then_some(Apt { sudo: true })
    }

    /// Answers a question that a package asks when it is installed.
    fn answer(&self, selection: &str) -> Result<(), Failure> {
        let script = "echo \"$0\" | debconf-set-selections";
        let mut command = Command::new(if self.sudo { "sudo" } else { "sh" });
        if self.sudo {
            command.args(["--non-interactive", "sh"]);
        }
        match succeeds(command.args(["-c", script, selection])) {
            true => Ok(()),
            false => Err(Failure::Setup(format!("debconf-set-selections refused `{selection}`"))),
        }
    }

    /// Nothing that is there makes room for it.
    fn install(&self, package: &str) -> bool {
        self.run(&["install", "--yes", "--no-remove", "--no-install-recommends", package])
    }

    fn update(&self) {
        self.run(&["update", "--quiet"]);
    }

    fn run(&self, arguments: &[&str]) -> bool {
        let mut command = if self.sudo {
            let mut sudo = Command::new("sudo");
            sudo.args(["--non-interactive", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
            sudo
        } else {
            let mut apt = Command::new("apt-get");
            apt.env("DEBIAN_FRONTEND", "noninteractive");
            apt
        };
        command.args(arguments).stdin(Stdio::null()).status().is_ok_and(|status| status.success())
    }
}

fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_toolchain_file_lists_the_target_of_the_components() {
        let toolchain = include_str!("../../rust-toolchain.toml");
        let targets = listed(toolchain, "targets").expect("a valid file");
        assert!(targets.iter().any(|target| target == "wasm32-wasip2"), "{targets:?}");
        let tools = listed(toolchain, "components").expect("a valid file");
        assert_eq!(tools, ["rustfmt", "clippy"]);
    }

    #[test]
    fn a_toolchain_file_without_lists_wants_nothing() {
        let targets = listed("[toolchain]\nchannel = \"stable\"", "targets").expect("valid");
        assert_eq!(targets, Vec::<String>::new());
    }

    #[test]
    fn a_target_is_there_when_its_libraries_are() {
        let sysroot = env::temp_dir().join(format!("xtask-sysroot-{}", std::process::id()));
        let libraries = sysroot.join("lib/rustlib/some-target/lib");
        std::fs::create_dir_all(&libraries).expect("a folder for the test");
        assert!(!has_target(&sysroot, "some-target"), "an empty folder is no target");
        std::fs::write(libraries.join("libstd.rlib"), "").expect("a file for the test");
        assert!(has_target(&sysroot, "some-target"));
        assert!(!has_target(&sysroot, "another-target"));
        std::fs::remove_dir_all(&sysroot).expect("the test's own folder");
    }
}
