//! `/admissions/{id}`: a ticket in the hand, with its code.

use anyhow::Context;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_admission_code::qr::Qr;
use boxoffice_admission_code::{Slot, Turning};
use boxoffice_contract::admissions::{Admission, AdmissionStatus, AdmittedEvent};
use boxoffice_contract::{AdmissionId, OrderId, Timestamp, Word};
use boxoffice_kernel::Problem;
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use boxoffice_web::admission::{self, Code, InHand, Picture, Sale, Standing, Transfer, drawn};
use boxoffice_web::state::{Drawn, Form, Notice, Page, State, Tone};
use http::StatusCode;

use super::entrance::sign_in_first;
use crate::answer::{self, Keep};
use crate::assets;
use crate::form::{blank, filled, new_key};
use crate::services::{Refusal, admissions, orders};
use crate::shown::{amount_field, moment, money, sign};
use crate::visitor::Visit;

/// The forms of a ticket's page that are shown again as they were sent; the others are new.
#[derive(Default)]
pub(crate) struct Forms {
    /// The form that hands the ticket on.
    pub(crate) transfer: Option<Form>,
    /// The form that puts it on sale.
    pub(crate) offer: Option<Form>,
    /// The form that names its guest.
    pub(crate) name: Option<Form>,
}

pub(crate) fn route() -> Router {
    Router::new().route("/admissions/{id}", get(show))
}

async fn show(visit: Visit, Id(id): Id<AdmissionId>) -> Result<Response> {
    if visit.user.is_none() {
        return sign_in_first(&visit, &address(id)).await;
    }
    let state = load(&visit, id, Forms::default()).await?;
    Ok(answer::show(&visit, state, Keep::Never).await?)
}

/// The address of a ticket's page.
pub(crate) fn address(id: AdmissionId) -> String {
    format!("/admissions/{id}")
}

/// Reads the visitor's ticket `id`.
///
/// # Errors
/// 404 if it does not exist, 403 if it is somebody else's.
pub(crate) async fn find(visit: &Visit, id: AdmissionId) -> Result<Admission> {
    let found = admissions::find(visit, id).await?;
    found.ok_or_else(|| Problem::not_found("This ticket does not exist"))
}

/// Makes the page of the visitor's ticket `id`, with `forms` on it.
///
/// # Errors
/// 404 if it does not exist, 403 if it is somebody else's.
pub(crate) async fn load(visit: &Visit, id: AdmissionId, forms: Forms) -> Result<State> {
    let found = find(visit, id).await?;
    let others = match found.of {
        1 => Vec::new(),
        _ => admissions::of_order(visit, found.order_id).await.unwrap_or_default(),
    };
    let AdmittedEvent { title, venue, city, starts_at, time_zone, .. } = found.event.clone();
    let shown = admission::Admission {
        id,
        order: own_order(visit, &found).await,
        when: starts_at.map(|at| moment(at, time_zone.as_deref(), &visit.language)),
        venue,
        city,
        number: found.number,
        of: found.of,
        name: found.name.clone(),
        wallets: found.wallets.iter().filter_map(Word::known).collect(),
        standing: standing(&found, visit, forms)?,
        neighbours: neighbours(&found, &others),
        key: new_key(),
        title: title.clone(),
    };
    let state = visit.state(&title, "", Page::Drawn(Drawn::default()));
    Ok(drawn(State { here: address(id), ..state }, shown))
}

/// Answers the form of the visitor's ticket `id` that was refused, where no field of it is to blame.
pub(crate) async fn refused(visit: &Visit, id: AdmissionId, refusal: Refusal) -> Result<Response> {
    if refusal.is_unauthorized() {
        return sign_in_first(visit, &address(id)).await;
    }
    if refusal.status != StatusCode::CONFLICT {
        return Err(refusal.into_problem());
    }
    let notice = Some(Notice { tone: Tone::Bad, text: refusal.detail });
    let state = State { notice, ..load(visit, id, Forms::default()).await? };
    Ok(answer::refuse(visit, StatusCode::CONFLICT, state).await?)
}

/// Returns the ticket's order if the visitor bought it. Of a later holder only `orders` knows whether
/// they bought the ticket from its holder before, or were given it.
async fn own_order(visit: &Visit, found: &Admission) -> Option<OrderId> {
    if found.generation == 1 {
        return Some(found.order_id);
    }
    let order = orders::find(visit, found.order_id).await;
    order.ok().flatten().map(|order| order.id)
}

fn standing(found: &Admission, visit: &Visit, forms: Forms) -> anyhow::Result<Standing> {
    let code = code(found, visit)?;
    let at = |at| moment(at, found.event.time_zone.as_deref(), &visit.language);
    Ok(match (found.status.known(), code, &found.offer) {
        (Some(AdmissionStatus::Valid), code, _) if code.is_some() || found.needs_name => {
            Standing::Valid(Box::new(InHand {
                code,
                naming: naming(found, forms.name),
                transfer: transfer(found, visit, forms.transfer),
                sale: sale(found, visit, forms.offer),
            }))
        }
        (Some(AdmissionStatus::Offered), _, Some(offer)) => Standing::Offered {
            price: money(offer.price, &offer.currency, &visit.language),
            listing: offer.ticket_id,
            key: new_key(),
        },
        (Some(AdmissionStatus::Used), Some(code), _) => {
            Standing::Used { code, at: found.used_at.map(at) }
        }
        _ => Standing::Void,
    })
}

