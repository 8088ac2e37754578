//! Every statement of this service.

use boxoffice_contract::UserId;
use boxoffice_kernel::Timestamp;
use boxoffice_kernel::db::statements;
use uuid::Uuid;

use crate::letter::{self, End, Kind, Letter, NewLetter};
use crate::{person, server};

#[test]
fn every_statement_is_listed() {
    let now = Timestamp::from_millis(0);
    let id = Uuid::nil();
    let new = || NewLetter::new(Kind::OrderConfirmed, id, 1, None, None);
    let letter = Letter {
        id,
        kind: Kind::OrderConfirmed,
        subject: id,
        recipient: None,
        version: 1,
        attempts: 1,
        expires_at: None,
        reached: None,
        created_at: now,
    };
    let all = [
        NewLetter::storing(&[new()]),
        NewLetter::storing(&[new(), new()]),
        NewLetter::insert_all(&[new()]).unless_known(),
        NewLetter::insert_all(&[new(), new()]).unless_known(),
        letter::any_due(now),
        letter::taking_up(now, 1),
        letter::ending(id, End::Sent, now, ""),
        letter::putting_off(&letter, now, ""),
        letter::giving_back(&letter, now, None),
        letter::reaching(&letter, UserId::nil()),
        letter::waiting(),
        person::letters(UserId::nil(), "", 1),
        person::erasing(UserId::nil()),
        server::reading(),
        server::trying(now),
        server::failing(1, now, ""),
        server::recovering(),
    ];
    statements::check(env!("CARGO_MANIFEST_DIR"), &[], &all);
}
