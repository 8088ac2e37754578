//! The whole of `boxoffice up`, with the real components (`cargo xtask build`) and a real Redis.

use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::process::{Started, boxoffice, free_port, get, wait_until};

/// A developer's copy of the shop in a folder of its own.
struct Copy {
    data: TempDir,
    shop: String,
    redis: String,
}

impl Copy {
    fn new() -> Copy {
        Copy {
            data: tempfile::tempdir().unwrap(),
            shop: format!("127.0.0.1:{}", free_port()),
            redis: format!("127.0.0.1:{}", free_port()),
        }
    }

    /// Starts it, and returns with the line that tells of Redis.
    fn start(&self, shop: &str) -> (Started, String) {
        self.start_until(shop, "  events ")
    }

    /// Starts it, and returns with the line that it says with `text` in it.
    fn start_until(&self, shop: &str, text: &str) -> (Started, String) {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spin.toml");
        let arguments = ["up", "--listen", shop, "--sandbox-listen", "127.0.0.1:0", "--manifest"];
        let mut command = boxoffice(self.data.path(), &arguments);
        command.arg(manifest).arg("--data").arg(self.data.path());
        command.env("SPIN_VARIABLE_REDIS_URL", format!("redis://{}", self.redis));
        let mut started = Started::new(&mut command);
        let line = started.wait_for_line(text);
        (started, line)
    }

    fn has_demo_data(&self, shop: &str) {
        let listings = || {
            let (status, body) = get(shop, "/api/tickets?limit=100");
            assert_eq!(status, 200, "{body}");
            body.matches("\"title\"").count()
        };
        wait_until("24 listings", Duration::from_secs(20), || listings() == 24);
    }

    fn redis_answers(&self) -> bool {
        TcpStream::connect(&self.redis).is_ok()
    }
}

#[test]
fn it_serves_the_demo_data_and_stops_in_time() {
    let copy = Copy::new();
    let (mut shop, events) = copy.start(&copy.shop);
    assert!(events.contains("started for this shop"), "{events}");
    wait_until("ready", Duration::from_secs(10), || get(&copy.shop, "/readyz").0 == 200);
    copy.has_demo_data(&copy.shop);

    shop.signal(Signal::INT);
    assert_eq!(shop.code(), Some(0));
    assert!(!copy.redis_answers(), "its Redis stops with it");
}

#[test]
fn killed_and_started_again_it_goes_on_where_it_was() {
    let copy = Copy::new();
    let (mut shop, _) = copy.start(&copy.shop);
    wait_until("some listings", Duration::from_secs(20), || {
        get(&copy.shop, "/api/tickets").1.contains("\"title\"")
    });
    shop.signal(Signal::KILL);
    assert_eq!(shop.code(), None);
    wait_until("the kernel ends its Redis", Duration::from_secs(2), || !copy.redis_answers());

    let (_shop, _) = copy.start(&copy.shop);
    copy.has_demo_data(&copy.shop);
}

#[test]
fn two_copies_on_one_folder_share_its_redis_and_its_data() {
    let copy = Copy::new();
    let other = format!("127.0.0.1:{}", free_port());
    let (_first, _) = copy.start(&copy.shop);
    let (_second, events) = copy.start(&other);
    assert!(events.contains("which was already running"), "{events}");
    copy.has_demo_data(&other);
    copy.has_demo_data(&copy.shop);
}

#[test]
fn letters_end_in_a_mailbox() {
    let copy = Copy::new();
    let (_shop, line) = copy.start_until(&copy.shop, "  mail ");
    let (_, rest) = line.split_once("http://").unwrap();
    let mailbox = rest.split_whitespace().next().unwrap();
    assert_eq!(get(mailbox, "/").0, 200, "{line}");
    let reaches_it = || {
        let (status, health) = get(&copy.shop, "/api/mail/readyz");
        status == 200 && health.contains("\"smtp\"") && !health.contains("nothing is mailed")
    };
    wait_until("the shop knows where letters go", Duration::from_secs(10), reaches_it);
}
