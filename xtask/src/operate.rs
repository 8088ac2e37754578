//! `cargo xtask audit`, `events` and `migrate`: builds the host, then becomes `boxoffice` with that
//! command, for the shop that `cargo xtask up` runs.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::build;
use crate::failure::Failure;
use crate::workspace::{Workspace, forget_cargo_run};

/// What these commands take: all of it goes on to `boxoffice`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The arguments of `boxoffice`; `--help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    rest: Vec<OsString>,
}

/// Builds, then replaces this process by `boxoffice COMMAND`. Returns only if that fails.
pub(crate) fn run(command: &str, arguments: &Arguments) -> Result<(), Failure> {
    let workspace = Workspace::find()?;
    let binary = build::host(&workspace)?;
    let mut boxoffice = Command::new(&binary);
    boxoffice.arg(command).args(&arguments.rest);
    for (option, place) in
        [("--manifest", workspace.manifest()), ("--data", workspace.root().join(".boxoffice"))]
    {
        if !is_given(&arguments.rest, option) {
            boxoffice.arg(option).arg(place);
        }
    }
    forget_cargo_run(&mut boxoffice);
    let error = boxoffice.exec();
    Err(Failure::Failed(format!("{} did not start: {error}", binary.display())))
}

fn is_given(arguments: &[OsString], option: &str) -> bool {
    arguments.iter().filter_map(|argument| argument.to_str()).any(|argument| {
        argument.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_not_given_twice() {
        let given = |argument: &str| is_given(&[OsString::from(argument)], "--data");
        assert!(given("--data") && given("--data=elsewhere"));
        assert!(!given("--database") && !given("data"));
    }
}
