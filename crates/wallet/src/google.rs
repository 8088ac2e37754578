//! Makes a link of Google Wallet that saves a ticket: a JWT with the event and the ticket.
//!
//! Sources: the Google Wallet API's "Event tickets", its reference `EventTicketClass`,
//! `EventTicketObject` and `Jwt`, and RFC 7515 for the signature (RS256).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::key::Key;
use crate::text::{short, time};
use crate::{Error, Pass};

/// Every link has fewer characters than this. Browsers may cut longer ones, Google says.
pub const LONGEST_LINK: usize = 1800;

const LINK: &str = "https://pay.google.com/gp/v/save/";
const HEADER: &str = r#"{"alg":"RS256","typ":"JWT"}"#;

/// The sizes of a link's texts, from the longest. The first that fits is used.
const ROOMS: [Room; 9] = [
    Room { text: 200, has_interval: true },
    Room { text: 200, has_interval: false },
    Room { text: 140, has_interval: false },
    Room { text: 100, has_interval: false },
    Room { text: 75, has_interval: false },
    Room { text: 55, has_interval: false },
    Room { text: 40, has_interval: false },
    Room { text: 25, has_interval: false },
    Room { text: 12, has_interval: false },
];

struct Room {
    /// The longest text, in bytes.
    text: usize,
    /// Whether the link says from when to when the ticket is valid.
    has_interval: bool,
}

/// A signer of links of one issuer.
pub struct Google {
    issuer: String,
    account: String,
    key: Key,
    origin: String,
}

impl Google {
    /// Reads the settings, which Google's consoles provide.
    ///
    /// `issuer_id` is the number in the Wallet console. `account` is the e-mail address of a service
    /// account that may issue. `key_pem` is the `private_key` in its JSON. `origin` is the shop's, such
    /// as `https://tickets.example`.
    ///
    /// # Errors
    /// Names the setting that is wrong, and how to correct it.
    pub fn new(issuer_id: &str, account: &str, key_pem: &str, origin: &str) -> Result<Self, Error> {
        if issuer_id.is_empty() || !issuer_id.bytes().all(|byte| byte.is_ascii_digit()) {
            let hint = "it is the number at the head of the Google Pay & Wallet console";
            return Err(Error::setting("the issuer id", issuer_id, hint));
        }
        if !account.contains('@') {
            let hint = "it is the service account's e-mail address, client_email in its JSON";
            return Err(Error::setting("the service account", account, hint));
        }
        if !origin.starts_with("https://") && !origin.starts_with("http://") {
            let hint = "it is the shop's address, such as https://tickets.example";
            return Err(Error::setting("the origin", origin, hint));
        }
        Ok(Self {
            issuer: issuer_id.to_owned(),
            account: account.to_owned(),
            key: Key::from_pem("the service account's key", key_pem)?,
            origin: origin.trim_end_matches('/').to_owned(),
        })
    }

    /// Returns the link that saves `pass`, issued at `now_unix`, in seconds since 1970.
    ///
    /// Long texts are cut until the link has fewer than [`LONGEST_LINK`] characters.
    ///
    /// # Errors
    /// [`Error::Time`] or [`Error::Id`] for a field of the pass, or [`Error::LinkTooLong`].
    pub fn link(&self, pass: &Pass<'_>, now_unix: i64) -> Result<String, Error> {
        let mut length = 0;
        for room in &ROOMS {
            let claims = self.claims(pass, now_unix, room)?;
            let signed = format!("{}.{}", encode(HEADER), encode(claims));
            length = LINK.len() + signed.len() + ".".len() + encoded_len(self.key.size());
            if length < LONGEST_LINK {
                let signature = self.key.sign(signed.as_bytes())?;
                return Ok(format!("{LINK}{signed}.{}", encode(signature)));
            }
        }
        Err(Error::LinkTooLong(length))
    }

