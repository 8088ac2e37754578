//! Whose session it is: `auth` is asked, at most every few seconds for each session.
//!
//! A token tells neither its account's address nor whether the session has been ended. What `auth` says
//! is one answer to both, so pages need no Redis. If `auth` does not answer, the token is believed: the
//! services that the page asks look for ended sessions themselves.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use boxoffice_contract::users::CurrentUser;
use boxoffice_kernel::identity::User;
use boxoffice_kernel::log;

use crate::services::AUTH;
use crate::visitor::Visit;

/// For how long an instance believes what `auth` said.
const FRESH: Duration = Duration::from_secs(2);
/// How many sessions an instance remembers.
const REMEMBERED: usize = 256;

thread_local! {
    /// The address that goes with each token, and when `auth` said so.
    static KNOWN: RefCell<HashMap<String, (String, Instant)>> = RefCell::default();
}

/// Returns `visit` as one of `user`, unless their session has been ended.
pub(crate) async fn signed_in(visit: Visit, user: User) -> Visit {
    let now = Instant::now();
    let is_fresh = |at: Instant| now.duration_since(at) < FRESH;
    let known = KNOWN.with_borrow(|known| {
        known.get(&user.token).filter(|(_, at)| is_fresh(*at)).map(|(email, _)| email.clone())
    });
    match known {
        Some(email) => Visit { user: Some(user), email, ..visit },
        None => ask(visit, user, now).await,
    }
}

/// Returns `visit` as what `auth` says at this moment. One instance may believe in a session that another
/// knows to be ended: between the two, pages that lead to each other would do so without end.
pub(crate) async fn asked_again(mut visit: Visit) -> Visit {
    match visit.user.take() {
        Some(user) => ask(visit, user, Instant::now()).await,
        None => visit,
    }
}

async fn ask(visit: Visit, user: User, now: Instant) -> Visit {
    let visit = Visit { user: Some(user), ..visit };
    match visit.ask::<CurrentUser>(&AUTH, "/api/users/currentUser").await {
        Ok(current) => match current.and_then(|current| current.current_user) {
            Some(account) => {
                let token = visit.user.as_ref().map(|user| user.token.clone()).unwrap_or_default();
                remember(token, account.email.clone(), now);
                Visit { email: account.email, ..visit }
            }
            None => Visit { user: None, ..visit },
        },
        Err(error) => {
            log::failed(&visit.cx, "asking whose session it is; it is believed", &error.into());
            visit
        }
    }
}

fn remember(token: String, email: String, now: Instant) {
    KNOWN.with_borrow_mut(|known| {
        if known.len() >= REMEMBERED {
            known.retain(|_, (_, at)| now.duration_since(*at) < FRESH);
        }
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(token, (email, now));
    });
}
