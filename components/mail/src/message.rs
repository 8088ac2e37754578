//! A letter as a message of the Internet (RFC 5322), with its text, the same as HTML, a file for
//! calendars, and files of tickets.

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
    /// How the reader does without such letters, where they can.
    pub(crate) unsubscribe: Option<Unsubscribe>,
}

/// An address that takes a `POST` by which the reader does without such letters (RFC 8058).
pub(crate) struct Unsubscribe(pub(crate) String);

/// A file that comes along.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) content: Vec<u8>,
}

/// Writes a message.
///
/// # Errors
/// When a header cannot be written.
pub(crate) fn write(
    letter: Rendered,
    envelope: &Envelope<'_>,
    files: Vec<File>,
) -> Result<Vec<u8>> {
    let Envelope { id, from, to, host, written_at, unsubscribe } = envelope;
    let texts = MultiPart::alternative()
        .singlepart(SinglePart::plain(letter.text))
        .singlepart(SinglePart::html(letter.html));
    let mut builder = Message::builder()
        .from((*from).clone())
        .to(Mailbox::new(None, (*to).clone()))
        .subject(one_line(&letter.subject))
        .date(system_time(*written_at))
        .message_id(Some(format!("<{id}@{host}>")))
        // Answers of holidays and the like stay away (RFC 3834).
        .raw_header(raw("Auto-Submitted", "auto-generated".to_owned()));
    if let Some(Unsubscribe(url)) = unsubscribe {
        builder = builder
            .raw_header(whole("List-Unsubscribe", format!("<{url}>")))
            .raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    let mut enclosed = Vec::new();
    if let Some(calendar) = letter.calendar {
        enclosed.push(attached("event.ics", CALENDAR, calendar.into_bytes())?);
    }
    for File { name, media_type, content } in files {
        enclosed.push(attached(&one_line(&name), &media_type, content)?);
    }
    let message = if enclosed.is_empty() {
        builder.multipart(texts)
    } else {
        let mixed = MultiPart::mixed().multipart(texts);
        builder.multipart(enclosed.into_iter().fold(mixed, MultiPart::singlepart))
    };
    Ok(message.context("the message cannot be written")?.formatted())
}

/// The type of a file for calendars.
const CALENDAR: &str = "text/calendar; charset=utf-8; method=PUBLISH";

fn raw(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

/// A header whose value stays one word: a link that is broken up leads nowhere. What cannot stand in a
/// header is left out.
fn whole(name: &'static str, value: String) -> HeaderValue {
    let value: String = value.chars().filter(char::is_ascii_graphic).collect();
    let name = HeaderName::new_from_ascii_str(name);
    HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value)
}

/// Encloses a file.
fn attached(name: &str, media_type: &str, content: Vec<u8>) -> Result<SinglePart> {
    let kind = ContentType::parse(media_type);
    let kind = kind.ok().with_context(|| format!("the type of {name} cannot be written"))?;
    Ok(Attachment::new(name.to_owned()).body(content, kind))
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

    const UNSUBSCRIBE: &str = "https://shop.example/api/mail/unsubscribe?token=\
        01980f3c-0000-7000-8000-000000000001.sales.key-1.AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCde";

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
            unsubscribe: Some(Unsubscribe(UNSUBSCRIBE.to_owned())),
        };
        let file = File {
            name: "tickets.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            content: b"%PDF-1.7\n\x00\xff".to_vec(),
        };
        String::from_utf8(write(letter, &envelope, vec![file]).unwrap()).unwrap()
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
        for part in [
            "text/plain",
            "text/html",
            "text/calendar",
            "multipart/alternative",
            "application/pdf",
            "filename=\"tickets.pdf\"",
            "JVBERi0xLjcKAP8=",
        ] {
            assert!(message.contains(part), "{part}");
        }
        assert!(message.contains(&format!("List-Unsubscribe: <{UNSUBSCRIBE}>\r\n")), "{message}");
        assert!(message.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
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
