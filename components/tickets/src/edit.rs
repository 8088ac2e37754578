//! `PUT /api/tickets/{id}`: changes a listing of one's own.

use axum::Router;
use axum::response::Response;
use axum::routing::put;
use boxoffice_contract::TicketId;
use boxoffice_contract::events::kind;
use boxoffice_contract::orders::Frozen;
use boxoffice_contract::tickets::{self as api, Draft};
use boxoffice_kernel::command::{self, Idempotency, Reply};
use boxoffice_kernel::http::etag::IfMatch;
use boxoffice_kernel::http::{Id, Valid};
use boxoffice_kernel::problem::{ProblemBody, Result};
use boxoffice_kernel::{Unit, UserCx};

use crate::SERVICE;
use crate::freeze::{freeze, still_holds};
use crate::pages;
use crate::refusal::{self, Refusal};
use crate::ticket::Ticket;

pub(crate) fn route() -> Router {
    Router::new().route("/api/tickets/{id}", put(edit))
}

/// Change a listing
///
/// Replaces everything that the seller wrote. What is held or sold keeps its price; the quantity must
/// have room for it, and the currency must stay. Fans' listings for the same event follow in title,
/// place and time. So do orders, which tell their buyers what it was.
#[utoipa::path(
    put, path = "/api/tickets/{id}", tag = "tickets", operation_id = "edit_ticket", request_body = Draft,
    params(
        ("id" = Uuid, Path, description = "The listing"),
        ("If-Match" = Option<String>, Header, description = "The ETag that the change is based on"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes it safe to repeat the request"),
    ),
    responses(
        (status = 200, description = "The changed listing", body = api::Ticket),
        (status = 400, description = "Fields are invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's listing", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This listing does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Withdrawn, or a ticket that a fan sells on", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "Changed since If-Match", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The body is too long", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn edit(
    cx: UserCx,
    Id(id): Id<TicketId>,
    if_match: IfMatch,
    idempotency: Idempotency,
    Valid(draft): Valid<Draft>,
) -> Result<Response> {
    let work = async |unit: &mut Unit<'_>| rewrite(&cx, unit, id, &if_match, &draft).await;
    let changed = command::run_asking_first(&cx, &SERVICE, &idempotency, work).await;
    Ok(pages::changed(changed).await?)
}

/// Replaces what the seller wrote, while `orders` holds nothing more of the listing.
async fn rewrite(
    cx: &UserCx,
    unit: &mut Unit<'_>,
    id: TicketId,
    if_match: &IfMatch,
    draft: &Draft,
) -> refusal::Result<Reply> {
    let ticket = own(cx, unit, id).await?;
    if ticket.resale_of.is_some() {
        return Err(Refusal::Resale);
    }
    if !if_match.allows(ticket.version) {
        return Err(Refusal::ReadBefore);
    }
    if ticket.withdrawn {
        return Err(Refusal::Withdrawn);
    }
    unit.release();
    let frozen = freeze(cx, &ticket).await?;
    keeps(draft, &ticket, &frozen)?;
    let edited = unit.change::<Ticket>(ticket.update(draft.clone())?).await?;
    let edited = edited.ok_or_else(|| overtaken(unit, if_match))?;
    unit.emit(edited.event_after(&ticket)?);
    if !edited.is_of_event(&ticket) {
        carry_over(unit, &edited).await?;
    }
    still_holds(&frozen)?;
    // As orders counts: its events may have yet to tell.
    let edited = edited.counted(frozen.held, frozen.sold);
    unit.tell(edited.news(true));
    Ok(Reply::ok(&edited.body())?.at_version(edited.version))
}

/// Carries what the event says now over to the listings of fans who sell its tickets on. They need no
/// freeze: an order of one costs the same as before.
async fn carry_over(unit: &mut Unit<'_>, event: &Ticket) -> refusal::Result<()> {
    for offer in unit.change_all::<Ticket>(event.update_offers()).await? {
        unit.emit(offer.event(kind::TicketUpdated)?);
        unit.tell(offer.news(true));
    }
    Ok(())
}

/// Checks that the draft leaves room for what is held and sold, in the currency that it is sold in.
fn keeps(draft: &Draft, ticket: &Ticket, frozen: &Frozen) -> refusal::Result<()> {
    let taken = frozen.held + frozen.sold;
    if draft.quantity < taken {
        return Err(Refusal::FewerThanTaken { taken });
    }
    if taken > 0 && draft.currency != ticket.currency {
        return Err(Refusal::OtherCurrency);
    }
    Ok(())
}

/// Says what becomes of a change that found another version than it was based on. Where the client
/// does not mind which version that is, it begins again.
pub(crate) fn overtaken(unit: &mut Unit<'_>, if_match: &IfMatch) -> Refusal {
    if if_match.is_given() {
        return Refusal::Changed;
    }
    unit.overtaken("another change of the listing").into()
}

/// Finds the listing `id`, which must be that of the user who asks.
pub(crate) async fn own(cx: &UserCx, unit: &mut Unit<'_>, id: TicketId) -> refusal::Result<Ticket> {
    let ticket = Ticket::find_in(unit, id).await?.ok_or(Refusal::NoSuchListing)?;
    if ticket.seller_id == cx.user.id { Ok(ticket) } else { Err(Refusal::NotSeller) }
}

#[cfg(test)]
mod tests {
    use boxoffice_contract::UserId;
    use boxoffice_kernel::Timestamp;

    use super::*;

    #[test]
    fn what_is_held_and_sold_stays_as_it_is() {
        let draft = |quantity, currency: &str| Draft {
            quantity,
            currency: currency.to_owned(),
            ..Draft::default()
        };
        let ticket = Ticket::new(UserId::new(), draft(5, "EUR"));
        let frozen = |held, sold| Frozen { held, sold, frozen_until: Timestamp::from_millis(0) };
        for (held, sold, quantity, currency, good) in [
            (0, 0, 1, "USD", true),
            (1, 0, 1, "EUR", true),
            (1, 2, 3, "EUR", true),
            (1, 2, 2, "EUR", false),
            (0, 3, 2, "EUR", false),
            (1, 0, 5, "USD", false),
            (0, 1, 5, "USD", false),
        ] {
            let kept = keeps(&draft(quantity, currency), &ticket, &frozen(held, sold));
            assert_eq!(kept.is_ok(), good, "{held} held, {sold} sold, {quantity} {currency}");
        }
    }
}
