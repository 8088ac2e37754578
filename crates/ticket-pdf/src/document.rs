//! The file that holds the pages: ISO 32000-1 (PDF 1.7), by the rules of ISO 14289-1 (PDF/UA-1).

use std::io::Write as _;

use flate2::{Compression, write::ZlibEncoder};
use pdf_writer::types::{CidFontType, FontFlags, StructRole, SystemInfo, TabOrder, UnicodeCmap};
use pdf_writer::writers::StructTreeRoot;
use pdf_writer::{Content, Filter, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};
use xmp_writer::{LangId, XmpWriter};

use crate::layout::{Element, Layout};
use crate::paint::{Letters, Painter, Used};
use crate::tags::Writer;
use crate::text::tidied;
use crate::{Error, Ticket};

/// How a PDF numbers the letters of a font: by two bytes each.
const SYSTEM: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
/// Marks a font that is cut down: any six letters, by ISO 32000-1, 9.6.4.
const SUBSET: &str = "TICKET";
const THOUSANDTHS: f32 = 1_000.0;
/// The width of stems, which a PDF must give. It matters only to viewers that cannot read the font.
const STEMS: f32 = 90.0;

/// A PDF in the making.
pub(crate) struct Document<'a> {
    layout: &'a Layout<'a>,
    pdf: Pdf,
    /// The next free id of an object.
    next: Ref,
    letters: Letters<'a>,
    tickets: Vec<Page>,
    pages: Ref,
    regular: Ref,
    bold: Ref,
    /// The root of all tags.
    structure: Ref,
    /// The tag of the whole document.
    tree: Ref,
}

/// A page that is written.
struct Page {
    title: String,
    /// Its line in the outline.
    name: String,
    id: Ref,
    /// The tag of the whole page.
    section: Ref,
    /// The list of the tags of what it draws.
    parents: Ref,
}

impl<'a> Document<'a> {
    /// Begins a PDF without pages.
    pub(crate) fn new(layout: &'a Layout<'a>) -> Self {
        let mut next = Ref::new(1);
        let mut pdf = Pdf::new();
        pdf.set_version(1, 7);
        Self {
            layout,
            pdf,
            letters: Letters::new(layout.faces),
            tickets: Vec::new(),
            pages: next.bump(),
            regular: next.bump(),
            bold: next.bump(),
            structure: next.bump(),
            tree: next.bump(),
            next,
        }
    }

    /// Adds the page of a ticket.
    ///
    /// # Errors
    /// [`Error::Pdf`] if it cannot be compressed.
    pub(crate) fn add(&mut self, ticket: &Ticket<'_>, elements: &[Element]) -> Result<(), Error> {
        let title = self.layout.title(ticket);
        let name = format!("{title} · {}", self.layout.position(ticket));
        let (width, height) = (self.layout.sheet.width, self.layout.sheet.height);
        let mut painter = Painter {
            content: Content::new(),
            letters: &mut self.letters,
            height,
            drawn: 0,
            title: &title,
            alternative: self.layout.words.code_alternative,
        };
        let tag = painter.page(elements, &ticket.qr);
        let (content, drawn) = (painter.content.finish(), painter.drawn);
        let [id, content_id, parents] = std::array::from_fn(|_| self.next.bump());
        self.pdf.stream(content_id, &compressed(&content)?).filter(Filter::FlateDecode);

        let mut page = self.pdf.page(id);
        page.parent(self.pages).media_box(Rect::new(0.0, 0.0, width, height)).contents(content_id);
        page.tab_order(TabOrder::StructureOrder);
        page.struct_parents(self.tickets.len() as i32);
        let mut resources = page.resources();
        let mut fonts = resources.fonts();
        fonts.pair(self.letters.regular.name, self.regular);
        fonts.pair(self.letters.bold.name, self.bold);
        fonts.finish();
        resources.finish();
        page.finish();

        let mut writer = Writer {
            chunk: &mut self.pdf,
            next: &mut self.next,
            page: id,
            parents: vec![None; drawn.unsigned_abs() as usize],
        };
        let section = tag.write(&mut writer, self.tree);
        let tags = writer.parents;
        self.pdf.indirect(parents).array().items(tags.into_iter().flatten());
        self.tickets.push(Page { title, name, id, section, parents });
        Ok(())
    }

