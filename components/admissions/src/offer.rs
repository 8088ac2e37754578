//! `POST` and `DELETE /api/admissions/{id}/offer`: sells a ticket on, and takes it off sale.

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use boxoffice_contract::admissions::{self as api, AdmissionStatus, NewOffer};
use boxoffice_contract::{AdmissionId, TicketId};
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::db::Reader;
use boxoffice_kernel::http::{Id, Valid};
use boxoffice_kernel::peer::Call;
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Timestamp, Unit, UserCx};
use boxoffice_rules::listing as rules;
use http::Method;

use crate::SERVICE;
use crate::admission::Admission;
use crate::issuer::Issuer;
use crate::listing::{Listing, TICKETS};
use crate::refusal::{self, Refusal};
use crate::show::own_in;
use crate::transition;

pub(crate) fn route() -> Router {
    Router::new().route("/api/admissions/{id}/offer", post(offer).delete(take_off_sale))
}

/// Sell a ticket on
///
/// Its listing appears beside the event's, and is held and paid for as any other. From now on the code
/// lets nobody in. When its buyer has paid, the ticket is theirs, and you get the price less the fee.
#[utoipa::path(
    post, path = "/api/admissions/{id}/offer", tag = "admissions", operation_id = "offer_admission",
    request_body = NewOffer,
    params(
        ("id" = Uuid, Path, description = "The admission"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request"),
    ),
    responses(
        (status = 200, description = "The ticket, with its offer", body = api::Admission),
        (status = 400, description = "The price is invalid, or higher than the organizer allows", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's ticket, or the seller's address is not verified, and this shop asks for that", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This ticket does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It was used, refunded, is on sale or being handed on, or may not be sold on", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn offer(
    cx: UserCx,
    Id(id): Id<AdmissionId>,
    idempotency: Idempotency,
    Valid(wanted): Valid<NewOffer>,
) -> Result<Response> {
    // What may have to ask a sibling is asked before the unit begins.
    cx.may_sell().await?;
    let known = own_in(&cx, &mut Reader::new(&SERVICE), id).await?;
    let listing = Listing::get(&cx, known.ticket_id).await?;
    let issuer = Issuer::load().await?;
    let work = async |unit: &mut Unit<'_>| -> refusal::Result<Reply> {
        let admission = own_in(&cx, unit, id).await?;
        check(&admission, &listing, wanted.price)?;
        let offer = TicketId::new();
        let offered = transition::offer(unit, id, cx.user.id, offer, wanted.price).await?;
        let offered = offered.ok_or(Refusal::Changed)?;
        Ok(Reply::ok(&offered.body(&listing, &issuer))?.at_version(offered.version))
    };
    Ok(command::run(&cx, &SERVICE, &idempotency, work).await?)
}

/// Checks that `admission` may be sold on for `price`.
fn check(admission: &Admission, listing: &Listing, price: i64) -> refusal::Result<()> {
    let currency = &admission.currency;
    match admission.status {
        AdmissionStatus::Valid if admission.transfer_id.is_some() => Err(Refusal::TransferWaits),
        AdmissionStatus::Valid => {
            let most = admission.max_price(listing, Timestamp::now()).ok_or(Refusal::NoResale)?;
            rules::price(price, currency).map_err(Refusal::NoPrice)?;
            if price > most {
                return Err(Refusal::TooDear { most, currency: currency.clone() });
            }
            Ok(())
        }
        status => Err(refusal::of_status(status)),
    }
}

/// Take a ticket off sale
///
/// Its code lets you in again. Refused while somebody is paying for it. A repeat changes nothing.
#[utoipa::path(
    delete, path = "/api/admissions/{id}/offer", tag = "admissions", operation_id = "take_admission_off_sale",
    params(
        ("id" = Uuid, Path, description = "The admission"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request"),
    ),
    responses(
        (status = 200, description = "The ticket, without an offer", body = api::Admission),
        (status = 400, description = "The Idempotency-Key is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's ticket, or sold already", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This ticket does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Somebody is paying for it, or it is sold", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn take_off_sale(
    cx: UserCx,
    Id(id): Id<AdmissionId>,
    idempotency: Idempotency,
) -> Result<Response> {
    if let Some(replay) = command::replay(&cx, &SERVICE, &idempotency).await? {
        return Ok(replay);
    }
    let known = own_in(&cx, &mut Reader::new(&SERVICE), id).await?;
    let listing = Listing::get(&cx, known.ticket_id).await?;
    let issuer = Issuer::load().await?;
    let offer = known.offer_id.filter(|_| known.status == AdmissionStatus::Offered);
    if let Some(offer) = offer {
        withdraw(&cx, offer).await?;
    }
    let work = async |unit: &mut Unit<'_>| -> refusal::Result<Reply> {
        let kept = match offer {
            Some(offer) => transition::keep(unit, offer).await?,
            None => None,
        };
        let admission = match kept {
            Some(admission) => admission,
            // It was not on sale, or the event of its listing was faster.
            None => own_in(&cx, unit, id).await?,
        };
        Ok(Reply::ok(&admission.body(&listing, &issuer))?.at_version(admission.version))
    };
    Ok(command::run(&cx, &SERVICE, &idempotency, work).await?)
}

/// Withdraws the listing of an offer of the user's. `tickets` does so only while nobody holds it and
/// nobody has bought it, so it is the holder's again from then on.
async fn withdraw(cx: &UserCx, offer: TicketId) -> refusal::Result<()> {
    let path = format!("/api/tickets/{offer}");
    let call = Call::by(cx, Method::DELETE, &path);
    // If there is no such listing, the event of the offer has not arrived there.
    TICKETS.ask::<()>(call, None::<&()>).await?.ok_or(Refusal::NotListed)
}
