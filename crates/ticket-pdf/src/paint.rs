//! What a page draws.

use std::collections::BTreeMap;

use pdf_writer::{Content, Finish as _, Name, Rect, Str, TextStr};
use subsetter::GlyphRemapper;

use crate::Qr;
use crate::font::{Face, Faces, Glyph, REPLACEMENT, Weight};
use crate::layout::{Element, Field, Ink, Rule, Square, Text};
use crate::tags::{Kind, Tag};

const BLACK: f32 = 0.0;
/// Light enough to stand back, and dark enough to read: 6.6 to 1 against white.
const GREY: f32 = 0.365;
const WHITE: f32 = 1.0;
const RULE_HEIGHT: f32 = 1.0;
/// A PDF moves letters by thousandths of the font's size.
const THOUSANDTHS: f32 = 1_000.0;

/// The letters that a document draws, in both weights.
pub(crate) struct Letters<'a> {
    pub(crate) regular: Used<'a>,
    pub(crate) bold: Used<'a>,
}

/// The letters of one face that a document draws.
pub(crate) struct Used<'a> {
    pub(crate) face: &'a Face,
    /// What pages call the face.
    pub(crate) name: Name<'static>,
    /// The numbers that letters have in the document, by those that they have in the font.
    pub(crate) numbers: GlyphRemapper,
    /// The character and the width of each letter, by its number in the document.
    pub(crate) letters: BTreeMap<u16, (char, f32)>,
}

impl<'a> Letters<'a> {
    /// Returns no letters yet.
    pub(crate) fn new(faces: &'a Faces) -> Self {
        let used = |weight, name: &'static [u8]| Used {
            face: faces.face(weight),
            name: Name(name),
            numbers: GlyphRemapper::new(),
            letters: BTreeMap::new(),
        };
        Self { regular: used(Weight::Regular, b"R"), bold: used(Weight::Bold, b"B") }
    }

    fn face(&mut self, weight: Weight) -> &mut Used<'a> {
        match weight {
            Weight::Regular => &mut self.regular,
            Weight::Bold => &mut self.bold,
        }
    }
}

impl Used<'_> {
    /// Returns the number that a letter has in the document.
    fn number(&mut self, glyph: &Glyph) -> u16 {
        let number = self.numbers.remap(glyph.id);
        let character = if glyph.missing { REPLACEMENT } else { glyph.character };
        self.letters.entry(number).or_insert((character, glyph.width));
        number
    }
}

/// Draws one page.
pub(crate) struct Painter<'a, 'faces> {
    pub(crate) content: Content,
    pub(crate) letters: &'a mut Letters<'faces>,
    /// How tall the page is: a PDF measures it from its foot.
    pub(crate) height: f32,
    /// How many things are drawn, which is the next one's number.
    pub(crate) drawn: i32,
    /// The whole title, of which the page may show less.
    pub(crate) title: &'a str,
    /// What is read aloud for the code.
    pub(crate) alternative: &'a str,
}

impl Painter<'_, '_> {
    /// Draws the parts of a page. Returns their tags.
    pub(crate) fn page(&mut self, elements: &[Element], qr: &Qr<'_>) -> Tag {
        let mut tags = Vec::new();
        let mut code = None;
        for element in elements {
            match element {
                Element::Paragraph(text) => tags.push(self.text(Kind::Paragraph, text)),
                Element::Title(text) => {
                    tags.push(self.text(Kind::Heading(self.title.to_owned()), text));
                }
                Element::Rule(rule) => self.rule(rule),
                Element::Code(square) => code = Some((tags.len(), *square)),
                Element::Fields(fields) => tags.extend(self.fields(fields)),
            }
        }
        // Last, with light around it: nothing may cover it.
        if let Some((place, square)) = code {
            tags.insert(place, self.code(square, qr));
        }
        Tag::group(Kind::Section, tags)
    }

    /// Begins what belongs to a tag. Returns its number.
    fn begin(&mut self) -> i32 {
        let number = self.drawn;
        self.drawn += 1;
        let mut begun = self.content.begin_marked_content_with_properties(Name(b"Span"));
        begun.properties().identify(number);
        number
    }

