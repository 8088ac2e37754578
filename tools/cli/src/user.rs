//! `boxoffice user`: what operators do with accounts.

use std::fmt::Write as _;

use boxoffice_contract::users::{Deed, Operated, Operation, Role};
use boxoffice_ops::accounts::{self, Account, Filter, Shown};
use boxoffice_ops::{operations, users};
use clap::ValueEnum;

use crate::failure::Failure;
use crate::print::table;
use crate::shop::Shop;
use crate::{block_on, print};

/// What `boxoffice user` takes.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    shop: Shop,
    /// Where the shop answers [default: the variable public_url].
    #[arg(long, value_name = "URL", global = true)]
    address: Option<String>,
    /// Who does it, for the shop's notes.
    #[arg(long, value_name = "NAME", global = true, env = "USER", default_value = "unknown")]
    operator: String,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the newest accounts, oldest first.
    List {
        /// Only accounts with this role.
        #[arg(long)]
        role: Option<Named>,
        /// Only suspended accounts.
        #[arg(long)]
        suspended: bool,
        /// How many at most.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Show one, with what operators did with it.
    Show {
        /// The account's e-mail address, or its id.
        who: String,
    },
    /// Give an account a role. It counts from the next sign-in on.
    Grant {
        /// The account's e-mail address, or its id.
        who: String,
        /// The role.
        role: Named,
    },
    /// Take a role away, and end all sessions of the account.
    Revoke {
        /// The account's e-mail address, or its id.
        who: String,
        /// The role.
        role: Named,
    },
    /// Keep an account's owner out: end its sessions and holds, and take its listings off sale for good.
    Suspend {
        /// The account's e-mail address, or its id.
        who: String,
        /// Why, for operators alone.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Let the owner of a suspended account in again. Listings stay off sale.
    Restore {
        /// The account's e-mail address, or its id.
        who: String,
        /// Why, for operators alone.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// End all sessions of an account. The shop refuses them a few seconds later at most.
    SignOut {
        /// The account's e-mail address, or its id.
        who: String,
    },
    /// Delete an account for good, whatever is in the way. The shop does it with its next tick.
    Erase {
        /// The account's e-mail address, or its id.
        who: String,
    },
    /// Make a link by which its owner chooses a new password. It works once, for half an hour.
    ResetLink {
        /// The account's e-mail address, or its id.
        who: String,
    },
}

/// A role.
#[derive(Clone, Copy, ValueEnum)]
enum Named {
    /// Refunds any sale, and settles what needs somebody.
    Operator,
}

impl From<Named> for Role {
    fn from(named: Named) -> Self {
        match named {
            Named::Operator => Self::Operator,
        }
    }
}

/// Shows or does it, and says what was done.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let do_it = |who: &str, deed, role: Option<Named>, reason: Option<&String>| {
        let operation = Operation {
            account: who.to_owned(),
            deed,
            role: role.map(Into::into),
            reason: reason.cloned(),
            operator: arguments.operator.clone(),
        };
        operate(arguments, &operation)
    };
    match &arguments.command {
        Command::List { role, suspended, limit } => {
            let role = role.map(|role| Role::from(role).name().to_owned());
            list(arguments, &Filter { role, suspended: *suspended, limit: *limit })
        }
        Command::Show { who } => show(arguments, who),
        Command::Grant { who, role } => do_it(who, Deed::Grant, Some(*role), None),
        Command::Revoke { who, role } => do_it(who, Deed::Revoke, Some(*role), None),
        Command::Suspend { who, reason } => do_it(who, Deed::Suspend, None, Some(reason)),
        Command::Restore { who, reason } => do_it(who, Deed::Restore, None, reason.as_ref()),
        Command::SignOut { who } => do_it(who, Deed::SignOut, None, None),
        Command::Erase { who } => erase(&arguments.shop, who),
        Command::ResetLink { who } => reset_link(&arguments.shop, who),
    }
}

fn list(arguments: &Arguments, filter: &Filter) -> Result<(), Failure> {
    let databases = arguments.shop.all_databases()?;
    let found = block_on(async { Ok(accounts::list(&databases, filter).await?) })?;
    if arguments.json { print::json(&found) } else { print::text(&lines(&found)) }
}

