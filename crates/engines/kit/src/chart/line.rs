//! Lines of several series: ROC and precision-recall curves, learning curves, losses.

use serde::{Deserialize, Serialize};

use super::plot::{Plot, Span, derive_drawn, find_bounds};
use super::svg::Svg;

/// How lines differ beside their colour.
const DASHES: [&str; 6] = ["", "7 4", "2 3", "10 4 2 4", "4 4", "12 3"];

/// Lines over a common x axis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LineChart {
    /// Title.
    pub title: String,
    /// What the chart shows, in words.
    pub description: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The lines.
    pub series: Vec<Series>,
}

/// An axis; bounds that are not given come from the data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// What is measured along it.
    pub label: String,
    /// The smallest value that is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The largest value that is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

impl Axis {
    /// An axis with bounds from the data.
    #[must_use]
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), min: None, max: None }
    }

    /// An axis from 0 to 1, for shares and probabilities.
    #[must_use]
    pub fn unit(label: impl Into<String>) -> Self {
        Self { label: label.into(), min: Some(0.0), max: Some(1.0) }
    }

    fn span(&self, data: Option<(f64, f64)>) -> Span<'_> {
        let (min, max) = data.unwrap_or((0.0, 1.0));
        Span { label: &self.label, min: self.min.unwrap_or(min), max: self.max.unwrap_or(max) }
    }
}

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Name for the legend.
    pub name: String,
    /// Points in the order in which they are joined.
    pub points: Vec<(f64, f64)>,
    /// Data or reference.
    #[serde(default)]
    pub stroke: Stroke,
}

impl Series {
    /// A line of data.
    #[must_use]
    pub fn new(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), points, stroke: Stroke::Data }
    }

    /// A thin grey line to compare with, such as the diagonal of a ROC curve.
    #[must_use]
    pub fn reference(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), points, stroke: Stroke::Reference }
    }
}

/// What a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stroke {
    /// Something measured.
    #[default]
    Data,
    /// Something to compare with.
    Reference,
}

impl LineChart {
    pub(super) fn draw(&self) -> Svg {
        let mut svg = Svg::new(&self.title, &self.description);
        let points = || self.series.iter().flat_map(|series| &series.points);
        let drawable = |(x, y): &(f64, f64)| x.is_finite() && y.is_finite();
        if !points().any(drawable) {
            svg.draw_nothing();
            return svg;
        }
        let x = self.x.span(find_bounds(points().map(|point| point.0)));
        let y = self.y.span(find_bounds(points().map(|point| point.1)));
        let plot = Plot::draw(&mut svg, &x, &y);
        let styles = self.derive_styles();
        for (series, style) in self.series.iter().zip(&styles) {
            let drawn = derive_drawn(&series.points);
            let placed: Vec<_> = drawn.iter().map(|(x, y)| plot.place(*x, *y)).collect();
            svg.polyline(&placed, style);
        }
        let names: Vec<_> = self.series.iter().map(|series| series.name.as_str()).collect();
        plot.draw_legend(&mut svg, &names, |svg, index, (x, y)| {
            if let Some(style) = styles.get(index) {
                svg.polyline(&[(x - 12.0, y), (x + 12.0, y)], style);
            }
        });
        svg
    }

    fn derive_styles(&self) -> Vec<String> {
        let mut data = 0;
        let style = |series: &Series| match series.stroke {
            Stroke::Reference => "class=\"gk-a\" stroke-dasharray=\"3 3\"".to_owned(),
            Stroke::Data => {
                let index = data;
                data += 1;
                // Six colours times six dashes, shifted so that both change at once.
                let dash = DASHES.get((index + index / 6) % 6).copied().unwrap_or("");
                let dash = match dash {
                    "" => String::new(),
                    dash => format!(" stroke-dasharray=\"{dash}\""),
                };
                format!("class=\"gk-l{}\"{dash}", index % 6)
            }
        };
        self.series.iter().map(style).collect()
    }
}
