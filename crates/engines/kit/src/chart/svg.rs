//! Writes SVG elements.
//!
//! Invariant: every text and attribute goes through [`escape`], and coordinates are finite numbers
//! with at most two decimals, so that the bytes are the same everywhere.

use std::fmt::Write;

use crate::read::stable_hash;

/// Width of every chart in its own units, chosen so that text stays legible on a phone.
pub(crate) const WIDTH: f64 = 480.0;
/// Average width of a character of the charts' text.
const CHAR_WIDTH: f64 = 7.2;

/// Where a text stands in relation to its point.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A chart while it is drawn.
pub(crate) struct Svg {
    title: String,
    description: String,
    height: f64,
    body: String,
}

/// Text for XML and HTML, in elements and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' => escaped.push(character),
            // XML has no way to write these.
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// A coordinate with at most two decimals.
pub(crate) fn number(value: f64) -> String {
    let value = if value.is_finite() { value.clamp(-1e6, 1e6) } else { 0.0 };
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

impl Svg {
    /// Starts a chart with its title in the first line.
    pub(crate) fn new(title: &str, description: &str) -> Self {
        let mut svg = Self {
            title: title.to_owned(),
            description: description.to_owned(),
            height: 0.0,
            body: String::new(),
        };
        let shown = shorten(title, WIDTH - 32.0);
        svg.element("text class=\"gk-t gk-h\" x=\"16\" y=\"26\"", &shown);
        svg
    }

    /// Sets the height of the whole chart.
    pub(crate) fn set_height(&mut self, height: f64) {
        self.height = height;
    }

    /// Says that there is nothing to draw.
    pub(crate) fn draw_nothing(&mut self) {
        self.set_height(96.0);
        self.text((WIDTH / 2.0, 66.0), Anchor::Middle, "gk-m", "No data");
    }

    fn element(&mut self, opening: &str, content: &str) {
        let name = opening.split(' ').next().unwrap_or("g");
        let _ = write!(self.body, "<{opening}>{}</{name}>", escape(content));
    }

    /// A line of text.
    pub(crate) fn text(&mut self, at: (f64, f64), anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " gk-c",
            Anchor::End => " gk-e",
        };
        let (x, y) = (number(at.0), number(at.1));
        self.element(&format!("text class=\"{class}{anchor}\" x=\"{x}\" y=\"{y}\""), text);
    }

    /// A line of text from bottom to top, centred on its point.
    pub(crate) fn upright_text(&mut self, at: (f64, f64), class: &str, text: &str) {
        let (x, y) = (number(at.0), number(at.1));
        self.element(
            &format!("text class=\"{class} gk-c\" transform=\"translate({x} {y}) rotate(-90)\""),
            text,
        );
    }

    /// A rectangle with the words that a pointer shows over it.
    pub(crate) fn rect(&mut self, at: (f64, f64), size: (f64, f64), style: &str, words: &str) {
        let _ = write!(
            self.body,
            "<rect {style} x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"><title>{}</title></rect>",
            number(at.0),
            number(at.1),
            number(size.0.max(0.0)),
            number(size.1.max(0.0)),
            escape(words)
        );
    }

    /// A straight line.
    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), style: &str) {
        let _ = write!(
            self.body,
            "<line {style} x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>",
            number(from.0),
            number(from.1),
            number(to.0),
            number(to.1)
        );
    }

    /// A line through points.
    pub(crate) fn polyline(&mut self, points: &[(f64, f64)], style: &str) {
        let points: Vec<_> =
            points.iter().map(|(x, y)| format!("{},{}", number(*x), number(*y))).collect();
        let _ = write!(self.body, "<polyline {style} points=\"{}\"/>", points.join(" "));
    }

    /// A mark of one of six shapes, so that series differ in more than colour.
    pub(crate) fn mark(&mut self, at: (f64, f64), shape: usize, style: &str) {
        let (x, y) = at;
        let path = |points: &[(f64, f64)]| {
            let moved =
                points.iter().map(|(dx, dy)| format!("{},{}", number(x + dx), number(y + dy)));
            format!("<polygon {style} points=\"{}\"/>", moved.collect::<Vec<_>>().join(" "))
        };
        let element = match shape % 6 {
            0 => format!("<circle {style} cx=\"{}\" cy=\"{}\" r=\"3\"/>", number(x), number(y)),
            1 => path(&[(-3.0, -3.0), (3.0, -3.0), (3.0, 3.0), (-3.0, 3.0)]),
            2 => path(&[(0.0, -4.0), (4.0, 3.0), (-4.0, 3.0)]),
            3 => path(&[(0.0, -4.0), (4.0, 0.0), (0.0, 4.0), (-4.0, 0.0)]),
            4 => path(&[(0.0, 4.0), (4.0, -3.0), (-4.0, -3.0)]),
            _ => path(&[(-4.0, -1.5), (4.0, -1.5), (4.0, 1.5), (-4.0, 1.5)]),
        };
        self.body.push_str(&element);
    }

    /// The chart as a file with these rules inside.
    pub(crate) fn into_file(self, css: &str) -> String {
        let style = format!("<style>{css}</style>");
        self.assemble(" xmlns=\"http://www.w3.org/2000/svg\"", &style)
    }

    /// The chart as an element of a page that has the rules.
    pub(crate) fn into_element(self) -> String {
        self.assemble("", "")
    }

    fn assemble(self, namespace: &str, style: &str) -> String {
        let (width, height) = (number(WIDTH), number(self.height));
        // Ids must differ between the charts of one page, and be the same in every run.
        let key = stable_hash(format!("{}\n{}", self.title, self.body).as_bytes());
        format!(
            "<svg{namespace} class=\"gk\" role=\"img\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" aria-labelledby=\"t{key:x} d{key:x}\">\
             <title id=\"t{key:x}\">{}</title><desc id=\"d{key:x}\">{}</desc>{style}\
             <rect class=\"gk-s\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>{}</svg>",
            escape(&self.title),
            escape(&self.description),
            self.body
        )
    }
}

/// Cuts a text to about this width.
pub(crate) fn shorten(text: &str, width: f64) -> String {
    let room = (width / CHAR_WIDTH).max(1.0) as usize;
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let mut shortened: String = text.chars().take(room.saturating_sub(1)).collect();
    shortened.push('…');
    shortened
}

/// About how wide a text is.
pub(crate) fn estimate_width(text: &str) -> f64 {
    text.chars().count() as f64 * CHAR_WIDTH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        assert_eq!(
            escape("<a href=\"x\">&'\u{1}"),
            "&lt;a href=&quot;x&quot;&gt;&amp;&#39;\u{fffd}"
        );
    }

    #[test]
    fn coordinates_are_short_and_finite() {
        assert_eq!(number(1.0), "1");
        assert_eq!(number(1.005), "1");
        assert_eq!(number(-0.001), "0");
        assert_eq!(number(2.5), "2.5");
        assert_eq!(number(f64::NAN), "0");
        assert_eq!(number(1e300), "1000000");
    }
}
