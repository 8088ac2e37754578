//! `/admissions/{id}`: a ticket in the hand, with its code.

use anyhow::Context;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_admission_code::qr::Qr;
use boxoffice_contract::admissions::{Admission, AdmissionStatus, AdmittedEvent};
use boxoffice_contract::{AdmissionId, Word};
use boxoffice_kernel::Problem;
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use boxoffice_web::admission::{self, Code, Standing, Transfer, drawn};
use boxoffice_web::state::{Drawn, Form, Page, State};

use super::entrance::sign_in_first;
use crate::answer::{self, Keep};
use crate::form::{blank, new_key};
use crate::services::admissions;
use crate::shown::moment;
use crate::visitor::Visit;

pub(crate) fn route() -> Router {
    Router::new().route("/admissions/{id}", get(show))
}

async fn show(visit: Visit, Id(id): Id<AdmissionId>) -> Result<Response> {
    if visit.user.is_none() {
        return sign_in_first(&visit, &address(id)).await;
    }
    let state = load(&visit, id, blank()).await?;
    Ok(answer::show(&visit, state, Keep::Never).await?)
}

/// The address of a ticket's page.
pub(crate) fn address(id: AdmissionId) -> String {
    format!("/admissions/{id}")
}

/// Makes the page of the visitor's ticket `id`, with `offer` as the form that hands it on.
///
/// # Errors
/// 404 if it does not exist, 403 if it is somebody else's.
pub(crate) async fn load(visit: &Visit, id: AdmissionId, offer: Form) -> Result<State> {
    let found = admissions::find(visit, id).await?;
    let found = found.ok_or_else(|| Problem::not_found("This ticket does not exist"))?;
    let others = match found.of {
        1 => Vec::new(),
        _ => admissions::of_order(visit, found.order_id).await.unwrap_or_default(),
    };
    let AdmittedEvent { title, venue, city, starts_at, time_zone } = found.event.clone();
    let shown = admission::Admission {
        id,
        // A ticket that has changed hands was bought with somebody else's order.
        order: (found.generation == 1).then_some(found.order_id),
        when: starts_at.map(|at| moment(at, time_zone.as_deref(), &visit.language)),
        venue,
        city,
        number: found.number,
        of: found.of,
        wallets: found.wallets.iter().filter_map(Word::known).collect(),
        standing: standing(&found, visit, offer)?,
        neighbours: neighbours(&found, &others),
        key: new_key(),
        title: title.clone(),
    };
    let state = visit.state(&title, "", Page::Drawn(Drawn::default()));
    Ok(drawn(State { here: address(id), ..state }, shown))
}

fn standing(found: &Admission, visit: &Visit, offer: Form) -> anyhow::Result<Standing> {
    let code = found.code.as_deref().map(code).transpose()?;
    let at = |at| moment(at, found.event.time_zone.as_deref(), &visit.language);
    Ok(match (found.status.known(), code) {
        (Some(AdmissionStatus::Valid), Some(code)) => {
            Standing::Valid { code, transfer: transfer(found, visit, offer) }
        }
        (Some(AdmissionStatus::Used), Some(code)) => {
            Standing::Used { code, at: found.used_at.map(at) }
        }
        _ => Standing::Void,
    })
}

fn transfer(found: &Admission, visit: &Visit, offer: Form) -> Transfer {
    let Some(waiting) = &found.transfer else { return Transfer::Nobody(offer) };
    Transfer::Waiting {
        email: waiting.email.clone(),
        until: moment(waiting.expires_at, found.event.time_zone.as_deref(), &visit.language),
        link: waiting.link.clone(),
        key: new_key(),
    }
}

fn code(text: &str) -> anyhow::Result<Code> {
    let qr = Qr::encode(text).context("drawing a ticket's code")?;
    Ok(Code { view_box: qr.view_box(), path: qr.path() })
}

/// The tickets of the same order that are before and after the one `found`.
fn neighbours(found: &Admission, others: &[Admission]) -> [Option<(i64, AdmissionId)>; 2] {
    let numbers = others.iter().map(|other| (other.number, other.id));
    let before = numbers.clone().filter(|(number, _)| *number < found.number).max();
    let after = numbers.filter(|(number, _)| *number > found.number).min();
    [before, after]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use boxoffice_contract::Timestamp;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn ticket(number: u128) -> Admission {
        serde_json::from_value(json!({
            "id": Uuid::from_u128(number), "orderId": Uuid::nil(), "ticketId": Uuid::nil(),
            "status": "valid", "number": number, "of": 4, "holderId": Uuid::nil(),
            "generation": 1, "event": { "title": "A" }, "createdAt": Timestamp::now(),
            "version": 1,
        }))
        .unwrap()
    }

    #[test]
    fn the_neighbours_are_the_nearest_that_one_holds() {
        let held = [ticket(1), ticket(2), ticket(4)];
        let numbers =
            |of: &Admission| neighbours(of, &held).map(|one| one.map(|(number, _)| number));
        assert_eq!(numbers(&held[0]), [None, Some(2)]);
        assert_eq!(numbers(&held[1]), [Some(1), Some(4)]);
        assert_eq!(numbers(&held[2]), [Some(2), None]);
    }
}
