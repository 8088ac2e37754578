use boxoffice_contract::ledger::{Entry, Movement};
use boxoffice_contract::payments::PaymentStatus;
use boxoffice_contract::{OrderId, PaymentId, TicketId, Timestamp};

use crate::input::texts;
use crate::sources::payments::file::{Separator, Zone, name, write};

/// The column of the title.
const TITLE: usize = 2;
const COLUMNS: usize = 10;
/// What begins a formula, in one spreadsheet or another.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// Writes a sale into a file: the zone, the time, the amount and the title, a line each.
///
/// A program reads the file as it was meant. A spreadsheet runs no cell of it, whatever it takes for a
/// separator.
pub fn ledger(data: &[u8]) {
    let Some([zone, at, amount, title]) = texts(data) else { return };
    let zone = Zone::read(zone).unwrap_or_default();
    // As bounds of a query are: any time that can be stored.
    let at = zone.read_time(at).unwrap_or(Timestamp::from_millis(0));
    let entry = Entry {
        id: "1".to_owned(),
        payment_id: PaymentId::nil(),
        order_id: OrderId::nil(),
        ticket_id: TicketId::nil(),
        title: title.to_owned(),
        quantity: 1,
        movement: Movement::Sale.into(),
        amount: amount.parse().unwrap_or(-4_505),
        currency: "EUR".to_owned(),
        at,
        payment_status: PaymentStatus::Captured.into(),
    };
    for (separator, byte) in [(Separator::Comma, b','), (Separator::Semicolon, b';')] {
        let file = write(std::slice::from_ref(&entry), &zone, separator).expect("it is in memory");
        let text = str::from_utf8(&file).expect("UTF-8").strip_prefix('\u{feff}').expect("a mark");
        assert_eq!(text.matches('\u{feff}').count(), title.matches('\u{feff}').count());
        let rows = cells(text, byte);
        assert_eq!(rows.iter().map(Vec::len).collect::<Vec<_>>(), [COLUMNS; 2], "{text}");
        assert_eq!(title.replace('\'', ""), rows[1][TITLE].replace('\'', ""));
        for separator in *b",;\t" {
            for cell in cells(text, separator).iter().flatten() {
                assert!(!runs(cell), "{cell:?} begins a formula in {text:?}");
            }
        }
    }
    let name = name(Some(at), Some(at), &zone);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    assert!(name.bytes().all(is_plain) && name.ends_with(".csv"), "{name:?} is a file's name");
}

/// Reads lines into cells, as a spreadsheet does that expects this separator.
fn cells(text: &str, separator: u8) -> Vec<Vec<String>> {
    let mut builder = csv::ReaderBuilder::new();
    builder.delimiter(separator).has_headers(false).flexible(true);
    let reader = builder.from_reader(text.as_bytes());
    let rows = reader.into_records().map(|row| row.expect("what was written can be read"));
    rows.map(|row| row.iter().map(str::to_owned).collect()).collect()
}

/// Whether a spreadsheet takes a cell for a formula. A number is none.
fn runs(cell: &str) -> bool {
    let is_number = cell.strip_prefix('-').is_some_and(|digits| {
        digits.starts_with(|first: char| first.is_ascii_digit())
            && digits.bytes().all(|byte| byte.is_ascii_digit() || b".,".contains(&byte))
    });
    cell.starts_with(FORMULA) && !is_number
}
