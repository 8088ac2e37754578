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

use crate::SERVICE;

row! {
    /// An account, and whether the session that asks goes on.
    struct Standing {
        email: String,
        verified_at: Option<Timestamp>,
        has_password: bool,
        signed_out_at: Option<Timestamp>,
        session_id: Option<SessionId>,
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
        let account = found.filter(|found| found.goes_on(&user));
        let account = account.ok_or_else(identity::session_ended)?;
        let (id, email_verified) = (user.id, account.verified_at.is_some());
        let Standing { email, has_password, .. } = account;
        let account = Account { id, email, email_verified, has_password };
        Ok(Self { cx: UserCx::new(Cx::of_request(parts), user), account })
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
    /// Whether the session of `user` has not been ended. A session of before there were ids goes on
    /// until its account is signed out everywhere.
    fn goes_on(&self, user: &User) -> bool {
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
         u.signed_out_at AS signed_out_at, \
         s.id AS session_id, s.ended_at AS ended_at FROM auth_users AS u \
         LEFT JOIN auth_sessions AS s ON s.id = ?2 AND s.account_id = u.id WHERE u.id = ?1",
        account_id,
        session.unwrap_or(SessionId::nil())
    )
}
