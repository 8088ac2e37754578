//! What stands where on a page. Lengths are in points, from the top left corner.

use crate::font::{Faces, Weight};
use crate::text::{Block, Style, fit, tidied};
use crate::{Page, Ticket, Words};

/// The width of the light border that scanners need: modules, by ISO/IEC 18004, 6.3.8.
const QUIET_ZONE: f32 = 4.0;

/// The measures of a page.
pub(crate) struct Sheet {
    page: Page,
    pub(crate) width: f32,
    pub(crate) height: f32,
    margin: f32,
    /// Between a part of the page and the next.
    gap: f32,
    /// The widest that a code becomes, without its quiet zone.
    code: f32,
    head: Style,
    title: Style,
    when: Style,
    place: Style,
    instruction: Style,
    label: Style,
    value: Style,
    /// The code as a text, which may be long.
    code_text: Style,
}

const fn style(weight: Weight, largest: f32, smallest: f32, most_lines: usize) -> Style {
    Style { weight, largest, smallest, most_lines, leading: 1.3 }
}

static A4: Sheet = Sheet {
    page: Page::A4,
    width: 595.0,
    height: 842.0,
    margin: 57.0,
    gap: 34.0,
    code: 255.0,
    head: style(Weight::Bold, 12.0, 9.0, 1),
    title: Style { leading: 1.16, ..style(Weight::Bold, 40.0, 18.0, 3) },
    when: style(Weight::Bold, 17.0, 11.0, 2),
    place: style(Weight::Regular, 17.0, 11.0, 3),
    instruction: style(Weight::Regular, 13.0, 9.0, 4),
    label: style(Weight::Regular, 9.5, 7.0, 1),
    value: style(Weight::Bold, 13.0, 9.0, 3),
    code_text: style(Weight::Regular, 13.0, 8.0, 8),
};

static PHONE: Sheet = Sheet {
    page: Page::Phone,
    width: 360.0,
    height: 780.0,
    margin: 24.0,
    gap: 18.0,
    code: 312.0,
    head: style(Weight::Bold, 11.0, 8.0, 1),
    title: Style { leading: 1.16, ..style(Weight::Bold, 28.0, 14.0, 3) },
    when: style(Weight::Bold, 14.0, 10.0, 2),
    place: style(Weight::Regular, 14.0, 10.0, 3),
    instruction: style(Weight::Regular, 12.0, 9.0, 3),
    label: style(Weight::Regular, 9.0, 7.0, 1),
    value: style(Weight::Bold, 12.0, 8.0, 2),
    code_text: style(Weight::Regular, 12.0, 7.0, 3),
};

impl Sheet {
    /// Returns the measures of a format.
    pub(crate) fn of(page: Page) -> &'static Self {
        match page {
            Page::A4 => &A4,
            Page::Phone => &PHONE,
        }
    }

    fn room(&self) -> Frame {
        let width = self.width - 2.0 * self.margin;
        Frame { x: self.margin, y: self.margin, width, align: Align::Left }
    }
}

/// A part of a page, in the order in which pages are read.
#[derive(Debug)]
pub(crate) enum Element {
    Paragraph(Text),
    Title(Text),
    Rule(Rule),
    Code(Square),
    Fields(Vec<Field>),
}

/// A label, and what it labels.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) label: Text,
    pub(crate) value: Text,
}

/// What becomes a [`Field`].
struct Entry<'a> {
    label: &'a str,
    value: &'a str,
    style: Style,
    /// It has a row of its own where fields stand in rows of two.
    is_wide: bool,
}

/// A text in its place.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) block: Block,
    pub(crate) frame: Frame,
    pub(crate) ink: Ink,
}

/// Where a text may stand: from `y` down, `width` wide.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width: f32,
    pub(crate) align: Align,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Align {
    Left,
    Centre,
    Right,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Ink {
    Black,
    Grey,
}

/// A line across the page.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width: f32,
}

/// The code, without its quiet zone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Square {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) side: f32,
    /// The width of the quiet zone.
    pub(crate) quiet: f32,
}

impl Text {
    fn bottom(&self) -> f32 {
        self.frame.y + self.block.height()
    }

