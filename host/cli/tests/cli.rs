//! Starts the real `boxoffice` and looks at what a shell sees: exit codes, output, files.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

/// A manifest that is right, except that nobody has built its component.
const UNBUILT: &str = r#"
    spin_manifest_version = 2
    [application]
    name = "unbuilt"
    version = "0.1.0"
    [variables.needed]
    required = true
    [[trigger.http]]
    route = "/..."
    component = "unbuilt"
    [component.unbuilt]
    source = "unbuilt.wasm"
    [component.unbuilt.variables]
    needed = "{{ needed }}"
"#;

fn boxoffice(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_boxoffice"));
    command.current_dir(folder).args(arguments);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SPIN_VARIABLE_") {
            command.env_remove(name);
        }
    }
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    boxoffice(folder, arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A started program that does not outlive the test.
struct Started(Child);

impl Started {
    fn new(command: &mut Command) -> Started {
        Started(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Waits for a line on standard output that contains `text`.
    fn wait_for_line(&mut self, text: &str) -> String {
        let stdout = self.0.stdout.as_mut().unwrap();
        let mut lines = BufReader::new(stdout).lines();
        lines.find_map(|line| line.ok().filter(|line| line.contains(text))).unwrap()
    }

    fn signal(&self, signal: Signal) {
        rustix::process::kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    /// The exit code, which must come within five seconds.
    fn code(&mut self) -> Option<i32> {
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

#[test]
fn keys_are_made_once_and_explained() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["keys", "--data", "d"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("spin up --variable @d/variables.toml"), "{text}");
    let first = std::fs::read(folder.path().join("d/variables.toml")).unwrap();

    assert_eq!(run(folder.path(), &["keys", "--data", "d"]).status.code(), Some(0));
    assert_eq!(std::fs::read(folder.path().join("d/variables.toml")).unwrap(), first);
}

#[test]
fn the_sandbox_runs_alone_until_it_is_told_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let listen = format!("127.0.0.1:{}", free_port());
    let arguments = ["sandbox", "--listen", &listen, "--ledger", "new/ledger.db"];
    let mut sandbox = Started::new(&mut boxoffice(folder.path(), &arguments));
    sandbox.wait_for_line(&listen);
    TcpStream::connect(&listen).unwrap();
    sandbox.signal(Signal::TERM);
    assert_eq!(sandbox.code(), Some(0));
    assert!(folder.path().join("new/ledger.db").is_file());
}

#[test]
fn a_sandbox_whose_port_is_taken_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let output = run(folder.path(), &["sandbox", "--listen", &listen, "--ledger", "ledger.db"]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(
        text.contains(&listen) && text.contains("in use") && text.contains("--listen"),
        "{text}"
    );
}

#[test]
fn serving_lists_everything_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("spin.toml"), UNBUILT).unwrap();
    std::fs::write(folder.path().join("v.toml"), "neded = \"typo\"\n").unwrap();
    let output = run(folder.path(), &["serve", "--listen", "127.0.0.1:0", "--variables", "v.toml"]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    for name in ["neded", "unbuilt.wasm", "needed"] {
        assert!(text.contains(name), "nothing about {name}: {text}");
    }
}

#[test]
fn an_unknown_key_of_the_manifest_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = format!("{UNBUILT}\n[component.unbuilt.tirgger]\na = 1\n");
    std::fs::write(folder.path().join("spin.toml"), manifest).unwrap();
    let output = run(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("tirgger"), "{}", stderr(&output));
}

#[test]
fn a_manifest_that_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["serve", "--manifest", "nowhere/spin.toml"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("nowhere/spin.toml"), "{}", stderr(&output));
}
