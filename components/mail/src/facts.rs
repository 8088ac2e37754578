//! What the owners of addresses, orders and admissions are asked, when a letter is sent.

use anyhow::{Context, Result, bail};
use boxoffice_contract::mail::{
    ADDRESSEES, AccountLetter, Addressee, AskAddressee, AskHolders, AskOrder, AskTransfer, HOLDERS,
    Holders, LETTER_VOID, NO_SUCH_ACCOUNT, ORDERS, OrderFacts, Proof, TRANSFERS, TransferFacts,
    opening,
};
use boxoffice_contract::orders::OrderStatus;
use boxoffice_contract::problem::ProblemBody;
use boxoffice_contract::tickets::Ticket;
use boxoffice_contract::{LetterId, OrderId, TicketId, Timestamp, TransferId, UserId};
use boxoffice_kernel::Cx;
use boxoffice_kernel::peer::{Call, Peer};
use boxoffice_letters as letters;
use http::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::letter::{Kind, Letter};

const AUTH: Peer = Peer { name: "auth", base_url: "auth_base_url" };
const ORDERS_PEER: Peer = Peer { name: "orders", base_url: "orders_base_url" };
const ADMISSIONS: Peer = Peer { name: "admissions", base_url: "admissions_base_url" };
const TICKETS: Peer = Peer { name: "tickets", base_url: "tickets_base_url" };

/// What came of asking.
pub(crate) enum Found<T> {
    /// The answer.
    There(T),
    /// The letter must not be sent: why.
    Void(String),
}

/// What a letter says, and to whom.
pub(crate) struct Content {
    pub(crate) email: String,
    pub(crate) locale: Option<String>,
    /// The token that signs the recipient in, if they have no password.
    pub(crate) opens: Option<String>,
    pub(crate) letter: letters::Letter,
}

/// Takes the answer, or returns that the letter is void.
macro_rules! there {
    ($found:expr) => {
        match $found {
            Found::There(answer) => answer,
            Found::Void(why) => return Ok(Found::Void(why)),
        }
    };
}

/// Asks for all that a letter to one recipient says.
///
/// # Errors
/// When a service does not answer, or not as it should. Nothing is wrong with the letter.
pub(crate) async fn find(cx: &Cx, letter: &Letter) -> Result<Found<Content>> {
    match letter.kind {
        Kind::Account(kind) => of_account(cx, letter, kind).await,
        Kind::OrderConfirmed | Kind::TicketSold | Kind::OrderRefunded => of_order(cx, letter).await,
        Kind::EventMoved => of_event(cx, letter).await,
        Kind::TicketTransferred => of_transfer(cx, letter).await,
    }
}

/// Asks for a page of those who hold admissions of `ticket`.
///
/// # Errors
/// As [`find`].
pub(crate) async fn holders(cx: &Cx, ticket: Uuid, after: Option<UserId>) -> Result<Holders> {
    let asked = AskHolders { ticket_id: TicketId(ticket), after };
    match ask(cx, &ADMISSIONS, HOLDERS, &asked).await? {
        Found::There(holders) => Ok(holders),
        Found::Void(why) => bail!("admissions does not tell who holds tickets: {why}"),
    }
}

