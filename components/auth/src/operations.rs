//! `POST /api/users/operations`: what operators do with accounts.
//!
//! The command `boxoffice user` asks for it, with a proof by a key of `event_keys`, which no browser has.
//! What changes is noted in `auth_operations` by the same commit. Repeating an operation changes nothing.

use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::events::{Event, Kind, UserState, kind};
use boxoffice_contract::users::{Deed, MAX_REASON, OPERATIONS, Operated, Operation, Role};
use boxoffice_contract::{OperationId, Timestamp, UserId};
use boxoffice_kernel::db::{Query, Read};
use boxoffice_kernel::log::{self, Security};
use boxoffice_kernel::{Cx, Sibling, Unit, problem, query, row, unit};

use crate::refusal::{self, Refusal};
use crate::session::{self, Ended};
use crate::{SERVICE, account, ended};

/// The longest name of an operator, in characters.
const MAX_OPERATOR: usize = 100;

row! {
    /// An account that an operator does something with.
    struct Found {
        id: UserId,
        roles: String,
    }
}

row! {
    /// What an operator did with an account.
    pub(crate) struct NewOperation in "auth_operations" {
        pub(crate) id: OperationId,
        pub(crate) account_id: UserId,
        pub(crate) deed: String,
        pub(crate) role: Option<String>,
        pub(crate) reason: Option<String>,
        pub(crate) operator: String,
        pub(crate) created_at: Timestamp,
    }
}

pub(crate) fn route() -> Router {
    Router::new().route(OPERATIONS, post(operate))
}

async fn operate(cx: Cx, Sibling(wanted): Sibling<Operation>) -> problem::Result<Json<Operated>> {
    check(&wanted)?;
    let now = Timestamp::now();
    let work = async |unit: &mut Unit<'_>| perform(unit, &wanted, now).await;
    let (operated, sessions) = unit::run(&cx, &SERVICE, work).await?;
    let id = operated.account_id;
    if ends_sessions(&wanted, operated.changed) {
        ended::tell_soon(&cx, &sessions, Some((id, now))).await;
    }
    let role = wanted.role.map_or("-", Role::name);
    let cx = cx.with("deed", wanted.deed.name()).with("role", role);
    log::security(&cx, Security::Operated, Some(id));
    Ok(Json(operated))
}

/// Checks what the command sends: it may be of another version.
fn check(wanted: &Operation) -> refusal::Result<()> {
    let unclear = |field, message| Err(Refusal::Unclear { field, message });
    let is_line = |text: &str, most| {
        let is_short = (1..=most).contains(&text.chars().count());
        is_short && !text.trim().is_empty() && !text.contains(char::is_control)
    };
    if matches!(wanted.deed, Deed::Grant | Deed::Revoke) != wanted.role.is_some() {
        return unclear("role", "Name a role to grant or revoke, and otherwise leave it out");
    }
    if wanted.deed == Deed::Suspend && wanted.reason.is_none() {
        return unclear("reason", "Say why the account is suspended");
    }
    if wanted.reason.as_ref().is_some_and(|reason| !is_line(reason, MAX_REASON)) {
        return unclear("reason", "Write 1 to 500 characters, on one line");
    }
    if !is_line(&wanted.operator, MAX_OPERATOR) {
        return unclear("operator", "Name the operator in 1 to 100 characters");
    }
    Ok(())
}

/// Tells whether the operation ends all sessions of the account.
const fn ends_sessions(wanted: &Operation, changed: bool) -> bool {
    match wanted.deed {
        Deed::Suspend | Deed::SignOut => true,
        // A token goes on telling the role until its session ends.
        Deed::Revoke => changed,
        Deed::Grant | Deed::Restore => false,
    }
}

async fn perform(
    unit: &mut Unit<'_>,
    wanted: &Operation,
    now: Timestamp,
) -> refusal::Result<(Operated, Vec<Ended>)> {
    let found = unit.read::<Found>(named(&account::address(&wanted.account))).await?;
    let found = found.ok_or(Refusal::NoSuchAccount)?;
    let id = found.id;
    let changed = match wanted.deed {
        Deed::Grant | Deed::Revoke => change_role(unit, &found, wanted).await?,
        Deed::Suspend => {
            let suspending = suspending(id, wanted.reason.as_deref(), now);
            stand(unit, id, suspending, kind::UserSuspended, true).await?
        }
        Deed::Restore => stand(unit, id, restoring(id), kind::UserRestored, false).await?,
        Deed::SignOut => true,
    };
    let mut sessions = Vec::new();
    if ends_sessions(wanted, changed) {
        sessions = unit.change_all::<Ended>(session::ending_all(id, None, now)).await?;
        unit.change::<()>(session::signing_out(id, now)).await?;
    }
    if changed {
        unit.insert(NewOperation::new(id, wanted, now).insert());
    }
    let count = i64::try_from(sessions.len()).unwrap_or(i64::MAX);
    Ok((Operated { account_id: id, changed, sessions: count }, sessions))
}

