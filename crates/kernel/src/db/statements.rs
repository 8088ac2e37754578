//! Every statement of a package, for the tests that prepare them on both databases.
//!
//! A unit test lists the statements as the code makes them, and [`check`] compares the list with two
//! things. The sources: each `query!` and each `row!` that can be inserted must have made one of the
//! statements, and no other text may be SQL, so that none is forgotten. And the file
//! `statements.sql` beside the sources: the suite `statements` prepares what is in it, without
//! compiling the package.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::Query;

/// The variable that has [`check`] write the file.
const WRITE: &str = "BOXOFFICE_WRITE_STATEMENTS";
/// How a text begins that is a statement.
const VERBS: [&str; 5] = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];

/// Checks that `statements` are all that the package in `folder` may send, and that its
/// `statements.sql` says the same. What has one of `without` in its path is left out.
///
/// # Panics
/// With what is missing, or more than there should be.
pub fn check(folder: &str, without: &[&str], statements: &[Query]) {
    let folder = Path::new(folder);
    let mut wrong = String::new();
    let mut files = BTreeMap::new();
    for path in sources(&folder.join("src")) {
        let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        if without.iter().any(|part| name.contains(part)) {
            continue;
        }
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        for line in loose(text) {
            let _ = writeln!(wrong, "{name}:{line}: this is SQL and not in a query!");
        }
        let made = made_in(&name, statements);
        for line in sites(text).into_iter().filter(|line| !made.contains_key(line)) {
            let _ = writeln!(wrong, "{name}:{line}: this statement is not listed");
        }
        files.insert(name, made);
    }
    assert!(wrong.is_empty(), "{wrong}");
    compare(&folder.join("statements.sql"), &written(&files));
}

fn compare(file: &Path, text: &str) {
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
    let known = std::fs::read_to_string(file).unwrap_or_default();
    let missing: Vec<&str> = text.lines().filter(|line| !known.contains(line)).collect();
    let what =
        format!("{} is not what the code sends; run the test with {WRITE}=1", file.display());
    assert!(known == text, "{what}\n{}", missing.join("\n"));
}

/// The statements that the file `name` has made, by the lines that did.
fn made_in<'q>(name: &str, statements: &'q [Query]) -> BTreeMap<usize, Vec<&'q str>> {
    let mut made: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for statement in statements.iter().filter(|one| one.site().file().ends_with(name)) {
        let texts = made.entry(statement.site().line() as usize).or_default();
        if !texts.contains(&statement.sql()) {
            texts.push(statement.sql());
        }
    }
    made
}

/// The file's text: a statement a line, in the order of the sources.
fn written(files: &BTreeMap<String, BTreeMap<usize, Vec<&str>>>) -> String {
    let mut text =
        format!("-- Every statement that is sent; {WRITE}=1 has the unit tests write it.\n");
    for (name, made) in files.iter().filter(|(_, made)| !made.is_empty()) {
        let _ = writeln!(text, "\n-- {name}");
        for statement in made.values().flatten() {
            let _ = writeln!(text, "{statement};");
        }
    }
    text
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let all = paths.into_iter().flat_map(|path| match path.is_dir() {
        true => sources(&path),
        false => vec![path],
    });
    all.filter(|path| path.extension().is_some_and(|end| end == "rs")).collect()
}

/// The lines of `text` that make a statement.
fn sites(text: &str) -> Vec<usize> {
    let makes = |line: &str| {
        let line = line.trim_start();
        !line.starts_with("//") && line.contains("query!(")
    };
    let queries = text.lines().zip(1..).filter(|(line, _)| makes(line)).map(|(_, number)| number);
    queries.chain(insertable(text)).collect()
}

/// The lines of `text` where a `row!` begins that can be inserted.
fn insertable(text: &str) -> Vec<usize> {
    let mut begun = None;
    let mut found = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        if line.trim_start().starts_with("row! {") {
            begun = Some(number);
        } else if line.contains(" in \"") && line.contains("struct ") {
            found.extend(begun.take());
        }
    }
    found
}

/// The lines of `text` with a literal that is SQL and not the text of a `query!`.
fn loose(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    for verb in VERBS {
        for (at, _) in text.match_indices(&format!("\"{verb} ")) {
            let before = text[..at].trim_end();
            if !before.ends_with("query!(") {
                found.push(text[..at].lines().count());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_a_statement_is_found() {
        let text = "fn a() -> Query {\n    query!(\n        \"SELECT 1\"\n    )\n}\n// query!(…)\n\
                    row! {\n    struct A in \"a\" {}\n}\nrow! {\n    struct B {}\n}\n";
        assert_eq!(sites(text), [2, 7]);
        assert!(loose(text).is_empty());
    }

    #[test]
    fn sql_of_another_kind_is_found() {
        assert_eq!(loose("let a =\n    \"DELETE FROM b\";\nlet c = \"SELECTED \";\n"), [2]);
    }
}
