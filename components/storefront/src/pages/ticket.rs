//! `/tickets/{id}`: one listing.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use boxoffice_contract::TicketId;
use boxoffice_contract::orders::{ExpectedPrice, Order};
use boxoffice_contract::tickets::{Ticket, TicketStatus};
use boxoffice_kernel::Problem;
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use boxoffice_web::isolated;
use boxoffice_web::state::{Detail, Form, Page, State};
use futures::future::{join, try_join};

use crate::answer::{self, Keep};
use crate::form::{blank, filled};
use crate::services::orders::{self, is_held};
use crate::services::tickets::{self, has_begun, is_to_be_had};
use crate::show::{card, cards};
use crate::shown::money;
use crate::visitor::Visit;

/// How many tickets a form offers to hold at once, at most.
const MOST_AT_ONCE: i64 = 100;
/// How many other listings are shown.
const OTHERS: usize = 3;
/// How many offers of fans are shown.
const FANS: &str = "10";

pub(crate) fn route() -> Router {
    Router::new().route("/tickets/{id}", get(ticket))
}

async fn ticket(visit: Visit, Id(id): Id<TicketId>) -> Result<Response> {
    let loaded = Loaded::of(&visit, id).await?;
    // With a form that buys, or takes an offer back, there is a key.
    let has_key = loaded.can_hold(&visit) || loaded.can_take_back(&visit);
    let keep = if has_key { Keep::Never } else { Keep::Revalidated };
    let form = loaded.hold_form(&visit);
    let state = loaded.state(&visit, form).await;
    Ok(answer::show(&visit, state, keep).await?)
}

/// What the page shows.
pub(crate) struct Loaded {
    pub(crate) ticket: Ticket,
    /// An order of the visitor's for it that waits to be paid.
    pub(crate) unpaid: Option<Order>,
    /// What fans sell on of its tickets.
    fans: Vec<Ticket>,
}

impl Loaded {
    /// The listing `id`, as `visit` sees it.
    ///
    /// # Errors
    /// 404 if there is none.
    pub(crate) async fn of(visit: &Visit, id: TicketId) -> Result<Self> {
        let own = try_join(tickets::find(visit, id), unpaid(visit, id));
        let (own, fans) = join(own, fans(visit, id)).await;
        let (ticket, unpaid) = own?;
        let ticket = ticket.ok_or_else(|| {
            Problem::not_found("This listing does not exist, or is no longer for sale")
        })?;
        Ok(Self { ticket, unpaid, fans })
    }

    /// Whether the visitor, who is signed in, can hold some.
    fn can_hold(&self, visit: &Visit) -> bool {
        visit.user.is_some() && !visit.is(self.ticket.seller_id) && is_to_be_had(&self.ticket)
    }

    /// Whether the visitor can take this offer of theirs off sale.
    fn can_take_back(&self, visit: &Visit) -> bool {
        let is_resale = self.ticket.resale_of.is_some();
        is_resale && visit.is(self.ticket.seller_id) && self.ticket.status == TicketStatus::Open
    }

    /// The form that holds tickets. For those who must sign in first it needs no key: the page is
    /// the same for all of them.
    pub(crate) fn hold_form(&self, visit: &Visit) -> Form {
        let one = ("quantity", "1".to_owned());
        match self.can_hold(visit) {
            true => filled([one]),
            false => Form { key: String::new(), ..filled([one]) },
        }
    }

    /// The page, with `hold` as its form.
    pub(crate) async fn state(self, visit: &Visit, hold: Form) -> State {
        let withdraw = self.can_take_back(visit).then(blank);
        let Self { ticket, unpaid, fans } = self;
        let others = if is_to_be_had(&ticket) { Vec::new() } else { others(visit, &ticket).await };
        let mut shown = card(&ticket, visit);
        if has_begun(&ticket) {
            shown.available = 0;
        }
        let description = describe(&shown);
        let title = ticket.title.clone();
        let most = shown.available.clamp(0, ticket.max_per_buyer.min(MOST_AT_ONCE));
        // More than can be charged at once is not offered.
        let total = |count| {
            let amount = boxoffice_rules::money::total(ticket.price, count, &ticket.currency)?;
            Some(money(amount, &ticket.currency, &visit.language))
        };
        let seen = ExpectedPrice::new(ticket.price, &ticket.currency);
        let page = Detail {
            card: shown,
            seen: seen.map(|seen| seen.to_string()).unwrap_or_default(),
            totals: (1..=most).map_while(total).collect(),
            description: ticket.description,
            hold,
            unpaid: unpaid.map(|order| order.id),
            others: cards(&others, visit),
            fans: cards(&fans, visit),
            event: ticket.resale_of,
            withdraw,
        };
        visit.state(&title, &description, Page::Ticket(page))
    }
}

/// The visitor's order for the listing `id` that waits to be paid, if there is one among their
/// newest.
async fn unpaid(visit: &Visit, id: TicketId) -> Result<Option<Order>> {
    if visit.user.is_none() {
        return Ok(None);
    }
    let page = orders::list(visit, None).await?;
    Ok(page.items.into_iter().find(|order| order.ticket.id == id && is_held(order)))
}

/// What fans sell on of the tickets of the listing `id`, the cheapest first. None if it cannot be seen,
/// as of [`others`].
async fn fans(visit: &Visit, id: TicketId) -> Vec<Ticket> {
    let event = id.to_string();
    let page = tickets::list(visit, &[("resaleOf", &event), ("limit", FANS)]).await;
    page.unwrap_or_default().items
}

/// Listings to have instead of `ticket`: in the same city, else wherever. None if they cannot be
/// seen: the page has something to show all the same.
async fn others(visit: &Visit, ticket: &Ticket) -> Vec<Ticket> {
    let near = async {
        match ticket.city.as_deref() {
            Some(city) => tickets::list(visit, &[("city", city), ("limit", "20")]).await,
            None => Ok(Default::default()),
        }
    };
    let (near, anywhere) = join(near, tickets::list(visit, &[("limit", "20")])).await;
    let all = [near, anywhere].into_iter().flat_map(|page| page.unwrap_or_default().items);
    let mut others: Vec<Ticket> = Vec::new();
    for other in all {
        let known = others.iter().any(|one| one.id == other.id) || other.id == ticket.id;
        if is_to_be_had(&other) && !known && !visit.is(other.seller_id) {
            others.push(other);
        }
    }
    others.truncate(OTHERS);
    others
}

/// What link previews say of a listing.
fn describe(card: &boxoffice_web::state::Card) -> String {
    let when = card.when.as_ref().map(|when| when.date.clone());
    let place = [&card.venue, &card.city].map(|text| text.as_deref().map(isolated));
    let parts = [when].into_iter().chain(place).chain([Some(format!("{} each", card.price))]);
    parts.flatten().collect::<Vec<_>>().join(" · ")
}
