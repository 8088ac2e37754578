//! Every statement of this service.

use boxoffice_contract::{SessionId, UserId};
use boxoffice_kernel::Timestamp;
use boxoffice_kernel::db::statements;

use crate::account::{self, NewAccount};
use crate::session::{self, Ended, NewSession};
use crate::{ended, letters, visitor};

#[test]
fn every_statement_is_listed() {
    let (email, now) = (String::new(), Timestamp::from_millis(0));
    let account = NewAccount {
        id: UserId::nil(),
        email: email.clone(),
        password_hash: String::new(),
        created_at: now,
    };
    let (id, session) = (UserId::nil(), SessionId::nil());
    let begun = NewSession {
        id: session,
        account_id: id,
        device: String::new(),
        client: None,
        created_at: now,
        expires_at: now,
    };
    let one = || Ended { id: session, expires_at: now };
    let all = [
        account.insert(),
        account::of_address(&email),
        begun.insert(),
        session::of_account(id, now),
        session::known(session, id),
        session::ending(session, id, now),
        session::ending_all(id, None, now),
        session::signing_out(id, now),
        session::sweeping(now),
        visitor::standing(id, None),
        letters::address_of(id),
        ended::untold_sessions(now),
        ended::untold_accounts(),
        ended::told_sessions(&[one()], now),
        ended::told_sessions(&[one(), one()], now),
        ended::told_account(id, now, now),
        ended::forgetting_sessions(now),
        ended::forgetting_accounts(),
    ];
    statements::check(env!("CARGO_MANIFEST_DIR"), &[], &all);
}
