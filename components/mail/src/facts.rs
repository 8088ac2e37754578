//! What the owners of addresses, orders and admissions are asked, when a letter is sent.

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use boxoffice_contract::mail::{
    ADDRESSEES, AccountLetter, Addressee, AskAddressee, AskHeld, AskHolders, AskOrder, AskTickets,
    AskTransfer, HELD, HOLDERS, HeldOf, Holders, LETTER_VOID, NO_SUCH_ACCOUNT, ORDERS, OrderFacts,
    Proof, TICKETS as TICKET_FILES, TRANSFERS, Tickets, TransferFacts, opening, resetting,
};
use boxoffice_contract::orders::OrderStatus;
use boxoffice_contract::problem::ProblemBody;
use boxoffice_contract::tickets::Ticket;
use boxoffice_contract::{LetterId, OrderId, TicketId, Timestamp, TransferId, UserId};
use boxoffice_kernel::peer::{Call, Peer};
use boxoffice_kernel::{Cx, log};
use boxoffice_letters as letters;
use boxoffice_rules::purchase;
use http::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::letter::{Kind, Letter};
use crate::message::File;

const AUTH: Peer = Peer { name: "auth", base_url: "auth_base_url" };
const ORDERS_PEER: Peer = Peer { name: "orders", base_url: "orders_base_url" };
const ADMISSIONS: Peer = Peer { name: "admissions", base_url: "admissions_base_url" };
const TICKETS: Peer = Peer { name: "tickets", base_url: "tickets_base_url" };

/// How long a letter waits for the tickets that it encloses, in seconds. They are on their page as well.
const WAITS_FOR_TICKETS: i64 = 120;
/// The most that a letter encloses, in bytes: many servers refuse letters of more than 10 MB, and base64
/// takes a third more.
const MOST_ENCLOSED: usize = 5 * 1024 * 1024;

/// What came of asking.
pub(crate) enum Found<T> {
    /// The answer.
    There(T),
    /// The letter must not be sent: why.
    Void(String),
    /// What it encloses is still being made.
    NotYet,
    /// It is too early: when the letter is due.
    Early(Timestamp),
}

/// What a letter says, and to whom.
pub(crate) struct Content {
    /// The account that gets it; none if it goes to an address without one.
    pub(crate) account: Option<UserId>,
    pub(crate) email: String,
    pub(crate) locale: Option<String>,
    /// The token that signs the recipient in, if they have no password.
    pub(crate) opens: Option<String>,
    pub(crate) letter: letters::Letter,
    pub(crate) files: Vec<File>,
}

impl Content {
    fn new(account: Option<UserId>, to: Addressee, letter: letters::Letter) -> Self {
        let Addressee { email, locale, opens, .. } = to;
        Self { account, email, locale, opens, letter, files: Vec::new() }
    }
}