    /// Returns the bytes of the PDF.
    ///
    /// # Errors
    /// [`Error::Pdf`] if a font cannot be cut down, or if something cannot be compressed.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>, Error> {
        let pages = self.tickets.iter().map(|page| page.id);
        self.pdf.pages(self.pages).kids(pages).count(self.tickets.len() as i32);
        font(&mut self.pdf, &mut self.next, self.regular, &self.letters.regular)?;
        font(&mut self.pdf, &mut self.next, self.bold, &self.letters.bold)?;
        self.structure();
        let outline = self.outline();
        self.catalog(outline);
        Ok(self.pdf.finish())
    }

    /// Writes the root of all tags, and the way to them from what pages draw.
    fn structure(&mut self) {
        let mut root = self.pdf.indirect(self.structure).start::<StructTreeRoot<'_>>();
        root.child(self.tree);
        let mut parents = root.parent_tree();
        let mut numbers = parents.nums();
        for (number, page) in (0..).zip(&self.tickets) {
            numbers.insert(number, page.parents);
        }
        numbers.finish();
        parents.finish();
        root.parent_tree_next_key(self.tickets.len() as i32);
        root.finish();
        let mut tree = self.pdf.struct_element(self.tree);
        tree.kind(StructRole::Document).parent(self.structure);
        let mut sections = tree.children();
        for page in &self.tickets {
            sections.struct_element(page.section);
        }
    }

    /// Writes the outline, with a line for each page. Returns its id.
    fn outline(&mut self) -> Ref {
        let outline = self.next.bump();
        let items: Vec<_> = self.tickets.iter().map(|_| self.next.bump()).collect();
        let mut list = self.pdf.outline(outline);
        if let [first, .., last] | [first @ last] = items.as_slice() {
            list.first(*first).last(*last).count(items.len() as i32);
        }
        list.finish();
        for (at, page) in self.tickets.iter().enumerate() {
            let mut item = self.pdf.outline_item(items[at]);
            item.title(TextStr(&page.name)).parent(outline);
            if let Some(before) = at.checked_sub(1).and_then(|before| items.get(before)) {
                item.prev(*before);
            }
            if let Some(after) = items.get(at + 1) {
                item.next(*after);
            }
            item.dest().page(page.id).xyz(0.0, self.layout.sheet.height, None);
        }
        outline
    }

    /// Writes the title, the language and the author, and where everything is.
    fn catalog(&mut self, outline: Ref) {
        let [catalog, information, metadata] = std::array::from_fn(|_| self.next.bump());
        let language = self.layout.words.language;
        let title = self.tickets.first().map_or("", |page| &page.title);
        let shop = tidied(self.layout.shop);

        self.pdf.document_info(information).title(TextStr(title)).author(TextStr(&shop));
        let mut xmp = XmpWriter::new();
        xmp.title([(None, title)]);
        xmp.creator([shop.as_str()]);
        xmp.language([LangId(language)]);
        xmp.pdfua_part(1);
        self.pdf.metadata(metadata, xmp.finish(None).as_bytes());

        let mut all = self.pdf.catalog(catalog);
        all.pages(self.pages).outlines(outline).metadata(metadata).lang(TextStr(language));
        all.mark_info().marked(true);
        all.viewer_preferences().display_doc_title(true);
        all.pair(Name(b"StructTreeRoot"), self.structure);
    }
}

/// Writes a font, with no more than the letters that the document draws.
///
/// # Errors
/// [`Error::Pdf`] if it cannot be cut down or compressed.
fn font(pdf: &mut Pdf, next: &mut Ref, id: Ref, used: &Used<'_>) -> Result<(), Error> {
    let [letters, descriptor, meanings, file] = std::array::from_fn(|_| next.bump());
    let name = format!("{SUBSET}+{}", used.face.name);
    let name = Name(name.as_bytes());
    pdf.type0_font(id)
        .base_font(name)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(letters)
        .to_unicode(meanings);

    let mut cid = pdf.cid_font(letters);
    cid.subtype(CidFontType::Type2).base_font(name).system_info(SYSTEM).font_descriptor(descriptor);
    cid.default_width(0.0).cid_to_gid_map_predefined(Name(b"Identity"));
    let widths = used.letters.values().map(|(_, width)| width * THOUSANDTHS);
    // Number 0 is the glyph of missing characters, which no page draws.
    cid.widths().consecutive(1, widths);
    cid.finish();

    let metrics = &used.face.metrics;
    let [left, bottom, right, top] = metrics.bounds.map(|edge| edge * THOUSANDTHS);
    pdf.font_descriptor(descriptor)
        .name(name)
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(left, bottom, right, top))
        .italic_angle(0.0)
        .ascent(metrics.ascent * THOUSANDTHS)
        .descent(metrics.descent * THOUSANDTHS)
        .cap_height(metrics.capitals * THOUSANDTHS)
        .stem_v(STEMS)
        .font_file2(file);

    let mut cmap = UnicodeCmap::new(Name(b"Ticket"), SYSTEM);
    for (number, (character, _)) in &used.letters {
        cmap.pair(*number, *character);
    }
    pdf.stream(meanings, &compressed(&cmap.finish())?).filter(Filter::FlateDecode);
    let part = subsetter::subset(used.face.file, 0, &used.numbers)
        .map_err(|cause| Error::Pdf(cause.to_string()))?;
    let bytes = compressed(&part)?;
    let mut stream = pdf.stream(file, &bytes);
    stream.filter(Filter::FlateDecode).pair(Name(b"Length1"), part.len() as i32);
    Ok(())
}

fn compressed(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .map_err(|cause| Error::Pdf(cause.to_string()))
}
