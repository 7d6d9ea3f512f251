//! Sheets of A4, filled from the top, with a foot that counts them.
//!
//! Invariants: nothing but the foot stands in the margins; a line stands on one sheet or on the next,
//! never on both.

use krilla::Document;
use krilla::color::luma;
use krilla::geom::{PathBuilder, Point};
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;

use super::typeface::{Shaped, Typeface, Weight};
use crate::problem::{Answer, Problem};

/// A4 in points: 210 by 297 millimetres.
const PAGE: (f32, f32) = (595.276, 841.89);
/// 20 millimetres.
const MARGIN: f32 = 56.693;
/// The left edge of what is written.
pub const LEFT: f32 = MARGIN;
/// The right edge of what is written.
pub const RIGHT: f32 = PAGE.0 - MARGIN;
const BOTTOM: f32 = PAGE.1 - MARGIN;
/// What a capital letter is high, in parts of its size.
const CAPITAL: f32 = 0.73;
const RULE_WIDTH: f32 = 0.5;
const RULE_LIGHTNESS: u8 = 0xbb;

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// How heavy it is.
    pub weight: Weight,
    /// Of its letters, in points.
    pub size: f32,
    /// What a line of it takes, in points.
    pub line: f32,
    /// From black, 0, to white, 255.
    pub lightness: u8,
}

const FOOT: Style = Style { weight: Weight::Regular, size: 8.0, line: 12.0, lightness: 0x55 };

enum Mark {
    Text { at: (f32, f32), style: Style, text: Shaped },
    Rule { y: f32 },
}

/// A document that is being written.
pub struct Sheets {
    regular: Typeface,
    bold: Typeface,
    sheets: Vec<Vec<Mark>>,
    /// How far the last sheet is filled, from its upper edge.
    filled: f32,
}

impl Sheets {
    /// One blank sheet.
    ///
    /// # Errors
    /// 500 where the fonts cannot be read.
    pub fn new() -> Answer<Self> {
        Ok(Self {
            regular: Typeface::read(dejavu::sans::regular())?,
            bold: Typeface::read(dejavu::sans::bold())?,
            sheets: vec![Vec::new()],
            filled: MARGIN,
        })
    }

    /// Goes on with a blank sheet.
    pub fn turn(&mut self) {
        self.sheets.push(Vec::new());
        self.filled = MARGIN;
    }

    /// Whether so many points are left on this sheet.
    pub fn has_room(&self, height: f32) -> bool {
        self.filled + height <= BOTTOM
    }

    /// Leaves so many points blank; of a new sheet, none.
    pub fn skip(&mut self, height: f32) {
        if self.has_room(height) {
            self.filled += height;
        } else {
            self.turn();
        }
    }

    /// A text in lines of at most `width` points.
    pub fn wrap(&self, text: &str, style: Style, width: f32) -> Vec<Shaped> {
        self.typeface(style.weight).wrap(text, width / style.size)
    }

    /// How wide a text is on one line, in points.
    pub fn measure(&self, text: &str, style: Style) -> f32 {
        self.typeface(style.weight).shape(text).width() * style.size
    }

    /// Writes a text below what is there, from the left edge to the right, on as many lines and
    /// sheets as it takes.
    pub fn write(&mut self, text: &str, style: Style) {
        for line in self.wrap(text, style, RIGHT - LEFT) {
            if !self.has_room(style.line) {
                self.turn();
            }
            self.put(line, style, LEFT);
            self.skip(style.line);
        }
    }

    /// Puts a line beside what is written next, from `x` to the right.
    pub fn put(&mut self, text: Shaped, style: Style, x: f32) {
        self.mark(Mark::Text { at: (x, self.filled + derive_baseline(style)), style, text });
    }

    /// The same, from `x` to the left.
    pub fn put_before(&mut self, text: &str, style: Style, x: f32) {
        let text = self.typeface(style.weight).shape(text);
        let x = x - text.width() * style.size;
        self.put(text, style, x);
    }

    /// Draws a line from edge to edge.
    pub fn rule(&mut self) {
        self.mark(Mark::Rule { y: self.filled });
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(sheet) = self.sheets.last_mut() {
            sheet.push(mark);
        }
    }

    fn typeface(&self, weight: Weight) -> &Typeface {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    /// The file; its name and the number of the sheet stand at the foot of each.
    ///
    /// # Errors
    /// 500 where the file cannot be written.
    pub fn finish(mut self, name: &str, metadata: Metadata) -> Answer<Vec<u8>> {
        let sheets = std::mem::take(&mut self.sheets);
        let count = sheets.len();
        let mut document = Document::new();
        document.set_metadata(metadata);
        for (index, mut sheet) in sheets.into_iter().enumerate() {
            sheet.extend(self.derive_foot(name, &format!("Page {} of {count}", index + 1)));
            let settings = PageSettings::from_wh(PAGE.0, PAGE.1)
                .ok_or_else(|| Problem::internal("a sheet of A4 has no size"))?;
            let mut page = document.start_page_with(settings);
            let mut surface = page.surface();
            for mark in &sheet {
                self.draw(mark, &mut surface);
            }
            surface.finish();
            page.finish();
        }
        document
            .finish()
            .map_err(|error| Problem::internal(format!("the PDF file {name}: {error}")))
    }

    fn derive_foot(&self, name: &str, place: &str) -> [Mark; 2] {
        let y = BOTTOM + FOOT.line + derive_baseline(FOOT);
        let name = self.regular.shape(name);
        let place = self.regular.shape(place);
        let x = RIGHT - place.width() * FOOT.size;
        [
            Mark::Text { at: (LEFT, y), style: FOOT, text: name },
            Mark::Text { at: (x, y), style: FOOT, text: place },
        ]
    }

    fn draw(&self, mark: &Mark, surface: &mut Surface<'_>) {
        match mark {
            Mark::Text { text, .. } if text.glyphs.is_empty() => {}
            Mark::Text { at: (x, y), style, text } => {
                let paint = luma::Color::new(style.lightness).into();
                surface.set_stroke(None);
                surface.set_fill(Some(Fill { paint, ..Fill::default() }));
                let font = self.typeface(style.weight).font();
                let start = Point::from_xy(*x, *y);
                surface.draw_glyphs(start, &text.glyphs, font, &text.text, style.size, false);
            }
            Mark::Rule { y } => {
                let mut line = PathBuilder::new();
                line.move_to(LEFT, *y);
                line.line_to(RIGHT, *y);
                let paint = luma::Color::new(RULE_LIGHTNESS).into();
                surface.set_fill(None);
                surface.set_stroke(Some(Stroke { paint, width: RULE_WIDTH, ..Stroke::default() }));
                if let Some(line) = line.finish() {
                    surface.draw_path(&line);
                }
            }
        }
    }
}

/// From the upper edge of a line to where its letters stand, so that capitals are in its middle.
fn derive_baseline(style: Style) -> f32 {
    (style.line + style.size * CAPITAL) / 2.0
}
