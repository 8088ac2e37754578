//! The ledger as a file, for spreadsheets and for programs (RFC 4180).
//!
//! | column | holds |
//! |---|---|
//! | `date (…)` | when it happened, by the clocks of the zone in the brackets: `2027-05-01 19:30:00` |
//! | `movement` | `sale`, `refund`, `fee` … |
//! | `title` | the listing's title at the time of the sale |
//! | `quantity` | how many tickets |
//! | `amount` | in units of the currency, with a minus for what the seller loses |
//! | `currency` | its ISO 4217 code |
//! | `order`, `payment` | their ids |
//! | `status now` | the payment's current status |
//! | `order number` | what buyer and seller call the order |
//!
//! It begins with a byte order mark, or spreadsheets would guess another encoding than UTF-8. Every
//! field is quoted. No text begins a formula, whatever the spreadsheet takes for a separator.

use std::fmt::Write as _;

use boxoffice_contract::Timestamp;
use boxoffice_contract::ledger::Entry;
use boxoffice_contract::orders::number;
use boxoffice_rules::money;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// U+FEFF in UTF-8.
const BOM: &[u8] = b"\xef\xbb\xbf";
/// What begins a formula in a spreadsheet; the last four are full-width
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
/// What ends a cell, in one spreadsheet or another, where quotes do not help: after a quoted field
/// that did not end in its own separator.
const ENDS_CELL: [char; 5] = [';', ',', '\t', '\r', '\n'];

/// How the fields of a line are parted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Separator {
    /// By commas, with points in amounts.
    #[default]
    Comma,
    /// By semicolons, with commas in amounts: as spreadsheets expect it where that is the custom.
    Semicolon,
}

impl Separator {
    /// Reads the parameter of a query.
    ///
    /// # Errors
    /// A sentence for the person who typed it.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        match text {
            "comma" => Ok(Self::Comma),
            "semicolon" => Ok(Self::Semicolon),
            _ => Err("The separator must be comma or semicolon".to_owned()),
        }
    }

    const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
        }
    }

    fn amount(self, entry: &Entry) -> String {
        let amount = money::decimal(entry.amount, &entry.currency);
        match self {
            Self::Comma => amount,
            Self::Semicolon => amount.replace('.', ","),
        }
    }
}

/// A time zone and the name that it was asked for by.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    name: String,
    zone: TimeZone,
}

impl Default for Zone {
    fn default() -> Self {
        Self { name: "UTC".to_owned(), zone: TimeZone::UTC }
    }
}

impl Zone {
    /// Reads the IANA name of a zone.
    ///
    /// # Errors
    /// A sentence for the person who typed it.
    pub(crate) fn read(name: &str) -> Result<Self, String> {
        let zone = TimeZone::get(name);
        let zone = zone
            .map_err(|_| "Give the time zone by its IANA name, such as Europe/Zurich".to_owned())?;
        Ok(Self { name: name.to_owned(), zone })
    }

    /// Reads a time, or a day, which begins at its midnight in the zone.
    ///
    /// # Errors
    /// A sentence for the person who typed it.
    pub(crate) fn read_time(&self, text: &str) -> Result<Timestamp, String> {
        let midnight = || {
            // By its pattern: parsing would let the time of a day without a zone pass, and drop it.
            let day = Date::strptime("%Y-%m-%d", text).ok()?.to_zoned(self.zone.clone()).ok()?;
            Some(Timestamp::from_millis(day.timestamp().as_millisecond()))
        };
        Timestamp::parse(text).ok().or_else(midnight).ok_or_else(|| {
            format!("{text:?} is neither a date such as 2027-05-01 nor a time (RFC 3339)")
        })
    }

    /// Writes what the zone's clocks show at `at`, by the pattern of `strftime`.
    fn show(&self, at: Timestamp, pattern: &str) -> String {
        match jiff::Timestamp::from_millisecond(at.as_millis()) {
            Ok(instant) => instant.to_zoned(self.zone.clone()).strftime(pattern).to_string(),
            // Only years past 9999.
            Err(_) => at.to_string(),
        }
    }
}

/// Makes the file of `entries`.
///
/// # Errors
/// When memory for it cannot be had.
pub(crate) fn write(
    entries: &[Entry],
    zone: &Zone,
    separator: Separator,
) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(separator.byte())
        .quote_style(csv::QuoteStyle::Always)
        .terminator(csv::Terminator::CRLF)
        .from_writer(BOM.to_vec());
    let date = format!("date ({})", zone.name);
    writer.write_record([
        &*date,
        "movement",
        "title",
        "quantity",
        "amount",
        "currency",
        "order",
        "payment",
        "status now",
        "order number",
    ])?;
    for entry in entries {
        let [quantity, amount] = [entry.quantity.to_string(), separator.amount(entry)];
        // All but the two numbers: even a date begins with a minus, before the year 0.
        writer.write_record([
            &*harmless(&zone.show(entry.at, "%Y-%m-%d %H:%M:%S")),
            &harmless(entry.movement.as_str()),
            &harmless(&entry.title),
            &quantity,
            &amount,
            &harmless(&entry.currency),
            &harmless(&entry.order_id.to_string()),
            &harmless(&entry.payment_id.to_string()),
            &harmless(entry.payment_status.as_str()),
            &harmless(&number(entry.order_id)),
        ])?;
    }
    Ok(writer.into_inner().map_err(csv::IntoInnerError::into_error)?)
}