fn lines(accounts: &[Account]) -> String {
    if accounts.is_empty() {
        return "no accounts\n".to_owned();
    }
    let row = |account: &Account| {
        let suspended = account.suspended_at.clone().unwrap_or_else(|| "-".to_owned());
        [
            account.id.clone(),
            account.email.clone(),
            if account.email_verified { "yes" } else { "no" }.to_owned(),
            account.roles.join(" "),
            account.created_at.clone(),
            suspended,
        ]
    };
    let header = ["id", "address", "verified", "roles", "since", "suspended"];
    table(header, &[], accounts.iter().map(row))
}

fn show(arguments: &Arguments, who: &str) -> Result<(), Failure> {
    let databases = arguments.shop.all_databases()?;
    let shown = block_on(async { Ok(accounts::show(&databases, who).await?) })?;
    if arguments.json { print::json(&shown) } else { print::text(&full(&shown)) }
}

fn full(Shown { account, sessions, operations }: &Shown) -> String {
    let verified = if account.email_verified { "yes" } else { "no" };
    let sessions = sessions.to_string();
    let roles = account.roles.join(" ");
    let facts = [
        ("id", Some(&account.id)),
        ("address", Some(&account.email)),
        ("roles", (!roles.is_empty()).then_some(&roles)),
        ("since", Some(&account.created_at)),
        ("sessions", Some(&sessions)),
        ("suspended", account.suspended_at.as_ref()),
        ("reason", account.reason.as_ref()),
    ];
    let mut text = format!("verified   {verified}\n");
    for (name, value) in facts {
        if let Some(value) = value {
            let _ = writeln!(text, "{name:<9}  {value}");
        }
    }
    for done in operations {
        let (role, reason) = (done.role.as_deref(), done.reason.as_deref());
        let besides: Vec<&str> = [role, reason].into_iter().flatten().collect();
        let (at, deed, operator) = (&done.at, &done.deed, &done.operator);
        let _ = writeln!(text, "{at}  {deed} by {operator}  {}", besides.join("  "));
    }
    text
}

fn operate(arguments: &Arguments, operation: &Operation) -> Result<(), Failure> {
    let (keys, url) = arguments.shop.event_keys()?;
    let url = arguments.address.clone().unwrap_or(url);
    let done = block_on(async { Ok(operations::operate(&url, &keys, operation).await?) })?;
    if arguments.json { print::json(&done) } else { print::text(&sentence(operation.deed, &done)) }
}

/// Says what was done.
fn sentence(deed: Deed, done: &Operated) -> String {
    let Operated { account_id, changed, sessions } = done;
    let what = match (deed, changed) {
        (Deed::Grant, true) => "has the role from its next sign-in on".to_owned(),
        (Deed::Grant, false) => "has the role already".to_owned(),
        (Deed::Revoke, true) => format!("has the role no longer; {sessions} sessions ended"),
        (Deed::Revoke, false) => "did not have the role".to_owned(),
        (Deed::Suspend, true) => format!("is suspended; {sessions} sessions ended"),
        (Deed::Suspend, false) => "was suspended already".to_owned(),
        (Deed::Restore, true) => "is restored".to_owned(),
        (Deed::Restore, false) => "was not suspended".to_owned(),
        (Deed::SignOut, _) => format!("{sessions} sessions ended"),
    };
    match deed {
        Deed::SignOut => format!("account {account_id}: {what}\n"),
        _ => format!("account {account_id} {what}\n"),
    }
}

fn erase(shop: &Shop, who: &str) -> Result<(), Failure> {
    let databases = shop.all_databases()?;
    let account = block_on(async { Ok(boxoffice_ops::erase::erase(&databases, who).await?) })?;
    print::text(&format!("account {account}: deleted with the next tick\n"))
}

fn reset_link(shop: &Shop, who: &str) -> Result<(), Failure> {
    let databases = shop.all_databases()?;
    let (key, url) = shop.signing_key()?;
    let made = block_on(async { Ok(users::reset_link(&databases, &key, &url, who).await?) })?;
    let (account, link, until) = (made.account, made.link, made.until);
    print::text(&format!(
        "{link}\nGive it to the owner of account {account} alone. It works once, until {until}.\n"
    ))
}