async fn of_account(cx: &Cx, letter: &Letter, kind: AccountLetter) -> Result<Found<Content>> {
    let id = Some(LetterId(letter.subject));
    let to = there!(addressee(cx, letter.recipient, id).await?);
    let Addressee { email, locale, proof, notice, .. } = to;
    let at = notice.as_ref().map_or(letter.created_at, |notice| notice.at);
    let (device, client) = notice.map_or((None, None), |notice| (notice.device, notice.client));
    let letter = match kind {
        AccountLetter::VerifyAddress => {
            let Proof { code, token, .. } = proof.context("auth gives no proof to send")?;
            letters::Letter::VerifyAddress(letters::VerifyAddress {
                code: code.context("auth gives no code to send")?,
                link: format!("/verify?token={}", token.context("auth gives no token to send")?),
            })
        }
        AccountLetter::ResetPassword => {
            let token = proof.and_then(|proof| proof.token);
            let token = token.context("auth gives no token to send")?;
            letters::Letter::ResetPassword(letters::ResetPassword {
                link: format!("/reset?token={token}"),
                minutes: minutes_left(letter.expires_at, Timestamp::now()),
            })
        }
        AccountLetter::PasswordChanged => {
            letters::Letter::PasswordChanged(letters::PasswordChanged { at, device, client })
        }
        AccountLetter::ExportReady => letters::Letter::ExportReady(letters::ExportReady {
            link: format!("/account/export/{}", letter.subject),
            until: letter.expires_at.context("the letter does not say when its link ends")?,
        }),
        AccountLetter::AccountDeleted => letters::Letter::AccountDeleted(letters::AccountDeleted),
        AccountLetter::FactorsChanged => {
            letters::Letter::FactorsChanged(letters::FactorsChanged { at, device, client })
        }
        AccountLetter::NewDevice => letters::Letter::NewDevice(letters::NewDevice {
            at,
            device: device.unwrap_or_default(),
            client,
        }),
        AccountLetter::SignIn => {
            let Proof { code, token, next } = proof.context("auth gives no proof to send")?;
            let token = token.context("auth gives no token to send")?;
            letters::Letter::SignIn(letters::SignIn {
                code: code.context("auth gives no code to send")?,
                link: opening(&token, next.as_deref()),
                minutes: minutes_left(letter.expires_at, Timestamp::now()),
            })
        }
        AccountLetter::ConfirmAddress => {
            let Proof { code, token, .. } = proof.context("auth gives no proof to send")?;
            let token = token.context("auth gives no token to send")?;
            letters::Letter::ConfirmAddress(letters::ConfirmAddress {
                code: code.context("auth gives no code to send")?,
                link: format!("/account/address?token={token}"),
            })
        }
        AccountLetter::AddressChanged => {
            let token = proof.and_then(|proof| proof.token);
            let token = token.context("auth gives no token to send")?;
            let link = format!("/account/undo?token={token}");
            let until = letter.expires_at.unwrap_or(at);
            let said = letters::AddressChanged { at, device, client, link, until };
            letters::Letter::AddressChanged(said)
        }
    };
    Ok(Found::There(Content { email, locale, opens: None, letter }))
}

async fn of_order(cx: &Cx, letter: &Letter) -> Result<Found<Content>> {
    let order = OrderId(letter.subject);
    let facts = there!(ask(cx, &ORDERS_PEER, ORDERS, &AskOrder { order_id: order }).await?);
    let OrderFacts { buyer_id, seller_id, quantity, amount, refunded, currency, .. } = facts;
    let is_refunded = facts.status == OrderStatus::Refunded;
    let event = letters::Event {
        title: facts.title,
        venue: facts.venue,
        city: facts.city,
        starts_at: facts.starts_at,
        time_zone: facts.time_zone,
        revision: facts.revision.unwrap_or(0),
    };
    let (recipient, letter) = match letter.kind {
        Kind::OrderConfirmed | Kind::TicketSold if is_refunded => {
            return Ok(Found::Void("the order was refunded meanwhile".to_owned()));
        }
        Kind::OrderConfirmed => {
            let said = letters::OrderConfirmed { order, quantity, amount, currency, event };
            (Some(buyer_id), letters::Letter::OrderConfirmed(said))
        }
        Kind::TicketSold => {
            let said = letters::TicketSold { order, quantity, amount, currency, event };
            (seller_id, letters::Letter::TicketSold(said))
        }
        _ => {
            let said =
                letters::OrderRefunded { order, quantity, amount: refunded, currency, event };
            (Some(buyer_id), letters::Letter::OrderRefunded(said))
        }
    };
    let to = there!(addressee(cx, recipient, None).await?);
    Ok(Found::There(to_owner(to, letter)))
}

