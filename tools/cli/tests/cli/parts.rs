//! The parts of `up` on their own.

use std::net::TcpStream;

use rustix::process::Signal;

use crate::process::{Started, boxoffice, free_port, run, stderr};

#[test]
fn keys_are_made_once_and_explained() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["keys", "--data", "d"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("spin up --variable @d/variables.toml"), "{text}");
    let first = std::fs::read(folder.path().join("d/variables.toml")).unwrap();

    assert_eq!(run(folder.path(), &["keys", "--data", "d"]).status.code(), Some(0));
    assert_eq!(std::fs::read(folder.path().join("d/variables.toml")).unwrap(), first);
}

#[test]
fn the_sandbox_runs_alone_until_it_is_told_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let listen = format!("127.0.0.1:{}", free_port());
    let arguments = ["sandbox", "--listen", &listen, "--ledger", "new/ledger.db"];
    let mut sandbox = Started::new(&mut boxoffice(folder.path(), &arguments));
    sandbox.wait_for_line(&listen);
    TcpStream::connect(&listen).unwrap();
    sandbox.signal(Signal::TERM);
    assert_eq!(sandbox.code(), Some(0));
    assert!(folder.path().join("new/ledger.db").is_file());
}
