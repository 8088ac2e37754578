//! A door, as `admissions` tells of it to its organizer and to staff.

use boxoffice_contract::door::{Door, Double, Doubles, Staff};
use boxoffice_contract::{StaffId, TicketId};
use boxoffice_kernel::problem::Result;
use bytes::Bytes;
use http::{Method, Response};
use serde::Serialize;

use super::{ADMISSIONS, Change, Refusal, made};
use crate::visitor::Visit;

/// A door, and what lets the visitor use it besides their account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'a> {
    /// The listing.
    pub(crate) ticket: TicketId,
    /// The key of a link for staff, if the visitor came by one.
    pub(crate) key: Option<&'a str>,
}

impl At<'_> {
    /// Reads the door.
    ///
    /// # Errors
    /// 503 where the service does not answer, or broke.
    pub(crate) async fn read(self, visit: &Visit) -> Result<Result<Door, Refusal>> {
        match self.ask(visit, Method::GET, "", "", None::<&()>).await? {
            Ok(answer) => Ok(Ok(made(&answer)?)),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Reads the links for staff; they are told to the organizer alone.
    ///
    /// # Errors
    /// The service's refusal; 503 where it does not answer, or broke.
    pub(crate) async fn staff(self, visit: &Visit) -> Result<Vec<Staff>> {
        let answer = self.ask(visit, Method::GET, "/staff", "", None::<&()>).await?;
        made(&answer.map_err(Refusal::into_problem)?)
    }

    /// Reads whom doors let in by themselves, and the shop would have refused. They are told to the
    /// organizer alone. An older service knows of none.
    ///
    /// # Errors
    /// 503 where the service does not answer, or broke.
    pub(crate) async fn doubles(self, visit: &Visit) -> Result<Vec<Double>> {
        match self.ask(visit, Method::GET, "/doubles", "", None::<&()>).await? {
            Ok(answer) => Ok(made::<Doubles>(&answer)?.items),
            Err(_) => Ok(Vec::new()),
        }
    }

    /// Makes a call about the door, at `path` below it, under the Idempotency-Key `key`.
    ///
    /// # Errors
    /// 503 where the service does not answer, or broke.
    pub(crate) async fn ask(
        self,
        visit: &Visit,
        method: Method,
        path: &str,
        key: &str,
        body: Option<&impl Serialize>,
    ) -> Result<Result<Response<Bytes>, Refusal>> {
        let path = format!("/api/door/{}{path}", self.ticket);
        let change = Change { door_key: self.key, ..Change::new(method, &path, key) };
        visit.command(&ADMISSIONS, change, body).await
    }

    /// Ends the link `id` for staff.
    ///
    /// # Errors
    /// 503 where the service does not answer, or broke.
    pub(crate) async fn end(
        self,
        visit: &Visit,
        id: StaffId,
        key: &str,
    ) -> Result<Result<Response<Bytes>, Refusal>> {
        self.ask(visit, Method::DELETE, &format!("/staff/{id}"), key, None::<&()>).await
    }
}
