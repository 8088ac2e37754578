//! Text in lines that fit.

use std::iter::successors;
use std::ops::Range;

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::font::{Face, Faces, Glyph, Weight};

/// The most characters of a text that are looked at. No line of any page has room for more.
const MOST_CHARACTERS: usize = 1_000;
const ELLIPSIS: char = '…';

/// The height of capitals, as a part of the font's size.
const CAPITALS: f32 = 0.714;
/// How far letters reach below their line, as a part of the font's size.
const DESCENT: f32 = 0.24;

/// How a text is set. Lengths are in points.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) weight: Weight,
    /// The size that is tried first.
    pub(crate) largest: f32,
    /// The size at which a text is cut rather than made smaller.
    pub(crate) smallest: f32,
    pub(crate) most_lines: usize,
    /// From one line to the next, as a multiple of the size.
    pub(crate) leading: f32,
}

impl Style {
    fn sizes(self) -> impl Iterator<Item = f32> {
        successors(Some(self.largest), move |size| {
            (*size > self.smallest).then(|| (size - 1.0).max(self.smallest))
        })
    }
}

/// A text in lines.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) style: Style,
    pub(crate) size: f32,
    pub(crate) lines: Vec<Line>,
}

/// One line of a [`Block`].
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) glyphs: Vec<Glyph>,
    /// Its width in points, without a space at its end.
    pub(crate) width: f32,
}

impl Block {
    /// Returns how far it reaches from the top of its first capitals to below its last line.
    pub(crate) fn height(&self) -> f32 {
        self.baseline(self.lines.len().saturating_sub(1)) + self.size * DESCENT
    }

    /// Returns how far the baseline of a line is below the top of the first line's capitals.
    pub(crate) fn baseline(&self, line: usize) -> f32 {
        self.size * (CAPITALS + self.style.leading * line as f32)
    }
}

/// Sets `text` in lines no wider than `width`, in points. Returns `None` if nothing of it is visible.
///
/// Takes the largest size at which the lines suffice and no word is broken; else the largest at
/// which they suffice; else the smallest, and ends the text in an ellipsis.
pub(crate) fn fit(faces: &Faces, style: Style, width: f32, text: &str) -> Option<Block> {
    let text = tidied(text);
    if text.is_empty() {
        return None;
    }
    let face = faces.face(style.weight);
    let shaped = Shaped::new(face, &text);
    let wrapped = |size| Some((size, shaped.wrapped(width / size, style.most_lines)?));
    let fitting: Vec<_> = style.sizes().filter_map(wrapped).collect();
    let unbroken = fitting.iter().position(|(_, wrapped)| !wrapped.broken);
    let best = fitting.into_iter().nth(unbroken.unwrap_or(0));
    Some(match best {
        Some((size, wrapped)) => shaped.block(style, size, &wrapped.lines),
        None => shortened(face, &text, style, width),
    })
}

/// Returns as much of a text as its lines hold at the smallest size, and an ellipsis.
fn shortened(face: &Face, text: &str, style: Style, width: f32) -> Block {
    let width = width / style.smallest;
    let shaped = Shaped::new(face, text);
    let ellipsis = Shaped::new(face, ELLIPSIS.encode_utf8(&mut [0; 4]));
    let room = width - ellipsis.width(&(0..ellipsis.glyphs.len()));
    let wrapped = shaped.wrapped(width, usize::MAX).map(|wrapped| wrapped.lines);
    let last = wrapped.and_then(|lines| lines.into_iter().nth(style.most_lines - 1));
    let last = last.unwrap_or_default();
    let cut = shaped.overflow(&last, room).unwrap_or(last.end);
    let kept: String = text.chars().take(cut).collect();
    let shaped = Shaped::new(face, &format!("{}{ELLIPSIS}", kept.trim_end()));
    let lines = shaped.wrapped(width, usize::MAX).map(|wrapped| wrapped.lines);
    let mut lines = lines.unwrap_or_default();
    lines.truncate(style.most_lines);
    shaped.block(style, style.smallest, &lines)
}

/// Returns the words of `text` with one space between, without what cannot be seen.
///
/// Letters and their marks become one character where Unicode has one (NFC, UAX #15): the
/// font does not place marks. A text that no page has room for is cut.
pub(crate) fn tidied(text: &str) -> String {
    let seen: String = text
        .chars()
        .filter(|c| !is_ignorable(*c))
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MOST_CHARACTERS)
        .collect();
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(&seen);
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Checks whether a character has no shape: `Default_Ignorable_Code_Point` of Unicode's
/// `DerivedCoreProperties.txt`, and the noncharacters that PDF/UA-1 forbids (ISO 14289-1, 7.21.7).
fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}' | '\u{fffe}'..='\u{ffff}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A text with the widths of its letters, for a size of 1.
struct Shaped {
    glyphs: Vec<Glyph>,
    /// How far from the start each letter is; last, where the text ends.
    edges: Vec<f32>,
}

