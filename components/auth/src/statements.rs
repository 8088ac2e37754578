//! Every statement of this service.

use boxoffice_contract::UserId;
use boxoffice_kernel::Timestamp;
use boxoffice_kernel::db::statements;

use crate::account::{self, NewAccount};
use crate::throttle;

#[test]
fn every_statement_is_listed() {
    let (email, now) = (String::new(), Timestamp::from_millis(0));
    let account = NewAccount {
        id: UserId::nil(),
        email: email.clone(),
        password_hash: String::new(),
        created_at: now,
    };
    let all = [
        account.insert(),
        account::of_address(&email),
        throttle::counting(&email, now),
        throttle::window(&email),
        throttle::sweeping(now),
        throttle::forgetting(&email),
    ];
    statements::check(env!("CARGO_MANIFEST_DIR"), &[], &all);
}
