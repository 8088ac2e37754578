//! Compiled components on disk. A second start finds everything that the same inputs lead to and
//! neither composes nor compiles.
//!
//! An entry is `<key>.cwasm`, mapped as it is, and `<key>.sum`, its length and checksum, written
//! last: an entry without a matching sum is none, whatever broke it. The key covers everything
//! that the compiled code depends on. Entries that no start used for two weeks are removed.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context;
use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::compose::{self, Part};
use crate::manifest::Inherit;

/// Changes whenever the same inputs would lead to other code for a reason that lies in this crate.
const FORMAT: u32 = 2;

const KEPT: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// The code of a component and of its dependencies, to be composed.
pub(crate) struct Inputs<'b> {
    pub(crate) root: &'b [u8],
    /// Sorted by the import that they satisfy.
    pub(crate) parts: Vec<Part<'b>>,
}

/// The folder.
pub(crate) struct Artifacts {
    folder: PathBuf,
}

/// Names compiled code by everything that it depends on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(String);

impl Key {
    /// The key of what these inputs compile to.
    pub(crate) fn new(engine: &Engine, inputs: &Inputs<'_>) -> Self {
        let mut engine_hash = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut engine_hash);
        let mut hash = Sha256::new();
        hash.update(FORMAT.to_le_bytes());
        hash.update(engine_hash.finish().to_le_bytes());
        field(&mut hash, inputs.root);
        for part in &inputs.parts {
            field(&mut hash, part.import.as_bytes());
            field(&mut hash, part.export.unwrap_or_default().as_bytes());
            field(&mut hash, inherit_text(part.inherit).as_bytes());
            field(&mut hash, part.bytes);
        }
        let digest = hash.finalize();
        Self(digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect())
    }
}