    /// Returns where a line begins.
    pub(crate) fn x(&self, line_width: f32) -> f32 {
        let spare = self.frame.width - line_width;
        self.frame.x
            + match self.frame.align {
                Align::Left => 0.0,
                Align::Centre => spare / 2.0,
                Align::Right => spare,
            }
    }
}

/// What all pages have in common.
pub(crate) struct Layout<'a> {
    pub(crate) sheet: &'static Sheet,
    pub(crate) faces: &'a Faces,
    pub(crate) shop: &'a str,
    pub(crate) words: &'a Words<'a>,
}

impl Layout<'_> {
    /// Lays out the page of a ticket.
    pub(crate) fn page(&self, ticket: &Ticket<'_>) -> Vec<Element> {
        let mut elements = Vec::new();
        let y = self.head(ticket, &mut elements);
        match self.sheet.page {
            Page::A4 => self.fields_beside_code(ticket, y, &mut elements),
            Page::Phone => self.fields_below_code(ticket, y, &mut elements),
        }
        elements
    }

    /// Returns the title of a ticket, which is never empty.
    pub(crate) fn title(&self, ticket: &Ticket<'_>) -> String {
        let title = tidied(ticket.title);
        if title.is_empty() { self.words.ticket.to_owned() } else { title }
    }

    /// Returns which ticket of how many it is, such as "Ticket 1 of 3".
    pub(crate) fn position(&self, ticket: &Ticket<'_>) -> String {
        let (number, count) = ticket.position;
        format!("{} {number} {} {count}", self.words.ticket, self.words.of)
    }

    fn set(&self, style: Style, frame: Frame, text: &str) -> Option<Text> {
        let block = fit(self.faces, style, frame.width, text)?;
        Some(Text { block, frame, ink: Ink::Black })
    }

    /// Adds what stands above the code. Returns where it ends.
    fn head(&self, ticket: &Ticket<'_>, elements: &mut Vec<Element>) -> f32 {
        let (sheet, room) = (self.sheet, self.sheet.room());
        let half = room.width / 2.0;
        let left = Frame { width: half, ..room };
        let right = Frame { x: room.x + half, width: half, align: Align::Right, ..room };
        elements.extend(self.set(sheet.head, left, self.shop).map(Element::Paragraph));
        let position = self.position(ticket);
        elements.extend(self.set(sheet.head, right, &position).map(Element::Paragraph));
        let mut y = room.y + 2.0 * sheet.head.largest;
        elements.push(Element::Rule(Rule { x: room.x, y, width: room.width }));

        y += sheet.gap;
        if let Some(title) = self.set(sheet.title, Frame { y, ..room }, &self.title(ticket)) {
            y = title.bottom();
            elements.push(Element::Title(title));
        }
        let (when, place) = (ticket.when.unwrap_or_default(), place(ticket));
        for (style, text) in [(sheet.when, when), (sheet.place, &place)] {
            let frame = Frame { y: y + style.largest * 0.75, ..room };
            if let Some(text) = self.set(style, frame, text) {
                y = text.bottom();
                elements.push(Element::Paragraph(text));
            }
        }
        y
    }

    /// Adds the code at the left and the fields at its right.
    fn fields_beside_code(&self, ticket: &Ticket<'_>, y: f32, elements: &mut Vec<Element>) {
        let (sheet, room) = (self.sheet, self.sheet.room());
        let side = sheet.code;
        let quiet = quiet_zone(ticket, side);
        let gap = quiet.max(sheet.gap);
        let code = Square { x: room.x, y: y + gap, side, quiet };
        elements.push(Element::Code(code));

        let x = room.x + side + gap;
        let mut frame = Frame { x, y: code.y, width: room.x + room.width - x, ..room };
        let mut fields = Vec::new();
        for entry in self.entries(ticket) {
            if let Some(field) = self.field(frame, &entry) {
                frame.y = field.value.bottom() + sheet.value.largest * 1.3;
                fields.push(field);
            }
        }
        let below = (code.y + side + quiet).max(frame.y);
        elements.extend(self.instruction(Frame { y: below, ..room }).map(Element::Paragraph));
        elements.push(Element::Fields(fields));
    }

    /// Adds the fields at the foot, and the code in the middle of what is left.
    fn fields_below_code(&self, ticket: &Ticket<'_>, y: f32, elements: &mut Vec<Element>) {
        let (sheet, room) = (self.sheet, self.sheet.room());
        let (mut fields, height) = self.rows(ticket);
        let foot = sheet.height - sheet.margin - height;
        for field in &mut fields {
            field.label.frame.y += foot;
            field.value.frame.y += foot;
        }

        let mut instruction = self.instruction(Frame { y: 0.0, align: Align::Centre, ..room });
        let free = foot - sheet.gap - y - instruction.as_ref().map_or(0.0, Text::bottom);
        // All modules are of one width, which must fit across the page and down what is free.
        let modules = ticket.qr.size as f32;
        let module = sheet.width.min(free) / (modules + 2.0 * QUIET_ZONE);
        let side = sheet.code.min(module * modules);
        let quiet = quiet_zone(ticket, side);
        let spare = free - side - 2.0 * quiet;
        let (x, y) = ((sheet.width - side) / 2.0, y + spare / 2.0 + quiet);
        elements.push(Element::Code(Square { x, y, side, quiet }));
        if let Some(text) = &mut instruction {
            text.frame.y += y + side + quiet;
        }
        elements.extend(instruction.map(Element::Paragraph));
        elements.push(Element::Fields(fields));
    }

    /// Returns the fields in rows, from 0 down, and their height.
    fn rows(&self, ticket: &Ticket<'_>) -> (Vec<Field>, f32) {
        let (sheet, room) = (self.sheet, self.sheet.room());
        let half = (room.width - sheet.gap) / 2.0;
        let (mut fields, mut y, mut bottom) = (Vec::new(), 0.0, 0.0_f32);
        let mut is_half_taken = false;
        for entry in self.entries(ticket) {
            let is_right = is_half_taken && !entry.is_wide;
            if !is_right && !fields.is_empty() {
                y = bottom + sheet.value.largest;
            }
            let x = if is_right { room.x + half + sheet.gap } else { room.x };
            let width = if entry.is_wide { room.width } else { half };
            if let Some(field) = self.field(Frame { x, y, width, ..room }, &entry) {
                bottom = bottom.max(field.value.bottom());
                fields.push(field);
                is_half_taken = !entry.is_wide && !is_right;
            }
        }
        (fields, bottom)
    }

    fn entries<'t>(&'t self, ticket: &Ticket<'t>) -> [Entry<'t>; 6] {
        let (words, sheet) = (self.words, self.sheet);
        let entry = |label, value| Entry { label, value, style: sheet.value, is_wide: false };
        let name = ticket.name.unwrap_or_default();
        [
            entry(words.name, name),
            // Beside the name: a row more would take from the code on a phone's screen.
            Entry { is_wide: name.trim().is_empty(), ..entry(words.holder, ticket.holder) },
            entry(words.order, ticket.order),
            entry(words.price, ticket.price.unwrap_or_default()),
            Entry { is_wide: true, ..entry(words.admission, ticket.admission) },
            Entry { is_wide: true, style: sheet.code_text, ..entry(words.code, ticket.code) },
        ]
    }

    /// Sets a field. Returns `None` if its label or its value is empty.
    fn field(&self, frame: Frame, entry: &Entry<'_>) -> Option<Field> {
        let label = self.set(self.sheet.label, frame, entry.label)?;
        let y = label.bottom() + self.sheet.label.largest * 0.45;
        let value = self.set(entry.style, Frame { y, ..frame }, entry.value)?;
        Some(Field { label: Text { ink: Ink::Grey, ..label }, value })
    }

    /// Sets what to do with the code, a little below the top of `frame`.
    fn instruction(&self, frame: Frame) -> Option<Text> {
        let style = self.sheet.instruction;
        let frame = Frame { y: frame.y + style.largest * 0.5, ..frame };
        self.set(style, frame, self.words.instruction)
    }
}

