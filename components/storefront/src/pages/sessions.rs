//! `/sessions`: where one is signed in. `POST …/{id}/end` ends one session, `POST …/end-others` all
//! others.

use std::net::IpAddr;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use boxoffice_contract::{Page, SessionId, users as api};
use boxoffice_kernel::Problem;
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use boxoffice_web::sessions::{Session, Sessions, drawn};
use boxoffice_web::state::{self, Drawn};
use http::{Method, StatusCode};

use super::entrance::sign_in_first;
use crate::answer::{self, Keep};
use crate::form::{Sent, new_key};
use crate::notice::Notice;
use crate::services::{AUTH, Change};
use crate::shown::moment;
use crate::visitor::Visit;

const ADDRESS: &str = "/sessions";
const API: &str = "/api/users/sessions";

pub(crate) fn routes() -> Router {
    Router::new()
        .route(ADDRESS, get(list))
        .route("/sessions/{id}/end", post(end_one))
        .route("/sessions/end-others", post(end_others))
}

async fn list(visit: Visit) -> Result<Response> {
    if visit.user.is_none() {
        return sign_in_first(&visit, ADDRESS).await;
    }
    let page: Option<Page<api::Session>> = visit.read(&AUTH, API).await?;
    let found = page.ok_or_else(|| Problem::not_found("Your sessions were not found"))?;
    let sessions = found.items.into_iter().map(|session| shown(session, &visit)).collect();
    let state = visit.state("Where you are signed in", "", state::Page::Drawn(Drawn::default()));
    let state = drawn(state, Sessions { sessions, key: new_key() });
    Ok(answer::show(&visit, state, Keep::Never).await?)
}

async fn end_one(visit: Visit, Id(id): Id<SessionId>, sent: Sent) -> Result<Response> {
    end(&visit, &format!("{API}/{id}"), &sent).await
}

async fn end_others(visit: Visit, sent: Sent) -> Result<Response> {
    end(&visit, API, &sent).await
}

async fn end(visit: &Visit, path: &str, sent: &Sent) -> Result<Response> {
    let change = Change::new(Method::DELETE, path, sent.key());
    match visit.command(&AUTH, change, None::<&()>).await? {
        Ok(_) => Ok(answer::go(visit, ADDRESS, Some(Notice::SessionsEnded)).await?),
        Err(refusal) if refusal.is_unauthorized() => sign_in_first(visit, ADDRESS).await,
        // It has run out since the page was drawn.
        Err(refusal) if refusal.status == StatusCode::NOT_FOUND => {
            Ok(answer::go(visit, ADDRESS, None).await?)
        }
        Err(refusal) => Err(refusal.into_problem()),
    }
}

fn shown(session: api::Session, visit: &Visit) -> Session {
    Session {
        id: session.id,
        device: device(&session.device),
        place: session.client.as_deref().map(place),
        since: moment(session.created_at, None, &visit.language),
        seen: moment(session.seen_at.unwrap_or(session.created_at), None, &visit.language),
        current: session.current,
        key: new_key(),
    }
}

/// Says where an address is, as far as it tells that by itself. No list of places is asked: those are
/// often wrong, and say of a phone where its operator is.
fn place(client: &str) -> String {
    let is_private = |address: IpAddr| match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    match client.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(address) if address.is_loopback() => "From the machine of this shop".to_owned(),
        Ok(address) if is_private(address) => format!("From a private network ({address})"),
        Ok(address) => format!("From the address {address}"),
        Err(_) => format!("From {client}"),
    }
}

/// Names browser and system of a `User-Agent`, as far as people care. Browsers name others that they
/// resemble too: the first that matches is the right one.
fn device(agent: &str) -> String {
    const BROWSERS: [(&str, &str); 6] = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 7] = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("CrOS", "ChromeOS"),
        ("Windows", "Windows"),
        ("Mac OS X", "Mac"),
        ("Linux", "Linux"),
    ];
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find_map(|(sign, name)| agent.contains(sign).then_some(*name))
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        // A program: what it calls itself before the first blank or slash.
        (None, None) => match agent.split([' ', '/']).next() {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ => "An unknown device".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_what_network_it_is_of() {
        for (client, words) in [
            ("127.0.0.1", "From the machine of this shop"),
            ("::1", "From the machine of this shop"),
            ("10.1.2.3", "From a private network (10.1.2.3)"),
            ("fd00::7", "From a private network (fd00::7)"),
            ("::ffff:192.168.0.9", "From a private network (192.168.0.9)"),
            ("198.51.100.7", "From the address 198.51.100.7"),
            ("2001:db8::7", "From the address 2001:db8::7"),
            ("unknown", "From unknown"),
        ] {
            assert_eq!(place(client), words);
        }
    }

    #[test]
    fn browsers_and_systems_are_named() {
        let mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 \
                   (KHTML, like Gecko) Version/18.1 Safari/605.1.15";
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like \
                    Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0";
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 \
                     (KHTML, like Gecko) FxiOS/131.0 Mobile/15E148 Safari/605.1.15";
        for (agent, name) in [
            (mac, "Safari on Mac"),
            (edge, "Edge on Windows"),
            (phone, "Firefox on iPhone"),
            ("curl/8.5.0", "curl"),
            ("", "An unknown device"),
        ] {
            assert_eq!(device(agent), name);
        }
    }
}
