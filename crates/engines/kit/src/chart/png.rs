//! Charts as PNG pictures: for programs and documents that take no SVG.
//!
//! Invariants: the only font is the one in the binary, so that a chart looks the same on every
//! machine; same data, same bytes.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

use super::{Chart, Theme, ThemeMode};

/// Pixels for each unit of a chart: sharp on dense screens and in print.
const SCALE: f32 = 2.0;
const FAMILY: &str = "DejaVu Sans";

static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(dejavu::sans::regular().to_vec());
    fonts.set_sans_serif_family(FAMILY);
    Arc::new(fonts)
});

/// Why a chart did not become a picture.
#[derive(Debug, thiserror::Error)]
#[error("The chart could not be drawn: {reason}.")]
pub struct PictureError {
    reason: String,
}

impl PictureError {
    fn new(reason: impl ToString) -> Self {
        Self { reason: reason.to_string() }
    }
}

impl Chart {
    /// The chart as a PNG file of 960 pixels' width. A theme that follows the reader is light: a
    /// picture cannot change.
    ///
    /// # Errors
    /// Where the chart is too large to be drawn.
    pub fn to_png(&self, theme: &Theme) -> Result<Vec<u8>, PictureError> {
        let mode = match theme.mode {
            ThemeMode::Auto | ThemeMode::Light => ThemeMode::Light,
            ThemeMode::Dark => ThemeMode::Dark,
        };
        let svg = self.to_svg(&Theme { mode, ..*theme });
        let options = Options {
            fontdb: Arc::clone(&FONTS),
            font_family: FAMILY.to_owned(),
            ..Options::default()
        };
        let tree = Tree::from_str(&svg, &options).map_err(PictureError::new)?;
        let size = tree.size().to_int_size().scale_by(SCALE);
        let pixels = size.and_then(|size| Pixmap::new(size.width(), size.height()));
        let mut pixels = pixels.ok_or_else(|| PictureError::new("it has no size"))?;
        resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
        pixels.encode_png().map_err(PictureError::new)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Bar, BarChart};
    use super::*;

    fn chart(label: &str) -> Chart {
        BarChart {
            title: "Importance".to_owned(),
            description: "One bar.".to_owned(),
            value_label: "Share".to_owned(),
            bars: vec![Bar::new(label, 1.0)],
        }
        .into()
    }

    #[test]
    fn text_and_bars_are_in_the_picture_in_the_colours_of_the_theme() {
        let draw = |label: &str, mode| {
            let bytes = chart(label).to_png(&Theme::fixed(mode)).unwrap();
            Pixmap::decode_png(&bytes).unwrap()
        };
        let count = |picture: &Pixmap, rgb: [u8; 3]| {
            let is_same = |p: &&resvg::tiny_skia::PremultipliedColorU8| {
                [p.red(), p.green(), p.blue()] == rgb && p.alpha() == 255
            };
            picture.pixels().iter().filter(is_same).count()
        };
        let light = draw("age", ThemeMode::Auto);
        assert_eq!(light.width(), 960);
        // The first series' colour fills the bar, and the text's colour is there for its letters.
        assert!(count(&light, [0x0f, 0x76, 0x6e]) > 1_000);
        let letters = count(&light, [0x14, 0x18, 0x1b]);
        assert!(letters > 100, "{letters}");
        let longer = count(&draw("age and more words", ThemeMode::Auto), [0x14, 0x18, 0x1b]);
        assert!(longer > letters, "{longer} and {letters}");
        assert!(count(&draw("age", ThemeMode::Dark), [0x18, 0x1c, 0x1e]) > 10_000);
        let again = chart("age").to_png(&Theme::default()).unwrap();
        assert_eq!(Pixmap::decode_png(&again).unwrap(), light);
    }
}
