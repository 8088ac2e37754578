//! A letter as a message of the Internet (RFC 5322), with its text, the same as HTML, and a file for
//! calendars.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use boxoffice_kernel::Timestamp;
use boxoffice_letters::Rendered;
use lettre::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart};
use uuid::Uuid;

/// What a message says besides the letter itself.
pub(crate) struct Envelope<'a> {
    /// The letter's id. All attempts at sending it have the same.
    pub(crate) id: Uuid,
    pub(crate) from: &'a Mailbox,
    pub(crate) to: &'a Address,
    /// The shop's host.
    pub(crate) host: &'a str,
    pub(crate) written_at: Timestamp,
}

/// Writes a message.
///
/// # Errors
/// When a header cannot be written.
pub(crate) fn write(letter: Rendered, envelope: &Envelope<'_>) -> Result<Vec<u8>> {
    let Envelope { id, from, to, host, written_at } = envelope;
    let texts = MultiPart::alternative()
        .singlepart(SinglePart::plain(letter.text))
        .singlepart(SinglePart::html(letter.html));
    let builder = Message::builder()
        .from((*from).clone())
        .to(Mailbox::new(None, (*to).clone()))
        .subject(one_line(&letter.subject))
        .date(system_time(*written_at))
        .message_id(Some(format!("<{id}@{host}>")))
        // Answers of holidays and the like stay away (RFC 3834).
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ));
    let message = match letter.calendar {
        None => builder.multipart(texts),
        Some(calendar) => {
            let kind = ContentType::parse("text/calendar; charset=utf-8; method=PUBLISH");
            let kind = kind.ok().context("the type of calendars cannot be written")?;
            let file = Attachment::new("event.ics".to_owned()).body(calendar, kind);
            builder.multipart(MultiPart::mixed().multipart(texts).singlepart(file))
        }
    };
    Ok(message.context("the message cannot be written")?.formatted())
}

fn system_time(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(at.as_millis().try_into().unwrap_or(0))
}

/// A text that cannot begin another header.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn written(subject: &str, text: &str, calendar: Option<&str>) -> String {
        let letter = Rendered {
            subject: subject.to_owned(),
            text: text.to_owned(),
            html: format!("<p>{text}</p>"),
            calendar: calendar.map(str::to_owned),
            is_essential: true,
        };
        let envelope = Envelope {
            id: Uuid::from_u128(7),
            from: &"Büro <shop@example.com>".parse().unwrap(),
            to: &"ada@example.org".parse().unwrap(),
            host: "shop.example",
            written_at: Timestamp::from_millis(1_796_048_400_000),
        };
        String::from_utf8(write(letter, &envelope).unwrap()).unwrap()
    }

    fn headers(message: &str) -> Vec<&str> {
        let (head, _) = message.split_once("\r\n\r\n").unwrap();
        head.lines().filter(|line| !line.starts_with([' ', '\t'])).collect()
    }

    #[test]
    fn a_message_is_ascii_and_names_itself() {
        let message =
            written("Ihre Karten für heute", "Schöne Grüße\n.\nEnde", Some("BEGIN:VCALENDAR\r\n"));
        assert!(message.is_ascii());
        assert!(
            message.contains("Message-ID: <00000000-0000-0000-0000-000000000007@shop.example>\r\n")
        );
        for part in ["text/plain", "text/html", "text/calendar", "multipart/alternative"] {
            assert!(message.contains(part), "{part}");
        }
        assert!(headers(&message).contains(&"To: ada@example.org"));
        assert!(message.lines().all(|line| line.len() <= 998));
    }

    #[test]
    fn nothing_that_users_type_becomes_a_header() {
        let typed = [
            "x\r\nBcc: eve@example.net\r\n\r\nHello",
            "x\nBcc: eve@example.net",
            "x\rBcc: eve@example.net",
            "x\u{0}\u{b}Bcc: eve@example.net",
            "=?utf-8?q?x=0D=0ABcc:_eve@example.net?=",
            "x\u{2028}Bcc: eve@example.net",
            &"Bcc: eve@example.net ".repeat(60),
        ];
        for subject in typed {
            let message = written(subject, subject, Some(subject));
            let headers = headers(&message);
            assert!(
                !headers.iter().any(|line| line.to_lowercase().starts_with("bcc")),
                "{message}"
            );
            let names: Vec<_> = headers.iter().filter_map(|line| line.split_once(':')).collect();
            assert_eq!(names.iter().filter(|(name, _)| *name == "To").count(), 1);
            assert_eq!(names.iter().filter(|(name, _)| *name == "Subject").count(), 1);
        }
    }

    #[test]
    fn an_address_is_one_address() {
        for odd in ["a@example.org, b@example.org", "a@example.org\nCc: b@example.org", "", "a"] {
            assert!(odd.parse::<Address>().is_err(), "{odd}");
        }
    }
}
