//! A heat map of counts with a number in every cell.

use serde::{Deserialize, Serialize};

use super::axis::write_short;
use super::svg::{Anchor, Svg, WIDTH, estimate_width, number, shorten};

/// Labels that are drawn; more cells cannot be read.
const MOST_LABELS: usize = 24;
const TOP: f64 = 72.0;
const LABEL_ROOM: f64 = 120.0;

/// What the shade of a cell stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shade {
    /// Its share of the counts of its row.
    #[default]
    RowShare,
    /// Its size from 0 to 1, in one colour from 0 up and in another below, as for correlations.
    Signed,
}

/// A square table of counts, such as a confusion matrix: `counts[row][column]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MatrixChart {
    /// Title.
    pub title: String,
    /// What the chart shows, in words.
    pub description: String,
    /// What the rows are, such as "Actual".
    pub row_title: String,
    /// What the columns are, such as "Predicted".
    pub column_title: String,
    /// Names of rows and columns.
    pub labels: Vec<String>,
    /// One list per row, as long as the labels. Cells that are not finite stay empty where the
    /// shade is signed.
    pub counts: Vec<Vec<f64>>,
    /// What the shade stands for.
    #[serde(default)]
    pub shade: Shade,
}

impl MatrixChart {
    pub(super) fn draw(&self) -> Svg {
        let mut svg = Svg::new(&self.title, &self.description);
        let shown = self.labels.len().min(MOST_LABELS);
        if shown == 0 {
            svg.draw_nothing();
            return svg;
        }
        let labels = self.labels.get(..shown).unwrap_or_default();
        let widest = labels.iter().map(|label| estimate_width(label)).fold(20.0, f64::max);
        let left = 44.0 + widest.min(LABEL_ROOM);
        let cell = ((WIDTH - 20.0 - left) / shown as f64).min(72.0);
        let width = cell * shown as f64;
        svg.text((left + width / 2.0, 48.0), Anchor::Middle, "gk-t", &self.column_title);
        svg.upright_text((20.0, TOP + width / 2.0), "gk-t", &self.row_title);
        for (index, label) in labels.iter().enumerate() {
            let middle = TOP + cell * (index as f64 + 0.5) + 4.0;
            svg.text((left - 8.0, middle), Anchor::End, "gk-m", &shorten(label, LABEL_ROOM));
            let centre = left + cell * (index as f64 + 0.5);
            svg.text((centre, TOP - 6.0), Anchor::Middle, "gk-m", &shorten(label, cell));
            match self.shade {
                Shade::RowShare => self.draw_row(&mut svg, index, (left, cell)),
                Shade::Signed => self.draw_signed_row(&mut svg, index, (left, cell)),
            }
        }
        let mut bottom = TOP + width + 24.0;
        let legend = match self.shade {
            Shade::RowShare => "Shade: share of the row",
            Shade::Signed => "Shade: size from 0 to 1; the second colour is below 0",
        };
        svg.text((left, bottom), Anchor::Start, "gk-m", legend);
        if shown < self.labels.len() {
            bottom += 18.0;
            let more = format!("The first {shown} of {} labels", self.labels.len());
            svg.text((left, bottom), Anchor::Start, "gk-m", &more);
        }
        svg.set_height(bottom + 14.0);
        svg
    }

    fn draw_row(&self, svg: &mut Svg, row: usize, (left, cell): (f64, f64)) {
        let counts = self.counts.get(row).map(Vec::as_slice).unwrap_or_default();
        let finite = |count: f64| if count.is_finite() { count.max(0.0) } else { 0.0 };
        let total: f64 = counts.iter().map(|count| finite(*count)).sum();
        let name = |index: usize| self.labels.get(index).map_or("", String::as_str);
        for column in 0..self.labels.len().min(MOST_LABELS) {
            let count = counts.get(column).copied().map_or(0.0, finite);
            let share = if total > 0.0 { count / total } else { 0.0 };
            // A gap at the middle: text is dark on all lighter cells and white on all stronger.
            let (opacity, class) = match share {
                share if share <= 0.5 => (0.04 + 0.6 * share, "gk-t"),
                share => (0.88 + 0.12 * share, "gk-w"),
            };
            let at = (left + cell * column as f64, TOP + cell * row as f64);
            let style = format!("class=\"gk-x\" fill-opacity=\"{}\"", number(opacity));
            let words = format!(
                "{} {}, {} {}: {} ({:.1} % of the row)",
                self.row_title,
                name(row),
                self.column_title,
                name(column),
                write_short(count),
                share * 100.0
            );
            svg.rect((at.0 + 1.0, at.1 + 1.0), (cell - 2.0, cell - 2.0), &style, &words);
            let text = write_short(count);
            if estimate_width(&text) <= cell - 2.0 {
                let centre = (at.0 + cell / 2.0, at.1 + cell / 2.0 + 4.0);
                svg.text(centre, Anchor::Middle, class, &text);
            }
        }
    }

    fn draw_signed_row(&self, svg: &mut Svg, row: usize, (left, cell): (f64, f64)) {
        let values = self.counts.get(row).map(Vec::as_slice).unwrap_or_default();
        let name = |index: usize| self.labels.get(index).map_or("", String::as_str);
        for column in 0..self.labels.len().min(MOST_LABELS) {
            let Some(value) = values.get(column).copied().filter(|value| value.is_finite()) else {
                continue;
            };
            let colour = if value < 0.0 { "gk-f1" } else { "gk-f0" };
            // Never so strong that the number on it cannot be read.
            let opacity = 0.04 + 0.46 * value.abs().min(1.0);
            let style = format!("class=\"{colour}\" fill-opacity=\"{}\"", number(opacity));
            let at = (left + cell * column as f64, TOP + cell * row as f64);
            let text = format!("{value:.2}");
            let words = format!("{} and {}: {text}", name(row), name(column));
            svg.rect((at.0 + 1.0, at.1 + 1.0), (cell - 2.0, cell - 2.0), &style, &words);
            if estimate_width(&text) <= cell - 2.0 {
                let centre = (at.0 + cell / 2.0, at.1 + cell / 2.0 + 4.0);
                svg.text(centre, Anchor::Middle, "gk-t", &text);
            }
        }
    }
}
