//! What Lighthouse says of the pages that most people see, on a phone of moderate speed.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::acts::{a_concert, page_of};
use crate::harness::{alone_in_shop, package};

/// What each category must reach, out of 100. Speed is measured on whatever machine this is, with
/// whatever else it does; the rest is counted.
const DUE: [(&str, f64); 4] =
    [("performance", 80.0), ("accessibility", 100.0), ("best-practices", 100.0), ("seo", 100.0)];

#[tokio::test]
async fn lighthouse_is_content() {
    alone_in_shop(async |shop| {
        let seller = shop.sign_up().await;
        for number in 1..=12 {
            let listing = json!({ "title": format!("Evening {number}"), "quantity": number });
            seller.list(a_concert(listing)).await.expect(201);
        }
        let ticket = seller.list(a_concert(json!({}))).await.expect(201);
        let mut faults = Vec::new();
        for (name, path) in [("browse", "/".to_owned()), ("ticket", page_of(&ticket))] {
            let report = report(&format!("http://{}{path}", shop.host().address())).await;
            faults.extend(judge(name, &report));
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    })
    .await;
}

/// Prints the scores and times of a page; what falls short.
fn judge(name: &str, report: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for (category, due) in DUE {
        let score = report["categories"][category]["score"].as_f64().unwrap_or_default() * 100.0;
        println!("lighthouse {name}: {category} {score:.0}");
        if score < due {
            let why = shortcomings(report, category).join("; ");
            faults.push(format!("{name}: {category} is {score:.0}, due are {due}: {why}"));
        }
    }
    for audit in [
        "first-contentful-paint",
        "largest-contentful-paint",
        "total-blocking-time",
        "cumulative-layout-shift",
        "speed-index",
        "total-byte-weight",
    ] {
        println!("lighthouse {name}: {audit} {}", report["audits"][audit]["displayValue"]);
    }
    faults
}

/// The audits of a category that are not passed.
fn shortcomings(report: &Value, category: &str) -> Vec<String> {
    let audits = report["categories"][category]["auditRefs"].as_array().into_iter().flatten();
    let weighty =
        audits.filter(|audit| audit["weight"].as_f64().is_some_and(|weight| weight > 0.0));
    weighty
        .filter_map(|audit| audit["id"].as_str())
        .map(|id| &report["audits"][id])
        .filter(|audit| audit["score"].as_f64().is_some_and(|score| score < 0.9))
        .map(|audit| format!("{} {}", audit["title"], audit["details"]["items"]))
        .collect()
}

/// Lighthouse's report on the page at `url`, in its default: a mobile profile.
async fn report(url: &str) -> Value {
    let output = Command::new("node")
        .arg(package("lighthouse").join("cli/index.js"))
        .args([url, "--output=json", "--quiet", "--no-enable-error-reporting"])
        .arg("--chrome-flags=--headless --no-sandbox --disable-dev-shm-usage --disable-gpu")
        .env("CHROME_PATH", chromium())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_secs(120), output).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "lighthouse failed: {said}");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("no report: {error}: {said}"))
}

fn chromium() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&path).map(|folder| folder.join("chromium"));
    places.find(|place| place.is_file()).expect("chromium is installed")
}
