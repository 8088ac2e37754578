//! The data folder, and files in it that only their owner may read.
//!
//! Several hosts may start on one folder at the same moment, and any of them may be killed at any
//! time. So a file appears complete or not at all, and of two that make it at once, one wins.

use std::fs::{DirBuilder, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::Problem;

/// Makes the data folder if it is missing: for its owner alone, and ignored by git wherever it
/// lies.
pub fn prepare(data: &Path) -> Result<(), Problem> {
    let make = || -> io::Result<()> {
        if !data.is_dir() {
            DirBuilder::new().recursive(true).mode(0o700).create(data)?;
        }
        let ignore = data.join(".gitignore");
        if !ignore.exists() {
            std::fs::write(ignore, "*\n")?;
        }
        Ok(())
    };
    make().map_err(|error| {
        Problem::new(
            format!("the data folder {} cannot be made or written: {error}", data.display()),
            "make it writable, or name another one with --data",
        )
    })
}

/// What the data folder holds of the shop, besides what is written here.
const FOLDERS: [&str; 2] = ["sqlite", "redis"];
const LEDGER: [&str; 3] = ["sandbox.db", "sandbox.db-wal", "sandbox.db-shm"];

/// Takes from others what an older build, or the process's umask, let them do with the shop's data:
/// folders get mode 0700, files 0600. Tells how many were changed. What belongs to somebody else
/// stays as it is, and so does what the folder holds besides.
pub fn narrow(data: &Path) -> usize {
    if !data.is_dir() {
        return 0;
    }
    let mut narrowed = usize::from(narrow_one(data));
    for folder in FOLDERS.map(|name| data.join(name)) {
        narrowed += usize::from(narrow_one(&folder));
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        narrowed += entries.flatten().filter(|entry| narrow_one(&entry.path())).count();
    }
    narrowed + LEDGER.iter().filter(|name| narrow_one(&data.join(name))).count()
}

/// Whether others had rights to a file or folder, which they have no more. A link is not followed.
fn narrow_one(path: &Path) -> bool {
    let Ok(found) = std::fs::symlink_metadata(path) else { return false };
    let mode = found.permissions().mode();
    if found.is_symlink() || mode & 0o077 == 0 {
        return false;
    }
    std::fs::set_permissions(path, Permissions::from_mode(mode & 0o700)).is_ok()
}

/// Writes a file with mode 0600 unless there is one already. True if it was written.
pub fn write_once(path: &Path, text: &str) -> io::Result<bool> {
    match complete(path, text)?.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(refused) => Err(refused.error),
    }
}

/// Writes a file with mode 0600 in place of the one that there may be.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    complete(path, text)?.persist(path)?;
    Ok(())
}

/// The text in a nameless file beside `path`; such files have mode 0600 from the start.
fn complete(path: &Path, text: &str) -> io::Result<NamedTempFile> {
    let mut file = NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_folder_is_private_and_ignored_by_git() {
        let parent = tempfile::tempdir().unwrap();
        let data = parent.path().join("a/b");
        prepare(&data).unwrap();
        prepare(&data).unwrap();
        assert_eq!(mode(&data), 0o700);
        assert_eq!(std::fs::read_to_string(data.join(".gitignore")).unwrap(), "*\n");
    }

    #[test]
    fn what_others_could_read_is_narrowed_once_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let data = parent.path().join("data");
        std::fs::create_dir_all(data.join("sqlite")).unwrap();
        std::fs::create_dir_all(data.join("photos")).unwrap();
        let files =
            ["sqlite/default.db", "sqlite/default.db-wal", "sandbox.db", "note", "photos/one"];
        for file in files {
            std::fs::write(data.join(file), "").unwrap();
        }
        let all = ["", "sqlite", "photos"].into_iter().chain(files);
        for path in all.map(|name| data.join(name)) {
            let mode = if path.is_dir() { 0o755 } else { 0o644 };
            std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        }
        assert_eq!(narrow(&data), 5);
        assert_eq!(narrow(&data), 0);
        let modes = [("", 0o700), ("sqlite", 0o700), ("photos", 0o755), ("note", 0o644)];
        let private = files[..3].iter().map(|file| (*file, 0o600));
        for (name, expected) in modes.into_iter().chain(private) {
            assert_eq!(mode(&data.join(name)), expected, "{name}");
        }
        assert_eq!(narrow(&parent.path().join("missing")), 0);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_a_problem_that_names_it() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("file");
        std::fs::write(&file, "").unwrap();
        let problem = prepare(&file.join("data")).unwrap_err();
        assert!(problem.what.contains("file/data"), "{problem}");
        assert!(problem.remedy.contains("--data"), "{problem}");
    }

    #[test]
    fn the_first_writer_wins_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        assert!(write_once(&path, "first").unwrap());
        assert!(!write_once(&path, "second").unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "first");
        assert_eq!(mode(&path), 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_replaced_file_stays_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        write_once(&path, "first").unwrap();
        replace(&path, "second").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "second");
        assert_eq!(mode(&path), 0o600);
    }
}
