//! `boxoffice keys`: makes development keys, for a shop that is run with Spin.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use boxoffice_dev::keys;

use crate::failure::Failure;
use crate::places::base_url;

/// What `boxoffice keys` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The folder that keeps the keys.
    #[arg(long, default_value = ".boxoffice", value_name = "FOLDER")]
    data: PathBuf,
}

/// Where the payment sandbox listens unless it is told otherwise: beside `spin up`'s port.
pub(crate) const SANDBOX: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 3001);

/// Makes the keys, unless the folder has some, and says how to use them.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let keys = keys::ensure(&arguments.data, &base_url(SANDBOX))?;
    let path = keys.path.display();
    let done = if keys.made { "made" } else { "kept" };
    println!(
        "{done}: {path}\n\n\
         The shop on Spin:     spin build && spin up --variable @{path}\n\
         The payment sandbox:  boxoffice sandbox --ledger {}\n\
         Redis:                set by the variable redis_url, by default redis://127.0.0.1:6379",
        arguments.data.join("sandbox.db").display()
    );
    Ok(())
}
