//! `/metrics` of a running shop, and the dashboard and the alerts that are made of it.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::path::Path;
use std::time::Duration;

use promql_parser::label::METRIC_NAME;
use promql_parser::parser::{self, Expr, VectorSelector};
use promql_parser::util::{ExprVisitor, walk_expr};
use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Started, boxoffice, free_port, get, run, stderr, wait_until};

/// A file of the repository.
fn read(path: &str) -> String {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(workspace.join(path)).unwrap()
}

/// A shop with its demo data, which has made every kind of metric.
struct Shop {
    _data: TempDir,
    _running: Started,
    metrics: String,
}

impl Shop {
    fn open() -> Shop {
        let data = tempfile::tempdir().unwrap();
        let metrics = format!("127.0.0.1:{}", free_port());
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spin.toml");
        let arguments = ["up", "--listen", "127.0.0.1:0", "--metrics", &metrics, "--data", "data"];
        let mut command = boxoffice(data.path(), &arguments);
        command.arg("--manifest").arg(manifest);
        command.env("SPIN_VARIABLE_REDIS_URL", format!("redis://127.0.0.1:{}", free_port()));
        let mut running = Started::new(&mut command);
        running.wait_for_line("Ctrl-C");
        Shop { _data: data, _running: running, metrics }
    }

    fn text(&self) -> String {
        let (status, text) = get(&self.metrics, "/metrics");
        assert_eq!(status, 200, "{text}");
        text
    }
}

/// Series by the names of their samples; each has the names of its labels.
type Samples = BTreeMap<String, BTreeSet<String>>;

/// Reads OpenMetrics text as strictly as it is written: families one after the other, each with
/// its type first, their samples named as that type has them, no series twice, and an end.
fn samples(text: &str) -> Samples {
    let mut samples = Samples::new();
    let (mut families, mut series) = (BTreeSet::new(), BTreeSet::new());
    let (mut family, mut kind) = (String::new(), String::new());
    let mut lines = text.lines();
    for line in lines.by_ref() {
        if line == "# EOF" {
            break;
        }
        if let Some(described) = line.strip_prefix("# ") {
            let mut words = described.splitn(3, ' ');
            let (what, name) = (words.next().unwrap(), words.next().unwrap());
            let told = words.next().unwrap();
            match what {
                "HELP" => assert!(families.insert(name.to_owned()), "{name} comes twice"),
                "TYPE" => {
                    assert!(families.contains(name), "{name} has a type and no help");
                    (family, kind) = (name.to_owned(), told.to_owned());
                }
                other => panic!("{other} in {line}"),
            }
            continue;
        }
        let (labelled, value) = line.rsplit_once(' ').unwrap();
        value.parse::<f64>().unwrap_or_else(|_| panic!("no value in {line}"));
        assert!(series.insert(labelled.to_owned()), "{labelled} comes twice");
        let (name, labels) = labelled.split_once('{').unwrap_or((labelled, "}"));
        let suffix = name.strip_prefix(&family).unwrap_or_else(|| panic!("{line} after {family}"));
        let suffixes: &[&str] = match kind.as_str() {
            "counter" => &["_total"],
            "gauge" => &[""],
            "histogram" => &["_bucket", "_count", "_sum"],
            other => panic!("{family} is a {other}"),
        };
        assert!(suffixes.contains(&suffix), "{line} is no sample of a {kind}");
        // No value of ours has a comma or a quote in it.
        let labels = labels.strip_suffix('}').unwrap().split_terminator(',');
        let known = samples.entry(name.to_owned()).or_default();
        known.extend(labels.map(|label| {
            let (label, value) = label.split_once('=').unwrap();
            assert!(value.starts_with('"') && value.ends_with('"'), "{line}");
            label.to_owned()
        }));
    }
    assert_eq!(lines.next(), None, "something follows the end");
    assert!(text.ends_with("# EOF\n"), "it does not end");
    samples
}

/// The metrics of an expression, each with the labels by which it selects.
#[derive(Default)]
struct Named(Vec<(String, Vec<String>)>);

impl Named {
    fn add(&mut self, selector: &VectorSelector) {
        let matchers = &selector.matchers.matchers;
        let labels = matchers.iter().map(|matcher| matcher.name.clone());
        let labels = labels.filter(|label| label != METRIC_NAME).collect();
        self.0.push((selector.name.clone().unwrap(), labels));
    }
}

