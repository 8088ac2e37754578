//! `cargo xtask up`: builds what is out of date, then becomes `boxoffice up`.

use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use clap::ValueEnum;

use crate::failure::Failure;
use crate::workspace::{Workspace, forget_cargo_run};
use crate::{build, install, say};

/// What `cargo xtask up` takes; all of it goes on to `boxoffice up`, which has the defaults.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where the shop listens [default: 127.0.0.1:3000].
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Where the payment sandbox listens [default: the shop's port + 1].
    #[arg(long, value_name = "ADDRESS:PORT")]
    sandbox_listen: Option<SocketAddr>,
    /// The folder that keeps keys, databases and Redis's data [default: .boxoffice in the
    /// repository].
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Start with an empty shop.
    #[arg(long)]
    no_demo: bool,
    /// The form of the log on stderr [default: text].
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

/// Builds, then replaces this process by the shop's. Returns only if that fails.
pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let workspace = Workspace::find()?;
    let data = arguments.data.clone().unwrap_or_else(|| workspace.root().join(".boxoffice"));
    install::targets(&workspace)?;
    install::redis_for_up(&data)?;
    build::components(&workspace, &[workspace.manifest()])?;
    say("host: boxoffice");
    let binary = build::host(&workspace)?;
    let mut shop = Command::new(&binary);
    shop.arg("up").arg("--manifest").arg(workspace.manifest()).arg("--data").arg(data);
    pass_on(&arguments, &mut shop);
    forget_cargo_run(&mut shop);
    let error = shop.exec();
    Err(Failure::Failed(format!("{} did not start: {error}", binary.display())))
}

fn pass_on(arguments: &Arguments, shop: &mut Command) {
    if let Some(listen) = arguments.listen {
        shop.arg("--listen").arg(listen.to_string());
    }
    if let Some(listen) = arguments.sandbox_listen {
        shop.arg("--sandbox-listen").arg(listen.to_string());
    }
    if arguments.no_demo {
        shop.arg("--no-demo");
    }
    match arguments.log_format {
        Some(LogFormat::Text) => drop(shop.args(["--log-format", "text"])),
        Some(LogFormat::Json) => drop(shop.args(["--log-format", "json"])),
        None => {}
    }
}
