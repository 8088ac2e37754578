//! Runs `boxoffice-watch` over a repository whose builds and shop are shell scripts.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Makes a new component, or fails where there is a file `broken`.
const XTASK: &str = "#!/bin/sh
test \"$*\" = 'build --shop' || exit 2
echo built >> builds
test ! -e broken || exit 1
cat web/page > target/wasm32-wasip2/release/page.wasm.new
cmp -s target/wasm32-wasip2/release/page.wasm* || \
    mv target/wasm32-wasip2/release/page.wasm.new target/wasm32-wasip2/release/page.wasm
";

/// Says which start it is, and when it is stopped.
const SHOP: &str = "#!/bin/sh
trap 'echo stopped >> \"$1\"; exit 0' TERM
echo \"$SPIN_VARIABLE_RELOAD\" >> \"$1\"
while :; do sleep 0.05; done
";

/// A repository, and what watches over it.
struct Watched {
    root: tempfile::TempDir,
    watch: Child,
}

impl Watched {
    fn start() -> Self {
        let root = tempfile::tempdir().expect("a folder for the test");
        let sources = ["components", "crates", "host", "tools", "web", "wit"];
        for folder in sources.into_iter().chain(["target/wasm32-wasip2/release"]) {
            fs::create_dir_all(root.path().join(folder)).expect("a folder for the test");
        }
        let script = |name: &str, text: &str| -> PathBuf {
            let path = root.path().join(name);
            fs::write(&path, text).expect("a script for the test");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
            path
        };
        let (xtask, shop) = (script("xtask.sh", XTASK), script("shop.sh", SHOP));
        let watch = Command::new(env!("CARGO_BIN_EXE_boxoffice-watch"))
            .arg("--root")
            .arg(root.path())
            .arg("--xtask")
            .arg(xtask)
            .arg("--")
            .arg(shop)
            .arg(root.path().join("starts"))
            .stdout(Stdio::null())
            .spawn()
            .expect("it starts");
        Self { root, watch }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.root.path().join(name), text).expect("a file for the test");
    }

    /// The lines of a file, once there are so many.
    fn lines(&self, name: &str, count: usize) -> Vec<String> {
        let began = Instant::now();
        loop {
            let lines = lines(&self.root.path().join(name));
            if lines.len() >= count {
                return lines;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{name} has only {lines:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it as Ctrl-C does, and tells what the shop said in all.
    fn interrupt(mut self) -> Vec<String> {
        kill_process(Pid::from_child(&self.watch), Signal::INT).expect("it runs");
        assert!(self.watch.wait().expect("it is ours").success());
        lines(&self.root.path().join("starts"))
    }
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[test]
fn a_change_makes_a_new_shop_and_ctrl_c_stops_it() {
    let watched = Watched::start();
    watched.lines("starts", 1);
    watched.write("web/page", "new");
    let starts = watched.lines("starts", 3);
    assert_eq!(starts[1], "stopped", "the old shop ends before the new one starts");
    assert!(!starts[0].is_empty() && starts[0] != starts[2], "pages see another start: {starts:?}");
    let starts = watched.interrupt();
    assert_eq!(starts.len(), 4, "{starts:?}");
    assert_eq!(starts[3], "stopped");
}

#[test]
fn a_failed_build_and_one_that_makes_nothing_new_leave_the_shop_alone() {
    let watched = Watched::start();
    watched.lines("starts", 1);
    watched.write("broken", "");
    watched.write("web/page", "");
    watched.lines("builds", 1);
    fs::remove_file(watched.root.path().join("broken")).expect("it is there");
    watched.write("web/page", "mended");
    let starts = watched.lines("starts", 3);
    watched.write("web/page", "mended");
    watched.lines("builds", 3);
    let after = watched.interrupt();
    assert_eq!(after[..3], starts);
    assert_eq!(after[3..], ["stopped"], "it was stopped by us alone");
}
