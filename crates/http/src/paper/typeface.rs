//! Text in the fonts that a document carries with it: shaped, measured and wrapped.
//!
//! Invariants: text is measured by the glyphs with which it is drawn; what is wrapped is never wider
//! than it may be, unless one letter alone is.

use std::collections::BTreeMap;
use std::ops::Range;

use harfrust::{Direction, FontRef, ShapeOptions, ShaperData, UnicodeBuffer};
use krilla::Data;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use unicode_bidi::ParagraphBidiInfo;

use crate::problem::{Answer, Problem};

/// How heavy letters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// As text is.
    Regular,
    /// As headings are.
    Bold,
}

/// Text of one line as glyphs, from left to right.
#[derive(Debug, Clone, Default)]
pub struct Shaped {
    /// What it says.
    pub text: String,
    /// How that is drawn; measures are in parts of the letters' size.
    pub glyphs: Vec<KrillaGlyph>,
}

impl Shaped {
    /// How wide it is, in parts of the letters' size.
    pub fn width(&self) -> f32 {
        self.glyphs.iter().map(|glyph| glyph.x_advance).sum()
    }
}

/// A font to write in.
pub struct Typeface {
    font: Font,
    source: FontRef<'static>,
    shaping: ShaperData,
}

impl Typeface {
    /// Reads a font.
    ///
    /// # Errors
    /// 500 for bytes that are none.
    pub fn read(bytes: &'static [u8]) -> Answer<Self> {
        let source = FontRef::new(bytes)
            .map_err(|error| Problem::internal(format!("the font of documents: {error}")))?;
        let font = Font::new(Data::from(bytes), 0)
            .ok_or_else(|| Problem::internal("the font of documents cannot be embedded"))?;
        let shaping = ShaperData::new(&source);
        Ok(Self { font, source, shaping })
    }

    /// The same for the file.
    pub fn font(&self) -> Font {
        self.font.clone()
    }

    /// A text as glyphs; parts that are read from right to left stand where they belong.
    pub fn shape(&self, text: &str) -> Shaped {
        let mut shaped = Shaped { text: text.to_owned(), glyphs: Vec::new() };
        if text.is_empty() {
            return shaped;
        }
        let (levels, runs) = ParagraphBidiInfo::new(text, None).visual_runs(0..text.len());
        for run in runs {
            let is_rtl = levels.get(run.start).is_some_and(|level| level.is_rtl());
            let direction = if is_rtl { Direction::RightToLeft } else { Direction::LeftToRight };
            shaped.glyphs.extend(self.shape_run(text, run, direction));
        }
        shaped
    }

    fn shape_run(&self, text: &str, run: Range<usize>, direction: Direction) -> Vec<KrillaGlyph> {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text.get(run.clone()).unwrap_or_default());
        buffer.set_direction(direction);
        buffer.guess_segment_properties();
        let shaper = self.shaping.shaper(&self.source).build();
        let output = shaper.shape(buffer, ShapeOptions::new());
        let starts = output.glyph_infos().iter().map(|glyph| run.start + glyph.cluster as usize);
        let mut ends: Vec<usize> = starts.clone().chain([run.end]).collect();
        ends.sort_unstable();
        let em = self.font.units_per_em();
        let placed = output.glyph_infos().iter().zip(output.glyph_positions()).zip(starts);
        placed
            .map(|((glyph, position), start)| {
                let next = ends.partition_point(|end| *end <= start);
                KrillaGlyph::new(
                    GlyphId::new(glyph.glyph_id),
                    position.x_advance as f32 / em,
                    position.x_offset as f32 / em,
                    position.y_offset as f32 / em,
                    position.y_advance as f32 / em,
                    start..ends.get(next).copied().unwrap_or(run.end),
                    None,
                )
            })
            .collect()
    }

    /// A text in lines of at most `width`, in parts of the letters' size: between words, and within
    /// a word that is wider than a line.
    pub fn wrap(&self, text: &str, width: f32) -> Vec<Shaped> {
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split_whitespace() {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if self.shape(&longer).width() <= width {
                line = longer;
                continue;
            }
            lines.extend((!line.is_empty()).then(|| self.shape(&line)));
            let (pieces, rest) = self.break_word(word, width);
            lines.extend(pieces);
            line = rest;
        }
        lines.extend((!line.is_empty()).then(|| self.shape(&line)));
        lines
    }

    /// The lines that a word fills, and what is left of it.
    fn break_word(&self, word: &str, width: f32) -> (Vec<Shaped>, String) {
        let mut pieces = Vec::new();
        let mut rest = word;
        loop {
            let shaped = self.shape(rest);
            if shaped.width() <= width {
                return (pieces, rest.to_owned());
            }
            let Some((piece, after)) = rest.split_at_checked(find_break(&shaped, width)) else {
                return (pieces, rest.to_owned());
            };
            pieces.push(self.shape(piece));
            rest = after;
        }
    }
}

/// Where a line without spaces is broken: after as many whole letters as fit, and at least one.
fn find_break(shaped: &Shaped, width: f32) -> usize {
    let mut letters: BTreeMap<usize, (usize, f32)> = BTreeMap::new();
    for glyph in &shaped.glyphs {
        let letter = letters.entry(glyph.text_range.start).or_insert((0, 0.0));
        letter.0 = letter.0.max(glyph.text_range.end);
        letter.1 += glyph.x_advance;
    }
    let mut taken = 0.0;
    let mut place = 0;
    for (end, advance) in letters.into_values() {
        taken += advance;
        if taken > width && place > 0 {
            break;
        }
        place = end;
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typeface() -> Typeface {
        Typeface::read(dejavu::sans::regular()).unwrap()
    }

    fn said(lines: &[Shaped]) -> Vec<&str> {
        lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn words_stay_whole_where_they_fit() {
        let typeface = typeface();
        let width = typeface.shape("three green").width();
        let lines = typeface.wrap(" one two\nthree green\tbottles ", width);
        assert_eq!(said(&lines), ["one two", "three green", "bottles"]);
        assert!(typeface.wrap(" \n ", width).is_empty());
    }

    #[test]
    fn a_word_that_is_too_wide_is_broken_and_loses_nothing() {
        let typeface = typeface();
        let word = "Donaudampfschifffahrtsgesellschaftskapitän".repeat(3);
        for width in [0.0, 1.0, 7.5, 20.0] {
            let lines = typeface.wrap(&format!("of {word}"), width);
            assert_eq!(said(&lines).concat(), format!("of{word}"), "{width}");
            let widest = lines.iter().map(Shaped::width).fold(0.0, f32::max);
            assert!(widest <= width.max(1.0), "{width}: {widest}");
        }
    }

    #[test]
    fn letters_of_many_languages_have_glyphs() {
        let typeface = typeface();
        for text in ["Łódź Žižkov", "Αθήνα", "Київ", "Երևան", "თბილისი", "שלום", "شركة", "₹ ₽ €"]
        {
            let shaped = typeface.shape(text);
            assert!(shaped.width() > 0.0, "{text}");
            let missing = GlyphId::new(0);
            assert!(shaped.glyphs.iter().all(|glyph| glyph.glyph_id != missing), "{text}");
        }
    }

    #[test]
    fn what_is_read_from_the_right_is_drawn_from_there() {
        let shaped = typeface().shape("Firma שלום 12");
        let starts = |of: char| {
            let at = shaped.text.find(of).unwrap();
            shaped.glyphs.iter().position(|glyph| glyph.text_range.start == at).unwrap()
        };
        assert!(starts('F') < starts('a'));
        assert!(starts('ם') < starts('ש'));
        assert!(starts('1') < starts('2'));
    }
}
