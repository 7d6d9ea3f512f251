//! Points of several series: predicted against actual, residuals, embeddings.

use serde::{Deserialize, Serialize};

use super::line::Stroke;
use super::plot::{Plot, Span, derive_drawn, find_bounds};
use super::svg::Svg;

/// Points in two dimensions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScatterChart {
    /// Title.
    pub title: String,
    /// What the chart shows, in words.
    pub description: String,
    /// What is measured from left to right.
    pub x_label: String,
    /// What is measured from bottom to top.
    pub y_label: String,
    /// The points; of very many, an even selection is drawn.
    pub series: Vec<ScatterSeries>,
    /// `reference` draws the line on which both values are equal.
    #[serde(default)]
    pub diagonal: Option<Stroke>,
}

/// Points that belong together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScatterSeries {
    /// Name for the legend.
    pub name: String,
    /// The points.
    pub points: Vec<(f64, f64)>,
}

impl ScatterChart {
    pub(super) fn draw(&self) -> Svg {
        let mut svg = Svg::new(&self.title, &self.description);
        let points = || self.series.iter().flat_map(|series| &series.points);
        let (Some(x), Some(y)) = (
            find_bounds(points().filter(|point| point.1.is_finite()).map(|point| point.0)),
            find_bounds(points().filter(|point| point.0.is_finite()).map(|point| point.1)),
        ) else {
            svg.draw_nothing();
            return svg;
        };
        let x = Span { label: &self.x_label, min: x.0, max: x.1 };
        let y = Span { label: &self.y_label, min: y.0, max: y.1 };
        let plot = Plot::draw(&mut svg, &x, &y);
        if let (Some(stroke), Some([from, to])) = (self.diagonal, plot.diagonal()) {
            let style = match stroke {
                Stroke::Data => "class=\"gk-a\"",
                Stroke::Reference => "class=\"gk-a\" stroke-dasharray=\"3 3\"",
            };
            svg.line(from, to, style);
        }
        let style = |index: usize| format!("class=\"gk-f{}\" fill-opacity=\"0.6\"", index % 6);
        for (index, series) in self.series.iter().enumerate() {
            for (x, y) in derive_drawn(&series.points) {
                svg.mark(plot.place(x, y), index, &style(index));
            }
        }
        let names: Vec<_> = self.series.iter().map(|series| series.name.as_str()).collect();
        plot.draw_legend(&mut svg, &names, |svg, index, at| svg.mark(at, index, &style(index)));
        svg
    }
}
