//! The shop's variables. Later sources win: the manifest's default, a file, the environment.
//!
//! The environment's names are Spin's: `SPIN_VARIABLE_HOLD_SECONDS` sets `hold_seconds`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use boxoffice_dev::keys;
use boxoffice_host::Problem;

use crate::failure::from_dev;

const PREFIX: &str = "SPIN_VARIABLE_";

/// Values by the variables' names.
pub(crate) type Variables = BTreeMap<String, String>;

/// What a manifest declares, and what a file and the environment set.
#[derive(Debug)]
pub(crate) struct Layers {
    pub(crate) declared: Declared,
    pub(crate) file: Variables,
    pub(crate) environment: Variables,
    /// What is wrong with any of it.
    pub(crate) problems: Vec<Problem>,
}

impl Layers {
    /// Reads them; without a file, that one sets nothing.
    pub(crate) fn read(manifest: &Path, path: Option<&Path>) -> Layers {
        let declared = Declared::read(manifest);
        let mut problems = Vec::new();
        let mut file = Variables::new();
        if let Some(path) = path {
            match keys::read(path) {
                Ok(variables) => {
                    problems.extend(declared.check_file(path, &variables));
                    file = variables;
                }
                Err(problem) => problems.push(from_dev(problem)),
            }
        }
        let environment = declared.in_environment(std::env::vars_os()).unwrap_or_else(|found| {
            problems.extend(found);
            Variables::new()
        });
        Layers { declared, file, environment, problems }
    }
}

/// The variables that a manifest declares, with their defaults.
#[derive(Debug, Default)]
pub(crate) struct Declared(Option<BTreeMap<String, Option<String>>>);

impl Declared {
    /// Reads a manifest's declarations. If it cannot be read, nothing is known: the host, which
    /// reads it next, says what is wrong with it.
    pub(crate) fn read(manifest: &Path) -> Declared {
        let text = std::fs::read_to_string(manifest).unwrap_or_default();
        Declared::parse(&text)
    }

    pub(crate) fn parse(manifest: &str) -> Declared {
        let Ok(manifest) = manifest.parse::<toml::Table>() else { return Declared(None) };
        let Some(variables) = manifest.get("variables").and_then(toml::Value::as_table) else {
            return Declared(None);
        };
        let default = |value: &toml::Value| Some(value.get("default")?.as_str()?.to_owned());
        let named = variables.iter().map(|(name, value)| (name.clone(), default(value)));
        Declared(Some(named.collect()))
    }

    /// Whether a variable of this name can be set; anything can while nothing is known.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|names| names.contains_key(name))
    }

    /// Whether the manifest is known to declare a variable of this name.
    pub(crate) fn declares(&self, name: &str) -> bool {
        self.0.as_ref().is_some_and(|names| names.contains_key(name))
    }

    /// A variable's default.
    pub(crate) fn default_of(&self, name: &str) -> Option<&str> {
        self.0.as_ref()?.get(name)?.as_deref()
    }

    /// Problems with the names that a file sets.
    pub(crate) fn check_file(&self, path: &Path, file: &Variables) -> Vec<Problem> {
        let Some(names) = &self.0 else { return Vec::new() };
        let known = names.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        file.keys()
            .filter(|name| !self.has(name))
            .map(|name| Problem {
                what: format!(
                    "{} sets the variable {name}, which the manifest does not declare",
                    path.display()
                ),
                remedy: format!("remove it, or write one of: {known}"),
            })
            .collect()
    }

    /// What the environment sets. Names that the manifest does not declare are warned of and left
    /// out: they may be another application's.
    pub(crate) fn in_environment(
        &self,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Variables, Vec<Problem>> {
        let mut variables = Variables::new();
        let mut problems = Vec::new();
        for (key, value) in environment {
            let Some(name) = key.to_str().and_then(|key| key.strip_prefix(PREFIX)) else {
                continue;
            };
            let name = name.to_lowercase();
            if !self.has(&name) {
                tracing::warn!(
                    "{} does not match a variable of the manifest",
                    key.to_string_lossy()
                );
                continue;
            }
            match value.into_string() {
                Ok(value) => drop(variables.insert(name, value)),
                Err(_) => problems.push(Problem {
                    what: format!("the value of {} is not UTF-8", key.to_string_lossy()),
                    remedy: "set it to text".to_owned(),
                }),
            }
        }
        if problems.is_empty() { Ok(variables) } else { Err(problems) }
    }
}

/// Joins layers of variables; later layers win.
pub(crate) fn merge(layers: impl IntoIterator<Item = Variables>) -> Variables {
    layers.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
        [variables.hold_seconds]
        default = "900"
        [variables.stripe_api_key]
        required = true
        secret = true
    "#;

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    fn environment(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let file = variables(&[("hold_seconds", "60"), ("stripe_api_key", "file")]);
        let environment = Declared::parse(MANIFEST)
            .in_environment(environment(&[("SPIN_VARIABLE_HOLD_SECONDS", "5"), ("PATH", "/")]))
            .expect("text");
        assert_eq!(
            merge([file, environment]),
            variables(&[("hold_seconds", "5"), ("stripe_api_key", "file")])
        );
    }

    #[test]
    fn defaults_come_from_the_manifest() {
        let declared = Declared::parse(MANIFEST);
        assert_eq!(declared.default_of("hold_seconds"), Some("900"));
        assert_eq!(declared.default_of("stripe_api_key"), None);
        assert_eq!(declared.default_of("other"), None);
    }

    #[test]
    fn what_the_manifest_does_not_declare_is_left_out_or_refused() {
        let declared = Declared::parse(MANIFEST);
        let environment = declared
            .in_environment(environment(&[("SPIN_VARIABLE_HOLD_SECOND", "5")]))
            .expect("text");
        assert_eq!(environment, Variables::new());

        let file = variables(&[("hold_second", "60"), ("hold_seconds", "60")]);
        let problems = declared.check_file(Path::new("v.toml"), &file);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].what.contains("v.toml sets the variable hold_second,"));
        assert!(problems[0].remedy.contains("hold_seconds, stripe_api_key"));
    }

    #[test]
    fn a_broken_manifest_is_left_to_the_host() {
        let declared = Declared::parse("spin_manifest_version =");
        assert!(declared.has("anything"));
        assert!(declared.check_file(Path::new("f"), &variables(&[("x", "y")])).is_empty());
    }

    #[test]
    fn values_that_are_no_text_are_a_problem() {
        use std::os::unix::ffi::OsStringExt;
        let value = OsString::from_vec(vec![0xff]);
        let problems = Declared::parse(MANIFEST)
            .in_environment([("SPIN_VARIABLE_HOLD_SECONDS".into(), value)])
            .expect_err("no text");
        assert!(problems[0].what.contains("SPIN_VARIABLE_HOLD_SECONDS"));
    }
}