    fn claims(&self, pass: &Pass<'_>, now_unix: i64, room: &Room) -> Result<Vec<u8>, Error> {
        let class = self.id(pass.ticket_id)?;
        let claims = Claims {
            iss: &self.account,
            aud: "google",
            typ: "savetowallet",
            iat: now_unix,
            origins: [&self.origin],
            payload: Payload {
                event_ticket_classes: [EventTicketClass {
                    id: &class,
                    issuer_name: short(pass.organization, room.text),
                    review_status: "UNDER_REVIEW",
                    event_name: Localized::new(pass.title, room),
                    venue: Venue::new(pass, room),
                    date_time: pass.starts_at.map(EventDateTime::new).transpose()?,
                }],
                event_ticket_objects: [EventTicketObject {
                    id: &self.id(pass.admission_id)?,
                    class_id: &class,
                    state: if pass.is_void { "INACTIVE" } else { "ACTIVE" },
                    barcode: Barcode { kind: "QR_CODE", value: pass.code },
                    ticket_holder_name: short(pass.holder, room.text),
                    ticket_number: pass.number(),
                    reservation_info: ReservationInfo { confirmation_code: pass.order },
                    valid_time_interval: room
                        .has_interval
                        .then(|| TimeInterval::new(pass, now_unix))
                        .transpose()?,
                }],
            },
        };
        serde_json::to_vec(&claims).map_err(Error::internal)
    }

    fn id(&self, id: &str) -> Result<String, Error> {
        let is_good = |char: char| char.is_ascii_alphanumeric() || ".-_".contains(char);
        if id.is_empty() || !id.chars().all(is_good) {
            return Err(Error::Id(short(id, 60)));
        }
        Ok(format!("{}.{id}", self.issuer))
    }
}

fn encode(data: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(data)
}

fn encoded_len(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    typ: &'a str,
    iat: i64,
    origins: [&'a str; 1],
    payload: Payload<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    event_ticket_classes: [EventTicketClass<'a>; 1],
    event_ticket_objects: [EventTicketObject<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventTicketClass<'a> {
    id: &'a str,
    issuer_name: String,
    review_status: &'a str,
    event_name: Localized,
    #[serde(skip_serializing_if = "Option::is_none")]
    venue: Option<Venue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_time: Option<EventDateTime>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Localized {
    default_value: Translated,
}

#[derive(Serialize)]
struct Translated {
    language: &'static str,
    value: String,
}

impl Localized {
    fn new(value: &str, room: &Room) -> Self {
        Self { default_value: Translated { language: "en", value: short(value, room.text) } }
    }
}

#[derive(Serialize)]
struct Venue {
    name: Localized,
    address: Localized,
}

impl Venue {
    /// Returns the place of the event, if it is known. Google requires both of its fields.
    fn new(pass: &Pass<'_>, room: &Room) -> Option<Self> {
        let name = pass.venue.or(pass.city)?;
        let address = pass.city.unwrap_or(name);
        Some(Self { name: Localized::new(name, room), address: Localized::new(address, room) })
    }
}

#[derive(Serialize)]
struct EventDateTime {
    start: String,
}

impl EventDateTime {
    fn new(start: &str) -> Result<Self, Error> {
        Ok(Self { start: time(start)? })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventTicketObject<'a> {
    id: &'a str,
    class_id: &'a str,
    state: &'a str,
    barcode: Barcode<'a>,
    #[serde(skip_serializing_if = "String::is_empty")]
    ticket_holder_name: String,
    ticket_number: String,
    reservation_info: ReservationInfo<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_time_interval: Option<TimeInterval>,
}

#[derive(Serialize)]
struct Barcode<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReservationInfo<'a> {
    confirmation_code: &'a str,
}

#[derive(Serialize)]
struct TimeInterval {
    start: DateTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<DateTime>,
}

#[derive(Serialize)]
struct DateTime {
    date: String,
}

impl TimeInterval {
    /// Returns when a ticket is valid. It begins now, since doors open before the event starts.
    fn new(pass: &Pass<'_>, now_unix: i64) -> Result<Self, Error> {
        let now = OffsetDateTime::from_unix_timestamp(now_unix).map_err(Error::internal)?;
        let start = DateTime { date: now.format(&Rfc3339).map_err(Error::internal)? };
        let end = pass.expires_at.map(time).transpose()?.map(|date| DateTime { date });
        Ok(Self { start, end })
    }
}
