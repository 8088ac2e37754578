//! Puts the browser's files into the component, as `target/assets/manifest.json` lists them.
//!
//! They are there for WebAssembly alone: whatever is built natively (lints, unit tests) serves
//! nobody, and must not need them. It gets the same code around an empty list.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// What pages refer to: the constant, and the file by its own name.
const NAMES: [(&str, &str); 13] = [
    ("CSS", "app.css"),
    ("BOOT", "boot.js"),
    ("GLUE", "boxoffice_web.js"),
    ("WASM", "boxoffice_web_bg.wasm"),
    ("ICON", "favicon.svg"),
    ("RELOAD", "reload.js"),
    ("WORKER", "sw.js"),
    ("DOOR", "door.js"),
    ("DOOR_GLUE", "boxoffice_web_door.js"),
    ("DOOR_WASM", "boxoffice_web_door_bg.wasm"),
    ("TURNING", "turning.js"),
    ("TURNING_GLUE", "boxoffice_web_turning.js"),
    ("TURNING_WASM", "boxoffice_web_turning_bg.wasm"),
];

/// Content codings, by the endings of the files that hold them.
const CODINGS: [(&str, &str); 2] = [("br", "br"), ("gz", "gzip")];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is_component = variable("CARGO_CFG_TARGET_FAMILY") == "wasm";
    let code = if is_component { of_assets() } else { Ok(of_none()) };
    let written = code.and_then(|code| {
        let path = Path::new(&variable("OUT_DIR")).join("assets.rs");
        std::fs::write(path, code).map_err(|error| error.to_string())
    });
    if let Err(why) = written {
        println!("cargo::error={why}");
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

fn of_none() -> String {
    let mut code = String::new();
    for (constant, name) in NAMES {
        write_name(&mut code, constant, name);
    }
    code + "static ASSETS: &[Asset] = &[];\n"
}

fn of_assets() -> Result<String, String> {
    let folder = Path::new(&variable("CARGO_MANIFEST_DIR")).join("../../target/assets");
    let manifest = folder.join("manifest.json");
    println!("cargo::rerun-if-changed={}", manifest.display());
    let text = std::fs::read_to_string(&manifest).map_err(|error| {
        format!("the browser's files are not built yet (target/assets/manifest.json: {error}): run `cargo xtask assets`")
    })?;
    let manifest: Value = serde_json::from_str(&text).map_err(|error| {
        format!("target/assets/manifest.json is not JSON ({error}): run `cargo xtask assets`")
    })?;
    code(&manifest["assets"], &folder)
}

fn code(assets: &Value, folder: &Path) -> Result<String, String> {
    let mut code = String::new();
    for (constant, name) in NAMES {
        let file = assets[name]["file"].as_str().ok_or_else(|| {
            format!(
                "target/assets lacks {name}, which pages need: put it into web/assets, then \
                 run `cargo xtask assets`"
            )
        })?;
        write_name(&mut code, constant, file);
    }
    code.push_str("static ASSETS: &[Asset] = &[\n");
    for asset in assets.as_object().into_iter().flat_map(|assets| assets.values()) {
        let (file, media_type) = (text(asset, "file"), text(asset, "type"));
        let _ = writeln!(code, "Asset {{ file: {file:?}, media_type: {media_type:?}, forms: &[");
        let tag = text(asset, "hash");
        for (ending, coding) in CODINGS {
            if asset["compressed"].get(ending).is_some() {
                let path = folder.join(format!("{file}.{ending}"));
                write_form(&mut code, coding, &format!("\"{tag}-{ending}\""), path);
            }
        }
        write_form(&mut code, "identity", &format!("\"{tag}\""), folder.join(file));
        code.push_str("] },\n");
    }
    Ok(code + "];\n")
}

fn write_name(code: &mut String, constant: &str, file: &str) {
    let address = format!("/assets/{file}");
    let _ = writeln!(code, "const {constant}: &str = {address:?};");
}

fn write_form(code: &mut String, coding: &str, tag: &str, path: PathBuf) {
    let _ = writeln!(
        code,
        "Form {{ coding: {coding:?}, tag: {tag:?}, content: include_bytes!({path:?}) }},"
    );
}

fn text<'a>(asset: &'a Value, key: &str) -> &'a str {
    asset[key].as_str().unwrap_or_default()
}
