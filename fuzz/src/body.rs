use axum::body::Body;
use axum::extract::{FromRequest, Request};
use boxoffice_contract::admissions::{Acceptance, NewName, NewOffer, NewTransfer};
use boxoffice_contract::door::{NewScans, NewStaff};
use boxoffice_contract::orders::NewOrder;
use boxoffice_contract::payments::{NewPayment, NewRefund};
use boxoffice_contract::tickets::Draft;
use boxoffice_contract::users::{Confirmation, Credentials, Forgotten, NewPassword, Reset};
use boxoffice_kernel::Problem;
use boxoffice_kernel::http::Valid;
use boxoffice_rules::bodies::Rules;
use futures::FutureExt;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Reads a body of the kind that the first byte chooses.
///
/// A body that is refused gets a short answer. One that is accepted is accepted again as it was
/// stored, and is then the same.
pub fn body(data: &[u8]) {
    let Some((kind, json)) = data.split_first() else { return };
    let check = match kind % 11 {
        _ if *kind == b'l' => check::<Confirmation>,
        _ if *kind == b'm' => check::<Forgotten>,
        _ if *kind == b'n' => check::<NewPassword>,
        _ if *kind == b'o' => check::<Reset>,
        0 => check::<Acceptance>,
        1 => check::<Credentials>,
        2 => check::<Draft>,
        3 => check::<NewName>,
        4 => check::<NewOffer>,
        5 => check::<NewOrder>,
        6 => check::<NewPayment>,
        7 => check::<NewRefund>,
        8 => check::<NewScans>,
        9 => check::<NewStaff>,
        _ => check::<NewTransfer>,
    };
    check(json);
}

fn check<T: DeserializeOwned + Rules + Serialize>(json: &[u8]) {
    match (parse::<T>(json), parse::<T>(json)) {
        (Ok(body), Ok(_)) => {
            let stored = serde_json::to_vec(&body).expect("a body is JSON");
            let again = parse::<T>(&stored).map(|body| serde_json::to_vec(&body));
            let again = again.expect("it was accepted once").expect("a body is JSON");
            assert_eq!(stored, again, "{}", String::from_utf8_lossy(&stored));
        }
        (Err(first), Err(second)) => {
            assert_eq!(crate::answer::check(first), crate::answer::check(second));
        }
        (first, _) => panic!("the same body was once accepted, once refused: {}", first.is_ok()),
    }
}

fn parse<T: DeserializeOwned + Rules>(json: &[u8]) -> Result<T, Problem> {
    let request = Request::builder().header(CONTENT_TYPE, "application/json");
    let request = request.body(Body::from(json.to_vec())).expect("a valid request");
    let read = Valid::<T>::from_request(request, &()).now_or_never();
    read.expect("the body is at hand").map(|Valid(body)| body)
}