impl ExprVisitor for Named {
    type Error = Infallible;

    fn pre_visit(&mut self, expression: &Expr) -> Result<bool, Infallible> {
        match expression {
            Expr::VectorSelector(selector) => self.add(selector),
            Expr::MatrixSelector(selector) => self.add(&selector.vs),
            _ => {}
        }
        Ok(true)
    }
}

/// Expressions by where they stand.
fn expressions() -> Vec<(String, String)> {
    let dashboard: Value = serde_json::from_str(&read("deploy/grafana/boxoffice.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let of_panel = |panel: &Value| {
        let title = panel["title"].as_str().unwrap().to_owned();
        let targets = panel["targets"].as_array().cloned().unwrap_or_default();
        targets.into_iter().map(move |target| {
            // Grafana's variables stand where PromQL has text or a duration.
            let expression = target["expr"].as_str().unwrap().replace("$__rate_interval", "5m");
            (title.clone(), expression)
        })
    };
    let mut expressions: Vec<_> = panels.iter().flat_map(of_panel).collect();
    assert!(expressions.len() > 15, "{expressions:?}");
    let docs = read("docs/observability.md");
    let alerts = docs.lines().filter_map(|line| line.trim().strip_prefix("expr: "));
    let alerts: Vec<_> = alerts.map(|alert| ("an alert".to_owned(), alert.to_owned())).collect();
    assert!(alerts.len() > 8, "{alerts:?}");
    expressions.extend(alerts);
    expressions
}

#[test]
fn the_dashboard_and_the_alerts_are_made_of_what_is_exported() {
    let shop = Shop::open();
    let mut exported = Samples::new();
    // The last to come is a run by the schedule of five seconds.
    wait_until("every kind of metric", Duration::from_secs(40), || {
        exported = samples(&shop.text());
        [
            "cron_runs_total",
            "messages_total",
            "stream_lag",
            "tick_age_seconds",
            "host_call_seconds_sum",
        ]
        .iter()
        .all(|name| exported.contains_key(&format!("boxoffice_{name}")))
    });
    let mut missing = Vec::new();
    for (place, expression) in expressions() {
        let parsed = parser::parse(&expression);
        let parsed = parsed.unwrap_or_else(|error| panic!("{place}: {expression}: {error}"));
        let mut named = Named::default();
        let Ok(_) = walk_expr(&mut named, &parsed);
        assert!(!named.0.is_empty(), "{place}: {expression}");
        for (name, labels) in named.0 {
            // These two are Prometheus's own.
            let known = |label: &String| {
                let of_target = ["instance", "job"].contains(&label.as_str());
                of_target || exported.get(&name).is_some_and(|known| known.contains(label))
            };
            if name != "up" && !(exported.contains_key(&name) && labels.iter().all(known)) {
                missing.push(format!("{place}: {name} by {labels:?}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}\nof {exported:#?}");
}

#[test]
fn metrics_are_served_where_they_are_asked_for_and_nowhere_else() {
    let shop = Shop::open();
    assert_eq!(get(&shop.metrics, "/").0, 404);
    let metrics = samples(&shop.text());
    assert!(metrics.contains_key("boxoffice_source_readable"), "{metrics:#?}");

    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["serve", "--metrics", &shop.metrics]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("for metrics") && text.contains("(--metrics)"), "{text}");
}

#[test]
fn what_cannot_be_read_is_said_to_be_so() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = "spin_manifest_version = 2\n[application]\nname = \"empty\"\n";
    std::fs::write(folder.path().join("spin.toml"), manifest).unwrap();
    let metrics = format!("127.0.0.1:{}", free_port());
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--metrics", &metrics];
    let _running = Started::new(&mut boxoffice(folder.path(), &arguments));
    wait_until("metrics", Duration::from_secs(10), || {
        std::net::TcpStream::connect(&metrics).is_ok()
    });
    let (status, text) = get(&metrics, "/metrics");
    assert_eq!(status, 200, "{text}");
    for source in ["redis", "databases"] {
        let line = format!("boxoffice_source_readable{{source=\"{source}\"}} 0\n");
        assert!(text.contains(&line), "{line} in {text}");
    }
}