/// Ranges of glyphs, one for each line.
struct Wrapped {
    lines: Vec<Range<usize>>,
    /// A line ends within a word.
    broken: bool,
}

impl Shaped {
    fn new(face: &Face, text: &str) -> Self {
        let glyphs = face.glyphs(text);
        let mut edges = vec![0.0];
        let mut end = 0.0;
        for glyph in &glyphs {
            end += glyph.advance;
            edges.push(end);
        }
        Self { glyphs, edges }
    }

    fn is_space(&self, glyph: usize) -> bool {
        self.glyphs.get(glyph).is_some_and(|glyph| glyph.character == ' ')
    }

    /// Checks whether a line may begin with a letter: with all but a mark that stands on another.
    fn may_begin(&self, glyph: usize) -> bool {
        self.glyphs.get(glyph).is_some_and(|glyph| glyph.width > 0.0)
    }

    /// Returns the words, each with what follows it and ends a line: a space, or a hyphen.
    fn words(&self) -> Vec<Range<usize>> {
        let ends = |glyph: &Glyph| matches!(glyph.character, ' ' | '-' | '–' | '—' | '/' | '@');
        let mut end = 0;
        let words = self.glyphs.split_inclusive(ends).map(|word| {
            let start = end;
            end += word.len();
            start..end
        });
        words.collect()
    }

    /// Returns the width of a line, without a space at its end.
    fn width(&self, line: &Range<usize>) -> f32 {
        let end = line.end - usize::from(line.end > line.start && self.is_space(line.end - 1));
        self.edges[end] - self.edges[line.start]
    }

    /// Returns the first letter of a line that does not fit in `width`, but never its very first.
    fn overflow(&self, line: &Range<usize>, width: f32) -> Option<usize> {
        let fits = |end: usize| self.width(&(line.start..end)) <= width;
        let beyond = (line.start..line.end).find(|glyph| !fits(glyph + 1))?;
        let first = (line.start + 1..=beyond).rev().find(|glyph| self.may_begin(*glyph));
        first.or_else(|| (beyond + 1..line.end).find(|glyph| self.may_begin(*glyph)))
    }

    /// Breaks the text into lines no wider than `width`: between words, or within one that is wider.
    /// Returns `None` if they are more than `most`.
    fn wrapped(&self, width: f32, most: usize) -> Option<Wrapped> {
        let mut wrapped = Wrapped { lines: Vec::new(), broken: false };
        let mut line = 0..0;
        for word in self.words() {
            if !line.is_empty() && self.width(&(line.start..word.end)) > width {
                wrapped.lines.push(line);
                line = word.clone();
            }
            line.end = word.end;
            while self.width(&line) > width
                && let Some(cut) = self.overflow(&line, width)
            {
                wrapped.lines.push(line.start..cut);
                wrapped.broken = true;
                line.start = cut;
            }
            if wrapped.lines.len() >= most {
                return None;
            }
        }
        wrapped.lines.push(line);
        Some(wrapped)
    }

