//! A letter, as it arrived.

use std::time::SystemTime;

use mail_parser::{MessageParser, MimeHeaders};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A letter, as it arrived.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its place among all that arrived, from 1.
    pub id: u64,
    /// When it arrived, to the second (RFC 3339).
    pub received_at: String,
    /// The sender's address, by the envelope.
    pub from: String,
    /// The recipients' addresses, by the envelope.
    pub to: Vec<String>,
    /// Its `Message-ID`, without angle brackets; empty if it has none.
    pub message_id: String,
    /// Its subject; empty if it has none.
    pub subject: String,
    /// Its text, as people read it; empty if it has none.
    pub text: String,
    /// Its HTML; empty if it has none.
    pub html: String,
    /// Its file for calendars.
    pub calendar: Option<String>,
    /// All of it, as it was sent.
    pub source: String,
}

/// What a client hands over.
pub(crate) struct Envelope {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) data: Vec<u8>,
}

impl Message {
    /// Reads a letter, which may be anything.
    pub(crate) fn read(id: u64, envelope: Envelope) -> Self {
        let Envelope { from, to, data } = envelope;
        let source = String::from_utf8_lossy(&data).into_owned();
        let empty = Self {
            id,
            received_at: now(),
            from,
            to,
            message_id: String::new(),
            subject: String::new(),
            text: String::new(),
            html: String::new(),
            calendar: None,
            source,
        };
        let Some(parsed) = MessageParser::default().parse(&data) else { return empty };
        let of_type = |kind: &str| {
            let mut parts = parsed.parts.iter().filter(|part| part.is_content_type("text", kind));
            parts.find_map(|part| part.text_contents()).map(str::to_owned)
        };
        let html = of_type("html");
        // A part that does not say is text (RFC 2045, 5.2).
        let unsaid = || parsed.body_text(0).filter(|_| html.is_none()).map(Into::into);
        let text = of_type("plain").or_else(unsaid);
        Self {
            message_id: parsed.message_id().unwrap_or_default().to_owned(),
            subject: parsed.subject().unwrap_or_default().to_owned(),
            text: text.unwrap_or_default(),
            html: html.unwrap_or_default(),
            calendar: of_type("calendar"),
            ..empty
        }
    }

    /// Returns the first header of this name, as it was sent, without the blanks around it.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let parsed = MessageParser::default().parse_headers(&self.source)?;
        let mut headers = parsed.headers_raw();
        let found = headers.find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim().to_owned())
    }
}

fn now() -> String {
    let now = OffsetDateTime::from(SystemTime::now());
    now.replace_nanosecond(0).unwrap_or(now).format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn read(data: &str) -> Message {
        let to = vec!["you@example.org".to_owned()];
        let data = data.replace('\n', "\r\n").into_bytes();
        Message::read(1, Envelope { from: "shop@example.org".to_owned(), to, data })
    }

    #[test]
    fn each_part_is_decoded() {
        let message = read(
            "Message-ID: <7@tickets.example>\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n\
             MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=a\n\n\
             --a\nContent-Type: multipart/alternative; boundary=b\n\n\
             --b\nContent-Type: text/plain; charset=utf-8\n\
             Content-Transfer-Encoding: quoted-printable\n\n=E2=82=AC45\n\
             --b\nContent-Type: text/html; charset=utf-8\n\n<p>45</p>\n--b--\n\
             --a\nContent-Type: text/calendar; charset=utf-8\n\
             Content-Disposition: attachment; filename=event.ics\n\nBEGIN:VCALENDAR\n--a--\n",
        );
        assert_eq!(message.message_id, "7@tickets.example");
        assert_eq!(message.subject, "Grüße");
        assert_eq!(message.text.trim(), "€45");
        assert_eq!(message.html.trim(), "<p>45</p>");
        assert_eq!(message.calendar.as_deref().map(str::trim), Some("BEGIN:VCALENDAR"));
        assert_eq!(message.header("mime-version").as_deref(), Some("1.0"));
        assert_eq!(message.header("Bcc"), None);
    }

    #[test]
    fn anything_is_kept() {
        for odd in ["", "\n", "no header", "Subject: a\n\nb", "\u{0}\u{ff}"] {
            let message = read(odd);
            assert_eq!(message.source, odd.replace('\n', "\r\n"));
        }
        assert_eq!(read("Subject: a\n\nb").text.trim(), "b");
    }
}
