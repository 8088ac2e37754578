//! `cargo xtask chaos`: the chaos suite with seeds of one's choice.

use crate::failure::Failure;
use crate::workspace::Workspace;
use crate::{build, install, say};

/// What `cargo xtask chaos` takes. Without any of it, it tries the seeds that `test` does.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The first seed to try.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How many seeds to try, one after the other [default: 1 with --seed].
    #[arg(long, value_name = "COUNT")]
    runs: Option<u64>,
}

/// Builds what is out of date and runs the suite. An error if a seed failed.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let workspace = Workspace::find()?;
    install::targets(&workspace)?;
    install::tools(&workspace)?;
    install::redis_server()?;
    build::components(&workspace, &[workspace.manifest()])?;
    say("chaos");
    let mut suite = workspace.cargo();
    suite.args(["test", "--workspace", "--test", "chaos"]);
    if let Some(seed) = arguments.seed {
        suite.env("CHAOS_SEED", seed.to_string());
    }
    if let Some(runs) = arguments.runs {
        suite.env("CHAOS_RUNS", runs.to_string());
    }
    build::finish(&mut suite, "the chaos suite failed (see above for the seed that repeats it)")
}
