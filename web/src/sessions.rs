//! `/sessions`: where one is signed in. The server alone draws it: nothing on it changes by itself.

use boxoffice_contract::SessionId;
use sycamore::prelude::*;

use crate::drawn::draw;
use crate::parts::{Ending, ending, hidden, line, moment};
use crate::shop::Shop;
use crate::state::{Moment, State};

/// Where one is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sessions {
    /// The sessions, newest first.
    pub sessions: Vec<Session>,
    /// The key of the form that ends all others.
    pub key: String,
}

/// A sign-in that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The session.
    pub id: SessionId,
    /// Browser and system, as far as they can be told.
    pub device: String,
    /// Where the sign-in came from, as far as its address tells.
    pub place: Option<String>,
    /// When it was, in UTC.
    pub since: Moment,
    /// When the session was last seen, in UTC and to about ten minutes.
    pub seen: Moment,
    /// Whether this is the session that looks.
    pub current: bool,
    /// The key of the form that ends it.
    pub key: String,
}

/// `state` with the page of these sessions on it.
#[must_use]
pub fn drawn(state: State, sessions: Sessions) -> State {
    let key = sessions.key.clone();
    draw(state, key, move |shop| page(shop, sessions))
}

fn page(shop: Shop, Sessions { sessions, key }: Sessions) -> View {
    let others = match sessions.iter().any(|session| !session.current) {
        true => end_others(shop, key),
        false => View::new(),
    };
    let rows: Vec<View> = sessions.into_iter().map(|session| row(shop, session)).collect();
    view! {
        div(class="column") {
            div(class="headline") {
                h1(tabindex="-1") { "Where you are signed in" }
                (others)
            }
            p {
                "If you do not know one of these, end it. It can do nothing more a few seconds later."
            }
            ul(class="rows") { (rows) }
        }
    }
}

fn row(shop: Shop, session: Session) -> View {
    let Session { id, device, place, since, seen, current, key } = session;
    let (since, seen) = (moment(since), moment(seen));
    let place = line("small", place);
    let tools = if current {
        view! { p(class="status good") { "This browser" } }
    } else {
        end(shop, id, &device, key)
    };
    view! {
        li(class="row bare") {
            div(class="body") {
                h2 { (device) }
                p(class="when") { "Last seen " (seen) }
                p(class="small") { "Signed in " (since) }
                (place)
            }
            div(class="end") { (tools) }
        }
    }
}

fn end(shop: Shop, id: SessionId, device: &str, key: String) -> View {
    let form = Ending {
        action: format!("/sessions/{id}/end"),
        inside: hidden("key", key),
        button: ("End", "Ending…"),
        question: ["End this session?", "You are signed out there.", "End it"],
    };
    let form = ending(shop, form);
    let name = format!("Session of {device}");
    view! { div(role="group", aria-label=name) { (form) } }
}

fn end_others(shop: Shop, key: String) -> View {
    let form = Ending {
        action: "/sessions/end-others".to_owned(),
        inside: hidden("key", key),
        button: ("End all others", "Ending…"),
        question: [
            "End all other sessions?",
            "You are signed out everywhere but in this browser.",
            "End them",
        ],
    };
    ending(shop, form)
}
