//! `/api/users/export`: a file with everything that the shop knows of an account.
//!
//! `auth-worker` makes it page by page, on ticks: it asks each service, then its own tables. Each page is
//! committed with how far the file is, so a crash costs no more than the page that was asked for.

use std::time::Duration;

use anyhow::{Context, anyhow};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use boxoffice_contract::mail::AccountLetter;
use boxoffice_contract::people::{
    AskPerson, EXPORT_FORMAT, ExportStatus, KNOWERS, NewestExport, PersonFile, PersonPage,
    PersonPart,
};
use boxoffice_contract::{ExportId, LetterId, UserId, people as api};
use boxoffice_kernel::command::Idempotency;
use boxoffice_kernel::db::{self, FromValue, Query, Read, Reader, Value};
use boxoffice_kernel::http::Id;
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::peer::{Call, Peer};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Cx, Timestamp, Unit, limit, query, row, unit};
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use crate::refusal::Refusal;
use crate::visitor::VisitorCx;
use crate::{SERVICE, person, proof, throttle};

/// How long a file is kept, in seconds: a week.
const KEPT: i64 = 7 * 24 * 60 * 60;
/// How long a worker has for a page, in seconds. Then another may take the file up.
const LEASE: i64 = 60;
/// How long a service may take for a page.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pauses after each failure, in seconds; the last one repeats.
const PAUSES: [i64; 6] = [10, 30, 60, 300, 900, 3_600];
/// After so many failures of one page the file is given up: after about half a day.
const MAX_TRIES: i64 = 16;
/// How many files that have ended one batch of a tick removes.
pub(crate) const SWEPT: usize = 50;

/// The services that are asked, in the order of [`KNOWERS`].
const PEERS: [Peer; KNOWERS.len()] = [
    Peer { name: "tickets", base_url: "tickets_base_url" },
    Peer { name: "orders", base_url: "orders_base_url" },
    Peer { name: "payments", base_url: "payments_base_url" },
    Peer { name: "admissions", base_url: "admissions_base_url" },
    Peer { name: "mail", base_url: "mail_base_url" },
];

/// A status as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Status(ExportStatus);

impl FromValue for Status {
    fn from_value(value: &Value) -> std::result::Result<Self, String> {
        let name = String::from_value(value)?;
        let status = ExportStatus::from_name(&name);
        status.map(Self).ok_or_else(|| format!("{name:?} is not a status of an export"))
    }
}

row! {
    /// A file, as its owner sees it.
    struct Found {
        id: ExportId,
        status: Status,
        created_at: Timestamp,
        expires_at: Timestamp,
    }
}

row! {
    /// A file that a worker has taken up.
    pub(crate) struct Making {
        pub(crate) id: ExportId,
        pub(crate) account_id: UserId,
        pub(crate) stage: i64,
        pub(crate) reached: Option<String>,
        pub(crate) parts: i64,
        /// This one included.
        pub(crate) tries: i64,
    }
}

impl Found {
    fn body(self) -> api::Export {
        let Self { id, status: Status(status), created_at, expires_at } = self;
        api::Export { id, status, created_at, expires_at }
    }
}

pub(crate) fn route() -> Router {
    Router::new()
        .route("/api/users/export", post(ask).get(newest))
        .route("/api/users/export/{id}", get(download))
}

