//! `GET /api/admissions/{id}.pkpass` and `/{id}.google`: a ticket in the wallet of a phone.
//!
//! Apple and Google take passes of those alone whom they know: the operator's certificates are
//! variables. Without them the shop makes no passes, and no page offers any.

use std::cell::RefCell;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::response::{IntoResponse, Response};
use boxoffice_admission_code::Signer;
use boxoffice_contract::AdmissionId;
use boxoffice_contract::admissions::Wallet;
use boxoffice_contract::orders::number;
use boxoffice_kernel::problem::{self, Problem, ProblemBody};
use boxoffice_kernel::{Cx, Timestamp, UserCx, config, log};
use boxoffice_wallet::apple::MEDIA_TYPE;
use boxoffice_wallet::{Apple, Google, Pass};
use http::StatusCode;
use http::header::{CACHE_CONTROL, LOCATION};

use crate::admission::Admission;
use crate::key::Keys;
use crate::listing::Listing;
use crate::paper::{NOT_KEPT, SHOP, file};
use crate::show;

/// The wallets that the operator has certificates for.
pub(crate) struct Wallets {
    apple: Option<Apple>,
    google: Option<Google>,
}

thread_local! {
    static WALLETS: RefCell<Option<Arc<Wallets>>> = const { RefCell::new(None) };
}

impl Wallets {
    /// Reads the variables that begin with `apple_` and `google_`, once an instance. Where they do not
    /// belong together there is no such wallet, and the log says why: tickets work without.
    pub(crate) async fn load() -> Arc<Self> {
        if let Some(wallets) = WALLETS.with_borrow(Clone::clone) {
            return wallets;
        }
        let apple = known("Apple Wallet", apple().await);
        let google = known("Google Wallet", google().await);
        let wallets = Arc::new(Self { apple, google });
        WALLETS.set(Some(Arc::clone(&wallets)));
        wallets
    }

    /// The wallets that take tickets of this shop.
    pub(crate) fn names(&self) -> Vec<Wallet> {
        let apple = self.apple.as_ref().map(|_| Wallet::Apple);
        apple.into_iter().chain(self.google.as_ref().map(|_| Wallet::Google)).collect()
    }
}

fn known<T>(name: &str, read: Result<Option<T>>) -> Option<T> {
    read.unwrap_or_else(|error| {
        let what = format!("reading the settings of {name}; no passes are made for it");
        log::failed(Cx::NONE, &what, &error);
        None
    })
}

async fn apple() -> Result<Option<Apple>> {
    let pass_type = config::variable("apple_pass_type").await?;
    if pass_type.is_empty() {
        return Ok(None);
    }
    let team = config::variable("apple_team").await?;
    let certificate = config::variable("apple_certificate").await?;
    let key = config::variable("apple_key").await?;
    let issuer = config::variable("apple_issuer").await?;
    let apple = Apple::from_pem(&pass_type, &team, &certificate, &key, &issuer);
    apple.map(Some).context("the variables that begin with apple_")
}

async fn google() -> Result<Option<Google>> {
    let issuer = config::variable("google_issuer").await?;
    if issuer.is_empty() {
        return Ok(None);
    }
    let account = config::variable("google_account").await?;
    let key = config::variable("google_key").await?;
    let google = Google::new(&issuer, &account, &key, &config::shop().await?);
    google.map(Some).context("the variables that begin with google_")
}

/// One ticket for Apple Wallet
#[utoipa::path(
    get, path = "/api/admissions/{id}.pkpass", tag = "admissions", operation_id = "apple_pass",
    params(("id" = Uuid, Path, description = "The admission")),
    responses(
        (status = 200, description = "The pass", content_type = "application/vnd.apple.pkpass", body = Vec<u8>),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's ticket", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This ticket does not exist, or this shop makes no such passes", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The ticket needs a name, or has no code, or one that turns", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn apple_pass(cx: &UserCx, id: AdmissionId) -> problem::Result<Response> {
    let wallets = Wallets::load().await;
    let apple = wallets.apple.as_ref().ok_or_else(without)?;
    let facts = Facts::find(cx, id).await?;
    let pkpass = apple.pkpass(&facts.pass(), now()).map_err(anyhow::Error::from)?;
    Ok(file(&facts.admission, MEDIA_TYPE, "pkpass", pkpass))
}

