//! What is wrong is told, all of it, with exit code 2.

use std::net::TcpListener;

use crate::process::{boxoffice, free_port, run, stderr};

/// A manifest that is right, except that nobody has built its component.
const UNBUILT: &str = r#"
    spin_manifest_version = 2
    [application]
    name = "unbuilt"
    version = "0.1.0"
    [variables.needed]
    required = true
    [[trigger.http]]
    route = "/..."
    component = "unbuilt"
    [component.unbuilt]
    source = "unbuilt.wasm"
    [component.unbuilt.variables]
    needed = "{{ needed }}"
"#;

#[test]
fn a_sandbox_whose_port_is_taken_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let output = run(folder.path(), &["sandbox", "--listen", &listen, "--ledger", "ledger.db"]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(
        text.contains(&listen) && text.contains("in use") && text.contains("--listen"),
        "{text}"
    );
}

#[test]
fn serving_lists_everything_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("spin.toml"), UNBUILT).unwrap();
    std::fs::write(folder.path().join("v.toml"), "neded = \"typo\"\n").unwrap();
    let output = run(folder.path(), &["serve", "--listen", "127.0.0.1:0", "--variables", "v.toml"]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    for name in ["neded", "unbuilt.wasm", "needed"] {
        assert!(text.contains(name), "nothing about {name}: {text}");
    }
}

#[test]
fn an_unknown_key_of_the_manifest_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = format!("{UNBUILT}\n[component.unbuilt.tirgger]\na = 1\n");
    std::fs::write(folder.path().join("spin.toml"), manifest).unwrap();
    let output = run(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("tirgger"), "{}", stderr(&output));
}

#[test]
fn a_manifest_that_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["serve", "--manifest", "nowhere/spin.toml"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("nowhere/spin.toml"), "{}", stderr(&output));
}

#[test]
fn a_port_in_use_is_told_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("spin.toml"), UNBUILT).unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let output = run(folder.path(), &["serve", "--listen", &listen]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    for word in [listen.as_str(), "--listen", "unbuilt.wasm"] {
        assert!(stderr(&output).contains(word), "nothing about {word}: {}", stderr(&output));
    }
}

#[test]
fn up_tells_of_every_part_that_cannot_start() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("spin.toml"), UNBUILT).unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let sandbox = taken.local_addr().unwrap().to_string();
    let listen = format!("127.0.0.1:{}", free_port());
    let arguments = ["up", "--listen", &listen, "--sandbox-listen", &sandbox, "--data", "d"];
    let mut command = boxoffice(folder.path(), &arguments);
    // The manifest does not declare redis_url, so this file's is what counts, and is a typo too.
    std::fs::create_dir(folder.path().join("d")).unwrap();
    std::fs::write(
        folder.path().join("d/variables.toml"),
        "redis_url = \"redis://redis.invalid\"\nstripe_api_key = \"sk_test_sandbox_1\"\n",
    )
    .unwrap();
    let output = command.output().unwrap();
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    for name in ["redis.invalid:6379", &sandbox, "--sandbox-listen", "unbuilt.wasm", "needed"] {
        assert!(text.contains(name), "nothing about {name}: {text}");
    }
}