/// Takes the answer, or returns that the letter is void.
macro_rules! there {
    ($found:expr) => {
        match $found {
            Found::There(answer) => answer,
            Found::Void(why) => return Ok(Found::Void(why)),
            Found::NotYet => return Ok(Found::NotYet),
            Found::Early(due) => return Ok(Found::Early(due)),
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
        Kind::HoldEnding => of_hold(cx, letter).await,
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
        Found::NotYet | Found::Early(_) => {
            bail!("admissions does not tell who holds tickets yet")
        }
        Found::Void(why) => bail!("admissions does not tell who holds tickets: {why}"),
    }
}

async fn of_account(cx: &Cx, letter: &Letter, kind: AccountLetter) -> Result<Found<Content>> {
    let id = Some(LetterId(letter.subject));
    let to = there!(addressee(cx, letter.recipient, id).await?);
    let (proof, notice) = (to.proof.clone(), to.notice.clone());
    let at = notice.as_ref().map_or(letter.created_at, |notice| notice.at);
    let (device, client) = notice.map_or((None, None), |notice| (notice.device, notice.client));
    let letter_to = letter.recipient;
    let said = match kind {
        AccountLetter::VerifyAddress => {
            let Proof { code, token, .. } = proof.context("auth gives no proof to send")?;
            letters::Letter::VerifyAddress(letters::VerifyAddress {
                code: code.context("auth gives no code to send")?,
                link: format!("/verify?token={}", token.context("auth gives no token to send")?),
            })
        }
        AccountLetter::ResetPassword => {
            let Proof { token, next, .. } = proof.context("auth gives no proof to send")?;
            let token = token.context("auth gives no token to send")?;
            letters::Letter::ResetPassword(letters::ResetPassword {
                link: resetting(&token, next.as_deref()),
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
    let content = Content::new(letter_to, to, said);
    Ok(Found::There(Content { opens: None, ..content }))
}

async fn of_order(cx: &Cx, letter: &Letter) -> Result<Found<Content>> {
    let order = OrderId(letter.subject);
    let facts: OrderFacts =
        there!(ask(cx, &ORDERS_PEER, ORDERS, &AskOrder { order_id: order }).await?);
    let is_refunded = facts.status == OrderStatus::Refunded;
    let event = event_of(&facts);
    let OrderFacts { buyer_id, seller_id, quantity, amount, refunded, currency, .. } = facts;
    let (recipient, letter) = match letter.kind {
        Kind::OrderConfirmed | Kind::TicketSold if is_refunded => {
            return Ok(Found::Void("the order was refunded meanwhile".to_owned()));
        }
        Kind::OrderConfirmed => {
            let to = there!(addressee(cx, Some(buyer_id), None).await?);
            let Some((enclosed, files)) = tickets(cx, letter, buyer_id, &to.email).await? else {
                return Ok(Found::NotYet);
            };
            let said =
                letters::OrderConfirmed { order, quantity, amount, currency, event, enclosed };
            let said = letters::Letter::OrderConfirmed(said);
            let content = Content::new(Some(buyer_id), to, said);
            return Ok(Found::There(Content { files, ..content }));
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
    Ok(Found::There(Content::new(recipient, to, letter)))
}

/// Asks for what reminds a buyer of a hold. It is void once the hold has ended, and too early if the hold
/// lasts longer since the letter was asked for.
async fn of_hold(cx: &Cx, letter: &Letter) -> Result<Found<Content>> {
    let order = OrderId(letter.subject);
    let facts: OrderFacts =
        there!(ask(cx, &ORDERS_PEER, ORDERS, &AskOrder { order_id: order }).await?);
    let until = facts.expires_at.context("orders does not say when the hold ends")?;
    let held = [OrderStatus::Created, OrderStatus::AwaitingPayment];
    let is_held = facts.status.known().is_some_and(|status| held.contains(&status));
    if !is_held || until <= Timestamp::now() {
        return Ok(Found::Void("the hold has ended, or is paid for".to_owned()));
    }
    let due = until.plus_seconds(-purchase::REMINDED_BEFORE);
    if due > Timestamp::now() {
        return Ok(Found::Early(due));
    }
    let event = event_of(&facts);
    let OrderFacts { buyer_id, quantity, amount, currency, .. } = facts;
    let said = letters::HoldEnding { order, quantity, amount, currency, event, until };
    let to = there!(addressee(cx, Some(buyer_id), None).await?);
    Ok(Found::There(Content::new(Some(buyer_id), to, letters::Letter::HoldEnding(said))))
}

fn event_of(facts: &OrderFacts) -> letters::Event {
    letters::Event {
        title: facts.title.clone(),
        venue: facts.venue.clone(),
        city: facts.city.clone(),
        starts_at: facts.starts_at,
        time_zone: facts.time_zone.clone(),
        revision: facts.revision.unwrap_or(0),
    }
}

/// Asks for the files of an order's tickets, and says which there are; `None` while they are being made.
/// A letter waits for them for a while, and goes without them then: their page has the same.
async fn tickets(
    cx: &Cx,
    letter: &Letter,
    holder_id: UserId,
    email: &str,
) -> Result<Option<(letters::Enclosed, Vec<File>)>> {
    let order_id = OrderId(letter.subject);
    let asked = AskTickets { order_id, holder_id, email: email.to_owned() };
    let found = match ask::<Tickets>(cx, &ADMISSIONS, TICKET_FILES, &asked).await {
        Ok(Found::There(tickets)) if tickets.issued => read_files(tickets).map(Some),
        Ok(Found::There(_) | Found::NotYet | Found::Early(_)) => Ok(None),
        Ok(Found::Void(why)) => Err(anyhow!("admissions tells of no tickets: {why}")),
        Err(error) => Err(error),
    };
    if !is_old(letter, Timestamp::now()) {
        return found.context("asking for the tickets to enclose");
    }
    let found = found.unwrap_or_else(|error| {
        let cx = cx.with("letter", letter.id);
        log::failed(&cx, "enclosing tickets; the letter goes without them", &error);
        None
    });
    Ok(found.or_else(|| Some((letters::Enclosed::Nothing, Vec::new()))))
}

/// Whether a letter has waited long enough for its tickets.
fn is_old(letter: &Letter, now: Timestamp) -> bool {
    letter.created_at.plus_seconds(WAITS_FOR_TICKETS) <= now
}

/// Reads the files, and leaves out those that would make the letter too large.
fn read_files(Tickets { turning, files, .. }: Tickets) -> Result<(letters::Enclosed, Vec<File>)> {
    let (mut read, mut size) = (Vec::new(), 0);
    for file in files {
        let content = STANDARD.decode(file.content).context("reading a file of tickets")?;
        if size + content.len() > MOST_ENCLOSED {
            break;
        }
        size += content.len();
        read.push(File { name: file.name, media_type: file.media_type, content });
    }
    let enclosed = match (read.is_empty(), turning) {
        (false, _) => letters::Enclosed::Tickets,
        (true, true) => letters::Enclosed::Turning,
        (true, false) => letters::Enclosed::Nothing,
    };
    Ok((enclosed, read))
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
    let held = match letter.recipient {
        Some(holder) => held(cx, ticket.id, holder).await?,
        None => None,
    };
    let said = letters::EventMoved { ticket: ticket.id, event, held };
    Ok(Found::There(Content::new(letter.recipient, to, letters::Letter::EventMoved(said))))
}

/// Asks what `holder` has of an event: their calendar's entry changes with it.
async fn held(cx: &Cx, ticket_id: TicketId, holder: UserId) -> Result<Option<letters::Held>> {
    let asked = AskHeld { ticket_id, holder_id: holder };
    Ok(match ask::<HeldOf>(cx, &ADMISSIONS, HELD, &asked).await? {
        Found::There(HeldOf::Order(order)) => Some(letters::Held::Order(order)),
        Found::There(HeldOf::Admission(admission)) => Some(letters::Held::Admission(admission)),
        Found::There(HeldOf::Nothing) | Found::Void(_) | Found::NotYet | Found::Early(_) => None,
    })
}

async fn of_transfer(cx: &Cx, letter: &Letter) -> Result<Found<Content>> {
    let asked = AskTransfer { transfer_id: TransferId(letter.subject) };
    let facts: TransferFacts = there!(ask(cx, &ADMISSIONS, TRANSFERS, &asked).await?);
    // Without the holder's address the letter says less, and is as good.
    let from = match addressee(cx, Some(facts.holder_id), None).await? {
        Found::There(holder) => Some(holder.email),
        Found::Void(_) | Found::NotYet | Found::Early(_) => None,
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
    let content = Content {
        account: None,
        email: facts.email,
        locale: None,
        opens: None,
        letter,
        files: Vec::new(),
    };
    Ok(Found::There(content))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use boxoffice_contract::mail::TicketFile;

    use super::*;

    fn tickets(turning: bool, contents: &[Vec<u8>]) -> Tickets {
        let file = |content: &Vec<u8>| TicketFile {
            name: "tickets.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            content: STANDARD.encode(content),
        };
        Tickets { issued: true, turning, files: contents.iter().map(file).collect() }
    }

    #[test]
    fn a_letter_says_what_it_encloses() {
        use letters::Enclosed;
        for (turning, contents, enclosed) in [
            (false, vec![b"%PDF".to_vec()], Enclosed::Tickets),
            (true, vec![], Enclosed::Turning),
            (false, vec![], Enclosed::Nothing),
            (false, vec![vec![0; MOST_ENCLOSED + 1]], Enclosed::Nothing),
        ] {
            assert_eq!(read_files(tickets(turning, &contents)).unwrap().0, enclosed);
        }
        let many = vec![vec![0; MOST_ENCLOSED / 2]; 3];
        assert_eq!(read_files(tickets(false, &many)).unwrap().1.len(), 2);
        let mut broken = tickets(false, &[vec![1]]);
        broken.files[0].content = "?".to_owned();
        assert!(read_files(broken).is_err());
    }
}
