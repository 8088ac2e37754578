//! `POST /admissions/{id}/offer`: puts a ticket on sale. `POST …/offer/end`: takes it off sale.

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_contract::AdmissionId;
use boxoffice_contract::admissions::{Admission, NewOffer};
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use boxoffice_web::state::FieldError;
use http::{Method, StatusCode};

use super::admission::{Forms, address, find, load, refused};
use super::entrance::sign_in_first;
use crate::answer;
use crate::form::{Sent, new_key, wrong};
use crate::notice::Notice;
use crate::services::{ADMISSIONS, Change, Refusal};
use crate::shown::{Language, price_range, read_amount};
use crate::visitor::Visit;

const FIELDS: [&str; 1] = ["price"];
/// Says why a ticket stays on sale that somebody is about to pay for.
pub(crate) const HELD: &str =
    "Someone is checking out. You can take it off sale if their hold ends.";

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/admissions/{id}/offer", post(offer))
        .route("/admissions/{id}/offer/end", post(end))
}

async fn offer(visit: Visit, Id(id): Id<AdmissionId>, sent: Sent) -> Result<Response> {
    if visit.user.is_none() {
        return sign_in_first(&visit, &address(id)).await;
    }
    let found = find(&visit, id).await?;
    let price = match read_amount(sent.value("price"), &found.currency, &visit.language) {
        Ok(price) => price,
        Err(message) => {
            let errors = vec![wrong("price", format!("{message}."))];
            return show_again(&visit, id, &sent, errors).await;
        }
    };
    let path = format!("/api/admissions/{id}/offer");
    let change = Change::new(Method::POST, &path, sent.key());
    match visit.command(&ADMISSIONS, change, Some(&NewOffer { price })).await? {
        Ok(_) => Ok(answer::go(&visit, &address(id), Some(Notice::OnSale)).await?),
        Err(refusal) if refusal.status == StatusCode::BAD_REQUEST => {
            let errors = errors(&refusal, &found, &visit.language);
            show_again(&visit, id, &sent, errors).await
        }
        Err(refusal) => refused(&visit, id, refusal).await,
    }
}

/// Returns what is wrong with the form. `admissions` names amounts for programs; people read them in
/// their language.
fn errors(refusal: &Refusal, found: &Admission, language: &Language) -> Vec<FieldError> {
    let told = |error: FieldError| match (error.field.as_deref(), found.max_price) {
        (Some("price"), Some(most)) => wrong("price", price_range(most, &found.currency, language)),
        _ => error,
    };
    refusal.on(&FIELDS).into_iter().map(told).collect()
}

async fn show_again(
    visit: &Visit,
    id: AdmissionId,
    sent: &Sent,
    errors: Vec<FieldError>,
) -> Result<Response> {
    let form = sent.again(&FIELDS, errors, new_key());
    let state = load(visit, id, Forms { offer: Some(form), ..Forms::default() }).await?;
    Ok(answer::refuse(visit, StatusCode::BAD_REQUEST, state).await?)
}

async fn end(visit: Visit, Id(id): Id<AdmissionId>, sent: Sent) -> Result<Response> {
    let path = format!("/api/admissions/{id}/offer");
    let change = Change::new(Method::DELETE, &path, sent.key());
    match visit.command(&ADMISSIONS, change, None::<&()>).await? {
        Ok(_) => Ok(answer::go(&visit, &address(id), Some(Notice::OffSale)).await?),
        Err(refusal) => {
            let detail = match refusal.code.as_str() {
                "held" => HELD.to_owned(),
                _ => refusal.detail,
            };
            refused(&visit, id, Refusal { detail, ..refusal }).await
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use boxoffice_contract::Timestamp;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn ticket(most: Option<i64>) -> Admission {
        serde_json::from_value(json!({
            "id": Uuid::nil(), "orderId": Uuid::nil(), "ticketId": Uuid::nil(),
            "status": "valid", "number": 1, "of": 1, "holderId": Uuid::nil(), "generation": 1,
            "event": { "title": "A" }, "maxPrice": most, "currency": "EUR",
            "createdAt": Timestamp::now(), "version": 1,
        }))
        .unwrap()
    }

    #[test]
    fn a_price_that_is_refused_is_explained_for_people() {
        let field = |field: Option<&str>, message: &str| FieldError {
            field: field.map(str::to_owned),
            message: message.to_owned(),
        };
        let told = |most, error| {
            let refusal = Refusal {
                second_factor: None,
                status: StatusCode::BAD_REQUEST,
                detail: String::new(),
                code: String::new(),
                errors: vec![error],
            };
            errors(&refusal, &ticket(most), &Language::of("en"))
        };
        let dear = || field(Some("price"), "Ask for 45.00 EUR at most");
        let range = [field(Some("price"), "Give a price from €0.50 to €45.00.")];
        assert_eq!(told(Some(4500), dear()), range);
        let said = [field(Some("price"), "Ask for 45.00 EUR at most.")];
        assert_eq!(told(None, dear()), said, "it may have been allowed just before");
        let other = [field(None, "The Idempotency-Key is invalid.")];
        assert_eq!(told(Some(4500), field(None, "The Idempotency-Key is invalid")), other);
    }
}