    fn text(&mut self, kind: Kind, text: &Text) -> Tag {
        let block = &text.block;
        let mut content = Vec::new();
        for (index, line) in block.lines.iter().enumerate() {
            content.push(self.begin());
            self.content.set_fill_gray(match text.ink {
                Ink::Black => BLACK,
                Ink::Grey => GREY,
            });
            let baseline = self.height - text.frame.y - block.baseline(index);
            let used = self.letters.face(block.style.weight);
            self.content.begin_text().set_font(used.name, block.size);
            self.content.next_line(text.x(line.width), baseline);
            for run in line.glyphs.chunk_by(|left, right| left.missing == right.missing) {
                show(&mut self.content, used, run);
            }
            self.content.end_text().end_marked_content();
        }
        Tag::leaf(kind, content)
    }

    /// Draws fields as a list. Returns `None` if there are none: a list has items.
    fn fields(&mut self, fields: &[Field]) -> Option<Tag> {
        let mut items = Vec::new();
        for field in fields {
            let label = self.text(Kind::Label, &field.label);
            let value = self.text(Kind::Value, &field.value);
            items.push(Tag::group(Kind::Item, vec![label, value]));
        }
        (!items.is_empty()).then(|| Tag::group(Kind::List, items))
    }

    fn rule(&mut self, rule: &Rule) {
        let foot = self.height - rule.y - RULE_HEIGHT;
        self.content.begin_marked_content(Name(b"Artifact"));
        self.content.set_fill_gray(BLACK).rect(rule.x, foot, rule.width, RULE_HEIGHT);
        self.content.fill_nonzero().end_marked_content();
    }

    fn code(&mut self, square: Square, qr: &Qr<'_>) -> Tag {
        let Square { x, y, side, quiet } = square;
        let top = self.height - y;
        let (module, whole) = (side / qr.size as f32, side + 2.0 * quiet);
        let number = self.begin();
        self.content.set_fill_gray(WHITE);
        self.content.rect(x - quiet, top - side - quiet, whole, whole).fill_nonzero();
        // From here on a module is 1 by 1, and rows go down.
        self.content.save_state().transform([module, 0.0, 0.0, -module, x, top]);
        self.content.set_fill_gray(BLACK);
        self.modules(qr);
        self.content.restore_state().end_marked_content();
        let place = Rect::new(x, top - side, x + side, top);
        Tag::leaf(Kind::Figure(place, self.alternative.to_owned()), vec![number])
    }

    /// Fills the dark modules. Those that touch in a row are one rectangle.
    ///
    /// All are filled at once: between two that are filled apart, viewers let the paper shine through.
    fn modules(&mut self, qr: &Qr<'_>) {
        for (y, row) in qr.dark.chunks_exact(qr.size).enumerate() {
            let mut x = 0;
            for run in row.chunk_by(PartialEq::eq) {
                if run.first() == Some(&true) {
                    self.content.rect(x as f32, y as f32, run.len() as f32, 1.0);
                }
                x += run.len();
            }
        }
        self.content.fill_nonzero();
    }
}

/// Shows letters that the font has all of, or none of. In the latter case viewers copy the characters
/// that the replacements stand for.
fn show(content: &mut Content, used: &mut Used<'_>, run: &[Glyph]) {
    let is_missing = run.iter().any(|glyph| glyph.missing);
    if is_missing {
        let text: String = run.iter().map(|glyph| glyph.character).collect();
        let mut begun = content.begin_marked_content_with_properties(Name(b"Span"));
        begun.properties().actual_text(TextStr(&text));
    }
    let mut shown = content.show_positioned();
    let mut items = shown.items();
    for letters in run.chunk_by(|left, _| left.advance == left.width) {
        let bytes: Vec<_> =
            letters.iter().flat_map(|letter| used.number(letter).to_be_bytes()).collect();
        items.show(Str(&bytes));
        let kerning = letters.last().map_or(0.0, |letter| letter.width - letter.advance);
        if kerning != 0.0 {
            items.adjust(kerning * THOUSANDTHS);
        }
    }
    items.finish();
    shown.finish();
    if is_missing {
        content.end_marked_content();
    }
}
