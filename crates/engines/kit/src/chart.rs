//! Charts as plain data, and as SVG files that stand alone.
//!
//! The data is what the web app draws interactively; the SVG is what reports and downloads carry.
//! One SVG serves light and dark (`prefers-color-scheme`), has a title and a description for screen
//! readers, and never tells series apart by colour alone. Same data, same bytes. Values that are
//! not finite are left out; text of any kind is escaped.

mod axis;
mod bar;
mod histogram;
mod line;
mod matrix;
mod plot;
mod png;
mod scatter;
mod svg;
mod theme;

use serde::{Deserialize, Serialize};

pub use axis::{derive_tick_label, derive_ticks, write_short};
pub use bar::{Bar, BarChart};
pub use histogram::HistogramChart;
pub use line::{Axis, LineChart, Series, Stroke};
pub use matrix::{MatrixChart, Shade};
pub use png::PictureError;
pub use scatter::{ScatterChart, ScatterSeries};
pub(crate) use svg::escape;
pub use theme::{Palette, Theme, ThemeMode};

use svg::Svg;

/// Any chart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Chart {
    /// Horizontal bars.
    Bar(BarChart),
    /// A heat map of counts, such as a confusion matrix.
    Matrix(MatrixChart),
    /// Lines of several series.
    Line(LineChart),
    /// Points of several series.
    Scatter(ScatterChart),
    /// Counts by range.
    Histogram(HistogramChart),
}

impl Chart {
    /// The title.
    #[must_use]
    pub fn title(&self) -> &str {
        match self {
            Self::Bar(chart) => &chart.title,
            Self::Matrix(chart) => &chart.title,
            Self::Line(chart) => &chart.title,
            Self::Scatter(chart) => &chart.title,
            Self::Histogram(chart) => &chart.title,
        }
    }

    /// What the chart shows, in words.
    #[must_use]
    pub fn description(&self) -> &str {
        match self {
            Self::Bar(chart) => &chart.description,
            Self::Matrix(chart) => &chart.description,
            Self::Line(chart) => &chart.description,
            Self::Scatter(chart) => &chart.description,
            Self::Histogram(chart) => &chart.description,
        }
    }

    /// The chart as an SVG file of its own.
    #[must_use]
    pub fn to_svg(&self, theme: &Theme) -> String {
        self.draw().into_file(&theme.to_css())
    }

    /// The chart as an SVG element for a page that has the theme's rules already.
    pub(crate) fn to_element(&self) -> String {
        self.draw().into_element()
    }

    fn draw(&self) -> Svg {
        match self {
            Self::Bar(chart) => chart.draw(),
            Self::Matrix(chart) => chart.draw(),
            Self::Line(chart) => chart.draw(),
            Self::Scatter(chart) => chart.draw(),
            Self::Histogram(chart) => chart.draw(),
        }
    }
}

/// Gives each kind of chart its own `to_svg` and its way into [`Chart`].
macro_rules! chart_kinds {
    ($($kind:ident($data:ty)),+ $(,)?) => {$(
        impl $data {
            /// The chart as an SVG file of its own.
            #[must_use]
            pub fn to_svg(&self, theme: &Theme) -> String {
                self.draw().into_file(&theme.to_css())
            }
        }

        impl From<$data> for Chart {
            fn from(chart: $data) -> Self {
                Self::$kind(chart)
            }
        }
    )+};
}

chart_kinds!(
    Bar(BarChart),
    Matrix(MatrixChart),
    Line(LineChart),
    Scatter(ScatterChart),
    Histogram(HistogramChart),
);
