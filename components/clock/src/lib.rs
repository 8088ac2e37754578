//! The clock: on its cron trigger, publishes `clock:tick` on Redis, and nothing else.
//!
//! Spin's cron trigger is a plugin built on an older Spin: this component may only import WASI 0.2
//! and `fermyon:spin@2.0.0`, and its handler is synchronous. Hence no SDK here. The plugin drops a
//! handler's error without a word, so it is logged here; that ticks are missing shows in `/readyz`.

mod wit {
    #![allow(missing_docs, unreachable_pub, unsafe_code, clippy::all, reason = "generated")]
    wit_bindgen::generate!({
        inline: "
            package boxoffice:clock;
            world clock {
                include fermyon:spin-cron/spin-cron@2.0.0;
                import fermyon:spin/redis@2.0.0;
                import fermyon:spin/variables@2.0.0;
            }
        ",
        path: ["../../wit/deps/fermyon-spin-cron", "../../wit/deps/fermyon-spin"],
        world: "boxoffice:clock/clock",
        generate_all,
    });
    use super::Clock;
    export!(Clock);
}

use wit::fermyon::spin::redis::Connection;
use wit::fermyon::spin::variables;
use wit::{Error, Guest, Metadata};

/// The channel, and the type of the CloudEvent on it.
const TICK: &str = "clock:tick";

struct Clock;

impl Guest for Clock {
    fn handle_cron_event(metadata: Metadata) -> Result<(), Error> {
        publish(metadata.timestamp).map_err(|problem| {
            eprintln!("level=error while=\"publishing {TICK}\" error={problem:?}");
            Error::Other(problem)
        })
    }
}

fn publish(seconds: u64) -> Result<(), String> {
    let url = variables::get("redis_url").map_err(|error| format!("redis_url: {error}"))?;
    let redis = Connection::open(&url).map_err(|error| format!("connecting to Redis: {error}"))?;
    redis.publish(TICK, tick(seconds).as_bytes()).map_err(|error| error.to_string())
}

/// The tick of `seconds` since 1970, as CloudEvents 1.0 JSON. It has no data: workers ask their own
/// clock.
fn tick(seconds: u64) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"tick-{seconds}","source":"/boxoffice/clock","type":"{TICK}"}}"#
    )
}
