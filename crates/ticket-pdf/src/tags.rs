//! What the parts of a page are, for those who do not see it (ISO 32000-1, 14.7 and 14.8).

use pdf_writer::types::{Placement, StructRole};
use pdf_writer::{Chunk, Finish as _, Rect, Ref, TextStr};

/// A part of a page, with what is in it in the order in which it is read.
pub(crate) struct Tag {
    kind: Kind,
    tags: Vec<Tag>,
    /// The numbers of what the page draws for it: `MCID` in a PDF.
    content: Vec<i32>,
}

/// What a part of a page is.
pub(crate) enum Kind {
    Section,
    /// A heading, and its text.
    Heading(String),
    Paragraph,
    List,
    Item,
    Label,
    Value,
    /// A drawing, its place, and what is read aloud for it.
    Figure(Rect, String),
}

/// Writes the tags of a page.
pub(crate) struct Writer<'a> {
    pub(crate) chunk: &'a mut Chunk,
    pub(crate) next: &'a mut Ref,
    pub(crate) page: Ref,
    /// The tag of each thing that the page draws, by its number.
    pub(crate) parents: Vec<Option<Ref>>,
}

impl Tag {
    /// Returns a part that is made up of others.
    pub(crate) fn group(kind: Kind, tags: Vec<Tag>) -> Self {
        Self { kind, tags, content: Vec::new() }
    }

    /// Returns a part that is drawn.
    pub(crate) fn leaf(kind: Kind, content: Vec<i32>) -> Self {
        Self { kind, tags: Vec::new(), content }
    }

    /// Writes the tag and those in it. Returns its id.
    pub(crate) fn write(&self, writer: &mut Writer<'_>, parent: Ref) -> Ref {
        let id = writer.next.bump();
        let tags: Vec<_> = self.tags.iter().map(|tag| tag.write(writer, id)).collect();
        for number in &self.content {
            let parent = usize::try_from(*number).ok().and_then(|at| writer.parents.get_mut(at));
            if let Some(parent) = parent {
                *parent = Some(id);
            }
        }
        let mut element = writer.chunk.struct_element(id);
        element.kind(self.kind.role()).parent(parent);
        if !self.content.is_empty() {
            element.page(writer.page);
        }
        match &self.kind {
            Kind::Heading(title) => {
                element.title(TextStr(title));
            }
            Kind::Figure(place, words) => {
                element.alt(TextStr(words));
                let mut attributes = element.attributes();
                attributes.push().layout().placement(Placement::Block).bbox(*place);
            }
            _ => {}
        }
        let mut children = element.children();
        for tag in tags {
            children.struct_element(tag);
        }
        for number in &self.content {
            children.marked_content_id(*number);
        }
        children.finish();
        id
    }
}

impl Kind {
    fn role(&self) -> StructRole {
        match self {
            Self::Section => StructRole::Sect,
            Self::Heading(_) => StructRole::H1,
            Self::Paragraph => StructRole::P,
            Self::List => StructRole::L,
            Self::Item => StructRole::LI,
            Self::Label => StructRole::Lbl,
            Self::Value => StructRole::LBody,
            Self::Figure(..) => StructRole::Figure,
        }
    }
}
