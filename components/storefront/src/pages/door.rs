//! `/door/{listing}`: who comes in.
//!
//! Organizers use it with their account; staff by a link with a key, which becomes a cookie of this door
//! alone: no address that is seen or kept carries it any longer.

use std::time::Duration;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use boxoffice_contract::door::{
    self as api, Entry, KEY_COOKIE, NewScans, Scan, Scanned, Scans, Verdict,
};
use boxoffice_contract::{ScanId, TicketId};
use boxoffice_kernel::Problem;
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use boxoffice_web::door::{Door, Double, Link, Seen, Staff, closed, drawn};
use boxoffice_web::state::{Drawn, FieldError, Form, Moment, Notice as Said, Page, State, Tone};
use http::header::SET_COOKIE;
use http::{HeaderMap, Method, StatusCode, Uri};
use sha2::{Digest, Sha256};

use crate::answer::{self, Keep};
use crate::assets;
use crate::cookie;
use crate::form::{Sent, blank, filled, new_key, wrong};
use crate::notice::Notice;
use crate::services::door::At;
use crate::services::{Refusal, escaped, made};
use crate::shown::moment;
use crate::visitor::Visit;

/// The cookie with the door's name. Beside it, a door has one with the key of the link for staff.
const NAME: &str = "door_name";
/// How long the shop remembers both; a link does not work for longer.
const LIFE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The longest key that is kept, and the longest code that is looked at, in bytes.
const MAX_KEY: usize = 200;
const MAX_CODE: usize = 512;
/// What a door is called until somebody names it.
const UNNAMED: &str = "Entrance";

pub(crate) fn routes() -> Router {
    Router::new().route("/door/{id}", get(show).post(scan)).route("/door/{id}/undo", post(undo))
}

/// The address of a door.
pub(crate) fn address(ticket: TicketId) -> String {
    format!("/door/{ticket}")
}

