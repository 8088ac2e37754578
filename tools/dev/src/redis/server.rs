//! A `redis-server` of our own.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::Place;
use crate::Problem;

const LOG: &str = "redis.log";

/// A running `redis-server`. Dropping it stops it.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    folder: PathBuf,
    /// Held while the server runs: two servers on one append-only file would destroy it.
    _lock: File,
}

impl Server {
    /// Starts a server at `place`, bound to `bind`, on `<data>/redis`. `None` if that folder is
    /// another server's.
    pub(super) fn start(place: &Place, bind: &str, data: &Path) -> Result<Option<Server>, Problem> {
        let unwritable = |error: io::Error| {
            Problem::new(
                format!("Redis cannot keep its data in {}/redis: {error}", data.display()),
                "make the folder writable, or name another one with --data",
            )
        };
        let folder = data.join("redis");
        std::fs::create_dir_all(&folder).map_err(unwritable)?;
        let folder = folder.canonicalize().map_err(unwritable)?;
        let lock = File::create(folder.join("lock")).map_err(unwritable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(unwritable(error)),
        }
        let child = spawn(&configuration(place, bind, &folder)).map_err(not_started)?;
        Ok(Some(Server { child, folder, _lock: lock }))
    }

    /// The number of its process.
    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }

    /// The problem, if the server has ended by itself.
    pub(super) fn has_ended(&mut self) -> Option<Problem> {
        let status = self.child.try_wait().ok()??;
        let log = self.folder.join(LOG);
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let last = text.lines().last().unwrap_or("it printed nothing").trim();
        Some(Problem::new(
            format!("the redis-server that was started here has ended ({status}): {last}"),
            format!("correct the problem that {} names", log.display()),
        ))
    }

    /// Asks the server to end, and kills it if it has not when `patience` is over.
    pub(super) fn stop(&mut self, patience: Duration) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        let deadline = Instant::now() + patience;
        let _ = rustix::process::kill_process(Pid::from_child(&self.child), Signal::TERM);
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop(Duration::from_secs(1));
    }
}

fn spawn(configuration: &[u8]) -> io::Result<Child> {
    let mut command = Command::new("redis-server");
    // The configuration comes on standard input, so that no password shows in the process list.
    command.arg("-").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // A group of its own: Ctrl-C in the terminal is for us alone, who stop the server last.
    command.process_group(0);
    die_with_us(&mut command);
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // If the server ended before it had read this, its log says why.
        let _ = stdin.write_all(configuration);
    }
    Ok(child)
}

/// Has the kernel kill the child when the thread that starts it ends, which is the main one.
///
/// Killed, not asked: a server that is still saying goodbye would answer the next start's
/// question and then be gone. It loses nothing, for it writes each command to the append-only file
/// before it answers.
#[cfg(target_os = "linux")]
fn die_with_us(command: &mut Command) {
    let us = rustix::process::getpid();
    let prepare = move || {
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        // We may have ended between the fork and the line above.
        if rustix::process::getppid() == Some(us) {
            Ok(())
        } else {
            Err(rustix::io::Errno::SRCH.into())
        }
    };
    #[allow(unsafe_code, reason = "the child must do this itself, between fork and exec")]
    // SAFETY: the closure makes two system calls and touches neither locks nor the allocator.
    unsafe {
        command.pre_exec(prepare);
    }
}

/// Elsewhere the server is only stopped when we end in an orderly way.
#[cfg(not(target_os = "linux"))]
fn die_with_us(_command: &mut Command) {}

fn configuration(place: &Place, bind: &str, folder: &Path) -> Vec<u8> {
    let mut text = Vec::new();
    text.extend_from_slice(format!("bind {bind}\nport {}\n", place.port).as_bytes());
    text.extend_from_slice(format!("databases {}\n", place.database.max(15) + 1).as_bytes());
    text.extend_from_slice(b"daemonize no\nappendonly yes\nappendfsync everysec\nsave \"\"\n");
    setting(&mut text, "dir", folder.as_os_str().as_bytes());
    setting(&mut text, "logfile", folder.join(LOG).as_os_str().as_bytes());
    if let Some(password) = &place.password {
        setting(&mut text, "requirepass", password.as_bytes());
    }
    text
}

/// Adds a line whose value is quoted, with every byte that could end the quotation escaped.
fn setting(text: &mut Vec<u8>, name: &str, value: &[u8]) {
    text.extend_from_slice(name.as_bytes());
    text.extend_from_slice(b" \"");
    for byte in value {
        text.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
    }
    text.extend_from_slice(b"\"\n");
}

fn not_started(error: io::Error) -> Problem {
    if error.kind() == io::ErrorKind::NotFound {
        return Problem::new(
            "no Redis runs, and redis-server is not installed",
            "install it (`apt-get install redis-server`, `brew install redis`), or set the \
             variable redis_url (SPIN_VARIABLE_REDIS_URL) to a Redis that runs",
        );
    }
    Problem::new(
        format!("redis-server cannot be started: {error}"),
        "correct that, or set the variable redis_url (SPIN_VARIABLE_REDIS_URL) to a Redis that \
         runs",
    )
}
