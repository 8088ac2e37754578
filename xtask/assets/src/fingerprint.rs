//! Names files by their content, so that a browser may keep each for ever; and says those names
//! where one file refers to another.
//!
//! A reference is a text between quotes that is the other file's name, with `./` before it or
//! without, or `url(./NAME)`.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};

use crate::source::{Kind, Source, sha256};

/// How much of the digest goes into a name: 64 bits, enough to tell a project's files apart.
const DIGITS: usize = 16;

/// A file with its final name and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asset {
    /// The name that sources refer to it by.
    pub(crate) name: String,
    /// The name that browsers ask for: the last part of the name with the hash.
    pub(crate) file: String,
    /// The start of the SHA-256 of its content, in hexadecimal.
    pub(crate) hash: String,
    /// What it is.
    pub(crate) kind: Kind,
    /// What is in it.
    pub(crate) content: Vec<u8>,
}

/// Names every source, those that others refer to first.
///
/// # Errors
/// When files refer to one another in a circle, or to one that is not there.
pub(crate) fn all(mut waiting: Vec<Source>) -> anyhow::Result<Vec<Asset>> {
    let mut assets: Vec<Asset> = Vec::new();
    let mut finals = BTreeMap::new();
    while !waiting.is_empty() {
        let names: Vec<String> = waiting.iter().map(|source| source.name.clone()).collect();
        let refers = |source: &Source| {
            source.kind.refers
                && names.iter().any(|name| *name != source.name && mentions(source, name))
        };
        let (later, now): (Vec<_>, Vec<_>) = waiting.into_iter().partition(refers);
        ensure!(!now.is_empty(), "{} refer to each other in a circle", names.join(", "));
        for source in now {
            let asset = finish(source, &finals)?;
            finals.insert(asset.name.clone(), asset.file.clone());
            assets.push(asset);
        }
        waiting = later;
    }
    assets.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(assets)
}

/// Replaces the references in a file, and names it.
fn finish(source: Source, finals: &BTreeMap<String, String>) -> anyhow::Result<Asset> {
    let Source { name, kind, mut content } = source;
    if kind.refers {
        let text =
            String::from_utf8(content).with_context(|| format!("{name} is not UTF-8 text"))?;
        let text = rewrite(&text, finals);
        if let Some(missing) = unknown_reference(&text, finals) {
            bail!("{name} refers to ./{missing}, which does not exist");
        }
        content = text.into_bytes();
    }
    let hash = sha256(&content)[..DIGITS].to_owned();
    let file = final_name(&name, &hash);
    Ok(Asset { name, file, hash, kind, content })
}

/// `snippets/a/inline.js` becomes `inline-HASH.js`.
fn final_name(name: &str, hash: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or(name);
    match last.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}-{hash}.{extension}"),
        None => format!("{last}-{hash}"),
    }
}

fn mentions(source: &Source, name: &str) -> bool {
    let text = String::from_utf8_lossy(&source.content);
    forms(name).iter().any(|form| text.contains(form.as_str()))
}

fn rewrite(text: &str, finals: &BTreeMap<String, String>) -> String {
    finals.iter().fold(text.to_owned(), |text, (name, file)| {
        forms(name)
            .iter()
            .zip(forms(file))
            .fold(text, |text, (reference, becomes)| text.replace(reference, &becomes))
    })
}

/// Every way to refer to a file of this name.
fn forms(name: &str) -> [String; 7] {
    [
        format!("\"./{name}\""),
        format!("'./{name}'"),
        format!("`./{name}`"),
        format!("\"{name}\""),
        format!("'{name}'"),
        format!("`{name}`"),
        format!("url(./{name})"),
    ]
}

