//! Every statement of this service.

use boxoffice_contract::mail::{Category, Trouble};
use boxoffice_contract::{LetterId, UserId};
use boxoffice_kernel::Timestamp;
use boxoffice_kernel::db::statements;
use uuid::Uuid;

use crate::letter::{self, End, Kind, Letter, NewLetter};
use crate::{bounces, person, refused, server, suppressed};

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
        letter::sending(id, now, "", letter::Reader::default()),
        letter::putting_off(&letter, now, ""),
        letter::giving_back(&letter, now, None),
        letter::reaching(&letter, UserId::nil()),
        letter::waiting(),
        person::letters(UserId::nil(), "", 1),
        person::erasing(UserId::nil()),
        refused::refusing(UserId::nil(), Category::Sales),
        refused::wanting(UserId::nil(), Category::Sales),
        refused::of_account(UserId::nil()),
        refused::told(UserId::nil(), "", 1),
        refused::forgetting(UserId::nil()),
        suppressed::suppressing(String::new(), Trouble::Bounce, None, LetterId::nil()),
        suppressed::of_address(&[String::new()]),
        suppressed::of_address(&[String::new(), String::new()]),
        suppressed::against(Category::Sales, UserId::nil(), &[]),
        suppressed::against(Category::Sales, UserId::nil(), &[String::new()]),
        suppressed::against(Category::Sales, UserId::nil(), &[String::new(), String::new()]),
        suppressed::forgetting(UserId::nil()),
        bounces::of_letter(LetterId::nil()),
        server::reading(),
        server::trying(now),
        server::failing(1, now, ""),
        server::recovering(),
    ];
    statements::check(env!("CARGO_MANIFEST_DIR"), &[], &all);
}
