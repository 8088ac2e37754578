//! Each component's size, which is what a cold start reads, compiles and keeps; and what browsers
//! download of each of their modules.

use std::fmt::Write as _;

use boxoffice_tests::workspace;

/// Kilobytes that a component may have.
const BUDGETS: &[(&str, u64)] = &[
    ("admissions", 4_550),
    ("auth", 4_400),
    ("clock", 85),
    ("expiration", 760),
    ("hello", 215),
    ("live", 1_010),
    ("mail", 4_500),
    ("orders", 2_100),
    ("payments", 3_220),
    ("session", 600),
    ("storefront", 7_300),
    ("system", 1_130),
    ("tickets", 2_220),
];

#[test]
fn components_are_no_bigger_than_they_may_be() {
    let folder = workspace().join("target/wasm32-wasip2/release");
    let (mut over, mut all) = (String::new(), String::new());
    for (component, kilobytes) in BUDGETS {
        let path = folder.join(format!("{component}.wasm"));
        let bytes =
            std::fs::metadata(&path).unwrap_or_else(|error| panic!("{path:?}: {error}")).len();
        let line = format!("{component}: {} KB; may: {kilobytes} KB", bytes / 1_000);
        writeln!(all, "{line}").unwrap();
        if bytes > kilobytes * 1_000 {
            writeln!(over, "{line}").unwrap();
        }
    }
    println!("{all}");
    assert!(over.is_empty(), "{over}");
}

/// Kilobytes that browsers may download of a module and its glue, in brotli. They keep both until the
/// shop is another.
const MODULES: &[(&str, u64)] =
    &[("boxoffice_web", 200), ("boxoffice_web_door", 230), ("boxoffice_web_turning", 40)];

/// The modules among the assets, by name, with their bytes in brotli.
fn modules() -> Vec<(String, u64)> {
    let manifest =
        std::fs::read_to_string(workspace().join("target/assets/manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let assets = manifest["assets"].as_object().unwrap();
    let sent = |name: &str| assets[name]["compressed"]["br"].as_u64().unwrap();
    let named = assets.keys().filter_map(|name| Some((name, name.strip_suffix("_bg.wasm")?)));
    named
        .map(|(wasm, module)| (module.to_owned(), sent(wasm) + sent(&format!("{module}.js"))))
        .collect()
}

#[test]
fn browsers_download_no_more_of_a_module_than_they_may() {
    let modules = modules();
    let names: Vec<&str> = modules.iter().map(|(module, _)| module.as_str()).collect();
    assert_eq!(names, MODULES.iter().map(|(module, _)| *module).collect::<Vec<_>>());
    for ((module, bytes), (_, kilobytes)) in modules.iter().zip(MODULES) {
        println!("{module}: {} KB; may: {kilobytes} KB", bytes / 1_000);
        assert!(*bytes <= kilobytes * 1_000, "{module}: {bytes} bytes; may: {kilobytes} KB");
    }
}

#[test]
fn every_component_has_a_budget() {
    let manifest = std::fs::read_to_string(workspace().join("spin.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    for component in manifest["component"].as_table().unwrap().values() {
        let source = component["source"].as_str().unwrap();
        let name = source.rsplit('/').next().unwrap().trim_end_matches(".wasm");
        assert!(BUDGETS.iter().any(|(known, _)| *known == name), "{name}");
    }
}