/// Ask for your data
///
/// A file with everything that the shop knows of you. It is made in the background. A letter tells when it can
/// be downloaded, and it is removed a week later. At most one a day. A repeat while it is made changes nothing.
#[utoipa::path(
    post, path = "/api/users/export", tag = "users", operation_id = "ask_for_export",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request")),
    responses(
        (status = 202, description = "The file is being made", body = api::Export),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "The last file is less than a day old; Retry-After says how long to wait", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
// A repeat finds the file that is being made: the key is checked and not needed.
pub(crate) async fn ask(cx: VisitorCx, _: Idempotency) -> Result<Response> {
    let account = cx.account.id;
    let found = find_newest(account).await?;
    if let Some(making) = found.filter(|export| export.status == ExportStatus::Making) {
        return Ok((StatusCode::ACCEPTED, Json(making)).into_response());
    }
    throttle::count_export(&cx, account).await?;
    let now = Timestamp::now();
    let export = api::Export {
        id: ExportId::new(),
        status: ExportStatus::Making,
        created_at: now,
        expires_at: now.plus_seconds(KEPT),
    };
    unit::change::<()>(&cx, &SERVICE, beginning(&export, account)).await?;
    log::security(&cx.with("export", export.id), Security::ExportAsked, Some(account));
    Ok((StatusCode::ACCEPTED, Json(export)).into_response())
}

/// See how far your data are
///
/// The file that you asked for last, until it is removed.
#[utoipa::path(
    get, path = "/api/users/export", tag = "users", operation_id = "show_export",
    responses(
        (status = 200, description = "The file, or null", body = NewestExport),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn newest(cx: VisitorCx) -> Result<Json<NewestExport>> {
    Ok(Json(NewestExport { export: find_newest(cx.account.id).await? }))
}

/// Download your data
///
/// Everything that the shop knew of you when the file was made, in JSON.
#[utoipa::path(
    get, path = "/api/users/export/{id}", tag = "users", operation_id = "download_export",
    params(("id" = Uuid, Path, description = "The export")),
    responses(
        (status = 200, description = "The file", body = PersonFile),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The account has no such file, or it was removed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The file is not made yet, or was given up", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn download(cx: VisitorCx, Id(id): Id<ExportId>) -> Result<Response> {
    let mut reader = Reader::new(&SERVICE);
    let found: Option<Found> = reader.read(of_id(id, cx.account.id, Timestamp::now())).await?;
    let export = found.ok_or(Refusal::NoSuchExport)?.body();
    if export.status != ExportStatus::Ready {
        return Err(Refusal::ExportNotReady.into());
    }
    let parts: Vec<(String,)> = reader.read_all(parts(id)).await?;
    let parts: Vec<String> = parts.into_iter().map(|(body,)| body).collect();
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CONTENT_DISPOSITION, "attachment; filename=\"boxoffice-data.json\""),
    ];
    Ok((headers, joined(&export, cx.account.id, &parts)?).into_response())
}

/// Joins the stored pages into one file. They are JSON already.
fn joined(export: &api::Export, account_id: UserId, parts: &[String]) -> anyhow::Result<String> {
    let api::Export { id, created_at: made_at, .. } = *export;
    let version = EXPORT_FORMAT;
    let head = PersonFile { version, id, account_id, made_at, parts: Vec::new() };
    let head = serde_json::to_string(&head)?;
    let head = head.strip_suffix("]}").context("the parts are not the last member")?;
    Ok(format!("{head}{}]}}", parts.join(",")))
}

async fn find_newest(account: UserId) -> db::Result<Option<api::Export>> {
    let found = of_account(account, Timestamp::now());
    let found: Option<Found> = Reader::new(&SERVICE).read(found).await?;
    Ok(found.map(Found::body))
}

/// Makes the files that were asked for, as far as there is time. Tells whether there may be more.
///
/// # Errors
/// What the database says. A service that does not answer is asked again later.
pub(crate) async fn tick(cx: &Cx) -> anyhow::Result<bool> {
    let due: Option<(ExportId,)> = Reader::new(&SERVICE).read(any_due(Timestamp::now())).await?;
    if due.is_none() {
        return Ok(false);
    }
    let taking = taking_up(Timestamp::now());
    let Some(mut export) = unit::change::<Making>(cx, &SERVICE, taking).await? else {
        return Ok(false);
    };
    let cx = cx.with("export", export.id);
    while !cx.is_out_of_time() {
        match step(&cx, &export).await {
            Ok(Some(next)) => export = next,
            Ok(None) => return Ok(true),
            Err(error) => {
                log::failed(&cx, "asking for a person's data; it is asked again", &error);
                put_off(&cx, &export).await?;
                return Ok(true);
            }
        }
    }
    // Others need not wait until the lease has run out.
    unit::change::<()>(&cx, &SERVICE, giving_back(&export, Timestamp::now())).await?;
    Ok(true)
}

/// Asks for the next page and stores it. Returns how far the file is then; `None` if there is nothing more
/// to do for it here.
async fn step(cx: &Cx, export: &Making) -> anyhow::Result<Option<Making>> {
    let stage = usize::try_from(export.stage)?;
    let asked = AskPerson { user_id: export.account_id, after: export.reached.clone() };
    let (service, page) = match KNOWERS.get(stage).zip(PEERS.get(stage)) {
        Some((knower, peer)) => (knower.service, page_of(cx, peer, knower.path, &asked).await?),
        None => {
            let page = boxoffice_kernel::person::page(&SERVICE, &person::PARTS, &asked).await;
            (SERVICE.name, page.map_err(|problem| anyhow!("{problem:?}"))?)
        }
    };
    let is_last = page.next.is_none() && stage >= KNOWERS.len();
    let stage = export.stage + i64::from(page.next.is_none());
    let part = PersonPart { service: service.to_owned(), records: page.records };
    let part = serde_json::to_string(&part)?;
    let next = Making {
        id: export.id,
        account_id: export.account_id,
        stage,
        reached: page.next,
        parts: export.parts + 1,
        tries: 1,
    };
    let now = Timestamp::now();
    let work = async |unit: &mut Unit<'_>| {
        // Another worker may have taken the file up since, or its account may be deleted.
        let advancing = advancing(&next, is_last, now);
        if unit.change::<(ExportId,)>(advancing).await?.is_none() {
            return anyhow::Ok(false);
        }
        unit.insert(adding(export.id, export.parts, &part));
        if is_last {
            let (letter, kind) = (LetterId(export.id.0), AccountLetter::ExportReady);
            let until = Some(now.plus_seconds(KEPT));
            unit.emit(proof::asked(letter, export.account_id, kind, until)?);
        }
        Ok(true)
    };
    let is_ours = unit::run(cx, &SERVICE, work).await?;
    Ok((is_ours && !is_last).then_some(next))
}