async fn of_event(cx: &Cx, letter: &Letter) -> Result<Found<Content>> {
    let path = format!("/api/tickets/{}", letter.subject);
    let call = Call::by_nobody(cx, Method::GET, &path);
    let Some(ticket) = TICKETS.ask::<Ticket>(call, None::<&()>).await? else {
        return Ok(Found::Void("the listing is gone".to_owned()));
    };
    let to = there!(addressee(cx, letter.recipient, None).await?);
    let event = letters::Event {
        title: ticket.title,
        venue: ticket.venue,
        city: ticket.city,
        starts_at: ticket.starts_at,
        time_zone: ticket.time_zone,
        revision: ticket.version,
    };
    let said = letters::EventMoved { ticket: ticket.id, event, held: None };
    let letter = letters::Letter::EventMoved(said);
    Ok(Found::There(to_owner(to, letter)))
}

async fn of_transfer(cx: &Cx, letter: &Letter) -> Result<Found<Content>> {
    let asked = AskTransfer { transfer_id: TransferId(letter.subject) };
    let facts: TransferFacts = there!(ask(cx, &ADMISSIONS, TRANSFERS, &asked).await?);
    // Without the holder's address the letter says less, and is as good.
    let from = match addressee(cx, Some(facts.holder_id), None).await? {
        Found::There(holder) => Some(holder.email),
        Found::Void(_) => None,
    };
    let event = letters::Event {
        title: facts.event.title,
        venue: facts.event.venue,
        city: facts.event.city,
        starts_at: facts.event.starts_at,
        time_zone: facts.event.time_zone,
        revision: facts.event.revision.unwrap_or(0),
    };
    let (link, until) = (facts.link, facts.expires_at);
    let said = letters::TicketTransferred { from, event, link, until };
    let letter = letters::Letter::TicketTransferred(said);
    Ok(Found::There(Content { email: facts.email, locale: None, opens: None, letter }))
}

/// Returns what `letter` says to the owner of an account.
fn to_owner(to: Addressee, letter: letters::Letter) -> Content {
    Content { email: to.email, locale: to.locale, opens: to.opens, letter }
}

async fn addressee(
    cx: &Cx,
    user: Option<UserId>,
    letter_id: Option<LetterId>,
) -> Result<Found<Addressee>> {
    let Some(user_id) = user else {
        return Ok(Found::Void("nobody is known to send it to".to_owned()));
    };
    ask(cx, &AUTH, ADDRESSEES, &AskAddressee { user_id, letter_id }).await
}

/// Asks a sibling. Only its own word makes a letter void: an older one that does not know the question
/// says 404 too.
async fn ask<T: DeserializeOwned>(
    cx: &Cx,
    peer: &Peer,
    path: &str,
    body: &impl Serialize,
) -> Result<Found<T>> {
    let answer = peer.send(Call::as_sibling(cx, path), Some(body)).await?;
    let (status, body) = (answer.status(), answer.body());
    if status.is_success() {
        let read = serde_json::from_slice(body);
        return read.map(Found::There).with_context(|| format!("reading {}'s answer", peer.name));
    }
    let problem: Option<ProblemBody> = serde_json::from_slice(body).ok();
    let code = problem.and_then(|problem| problem.code).unwrap_or_default();
    match (status, &*code) {
        (StatusCode::GONE, LETTER_VOID) | (StatusCode::NOT_FOUND, NO_SUCH_ACCOUNT) => {
            Ok(Found::Void(format!("{} says {code}", peer.name)))
        }
        _ => bail!("{} answers {status} {code}", peer.name),
    }
}

/// How many whole minutes are left, one at least.
fn minutes_left(until: Option<Timestamp>, now: Timestamp) -> i64 {
    until.map_or(1, |until| ((until.as_millis() - now.as_millis()) / 60_000).max(1))
}
