//! Writes the files and, last, the manifest that says which of them are the assets.
//!
//! Names follow from content, so new files never overwrite old ones, and until the manifest is
//! replaced everything is as it was: a run that breaks off leaves the old assets whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::compress::CODINGS;
use crate::fingerprint::Asset;
use crate::source::Inputs;

const MANIFEST: &str = "manifest.json";

/// What the assets are; `components/storefront/build.rs` reads it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    inputs: Inputs,
    assets: BTreeMap<String, Entry>,
}

/// An asset, under the name that sources refer to it by.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// The name that browsers ask for.
    file: String,
    /// The start of the SHA-256 of its content, in hexadecimal.
    hash: String,
    /// Its media type.
    #[serde(rename = "type")]
    media_type: String,
    /// Its size in bytes.
    size: usize,
    /// The compressed files beside it, by what is added to its name, and their sizes in bytes.
    compressed: BTreeMap<String, usize>,
}

impl Manifest {
    /// That of an earlier run; `None` if there is none, or not all of its files.
    pub(crate) fn read(folder: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(folder.join(MANIFEST)).ok()?;
        let manifest: Self = serde_json::from_str(&text).ok()?;
        manifest.files().iter().all(|file| folder.join(file).is_file()).then_some(manifest)
    }

    /// Whether it was made from these.
    pub(crate) fn is_of(&self, inputs: &Inputs) -> bool {
        self.inputs == *inputs
    }

    fn files(&self) -> BTreeSet<String> {
        let of = |entry: &Entry| {
            let compressed =
                entry.compressed.keys().map(|ending| format!("{}.{ending}", entry.file));
            std::iter::once(entry.file.clone()).chain(compressed).collect::<Vec<_>>()
        };
        self.assets.values().flat_map(of).collect()
    }
}

/// One line an asset: its sizes as it is, and compressed.
impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, entry) in &self.assets {
            write!(f, "{name:24} {:>9} bytes", entry.size)?;
            for (ending, size) in &entry.compressed {
                write!(f, "  {ending} {size:>7}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// Writes `assets`, and then removes what is none of them any more.
pub(crate) fn write(folder: &Path, inputs: Inputs, assets: &[Asset]) -> anyhow::Result<Manifest> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{} cannot be created", folder.display()))?;
    let mut manifest = Manifest { inputs, assets: BTreeMap::new() };
    for asset in assets {
        manifest.assets.insert(asset.name.clone(), write_asset(folder, asset)?);
    }
    let text = serde_json::to_string_pretty(&manifest)?;
    put(folder, MANIFEST, text.as_bytes())?;
    sweep(folder, &manifest)?;
    Ok(manifest)
}

fn write_asset(folder: &Path, asset: &Asset) -> anyhow::Result<Entry> {
    put(folder, &asset.file, &asset.content)?;
    let mut compressed = BTreeMap::new();
    for coding in &CODINGS {
        let shrunk = coding.shrink(&asset.content);
        if let Some(content) = shrunk.with_context(|| format!("compressing {}", asset.name))? {
            put(folder, &format!("{}.{}", asset.file, coding.ending), &content)?;
            compressed.insert(coding.ending.to_owned(), content.len());
        }
    }
    Ok(Entry {
        file: asset.file.clone(),
        hash: asset.hash.clone(),
        media_type: asset.kind.media_type.to_owned(),
        size: asset.content.len(),
        compressed,
    })
}

/// Writes a file as a whole or not at all.
fn put(folder: &Path, name: &str, content: &[u8]) -> anyhow::Result<()> {
    let new = folder.join(format!(".{name}.{}", std::process::id()));
    std::fs::write(&new, content)
        .and_then(|()| std::fs::rename(&new, folder.join(name)))
        .with_context(|| format!("{} cannot be written", folder.join(name).display()))
}

fn sweep(folder: &Path, manifest: &Manifest) -> anyhow::Result<()> {
    let mut kept = manifest.files();
    kept.insert(MANIFEST.to_owned());
    let failed = || format!("old files in {} cannot be removed", folder.display());
    for entry in std::fs::read_dir(folder).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        if !entry.file_name().to_str().is_some_and(|name| kept.contains(name)) {
            std::fs::remove_file(entry.path()).with_context(failed)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fingerprint, sources};

    fn inputs(text: &str) -> Inputs {
        serde_json::from_value(text.into()).expect("inputs are a text")
    }

    fn files(folder: &Path) -> BTreeSet<String> {
        let entries = std::fs::read_dir(folder).expect("it was made");
        entries
            .map(|entry| entry.expect("it can be read").file_name().into_string().expect("text"))
            .collect()
    }

    fn assets(style: &str) -> Vec<Asset> {
        fingerprint::all(sources(&[("a.css", style), ("b.svg", "<svg/>")])).expect("all is well")
    }

    #[test]
    fn what_was_written_is_what_is_read() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let style = "a{color:red}".repeat(50);
        let written = write(folder.path(), inputs("1"), &assets(&style)).expect("there is room");
        assert!(written.is_of(&inputs("1")) && !written.is_of(&inputs("2")));
        assert_eq!(Manifest::read(folder.path()).as_ref(), Some(&written));
        let compressed: Vec<&String> = written.assets["a.css"].compressed.keys().collect();
        assert_eq!(compressed, ["br", "gz"]);
        assert!(written.assets["b.svg"].compressed.is_empty(), "nothing makes it smaller");
    }

    #[test]
    fn a_later_run_leaves_nothing_of_the_earlier() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        write(folder.path(), inputs("1"), &assets("a{}")).expect("there is room");
        let second = write(folder.path(), inputs("2"), &assets("b{}")).expect("there is room");
        let mut expected = second.files();
        expected.insert(MANIFEST.to_owned());
        assert_eq!(files(folder.path()), expected);
    }

    #[test]
    fn a_manifest_whose_files_are_gone_counts_for_nothing() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let written = write(folder.path(), inputs("1"), &assets("a{}")).expect("there is room");
        std::fs::remove_file(folder.path().join(&written.assets["a.css"].file))
            .expect("it is there");
        assert_eq!(Manifest::read(folder.path()), None);
    }
}
