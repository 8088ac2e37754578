//! `POST /api/users/letters`: where `mail` sends a letter.
//!
//! Only a service of ours gets an answer: it names an address.

use axum::routing::post;
use axum::{Json, Router};
use boxoffice_contract::UserId;
use boxoffice_contract::mail::{ADDRESSEES, Addressee, AskAddressee};
use boxoffice_kernel::db::{Query, Read, Reader};
use boxoffice_kernel::{Sibling, problem, query};

use crate::SERVICE;
use crate::refusal::Refusal;

pub(crate) fn route() -> Router {
    Router::new().route(ADDRESSEES, post(addressee))
}

async fn addressee(Sibling(asked): Sibling<AskAddressee>) -> problem::Result<Json<Addressee>> {
    let found: Option<(String,)> = Reader::new(&SERVICE).read(address_of(asked.user_id)).await?;
    let (email,) = found.ok_or(Refusal::NoSuchAccount)?;
    Ok(Json(Addressee { email, locale: None, verified: None, proof: None, notice: None }))
}

pub(crate) fn address_of(id: UserId) -> Query {
    query!("SELECT email FROM auth_users WHERE id = ?1", id)
}