    fn block(&self, style: Style, size: f32, lines: &[Range<usize>]) -> Block {
        let lines = lines.iter().map(|line| Line {
            glyphs: self.glyphs.get(line.clone()).unwrap_or_default().to_vec(),
            width: self.width(line) * size,
        });
        Block { style, size, lines: lines.collect() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    const WIDTH: f32 = 200.0;
    const STYLE: Style = Style {
        weight: Weight::Regular,
        largest: 20.0,
        smallest: 10.0,
        most_lines: 2,
        leading: 1.2,
    };

    fn block(text: &str) -> Block {
        fit(&Faces::load().unwrap(), STYLE, WIDTH, text).unwrap()
    }

    fn lines(block: &Block) -> Vec<String> {
        let text = |line: &Line| line.glyphs.iter().map(|glyph| glyph.character).collect();
        block.lines.iter().map(text).collect()
    }

    #[test]
    fn lines_break_between_words() {
        let block = block("The quick brown fox jumps");
        assert_eq!(lines(&block), ["The quick brown fox ", "jumps"]);
        assert_eq!(block.size, STYLE.largest);
    }

    #[test]
    fn letters_shrink_before_words_break() {
        let block = block("Donaudampfschifffahrt");
        assert_eq!(lines(&block), ["Donaudampfschifffahrt"]);
        assert!((STYLE.smallest..STYLE.largest).contains(&block.size));
    }

    #[test]
    fn lines_break_after_hyphens() {
        let block = block("0198f2a4-61c7-7b0e-9d2f-1c5a77b1e9d3");
        assert_eq!(lines(&block), ["0198f2a4-61c7-7b0e-", "9d2f-1c5a77b1e9d3"]);
    }

    #[test]
    fn a_word_breaks_that_fits_at_no_size() {
        let block = block(&"m".repeat(40));
        assert_eq!(block.lines.len(), 2);
        assert_eq!(lines(&block).concat(), "m".repeat(40));
    }

    #[test]
    fn what_does_not_fit_ends_in_an_ellipsis() {
        for text in ["word ".repeat(5_000), "m".repeat(10_000), "x\u{301}".repeat(10_000)] {
            let block = block(&text);
            assert_eq!((block.lines.len(), block.size), (2, STYLE.smallest));
            assert!(lines(&block)[1].ends_with(ELLIPSIS), "{:?}", lines(&block));
            assert!(block.lines[1].width > WIDTH * 0.9);
        }
    }

    #[test]
    fn no_line_is_wider_than_its_frame() {
        for length in 1..200 {
            for text in ["mi ".repeat(length), "Wi".repeat(length), "\u{4e2d}".repeat(length)] {
                let block = block(&text);
                assert!(block.lines.len() <= STYLE.most_lines);
                assert!(block.lines.iter().all(|line| line.width <= WIDTH + 0.01), "{text}");
            }
        }
    }

    #[test]
    fn what_cannot_be_seen_is_nothing() {
        let faces = Faces::load().unwrap();
        for text in
            ["", " \n\t ", "\u{0}\u{7}\u{1b}", "\u{feff}\u{200d}\u{202e}\u{fffe}", "\u{3000}"]
        {
            assert!(fit(&faces, STYLE, WIDTH, text).is_none(), "{text:?}");
        }
        assert_eq!(tidied("\u{202e}a\u{0}\u{0}b\u{ad}c "), "a bc");
    }

    #[test]
    fn a_letter_that_the_font_lacks_is_seen() {
        let faces = Faces::load().unwrap();
        for weight in [Weight::Regular, Weight::Bold] {
            let glyph = |text: &str| faces.face(weight).glyphs(text)[0];
            let replacement = glyph("\u{fffd}");
            assert!(replacement.id != 0 && !replacement.missing && replacement.width > 0.0);
            for text in ["\u{1f600}", "\u{5d0}", "\u{628}", "\u{4e2d}", "\u{e000}"] {
                let glyph = glyph(text);
                assert_eq!((glyph.id, glyph.missing), (replacement.id, true), "{text}");
                assert_eq!(Some(glyph.character), text.chars().next());
            }
        }
    }

    #[test]
    fn the_font_has_the_letters_of_europe() {
        let faces = Faces::load().unwrap();
        let letters = "AÀÁÂÃÄÅÆÇÐÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝÞßŸĀĂĄĆČĎĐĒĖĘĚĞĢĦİĪĮĶŁĻŃŅŇŐŒŔŘŚŞŠȘŢȚŤŪŮŰŲŴŶŹŻŽ\
                       ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ\
                       ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩάέήίόύώϊϋΐΰς\
                       АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЂЃЄЅІЇЈЉЊЋЌЎЏґҐ\
                       €£¥₴₽₺₹¢„“”‚‘’«»–—…•·№™°½";
        for weight in [Weight::Regular, Weight::Bold] {
            let glyphs = faces.face(weight).glyphs(letters);
            let missing: String =
                glyphs.iter().filter(|g| g.missing).map(|g| g.character).collect();
            assert_eq!(missing, "");
        }
    }

    #[test]
    fn letters_stand_as_close_as_the_font_says() {
        let faces = Faces::load().unwrap();
        for weight in [Weight::Regular, Weight::Bold] {
            let kerning = |text: &str| {
                let glyph = faces.face(weight).glyphs(text)[0];
                glyph.advance - glyph.width
            };
            for close in ["AV", "To", "Тд", "Γα"] {
                assert!((-0.2..-0.01).contains(&kerning(close)), "{close}: {}", kerning(close));
            }
            assert!(kerning("HH").abs() < 0.001);
        }
    }

    #[test]
    fn marks_join_their_letters_and_no_line_begins_with_one() {
        assert_eq!(lines(&block("e\u{302}\u{323}")), ["ệ"]);
        let block = block(&"m\u{30b}".repeat(400));
        assert!(block.lines.iter().all(|line| line.glyphs[0].character == 'm'));
    }
}