/// Adds a field so that where it ends is part of the hash.
fn field(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

fn inherit_text(inherit: &Inherit) -> String {
    match inherit {
        Inherit::Nothing => "-".into(),
        Inherit::Everything => "*".into(),
        Inherit::Sets(names) => {
            let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
            names.sort_unstable();
            names.join(" ")
        }
    }
}

impl Artifacts {
    /// The folder, made if it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Loads compiled code, or makes it from the inputs and keeps it.
    ///
    /// # Errors
    /// The inputs cannot be composed or compiled. A folder that cannot be written is only logged:
    /// the code then lives in memory.
    pub(crate) fn load(
        &self,
        engine: &Engine,
        key: &Key,
        inputs: &Inputs<'_>,
    ) -> anyhow::Result<Component> {
        if let Some(component) = self.find(engine, key) {
            return Ok(component);
        }
        let composed = compose::compose(inputs.root, &inputs.parts)?;
        let code = engine.precompile_component(&composed).map_err(anyhow::Error::from)?;
        if let Err(error) = self.keep(key, &code) {
            tracing::warn!(folder = %self.folder.display(), %error, "code could not be cached");
        } else if let Some(component) = self.find(engine, key) {
            return Ok(component);
        }
        // SAFETY: these bytes come from `precompile_component` of the same engine, just above.
        #[allow(unsafe_code, reason = "the only way to run code compiled ahead")]
        let component = unsafe { Component::deserialize(engine, &code) };
        component.map_err(anyhow::Error::from)
    }

    /// Loads compiled code, if it is there.
    pub(crate) fn find(&self, engine: &Engine, key: &Key) -> Option<Component> {
        let (code, sum) = (self.path(key, "cwasm"), self.path(key, "sum"));
        let expected = fs::read_to_string(&sum).ok()?;
        if checksum(&fs::read(&code).ok()?) != expected {
            tracing::warn!(file = %code.display(), "cached code is damaged and is compiled again");
            return None;
        }
        // SAFETY: the checksum was written by us after the code, which came from
        // `precompile_component`; the file is replaced by renaming only, never written in place.
        #[allow(unsafe_code, reason = "the only way to map code compiled ahead")]
        let component = unsafe { Component::deserialize_file(engine, &code) };
        match component {
            Ok(component) => {
                touch(&sum);
                Some(component)
            }
            Err(error) => {
                tracing::warn!(file = %code.display(), %error, "cached code does not fit");
                None
            }
        }
    }

    fn keep(&self, key: &Key, code: &[u8]) -> anyhow::Result<()> {
        // The sum of an earlier attempt must not vouch for what is written now.
        let _ = fs::remove_file(self.path(key, "sum"));
        self.write(&self.path(key, "cwasm"), code)?;
        self.write(&self.path(key, "sum"), checksum(code).as_bytes())
    }

    /// Writes a file so that it is there as a whole or not at all.
    fn write(&self, path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
        let unfinished = self.folder.join(format!("{}.tmp", uuid::Uuid::now_v7()));
        fs::write(&unfinished, bytes)?;
        fs::rename(&unfinished, path).context("renaming a finished file")
    }

    fn path(&self, key: &Key, extension: &str) -> PathBuf {
        self.folder.join(format!("{}.{extension}", key.0))
    }

    /// Removes entries, and leftovers of interrupted writes, that nobody used for two weeks.
    pub(crate) fn prune(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let now = SystemTime::now();
        for path in entries.flatten().map(|entry| entry.path()) {
            // An entry's age is that of its sum, which every use touches.
            let dated = match path.extension().and_then(|extension| extension.to_str()) {
                Some("cwasm") => path.with_extension("sum"),
                Some("sum" | "tmp") => path.clone(),
                _ => continue,
            };
            let modified =
                [&dated, &path].iter().find_map(|p| fs::metadata(p).ok()?.modified().ok());
            if modified.is_some_and(|then| now.duration_since(then).is_ok_and(|age| age > KEPT)) {
                let _ = fs::remove_file(&path);
            }
        }
    }
}

fn touch(path: &Path) {
    if let Ok(file) = File::options().append(true).open(path) {
        let _ = file.set_modified(SystemTime::now());
    }
}

/// Length and checksum, against accidents: whoever can write the folder can run code anyway.
fn checksum(bytes: &[u8]) -> String {
    // Four lanes, so that the multiplications of one do not wait for those of another: a start
    // reads tens of megabytes here.
    let mut lanes = [0x9e37_79b9_7f4a_7c15_u64; 4];
    let mut words = bytes.chunks_exact(32);
    for chunk in &mut words {
        for (lane, word) in lanes.iter_mut().zip(chunk.chunks_exact(8)) {
            *lane = mix(*lane, word);
        }
    }
    for word in words.remainder().chunks(8) {
        lanes[0] = mix(lanes[0], word);
    }
    let sum = lanes.iter().fold(0_u64, |sum, lane| mix(sum, &lane.to_le_bytes()));
    format!("{} {sum:016x}\n", bytes.len())
}

fn mix(state: u64, word: &[u8]) -> u64 {
    let mut padded = [0; 8];
    padded[..word.len()].copy_from_slice(word);
    (state ^ u64::from_le_bytes(padded)).wrapping_mul(0xff51_afd7_ed55_8ccd).rotate_left(29)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// The smallest component.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    fn inputs() -> Inputs<'static> {
        Inputs { root: EMPTY, parts: Vec::new() }
    }

    #[test]
    fn damaged_and_foreign_files_are_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let engine = crate::engine::new().unwrap();
        let artifacts = Artifacts::open(folder.path()).unwrap();
        let key = Key::new(&engine, &inputs());
        artifacts.load(&engine, &key, &inputs()).unwrap();
        let code = artifacts.path(&key, "cwasm");
        let good = fs::read(&code).unwrap();
        for damage in [Vec::new(), b"not code".to_vec(), good[..good.len() / 2].to_vec()] {
            fs::write(&code, damage).unwrap();
            assert!(artifacts.find(&engine, &key).is_none());
            artifacts.load(&engine, &key, &inputs()).unwrap();
            assert!(artifacts.find(&engine, &key).is_some());
        }
        // Foreign code with a sum that fits it.
        fs::write(&code, b"not code").unwrap();
        fs::write(artifacts.path(&key, "sum"), checksum(b"not code")).unwrap();
        artifacts.load(&engine, &key, &inputs()).unwrap();
        assert!(artifacts.find(&engine, &key).is_some());
    }

    #[test]
    fn every_input_is_part_of_the_key() {
        let engine = crate::engine::new().unwrap();
        let key = |root: &'static [u8], inherit: &Inherit, export: Option<&'static str>| {
            let part = Part { import: "a:b/c", export, inherit, bytes: EMPTY };
            Key::new(&engine, &Inputs { root, parts: vec![part] })
        };
        let base = key(b"a", &Inherit::Nothing, None);
        assert_eq!(base, key(b"a", &Inherit::Nothing, None));
        assert_ne!(base, key(b"b", &Inherit::Nothing, None));
        assert_ne!(base, key(b"a", &Inherit::Everything, None));
        assert_ne!(base, key(b"a", &Inherit::Sets(vec!["variables".into()]), None));
        assert_ne!(base, key(b"a", &Inherit::Nothing, Some("a:b/d")));
    }

    #[test]
    fn old_entries_are_removed_and_used_ones_stay() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = Artifacts::open(folder.path()).unwrap();
        let old = SystemTime::now() - KEPT - Duration::from_secs(1);
        for (name, dated) in [("old", Some(old)), ("new", None)] {
            for extension in ["cwasm", "sum"] {
                let path = folder.path().join(format!("{name}.{extension}"));
                fs::write(&path, b"x").unwrap();
                if let Some(dated) = dated {
                    File::options().append(true).open(&path).unwrap().set_modified(dated).unwrap();
                }
            }
        }
        artifacts.prune();
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 2);
        assert!(folder.path().join("new.cwasm").exists());
    }
}
