//! Tells whether a build made anything new.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What the shop runs from, and when each was written. Cargo leaves alone what is up to date.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outputs(BTreeMap<PathBuf, SystemTime>);

impl Outputs {
    /// Those of the repository at `root`: components, host and manifest.
    pub(crate) fn of(root: &Path) -> Self {
        let components = std::fs::read_dir(root.join("target/wasm32-wasip2/release"));
        let components = components.into_iter().flatten().flatten().map(|entry| entry.path());
        let paths = components
            .filter(|path| path.extension().is_some_and(|extension| extension == "wasm"))
            .chain([root.join("target/debug/boxoffice"), root.join("spin.toml")]);
        Self(
            paths
                .filter_map(|path| Some((written(&path)?, path)))
                .map(|(at, path)| (path, at))
                .collect(),
        )
    }
}

fn written(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).ok()?.modified().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_that_was_written_again_is_new() {
        let root = tempfile::tempdir().expect("a folder for the test");
        let folder = root.path().join("target/wasm32-wasip2/release");
        std::fs::create_dir_all(&folder).expect("a folder for the test");
        let set = |name: &str, seconds| {
            let file = std::fs::File::create(folder.join(name)).expect("a file for the test");
            let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
            file.set_modified(at).expect("its time can be set");
        };
        set("auth.wasm", 1);
        set("auth.d", 1);
        let before = Outputs::of(root.path());
        set("auth.d", 2);
        assert_eq!(before, Outputs::of(root.path()), "that is not run");
        set("auth.wasm", 2);
        assert_ne!(before, Outputs::of(root.path()));
    }
}
