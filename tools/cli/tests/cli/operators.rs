//! `boxoffice audit`, `boxoffice events` and `boxoffice mail` on a shop that `boxoffice up` runs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use boxoffice_contract::EventType;
use rustix::process::Signal;
use tempfile::TempDir;

use crate::process::{Started, boxoffice, free_port, get, run, stderr, wait_until};

/// A row that no seller wrote.
const LISTING: &str = "INSERT INTO tickets_tickets \
    (id, seller_id, title, price, currency, quantity, words, created_at, version) \
    VALUES ('stray', 'nobody', 'Stray', 100, 'EUR', 1, 'stray', 0, 1)";

/// An empty shop on ports of its own.
struct Shop {
    folder: TempDir,
    address: String,
    redis: String,
    running: Started,
}

impl Shop {
    fn open() -> Shop {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let sandbox = format!("127.0.0.1:{}", free_port());
        let redis = format!("redis://127.0.0.1:{}", free_port());
        let arguments = ["up", "--no-demo", "--listen", &address, "--sandbox-listen", &sandbox];
        let mut command = boxoffice(folder.path(), &arguments);
        command.arg("--manifest").arg(manifest()).args(["--data", "data"]);
        command.env("SPIN_VARIABLE_REDIS_URL", &redis);
        // The events that are laid aside here are nobody's, and have no code.
        command.env("SPIN_VARIABLE_EVENT_MACS", "optional");
        let mut running = Started::new(&mut command);
        running.wait_for_line("Ctrl-C");
        // Which makes every service's tables.
        wait_until("ready", Duration::from_secs(10), || get(&address, "/readyz").0 == 200);
        Shop { folder, address, redis, running }
    }

    /// Runs `boxoffice` beside the shop, with its data folder and its Redis.
    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = boxoffice(self.folder.path(), arguments);
        command.arg("--manifest").arg(manifest()).args(["--data", "data"]);
        command.env("SPIN_VARIABLE_REDIS_URL", &self.redis);
        command.output().unwrap()
    }

    /// What it prints, if it ends with `code`.
    #[track_caller]
    fn prints(&self, arguments: &[&str], code: i32) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    fn tamper(&self, sql: &str) {
        let database = self.folder.path().join("data/sqlite/default.db");
        let database = rusqlite::Connection::open(database).unwrap();
        database.busy_timeout(Duration::from_secs(5)).unwrap();
        assert_eq!(database.execute(sql, []).unwrap(), 1, "{sql}");
    }

    /// One command to its Redis.
    fn redis(&self, words: &[&str]) -> String {
        let mut redis = redis::Client::open(self.redis.as_str()).unwrap().get_connection().unwrap();
        redis::cmd(words[0]).arg(&words[1..]).query(&mut redis).unwrap()
    }

    fn lay_aside(&self, stream: &str, event: &str) -> String {
        self.redis(&[
            "XADD",
            "dead-letters",
            "*",
            "stream",
            stream,
            "group",
            "orders",
            "entry",
            "1-0",
            "event",
            event,
            "deliveries",
            "8",
            "error",
            "no \u{1b}[31muse",
            "at",
            "2030-03-01T12:00:00Z",
        ])
    }
}

fn manifest() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spin.toml")
}

/// An order that is unknown: its event is applied by doing nothing.
fn expired(event_type: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"01980f3c-0000-7000-8000-000000000001",
        "source":"/boxoffice/expiration","type":"{event_type}",
        "subject":"01980f3c-0000-7000-8000-000000000002","time":"2030-03-01T12:00:00Z",
        "datacontenttype":"application/json",
        "data":{{"orderId":"01980f3c-0000-7000-8000-000000000002",
        "expiresAt":"2030-03-01T12:00:00Z"}}}}"#
    )
}

