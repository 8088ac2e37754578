//! Who is asking `auth` itself: a session that the database says goes on.
//!
//! The other services look for ended sessions in Redis. `auth` reads its own tables, which are right at
//! once, and there it finds the account's address too, which no token tells.

use std::ops::Deref;

use axum::extract::FromRequestParts;
use boxoffice_contract::users::Account;
use boxoffice_contract::{SessionId, UserId};
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::identity::{self, User};
use boxoffice_kernel::{Cx, Problem, Timestamp, UserCx, query, row};
use http::StatusCode;
use http::request::Parts;

use crate::{SERVICE, account, session};

row! {
    /// An account, and whether the session that asks goes on.
    struct Standing {
        email: String,
        verified_at: Option<Timestamp>,
        has_password: bool,
        roles: String,
        suspended_at: Option<Timestamp>,
        signed_out_at: Option<Timestamp>,
        session_id: Option<SessionId>,
        begun_at: Option<Timestamp>,
        seen_at: Option<Timestamp>,
        ended_at: Option<Timestamp>,
    }
}

/// The context of a request of somebody who is signed in, with their account.
pub(crate) struct VisitorCx {
    cx: UserCx,
    /// Whose session it is.
    pub(crate) account: Account,
}

impl Deref for VisitorCx {
    type Target = UserCx;

    fn deref(&self) -> &UserCx {
        &self.cx
    }
}

impl<S: Send + Sync> FromRequestParts<S> for VisitorCx {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let user = identity::verified(&parts.headers).await?;
        let found = Reader::new(&SERVICE).read::<Standing>(standing(user.id, user.session)).await?;
        let found = found.filter(|found| found.goes_on(&user));
        let found = found.ok_or_else(identity::session_ended)?;
        let seen_at = found.seen_at.or(found.begun_at);
        let (id, email_verified) = (user.id, found.verified_at.is_some());
        let Standing { email, has_password, roles, .. } = found;
        let roles = account::roles(&roles);
        let account = Account { id, email, email_verified, has_password, roles };
        let cx = UserCx::new(Cx::of_request(parts), user);
        session::see(&cx, seen_at).await;
        Ok(Self { cx, account })
    }
}

/// The same, if anyone is signed in.
pub(crate) struct MaybeVisitor(pub(crate) Option<VisitorCx>);

impl<S: Send + Sync> FromRequestParts<S> for MaybeVisitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match VisitorCx::from_request_parts(parts, state).await {
            Ok(visitor) => Ok(Self(Some(visitor))),
            Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => Ok(Self(None)),
            Err(problem) => Err(problem),
        }
    }
}

impl Standing {
    /// Whether the session of `user` has not been ended, and the account is not suspended. A session of before there were ids goes on
    /// until its account is signed out everywhere.
    fn goes_on(&self, user: &User) -> bool {
        if self.suspended_at.is_some() {
            return false;
        }
        match user.session {
            Some(_) => self.session_id.is_some() && self.ended_at.is_none(),
            None => self.signed_out_at.is_none_or(|at| at.as_millis() / 1000 <= user.issued_at),
        }
    }
}

pub(crate) fn standing(account_id: UserId, session: Option<SessionId>) -> Query {
    query!(
        "SELECT u.email AS email, u.verified_at AS verified_at, \
         CAST(CASE WHEN u.password_hash = '' THEN 0 ELSE 1 END AS BIGINT) AS has_password, \
         u.roles AS roles, u.suspended_at AS suspended_at, u.signed_out_at AS signed_out_at, \
         s.id AS session_id, s.created_at AS begun_at, s.seen_at AS seen_at, \
         s.ended_at AS ended_at FROM auth_users AS u \
         LEFT JOIN auth_sessions AS s ON s.id = ?2 AND s.account_id = u.id WHERE u.id = ?1",
        account_id,
        session.unwrap_or(SessionId::nil())
    )
}