/// Returns venue and city in one line.
fn place(ticket: &Ticket<'_>) -> String {
    let given = [ticket.venue, ticket.city].into_iter().flatten().map(str::trim);
    given.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
}

fn quiet_zone(ticket: &Ticket<'_>, side: f32) -> f32 {
    QUIET_ZONE * side / ticket.qr.size as f32
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::Qr;

    /// A part of the page that nothing else may stand in.
    #[derive(Debug)]
    struct Area {
        left: f32,
        top: f32,
        right: f32,
        bottom: f32,
    }

    impl Area {
        fn of_text(text: &Text) -> Self {
            let width = text.block.lines.iter().map(|line| line.width).fold(0.0, f32::max);
            let left = text.x(width);
            Self { left, top: text.frame.y, right: left + width, bottom: text.bottom() }
        }

        fn meets(&self, other: &Self) -> bool {
            let across = self.left < other.right && other.left < self.right;
            across && self.top < other.bottom && other.top < self.bottom
        }
    }

    fn areas(elements: &[Element]) -> Vec<Area> {
        let areas = elements.iter().flat_map(|element| match element {
            Element::Paragraph(text) | Element::Title(text) => vec![Area::of_text(text)],
            Element::Rule(rule) => {
                let (left, right) = (rule.x, rule.x + rule.width);
                vec![Area { left, top: rule.y, right, bottom: rule.y + 1.0 }]
            }
            Element::Code(Square { x, y, side, quiet }) => {
                let (left, right) = (x - quiet, x + side + quiet);
                vec![Area { left, top: y - quiet, right, bottom: y + side + quiet }]
            }
            Element::Fields(fields) => fields
                .iter()
                .flat_map(|field| [Area::of_text(&field.label), Area::of_text(&field.value)])
                .collect(),
        });
        areas.collect()
    }

    fn code(elements: &[Element]) -> Square {
        let code = elements.iter().find_map(|element| match element {
            Element::Code(square) => Some(*square),
            _ => None,
        });
        code.unwrap()
    }

    /// Calls `check` with pages of all formats and codes, with texts of all lengths.
    fn on_many_pages(check: impl Fn(&Sheet, &[Element], usize)) {
        let faces = Faces::load().unwrap();
        let texts = ["", "A", &"Word ".repeat(40), &"W".repeat(200), &"й ".repeat(10_000)];
        for page in [Page::A4, Page::Phone] {
            let sheet = Sheet::of(page);
            let layout = Layout { sheet, faces: &faces, shop: texts[3], words: &Words::ENGLISH };
            for modules in [21, 25, 45, 177] {
                let dark = vec![true; modules * modules];
                let qr = Qr::new(modules, &dark).unwrap();
                for text in texts {
                    let ticket = Ticket {
                        title: text,
                        when: Some(text),
                        venue: Some(text),
                        city: Some(text),
                        holder: text,
                        name: Some(text),
                        position: (u32::MAX, u32::MAX),
                        price: Some(text),
                        order: text,
                        admission: text,
                        code: text,
                        qr,
                    };
                    check(sheet, &layout.page(&ticket), modules);
                }
            }
        }
    }

    #[test]
    fn nothing_leaves_the_page_or_covers_another() {
        on_many_pages(|sheet, elements, _| {
            let areas = areas(elements);
            for (index, area) in areas.iter().enumerate() {
                assert!(area.left >= -0.01 && area.right <= sheet.width + 0.01, "{area:?}");
                assert!(area.top >= 0.0 && area.bottom <= sheet.height - 20.0, "{area:?}");
                for other in &areas[index + 1..] {
                    assert!(!area.meets(other), "{area:?} {other:?}");
                }
            }
        });
    }

    #[test]
    fn a_code_is_large_and_has_its_quiet_zone() {
        const MILLIMETRE: f32 = 72.0 / 25.4;
        on_many_pages(|sheet, elements, modules| {
            let code = code(elements);
            let least = match sheet.page {
                Page::A4 => 85.0 * MILLIMETRE,
                Page::Phone => sheet.width * 0.6,
            };
            assert!(code.side >= least, "{code:?} of {modules} modules");
            assert!((code.quiet - 4.0 * code.side / modules as f32).abs() < 0.01);
        });
    }
}
