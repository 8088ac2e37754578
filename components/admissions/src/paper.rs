//! `GET /api/admissions/{id}.pdf`: a ticket to print, or to keep on a phone.

use axum::response::{IntoResponse, Response};
use boxoffice_admission_code::Signer;
use boxoffice_admission_code::qr::Qr;
use boxoffice_contract::AdmissionId;
use boxoffice_contract::orders::number;
use boxoffice_kernel::problem::{self, ProblemBody};
use boxoffice_kernel::{Timestamp, UserCx};
use boxoffice_ticket_pdf::{Page, Ticket, Words};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};

use crate::admission::Admission;
use crate::key::Keys;
use crate::listing::Listing;
use crate::refusal::Result;
use crate::show;

/// What the shop is called on tickets.
pub(crate) const SHOP: &str = "Boxoffice";
/// Who may keep an answer with a code in it: nobody on the way.
pub(crate) const NOT_KEPT: &str = "private, no-store";

/// One ticket as a PDF
///
/// To print on A4, or with `format=phone` as large as a phone's screen.
#[utoipa::path(
    get, path = "/api/admissions/{id}.pdf", tag = "admissions", operation_id = "print_admission",
    params(
        ("id" = Uuid, Path, description = "The admission"),
        ("format" = Option<String>, Query, description = "`a4`, which is the default, or `phone`"),
    ),
    responses(
        (status = 200, description = "The ticket, with its code", content_type = "application/pdf", body = Vec<u8>),
        (status = 400, description = "The format is invalid", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "Somebody else's ticket", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "This ticket does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The ticket needs a name, or has no code, or one that turns", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn print(cx: &UserCx, id: AdmissionId, page: Page) -> problem::Result<Response> {
    let (admission, listing) = show::on_file(cx, id).await?;
    let keys = Keys::load().await?;
    let holder = cx.account().await?.email;
    let pdf = draw(&[&admission], &listing, &holder, &keys.signer, page)?;
    Ok(file(&admission, "application/pdf", "pdf", pdf))
}

/// Answers with a file of the ticket that people keep, and that nobody else may.
pub(crate) fn file(
    admission: &Admission,
    media_type: &'static str,
    ending: &str,
    bytes: Vec<u8>,
) -> Response {
    let name = format!("attachment; filename=\"ticket-{}.{ending}\"", admission.number);
    let headers = [
        (CONTENT_TYPE, media_type.to_owned()),
        (CONTENT_DISPOSITION, name),
        (CACHE_CONTROL, NOT_KEPT.to_owned()),
    ];
    (headers, bytes).into_response()
}

/// Reads the format that a client asks for.
///
/// # Errors
/// A sentence for the client.
pub(crate) fn read_format(text: &str) -> std::result::Result<Page, String> {
    match text {
        "a4" => Ok(Page::A4),
        "phone" => Ok(Page::Phone),
        _ => Err("Write the format as a4 or phone".to_owned()),
    }
}

/// Draws tickets of one event, which are all `holder`'s, to be printed on A4.
///
/// # Errors
/// When one cannot be drawn.
pub(crate) fn draw_all(
    admissions: &[&Admission],
    listing: &Listing,
    holder: &str,
    signer: &Signer,
) -> Result<Vec<u8>> {
    draw(admissions, listing, holder, signer, Page::A4)
}

fn draw(
    admissions: &[&Admission],
    listing: &Listing,
    holder: &str,
    signer: &Signer,
    page: Page,
) -> Result<Vec<u8>> {
    let facts = admissions.iter().map(|admission| Facts::new(admission, listing, signer));
    let facts = facts.collect::<Result<Vec<_>>>()?;
    let tickets = facts.iter().map(|facts| facts.ticket(listing, holder));
    let tickets = tickets.collect::<Result<Vec<_>>>()?;
    let pdf = boxoffice_ticket_pdf::draw(&tickets, page, SHOP, &Words::ENGLISH);
    Ok(pdf.map_err(anyhow::Error::from)?)
}

/// What is drawn of one ticket.
struct Facts {
    code: String,
    size: usize,
    modules: Vec<bool>,
    when: Option<String>,
    name: Option<String>,
    position: (u32, u32),
    order: String,
    id: String,
}

impl Facts {
    fn new(admission: &Admission, listing: &Listing, signer: &Signer) -> Result<Self> {
        let code = admission.code(signer);
        let drawn = Qr::encode(&code).map_err(anyhow::Error::from)?;
        Ok(Self {
            size: usize::try_from(drawn.size()).map_err(anyhow::Error::from)?,
            modules: drawn.modules(),
            code,
            when: listing.starts_at.map(|at| written(at, listing.time_zone.as_deref())),
            name: admission.name(listing),
            position: admission.position(),
            order: number(admission.order_id),
            id: admission.id.to_string(),
        })
    }

    fn ticket<'a>(&'a self, listing: &'a Listing, holder: &'a str) -> Result<Ticket<'a>> {
        let qr = boxoffice_ticket_pdf::Qr::new(self.size, &self.modules);
        Ok(Ticket {
            title: &listing.title,
            when: self.when.as_deref(),
            venue: listing.venue.as_deref(),
            city: listing.city.as_deref(),
            holder,
            name: self.name.as_deref(),
            position: self.position,
            price: None,
            order: &self.order,
            admission: &self.id,
            code: &self.code,
            qr: qr.map_err(anyhow::Error::from)?,
        })
    }
}

/// Writes an instant as the clocks of the time zone `name` show it, or those of UTC.
fn written(at: Timestamp, name: Option<&str>) -> String {
    let zone = name.and_then(|name| jiff::tz::TimeZone::get(name).ok());
    let zone = zone.unwrap_or(jiff::tz::TimeZone::UTC);
    match jiff::Timestamp::from_millisecond(at.as_millis()) {
        Ok(instant) => instant.to_zoned(zone).strftime("%A %-d %B %Y, %H:%M %Z").to_string(),
        Err(_) => at.to_string(),
    }
}