async fn show(
    visit: Visit,
    Id(ticket): Id<TicketId>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response> {
    if let Some(key) = key_of(&uri) {
        return let_in(&visit, ticket, &key).await;
    }
    let inside = Inside::of(&visit, ticket, &headers);
    let form = inside.form(Vec::new(), None);
    let mut response = inside.show(StatusCode::OK, form, None, blank()).await?;
    // Who came before the script called the API has the key for the page alone.
    if let Some(key) = inside.at.key.filter(|_| response.status() == StatusCode::OK) {
        keep(&mut response, ticket, key).await?;
    }
    Ok(response)
}

/// The key in the address of a link for staff.
fn key_of(uri: &Uri) -> Option<String> {
    let mut pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    pairs.find_map(|(name, value)| (name == "key").then(|| value.into_owned()))
}

/// Keeps the key of a link, and sends on to the address without it.
async fn let_in(visit: &Visit, ticket: TicketId, key: &str) -> Result<Response> {
    let mut response = answer::go(visit, &address(ticket), None).await?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if key.len() <= MAX_KEY && key.bytes().all(plain) {
        keep(&mut response, ticket, key).await?;
    }
    Ok(response)
}

/// Sets the key as a cookie for the door's page, and for the part of the API that its script calls.
async fn keep(response: &mut Response, ticket: TicketId, key: &str) -> Result<()> {
    for path in [address(ticket), format!("/api{}", address(ticket))] {
        let cookie = cookie::set(KEY_COOKIE, key, &path, LIFE).await?;
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(())
}

async fn scan(
    visit: Visit,
    Id(ticket): Id<TicketId>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response> {
    let inside = Inside::of(&visit, ticket, &headers);
    // A code may begin with a blank.
    let code = sent.raw("code");
    if code.trim().is_empty() || code.len() > MAX_CODE {
        let errors = vec![wrong("code", "Scan the code of a ticket, or type it.")];
        return inside.refuse(StatusCode::BAD_REQUEST, &sent, errors).await;
    }
    let id = scan_id(sent.key(), code);
    let scan =
        Scan { id, code: Some(code.to_owned()), admission_id: None, at: None, admitted: false };
    let door = sent.value("door").to_owned();
    let scans = NewScans { door: door.clone(), scans: vec![scan] };
    match inside.at.ask(&visit, Method::POST, "/scans", "", Some(&scans)).await? {
        Ok(answer) => {
            let Scans { results } = made(&answer)?;
            let mut response = inside.seen(&sent, results.into_iter().next()).await?;
            let cookie = cookie::set(NAME, &escaped(&door), &address(ticket), LIFE).await?;
            response.headers_mut().append(SET_COOKIE, cookie);
            Ok(response)
        }
        Err(refusal) if refusal.status == StatusCode::BAD_REQUEST => {
            let errors = refusal.on(&["door", "code"]);
            inside.refuse(refusal.status, &sent, errors).await
        }
        Err(refusal) => inside.shut(refusal).await,
    }
}

/// Returns the id of the scan of `code` by the form with this `key`. A form that is sent again, after a
/// lost answer or by a reload, is the same scan.
fn scan_id(key: &str, code: &str) -> ScanId {
    let digest = Sha256::digest(format!("{key}\n{code}"));
    let bytes = digest.first_chunk().copied().unwrap_or_default();
    ScanId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

async fn undo(
    visit: Visit,
    Id(ticket): Id<TicketId>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response> {
    let inside = Inside::of(&visit, ticket, &headers);
    let scan: ScanId =
        sent.value("scan").parse().map_err(|_| Problem::not_found("This id does not exist"))?;
    let path = format!("/scans/{scan}");
    match inside.at.ask(&visit, Method::DELETE, &path, sent.key(), None::<&()>).await? {
        Ok(_) => Ok(answer::go(&visit, &address(ticket), Some(Notice::Undone)).await?),
        Err(refusal) if refusal.status == StatusCode::NOT_FOUND => inside.tell(refusal).await,
        Err(refusal) => inside.shut(refusal).await,
    }
}

/// Somebody at a door.
pub(crate) struct Inside<'a> {
    visit: &'a Visit,
    pub(crate) at: At<'a>,
    /// The door's name.
    name: String,
}

impl<'a> Inside<'a> {
    /// Somebody at the door of the listing `ticket`, with what their cookies in `headers` say.
    pub(crate) fn of(visit: &'a Visit, ticket: TicketId, headers: &'a HeaderMap) -> Self {
        let name = cookie::read(headers, NAME).unwrap_or_default();
        let mut decoded = form_urlencoded::parse(name.as_bytes());
        let name = decoded.next().map(|(name, _)| name.into_owned());
        Self {
            visit,
            at: At { ticket, key: cookie::read(headers, KEY_COOKIE) },
            name: name.unwrap_or_else(|| UNNAMED.to_owned()),
        }
    }

    /// The form for the next scan. `last` is the last entry, which can be undone.
    fn form(&self, errors: Vec<FieldError>, last: Option<ScanId>) -> Form {
        let last = last.map(|last| last.to_string()).unwrap_or_default();
        Form { errors, ..filled([("door", self.name.clone()), ("last", last)]) }
    }

    /// Answers with the page of the door; `offer` is the form for another link.
    pub(crate) async fn show(
        &self,
        status: StatusCode,
        scan: Form,
        seen: Option<Scanned>,
        offer: Form,
    ) -> Result<Response> {
        match self.load(scan, seen, offer).await? {
            Ok(state) if status == StatusCode::OK => {
                Ok(answer::show(self.visit, state, Keep::Never).await?)
            }
            Ok(state) => Ok(answer::refuse(self.visit, status, state).await?),
            Err(refusal) => self.shut(refusal).await,
        }
    }

    /// Answers with the page of the door and what a form of its said was wrong with it.
    pub(crate) async fn with_links(&self, status: StatusCode, offer: Form) -> Result<Response> {
        self.show(status, self.form(Vec::new(), None), None, offer).await
    }

    async fn refuse(
        &self,
        status: StatusCode,
        sent: &Sent,
        errors: Vec<FieldError>,
    ) -> Result<Response> {
        let form = sent.again(&["door", "last"], errors, new_key());
        self.show(status, form, None, blank()).await
    }

    /// Answers with what a scan came to.
    async fn seen(&self, sent: &Sent, seen: Option<Scanned>) -> Result<Response> {
        let entered = seen.as_ref().filter(|seen| seen.verdict == Verdict::Admitted);
        let last = entered.map(|seen| seen.id).or_else(|| sent.value("last").parse().ok());
        let mut form = self.form(Vec::new(), last);
        form.values.insert("door".to_owned(), sent.value("door").to_owned());
        self.show(StatusCode::OK, form, seen, blank()).await
    }

    /// Answers with the page of the door, and why something could not be done there.
    pub(crate) async fn tell(&self, refusal: Refusal) -> Result<Response> {
        let loaded = self.load(self.form(Vec::new(), None), None, blank()).await?;
        let state = match loaded {
            Ok(state) => state,
            Err(refusal) => return self.shut(refusal).await,
        };
        let notice = Some(Said { tone: Tone::Bad, text: refusal.detail });
        let state = State { notice, ..state };
        Ok(answer::refuse(self.visit, refusal.status, state).await?)
    }

    /// Answers somebody who is neither the organizer nor staff.
    pub(crate) async fn shut(&self, refusal: Refusal) -> Result<Response> {
        let refused = [StatusCode::FORBIDDEN, StatusCode::UNAUTHORIZED];
        if !refused.contains(&refusal.status) {
            return Err(refusal.into_problem());
        }
        let state = closed(self.state("Door"), new_key(), refusal.detail);
        Ok(answer::refuse(self.visit, StatusCode::FORBIDDEN, state).await?)
    }

    fn state(&self, title: &str) -> State {
        let state = self.visit.state(title, "", Page::Drawn(Drawn::default()));
        State { here: address(self.at.ticket), ..state }
    }

    async fn load(
        &self,
        scan: Form,
        seen: Option<Scanned>,
        offer: Form,
    ) -> Result<Result<State, Refusal>> {
        let door = match self.at.read(self.visit).await? {
            Ok(door) => door,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let at = |at| moment(at, door.time_zone.as_deref(), &self.visit.language);
        let staff = match door.is_organizer {
            true => Some(self.links(&at, offer).await?),
            false => None,
        };
        let doubles = match door.is_organizer {
            true => Some(self.doubles(&at).await?),
            false => None,
        };
        let last = scan.value("last").parse().ok().map(|last| (last, new_key()));
        let page = Door {
            ticket: door.ticket_id,
            when: door.starts_at.map(at),
            inside: door.counts.used,
            of: door.counts.used.saturating_add(door.counts.valid),
            seen: seen.map(|seen| shown(seen, &at)),
            title: door.title,
            scan,
            last,
            staff,
            zone: door.time_zone.clone(),
            asks_names: door.asks_names,
            doubles,
            turns: door.turns,
            script: assets::names().door.start,
        };
        Ok(Ok(drawn(self.state(""), page)))
    }

    async fn doubles(
        &self,
        at: &impl Fn(boxoffice_kernel::Timestamp) -> Moment,
    ) -> Result<Vec<Double>> {
        let entry = |Entry { at: time, door }| (at(time), door);
        let double = |double: api::Double| Double {
            order: double.order,
            ticket: (double.number, double.of),
            name: double.name,
            entry: entry(double.entry),
            first: double.first.map(entry),
            verdict: double.verdict.known(),
        };
        Ok(self.at.doubles(self.visit).await?.into_iter().map(double).collect())
    }

    async fn links(
        &self,
        at: &impl Fn(boxoffice_kernel::Timestamp) -> Moment,
        form: Form,
    ) -> Result<Staff> {
        let link = |staff: api::Staff| Link {
            id: staff.id,
            name: staff.name,
            address: staff.link,
            until: at(staff.expires_at),
            key: new_key(),
        };
        let links = self.at.staff(self.visit).await?.into_iter().map(link).collect();
        Ok(Staff { form, links })
    }
}

fn shown(seen: Scanned, at: &impl Fn(boxoffice_kernel::Timestamp) -> Moment) -> Seen {
    Seen {
        verdict: seen.verdict.known(),
        ticket: seen.number.zip(seen.of),
        name: seen.name,
        first: seen.first.map(|Entry { at: time, door }| (at(time), door)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_sent_again_is_the_same_scan() {
        assert_eq!(scan_id("k", "A"), scan_id("k", "A"));
        assert_ne!(scan_id("k", "A"), scan_id("k", "B"));
        assert_ne!(scan_id("k", "A"), scan_id("l", "A"));
    }

    #[test]
    fn the_key_of_a_link_is_in_its_query() {
        let key = |address: &'static str| key_of(&Uri::from_static(address));
        assert_eq!(key("/door/1?key=a.b").as_deref(), Some("a.b"));
        assert_eq!(key("/door/1?key=").as_deref(), Some(""));
        assert_eq!(key("/door/1?x=y"), None);
    }
}
