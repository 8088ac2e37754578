//! The shape of `spin.toml`.

use toml::de::DeTable;

use super::reader::{Reader, Section};
use super::{
    Component, CronTrigger, Dependency, DependencySource, HttpTrigger, Inherit, Located, Manifest,
    RedisTrigger, Variable,
};
use crate::problem::Problem;

/// Reads a manifest. `file` names it in messages.
///
/// What could be read is returned beside the problems, so that later checks report theirs in the
/// same run; None if the text is not TOML at all.
pub(crate) fn parse(file: &str, text: &str) -> (Option<Manifest>, Vec<Problem>) {
    let reader = Reader::new(file, text);
    let document = match DeTable::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            reader.report(offset, &format!("not TOML: {}", error.message()), "correct the syntax");
            return (None, reader.into_problems());
        }
    };
    let manifest = read_manifest(reader.root(document.get_ref()));
    (Some(manifest), reader.into_problems())
}

fn read_manifest(mut root: Section<'_, '_>) -> Manifest {
    let mut manifest = Manifest::default();
    if root.integer("spin_manifest_version") != Some(2) {
        root.report("not a version 2 manifest", "write `spin_manifest_version = 2` at the top");
    }
    match root.table("application") {
        Some(application) => read_application(application, &mut manifest),
        None => root.report("[application] is missing", "add `[application]` with a `name`"),
    }
    for (name, section) in root.table("variables").map(Section::all_tables).unwrap_or_default() {
        let variable = Located { at: section.at(), value: read_variable(name, section) };
        manifest.variables.insert(name.to_owned(), variable);
    }
    if let Some(triggers) = root.table("trigger") {
        read_triggers(triggers, &mut manifest);
    }
    for (id, section) in root.table("component").map(Section::all_tables).unwrap_or_default() {
        let component = Located { at: section.at(), value: read_component(id, section) };
        manifest.components.insert(id.to_owned(), component);
    }
    root.finish();
    manifest
}

fn read_application(mut section: Section<'_, '_>, manifest: &mut Manifest) {
    manifest.name = section.required_string("name").map(|name| name.value).unwrap_or_default();
    let _ = (section.string("version"), section.string("description"), section.strings("authors"));
    if let Some(mut triggers) = section.table("trigger") {
        if let Some(mut redis) = triggers.table("redis") {
            manifest.redis_address = redis.required_string("address");
            redis.finish();
        }
        triggers.finish();
    }
    section.finish();
}

fn read_variable(name: &str, mut section: Section<'_, '_>) -> Variable {
    if !is_variable_name(name) {
        section.report(
            &format!("`{name}` cannot be a variable's name"),
            "use lower-case letters, digits and single underscores, starting with a letter",
        );
    }
    let variable = Variable {
        default: section.string("default").map(|text| text.value),
        description: section.string("description").map(|text| text.value),
    };
    let required = section.boolean("required");
    section.boolean("secret");
    if required == variable.default.is_some() {
        section.report(
            &format!("variable `{name}` needs either a default or `required = true`"),
            "give it exactly one of the two",
        );
    }
    section.finish();
    variable
}

fn is_variable_name(name: &str) -> bool {
    name.split('_').all(|word| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    }) && name.starts_with(|c: char| c.is_ascii_lowercase())
}

fn read_triggers(mut section: Section<'_, '_>, manifest: &mut Manifest) {
    manifest.http = section.tables("http").into_iter().filter_map(read_http).collect();
    manifest.redis = section.tables("redis").into_iter().filter_map(read_redis).collect();
    manifest.cron = section.tables("cron").into_iter().filter_map(read_cron).collect();
    section.finish();
}

fn read_http(mut section: Section<'_, '_>) -> Option<HttpTrigger> {
    let _ = section.string("id");
    let component = section.required_string("component");
    let route = if section.is_table("route") {
        let mut route = section.table("route")?;
        if !route.boolean("private") {
            route.report("a route is a path or `{ private = true }`", "write one of the two");
        }
        route.finish();
        Some(None)
    } else {
        section.required_string("route").map(Some)
    };
    section.finish();
    Some(HttpTrigger { route: route?, component: component? })
}