async fn page_of(
    cx: &Cx,
    peer: &Peer,
    path: &str,
    asked: &AskPerson,
) -> anyhow::Result<PersonPage> {
    let answer = peer.send_within(PATIENCE, Call::as_sibling(cx, path), Some(asked)).await;
    let answer = answer.with_context(|| format!("{} does not answer", peer.name))?;
    if !answer.status().is_success() {
        anyhow::bail!("{} answers {}", peer.name, answer.status());
    }
    serde_json::from_slice(answer.body()).with_context(|| format!("reading {}'s answer", peer.name))
}

/// Notes that a page could not be had: it is tried again later, or the file is given up.
async fn put_off(cx: &Cx, export: &Making) -> anyhow::Result<()> {
    let now = Timestamp::now();
    if export.tries < MAX_TRIES {
        let index = usize::try_from(export.tries - 1).unwrap_or(0).min(PAUSES.len() - 1);
        let at = now.plus_seconds(PAUSES[index]);
        unit::change::<()>(cx, &SERVICE, putting_off(export, at)).await?;
        return Ok(());
    }
    let failing = failing(export, now);
    if unit::change::<(ExportId,)>(cx, &SERVICE, failing).await?.is_some() {
        log::noted(cx, "giving up a file with a person's data", format!("{} tries", export.tries));
        // Its owner may ask again at once.
        limit::release(cx, &SERVICE, &[throttle::EXPORTS.of(export.account_id)]).await?;
    }
    Ok(())
}

/// Removes files that have ended. Tells how many.
///
/// # Errors
/// What the database says.
pub(crate) async fn sweep(cx: &Cx) -> anyhow::Result<usize> {
    let work = async |unit: &mut Unit<'_>| {
        let ended: Vec<(ExportId,)> = unit.change_all(sweeping(Timestamp::now())).await?;
        for (id,) in &ended {
            unit.change::<()>(sweeping_parts(*id)).await?;
        }
        anyhow::Ok(ended.len())
    };
    let due: Option<(ExportId,)> = Reader::new(&SERVICE).read(any_ended(Timestamp::now())).await?;
    match due {
        Some(_) => unit::run(cx, &SERVICE, work).await,
        None => Ok(0),
    }
}

pub(crate) fn beginning(export: &api::Export, account: UserId) -> Query {
    query!(
        "INSERT INTO auth_exports (id, account_id, status, stage, reached, parts, tries, next_at, \
         created_at, expires_at) VALUES (?1, ?2, ?3, 0, NULL, 0, 0, ?4, ?4, ?5)",
        export.id,
        account,
        export.status.name(),
        export.created_at,
        export.expires_at
    )
}

pub(crate) fn of_account(account: UserId, now: Timestamp) -> Query {
    const COLUMNS: &str = Found::COLUMNS;
    query!(
        "SELECT {COLUMNS} FROM auth_exports WHERE account_id = ?1 AND expires_at > ?2 \
         ORDER BY id DESC LIMIT 1",
        account,
        now
    )
}

pub(crate) fn of_id(id: ExportId, account: UserId, now: Timestamp) -> Query {
    const COLUMNS: &str = Found::COLUMNS;
    query!(
        "SELECT {COLUMNS} FROM auth_exports WHERE id = ?1 AND account_id = ?2 AND expires_at > ?3",
        id,
        account,
        now
    )
}

pub(crate) fn parts(id: ExportId) -> Query {
    query!("SELECT body FROM auth_export_parts WHERE export_id = ?1 ORDER BY number", id)
}