/// One ticket for Google Wallet
#[utoipa::path(
    get, path = "/api/admissions/{id}.google", tag = "admissions", operation_id = "google_pass",
    params(("id" = Uuid, Path, description = "The admission")),
    responses(
        (status = 303, description = "To Google's page that saves the ticket"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's ticket", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This ticket does not exist, or this shop makes no such passes", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The ticket needs a name, or has no code, or one that turns", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn google_pass(cx: &UserCx, id: AdmissionId) -> problem::Result<Response> {
    let wallets = Wallets::load().await;
    let google = wallets.google.as_ref().ok_or_else(without)?;
    let facts = Facts::find(cx, id).await?;
    let link = google.link(&facts.pass(), now()).map_err(anyhow::Error::from)?;
    let headers = [(LOCATION, link), (CACHE_CONTROL, NOT_KEPT.to_owned())];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}

/// Makes the pass for Apple Wallet that a letter to `email` encloses, with its media type; `None` in a shop
/// that makes none.
///
/// # Errors
/// When it cannot be made.
pub(crate) async fn enclosed(
    admission: &Admission,
    listing: &Listing,
    email: &str,
    signer: &Signer,
) -> Result<Option<(&'static str, Vec<u8>)>> {
    let wallets = Wallets::load().await;
    let Some(apple) = wallets.apple.as_ref() else { return Ok(None) };
    let holder = admission.name(listing).unwrap_or_else(|| email.to_owned());
    let (code, shop) = (admission.code(signer), config::shop().await?);
    let facts = Facts::new(admission.clone(), listing.clone(), code, holder, &shop);
    Ok(Some((MEDIA_TYPE, apple.pkpass(&facts.pass(), now())?)))
}

fn without() -> Problem {
    Problem::not_found("This shop makes no passes for this wallet; its tickets also come as PDF")
}

fn now() -> i64 {
    Timestamp::now().as_millis() / 1000
}

/// What a pass is made of.
struct Facts {
    admission: Admission,
    listing: Listing,
    code: String,
    url: String,
    holder: String,
    ids: [String; 2],
    order: String,
    starts_at: Option<String>,
}

impl Facts {
    async fn find(cx: &UserCx, id: AdmissionId) -> problem::Result<Self> {
        let (admission, listing) = show::on_file(cx, id).await?;
        let keys = Keys::load().await?;
        let code = admission.code(&keys.signer);
        let holder = match admission.name(&listing) {
            Some(name) => name,
            None => cx.account().await?.email,
        };
        Ok(Self::new(admission, listing, code, holder, &config::shop().await?))
    }

    fn new(
        admission: Admission,
        listing: Listing,
        code: String,
        holder: String,
        shop: &str,
    ) -> Self {
        let url = format!("{shop}/admissions/{}", admission.id);
        // Google's link has room for 1,800 characters.
        let ids = [admission.id.0, admission.ticket_id.0].map(|id| id.simple().to_string());
        let order = number(admission.order_id);
        let starts_at = listing.starts_at.map(|at| at.to_string());
        Self { admission, listing, code, url, holder, ids, order, starts_at }
    }

    fn pass(&self) -> Pass<'_> {
        let [admission_id, ticket_id] = &self.ids;
        Pass {
            admission_id,
            ticket_id,
            title: &self.listing.title,
            venue: self.listing.venue.as_deref(),
            city: self.listing.city.as_deref(),
            starts_at: self.starts_at.as_deref(),
            expires_at: None,
            holder: &self.holder,
            position: self.admission.position(),
            order: &self.order,
            code: &self.code,
            organization: SHOP,
            url: &self.url,
            // A void ticket gets no pass: see `show::on_file`.
            is_void: false,
        }
    }
}