/// Returns the form that names the guest, if the organizer asks for it.
fn naming(found: &Admission, form: Option<Form>) -> Option<Form> {
    if !found.needs_name && found.name.is_none() {
        return None;
    }
    let given = || filled([("name", found.name.clone().unwrap_or_default())]);
    Some(form.unwrap_or_else(given))
}

fn transfer(found: &Admission, visit: &Visit, form: Option<Form>) -> Transfer {
    let Some(waiting) = &found.transfer else {
        return match found.transfers_left {
            Some(..=0) => Transfer::Forbidden,
            _ => Transfer::Nobody(form.unwrap_or_else(blank)),
        };
    };
    Transfer::Waiting {
        email: waiting.email.clone(),
        until: moment(waiting.expires_at, found.event.time_zone.as_deref(), &visit.language),
        link: waiting.link.clone(),
        key: new_key(),
    }
}

fn sale(found: &Admission, visit: &Visit, form: Option<Form>) -> Sale {
    let (currency, language) = (&found.currency, &visit.language);
    let Some(most) = found.max_price else { return no_sale(found, Timestamp::now()) };
    let highest = || filled([("price", amount_field(most, currency, language))]);
    Sale::Open {
        form: form.unwrap_or_else(highest),
        sign: sign(currency, language),
        most: money(most, currency, language),
    }
}

/// Says why a valid ticket cannot be sold on at the time `now`.
fn no_sale(found: &Admission, now: Timestamp) -> Sale {
    match found.event.starts_at {
        Some(start) if start <= now => Sale::Begun,
        _ if found.transfer.is_some() => Sale::HandedOn,
        _ => Sale::Forbidden,
    }
}

/// Draws the ticket's code, if it has one.
fn code(found: &Admission, visit: &Visit) -> anyhow::Result<Option<Code>> {
    let still = || found.code.as_deref().map(picture).transpose();
    let Some(given) = &found.turning else { return Ok(still()?.map(Code::Still)) };
    let turning = Turning::from_parts(&given.token, &given.seed);
    let turning = turning.context("reading what a ticket's codes are made of")?;
    let now = turning.code(Slot::at(Timestamp::now()));
    let turning = admission::Turning {
        token: given.token.clone(),
        seed: given.seed.clone(),
        picture: now.as_deref().map(picture).transpose()?,
        opens: moment(given.opens_at, found.event.time_zone.as_deref(), &visit.language),
        script: assets::names().turning.start,
    };
    Ok(Some(Code::Turning(Box::new(turning))))
}

fn picture(text: &str) -> anyhow::Result<Picture> {
    let qr = Qr::encode(text).context("drawing a ticket's code")?;
    Ok(Picture { view_box: qr.view_box(), path: qr.path() })
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
    use boxoffice_contract::admissions as api;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn ticket(number: u128) -> Admission {
        serde_json::from_value(json!({
            "id": Uuid::from_u128(number), "orderId": Uuid::nil(), "ticketId": Uuid::nil(),
            "status": "valid", "number": number, "of": 4, "holderId": Uuid::nil(),
            "generation": 1, "event": { "title": "A" }, "currency": "EUR",
            "createdAt": Timestamp::now(), "version": 1,
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

    #[test]
    fn a_guest_is_named_where_the_organizer_asks() {
        let mut found = ticket(1);
        assert_eq!(naming(&found, None), None);
        found.needs_name = true;
        assert_eq!(naming(&found, None).unwrap().value("name"), "");
        (found.needs_name, found.name) = (false, Some("Ann Lee".to_owned()));
        assert_eq!(naming(&found, None).unwrap().value("name"), "Ann Lee");
        assert_eq!(naming(&found, Some(blank())).unwrap().value("name"), "", "as it was sent");
    }

    #[test]
    fn what_keeps_a_ticket_from_being_sold_on_is_named() {
        let now = Timestamp::now();
        let mut found = ticket(1);
        found.event.starts_at = Some(now.plus_seconds(1));
        assert_eq!(no_sale(&found, now), Sale::Forbidden);
        found.transfer = Some(api::Transfer {
            email: "carl@example.com".to_owned(),
            expires_at: now,
            link: "/".to_owned(),
        });
        assert_eq!(no_sale(&found, now), Sale::HandedOn);
        found.event.starts_at = Some(now);
        assert_eq!(no_sale(&found, now), Sale::Begun, "to take it back would not help");
        found.event.starts_at = None;
        assert_eq!(no_sale(&found, now), Sale::HandedOn);
    }
}