pub(crate) fn any_due(now: Timestamp) -> Query {
    query!("SELECT id FROM auth_exports WHERE status = 'making' AND next_at <= ?1 LIMIT 1", now)
}

/// Takes up the file that has been due for longest. One that another worker is taking up is left to it.
pub(crate) fn taking_up(now: Timestamp) -> Query {
    const COLUMNS: &str = Making::COLUMNS;
    query!(
        "WITH due AS (SELECT id FROM auth_exports WHERE status = 'making' AND next_at <= ?1 \
         ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED) \
         UPDATE auth_exports SET tries = tries + 1, next_at = ?2 \
         WHERE id IN (SELECT id FROM due) RETURNING {COLUMNS}",
        now,
        now.plus_seconds(LEASE)
    )
}

/// Stores how far the file is, if it has one part less. After the last one it is ready.
pub(crate) fn advancing(next: &Making, is_last: bool, now: Timestamp) -> Query {
    let status = if is_last { ExportStatus::Ready } else { ExportStatus::Making };
    query!(
        "UPDATE auth_exports SET status = ?3, stage = ?4, reached = ?5, parts = ?2, tries = 1, \
         next_at = ?6, expires_at = ?7 \
         WHERE id = ?1 AND status = 'making' AND parts + 1 = ?2 RETURNING id",
        next.id,
        next.parts,
        status.name(),
        next.stage,
        next.reached.as_deref(),
        now.plus_seconds(LEASE),
        now.plus_seconds(KEPT)
    )
}

pub(crate) fn adding(id: ExportId, number: i64, body: &str) -> Query {
    query!(
        "INSERT INTO auth_export_parts (export_id, number, body) VALUES (?1, ?2, ?3)",
        id,
        number,
        body
    )
}

pub(crate) fn giving_back(export: &Making, now: Timestamp) -> Query {
    query!(
        "UPDATE auth_exports SET tries = 0, next_at = ?3 \
         WHERE id = ?1 AND parts = ?2 AND status = 'making'",
        export.id,
        export.parts,
        now
    )
}

pub(crate) fn putting_off(export: &Making, at: Timestamp) -> Query {
    query!(
        "UPDATE auth_exports SET next_at = ?3 WHERE id = ?1 AND parts = ?2 AND status = 'making'",
        export.id,
        export.parts,
        at
    )
}

pub(crate) fn failing(export: &Making, now: Timestamp) -> Query {
    query!(
        "UPDATE auth_exports SET status = 'failed', expires_at = ?3 \
         WHERE id = ?1 AND parts = ?2 AND status = 'making' RETURNING id",
        export.id,
        export.parts,
        now.plus_seconds(KEPT)
    )
}

pub(crate) fn any_ended(now: Timestamp) -> Query {
    query!("SELECT id FROM auth_exports WHERE expires_at <= ?1 LIMIT 1", now)
}

/// Removes files that have ended. Leaves those that somebody is at work on to the next sweep.
pub(crate) fn sweeping(now: Timestamp) -> Query {
    query!(
        "WITH ended AS (SELECT id FROM auth_exports WHERE expires_at <= ?1 \
         LIMIT ?2 FOR UPDATE SKIP LOCKED) \
         DELETE FROM auth_exports WHERE id IN (SELECT id FROM ended) RETURNING id",
        now,
        i64::try_from(SWEPT).unwrap_or(i64::MAX)
    )
}

pub(crate) fn sweeping_parts(id: ExportId) -> Query {
    query!("DELETE FROM auth_export_parts WHERE export_id = ?1", id)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn the_pages_are_one_file() {
        let now = Timestamp::from_millis(0);
        let (id, status) = (ExportId::nil(), ExportStatus::Ready);
        let export = api::Export { id, status, created_at: now, expires_at: now };
        let page = |service: &str| {
            let records = vec![serde_json::Map::from_iter([("kind".to_owned(), "a".into())])];
            PersonPart { service: service.to_owned(), records }
        };
        let parts = [page("orders"), page("auth")];
        let stored = parts.each_ref().map(|part| serde_json::to_string(part).unwrap());
        for count in 0..=2 {
            let text = joined(&export, UserId::nil(), &stored[..count]).unwrap();
            let file: PersonFile = serde_json::from_str(&text).unwrap();
            assert_eq!((file.version, &file.parts[..]), (EXPORT_FORMAT, &parts[..count]));
        }
    }

    #[test]
    fn each_service_is_asked_at_its_own_address() {
        for (knower, peer) in KNOWERS.iter().zip(PEERS) {
            assert_eq!(peer.name, knower.service);
            assert_eq!(peer.base_url, format!("{}_base_url", knower.service));
        }
    }
}
