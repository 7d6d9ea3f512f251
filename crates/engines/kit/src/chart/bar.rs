//! Horizontal bars: importances, scores, counts.

use serde::{Deserialize, Serialize};

use super::axis::{derive_tick_label, derive_ticks, write_short};
use super::svg::{Anchor, Svg, WIDTH, estimate_width, shorten};

/// Bars that are drawn; a longer chart cannot be read.
const MOST_BARS: usize = 40;
const ROW: f64 = 26.0;
const TOP: f64 = 48.0;
const LABEL_ROOM: f64 = 170.0;

/// One bar per label, from zero, in the given order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BarChart {
    /// Title.
    pub title: String,
    /// What the chart shows, in words.
    pub description: String,
    /// What the values are.
    pub value_label: String,
    /// The bars, from top to bottom.
    pub bars: Vec<Bar>,
}

/// One bar.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// What it stands for.
    pub label: String,
    /// Its length; negative ones go to the left.
    pub value: f64,
    /// Half the length of its error bar, such as a standard deviation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<f64>,
}

impl Bar {
    /// A bar without error.
    #[must_use]
    pub fn new(label: impl Into<String>, value: f64) -> Self {
        Self { label: label.into(), value, error: None }
    }
}

impl BarChart {
    pub(super) fn draw(&self) -> Svg {
        let mut svg = Svg::new(&self.title, &self.description);
        let bars: Vec<_> =
            self.bars.iter().filter(|bar| bar.value.is_finite()).take(MOST_BARS).collect();
        if bars.is_empty() {
            svg.draw_nothing();
            return svg;
        }
        let reach = |bar: &Bar| bar.error.filter(|error| error.is_finite()).unwrap_or(0.0).abs();
        let min = bars.iter().map(|bar| bar.value - reach(bar)).fold(0.0, f64::min);
        let max = bars.iter().map(|bar| bar.value + reach(bar)).fold(0.0, f64::max);
        let ticks = derive_ticks(min, max, 4);
        let widest = bars.iter().map(|bar| estimate_width(&bar.label)).fold(40.0, f64::max);
        let left = 24.0 + widest.min(LABEL_ROOM);
        let (low, high) =
            (ticks.first().copied().unwrap_or(0.0), ticks.last().copied().unwrap_or(1.0));
        let right = WIDTH - 64.0;
        let place = |value: f64| {
            let part = (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
            left + (right - left) * part.clamp(0.0, 1.0)
        };
        let bottom = TOP + ROW * bars.len() as f64;
        for tick in &ticks {
            let at = place(*tick);
            svg.line((at, TOP - 4.0), (at, bottom), "class=\"gk-g\"");
            let label = derive_tick_label(*tick, &ticks);
            svg.text((at, bottom + 18.0), Anchor::Middle, "gk-m", &label);
        }
        for (index, bar) in bars.iter().enumerate() {
            draw_bar(&mut svg, bar, TOP + ROW * index as f64, (left, &place));
        }
        svg.line((place(0.0), TOP - 4.0), (place(0.0), bottom), "class=\"gk-a\"");
        let left_out = self.bars.len() - bars.len();
        let below = match left_out {
            0 => self.value_label.clone(),
            count => format!("{} ({count} more not shown)", self.value_label),
        };
        svg.text(((left + right) / 2.0, bottom + 38.0), Anchor::Middle, "gk-t", &below);
        svg.set_height(bottom + 52.0);
        svg
    }
}

fn draw_bar(svg: &mut Svg, bar: &Bar, top: f64, (left, place): (f64, &impl Fn(f64) -> f64)) {
    let middle = top + ROW / 2.0;
    let label = shorten(&bar.label, LABEL_ROOM);
    svg.text((left - 8.0, middle + 4.0), Anchor::End, "gk-t", &label);
    let (from, to) = (place(bar.value.min(0.0)), place(bar.value.max(0.0)));
    let words = format!("{}: {}", bar.label, write_short(bar.value));
    svg.rect((from, top + 4.0), (to - from, ROW - 8.0), "class=\"gk-f0\" rx=\"2\"", &words);
    let mut end = to;
    if let Some(error) = bar.error.filter(|error| error.is_finite()) {
        let (low, high) = (place(bar.value - error.abs()), place(bar.value + error.abs()));
        svg.line((low, middle), (high, middle), "class=\"gk-a\"");
        svg.line((low, middle - 4.0), (low, middle + 4.0), "class=\"gk-a\"");
        svg.line((high, middle - 4.0), (high, middle + 4.0), "class=\"gk-a\"");
        end = end.max(high);
    }
    svg.text((end + 6.0, middle + 4.0), Anchor::Start, "gk-m", &write_short(bar.value));
}