#[test]
fn an_audit_tells_a_clean_shop_from_a_wrong_one_and_from_none() {
    let mut shop = Shop::open();
    let text = shop.prints(&["audit"], 0);
    assert!(text.starts_with("clean: all "), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&shop.prints(&["audit", "--json"], 0)).unwrap();
    assert_eq!(json, serde_json::json!({ "violations": [] }));

    shop.tamper(LISTING);
    let output = shop.run(&["audit", "--patience", "1"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text, "listing-replica listing=stray: orders does not know this listing\n");
    assert_eq!(stderr(&output), "boxoffice: 1 violation\n");
    let json: serde_json::Value =
        serde_json::from_str(&shop.prints(&["audit", "--json", "--patience", "0"], 1)).unwrap();
    assert_eq!(json["violations"][0]["rule"], "listing-replica");
    assert_eq!(json["violations"][0]["ids"]["listing"], "stray");

    shop.running.signal(Signal::INT);
    assert_eq!(shop.running.code(), Some(0));
    let output = shop.run(&["audit"]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    for part in ["2 problems keep it from looking", "the Redis at", "SPIN_VARIABLE_STRIPE_API_BASE"]
    {
        assert!(text.contains(part), "nothing about {part}: {text}");
    }
    assert!(output.stdout.is_empty());
}

#[test]
fn where_there_is_no_shop_an_audit_says_what_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["audit"][..], &["events", "status"]] {
        let output = run(folder.path(), arguments);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains("redis_url") && text.contains("--manifest"), "{text}");
    }
    let manifest = manifest().display().to_string();
    let mut command = boxoffice(folder.path(), &["audit", "--manifest", &manifest]);
    command.env("SPIN_VARIABLE_STRIPE_API_KEY", "sk_live_secret");
    command.env("SPIN_VARIABLE_STRIPE_API_BASE", format!("http://127.0.0.1:{}", free_port()));
    let redis = format!("redis://:hunter2@127.0.0.1:{}", free_port());
    command.env("SPIN_VARIABLE_REDIS_URL", redis);
    let output = command.output().unwrap();
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    for part in ["3 problems", "there is no database at .boxoffice/sqlite/default.db", "--data"] {
        assert!(text.contains(part), "nothing about {part}: {text}");
    }
    for secret in ["sk_live_secret", "hunter2"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn dead_letters_are_listed_shown_replayed_and_dropped() {
    let shop = Shop::open();
    assert_eq!(shop.prints(&["events", "dead", "list"], 0), "no dead letters\n");
    let poison = shop.lay_aside("expiration:complete", "{ not json");
    let fine = shop.lay_aside("expiration:complete", &expired("expiration:complete"));

    let list = shop.prints(&["events", "dead", "list"], 0);
    for part in [&poison, &fine, "01980f3c-0000-7000-8000-000000000002", "expiration:complete"] {
        assert!(list.contains(part), "nothing about {part}: {list}");
    }
    assert!(!list.contains('\u{1b}'), "a stranger's text must not steer the terminal: {list:?}");
    let json: serde_json::Value =
        serde_json::from_str(&shop.prints(&["events", "dead", "list", "--json"], 0)).unwrap();
    assert_eq!(json[0]["id"], poison);
    assert_eq!(json[1]["error"], "no \u{1b}[31muse");

    let shown = shop.prints(&["events", "dead", "show", &fine], 0);
    assert!(shown.contains("\n  \"type\": \"expiration:complete\""), "{shown}");
    let output = shop.run(&["events", "dead", "show", "1-1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("1-1: this dead letter does not exist"),
        "{}",
        stderr(&output)
    );

    let output = shop.run(&["events", "dead", "replay", "--all"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let replayed = String::from_utf8_lossy(&output.stdout);
    assert!(replayed.starts_with(&format!("replayed {fine}: expiration:complete ")), "{replayed}");
    assert!(stderr(&output).contains(&format!("{poison}: its event is not")), "{replayed}");

    let output = shop.run(&["events", "dead", "drop", "--all"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("--all --yes"), "{}", stderr(&output));
    let dropped = shop.prints(&["events", "dead", "drop", "--all", "--yes"], 0);
    assert_eq!(dropped, format!("dropped {poison}\n"));
    assert_eq!(shop.prints(&["events", "dead", "list"], 0), "no dead letters\n");
    assert!(shop.prints(&["audit"], 0).starts_with("clean"));
}

/// A letter that was given up.
fn given_up(id: &str) -> String {
    format!(
        "INSERT INTO mail_letters (id, key, kind, subject, recipient, version, status, attempts, \
         next_at, last_error, created_at) VALUES ('{id}', '{id}', 'order_confirmed', \
         '01980f3c-0000-7000-8000-000000000002', '01980f3c-0000-7000-8000-000000000003', 3, \
         'given_up', 20, 0, '550 <ada@example.com> is \u{1b}[31munknown', 0)"
    )
}

#[test]
fn letters_are_listed_shown_repeated_and_dropped() {
    let shop = Shop::open();
    assert_eq!(shop.prints(&["mail", "list"], 0), "no letters\n");
    let ids = ["01980f3c-0000-7000-8000-00000000000a", "01980f3c-0000-7000-8000-00000000000b"];
    ids.iter().for_each(|id| shop.tamper(&given_up(id)));

    let list = shop.prints(&["mail", "list"], 0);
    for part in [ids[0], ids[1], "order_confirmed", "given_up", "1970-01-01T00:00:00Z"] {
        assert!(list.contains(part), "nothing about {part}: {list}");
    }
    assert!(!list.contains("ada@example.com"), "an address: {list}");
    assert!(!list.contains('\u{1b}'), "a stranger's text must not steer the terminal: {list:?}");
    assert_eq!(shop.prints(&["mail", "list", "--status", "sent"], 0), "no letters\n");
    let json: serde_json::Value =
        serde_json::from_str(&shop.prints(&["mail", "list", "--json"], 0)).unwrap();
    assert_eq!((&json[0]["id"], &json[0]["attempts"]), (&ids[0].into(), &20.into()));
    let shown = shop.prints(&["mail", "show", ids[1]], 0);
    assert!(shown.contains("error      550 <…> is"), "{shown}");
    let output = shop.run(&["mail", "show", "none"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("this letter does not exist"), "{}", stderr(&output));

    let output = shop.run(&["mail", "drop", "--all"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("--all --yes"), "{}", stderr(&output));
    assert_eq!(shop.prints(&["mail", "drop", ids[1]], 0), format!("dropped: {}\n", ids[1]));
    let output = shop.run(&["mail", "retry", ids[1]]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("it was dropped"), "{}", stderr(&output));
    assert_eq!(shop.prints(&["mail", "retry", "--all"], 0), format!("waits again: {}\n", ids[0]));
    assert_eq!(shop.prints(&["mail", "retry", "--all"], 0), "no letters were given up\n");
}

/// An account's id.
const PERSON: &str = "01980f3c-0000-7000-8000-0000000000aa";

#[test]
fn accounts_are_listed_given_roles_suspended_and_restored() {
    let shop = Shop::open();
    assert_eq!(shop.prints(&["user", "list"], 0), "no accounts\n");
    shop.tamper(&format!(
        "INSERT INTO auth_users (id, email, password_hash, created_at) \
         VALUES ('{PERSON}', 'ada@example.com', '', 0)"
    ));
    let list = shop.prints(&["user", "list"], 0);
    assert!(list.contains(PERSON) && list.contains("1970-01-01T00:00:00Z"), "{list}");
    let address = format!("http://{}", shop.address);
    let user = |arguments: &[&str]| -> String {
        let beside = ["user", "--address", &address, "--operator", "root"];
        shop.prints(&[&beside[..], arguments].concat(), 0)
    };
    let said = |rest: &str| format!("account {PERSON} {rest}\n");
    let grant = ["grant", "Ada@example.com", "operator"];
    assert_eq!(user(&grant), said("has the role from its next sign-in on"));
    assert_eq!(user(&grant), said("has the role already"));
    assert!(user(&["list", "--role", "operator"]).contains(PERSON));
    assert_eq!(
        user(&["revoke", PERSON, "operator"]),
        said("has the role no longer; 0 sessions ended")
    );
    assert_eq!(user(&["list", "--role", "operator"]), "no accounts\n");
    let suspended = user(&["suspend", PERSON, "--reason", "fraud"]);
    assert_eq!(suspended, said("is suspended; 0 sessions ended"));
    assert!(user(&["list", "--suspended"]).contains("ada@example.com"));
    let json: serde_json::Value = serde_json::from_str(&user(&["show", PERSON, "--json"])).unwrap();
    assert_eq!((&json["reason"], &json["roles"]), (&"fraud".into(), &serde_json::json!([])));
    assert_eq!(json["operations"][2]["operator"], "root", "{json:#}");
    assert_eq!(user(&["restore", PERSON]), said("is restored"));
    let shown = user(&["show", "ada@example.com"]);
    assert!(
        shown.contains("suspend by root  fraud") && shown.contains("restore by root"),
        "{shown}"
    );
    assert_eq!(user(&["sign-out", PERSON]), format!("account {PERSON}: 0 sessions ended\n"));

    let refused = |arguments: &[&str], why: &str| {
        let output = shop.run(arguments);
        assert_ne!(output.status.code(), Some(0), "{arguments:?}");
        assert!(stderr(&output).contains(why), "{arguments:?}: {}", stderr(&output));
    };
    let at = ["user", "--address", &address];
    refused(&[&at[..], &["restore", "nobody@example.com"]].concat(), "no account has");
    refused(&[&at[..], &["grant", PERSON, "king"]].concat(), "operator");
    refused(&[&at[..], &["suspend", PERSON]].concat(), "--reason");
    let nowhere = format!("http://127.0.0.1:{}", free_port());
    refused(&["user", "--address", &nowhere, "restore", PERSON], "--address");
}

#[test]
fn the_status_shows_every_stream_group_tick_and_outbox() {
    let shop = Shop::open();
    wait_until("all groups have had a tick", Duration::from_secs(20), || {
        !shop.prints(&["events", "status"], 0).contains("never")
    });
    let text = shop.prints(&["events", "status"], 0);
    for part in ["ticket:created", "expiration:complete", "last tick", "waiting", "dead letters: 0"]
    {
        assert!(text.contains(part), "nothing about {part}: {text}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&shop.prints(&["events", "status", "--json"], 0)).unwrap();
    assert_eq!(json["streams"].as_array().unwrap().len(), EventType::ALL.len());
    let mut due = EventType::ALL[0].groups().to_vec();
    due.sort_unstable();
    let groups = json["streams"][0]["groups"].as_array().unwrap().iter();
    assert_eq!(groups.map(|group| group["name"].clone()).collect::<Vec<_>>(), due);
    let emitters: BTreeSet<&str> = EventType::ALL.into_iter().map(EventType::source).collect();
    assert_eq!(json["outboxes"].as_array().unwrap().len(), emitters.len());
    // Beside a Redis, without any data of the shop's.
    let elsewhere = tempfile::tempdir().unwrap();
    let mut command = boxoffice(elsewhere.path(), &["events", "status", "--json"]);
    let output = command.env("SPIN_VARIABLE_REDIS_URL", &shop.redis).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(json["outboxes"].is_null(), "{json:#}");
}
