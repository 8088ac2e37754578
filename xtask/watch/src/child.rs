//! The shop or a build: started, awaited, stopped with all that it started.

use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process_group};

/// More than the five seconds within which the shop stops by itself.
const GRACE: Duration = Duration::from_secs(8);

/// A process and those that it starts. All of them end when this is dropped.
pub(crate) struct Child {
    process: tokio::process::Child,
    /// Of its own, so that Ctrl-C in a terminal reaches us alone: the shop takes a second signal,
    /// ours after the terminal's, as an order not to wait.
    group: Option<Pid>,
}

/// How a child ended.
pub(crate) struct Ended(std::io::Result<ExitStatus>);

impl Ended {
    /// Whether it did what it was started for.
    pub(crate) fn is_success(&self) -> bool {
        self.0.as_ref().is_ok_and(ExitStatus::success)
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Ok(status) => status.fmt(f),
            Err(error) => error.fmt(f),
        }
    }
}

impl Child {
    /// Starts `command`.
    pub(crate) fn start(command: Command) -> anyhow::Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut command = tokio::process::Command::from(command);
        command.stdin(Stdio::null()).process_group(0);
        let process = command.spawn().with_context(|| format!("{name} does not start"))?;
        let group = process.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        Ok(Self { process, group })
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self) -> Ended {
        Ended(self.process.wait().await)
    }

    /// Asks it to end, and waits until it has.
    pub(crate) async fn stop(mut self) {
        self.signal(Signal::TERM);
        let _ = tokio::time::timeout(GRACE, self.process.wait()).await;
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            // Whoever is gone already needs no signal.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Child {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Child::start(command).expect("sh starts")
    }

    #[tokio::test]
    async fn how_it_ended_is_told() {
        assert!(shell("true").ended().await.is_success());
        let ended = shell("exit 3").ended().await;
        assert!(!ended.is_success() && ended.to_string().contains('3'), "{ended}");
    }

    #[tokio::test]
    async fn what_it_started_ends_with_it() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let id = folder.path().join("id");
        let child =
            shell(&format!("sleep 60 & echo $! > {0}.new; mv {0}.new {0}; wait", id.display()));
        while !id.exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let sleeper = std::fs::read_to_string(&id).expect("it was written");
        let sleeper = Pid::from_raw(sleeper.trim().parse().expect("a number"));
        child.stop().await;
        let is_gone = || rustix::process::test_kill_process(sleeper.expect("no zero")).is_err();
        // It is init that buries it, in its own time.
        for _ in 0..200 {
            if is_gone() || is_dead(sleeper) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it still runs");
    }

    /// Whether it only waits to be buried (proc(5): state `Z`).
    fn is_dead(process: Option<Pid>) -> bool {
        let process = process.map_or(0, |id| id.as_raw_nonzero().get());
        std::fs::read_to_string(format!("/proc/{process}/stat"))
            .is_ok_and(|stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')))
    }
}
