//! One's data: `POST /account/export` asks for the file with all of it, and `/account/export/{id}` is that
//! file. `/account/delete` is where one deletes the account.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::{get, post};
use boxoffice_contract::ExportId;
use boxoffice_contract::people::{
    Deletion, ExportStatus, NewestExport, Obstacle, ObstacleKind, Standing,
};
use boxoffice_contract::users::CurrentUser;
use boxoffice_kernel::Problem;
use boxoffice_kernel::http::Id;
use boxoffice_kernel::problem::Result;
use boxoffice_web::account::{Data, DataFile, Leaving, leaving};
use boxoffice_web::state::{Drawn, Form, Page, State};
use http::Method;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};

use super::entrance::sign_in_first;
use super::{account, confirm};
use crate::answer::{self, Keep};
use crate::form::{Sent, blank, new_key};
use crate::notice::Notice;
use crate::services::{AUTH, Change, Refusal};
use crate::shown::moment;
use crate::visitor::Visit;

const API: &str = "/api/users/export";
const LEAVING: &str = "/account/delete";
const DELETION: &str = "/api/users/deletion";
const FIELDS: [&str; 2] = ["password", "loseTickets"];
/// What of the form is shown again; a password is not.
const SHOWN: [&str; 1] = ["loseTickets"];

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/account/export", post(ask))
        .route("/account/export/{id}", get(file))
        .route(LEAVING, get(show).post(delete))
}

/// Finds what the page of the account shows of one's data.
///
/// # Errors
/// As of [`Visit::read`].
pub(super) async fn find(visit: &Visit) -> Result<Data> {
    let newest: Option<NewestExport> = visit.read(&AUTH, API).await?;
    let file = match newest.and_then(|newest| newest.export) {
        None => DataFile::Unasked,
        Some(export) => match export.status {
            ExportStatus::Making => DataFile::Making,
            ExportStatus::Failed => DataFile::Failed,
            ExportStatus::Ready => DataFile::Ready {
                href: format!("/account/export/{}", export.id),
                until: moment(export.expires_at, None, &visit.language),
            },
        },
    };
    Ok(Data { file, key: new_key() })
}

async fn ask(visit: Visit, sent: Sent) -> Result<Response> {
    let change = Change::new(Method::POST, API, sent.key());
    match visit.command(&AUTH, change, None::<&()>).await? {
        Ok(_) => Ok(answer::go(&visit, account::ADDRESS, Some(Notice::DataAsked)).await?),
        Err(refusal) if refusal.is_unauthorized() => sign_in_first(&visit, account::ADDRESS).await,
        Err(refusal) => Err(refusal.into_problem()),
    }
}

async fn file(visit: Visit, Id(id): Id<ExportId>) -> Result<Response> {
    if visit.user.is_none() {
        return sign_in_first(&visit, &visit.here).await;
    }
    let file = visit.file(&AUTH, &format!("{API}/{id}")).await?;
    let mut response = Response::new(Body::from(file.body().clone()));
    let headers = response.headers_mut();
    for name in [CONTENT_TYPE, CONTENT_DISPOSITION] {
        headers.extend(file.headers().get(&name).map(|value| (name, value.clone())));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn show(visit: Visit) -> Result<Response> {
    if visit.user.is_none() {
        return sign_in_first(&visit, LEAVING).await;
    }
    let state = load(&visit, blank()).await?;
    Ok(answer::show(&visit, state, Keep::Never).await?)
}

async fn delete(visit: Visit, sent: Sent) -> Result<Response> {
    let change = Change::new(Method::POST, DELETION, sent.key());
    let password = Some(sent.raw("password").to_owned()).filter(|password| !password.is_empty());
    let wanted = Deletion { password, lose_tickets: !sent.value("loseTickets").is_empty() };
    match visit.command(&AUTH, change, Some(&wanted)).await? {
        Ok(deleted) => {
            let response = answer::go(&visit, "/", Some(Notice::AccountDeleted)).await?;
            Ok(answer::with_cookies_of(response, &deleted))
        }
        Err(refusal) if refusal.is_unauthorized() => sign_in_first(&visit, LEAVING).await,
        Err(refusal) => refused(&visit, &refusal, &sent).await,
    }
}

/// Sends those on who have to confirm first. Others see the page again, with what is wrong with its form. The
/// password does not come back.
async fn refused(visit: &Visit, refusal: &Refusal, sent: &Sent) -> Result<Response> {
    if let Some(response) = confirm::instead(visit, refusal, sent, &SHOWN, LEAVING).await? {
        return Ok(response);
    }
    let form = sent.again(&SHOWN, refusal.on(&FIELDS), new_key());
    let state = load(visit, form).await?;
    Ok(answer::refuse(visit, refusal.status, state).await?)
}

async fn load(visit: &Visit, form: Form) -> Result<State> {
    let standing: Option<Standing> = visit.read(&AUTH, DELETION).await?;
    let standing = standing.ok_or_else(|| Problem::not_found("Your account was not found"))?;
    let state = visit.state("Delete my account", "", Page::Drawn(Drawn::default()));
    let current: Option<CurrentUser> = visit.read(&AUTH, "/api/users/currentUser").await?;
    let account = current.and_then(|current| current.current_user);
    let has_password = account.is_none_or(|account| account.has_password);
    let tickets = standing.tickets.into_iter();
    let page = Leaving {
        email: visit.email.clone(),
        has_password,
        obstacles: standing.obstacles.into_iter().map(obstacle).collect(),
        tickets: tickets.map(|lost| (lost.title, format!("/admissions/{}", lost.id))).collect(),
        form,
    };
    Ok(leaving(State { here: LEAVING.to_owned(), ..state }, page))
}

/// Says what must end, and where to go for that.
fn obstacle(Obstacle { kind, id, title }: Obstacle) -> (String, String) {
    let title = title.unwrap_or_else(|| "an order".to_owned());
    match kind {
        ObstacleKind::ListingSold => {
            let text = format!("Buyers of “{title}” wait for the event: refund them, or wait.");
            (text, "/sales".to_owned())
        }
        ObstacleKind::OrderPaying => {
            let text = format!("You are paying for “{title}”: finish it, or give it up.");
            (text, format!("/orders/{id}/checkout"))
        }
        ObstacleKind::PaymentPending => {
            let text = format!("Money for “{title}” is on its way: wait until it has arrived.");
            (text, "/sales".to_owned())
        }
        ObstacleKind::PaymentDisputed => {
            let text = format!("The payment for “{title}” waits for the shop's operator.");
            (text, "/sales".to_owned())
        }
    }
}
