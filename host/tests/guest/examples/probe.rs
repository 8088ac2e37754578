//! The dependency: tries what it is asked to and tells how that went.

mod wit {
    #![allow(missing_docs, unreachable_pub, unsafe_code, clippy::all, reason = "generated")]
    wit_bindgen::generate!({ world: "provider", path: "wit" });
    use super::Probe;
    export!(Probe);
}

struct Probe;

impl wit::exports::test::guest::probe::Guest for Probe {
    fn greet(name: String) -> String {
        format!("hello {name}")
    }

    fn environment() -> Vec<(String, String)> {
        std::env::vars().collect()
    }

    async fn variable(name: String) -> Result<String, String> {
        spin_sdk::variables::get(name).await.map_err(|error| error.to_string())
    }

    async fn redis(address: String) -> Result<(), String> {
        let opened = spin_sdk::redis::Connection::open(address).await;
        opened.map(|_| ()).map_err(|error| error.to_string())
    }
}