/// Returns the file's name: with the days from which and to which it goes, if they are given.
pub(crate) fn name(from: Option<Timestamp>, to: Option<Timestamp>, zone: &Zone) -> String {
    let mut name = "boxoffice-ledger".to_owned();
    for (word, bound) in [("from", from), ("to", to)] {
        if let Some(bound) = bound {
            // Writing to a string cannot fail.
            let _ = write!(name, "-{word}-{}", zone.show(bound, "%Y-%m-%d"));
        }
    }
    name + ".csv"
}

/// Returns `text` with an apostrophe before all that a spreadsheet could take for a formula. Anyone
/// can write a title.
fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len() + 1);
    let mut begins_cell = true;
    for letter in text.chars() {
        if begins_cell && FORMULA.contains(&letter) {
            harmless.push('\'');
        }
        begins_cell = ENDS_CELL.contains(&letter) || (begins_cell && letter == '"');
        harmless.push(letter);
    }
    harmless
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use boxoffice_contract::ledger::Movement;
    use boxoffice_contract::payments::PaymentStatus;
    use boxoffice_contract::{OrderId, PaymentId, TicketId};

    use super::*;

    fn sale(title: &str) -> Entry {
        Entry {
            id: "1".to_owned(),
            payment_id: PaymentId::nil(),
            order_id: OrderId::nil(),
            ticket_id: TicketId::nil(),
            title: title.to_owned(),
            quantity: 2,
            movement: Movement::Refund.into(),
            amount: -4505,
            currency: "EUR".to_owned(),
            at: Timestamp::parse("2030-06-30T22:30:05Z").unwrap(),
            payment_status: PaymentStatus::Refunded.into(),
        }
    }

    fn lines(zone: &Zone, separator: Separator) -> Vec<String> {
        let file =
            String::from_utf8(write(&[sale("Köln; 読売 \"live\"")], zone, separator).unwrap());
        let file = file.unwrap();
        let text = file.strip_prefix('\u{feff}').unwrap();
        text.split_terminator("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn spreadsheets_read_the_encoding_the_cells_and_the_numbers() {
        let berlin = Zone::read("Europe/Berlin").unwrap();
        let [head, line] = lines(&berlin, Separator::Comma).try_into().unwrap();
        let due = "\"date (Europe/Berlin)\",\"movement\",\"title\",\"quantity\",\"amount\",\
                   \"currency\",\"order\",\"payment\",\"status now\",\"order number\"";
        assert_eq!(head, due);
        let nil = uuid::Uuid::nil();
        let due = format!(
            "\"2030-07-01 00:30:05\",\"refund\",\"Köln; 読売 \"\"live\"\"\",\"2\",\"-45.05\",\"EUR\",\
             \"{nil}\",\"{nil}\",\"refunded\",\"0000-0000\""
        );
        assert_eq!(line, due);
        let [head, line] = lines(&Zone::default(), Separator::Semicolon).try_into().unwrap();
        assert!(head.starts_with("\"date (UTC)\";\"movement\";"), "{head}");
        assert!(line.starts_with("\"2030-06-30 22:30:05\";\"refund\";"), "{line}");
        assert!(line.contains(";\"2\";\"-45,05\";\"EUR\";"), "{line}");
    }

    #[test]
    fn no_text_begins_a_formula_whatever_parts_the_cells() {
        for (text, due) in [
            ("=1+1", "'=1+1"),
            ("+41", "'+41"),
            ("-1", "'-1"),
            ("@A1", "'@A1"),
            ("＝1", "'＝1"),
            ("＋1", "'＋1"),
            ("－1", "'－1"),
            ("＠A1", "'＠A1"),
            ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"),
            (";=1+1", ";'=1+1"),
            ("x,=1", "x,'=1"),
            ("x;\"=1\"", "x;\"'=1\""),
            ("A = B; C - D", "A = B; C - D"),
            ("", ""),
        ] {
            assert_eq!(harmless(text), due, "{text:?}");
        }
    }

    #[test]
    fn no_cell_but_the_amount_begins_with_a_minus() {
        let utc = Zone::default();
        let at = utc.read_time("-030-03-30").unwrap();
        let file = write(&[Entry { at, ..sale("x") }], &utc, Separator::Comma).unwrap();
        let file = String::from_utf8(file).unwrap();
        assert!(file.contains("\r\n\"'-030-03-30 00:00:00\",\"refund\""), "{file}");
        assert_eq!(file.matches("\"-").collect::<Vec<_>>().len(), 1, "{file}");
    }

    #[test]
    fn a_day_begins_at_midnight_where_the_seller_is() {
        let (utc, new_york) = (Zone::default(), Zone::read("America/New_York").unwrap());
        let at = |zone: &Zone, text: &str| zone.read_time(text).map(|at| at.to_string());
        assert_eq!(at(&utc, "2030-07-01").unwrap(), "2030-07-01T00:00:00Z");
        assert_eq!(at(&new_york, "2030-07-01").unwrap(), "2030-07-01T04:00:00Z");
        assert_eq!(at(&new_york, "2030-07-01T12:00:00+02:00").unwrap(), "2030-07-01T10:00:00Z");
        for text in ["yesterday", "2030-02-30", "2030-07-01T12:00:00"] {
            assert!(at(&utc, text).unwrap_err().contains("such as 2027-05-01"), "{text}");
        }
        Zone::read("Mars/Olympus").unwrap_err();
        let from = Timestamp::parse("2030-07-01T04:00:00Z").ok();
        assert_eq!(name(from, None, &new_york), "boxoffice-ledger-from-2030-07-01.csv");
        assert_eq!(name(None, None, &utc), "boxoffice-ledger.csv");
    }
}
