//! Runs the shop, and builds and starts it anew when its sources change: `cargo xtask up --watch`
//! calls it, having built everything once.
//!
//! | file | does |
//! |---|---|
//! | [`changes`] | tells that sources changed, once they have come to rest |
//! | [`child`] | the shop or a build: started, awaited, stopped with all that it started |
//! | [`outputs`] | tells whether a build made anything new |
//!
//! The shop gets the variable `reload`, another at each start: open pages ask for it, and load
//! themselves anew when it changes (`web/assets/reload.js`).
//!
//! Exit codes: 0 stopped as asked, 1 something failed.

mod changes;
mod child;
mod outputs;

use std::ffi::OsString;
use std::future::Future;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::changes::Changes;
use crate::child::Child;
use crate::outputs::Outputs;

/// Runs the shop, and builds and starts it again when its sources change.
#[derive(Parser)]
struct Arguments {
    /// The repository.
    #[arg(long, value_name = "FOLDER")]
    root: PathBuf,
    /// The xtask program; its `build --shop` builds the shop.
    #[arg(long, value_name = "PROGRAM")]
    xtask: PathBuf,
    /// The shop's program and its arguments.
    #[arg(last = true, required = true, value_name = "SHOP")]
    shop: Vec<OsString>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("watch: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What goes on at one time.
struct Watch {
    arguments: Arguments,
    shop: Option<Child>,
    build: Option<Child>,
    /// What the running shop was made from.
    outputs: Outputs,
    /// Whether something changed since the last build began.
    is_stale: bool,
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut stop = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut changes = Changes::of(&arguments.root)?;
    let outputs = Outputs::of(&arguments.root);
    let mut watch = Watch { arguments, shop: None, build: None, outputs, is_stale: false };
    watch.start_shop()?;
    loop {
        tokio::select! {
            () = asked(&mut stop) => break,
            () = changes.next() => watch.is_stale = true,
            ended = ended(&mut watch.build) => watch.built(ended).await?,
            ended = ended(&mut watch.shop) => {
                say(&format!("the shop ended ({ended}); the next change starts it again"));
                watch.shop = None;
            }
        }
        watch.build_if_stale()?;
    }
    tokio::select! {
        () = watch.stop() => {}
        // Whoever asks twice does not want to wait: what still runs is killed as we drop it.
        () = asked(&mut stop) => {}
    }
    Ok(())
}

async fn asked((interrupt, terminate): &mut (Signal, Signal)) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// How `child` ended; never, if there is none.
async fn ended(child: &mut Option<Child>) -> child::Ended {
    match child {
        Some(child) => child.ended().await,
        None => std::future::pending().await,
    }
}

impl Watch {
    fn start_shop(&mut self) -> anyhow::Result<()> {
        let mut command = Command::new(&self.arguments.shop[0]);
        command.args(&self.arguments.shop[1..]);
        command.env("SPIN_VARIABLE_RELOAD", this_moment());
        self.shop = Some(Child::start(command)?);
        Ok(())
    }

    fn build_if_stale(&mut self) -> anyhow::Result<()> {
        if !self.is_stale || self.build.is_some() {
            return Ok(());
        }
        self.is_stale = false;
        say("sources changed");
        let mut command = Command::new(&self.arguments.xtask);
        command.args(["build", "--shop"]).current_dir(&self.arguments.root);
        self.build = Some(Child::start(command)?);
        Ok(())
    }

    /// After a build: a new shop if there is one to run. One that failed changes nothing.
    async fn built(&mut self, ended: child::Ended) -> anyhow::Result<()> {
        self.build = None;
        if !ended.is_success() {
            say("the build failed (see above): the shop keeps running as before");
            return Ok(());
        }
        let outputs = Outputs::of(&self.arguments.root);
        if outputs == self.outputs && self.shop.is_some() {
            say("no program of the shop changed");
            return Ok(());
        }
        say("starting the new shop");
        self.outputs = outputs;
        stop(self.shop.take()).await;
        self.start_shop()
    }

    fn stop(&mut self) -> impl Future<Output = ()> + use<> {
        let (build, shop) = (self.build.take(), self.shop.take());
        async {
            stop(build).await;
            stop(shop).await;
        }
    }
}

async fn stop(child: Option<Child>) {
    if let Some(child) = child {
        child.stop().await;
    }
}

/// Nanoseconds since 1970: no two starts are at one moment.
fn this_moment() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_nanos().to_string()
}

fn say(step: &str) {
    println!("==> {step}");
}