/// Gives the account a role, or takes it away. Tells whether that changed anything.
async fn change_role(
    unit: &mut Unit<'_>,
    found: &Found,
    wanted: &Operation,
) -> refusal::Result<bool> {
    let role = wanted.role.map_or("", Role::name);
    let mut roles: Vec<&str> = found.roles.split_whitespace().collect();
    let has_role = roles.contains(&role);
    match (wanted.deed, has_role) {
        (Deed::Grant, false) => roles.push(role),
        (Deed::Revoke, true) => roles.retain(|known| *known != role),
        _ => return Ok(false),
    }
    let changing = changing_roles(found.id, &found.roles, &roles.join(" "));
    match unit.change::<(UserId,)>(changing).await? {
        Some(_) => Ok(true),
        None => Err(unit.overtaken("another change of the account's roles").into()),
    }
}

/// Suspends or restores the account by `changing`, and tells everyone. Tells whether that changed
/// anything.
async fn stand(
    unit: &mut Unit<'_>,
    id: UserId,
    changing: Query,
    kind: Kind<UserState>,
    suspended: bool,
) -> refusal::Result<bool> {
    let Some((version,)) = unit.change::<(i64,)>(changing).await? else { return Ok(false) };
    let event = Event::new(kind, &UserState { id, version, suspended });
    unit.emit(event.map_err(anyhow::Error::from)?);
    Ok(true)
}

impl NewOperation {
    fn new(account_id: UserId, wanted: &Operation, created_at: Timestamp) -> Self {
        Self {
            id: OperationId::new(),
            account_id,
            deed: wanted.deed.name().to_owned(),
            role: wanted.role.map(|role| role.name().to_owned()),
            reason: wanted.reason.clone(),
            operator: wanted.operator.clone(),
            created_at,
        }
    }
}

/// Finds an account by its address or its id.
pub(crate) fn named(account: &str) -> Query {
    const COLUMNS: &str = Found::COLUMNS;
    query!("SELECT {COLUMNS} FROM auth_users WHERE email = ?1 OR id = ?1", account)
}

/// Changes the roles of an account, if they are still those of `before`.
pub(crate) fn changing_roles(id: UserId, before: &str, roles: &str) -> Query {
    query!(
        "UPDATE auth_users SET roles = ?3 WHERE id = ?1 AND roles = ?2 RETURNING id",
        id,
        before,
        roles
    )
}

/// Suspends an account, unless it is.
pub(crate) fn suspending(id: UserId, reason: Option<&str>, now: Timestamp) -> Query {
    query!(
        "UPDATE auth_users SET suspended_at = ?3, suspended_reason = ?2, \
         standing_version = standing_version + 1 \
         WHERE id = ?1 AND suspended_at IS NULL RETURNING standing_version",
        id,
        reason,
        now
    )
}

/// Restores an account, if it is suspended.
pub(crate) fn restoring(id: UserId) -> Query {
    query!(
        "UPDATE auth_users SET suspended_at = NULL, suspended_reason = NULL, \
         standing_version = standing_version + 1 \
         WHERE id = ?1 AND suspended_at IS NOT NULL RETURNING standing_version",
        id
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(deed: Deed, role: Option<Role>, reason: Option<&str>) -> Operation {
        let reason = reason.map(str::to_owned);
        let (account, operator) = ("ada@example.com".to_owned(), "root".to_owned());
        Operation { account, deed, role, reason, operator }
    }

    #[test]
    fn an_operation_says_what_it_needs_and_nothing_else() {
        let (role, long) = (Some(Role::Operator), "x".repeat(MAX_REASON + 1));
        for (deed, role, reason, is_good) in [
            (Deed::Grant, role, None, true),
            (Deed::Grant, None, None, false),
            (Deed::Revoke, role, Some("left"), true),
            (Deed::Suspend, None, Some("fraud"), true),
            (Deed::Suspend, None, None, false),
            (Deed::Suspend, None, Some(" "), false),
            (Deed::Suspend, None, Some("two\nlines"), false),
            (Deed::Suspend, None, Some(long.as_str()), false),
            (Deed::Suspend, role, Some("fraud"), false),
            (Deed::Restore, None, None, true),
            (Deed::SignOut, role, None, false),
        ] {
            let wanted = operation(deed, role, reason);
            assert_eq!(check(&wanted).is_ok(), is_good, "{wanted:?}");
        }
        let nobody = Operation { operator: String::new(), ..operation(Deed::Restore, None, None) };
        assert!(check(&nobody).is_err());
    }
}
