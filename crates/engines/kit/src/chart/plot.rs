//! The frame that charts with two axes share: scales, grid, tick labels and axis titles.

use super::axis::{derive_tick_label, derive_ticks};
use super::svg::{Anchor, Svg, WIDTH, estimate_width, shorten};

const TOP: f64 = 44.0;
const HEIGHT: f64 = 260.0;
const RIGHT: f64 = 20.0;
/// Marks beyond which every n-th is drawn: more cannot be told apart, and files stay small.
const MOST_POINTS: usize = 4_000;

/// What an axis shows.
pub(crate) struct Span<'a> {
    pub(crate) label: &'a str,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

/// A drawn frame, which places values.
pub(crate) struct Plot {
    x: Scale,
    y: Scale,
    bottom: f64,
}

struct Scale {
    min: f64,
    max: f64,
    from: f64,
    to: f64,
}

impl Scale {
    fn place(&self, value: f64) -> f64 {
        // Shares of each bound, because the difference of huge bounds may overflow.
        let half = (self.max / 2.0 - self.min / 2.0).max(f64::MIN_POSITIVE);
        let part = ((value / 2.0 - self.min / 2.0) / half).clamp(0.0, 1.0);
        self.from + (self.to - self.from) * part
    }
}

impl Plot {
    /// Draws axes and grid. `x_exact` keeps the bounds of the x axis as they are.
    pub(crate) fn draw(svg: &mut Svg, x: &Span<'_>, y: &Span<'_>) -> Self {
        let y_ticks = derive_ticks(y.min, y.max, 5);
        let x_ticks = derive_ticks(x.min, x.max, 6);
        let y_labels: Vec<_> = y_ticks.iter().map(|t| derive_tick_label(*t, &y_ticks)).collect();
        let widest = y_labels.iter().map(|label| estimate_width(label)).fold(0.0, f64::max);
        let left = 42.0 + widest;
        let bottom = TOP + HEIGHT;
        let ends = |ticks: &[f64]| {
            (ticks.first().copied().unwrap_or(0.0), ticks.last().copied().unwrap_or(1.0))
        };
        let ((x_min, x_max), (y_min, y_max)) = (ends(&x_ticks), ends(&y_ticks));
        let plot = Self {
            x: Scale { min: x_min, max: x_max, from: left, to: WIDTH - RIGHT },
            y: Scale { min: y_min, max: y_max, from: bottom, to: TOP },
            bottom,
        };
        for (tick, label) in y_ticks.iter().zip(&y_labels) {
            let at = plot.y.place(*tick);
            svg.line((left, at), (WIDTH - RIGHT, at), "class=\"gk-g\"");
            svg.text((left - 6.0, at + 4.0), Anchor::End, "gk-m", label);
        }
        for tick in &x_ticks {
            let at = plot.x.place(*tick);
            svg.line((at, bottom), (at, bottom + 4.0), "class=\"gk-a\"");
            let label = derive_tick_label(*tick, &x_ticks);
            svg.text((at, bottom + 18.0), Anchor::Middle, "gk-m", &label);
        }
        svg.line((left, bottom), (WIDTH - RIGHT, bottom), "class=\"gk-a\"");
        let centre = (left + WIDTH - RIGHT) / 2.0;
        let x_label = shorten(x.label, WIDTH - left);
        svg.text((centre, bottom + 38.0), Anchor::Middle, "gk-t", &x_label);
        svg.upright_text((20.0, TOP + HEIGHT / 2.0), "gk-t", &shorten(y.label, HEIGHT));
        svg.set_height(bottom + 52.0);
        plot
    }

    /// Where a pair of values is drawn.
    pub(crate) fn place(&self, x: f64, y: f64) -> (f64, f64) {
        (self.x.place(x), self.y.place(y))
    }

    /// The ends of the line on which both values are equal, where the frame has such a line.
    pub(crate) fn diagonal(&self) -> Option<[(f64, f64); 2]> {
        let (low, high) = (self.x.min.max(self.y.min), self.x.max.min(self.y.max));
        (low < high).then(|| [self.place(low, low), self.place(high, high)])
    }

    /// Draws a legend below, if there is more than one entry; `draw_key` draws the sample of an
    /// entry around a point.
    pub(crate) fn draw_legend(
        &self,
        svg: &mut Svg,
        entries: &[&str],
        draw_key: impl Fn(&mut Svg, usize, (f64, f64)),
    ) {
        if entries.len() < 2 {
            return;
        }
        let (mut x, mut y) = (16.0, self.bottom + 62.0);
        for (index, entry) in entries.iter().enumerate() {
            let shown = shorten(entry, WIDTH - 80.0);
            let width = 40.0 + estimate_width(&shown);
            if x + width > WIDTH && x > 16.0 {
                (x, y) = (16.0, y + 20.0);
            }
            draw_key(svg, index, (x + 12.0, y - 4.0));
            svg.text((x + 30.0, y), Anchor::Start, "gk-t", &shown);
            x += width + 8.0;
        }
        svg.set_height(y + 14.0);
    }
}

/// Smallest and largest of the finite values.
pub(crate) fn find_bounds(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |bounds, value| match bounds {
        Some((min, max)) => Some((value.min(min), value.max(max))),
        None => Some((value, value)),
    })
}

/// The finite points, thinned evenly when there are too many; the last one stays.
pub(crate) fn derive_drawn(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let finite: Vec<_> =
        points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
    let every = finite.len().div_ceil(MOST_POINTS).max(1);
    let mut drawn: Vec<_> = finite.iter().copied().step_by(every).collect();
    if let Some(last) = finite.last()
        && drawn.last() != Some(last)
    {
        drawn.push(*last);
    }
    drawn
}
