//! The files before they have their final names, and the digest of all that they are made from.

use std::fmt;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::optimize::Optimizer;

/// A file by the name that others refer to it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// Relative to the folder that all of them seem to lie in, such as `app.css`.
    pub(crate) name: String,
    /// What it is.
    pub(crate) kind: Kind,
    /// What is in it.
    pub(crate) content: Vec<u8>,
}

impl Source {
    /// A file whose kind its name says.
    pub(crate) fn new(name: impl Into<String>, content: Vec<u8>) -> anyhow::Result<Self> {
        let name = name.into();
        let kind = Kind::of(&name)?;
        Ok(Self { name, kind, content })
    }
}

/// What a browser is told that a file is, and whether it may name other files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    extension: &'static str,
    /// Its media type.
    pub(crate) media_type: &'static str,
    /// Whether it is a text in which the names of others are replaced.
    pub(crate) refers: bool,
}

const KINDS: [Kind; 10] = [
    Kind { extension: "css", media_type: "text/css; charset=utf-8", refers: true },
    Kind { extension: "js", media_type: "text/javascript; charset=utf-8", refers: true },
    Kind { extension: "wasm", media_type: "application/wasm", refers: false },
    Kind { extension: "svg", media_type: "image/svg+xml", refers: false },
    Kind { extension: "png", media_type: "image/png", refers: false },
    Kind { extension: "webp", media_type: "image/webp", refers: false },
    Kind { extension: "ico", media_type: "image/x-icon", refers: false },
    Kind { extension: "woff2", media_type: "font/woff2", refers: false },
    Kind { extension: "txt", media_type: "text/plain; charset=utf-8", refers: false },
    Kind { extension: "webmanifest", media_type: "application/manifest+json", refers: true },
];

impl Kind {
    /// The kind of a file of this name. An error names the kinds that there are.
    pub(crate) fn of(name: &str) -> anyhow::Result<Self> {
        let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
        match KINDS.into_iter().find(|kind| Some(kind.extension) == extension) {
            Some(kind) => Ok(kind),
            None => bail!(
                "{name} is not a known kind of asset ({}): remove it, or add its media type in \
                 xtask/assets/src/source.rs",
                KINDS.map(|kind| kind.extension).join(", ")
            ),
        }
    }
}

/// Every file of a folder and those below it, sorted by name; none if there is no such folder.
pub(crate) fn in_folder(folder: &Path) -> anyhow::Result<Vec<Source>> {
    let mut found = Vec::new();
    if folder.exists() {
        add_folder(folder, "", &mut found)?;
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn add_folder(folder: &Path, prefix: &str, found: &mut Vec<Source>) -> anyhow::Result<()> {
    let failed = || format!("{} cannot be read", folder.display());
    for entry in std::fs::read_dir(folder).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        let name = entry.file_name();
        let name = name.to_str().with_context(|| format!("the file name {name:?} is not UTF-8"))?;
        // What editors leave behind, such as `.app.css.swp` and `app.css~`.
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        let path = entry.path();
        if path.is_dir() {
            add_folder(&path, &format!("{prefix}{name}/"), found)?;
        } else {
            let content = std::fs::read(&path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            found.push(Source::new(format!("{prefix}{name}"), content)?);
        }
    }
    Ok(())
}

/// SHA-256 over everything that decides what the assets are: equal inputs need no second run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Inputs(String);

impl Inputs {
    /// The digest of the modules, the files written by hand, the optimizer and this program.
    pub(crate) fn digest(
        modules: &[Vec<u8>],
        by_hand: &[Source],
        optimizer: Option<&Optimizer>,
    ) -> anyhow::Result<Self> {
        let program = std::env::current_exe().and_then(std::fs::read);
        let program = program.context("this program cannot read itself")?;
        let version = optimizer.map_or("", Optimizer::version);
        let files = by_hand.iter().flat_map(|file| [file.name.as_bytes(), &file.content]);
        let modules = modules.iter().map(Vec::as_slice);
        let before = [&program, version.as_bytes()].into_iter().chain(modules);
        Ok(Self::of(before.chain(files)))
    }

    fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            // With its length, so that what moves from one part to the next is a change.
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        Self(hex(&digest.finalize()))
    }
}

/// SHA-256 of `content`, in hexadecimal.
pub(crate) fn sha256(content: &[u8]) -> String {
    hex(&Sha256::digest(content))
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_unknown_kind_is_refused_with_the_kinds_there_are() {
        let error = Source::new("notes.docx", Vec::new()).expect_err("no such kind").to_string();
        assert!(error.contains("notes.docx") && error.contains("css, js, wasm"), "{error}");
    }

    #[test]
    fn folders_are_read_in_order_and_without_what_editors_leave() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        std::fs::create_dir(folder.path().join("art")).expect("a folder for the test");
        for name in ["b.css", "a.js", "art/seat.svg", ".b.css.swp", "b.css~"] {
            std::fs::write(folder.path().join(name), name).expect("a file for the test");
        }
        let found = in_folder(folder.path()).expect("it can be read");
        let names: Vec<&str> = found.iter().map(|source| source.name.as_str()).collect();
        assert_eq!(names, ["a.js", "art/seat.svg", "b.css"]);
        assert_eq!(found[1].content, b"art/seat.svg");
        assert_eq!(in_folder(&folder.path().join("none")).expect("no folder is no file"), []);
    }

    #[test]
    fn whatever_changes_or_moves_makes_other_inputs() {
        let inputs = |parts: &[&str]| Inputs::of(parts.iter().map(|part| part.as_bytes()));
        assert_eq!(inputs(&["a", "b"]), inputs(&["a", "b"]));
        assert_ne!(inputs(&["a", "b"]), inputs(&["a", "c"]));
        assert_ne!(inputs(&["ab", ""]), inputs(&["a", "b"]));
    }

    #[test]
    fn digests_are_those_of_the_standard() {
        // FIPS 180-2, appendix B.1.
        assert!(sha256(b"abc").starts_with("ba7816bf8f01cfea414140de5dae2223"));
    }
}