fn read_redis(mut section: Section<'_, '_>) -> Option<RedisTrigger> {
    let _ = section.string("id");
    let component = section.required_string("component");
    let channel = section.required_string("channel");
    let address = section.string("address");
    section.finish();
    Some(RedisTrigger { channel: channel?, component: component?, address })
}

fn read_cron(mut section: Section<'_, '_>) -> Option<CronTrigger> {
    let _ = section.string("id");
    let component = section.required_string("component");
    let expression = section.required_string("cron_expression");
    section.finish();
    Some(CronTrigger { component: component?, expression: expression? })
}

fn read_component(id: &str, mut section: Section<'_, '_>) -> Component {
    if !is_component_id(id) {
        section.report(
            &format!("`{id}` cannot be a component's id"),
            "use lower-case words of letters and digits joined by single hyphens",
        );
    }
    let _ = section.string("description");
    let component = Component {
        source: section.required_string("source").unwrap_or_default(),
        variables: section.table("variables").map(Section::all_strings).unwrap_or_default(),
        environment: section.table("environment").map(Section::all_strings).unwrap_or_default(),
        databases: section.strings("sqlite_databases"),
        hosts: section.strings("allowed_outbound_hosts"),
        dependencies: section
            .table("dependencies")
            .map(Section::all_tables)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|(name, section)| {
                let at = section.at();
                Some((name.to_owned(), Located { at, value: read_dependency(name, section)? }))
            })
            .collect(),
    };
    if let Some(mut build) = section.table("build") {
        if build.is_list("command") {
            build.strings("command");
        } else {
            build.required_string("command");
        }
        build.strings("watch");
        build.string("workdir");
        build.finish();
    }
    section.finish();
    component
}