/// A file that is certainly meant, being imported or loaded, and is none of ours.
///
/// Not every quoted `./NAME` is a reference: wasm-bindgen calls a module's imports so.
fn unknown_reference<'a>(text: &'a str, finals: &BTreeMap<String, String>) -> Option<&'a str> {
    text.match_indices("./").find_map(|(at, found)| {
        let before = text[..at].trim_end_matches(['"', '\'', '`']).trim_end();
        let name = text[at + found.len()..].split(['"', '\'', '`', ')', '\n']).next()?;
        let is_meant =
            ["import", "from", "import(", "URL(", "url("].iter().any(|word| before.ends_with(word));
        let is_unknown = !finals.values().any(|file| file == name);
        (is_meant && is_unknown && Kind::of(name).is_ok()).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources;

    fn named<'a>(assets: &'a [Asset], name: &str) -> &'a Asset {
        assets.iter().find(|asset| asset.name == name).expect("it was given")
    }

    fn text(asset: &Asset) -> &str {
        std::str::from_utf8(&asset.content).expect("a text")
    }

    #[test]
    fn names_follow_from_content_alone() {
        let make = |text| all(sources(&[("a.css", text)])).expect("nothing is wrong");
        let first = make("a{}");
        // sha256sum of `a{}`.
        assert_eq!(first[0].file, "a-5f546eb4606b5c2b.css");
        assert_eq!(first, make("a{}"));
        assert_ne!(first[0].file, make("b{}")[0].file);
    }

    #[test]
    fn references_become_final_names() {
        let assets = all(sources(&[
            ("boot.js", "import init from './glue.js'; import(\"./glue.js\"); init(`./m.wasm`)"),
            ("glue.js", "new URL('m.wasm', import.meta.url); import './snippets/x/inline0.js'"),
            ("m.wasm", "module"),
            ("snippets/x/inline0.js", "1"),
            ("app.css", "a{background:url(./seat.svg)} b{background:url(\"./seat.svg\")}"),
            ("seat.svg", "<svg/>"),
        ]))
        .expect("nothing is wrong");
        let file = |name| named(&assets, name).file.as_str();
        assert_eq!(
            text(named(&assets, "boot.js")),
            format!(
                "import init from './{glue}'; import(\"./{glue}\"); init(`./{module}`)",
                glue = file("glue.js"),
                module = file("m.wasm")
            )
        );
        let inline = file("snippets/x/inline0.js");
        assert!(inline.starts_with("inline0-") && !inline.contains('/'), "{inline}");
        assert_eq!(
            text(named(&assets, "glue.js")),
            format!("new URL('{}', import.meta.url); import './{inline}'", file("m.wasm"))
        );
        let seat = file("seat.svg");
        let style = format!("a{{background:url(./{seat})}} b{{background:url(\"./{seat}\")}}");
        assert_eq!(text(named(&assets, "app.css")), style);
    }

    #[test]
    fn a_change_renames_whatever_refers_to_it() {
        let make = |module| {
            all(sources(&[("boot.js", "f('./m.wasm')"), ("m.wasm", module)])).expect("all is well")
        };
        let (before, after) = (make("1"), make("2"));
        assert_ne!(named(&before, "boot.js").file, named(&after, "boot.js").file);
    }

    #[test]
    fn what_only_looks_like_a_name_stays() {
        let script = "const a = { './m_bg.js': 'm.wasmx' }; // m.wasm";
        let assets = all(sources(&[("a.js", script), ("m.wasm", "")])).expect("nothing is wrong");
        assert_eq!(text(named(&assets, "a.js")), script);
    }

    #[test]
    fn a_circle_is_named() {
        let error = all(sources(&[("a.js", "import './b.js'"), ("b.js", "import './a.js'")]))
            .expect_err("neither can be named first")
            .to_string();
        assert!(error.contains("a.js, b.js"), "{error}");
    }

    #[test]
    fn a_reference_to_nothing_is_named() {
        let error = all(sources(&[("a.js", "import './b.js'")])).expect_err("there is no b.js");
        assert_eq!(error.to_string(), "a.js refers to ./b.js, which does not exist");
        let error = all(sources(&[("a.css", "a{b:url(./c.svg)}")])).expect_err("nor a c.svg");
        assert_eq!(error.to_string(), "a.css refers to ./c.svg, which does not exist");
    }

    #[test]
    fn pictures_are_not_read_as_text() {
        let picture = Source::new("a.png", vec![0xff, 0xfe]).expect("a known kind");
        let assets = all(vec![picture]).expect("nothing is wrong");
        assert_eq!(assets[0].content, [0xff, 0xfe]);
    }
}
