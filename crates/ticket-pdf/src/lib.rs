//! Admission tickets as a PDF, to print or to show on a phone.
//!
//! Data in, bytes out: no clock, no chance and no file, so equal tickets give equal bytes. Each ticket
//! has a page of its own. The PDF follows PDF/UA-1 (ISO 14289-1): it has a title, a language, tags, and
//! words in place of the code.
//!
//! | module | holds |
//! |---|---|
//! | `font` | the two faces of the font |
//! | `text` | text in lines that fit |
//! | `layout` | what stands where on a page |
//! | `paint` | what a page draws |
//! | `tags` | what its parts are, for those who do not see it |
//! | `document` | the file that holds the pages |

mod document;
mod font;
mod layout;
mod paint;
mod tags;
mod text;

/// The fewest modules on a side of a QR code: version 1 of ISO/IEC 18004.
const SMALLEST_CODE: usize = 21;
/// The most modules on a side of a QR code: version 40.
const LARGEST_CODE: usize = 177;

/// One admission, as its page shows it. Empty texts are left out.
///
/// Texts may hold anything. A text that does not fit ends in an ellipsis. A character that the font
/// lacks is drawn as U+FFFD, and is copied and read aloud as itself.
#[derive(Clone, Copy, Debug)]
pub struct Ticket<'a> {
    /// The title of the event.
    pub title: &'a str,
    /// When the event begins, as people write it.
    pub when: Option<&'a str>,
    /// The venue.
    pub venue: Option<&'a str>,
    /// The city of the venue.
    pub city: Option<&'a str>,
    /// Who holds the ticket: a name or an e-mail address.
    pub holder: &'a str,
    /// The name of the guest, if there is one.
    pub name: Option<&'a str>,
    /// Which ticket of how many in the order, such as `(1, 3)`.
    pub position: (u32, u32),
    /// The price of this ticket, as people write it.
    pub price: Option<&'a str>,
    /// The number of the order.
    pub order: &'a str,
    /// The number of the admission.
    pub admission: &'a str,
    /// The text in the QR code, to be typed if the code cannot be scanned.
    pub code: &'a str,
    /// The QR code of that text.
    pub qr: Qr<'a>,
}

/// The modules of a QR code (ISO/IEC 18004), without its quiet zone.
#[derive(Clone, Copy, Debug)]
pub struct Qr<'a> {
    size: usize,
    dark: &'a [bool],
}

impl<'a> Qr<'a> {
    /// Takes the modules row by row, `true` for a dark one, `size` of them in a row.
    ///
    /// # Errors
    /// [`Error::Code`] unless `size` is that of a version from 1 to 40, and there are `size` rows.
    pub fn new(size: usize, dark: &'a [bool]) -> Result<Self, Error> {
        let is_version = (SMALLEST_CODE..=LARGEST_CODE).contains(&size) && size % 4 == 1;
        if is_version && dark.len() == size * size {
            Ok(Self { size, dark })
        } else {
            Err(Error::Code)
        }
    }
}

/// The format of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// A4 (ISO 216), 595 × 842 points, to print.
    A4,
    /// 360 × 780 points, which fill the screen of a phone.
    Phone,
}

/// The fixed words of a page, in one language.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// The language of these words, as a tag of BCP 47.
    pub language: &'a str,
    /// What stands before "1 of 3", and in place of an empty title. It must not be empty.
    pub ticket: &'a str,
    /// What stands between "1" and "3".
    pub of: &'a str,
    /// What to do with the code.
    pub instruction: &'a str,
    /// What is read aloud in place of the code.
    pub code_alternative: &'a str,
    /// The label of the holder.
    pub holder: &'a str,
    /// The label of the guest's name.
    pub name: &'a str,
    /// The label of the price.
    pub price: &'a str,
    /// The label of the order's number.
    pub order: &'a str,
    /// The label of the admission's number.
    pub admission: &'a str,
    /// The label of the code's text.
    pub code: &'a str,
}

impl Words<'static> {
    /// The words in English.
    pub const ENGLISH: Self = Self {
        language: "en",
        ticket: "Ticket",
        of: "of",
        instruction: "Show this code at the door. It lets one person in once.",
        code_alternative: "Ticket code",
        holder: "Holder",
        name: "Name",
        price: "Price",
        order: "Order",
        admission: "Admission",
        code: "Code",
    };
}

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There are no tickets to draw.
    #[error("there are no tickets to draw")]
    NoTickets,
    /// The modules given are not those of a QR code.
    #[error("these are not the modules of a QR code")]
    Code,
    /// The font cannot be read.
    #[error("the font cannot be read")]
    Font(#[from] read_fonts::ReadError),
    /// The PDF cannot be written.
    #[error("the PDF cannot be written: {0}")]
    Pdf(String),
}

/// Draws each ticket on a page of its own, under the name of the `shop`. Returns the PDF.
///
/// # Errors
/// [`Error::NoTickets`] if `tickets` is empty. [`Error::Font`] and [`Error::Pdf`] are defects of this
/// crate: no text leads to them.
pub fn draw(
    tickets: &[Ticket<'_>],
    page: Page,
    shop: &str,
    words: &Words<'_>,
) -> Result<Vec<u8>, Error> {
    if tickets.is_empty() {
        return Err(Error::NoTickets);
    }
    let faces = font::Faces::load()?;
    let sheet = layout::Sheet::of(page);
    let layout = layout::Layout { sheet, faces: &faces, shop, words };
    let mut document = document::Document::new(&layout);
    for ticket in tickets {
        document.add(ticket, &layout.page(ticket))?;
    }
    document.finish()
}
