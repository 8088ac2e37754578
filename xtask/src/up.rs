//! `cargo xtask up`: builds what is out of date, then becomes `boxoffice up`; with `--watch`, what
//! runs that and starts it anew when sources change (`xtask/watch`).

use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
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
    /// Build and start the shop again when its sources change; open pages reload.
    #[arg(long)]
    watch: bool,
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
    let host = build::shop(&workspace)?;
    let mut command = if arguments.watch { watch(&workspace, &host)? } else { Command::new(&host) };
    command.arg("up").arg("--manifest").arg(workspace.manifest()).arg("--data").arg(data);
    pass_on(&arguments, &mut command);
    forget_cargo_run(&mut command);
    let error = command.exec();
    let program = command.get_program().to_string_lossy();
    Err(Failure::Failed(format!("{program} did not start: {error}")))
}

/// What watches; the host's own arguments come after its.
fn watch(workspace: &Workspace, host: &Path) -> Result<Command, Failure> {
    say("watcher: boxoffice-watch");
    let xtask = std::env::current_exe()
        .map_err(|error| Failure::Failed(format!("xtask cannot find its own program: {error}")))?;
    let mut watch = Command::new(build::program(workspace, "boxoffice-watch")?);
    watch.arg("--root").arg(workspace.root()).arg("--xtask").arg(xtask).arg("--").arg(host);
    Ok(watch)
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
