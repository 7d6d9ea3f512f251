//! Counts by range.

use serde::{Deserialize, Serialize};

use super::axis::write_short;
use super::plot::{Plot, Span};
use super::svg::Svg;

/// Counts between neighbouring edges.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HistogramChart {
    /// Title.
    pub title: String,
    /// What the chart shows, in words.
    pub description: String,
    /// What the values are.
    pub x_label: String,
    /// What is counted.
    pub y_label: String,
    /// Borders of the bins, ascending; one more than counts.
    pub edges: Vec<f64>,
    /// Height of each bin.
    pub counts: Vec<f64>,
}

impl HistogramChart {
    pub(super) fn draw(&self) -> Svg {
        let mut svg = Svg::new(&self.title, &self.description);
        let bins: Vec<_> = self
            .edges
            .windows(2)
            .zip(&self.counts)
            .filter_map(|(edges, count)| match edges {
                [from, to] if from.is_finite() && to.is_finite() && count.is_finite() => {
                    Some((*from, *to, count.max(0.0)))
                }
                _ => None,
            })
            .collect();
        let (Some(first), Some(last)) = (bins.first(), bins.last()) else {
            svg.draw_nothing();
            return svg;
        };
        let highest = bins.iter().map(|bin| bin.2).fold(0.0, f64::max);
        let x = Span { label: &self.x_label, min: first.0, max: last.1 };
        let y = Span { label: &self.y_label, min: 0.0, max: highest.max(1e-9) };
        let plot = Plot::draw(&mut svg, &x, &y);
        for (from, to, count) in &bins {
            let (left, top) = plot.place(*from, *count);
            let (right, bottom) = plot.place(*to, 0.0);
            let words =
                format!("{} to {}: {}", write_short(*from), write_short(*to), write_short(*count));
            let width = (right - left - 1.0).max(0.5);
            svg.rect((left + 0.5, top), (width, bottom - top), "class=\"gk-f0\"", &words);
        }
        svg
    }
}