/// Component ids are the first label of `<id>.spin.internal`, hence as strict as Spin's.
fn is_component_id(id: &str) -> bool {
    id.split('-').all(|word| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

fn read_dependency(name: &str, mut section: Section<'_, '_>) -> Option<Dependency> {
    let (path, component) = (section.string("path"), section.string("component"));
    let export = section.string("export").map(|text| text.value);
    let inherit = read_inherit(&mut section);
    let from = match (path, component) {
        (Some(path), None) => Some(DependencySource::Path(path.value)),
        (None, Some(component)) => Some(DependencySource::Component(component.value)),
        _ => {
            section.report(
                &format!("dependency \"{name}\" needs either `path` or `component`"),
                "give it exactly one of the two",
            );
            None
        }
    };
    section.finish();
    Some(Dependency { from: from?, export, inherit })
}

fn read_inherit(section: &mut Section<'_, '_>) -> Inherit {
    const KEY: &str = "inherit_configuration";
    if !section.is_list(KEY) {
        return if section.boolean(KEY) { Inherit::Everything } else { Inherit::Nothing };
    }
    let names: Vec<String> = section.strings(KEY).into_iter().map(|name| name.value).collect();
    for name in names.iter().filter(|name| !crate::capability::is_set(name)) {
        section.report(
            &format!("`{name}` is not a set of capabilities that a dependency can inherit"),
            &format!("use some of {}", crate::capability::SET_NAMES.join(", ")),
        );
    }
    Inherit::Sets(names)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const SMALL: &str = r#"
spin_manifest_version = 2
[application]
name = "app"
[application.trigger.redis]
address = "{{ redis_url }}"
[variables.redis_url]
default = "redis://127.0.0.1:6379"
[variables.key]
required = true
secret = true
[[trigger.http]]
route = "/a/..."
component = "a"
[[trigger.http]]
route = { private = true }
component = "b"
[[trigger.redis]]
channel = "order:created"
component = "b"
[[trigger.cron]]
component = "b"
cron_expression = "0/5 * * * * *"
[component.a]
source = "a.wasm"
sqlite_databases = ["default"]
allowed_outbound_hosts = ["{{ redis_url }}"]
[component.a.dependencies]
"x:y/z@0.1.0" = { component = "c", inherit_configuration = ["variables"] }
"x:y/all" = { path = "c.wasm", export = "x:y/other", inherit_configuration = true }
[component.a.build]
command = "make"
watch = ["a.rs"]
[component.b]
source = "b.wasm"
[component.c]
source = "c.wasm"
"#;

    fn problems(text: &str) -> Vec<Problem> {
        parse("spin.toml", text).1
    }

    #[test]
    fn everything_known_is_read() {
        let (manifest, problems) = parse("spin.toml", SMALL);
        assert_eq!(problems, []);
        let manifest = manifest.unwrap();
        assert_eq!(manifest.name, "app");
        assert_eq!(manifest.redis_address.unwrap().value, "{{ redis_url }}");
        assert!(manifest.variables["key"].value.default.is_none());
        assert_eq!(manifest.http[0].route.as_ref().unwrap().value, "/a/...");
        assert!(manifest.http[1].route.is_none());
        assert_eq!(manifest.redis[0].channel.value, "order:created");
        assert_eq!(manifest.cron[0].expression.value, "0/5 * * * * *");
        let dependencies = &manifest.components["a"].value.dependencies;
        assert_eq!(
            dependencies["x:y/z@0.1.0"].value.inherit,
            Inherit::Sets(vec!["variables".into()])
        );
        assert_eq!(dependencies["x:y/all"].value.inherit, Inherit::Everything);
        assert_eq!(dependencies["x:y/all"].value.export.as_deref(), Some("x:y/other"));
    }

    #[test]
    fn every_unknown_key_is_named_with_its_position() {
        let text = SMALL
            .replace("name = \"app\"", "name = \"app\"\ncolour = 1")
            .replace("source = \"b.wasm\"", "source = \"b.wasm\"\nkey_value_stores = [\"default\"]")
            .replace("watch = [", "  wathc = [");
        let found: Vec<String> = problems(&text).into_iter().map(|p| p.what).collect();
        assert_eq!(
            found,
            [
                "spin.toml:5:1: unknown key `application.colour`",
                "spin.toml:34:3: unknown key `component.a.build.wathc`",
                "spin.toml:37:1: unknown key `component.b.key_value_stores`",
            ]
        );
    }

    #[test]
    fn types_and_missing_keys_are_told_together() {
        let text = "spin_manifest_version = 2\n[application]\n[[trigger.http]]\nroute = 1\n\
                    [component.a]\nsqlite_databases = \"default\"\n";
        let found: Vec<String> = problems(text).into_iter().map(|p| p.what).collect();
        assert_eq!(
            found,
            [
                "spin.toml:2:2: application.name is missing",
                "spin.toml:3:1: trigger.http.component is missing",
                "spin.toml:4:1: trigger.http.route must be a string, but its type is integer",
                "spin.toml:5:12: component.a.source is missing",
                "spin.toml:6:1: component.a.sqlite_databases must be a list of strings, but its \
                 type is string",
            ]
        );
    }

    #[test]
    fn a_variable_has_a_default_or_is_required() {
        for body in ["", "default = \"1\"\nrequired = true"] {
            let text = format!("{SMALL}\n[variables.extra]\n{body}\n");
            let what = &problems(&text)[0].what;
            assert!(what.contains("needs either a default or `required = true`"), "{what}");
        }
    }

    #[test]
    fn names_are_as_strict_as_spins() {
        assert!(is_variable_name("redis_url2"));
        for bad in ["Redis", "a__b", "_a", "1a", "a-b", ""] {
            assert!(!is_variable_name(bad), "{bad}");
        }
        assert!(is_component_id("tickets-worker"));
        for bad in ["Tickets", "a--b", "-a", "a_b", "1a", ""] {
            assert!(!is_component_id(bad), "{bad}");
        }
    }

    #[test]
    fn broken_syntax_is_one_problem_with_a_position() {
        let found = problems("spin_manifest_version = 2\n[application\n");
        assert_eq!(found.len(), 1);
        assert!(found[0].what.starts_with("spin.toml:2:"), "{}", found[0].what);
    }
}
