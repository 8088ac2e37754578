use std::collections::BTreeMap;

use crate::problem::Problem;
use crate::sources::host::manifest::{Template, Values, parse};

const FILE: &str = "spin.toml";

/// Reads a manifest, and expands what is in it.
///
/// Whatever is wrong is said with its place and its remedy, and each time alike. A text that is not
/// TOML has one thing wrong with it.
pub fn manifest(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let (manifest, mut problems) = parse(FILE, text);
    assert_eq!(problems, parse(FILE, text).1);
    check(&problems);
    let Some(manifest) = manifest else {
        assert_eq!(problems.len(), 1, "{problems:?}");
        return;
    };
    if problems.is_empty() {
        assert!(text.contains("spin_manifest_version"), "it was accepted without its version");
    }
    problems.clear();
    let values = Values::new(&manifest, &BTreeMap::new(), &mut problems);
    for component in manifest.components.values() {
        let strings =
            component.value.variables.values().chain(component.value.environment.values());
        for string in strings.chain(&component.value.hosts) {
            let (known, before) = (Template::parse(&string.value), problems.len());
            match values.expand(string, &mut problems) {
                Some(_) => assert_eq!(problems.len(), before, "it was expanded, and is wrong"),
                None => assert!(known.is_err() || known.is_ok_and(|t| t.variables().count() > 0)),
            }
        }
        component.value.grants();
    }
    check(&problems);
}

fn check(problems: &[Problem]) {
    for problem in problems {
        let place = problem.what.strip_prefix(FILE).and_then(|rest| rest.strip_prefix(':'));
        let (line, rest) = place.and_then(|rest| rest.split_once(':')).expect("a line");
        let (column, what) = rest.split_once(": ").expect("a column");
        assert!(line.parse::<u32>().is_ok_and(|line| line > 0), "{problem:?}");
        assert!(column.parse::<u32>().is_ok_and(|column| column > 0), "{problem:?}");
        assert!(!what.is_empty() && !problem.remedy.is_empty(), "{problem:?}");
    }
}
