//! The two faces of the font: its letters, how wide they are, and how close they stand.

use std::cmp::Ordering;

use read_fonts::tables::gpos::{PairPos, PositionSubtables};
use read_fonts::tables::{cmap::Cmap, hmtx::Hmtx};
use read_fonts::types::{GlyphId, Tag};
use read_fonts::{FontRef, ReadError, TableProvider as _};

static REGULAR: &[u8] = include_bytes!("../fonts/Roboto-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../fonts/Roboto-Bold.ttf");

/// What is drawn in place of a character that the font lacks.
pub(crate) const REPLACEMENT: char = '\u{fffd}';

/// How heavy letters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

/// The font in its two weights.
pub(crate) struct Faces {
    regular: Face,
    bold: Face,
}

impl Faces {
    /// Reads the font.
    ///
    /// # Errors
    /// What is broken in it.
    pub(crate) fn load() -> Result<Self, ReadError> {
        Ok(Self {
            regular: Face::load("Roboto-Regular", REGULAR)?,
            bold: Face::load("Roboto-Bold", BOLD)?,
        })
    }

    /// Returns the face of a weight.
    pub(crate) fn face(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }
}

/// One weight of the font.
pub(crate) struct Face {
    /// Its PostScript name.
    pub(crate) name: &'static str,
    /// Its file, in TrueType.
    pub(crate) file: &'static [u8],
    pub(crate) metrics: Metrics,
    em: f32,
    letters: Cmap<'static>,
    widths: Hmtx<'static>,
    /// Which pairs of letters stand closer, or farther apart.
    pairs: Vec<PairPos<'static>>,
}

/// The measures of all letters together, as parts of the font's size.
pub(crate) struct Metrics {
    /// Left, bottom, right, top.
    pub(crate) bounds: [f32; 4],
    pub(crate) ascent: f32,
    pub(crate) descent: f32,
    pub(crate) capitals: f32,
}

/// A letter of a text. Lengths are parts of the font's size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glyph {
    pub(crate) character: char,
    /// Its number in the font.
    pub(crate) id: u16,
    /// The font lacks the character, and U+FFFD stands for it.
    pub(crate) missing: bool,
    pub(crate) width: f32,
    /// How far from it the next letter stands.
    pub(crate) advance: f32,
}

impl Face {
    fn load(name: &'static str, file: &'static [u8]) -> Result<Self, ReadError> {
        let font = FontRef::new(file)?;
        let (head, sizes) = (font.head()?, font.os2()?);
        let em = f32::from(head.units_per_em());
        let bounds = [head.x_min(), head.y_min(), head.x_max(), head.y_max()];
        Ok(Self {
            name,
            file,
            metrics: Metrics {
                bounds: bounds.map(|edge| f32::from(edge) / em),
                ascent: f32::from(sizes.s_typo_ascender()) / em,
                descent: f32::from(sizes.s_typo_descender()) / em,
                capitals: f32::from(sizes.s_cap_height().unwrap_or_default()) / em,
            },
            em,
            letters: font.cmap()?,
            widths: font.hmtx()?,
            pairs: pairs(&font)?,
        })
    }

    /// Returns the letters of `text`, from left to right.
    pub(crate) fn glyphs(&self, text: &str) -> Vec<Glyph> {
        let mut glyphs: Vec<_> = text.chars().map(|character| self.glyph(character)).collect();
        for next in 1..glyphs.len() {
            let pair = (glyphs[next - 1].id, glyphs[next].id);
            glyphs[next - 1].advance += self.kerning(pair.0.into(), pair.1.into());
        }
        glyphs
    }

    fn glyph(&self, character: char) -> Glyph {
        let id = self.letters.map_codepoint(character);
        let id_drawn = id.or_else(|| self.letters.map_codepoint(REPLACEMENT)).unwrap_or_default();
        let width = f32::from(self.widths.advance(id_drawn).unwrap_or_default()) / self.em;
        // A font of TrueType numbers its letters in 16 bits.
        let number = u16::try_from(id_drawn.to_u32()).unwrap_or_default();
        Glyph { character, id: number, missing: id.is_none(), width, advance: width }
    }

    /// Returns by how much more than its width the first of two letters is from the second.
    fn kerning(&self, first: GlyphId, second: GlyphId) -> f32 {
        let units = self.pairs.iter().find_map(|pairs| kerning(pairs, first, second));
        f32::from(units.unwrap_or_default()) / self.em
    }
}

/// Returns what the font says of pairs of letters: the lookups of OpenType's feature `kern`.
fn pairs(font: &FontRef<'static>) -> Result<Vec<PairPos<'static>>, ReadError> {
    let table = font.gpos()?;
    let (features, lookups) = (table.feature_list()?, table.lookup_list()?.lookups());
    let mut pairs = Vec::new();
    let mut records = features.feature_records().iter();
    let Some(kern) = records.find(|record| record.feature_tag() == Tag::new(b"kern")) else {
        return Ok(pairs);
    };
    for index in kern.feature(features.offset_data())?.lookup_list_indices() {
        if let PositionSubtables::Pair(found) = lookups.get(index.get().into())?.subtables()? {
            pairs.extend(found.iter().filter_map(Result::ok));
        }
    }
    Ok(pairs)
}

/// Returns what one table says of two letters, in the font's units. Returns `None` if it says nothing.
fn kerning(pairs: &PairPos<'_>, first: GlyphId, second: GlyphId) -> Option<i16> {
    match pairs {
        PairPos::Format1(letters) => {
            let set = letters.coverage().ok()?.get(first)?;
            let set = letters.pair_sets().get(set as usize).ok()?;
            let pairs = set.pair_value_records();
            let (mut from, mut to) = (0, pairs.len());
            // They stand in the order of their second letters.
            while from < to {
                let middle = from.midpoint(to);
                let pair = pairs.get(middle).ok()?;
                match GlyphId::from(pair.second_glyph()).cmp(&second) {
                    Ordering::Less => from = middle + 1,
                    Ordering::Greater => to = middle,
                    Ordering::Equal => return pair.value_record1().x_advance(),
                }
            }
            None
        }
        PairPos::Format2(classes) => {
            classes.coverage().ok()?.get(first)?;
            let first = classes.class_def1().ok()?.get(first);
            let second = classes.class_def2().ok()?.get(second);
            let record = classes.class1_records().get(first as usize).ok()?;
            record.class2_records().get(second as usize).ok()?.value_record1().x_advance()
        }
        _ => None,
    }
}
