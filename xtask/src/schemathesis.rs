//! The step `schemathesis`: calls the API of a running shop by what its description allows and
//! forbids, and compares the answers with what the description says of them.
//!
//! Two people call: one who can do everything but end sessions, and one who does nothing else.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::failure::Failure;
use crate::workspace::{Workspace, forget_cargo_run};
use crate::{build, install};

/// Signs somebody up and prints their session.
const SIGN_UP: &str = include_str!("sign_up.py");

/// What the last line of `boxoffice up` says once everything runs.
const RUNS: &str = "Ctrl-C stops it";

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_schema_conformance";

/// How many requests of each kind an operation gets.
const EXAMPLES: &str = "12";

/// The operations that end the caller's session.
const ENDS: [&str; 3] = ["sign_out", "end_session", "end_other_sessions"];

/// Starts a shop of its own, and calls its API. An error if an answer is not as described.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Failure> {
    let program = install::schemathesis(workspace)?;
    let python = program.with_file_name("python");
    let shop = Shop::start(workspace)?;
    for (who, option) in
        [("caller", "--exclude-operation-id"), ("leaver", "--include-operation-id")]
    {
        let session = sign_up(&python, &shop.url, who)?;
        let mut schemathesis = Command::new(&program);
        schemathesis.args(["run", &format!("{}/api/openapi.json", shop.url)]);
        schemathesis.args(["--header", &format!("Authorization: Bearer {session}")]);
        schemathesis.args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing"]);
        schemathesis.args([
            "--max-examples",
            EXAMPLES,
            "--seed",
            "1",
            "--generation-deterministic",
        ]);
        schemathesis.args(["--request-timeout", "10"]);
        schemathesis.args(["--warnings", "off", "--no-color"]);
        schemathesis.args(ENDS.iter().flat_map(|operation| [option, operation]));
        schemathesis.current_dir(&shop.folder).stdin(Stdio::null());
        build::finish(&mut schemathesis, "the API is not as its description says")?;
    }
    Ok(())
}

fn sign_up(python: &Path, url: &str, who: &str) -> Result<String, Failure> {
    let failed = |why: String| Failure::Failed(format!("signing up: {why}"));
    let output = Command::new(python)
        .args(["-c", SIGN_UP, url, who])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    let session = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if session.is_empty() {
        Err(failed("the shop gave no session".to_owned()))
    } else {
        Ok(session)
    }
}

/// A shop that runs as long as this is kept, with a Redis and a payment sandbox of its own.
struct Shop {
    process: Child,
    url: String,
    folder: std::path::PathBuf,
}

impl Shop {
    fn start(workspace: &Workspace) -> Result<Shop, Failure> {
        let failed = |error: std::io::Error| Failure::Failed(format!("starting a shop: {error}"));
        let host = build::tested_host(workspace)?;
        let folder = workspace.target().join("schemathesis-shop");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(failed)?;
        }
        std::fs::create_dir_all(&folder).map_err(failed)?;
        // Its addresses must be known before it starts: links and origins are made of them.
        let [shop, sandbox, redis] = free_addresses().map_err(failed)?;
        let log = folder.join("log.txt");
        let mut command = Command::new(host);
        command.arg("up").arg("--manifest").arg(workspace.manifest());
        command.arg("--data").arg(folder.join("data")).arg("--no-demo");
        command.arg("--listen").arg(shop.to_string());
        command.arg("--sandbox-listen").arg(sandbox.to_string());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("SPIN_VARIABLE_") {
                command.env_remove(name);
            }
        }
        command.env("SPIN_VARIABLE_REDIS_URL", format!("redis://{redis}"));
        // Without one, telling of a bounce is answered with 503: nobody knows this.
        command.env("SPIN_VARIABLE_MAIL_WEBHOOK_SECRET", "not known to callers");
        forget_cargo_run(&mut command);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(File::create(&log).map_err(failed)?);
        let mut process = command.spawn().map_err(failed)?;
        let stdout = process.stdout.take();
        let shop = Shop { process, url: format!("http://{shop}"), folder };
        let mut lines = stdout.into_iter().flat_map(|stdout| BufReader::new(stdout).lines());
        if lines.any(|line| line.is_ok_and(|line| line.contains(RUNS))) {
            Ok(shop)
        } else {
            Err(Failure::Failed(format!("the shop did not start; see {}", log.display())))
        }
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        // Its Redis goes with it: the kernel ends that when this process is gone.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Addresses at which nobody listens; all at once, so that no two are the same.
fn free_addresses() -> std::io::Result<[SocketAddr; 3]> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let listeners = [bind()?, bind()?, bind()?];
    let [first, second, third] = &listeners;
    Ok([first.local_addr()?, second.local_addr()?, third.local_addr()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_addresses_are_the_same() {
        let [a, b, c] = free_addresses().expect("there are free ports");
        assert!(a != b && b != c && a != c, "{a} {b} {c}");
    }
}
