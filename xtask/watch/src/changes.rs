//! Tells that sources changed, once they have come to rest.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// What lies below these is a source.
const FOLDERS: [&str; 6] = ["components", "crates", "host", "tools", "web", "wit"];

/// And these, beside them.
const FILES: [&str; 3] = ["Cargo.lock", "Cargo.toml", "spin.toml"];

/// For how long nothing may happen before a change is told: editors and git write many files.
const REST: Duration = Duration::from_millis(150);

/// What happens to the sources.
pub(crate) struct Changes {
    happened: UnboundedReceiver<()>,
    /// Whether something happened that has not been told: whoever waits may give up and come back.
    is_untold: bool,
    /// Watches as long as it lives.
    _watcher: RecommendedWatcher,
}

impl Changes {
    /// Watches the sources of the repository at `root`.
    pub(crate) fn of(root: &Path) -> anyhow::Result<Self> {
        let (tell, happened) = unbounded_channel();
        let top = root.to_owned();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // An error says that events may have been missed: that too is a reason to look.
            if event.map_or(true, |event| is_change(&event, &top)) {
                let _ = tell.send(());
            }
        })?;
        let mut watch = |path: &Path, mode| {
            let failed = || {
                format!(
                    "{} cannot be watched (if there are too many watches, raise \
                     fs.inotify.max_user_watches by sysctl)",
                    path.display()
                )
            };
            watcher.watch(path, mode).with_context(failed)
        };
        watch(root, RecursiveMode::NonRecursive)?;
        for folder in FOLDERS {
            watch(&root.join(folder), RecursiveMode::Recursive)?;
        }
        Ok(Self { happened, is_untold: false, _watcher: watcher })
    }

    /// Returns after something changed and then nothing more for a moment.
    pub(crate) async fn next(&mut self) {
        if !self.is_untold && self.happened.recv().await.is_none() {
            return std::future::pending().await;
        }
        self.is_untold = true;
        while let Ok(Some(())) = tokio::time::timeout(REST, self.happened.recv()).await {}
        self.is_untold = false;
    }
}

/// Whether a source is another than before: being read is no change, or each build would be a
/// reason for the next.
fn is_change(event: &Event, root: &Path) -> bool {
    let is_written = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) => false,
        _ => true,
    };
    is_written && event.paths.iter().any(|path| is_source(path, root))
}

fn is_source(path: &Path, root: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let is_left_by_editor = name.starts_with('.') || name.starts_with('#') || name.ends_with('~');
    let is_beside = path.parent() == Some(root);
    !is_left_by_editor && (!is_beside || FILES.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;

    /// Whether it comes about before long.
    async fn soon(what: impl Future<Output = ()>) -> bool {
        tokio::time::timeout(Duration::from_secs(5), what).await.is_ok()
    }

    /// Whether it does not come about for some time.
    async fn never(what: impl Future<Output = ()>) -> bool {
        tokio::time::timeout(REST * 4, what).await.is_err()
    }

    fn repository() -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder for the test");
        for folder in FOLDERS.iter().chain(&["target"]) {
            std::fs::create_dir(root.path().join(folder)).expect("a folder for the test");
        }
        root
    }

    #[tokio::test]
    async fn written_sources_are_told_once() {
        let root = repository();
        let mut changes = Changes::of(root.path()).expect("it can be watched");
        let write = |name: &str| std::fs::write(root.path().join(name), "1").expect("a file");
        for name in ["web/a.rs", "web/b.rs", "spin.toml"] {
            write(name);
        }
        assert!(soon(changes.next()).await);
        assert!(never(changes.next()).await, "several at once are one change");
        std::fs::create_dir(root.path().join("components/new")).expect("a folder");
        assert!(soon(changes.next()).await);
        write("components/new/lib.rs");
        assert!(soon(changes.next()).await, "folders made later are watched too");
    }

    #[tokio::test]
    async fn a_change_is_told_to_whoever_comes_back() {
        let root = repository();
        let mut changes = Changes::of(root.path()).expect("it can be watched");
        std::fs::write(root.path().join("web/a.rs"), "1").expect("a file");
        assert!(tokio::time::timeout(REST / 3, changes.next()).await.is_err(), "it may go on");
        assert!(soon(changes.next()).await);
    }

    #[tokio::test]
    async fn what_is_no_source_is_not_told() {
        let root = repository();
        std::fs::write(root.path().join("web/a.rs"), "1").expect("a file");
        let mut changes = Changes::of(root.path()).expect("it can be watched");
        std::fs::read(root.path().join("web/a.rs")).expect("it is there");
        for name in ["target/a.wasm", "notes.txt", "web/.a.rs.swp", "web/a.rs~"] {
            std::fs::write(root.path().join(name), "1").expect("a file");
        }
        assert!(never(changes.next()).await);
    }
}
