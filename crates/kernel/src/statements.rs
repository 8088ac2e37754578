//! Every statement that services share, but for those of `db` itself. `{s}` stands for the service's
//! name, as in migrations.

use boxoffice_contract::events::UserDeleted;
use boxoffice_contract::events::{Expiration, kind};
use boxoffice_contract::{OrderId, UserId};
use uuid::Uuid;

use crate::command::{self, Reply};
use crate::cx::Cx;
use crate::db::{Query, statements};
use crate::events::entry::{EntryId, Published};
use crate::events::{Event, publish, reconcile, worker};
use crate::idempotency::{Idempotency, Key};
use crate::limit::{self, Limit};
use crate::{Service, Timestamp, erasure, health, outbox};

static SERVICE: Service = Service { name: "{s}", db_url: "", migrations: &[] };
/// What knows no service.
const WITHOUT: [&str; 2] = ["src/db/", "src/schema.rs"];

#[test]
fn every_statement_is_listed() {
    statements::check(env!("CARGO_MANIFEST_DIR"), &WITHOUT, &all().unwrap_or_default());
}

fn all() -> anyhow::Result<Vec<Query>> {
    let now = Timestamp::from_millis(0);
    let data = Expiration { order_id: OrderId::nil(), expires_at: now };
    let event = Event::new(kind::ExpirationComplete, &data)?;
    let key = || Key { key: String::new(), fingerprint: String::new() };
    let idempotency = Idempotency(Some(key()));
    let deleted = UserDeleted { id: UserId::nil(), version: 1, deleted_at: now };
    let published = Published { id: Uuid::nil().to_string(), entry: EntryId::ZERO };
    let many = [published.clone(), published];
    let mut all = vec![
        health::nothing(&SERVICE),
        command::find(&SERVICE, "", &key()),
        publish::left_behind(&SERVICE, now),
        reconcile::published_after(&SERVICE, event.event_type, EntryId::ZERO),
        reconcile::first_published(&SERVICE, event.event_type),
        worker::forget_answers(&SERVICE),
        erasure::noting(&SERVICE, &deleted, now),
        erasure::known(&SERVICE, UserId::nil()),
        erasure::due(&SERVICE, now),
        erasure::taking_up(&SERVICE, now),
        erasure::forgetting_answers(&SERVICE, UserId::nil()),
    ];
    static HOURLY: Limit = Limit { name: "", allowed: 1, seconds: 1 };
    let counter = HOURLY.of("");
    all.extend([
        limit::counting(&SERVICE, std::slice::from_ref(&counter), now),
        limit::counting(&SERVICE, &[counter.clone(), counter.clone()], now),
        limit::window(&SERVICE, &counter),
        limit::releasing(&SERVICE, std::slice::from_ref(&counter)),
        limit::releasing(&SERVICE, &[counter.clone(), counter.clone()]),
        limit::sweeping(&SERVICE, now),
    ]);
    let answer = command::remembered(Cx::NONE, &SERVICE, &idempotency, &Reply::no_content())?;
    all.extend(answer);
    all.extend(outbox::store(&SERVICE, std::slice::from_ref(&event))?);
    all.extend(outbox::store(&SERVICE, &[event.clone(), event])?);
    for events in [&many[..1], &many] {
        all.extend(reconcile::became(&SERVICE, events));
        all.extend(reconcile::forget(&SERVICE, events.iter()));
        all.extend(reconcile::unpublish(&SERVICE, events.iter()));
    }
    Ok(all)
}
