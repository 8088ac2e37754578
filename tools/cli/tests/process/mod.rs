//! Running `boxoffice` as a shell does, and asking it questions as a browser does.
#![allow(dead_code, reason = "each suite uses its part of it")]

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rand::RngExt;
use rustix::process::{Pid, Signal};

/// How much of a log is shown.
const SHOWN: usize = 60;

/// `boxoffice` with these arguments in this folder, and nothing of ours in its environment.
pub(crate) fn boxoffice(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_boxoffice"));
    command.current_dir(folder).args(arguments);
    for (name, _) in std::env::vars_os() {
        let name_as_text = name.to_string_lossy();
        if ["SPIN_VARIABLE_", "OTEL_"].iter().any(|prefix| name_as_text.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command
}

pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    boxoffice(folder, arguments).output().unwrap()
}

/// The same with some variables in its environment.
pub(crate) fn run_with(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    boxoffice(folder, arguments).envs(variables.iter().copied()).output().unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A started program that does not outlive the test.
pub(crate) struct Started(Child);

impl Started {
    pub(crate) fn new(command: &mut Command) -> Started {
        Started(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// The same, with its log in a file.
    pub(crate) fn logging(command: &mut Command, log: File) -> Started {
        Started(command.stdout(Stdio::piped()).stderr(log).spawn().unwrap())
    }

    /// Waits for a line on standard output that contains `text`.
    pub(crate) fn wait_for_line(&mut self, text: &str) -> String {
        let stdout = self.0.stdout.as_mut().unwrap();
        let mut lines = BufReader::new(stdout).lines();
        lines.find_map(|line| line.ok().filter(|line| line.contains(text))).unwrap()
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        rustix::process::kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    /// The exit code, which must come within five seconds.
    pub(crate) fn code(&mut self) -> Option<i32> {
        let deadline = Instant::now() + Duration::from_secs(5);
        while Instant::now() < deadline {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("it still runs after five seconds");
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns when `happens` says so, which must be within `patience`.
pub(crate) fn wait_until(what: &str, patience: Duration, mut happens: impl FnMut() -> bool) {
    let deadline = Instant::now() + patience;
    while !happens() {
        assert!(Instant::now() < deadline, "not within {patience:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Status and body of a GET.
pub(crate) fn get(address: &str, path: &str) -> (u16, String) {
    send(address, path, "")
}

/// The same with further headers, each with the end of its line.
pub(crate) fn send(address: &str, path: &str, headers: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let head =
        format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n{headers}connection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// An address that stays free while nobody listens there: below the ports that systems give to
/// those who ask for any, and to connections.
pub(crate) fn lasting_address() -> SocketAddr {
    loop {
        let port = rand::rng().random_range(20_000..32_000);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// The last lines of a log that say more than that something went well.
pub(crate) fn last_complaints(log: &Path) -> String {
    let log = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = log.lines().filter(|line| !line.contains(" INFO ")).collect();
    lines[lines.len().saturating_sub(SHOWN)..].join("\n")
}
