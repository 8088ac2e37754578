//! Writes `pass.json`, the text of an event ticket.

use serde::Serialize;

use crate::text::{short, time};
use crate::{Error, Pass};

/// The longest text, in bytes. Wallet itself shows a line or two of it.
const LONGEST: usize = 500;
/// The longest code that is written below the QR code, in characters.
const LONGEST_CODE: usize = 40;

/// Returns `pass.json`.
///
/// # Errors
/// [`Error::Time`] if a time of the pass is not RFC 3339.
pub(super) fn json(pass_type: &str, team: &str, pass: &Pass<'_>) -> Result<Vec<u8>, Error> {
    let organization = short(pass.organization, LONGEST);
    let starts = pass.starts_at.map(time).transpose()?;
    let json = PassJson {
        format_version: 1,
        pass_type_identifier: pass_type,
        team_identifier: team,
        serial_number: pass.admission_id,
        organization_name: &organization,
        description: format!("Ticket for {}", short(pass.title, LONGEST)),
        logo_text: &organization,
        grouping_identifier: pass.ticket_id,
        foreground_color: "rgb(255, 248, 239)",
        background_color: "rgb(150, 33, 13)",
        label_color: "rgb(240, 190, 175)",
        relevant_date: starts.clone(),
        expiration_date: pass.expires_at.map(time).transpose()?,
        voided: pass.is_void,
        barcodes: [Barcode::new(pass.code)],
        event_ticket: EventTicket::new(pass, starts),
    };
    serde_json::to_vec(&json).map_err(Error::internal)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PassJson<'a> {
    format_version: u8,
    pass_type_identifier: &'a str,
    team_identifier: &'a str,
    serial_number: &'a str,
    organization_name: &'a str,
    description: String,
    logo_text: &'a str,
    grouping_identifier: &'a str,
    foreground_color: &'a str,
    background_color: &'a str,
    label_color: &'a str,
    /// Not `relevantDates`: the key of its entries changed between iOS 18 and iOS 26.
    #[serde(skip_serializing_if = "Option::is_none")]
    relevant_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_date: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    voided: bool,
    barcodes: [Barcode<'a>; 1],
    event_ticket: EventTicket,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Barcode<'a> {
    format: &'a str,
    message: &'a str,
    message_encoding: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    alt_text: Option<&'a str>,
}

impl<'a> Barcode<'a> {
    fn new(code: &'a str) -> Self {
        let is_latin = code.chars().all(|char| u32::from(char) <= 0xff);
        Self {
            format: "PKBarcodeFormatQR",
            message: code,
            message_encoding: if is_latin { "iso-8859-1" } else { "utf-8" },
            alt_text: (code.chars().count() <= LONGEST_CODE).then_some(code),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventTicket {
    primary_fields: Vec<Field>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secondary_fields: Vec<Field>,
    auxiliary_fields: Vec<Field>,
    back_fields: Vec<Field>,
}

impl EventTicket {
    fn new(pass: &Pass<'_>, starts: Option<String>) -> Self {
        let place: Vec<_> = pass.venue.into_iter().chain(pass.city).collect();
        let venue = place.first().map(|place| Field::new("venue", "Venue", place));
        Self {
            primary_fields: filled([Field::new("event", "Event", pass.title)]),
            secondary_fields: filled(starts.map(Field::starts).into_iter().chain(venue)),
            auxiliary_fields: filled([
                Field::new("holder", "Name", pass.holder),
                Field::new("number", "Ticket", &pass.number()),
            ]),
            back_fields: filled([
                Field::new("place", "Where", &place.join(", ")),
                Field::new("order", "Order", pass.order),
                Field::new("code", "Code", pass.code),
                Field::new("page", "Your ticket", pass.url),
            ]),
        }
    }
}

/// Returns the fields that have a value.
fn filled(fields: impl IntoIterator<Item = Field>) -> Vec<Field> {
    fields.into_iter().filter(|field| !field.value.is_empty()).collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Field {
    key: &'static str,
    label: &'static str,
    value: String,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    date: Option<DateStyle>,
}

impl Field {
    fn new(key: &'static str, label: &'static str, value: &str) -> Self {
        Self { key, label, value: short(value, LONGEST), date: None }
    }

    /// Returns the field of the start, which phones show in the time of the venue.
    fn starts(value: String) -> Self {
        let date = DateStyle {
            date_style: "PKDateStyleMedium",
            time_style: "PKDateStyleShort",
            ignores_time_zone: true,
        };
        Self { key: "starts", label: "Starts", value, date: Some(date) }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DateStyle {
    date_style: &'static str,
    time_style: &'static str,
    ignores_time_zone: bool,
}
