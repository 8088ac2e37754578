//! `{{ name }}` in the manifest's strings, with the meaning that Spin gives it.

use std::collections::BTreeMap;

use super::{Located, Manifest};
use crate::problem::Problem;

/// A string with the names of variables in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Template<'t>(Vec<Part<'t>>);

#[derive(Debug, PartialEq, Eq)]
enum Part<'t> {
    Text(&'t str),
    Variable(&'t str),
}

impl<'t> Template<'t> {
    /// Takes a string apart.
    ///
    /// # Errors
    /// An opening `{{` without its `}}`.
    pub(crate) fn parse(text: &'t str) -> Result<Self, &'static str> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, tail) = after.split_once("}}").ok_or("`{{` without `}}`")?;
            if !before.is_empty() {
                parts.push(Part::Text(before));
            }
            parts.push(Part::Variable(name.trim()));
            rest = tail;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest));
        }
        Ok(Self(parts))
    }

    /// The names in it.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &'t str> {
        self.0.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(*name),
            Part::Text(_) => None,
        })
    }
}

/// What every variable of the application stands for.
#[derive(Debug, Default)]
pub(crate) struct Values {
    /// None: declared, but without a value, which is reported once and for all by [`Values::new`].
    values: BTreeMap<String, Option<String>>,
}

impl Values {
    /// The manifest's variables: what the caller gives wins over the defaults. A variable with
    /// neither is a problem.
    pub(crate) fn new(
        manifest: &Manifest,
        given: &BTreeMap<String, String>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        for name in given.keys().filter(|name| !manifest.variables.contains_key(*name)) {
            tracing::warn!(
                variable = name,
                "a value was given for a variable that no manifest declares"
            );
        }
        let values = manifest.variables.iter().map(|(name, variable)| {
            let value = given.get(name).or(variable.value.default.as_ref()).cloned();
            if value.is_none() {
                problems.push(no_value(name, variable.value.description.as_deref(), &variable.at));
            }
            (name.clone(), value)
        });
        Self { values: values.collect() }
    }

    /// The value of a variable, if it is declared and has one.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.as_deref()
    }

    /// Replaces the names in a string by their values; None if that cannot be done, which is then
    /// among the problems.
    pub(crate) fn expand(
        &self,
        text: &Located<String>,
        problems: &mut Vec<Problem>,
    ) -> Option<String> {
        let template = match Template::parse(&text.value) {
            Ok(template) => template,
            Err(error) => {
                let what = format!("{}: {error} in \"{}\"", text.at, text.value);
                problems.push(Problem::new(what, "write variables as `{{ name }}`"));
                return None;
            }
        };
        let mut out = Some(String::with_capacity(text.value.len()));
        for part in template.0 {
            let piece = match part {
                Part::Text(text) => Some(text),
                Part::Variable(name) => self.value(name, &text.at, problems),
            };
            match (&mut out, piece) {
                (Some(out), Some(piece)) => out.push_str(piece),
                _ => out = None,
            }
        }
        out
    }

    fn value(&self, name: &str, at: &str, problems: &mut Vec<Problem>) -> Option<&str> {
        let value = self.values.get(name);
        if value.is_none() {
            problems.push(Problem::new(
                format!("{at}: the variable `{name}` is not declared"),
                format!("declare it as [variables.{name}], or correct its name"),
            ));
        }
        value?.as_deref()
    }
}

fn no_value(name: &str, description: Option<&str>, at: &str) -> Problem {
    let about = description.map(|text| format!(" ({text})")).unwrap_or_default();
    Problem::new(
        format!("{at}: the variable `{name}` has no value{about}"),
        format!(
            "set SPIN_VARIABLE_{}, or write `{name} = \"…\"` into the variables file",
            name.to_uppercase()
        ),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::super::Variable;
    use super::*;

    fn values(given: &[(&str, &str)]) -> (Values, Vec<Problem>) {
        let mut manifest = Manifest::default();
        for (name, default) in [("host", Some("h")), ("port", Some("1")), ("key", None)] {
            let variable = Variable { default: default.map(Into::into), description: None };
            let variable = Located { at: "spin.toml:1:1".into(), value: variable };
            manifest.variables.insert(name.into(), variable);
        }
        let given = given.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        let mut problems = Vec::new();
        (Values::new(&manifest, &given, &mut problems), problems)
    }

    fn expand(values: &Values, text: &str) -> Result<String, Vec<String>> {
        let mut problems = Vec::new();
        let text = Located { at: "spin.toml:9:9".into(), value: text.into() };
        match values.expand(&text, &mut problems) {
            Some(text) if problems.is_empty() => Ok(text),
            _ => Err(problems.into_iter().map(|p| p.what).collect()),
        }
    }

    #[test]
    fn names_are_replaced_and_what_is_given_wins() {
        let (values, problems) = values(&[("port", "2"), ("key", "k")]);
        assert_eq!(problems, []);
        assert_eq!(expand(&values, "plain").unwrap(), "plain");
        assert_eq!(expand(&values, "{{host}}:{{ port }}/{{ key }}!").unwrap(), "h:2/k!");
        assert_eq!(expand(&values, "a } b }} c").unwrap(), "a } b }} c");
    }

    #[test]
    fn a_missing_value_is_told_once_with_its_remedy() {
        let (values, problems) = values(&[]);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].remedy.contains("SPIN_VARIABLE_KEY"), "{}", problems[0].remedy);
        assert_eq!(expand(&values, "{{ key }}").unwrap_err(), Vec::<String>::new());
    }

    #[test]
    fn undeclared_names_and_open_braces_are_told() {
        let (values, _) = values(&[]);
        let told = expand(&values, "{{ a }}{{ b }}").unwrap_err();
        assert_eq!(
            told,
            [
                "spin.toml:9:9: the variable `a` is not declared",
                "spin.toml:9:9: the variable `b` is not declared",
            ]
        );
        let told = expand(&values, "{{ host").unwrap_err();
        assert!(told[0].contains("`{{` without `}}`"), "{told:?}");
    }

    #[test]
    fn a_template_tells_its_variables() {
        let template = Template::parse("{{ a }}-{{b}}").unwrap();
        assert_eq!(template.variables().collect::<Vec<_>>(), ["a", "b"]);
    }
}
