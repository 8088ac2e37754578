//! The mailbox of `up`: the shop's letters end there, and developers read them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use boxoffice_host::Problem;
use boxoffice_mailbox::{Mailbox, Options};

use crate::variables::{Declared, Variables};

/// The variables by which the shop sends letters.
const SMTP_URL: &str = "smtp_url";
const MAIL_FROM: &str = "mail_from";
const SMTP_ALLOWED: &str = "smtp_allowed";
/// Whether the shop shows samples of its letters.
const MAIL_PREVIEW: &str = "mail_preview";
/// Nobody's address (RFC 2606).
const FROM: &str = "Boxoffice <letters@boxoffice.example>";

/// Whether the shop is to send its letters to a mailbox: it can send some, and nothing says where to.
pub(crate) fn is_wanted(declared: &Declared, variables: &Variables) -> bool {
    declared.declares(SMTP_URL) && variables.get(SMTP_URL).is_none_or(String::is_empty)
}

/// Starts a mailbox whose pages are at `asked`; or at `usual`, if that is free.
pub(crate) async fn start(
    asked: Option<SocketAddr>,
    usual: SocketAddr,
) -> Result<Mailbox, Problem> {
    let at = |pages| Mailbox::start(Options { pages, ..Options::default() });
    match asked {
        Some(pages) => at(pages).await.map_err(|error| explain(&error, pages)),
        None => match at(usual).await {
            Ok(mailbox) => Ok(mailbox),
            Err(_) => {
                let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                at(any).await.map_err(|error| explain(&error, any))
            }
        },
    }
}

/// Lets the shop send its letters to `mailbox`.
pub(crate) fn set(variables: &mut Variables, declared: &Declared, mailbox: &Mailbox) {
    let values = [
        (SMTP_URL, mailbox.smtp_url()),
        (MAIL_FROM, FROM.to_owned()),
        (SMTP_ALLOWED, format!("tcp://{}", mailbox.smtp_address())),
        (MAIL_PREVIEW, "true".to_owned()),
    ];
    for (name, value) in values {
        if declared.has(name) {
            variables.insert(name.to_owned(), value);
        }
    }
}

fn explain(error: &anyhow::Error, listen: SocketAddr) -> Problem {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>());
    let what = match io.map(io::Error::kind) {
        Some(io::ErrorKind::AddrInUse) => {
            format!("the mailbox cannot listen at {listen}: the port is in use")
        }
        _ => format!("the mailbox does not start: {error:#}"),
    };
    let remedy = "choose another address of this machine alone with --mailbox-listen".to_owned();
    Problem { what, remedy }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECLARING: &str =
        "[variables]\nsmtp_url = { default = \"\" }\nmail_from = { default = \"\" }\n";

    fn set_to(url: &str) -> Variables {
        Variables::from([(SMTP_URL.to_owned(), url.to_owned())])
    }

    #[test]
    fn letters_go_to_a_mailbox_unless_something_says_where_to() {
        let declared = Declared::parse(DECLARING);
        assert!(is_wanted(&declared, &Variables::new()) && is_wanted(&declared, &set_to("")));
        assert!(!is_wanted(&declared, &set_to("smtps://mail.example.org")));
        let without = Declared::parse("[variables]\nmail_from = { default = \"\" }\n");
        assert!(!is_wanted(&without, &Variables::new()), "this shop sends none");
    }

    #[tokio::test]
    async fn the_shop_may_reach_the_mailbox_alone() {
        let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mailbox = start(None, usual).await.expect("a free port");
        let mut variables = Variables::new();
        set(&mut variables, &Declared::parse(DECLARING), &mailbox);
        assert_eq!(variables[SMTP_URL], format!("smtp://{}", mailbox.smtp_address()));
        assert!(variables.contains_key(MAIL_FROM) && !variables.contains_key(SMTP_ALLOWED));
    }

    #[tokio::test]
    async fn a_port_in_use_is_no_problem_unless_it_was_asked_for() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = taken.local_addr().expect("it listens");
        assert!(start(None, address).await.is_ok());
        let problem = start(Some(address), address).await.expect_err("it is in use");
        assert!(problem.what.contains("in use"), "{}", problem.what);
        let everywhere = SocketAddr::from(([0, 0, 0, 0], 0));
        let problem = start(Some(everywhere), address).await.expect_err("strangers could read");
        assert!(problem.what.contains("this machine alone"), "{}", problem.what);
    }
}
