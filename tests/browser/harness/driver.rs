//! chromedriver: one for all windows of the test program.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

/// Runs chromedriver until standard input ends, which it does when the test program ends, in
/// whichever way. Then everything that it started goes, and every profile.
const GUARD: &str = r#"
TMPDIR="$(mktemp -d)" && export TMPDIR
chromedriver --port=0 &
cat > /dev/null
kill $!
wait $!
for again in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$TMPDIR" && break; sleep 0.2; done
"#;

/// What chromedriver says when it can be asked, before its port.
const READY: &str = "started successfully on port ";

struct Driver {
    url: String,
    _guard: Child,
    // Chromedriver would end if it said something that nobody could read any more.
    _says: BufReader<ChildStdout>,
}

/// Where chromedriver answers. Started by the first who asks.
///
/// # Panics
/// When it does not start.
pub(super) fn url() -> &'static str {
    static DRIVER: OnceLock<Driver> = OnceLock::new();
    &DRIVER.get_or_init(start).url
}

fn start() -> Driver {
    let mut guard = Command::new("sh")
        .args(["-c", GUARD])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // A group of its own: Ctrl-C in the terminal is for us alone, and the guard tidies up.
        .process_group(0)
        .spawn()
        .unwrap();
    let mut says = BufReader::new(guard.stdout.take().unwrap());
    let mut line = String::new();
    while says.read_line(&mut line).is_ok_and(|read| read > 0) {
        if let Some((_, port)) = line.split_once(READY) {
            let url = format!("http://127.0.0.1:{}", port.trim().trim_end_matches('.'));
            return Driver { url, _guard: guard, _says: says };
        }
        line.clear();
    }
    // Not a zombie for as long as the other tests go on.
    let _ = guard.wait();
    panic!("chromedriver does not start; `cargo xtask test --only browser` installs it");
}
