//! `boxoffice user`: what operators do with accounts.

use boxoffice_ops::users;

use crate::failure::Failure;
use crate::shop::Shop;
use crate::{block_on, print};

/// What `boxoffice user` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    shop: Shop,
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// End all sessions of an account. The shop refuses them after its next tick.
    SignOut {
        /// The account's e-mail address, or its id.
        who: String,
    },
    /// Make a link by which its owner chooses a new password. It works once, for half an hour.
    ResetLink {
        /// The account's e-mail address, or its id.
        who: String,
    },
}

/// Does it, and says what was done.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let databases = arguments.shop.all_databases()?;
    match &arguments.command {
        Command::SignOut { who } => {
            let ended = block_on(async { Ok(users::sign_out(&databases, who).await?) })?;
            let (account, sessions) = (ended.account, ended.sessions);
            print::text(&format!("account {account}: {sessions} sessions ended\n"))
        }
        Command::ResetLink { who } => {
            let (key, url) = arguments.shop.signing_key()?;
            let made =
                block_on(async { Ok(users::reset_link(&databases, &key, &url, who).await?) })?;
            let (account, link, until) = (made.account, made.link, made.until);
            print::text(&format!(
                "{link}\nGive it to the owner of account {account} alone. It works once, until {until}.\n"
            ))
        }
    }
}
